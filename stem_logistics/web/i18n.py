"""Words in the reader's language: English in the code, Greek in `locales/el/*.po`, chosen for each request.

Every message is %-formatted, in templates and in code alike, so a literal per cent sign is written `%%`.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from markupsafe import Markup, escape

LANGUAGES: Final[tuple[str, ...]] = ("el", "en")
DEFAULT_LANGUAGE: Final = "el"
LOCALES_DIR: Final = Path(__file__).parent.parent / "locales"

current_locale: ContextVar[str] = ContextVar("current_locale", default=DEFAULT_LANGUAGE)


class CatalogueError(Exception):
    """A catalogue cannot be used: it contradicts another, or cannot be read. Raised at start-up only."""


@dataclass(frozen=True)
class Messages:
    """The merged catalogues of one language."""

    singular: Mapping[tuple[str | None, str], str] = field(default_factory=dict)
    plural: Mapping[tuple[str | None, str], tuple[str, ...]] = field(default_factory=dict)


def load_messages(directory: Path) -> Messages:
    """Read and merge every `.po` file of a directory.

    Args:
        directory: one language's folder, a file for each noun.

    Raises:
        CatalogueError: two files translate one message differently, or a file is broken.
    """
    singular: dict[tuple[str | None, str], str] = {}
    plural: dict[tuple[str | None, str], tuple[str, ...]] = {}
    source: dict[tuple[str | None, str], Path] = {}
    for path in sorted(directory.glob("*.po")):
        for message in _read(path):
            if not message.id or message.fuzzy or not message.string:
                continue
            several = isinstance(message.id, tuple | list)
            key = (message.context, message.id[0] if several else str(message.id))
            forms = tuple(message.string) if several else (str(message.string),)
            known = plural.get(key, forms) if several else (singular.get(key, forms[0]),)
            if known != forms:
                raise CatalogueError(
                    f"{path.name} says {forms!r} for {key[1]!r}, {source[key].name} says {known!r}: keep one"
                )
            source.setdefault(key, path)
            if several:
                plural[key] = forms
                # A message that is used both alone and counted has one entry in a .po file.
                singular.setdefault(key, forms[0])
            else:
                singular[key] = forms[0]
    return Messages(singular, plural)


def _read(path: Path) -> Catalog:
    try:
        with path.open("rb") as file:
            return read_po(file, locale="el", abort_invalid=True)
    except Exception as error:
        raise CatalogueError(f"{path} cannot be read: {error}") from error


@cache
def messages_of(language: str) -> Messages:
    """The catalogue of a language; English is the code itself, so its catalogue is empty."""
    if language == "en":
        return Messages()
    return load_messages(LOCALES_DIR / language)


def single_form(context: str | None, message: str) -> str:
    """The message in the current language, its placeholders not yet filled in."""
    return messages_of(current_locale.get()).singular.get((context, message), message)


def plural_form(context: str | None, one: str, many: str, number: int) -> str:
    """The form for a number of things, its placeholders not yet filled in."""
    forms = messages_of(current_locale.get()).plural.get((context, one), (one, many))
    return forms[0 if number == 1 else len(forms) - 1]


def pgettext(context: str | None, message: str, /, **values: object) -> str:
    """The message in the current language, where a context tells two uses of one English word apart."""
    return single_form(context, message) % values


def gettext(message: str, /, **values: object) -> str:
    """The message in the current language, with its values filled in."""
    return pgettext(None, message, **values)


def npgettext(context: str | None, one: str, many: str, number: int, /, **values: object) -> str:
    """The message for a number of things; `%(num)s` is the number."""
    form = plural_form(context, one, many, number)
    return form % {"num": format_decimal(number, locale=current_locale.get()), **values}


def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """The message for a number of things; `%(num)s` is the number."""
    return npgettext(None, one, many, number, **values)


@dataclass(frozen=True)
class LazyText:
    """A message that takes its language when it is shown: for constants, enumerations and errors."""

    message: str
    values: tuple[tuple[str, object], ...] = ()
    context: str | None = None

    def __str__(self) -> str:
        return pgettext(self.context, self.message, **dict(self.values))

    def __html__(self) -> Markup:
        return escape(str(self))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __len__(self) -> int:
        return len(str(self))

    def __contains__(self, part: str) -> bool:
        return part in str(self)


Text = str | LazyText


def _(message: str, /, **values: object) -> LazyText:
    """Mark a message for translation; it becomes words when shown (`str()`, a template, an f-string)."""
    return LazyText(message, tuple(values.items()))


def N_(message: str, /) -> str:  # noqa: N802 - the name that message extraction knows
    """Mark a message for translation and leave it as it is: for keys that are translated elsewhere."""
    return message


@contextmanager
def use_locale(language: str) -> Iterator[None]:
    """Speak a language within the block: for mail, documents and commands, which have no request."""
    token = current_locale.set(language if language in LANGUAGES else DEFAULT_LANGUAGE)
    try:
        yield
    finally:
        current_locale.reset(token)


_RANGE = re.compile(r"^\s*([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q=([0-9.]{1,5}))?\s*$")


def negotiate(cookie: str | None, accept_language: str | None, default: str = DEFAULT_LANGUAGE) -> str:
    """The language of a request: what the reader chose, else what the browser prefers, else the default."""
    if cookie in LANGUAGES:
        return str(cookie)
    best, weight = default, 0.0
    for part in (accept_language or "")[:500].split(","):
        match = _RANGE.match(part)
        if match is None or match[1].lower() not in LANGUAGES:
            continue
        try:
            quality = float(match[2] or 1)
        except ValueError:
            continue
        if quality > weight:
            best, weight = match[1].lower(), quality
    return best

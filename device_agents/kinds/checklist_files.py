"""Checklist kinds that are data: a TOML file each, no code.

    schema = "stem-checklist/1"
    slug = "floor-robot"                 # the file's name, and the kind's name in the catalogue and in reports
    version = 1                          # counts up with each change
    title = { el = "Ρομπότ δαπέδου", en = "Floor robot" }
    photo = true                         # ask for a photo of the device (true where it is left out)
    signature = true                     # ask for the name of the person who checked (true where it is left out)

    [[items]]                            # in the order in which they are asked
    key = "power"                        # names the step in reports
    essential = true                     # after a bad answer the items behind it are not asked
    good = "yes"                         # what a device in order lets one answer: "yes" or "no"
    may_be_absent = false                # offer “it has none”, which is good too
    title = { el = "άναμμα", en = "switching on" }
    question = { el = "Ανάβει;", en = "Does it switch on?" }
    fault = { el = "δεν ανάβει.", en = "it does not switch on." }
    next = { el = "φορτίστε το.", en = "charge it." }      # may be left out

The package's own stand in `checklists/`; an organisation adds its own by a folder (`device_agents.places`). A kind that
is code cannot be replaced; a checklist of the package can, by one of a higher version.
"""

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from device_agents.errors import (
    ChecklistInvalid as ChecklistInvalid,
)  # the service, which takes lists in, reads it here
from device_agents.kinds.base import DeviceKind
from device_agents.kinds.checklist import NO, YES, ChecklistCheck, Item, checklist_kind
from device_agents.places import Document, documents, folders

SCHEMA = "stem-checklist/1"
MAX_FILE = 256 * 1024
MOST_ITEMS = 40
"""A report holds 64 steps."""
_MOST_REASON = 64
OWN_STEPS = ("photo", "signature")
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Both(_Model):
    """A text in both languages."""

    el: Words
    en: Words

    @field_validator("el", "en")
    @classmethod
    def _is_printable(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("holds a character that cannot be shown")
        return value

    def in_language(self, language: str) -> str:
        """The text, as messages hold it (braces are parameters there)."""
        words: str = getattr(self, language)
        return words.replace("{", "{{").replace("}", "}}")


class ItemFile(_Model):
    """A question of a checklist."""

    key: Slug
    title: Both
    question: Both
    fault: Both
    next: Both | None = None
    good: Literal["yes", "no"] = "yes"
    essential: bool = False
    may_be_absent: bool = False


class ChecklistFile(_Model):
    """A checklist as its file holds it."""

    schema_: Literal["stem-checklist/1"] = Field(alias="schema")
    slug: Slug
    version: Annotated[int, Field(ge=1, le=1_000_000)]
    title: Both
    photo: bool = True
    signature: bool = True
    items: Annotated[tuple[ItemFile, ...], Field(min_length=1, max_length=MOST_ITEMS, strict=False)]

    @model_validator(mode="after")
    def _keys_are_its_own(self) -> Self:
        seen = set(OWN_STEPS)
        for number, item in enumerate(self.items):
            if item.key in seen:
                raise ValueError(f"items.{number}.key: “{item.key}” stands twice, or is a step of its own")
            if len(self.slug) + 1 + len(item.key) > _MOST_REASON:
                raise ValueError(f"items.{number}.key: slug and key together are longer than {_MOST_REASON}")
            seen.add(item.key)
        return self

    def kind(self) -> DeviceKind[ChecklistCheck]:
        """The kind that it defines."""
        items = tuple(
            Item(item.key, YES if item.good == "yes" else NO, item.essential, item.may_be_absent) for item in self.items
        )
        return checklist_kind(self.slug, items, version=self.version, photo=self.photo, signature=self.signature)

    def words(self, language: str) -> dict[str, str]:
        """Its texts under the keys of `device_agents.messages`; those of photo and signature stand there."""
        words = {f"kind.{self.slug}": self.title.in_language(language)}
        for item in self.items:
            words[f"step.{self.slug}.{item.key}"] = item.title.in_language(language)
            words[f"question.{self.slug}.{item.key}"] = item.question.in_language(language)
            words[f"reason.{self.slug}-{item.key}"] = item.fault.in_language(language)
            if item.next is not None:
                words[f"next.{self.slug}-{item.key}"] = item.next.in_language(language)
        return words


def read_checklist(content: bytes, file: str) -> ChecklistFile:
    """A checklist from the bytes of its file; `file` names it in errors.

    Raises:
        ChecklistInvalid: no TOML, or not as it has to be; with the place and the reason.
    """
    if len(content) > MAX_FILE:
        raise ChecklistInvalid(file=file, place="—", detail=f"> {MAX_FILE} bytes")
    try:
        return ChecklistFile.model_validate(tomllib.loads(content.decode("utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "—"
        raise ChecklistInvalid(file=file, place=place, detail=first["msg"]) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ChecklistInvalid(file=file, place="—", detail=str(error)) from None


def read_folder(folder: Path) -> dict[str, ChecklistFile]:
    """The checklists of a folder (`*.toml`) by their files' paths.

    Raises:
        ChecklistInvalid: no such folder; a file that cannot be read, is wrong, or has another name than its slug.
    """
    if not folder.is_dir():
        raise ChecklistInvalid(file=str(folder), place="—", detail="no such folder")
    found = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            if path.stat().st_size > MAX_FILE:
                raise ChecklistInvalid(file=str(path), place="—", detail=f"> {MAX_FILE} bytes")
            content = path.read_bytes()
        except OSError as error:
            raise ChecklistInvalid(file=str(path), place="—", detail=error.strerror or "?") from None
        checklist = read_checklist(content, str(path))
        if checklist.slug != path.stem:
            raise ChecklistInvalid(
                file=str(path), place="slug", detail=f"“{checklist.slug}”, but the file is {path.name}"
            )
        found[str(path)] = checklist
    return found


@cache
def packaged() -> tuple[ChecklistFile, ...]:
    """The package's own checklists."""
    own = files("device_agents.kinds") / "checklists"
    entries = sorted((entry for entry in own.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)
    return tuple(read_checklist(entry.read_bytes(), entry.name) for entry in entries)


def merged(added: Iterable[tuple[str, ChecklistFile]], taken: Iterable[str] = ()) -> dict[str, ChecklistFile]:
    """The package's checklists and those that are added (file, checklist), by slug; `taken` slugs are code.

    Raises:
        ChecklistInvalid: two of a slug, except a higher version of one of the package's.
    """
    code = set(taken)
    found = {checklist.slug: checklist for checklist in packaged()}
    places = dict.fromkeys(found, "")
    for file, checklist in added:
        slug = checklist.slug
        if slug in code:
            raise ChecklistInvalid(file=file, place="slug", detail=f"“{slug}” is a kind of the program's own")
        if places.get(slug):
            raise ChecklistInvalid(file=file, place="slug", detail=f"“{slug}” stands in {places[slug]} too")
        if slug in found and checklist.version <= found[slug].version:
            detail = f"“{slug}” is here already, version {found[slug].version}: a higher one replaces it"
            raise ChecklistInvalid(file=file, place="version", detail=detail)
        found[slug], places[slug] = checklist, file
    return found


def usable(added: Iterable[Document], taken: Iterable[str] = ()) -> tuple[Document, ...]:
    """Those of the documents that may be used beside what the folders hold, in their order; the others are left out."""
    found: list[Document] = []
    code = tuple(taken)
    for document in added:
        try:
            _in_use(folders(), (*found, document), code)
        except ChecklistInvalid:
            continue
        found.append(document)
    return tuple(found)


def checklists(taken: Iterable[str] = ()) -> dict[str, ChecklistFile]:
    """All checklists that are in use, by slug: the package's and those of the folders.

    Raises:
        ChecklistInvalid: as `read_folder` and `merged` do.
    """
    return _in_use(folders(), documents(), tuple(taken))


@cache
def _in_use(where: tuple[Path, ...], more: tuple[Document, ...], taken: tuple[str, ...]) -> dict[str, ChecklistFile]:
    added = [pair for folder in where for pair in read_folder(folder).items()]
    added += [(name, read_checklist(content, name)) for name, content in more]
    return merged(added, taken)


def words(language: str) -> dict[str, str]:
    """The texts of all checklists in use."""
    return _words(language, folders(), documents())


@cache
def _words(language: str, where: tuple[Path, ...], more: tuple[Document, ...]) -> dict[str, str]:
    found: dict[str, Any] = {}
    for checklist in _in_use(where, more, ()).values():
        found |= checklist.words(language)
    return found

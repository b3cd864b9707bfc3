"""Every message of the service, extracted from its source, held against its Greek.

`python -m stem_logistics.web.catalogues` lists what the catalogues lack, in the form of a .po file.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from stem_logistics.web.i18n import LOCALES_DIR

PACKAGE: Final = Path(__file__).parent.parent
KEYWORDS: Final = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
METHODS: Final = [("**.py", "python"), ("templates/**.html", "jinja2"), ("templates/**.txt", "jinja2")]
OPTIONS: Final = {
    "templates/**": {
        "trimmed": "true",
        "newstyle_gettext": "true",
        "silent": "false",
        "extensions": "jinja2.ext.do",
    },
}
PLACEHOLDER: Final = re.compile(r"%(?:\((\w+)\))?[#0\- +]*(?:\d+)?(?:\.\d+)?([a-zA-Z%])")


@dataclass(frozen=True)
class Found:
    """One message in the source: where it stands, its context, its forms."""

    where: str
    context: str | None
    forms: tuple[str, ...]

    @property
    def key(self) -> tuple[str | None, str]:
        """What a catalogue knows it by."""
        return self.context, self.forms[0]


def extract(package: Path = PACKAGE) -> Iterator[Found]:
    """The messages of all modules and templates, each place once."""
    methods = [(pattern, method) for pattern, method in METHODS]
    options = {pattern: OPTIONS["templates/**"] for pattern, method in METHODS if method == "jinja2"}
    for name, line, message, _comments, context in extract_from_dir(
        package, method_map=methods, options_map=options, keywords=KEYWORDS
    ):
        forms = (message,) if isinstance(message, str) else tuple(message or ())
        if forms and forms[0]:
            yield Found(f"{name}:{line}", context, forms)


def placeholders(text: str) -> list[str]:
    """The names (or kinds) of a text's placeholders, sorted; `%%` is a plain per cent sign."""
    return sorted({name or kind for name, kind in PLACEHOLDER.findall(text) if kind != "%"})


def problems(package: Path = PACKAGE, catalogues: Path = LOCALES_DIR / "el") -> list[str]:
    """What is wrong with the Greek: messages without it, other placeholders, entries nobody uses."""
    wanted: dict[tuple[str | None, str], Found] = {}
    for found in extract(package):
        # A message used both alone and counted needs its counted entry.
        if found.key not in wanted or len(found.forms) > len(wanted[found.key].forms):
            wanted[found.key] = found
    known: set[tuple[str | None, str]] = set()
    result = []
    for path in sorted(catalogues.glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale="el", abort_invalid=True)
        for obsolete in catalogue.obsolete.values():
            result.append(f"{path.name}: take out the commented entry {obsolete.id!r}")
        for message in catalogue:
            if not message.id:
                continue
            ids = (message.id,) if isinstance(message.id, str) else tuple(message.id)
            strings = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
            key = (message.context, ids[0])
            known.add(key)
            if key not in wanted:
                result.append(f"{path.name}: nothing uses {ids[0]!r} any more")
            elif len(wanted[key].forms) > len(ids):
                result.append(f"{path.name}: {ids[0]!r} is counted at {wanted[key].where}, so it needs msgid_plural")
            if message.fuzzy or not all(strings):
                result.append(f"{path.name}: {ids[0]!r} has no finished Greek")
                continue
            for english, greek in zip(ids, strings, strict=True):
                # The singular may say "one" in words; no other placeholder may be lost, and none invented.
                missing = set(placeholders(english)) ^ set(placeholders(greek))
                if missing - ({"num"} if len(ids) > 1 and english == ids[0] else set()):
                    result.append(f"{path.name}: {greek!r} and {english!r} have different placeholders")
    result += [f"{found.where}: no Greek for {found.forms[0]!r}" for key, found in wanted.items() if key not in known]
    return result


def missing_entries(package: Path = PACKAGE, catalogues: Path = LOCALES_DIR / "el") -> str:
    """The entries to translate, as text to append to a `.po` file."""
    lacking = {problem for problem in problems(package, catalogues) if ": no Greek for " in problem}
    lines, done = [], set()
    for found in extract(package):
        if f"{found.where}: no Greek for {found.forms[0]!r}" not in lacking or found.key in done:
            continue
        done.add(found.key)
        lines.append(f"#: {found.where.rsplit(':', 1)[0]}")
        if found.context:
            lines.append(f"msgctxt {_quoted(found.context)}")
        lines.append(f"msgid {_quoted(found.forms[0])}")
        if len(found.forms) > 1:
            lines += [f"msgid_plural {_quoted(found.forms[1])}", 'msgstr[0] ""', 'msgstr[1] ""', ""]
        else:
            lines += ['msgstr ""', ""]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


if __name__ == "__main__":
    for line in problems():
        print(line, file=sys.stderr)
    print(missing_entries())

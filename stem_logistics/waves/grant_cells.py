"""Cells that lists of who receives what have in common: which kit, how many, which code. Pure."""

import re
from collections.abc import Mapping, Sequence

from stem_logistics.inventory.rules import definitions_named
from stem_logistics.registry.folding import plain
from stem_logistics.waves.wording import N_, Message

COLUMN_TWICE = N_("Two columns say “%(column)s”: keep one.")
NO_ROWS = N_("There is no row under the headings.")
FORMULA_CELL = N_("This cell holds a formula: put its value in.")
NO_KIT_NAMED = N_("This row names no kit.")
KIT_UNKNOWN = N_("There is no kit definition “%(text)s”. There are: %(known)s. Write one of them, or make it first.")
KIT_AMBIGUOUS = N_("“%(text)s” may be any of: %(known)s. Write the one that is meant.")
PIECES_WRONG = N_("“%(text)s” is no number of pieces: write a whole number from 1 to 10000.")
CODE_WRONG = N_("“%(text)s” is no code of a school: seven digits, or the form that the registry has.")
NO_SCHOOL_NAMED = N_("This row names no school: give its code or its name.")
MOST_PIECES = 10_000


def kit_of(text: str, definitions: Sequence[Mapping[str, str]]) -> str | Message:
    """The slug of the kit definition that a cell names, however it writes it; or what is wrong with it."""
    if not text:
        return Message(NO_KIT_NAMED)
    slugs = definitions_named(text, definitions)
    if len(slugs) == 1:
        return slugs[0]
    known = ", ".join(sorted(d["title_el"] for d in definitions if not slugs or d["slug"] in slugs))
    return Message(KIT_AMBIGUOUS if slugs else KIT_UNKNOWN, {"text": text[:60], "known": known})


def pieces_of(text: str) -> int | Message:
    """A whole number of pieces, with or without its unit; or what is wrong with it."""
    match = re.fullmatch(r"(\d{1,5})\s*(?:τεμ\w*|τμχ|σετ|kits?|pcs)?\.?", plain(text))
    if match is None or not 1 <= int(match[1]) <= MOST_PIECES:
        return Message(PIECES_WRONG, {"text": text[:60]})
    return int(match[1])


def code_of(text: str, name: str) -> str | Message:
    """A code as written, empty where a row has none but a name; or what is wrong with it."""
    code = text.strip("'’ ")
    if code in ("-", "–", "—"):
        code = ""
    if not code and not name:
        return Message(NO_SCHOOL_NAMED)
    if len(code) > 40:
        return Message(CODE_WRONG, {"text": code[:60]})
    return code

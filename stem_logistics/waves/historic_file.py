"""A spreadsheet of who received what in earlier waves, as the NSO keeps it. Pure: rows in, grants and faults out.

Such a file has a title above the headings, headings in any words and order, a wave named only in the first row of its
block, totals between blocks, codes that lost their zeros, and names instead of codes. What a name means is decided
later, against the registry; here every row says plainly what it holds, or what is wrong with it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from stem_logistics.registry.folding import plain
from stem_logistics.registry.importing.sheets import Row
from stem_logistics.waves.grant_cells import COLUMN_TWICE, FORMULA_CELL, NO_ROWS, code_of, kit_of, pieces_of
from stem_logistics.waves.table_file import FORMULA, text_of_cell
from stem_logistics.waves.wording import N_, Message

NO_HEADINGS = N_(
    "The first %(rows)s rows have no headings: there must be one for the school (or its code), one for the kit and one"
    " for the pieces."
)
NO_WAVE = N_("This row names no wave, and no row above it does. Write for example STEM 2.")
WAVE_UNREADABLE = N_("“%(text)s” names no wave. Write for example STEM 2.")
YEAR_WRONG = N_("“%(text)s” is no year: write 2019 or 2018-2019.")
YEAR_TO_COME = N_("“%(text)s” is still to come: nobody has received anything in it. Write the year in which it was.")
NO_YEAR = N_("No row of the wave %(wave)s says its year.")
WITHIN = 25  # rows in which the headings must stand
COLUMNS = ("wave", "code", "name", "kit", "pieces", "year", "notes")
# How the headings of such files begin, folded; the first that fits decides.
_STEMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("notes", ("παρατηρ", "σχολια", "notes", "remarks", "comment")),
    ("code", ("κωδ", "code", "school_code", "school code", "κ.σ.μ", "κσμ")),
    ("wave", ("δραση", "κυκλ", "wave", "stem")),
    ("kit", ("σετ", "kit", "εξοπλ", "ειδος", "ειδοσ", "υλικο", "equipment")),
    ("pieces", ("τεμ", "ποσοτ", "πληθ", "αριθμοσ σετ", "pieces", "quantity", "units", "qty")),
    ("year", ("ετος", "ετοσ", "σχ. ετοσ", "σχολικο ετοσ", "χρον", "year")),
    ("name", ("σχολ", "ονομ", "επωνυμ", "φορε", "αποδεκτ", "τμημα", "school", "name", "institution")),
)


@dataclass(frozen=True)
class HistoricFault:
    """One thing wrong with the file: the row as the spreadsheet numbers it (0: the file), the column, what."""

    row: int
    column: str
    message: Message


@dataclass(frozen=True)
class HistoricGrant:
    """A row that can be read: who is still a code and a name as they were written."""

    row: int
    wave: str
    code: str
    name: str
    kit: str
    pieces: int
    notes: str = ""


@dataclass
class HistoricFile:
    """What the file holds; usable only when `faults` is empty. `years` by wave: first and last."""

    grants: list[HistoricGrant] = field(default_factory=list)
    years: dict[str, tuple[int, int]] = field(default_factory=dict)
    faults: list[HistoricFault] = field(default_factory=list)


def read_historic(rows: Iterable[Row], definitions: Sequence[Mapping[str, str]], this_year: int) -> HistoricFile:
    """Read the file.

    Args:
        rows: the rows that are not blank, with the spreadsheet's numbers.
        definitions: the kit definitions: ``slug``, ``title_el``, ``title_en``.
        this_year: what begins later is refused.
    """
    found = HistoricFile()
    every = list(rows)
    columns, start = _headings(every, found)
    if columns is None:
        return found
    carried = ""
    for row in every[start:]:
        cells = {column: _cell(row, place) for column, place in columns.items()}
        if _is_no_grant(cells):
            continue
        faults, formulas = len(found.faults), [name for name in cells if cells[name] == FORMULA]
        found.faults += [HistoricFault(row.number, name, Message(FORMULA_CELL)) for name in formulas]
        if formulas:
            continue
        wave = _wave(row.number, cells.get("wave", ""), carried, found)
        carried = wave or carried
        kit = kit_of(cells.get("kit", ""), definitions)
        pieces = pieces_of(cells.get("pieces", ""))
        _year(row.number, cells.get("year", ""), wave, this_year, found)
        name = cells.get("name", "")
        code = code_of(cells.get("code", ""), name)
        for column, value in (("kit", kit), ("pieces", pieces), ("code" if cells.get("code") else "name", code)):
            if isinstance(value, Message):
                found.faults.append(HistoricFault(row.number, column, value))
        if isinstance(kit, str) and isinstance(pieces, int) and isinstance(code, str) and len(found.faults) == faults:
            found.grants.append(HistoricGrant(row.number, wave, code, name, kit, pieces, cells.get("notes", "")))
    if not found.grants and not found.faults:
        found.faults.append(HistoricFault(0, "", Message(NO_ROWS)))
    for wave in sorted({grant.wave for grant in found.grants} - found.years.keys()):
        found.faults.append(HistoricFault(0, "year", Message(NO_YEAR, {"wave": wave})))
    return found


def _cell(row: Row, place: int) -> str:
    if place in row.formulas:
        return FORMULA
    text = text_of_cell(row.cells[place]) if place < len(row.cells) else ""
    return " ".join(text.split())


def _headings(rows: list[Row], found: HistoricFile) -> tuple[dict[str, int] | None, int]:
    """Where each column stands, and the first row below the headings."""
    for position, row in enumerate(rows[:WITHIN]):
        columns: dict[str, int] = {}
        twice: list[str] = []
        for place in range(len(row.cells)):
            column = column_of(_cell(row, place))
            if column and column in columns:
                twice.append(column)
            elif column:
                columns[column] = place
        if ("code" in columns or "name" in columns) and {"kit", "pieces"} <= columns.keys():
            found.faults += [HistoricFault(row.number, name, Message(COLUMN_TWICE, {"column": name})) for name in twice]
            return columns, position + 1
    found.faults.append(HistoricFault(0, "", Message(NO_HEADINGS, {"rows": WITHIN})))
    return None, 0


def column_of(heading: str) -> str:
    """Which column a heading means, empty where it means none."""
    folded = plain(heading).strip(" .:*#")
    if folded.startswith(("α/α", "αα", "a/a")):
        return ""
    for column, stems in _STEMS:
        if folded.startswith(tuple(plain(stem) for stem in stems)):
            return column
    # "Όνομα σχολείου" begins with its word; "Τύπος εξοπλισμού" has it inside
    for column, stems in _STEMS:
        if any(word.startswith(plain(stem)) for word in folded.split() for stem in stems if len(stem) > 3):
            return column
    return ""


def _is_no_grant(cells: Mapping[str, str]) -> bool:
    """A blank line, a total, or a line that only names a wave above its block is passed over."""
    written = [text for text in cells.values() if text]
    if not written:
        return True
    total = any(plain(text).startswith(("συνολ", "total", "αθροισμ")) for text in written)
    return total and not cells.get("code")


def _wave(row: int, text: str, carried: str, found: HistoricFile) -> str:
    if not text:
        if not carried:
            found.faults.append(HistoricFault(row, "wave", Message(NO_WAVE)))
        return carried
    match = re.fullmatch(r"(?:.*\bstem\W*)?(\d{1,2})(?:[ηοα]σ?)?", plain(text))
    if match is None:
        found.faults.append(HistoricFault(row, "wave", Message(WAVE_UNREADABLE, {"text": text[:60]})))
        return ""
    return f"stem-{int(match[1])}"


def _year(row: int, text: str, wave: str, this_year: int, found: HistoricFile) -> None:
    if not text:
        return
    match = re.fullmatch(r"(20\d\d)(?:\s*[-–/]\s*(\d{4}|\d\d))?(?:-\d\d-\d\d)?", text)
    last = "" if match is None else match[2] or match[1]
    if match is None or int(last[-2:]) < int(match[1][-2:]):
        found.faults.append(HistoricFault(row, "year", Message(YEAR_WRONG, {"text": text[:60]})))
        return
    first, until = int(match[1]), 2000 + int(last[-2:])
    # a school year that has begun ends in the next one
    if first > this_year or until > this_year + (until > first):
        found.faults.append(HistoricFault(row, "year", Message(YEAR_TO_COME, {"text": text[:60]})))
    elif wave:
        known = found.years.get(wave, (first, until))
        found.years[wave] = (min(first, known[0]), max(until, known[1]))

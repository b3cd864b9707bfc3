"""A file of recipients, as contests' committees keep it. Pure: rows in, lines and faults out.

Headings in any words and order, a title above them, totals below. What names a person is not read: neither the
teacher's name nor an address has a place in a list that everybody sees.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from stem_logistics.registry.folding import plain
from stem_logistics.registry.importing.sheets import Row
from stem_logistics.waves.grant_cells import COLUMN_TWICE, FORMULA_CELL, NO_ROWS, code_of, kit_of, pieces_of
from stem_logistics.waves.table_file import FORMULA, text_of_cell
from stem_logistics.waves.wording import N_, Message

NO_HEADINGS = N_(
    "The first %(rows)s rows have no headings: there must be one for the school (or its code) and one for the kit."
)
TOO_MANY_ROWS = N_("A list takes %(limit)s rows at the most. Make two of it.")
TOO_LONG = N_("This text has %(length)s characters; at most %(limit)s are kept.")
WITHIN = 25  # rows in which the headings must stand
MOST_ROWS = 2_000
LONGEST = 200
# Names and addresses of people, however the heading begins.
_PERSONAL = ("εκπαιδευτ", "teacher", "mail", "τηλ", "phone", "υπευθυν", "διευθυντ", "αφμ", "επωνυμο")
# How headings begin, folded; the first that fits decides.
_STEMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("note", ("παρατηρ", "σχολια", "note", "remark", "comment")),
    ("project", ("εργο", "τιτλοσ", "κωδικοσ εργου", "project", "title")),
    ("code", ("κωδ", "code", "school code", "school_code", "κ.σ.μ", "κσμ")),
    ("category", ("κατηγορ", "category")),
    ("rank", ("βραβει", "θεση", "σειρα", "διακρισ", "rank", "prize", "place")),
    ("kit", ("σετ", "kit", "εξοπλ", "ειδοσ", "υλικο", "επαθλο", "δωρο", "equipment")),
    ("pieces", ("τεμ", "ποσοτ", "πληθ", "pieces", "quantity", "units", "qty")),
    ("name", ("σχολ", "ονομα σχ", "ονομασ", "επωνυμια", "φορε", "αποδεκτ", "τμημα", "school", "name", "institution")),
)


@dataclass(frozen=True)
class Line:
    """A row that can be read: who is still a code and a name as they were written."""

    row: int
    code: str
    name: str
    kit: str
    pieces: int
    category: str = ""
    rank: str = ""
    project: str = ""
    note: str = ""


@dataclass(frozen=True)
class LineFault:
    """One thing wrong with the file: the row as the spreadsheet numbers it (0: the file), the column, what."""

    row: int
    column: str
    message: Message


@dataclass
class ListFile:
    """What the file holds; usable only when `faults` is empty. `unread` are headings of columns that are not kept."""

    lines: list[Line] = field(default_factory=list)
    faults: list[LineFault] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def read_list(rows: Iterable[Row], definitions: Sequence[Mapping[str, str]]) -> ListFile:
    """Read the file.

    Args:
        rows: the rows that are not blank, with the spreadsheet's numbers.
        definitions: the kit definitions: ``slug``, ``title_el``, ``title_en``.
    """
    found = ListFile()
    columns: dict[str, int] | None = None
    for place, row in enumerate(rows):
        if columns is None:
            columns = _headings(row, found)
            if columns is None and place >= WITHIN:
                break
            continue
        cells = {column: _cell(row, at) for column, at in columns.items()}
        if _is_no_line(cells):
            continue
        if len(found.lines) >= MOST_ROWS:
            found.faults.append(LineFault(row.number, "", Message(TOO_MANY_ROWS, {"limit": MOST_ROWS})))
            break
        _read(row.number, cells, definitions, found)
    if columns is None:
        found.faults.append(LineFault(0, "", Message(NO_HEADINGS, {"rows": WITHIN})))
    elif not found.lines and not found.faults:
        found.faults.append(LineFault(0, "", Message(NO_ROWS)))
    return found


def column_of(heading: str) -> str:
    """Which column a heading means, empty where it means none that is kept."""
    folded = plain(heading).strip(" .:*#")
    if folded.startswith(("α/α", "αα", "a/a")) or any(word in folded for word in _PERSONAL):
        return ""
    for column, stems in _STEMS:
        if folded.startswith(tuple(plain(stem) for stem in stems)):
            return column
    return ""


def _headings(row: Row, found: ListFile) -> dict[str, int] | None:
    columns: dict[str, int] = {}
    twice: list[str] = []
    unread: list[str] = []
    for place in range(len(row.cells)):
        heading = _cell(row, place)
        column = column_of(heading)
        if column and column in columns:
            twice.append(heading)
        elif column:
            columns[column] = place
        elif heading:
            unread.append(heading[:60])
    if not ("code" in columns or "name" in columns) or "kit" not in columns:
        return None
    found.faults += [LineFault(row.number, "", Message(COLUMN_TWICE, {"column": each[:60]})) for each in twice]
    found.unread = unread
    return columns


def _cell(row: Row, place: int) -> str:
    if place in row.formulas:
        return FORMULA
    return " ".join(text_of_cell(row.cells[place]).split()) if place < len(row.cells) else ""


def _is_no_line(cells: Mapping[str, str]) -> bool:
    written = [text for text in cells.values() if text]
    total = any(plain(text).startswith(("συνολ", "total", "αθροισμ")) for text in written)
    return not written or (total and not cells.get("code"))


def _read(row: int, cells: Mapping[str, str], definitions: Sequence[Mapping[str, str]], found: ListFile) -> None:
    faults = [(name, Message(FORMULA_CELL)) for name in cells if cells[name] == FORMULA]
    for name in ("category", "rank", "project", "note"):
        if len(cells.get(name, "")) > LONGEST:
            faults.append((name, Message(TOO_LONG, {"length": len(cells[name]), "limit": LONGEST})))
    name = cells.get("name", "")
    code = code_of(cells.get("code", ""), name)
    kit = kit_of(cells.get("kit", ""), definitions)
    pieces = pieces_of(cells.get("pieces") or "1")
    if not faults:
        for column, value in (("code" if cells.get("code") else "name", code), ("kit", kit), ("pieces", pieces)):
            if isinstance(value, Message):
                faults.append((column, value))
    if faults:
        found.faults += [LineFault(row, column, message) for column, message in faults]
    elif isinstance(code, str) and isinstance(kit, str) and isinstance(pieces, int):
        rest = (cells.get(column, "") for column in ("category", "rank", "project", "note"))
        found.lines.append(Line(row, code, name, kit, pieces, *rest))

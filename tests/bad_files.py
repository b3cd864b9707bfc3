"""Files that nobody should be able to import, each with the place and the words that its refusal must name."""

import io
from dataclasses import dataclass

import xlsxwriter

from tests.registry.test_import import edited, generated

FIFTY_MEGABYTES = 50_000_000


@dataclass(frozen=True)
class BadFile:
    """What is wrong with a file.

    Args:
        data: its bytes.
        row: as the spreadsheet numbers it; None for the file as a whole.
        column: as the file names it; empty for the row or the file as a whole.
        greek: words of what is wrong and what to do.
        english: the same in the other language.
    """

    data: bytes
    row: int | None
    column: str
    greek: tuple[str, str]
    english: tuple[str, str]


def workbook(*rows: list[str], formula: tuple[int, int, str] | None = None) -> bytes:
    """An XLSX with these rows, and a formula in one cell (row and column from 0)."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            for position, cell in enumerate(row):
                sheet.write_string(number, position, cell)
        if formula is not None:
            sheet.write_formula(*formula)
    return out.getvalue()


def without_column(data: bytes, name: str) -> bytes:
    """The CSV without a column."""
    lines = [line.split(b",") for line in data.splitlines()]
    position = lines[0].index(name.encode())
    return b"\n".join(b",".join(line[:position] + line[position + 1 :]) for line in lines) + b"\n"


_GOOD = generated(60)
_ROWS = [line.split(",") for line in _GOOD.decode().splitlines()]
_CODE = _ROWS[11][0]
# 0xD2 and 0xFF mean nothing in either Greek alphabet, and are no UTF-8
_NO_ENCODING = b"registry_no,name\n0501659," + b"\xd2\xff\xd2\xff" * 20 + b"\n"
_CODE_PAGE_437 = "7ο Νηπιαγωγείο".encode("cp737") * 5

REGISTRY: dict[str, BadFile] = {
    "broken UTF-8": BadFile(
        _GOOD[:3000] + b"\xff\xfe" + _GOOD[3000:],
        8,
        "",
        ("είναι χαλασμένο", "Κάντε ξανά την εξαγωγή"),
        ("is broken", "Export it again"),
    ),
    "no known encoding": BadFile(
        _NO_ENCODING, None, "", ("κωδικοποίηση", "CSV UTF-8"), ("encoding is not known", "CSV UTF-8")
    ),
    "DOS Greek": BadFile(
        b"registry_no,name\n0501659," + _CODE_PAGE_437 + b"\n",
        None,
        "",
        ("κωδικοποίηση", "CSV UTF-8"),
        ("encoding is not known", "CSV UTF-8"),
    ),
    "a missing column": BadFile(
        without_column(_GOOD, "name"),
        1,
        "name",
        ("Η στήλη λείπει", "Κάντε ξανά την εξαγωγή"),
        ("column is missing", "Export it again"),
    ),
    "another table": BadFile(
        b"colour;size\nred;3\n", 1, "", ("Οι στήλες δεν είναι", "registry_no"), ("columns are not", "registry_no")
    ),
    "a repeated code": BadFile(
        edited(_GOOD, registry_no=(39, _CODE)),
        41,
        "registry_no",
        (f"{_CODE} υπάρχει και στη γραμμή 12", "σβήστε μία"),
        (f"{_CODE} stands in row 12", "delete one"),
    ),
    "lost zeros": BadFile(
        edited(_GOOD, registry_no=(3, "501659")),
        5,
        "registry_no",
        ("κόβει τα αρχικά μηδενικά", "0501659"),
        ("drops leading zeros", "0501659"),
    ),
    "a formula": BadFile(
        edited(_GOOD, name=(7, "=cmd|' /C calc'!A0")),
        9,
        "name",
        ("περιέχει τύπο", "επικόλληση μόνο τιμών"),
        ("holds a formula", "paste values only"),
    ),
    "a formula in a workbook": BadFile(
        workbook(*_ROWS[:4], formula=(2, _ROWS[0].index("name"), '=HYPERLINK("http://x.example";"7ο")')),
        3,
        "name",
        ("περιέχει τύπο", "επικόλληση μόνο τιμών"),
        ("holds a formula", "paste values only"),
    ),
    "an open quotation mark": BadFile(
        _GOOD.replace(b"\n", b'\n"', 1),
        2,
        "",
        ("εισαγωγικό", "Διπλασιάστε"),
        ("quotation mark", "Double every"),
    ),
    "an old workbook": BadFile(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        None,
        "",
        ("παλιό αρχείο Excel", ".xlsx"),
        ("old Excel", ".xlsx"),
    ),
    "half a workbook": BadFile(
        workbook(*_ROWS[:4])[:900],
        None,
        "",
        ("βιβλίο εργασίας", ".xlsx"),
        ("no workbook", ".xlsx"),
    ),
}

_HEAD = "school_code;preferences;undertaking;project_title"
_LINE = "0100001;printer;ναι;Ρομπότ"


def _applications(*lines: str) -> bytes:
    return "\n".join((_HEAD, *lines, "")).encode()


APPLICATIONS: dict[str, BadFile] = {
    "broken UTF-8": BadFile(
        _applications(_LINE, "0100002;printer;ναι;Αισθητήρες στη θάλασσα του σχολείου μας")[:-6] + b"\xff\n",
        3,
        "",
        ("είναι χαλασμένο", "Κάντε ξανά την εξαγωγή"),
        ("is broken", "Export it again"),
    ),
    "no known encoding": BadFile(
        _HEAD.encode() + b"\n0100001;printer;\xd2\xff\xd2\xff;x\n",
        None,
        "",
        ("κωδικοποίηση", "CSV UTF-8"),
        ("encoding is not known", "CSV UTF-8"),
    ),
    "a missing column": BadFile(
        b"school_code;undertaking\n0100001;1\n",
        1,
        "preferences",
        ("Λείπει η στήλη preferences", "school_code, undertaking"),
        ("column preferences is missing", "school_code, undertaking"),
    ),
    "a repeated code that contradicts itself": BadFile(
        _applications(_LINE, "0100001;printer;όχι;"),
        3,
        "undertaking",
        ("Η γραμμή 2 του ίδιου σχολείου", "κάντε τες ίδιες"),
        ("Row 2 of the same school", "make them agree"),
    ),
    "an unknown school": BadFile(
        _applications(_LINE, "0999999;printer;ναι;Ρομπότ"),
        3,
        "school_code",
        ("0999999", "μητρώο"),
        ("0999999", "registry"),
    ),
    "an unknown kit": BadFile(
        _applications(_LINE, "0100002;drone;ναι;Ρομπότ"),
        3,
        "preferences",
        ("«drone»", "printer"),
        ("“drone”", "printer"),
    ),
    "a formula": BadFile(
        _applications(_LINE, "0100002;printer;ναι;=1+1"),
        3,
        "project_title",
        ("έχει τύπο", "βάλτε την τιμή"),
        ("holds a formula", "put its value in"),
    ),
    "a formula in a workbook": BadFile(
        workbook(_HEAD.split(";"), _LINE.split(";"), formula=(1, 3, "=1+1")),
        2,
        "project_title",
        ("έχει τύπο", "βάλτε την τιμή"),
        ("holds a formula", "put its value in"),
    ),
    "a separator inside a text": BadFile(
        _applications(_LINE, "0100002;printer;ναι;Ρομπότ; αισθητήρες"),
        3,
        "",
        ("5 κελιά", "εισαγωγικά"),
        ("5 cells", "quotation marks"),
    ),
    "an open quotation mark": BadFile(
        _applications('0100001;printer;ναι;"Ρομπότ'),
        2,
        "",
        ("εισαγωγικό", "Διπλασιάστε"),
        ("quotation mark", "Double every"),
    ),
    "half a workbook": BadFile(
        workbook(_HEAD.split(";"), _LINE.split(";"))[:900],
        None,
        "",
        ("βιβλίο εργασίας", ".xlsx"),
        ("no workbook", ".xlsx"),
    ),
    "headings alone": BadFile(
        _applications(), None, "", ("δεν έχει αιτήσεις", "γραμμή κάτω"), ("no applications", "line under the headings")
    ),
}

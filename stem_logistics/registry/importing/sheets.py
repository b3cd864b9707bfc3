"""A file as rows of cells, each with the number that a spreadsheet shows beside it: CSV and XLSX.

A cell is text, or what the workbook holds (a number, a date): whether a number may stand for a code is the rows'
business. CSV is decoded as it is read, so that no second copy of a large file is made.
"""

import csv
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from stem_logistics.registry.importing.cells import written
from stem_logistics.registry.importing.columns import foreign_positions, known_columns, read_header
from stem_logistics.registry.importing.encodings import encoding_of
from stem_logistics.registry.importing.faults import FileRefused
from stem_logistics.registry.importing.formulas import formula_cells

LARGEST_FILE = 25_000_000
LARGEST_UNPACKED = 300_000_000
MOST_ROWS = 100_000
LONGEST_CELL = 10_000
SEPARATORS = (";", ",", "\t")

# What Python's zip reader and its decompressors raise for damaged or unusual archives.
_BROKEN_ARCHIVE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(OSError, EOFError, ValueError, RuntimeError, KeyError),
)

Cell = Any  # str, int, float, bool, date, datetime, time, timedelta


@dataclass(frozen=True)
class Row:
    """One row. `number` is the spreadsheet's; `formulas` are the positions of cells that hold one."""

    number: int
    cells: Sequence[Cell]
    formulas: frozenset[int] = frozenset()


def rows_of(data: bytes, *, largest: int = LARGEST_FILE, most_rows: int = MOST_ROWS) -> Iterator[Row]:
    """The rows that are not blank, the one with the columns' names first.

    Raises:
        FileRefused: while reading, at the place where the file cannot be read on.
    """
    if len(data) > largest:
        raise FileRefused("file-too-large", size=len(data) // 1_000_000, limit=largest // 1_000_000)
    if not data:
        raise FileRefused("file-empty")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise FileRefused("old-excel")
    rows = _workbook_rows(data, most_rows) if data.startswith(b"PK\x03\x04") else _csv_rows(data)
    for count, row in enumerate(rows):
        if count > most_rows:
            raise FileRefused("too-many-rows", row=row.number, limit=most_rows)
        yield row


def _csv_rows(data: bytes) -> Iterator[Row]:
    encoding = encoding_of(data)
    separator, skip = _separator_of(data, encoding)
    text = io.TextIOWrapper(io.BytesIO(data), encoding, newline="")
    for _ in range(skip):
        text.readline()
    reader = csv.reader(text, delimiter=separator, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            for cell in cells:
                if len(cell) > LONGEST_CELL:
                    raise FileRefused("cell-too-long", row=number, limit=LONGEST_CELL)
            if any(cell.strip() for cell in cells):
                yield Row(number, cells)
    except UnicodeDecodeError:
        raise FileRefused("encoding-unknown", row=number + 1) from None
    except csv.Error as error:
        slug = "cell-too-long" if "limit" in str(error) else "quote-not-closed"
        raise FileRefused(slug, row=number + 1, limit=LONGEST_CELL) from None


def _separator_of(data: bytes, encoding: str) -> tuple[str, int]:
    """The separator under which the first row is best understood, and how many lines to skip (Excel's `sep=;`)."""
    with io.TextIOWrapper(io.BytesIO(data[:65_536]), encoding, errors="replace", newline="") as text:
        first = text.readline(LONGEST_CELL)
        skip = 0
        if first.strip().strip('"').lower().startswith("sep=") and len(first.strip().strip('"')) <= 5:
            named = first.strip().strip('"')[4:] or "\t"
            if named in SEPARATORS:
                return named, 1
            skip, first = 1, text.readline(LONGEST_CELL)
        while first and not first.strip():
            first = text.readline(LONGEST_CELL)
    scores = {separator: known_columns(next(csv.reader([first], delimiter=separator), [])) for separator in SEPARATORS}
    return max(SEPARATORS, key=lambda separator: (scores[separator], first.count(separator))), skip


def _workbook_rows(data: bytes, most_rows: int) -> Iterator[Row]:
    _check_archive(data)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        visible = [
            sheet.name
            for sheet in workbook.sheets_metadata
            if sheet.visible is SheetVisibleEnum.Visible and sheet.typ is SheetTypeEnum.WorkSheet
        ]
        for name in visible:
            rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False, nrows=most_rows + 2)
            if any(cell != "" for row in rows for cell in row):
                break
        else:
            raise FileRefused("no-sheet")
    except PasswordError:
        raise FileRefused("workbook-locked") from None
    except (CalamineError, OSError, ValueError) as error:
        raise FileRefused("not-a-workbook", cause=type(error).__name__) from None
    except BaseException as error:
        # The reader is written in Rust; where it gives up on damage, its panic is no Exception of Python's.
        if type(error).__name__ != "PanicException":
            raise
        raise FileRefused("not-a-workbook", cause="damaged") from None
    formulas = formula_cells(data, name)
    for number, cells in enumerate(rows, start=1):
        if any(cell != "" for cell in cells) or number in formulas:
            yield Row(number, cells, frozenset(formulas.get(number, ())))


def _check_archive(data: bytes) -> None:
    """Refuse what is no workbook, and an archive that would unpack to more than memory should hold."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            # Sizes in the directory are the sender's word: they are counted, never more than allowed.
            unpacked = 0
            for entry in archive.infolist():
                unpacked += entry.file_size
                if unpacked > LARGEST_UNPACKED or entry.flag_bits & 1:
                    raise FileRefused("workbook-too-large", limit=LARGEST_UNPACKED // 1_000_000)
                with archive.open(entry) as content:
                    while content.read(1 << 20):
                        pass
    except _BROKEN_ARCHIVE as error:
        raise FileRefused("not-a-workbook", cause=type(error).__name__) from None
    if "xl/workbook.xml" not in names:
        raise FileRefused("not-a-workbook", cause="xl/workbook.xml")


def only_known_columns(data: bytes, *, largest: int = LARGEST_FILE) -> bytes | None:
    """The file without the columns that no source has, as CSV; None where it has none of them.

    One source offers workers' names and tax numbers: what we do not know, we do not keep. Rows keep their numbers, so
    that an error still names the row of the file that was sent.

    Raises:
        FileRefused: the file cannot be read, or its columns are not a registry's.
    """
    rows = rows_of(data, largest=largest)
    first = next(rows, None)
    if first is None:
        raise FileRefused("file-empty")
    titles = [str(cell).strip() for cell in first.cells]
    read_header(titles)
    drop = frozenset(foreign_positions(titles))
    if not drop:
        return None
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    lines = 0
    for row in (first, *rows):
        while lines < row.number - 1:
            out.write("\n")
            lines += 1
        cells = ["=" if i in row.formulas else written(cell) for i, cell in enumerate(row.cells)]
        writer.writerow([cell for i, cell in enumerate(cells) if i not in drop])
        lines += 1
    return out.getvalue().encode("utf-8-sig")

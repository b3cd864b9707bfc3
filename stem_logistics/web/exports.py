"""A list as a file: CSV for Greek Excel, XLSX, JSON; every row of it, streamed, and safe to open."""

import json
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from csv import QUOTE_MINIMAL
from csv import writer as csv_writer
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal
from urllib.parse import quote

import xlsxwriter
from litestar.response import Stream

from stem_logistics.web.formats import local
from stem_logistics.web.i18n import Text

Value = str | int | float | Decimal | bool | date | datetime | None
Row = Sequence[object]
Rows = Iterable[Row] | AsyncIterable[Row]
Format = Literal["csv", "xlsx", "json"]

FORMATS: Final = ("csv", "xlsx", "json")
MEDIA_TYPES: Final = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
# What spreadsheet programs take for the start of a formula (OWASP, "CSV Injection").
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_CHUNK: Final = 64 * 1024
_MAX_XLSX_CELL: Final = 32_767


@dataclass(frozen=True)
class Column:
    """A column of an export.

    Args:
        key: its name in JSON.
        title: its head in CSV and XLSX.
    """

    key: str
    title: Text


def neutralised(text: str) -> str:
    """The text so that no spreadsheet program runs it: an apostrophe before what could be a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def plain(value: object) -> Value:
    """A cell as a value that all three formats know; times become Athens' clock.

    Raises:
        TypeError: a cell of a kind that no format can hold; a fault of the caller's.
    """
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, datetime):
        return local(value)
    if value is None or isinstance(value, str | int | float | Decimal | date):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(str(part) for part in value)
    if hasattr(value, "__html__"):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be exported")


async def each(rows: Rows) -> AsyncIterator[Row]:
    """The rows, wherever they come from."""
    if isinstance(rows, AsyncIterable):
        async for row in rows:
            yield row
    else:
        for row in rows:
            yield row


def _digits(value: Decimal) -> str:
    # Every digit that says something, no zero after the last of them: 65, not 65.000000 as a column's type has it.
    return format(value.normalize(), "f")


def _csv_cell(value: Value) -> object:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, Decimal):
        return _digits(value).replace(".", ",")
    if isinstance(value, float):
        # Greek Excel reads a comma; a number is never neutralised, a minus is its own.
        return format(value, "f").replace(".", ",")
    return neutralised(value) if isinstance(value, str) else value


async def csv_chunks(columns: Sequence[Column], rows: Rows) -> AsyncIterator[bytes]:
    """CSV as Greek Excel opens it by double click: UTF-8 with BOM, `;` between cells, CRLF."""
    buffer = StringIO()
    out = csv_writer(buffer, delimiter=";", quoting=QUOTE_MINIMAL, lineterminator="\r\n")
    buffer.write("\ufeff")
    out.writerow([neutralised(str(column.title)) for column in columns])
    async for row in each(rows):
        out.writerow([_csv_cell(plain(cell)) for cell in row])
        if buffer.tell() > _CHUNK:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


async def json_chunks(columns: Sequence[Column], rows: Rows) -> AsyncIterator[bytes]:
    """One JSON array, an object a row; decimals as text, so that none is rounded."""
    keys = [column.key for column in columns]
    parts = ["["]
    size = 0
    first = True
    async for row in each(rows):
        cells = {key: _json_value(plain(cell)) for key, cell in zip(keys, row, strict=True)}
        parts.append(("" if first else ",") + "\n" + json.dumps(cells, ensure_ascii=False))
        first = False
        size += len(parts[-1])
        if size > _CHUNK:
            yield "".join(parts).encode()
            parts, size = [], 0
    yield ("".join(parts) + "\n]\n").encode()


def _json_value(value: Value) -> object:
    if isinstance(value, date):
        return value.isoformat()
    return _digits(value) if isinstance(value, Decimal) else value


async def xlsx_chunks(columns: Sequence[Column], rows: Rows, sheet: str = "1") -> AsyncIterator[bytes]:
    """A workbook with one sheet, its head frozen; text is text, never a formula or a link.

    Rows go through a temporary file, so memory stays level however long the list is.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.xlsx"
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "nan_inf_to_errors": True,
            "tmpdir": folder,
        }
        with xlsxwriter.Workbook(str(path), options) as book:
            formats = {
                datetime: book.add_format({"num_format": "dd/mm/yyyy hh:mm"}),
                date: book.add_format({"num_format": "dd/mm/yyyy"}),
            }
            page = book.add_worksheet(sheet[:31])
            page.freeze_panes(1, 0)
            bold = book.add_format({"bold": True, "bottom": 1})
            for index, column in enumerate(columns):
                page.set_column(index, index, max(12, min(40, len(str(column.title)) + 4)))
                page.write_string(0, index, str(column.title), bold)
            line = 0
            async for row in each(rows):
                line += 1
                for index, cell in enumerate(row):
                    _write(page, line, index, plain(cell), formats)
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk


def _write(
    page: "xlsxwriter.worksheet.Worksheet", line: int, index: int, value: Value, formats: dict[type[date], object]
) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        page.write_boolean(line, index, value)
    elif isinstance(value, datetime):
        page.write_datetime(line, index, value.replace(tzinfo=None), formats[datetime])
    elif isinstance(value, date):
        page.write_datetime(line, index, datetime(value.year, value.month, value.day), formats[date])  # noqa: DTZ001 - a cell has no zone
    elif not isinstance(value, str) and -(10**15) < value < 10**15:
        page.write_number(line, index, value)
    else:
        # Excel keeps fifteen digits; a longer number is a code and stays text.
        page.write_string(line, index, str(value)[:_MAX_XLSX_CELL])


def export_response(format: Format, name: str, columns: Sequence[Column], rows: Rows) -> Stream:
    """The answer that downloads the rows as `name.format`.

    Args:
        format: csv, xlsx or json.
        name: the file's name, without ending; Greek is fine.
        columns: what each row's cells are.
        rows: all rows of the list; may come from the database one by one.
    """
    chunks = {"csv": csv_chunks, "xlsx": xlsx_chunks, "json": json_chunks}[format](columns, rows)
    # RFC 6266: an ASCII name for old programs, the real one beside it.
    plain_name = name.encode("ascii", "ignore").decode().replace('"', "") or "list"
    disposition = f"attachment; filename=\"{plain_name}.{format}\"; filename*=UTF-8''{quote(name)}.{format}"
    return Stream(
        chunks,
        media_type=MEDIA_TYPES[format],
        headers={"content-disposition": disposition, "cache-control": "no-store"},
    )

"""Files: every row, readable by Greek Excel, and no cell is ever run as a formula."""

import io
import json
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient
from python_calamine import CalamineWorkbook

from stem_logistics.web.exports import (
    FORMULA_STARTS,
    Column,
    Row,
    csv_chunks,
    json_chunks,
    neutralised,
    plain,
    xlsx_chunks,
)
from stem_logistics.web.i18n import _
from tests.web.gallery import create_gallery

COLUMNS = [Column("name", "Όνομα"), Column("count", _("How many")), Column("at", "Πότε")]
MOMENT = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
ROWS: list[Row] = [
    ("7ο Νηπιαγωγείο; \"Κατερίνης\"", 3, MOMENT),
    ("=HYPERLINK(\"http://x\")", Decimal("-42.50"), date(2026, 1, 2)),
    ("ακέραια μόρια", Decimal("40.000000"), date(2026, 1, 2)),
    ("0501659", None, None),
]  # fmt: skip


async def join(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


async def test_csv_is_what_greek_excel_opens() -> None:
    """BOM, semicolons, CRLF, decimal comma, quoted where needed, times on Athens' clock, formulas disarmed."""
    text = (await join(csv_chunks(COLUMNS, ROWS))).decode("utf-8")
    assert text == (
        "\ufeffΌνομα;Πόσα;Πότε\r\n"
        '"7ο Νηπιαγωγείο; ""Κατερίνης""";3;2026-11-21 14:30:00\r\n'
        '"\'=HYPERLINK(""http://x"")";-42,5;2026-01-02\r\n'
        "ακέραια μόρια;40;2026-01-02\r\n"
        "0501659;;\r\n"
    )


async def test_xlsx_holds_text_as_text_and_numbers_as_numbers() -> None:
    """Codes keep their zeros, numbers and dates can be counted with, and the workbook has no formula at all."""
    data = await join(xlsx_chunks(COLUMNS, ROWS))
    rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    assert rows[0] == ["Όνομα", "Πόσα", "Πότε"]
    assert rows[1] == ['7ο Νηπιαγωγείο; "Κατερίνης"', 3.0, MOMENT.replace(hour=14, tzinfo=None)]
    assert rows[2][0] == '=HYPERLINK("http://x")' and rows[2][1] == -42.5
    assert rows[3][1] == 40.0 and rows[4][0] == "0501659"
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


async def test_json_rounds_nothing() -> None:
    """Decimals are text with every digit that counts, moments carry their offset, a missing value is null."""
    rows = json.loads(await join(json_chunks(COLUMNS, ROWS)))
    assert [row["count"] for row in rows] == [3, "-42.5", "40", None]
    assert rows[0]["at"] == "2026-11-21T14:30:00+02:00"
    assert json.loads(await join(json_chunks(COLUMNS, []))) == []


async def test_the_three_formats_hold_the_same_rows() -> None:
    """A long list, given row by row, comes out whole in each format and in several pieces."""

    async def many() -> AsyncIterator[Row]:
        for index in range(5000):
            yield (f"Σχολείο {index}", index, MOMENT)

    pieces = [chunk async for chunk in csv_chunks(COLUMNS, many())]
    assert len(pieces) > 1
    assert b"".join(pieces).count(b"\r\n") == 5001
    assert len(json.loads(await join(json_chunks(COLUMNS, many())))) == 5000
    book = CalamineWorkbook.from_filelike(io.BytesIO(await join(xlsx_chunks(COLUMNS, many()))))
    assert len(book.get_sheet_by_index(0).to_python()) == 5001


@given(st.text())
def test_no_text_is_left_that_a_spreadsheet_would_run(text: str) -> None:
    """Whatever a person typed, the cell does not begin as a formula does, and nothing of it is lost."""
    cell = neutralised(text)
    assert not cell.startswith(FORMULA_STARTS)
    assert cell in (text, f"'{text}")


def test_a_cell_of_unknown_kind_is_refused() -> None:
    """A fault of the program is not hidden by writing its repr into a ministry's spreadsheet."""
    with pytest.raises(TypeError, match="object cannot be exported"):
        plain(object())


def test_the_download_has_its_greek_name() -> None:
    """The browser saves the file under its Greek name; old programs get a plain one."""
    with TestClient(create_gallery()) as client:
        answer = client.get("/table?format=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "filename*=UTF-8''%CE%B1%CF%80" in answer.headers["content-disposition"]
    assert 'filename="list.csv"' in answer.headers["content-disposition"]
    assert "Κατερίνης" in answer.text

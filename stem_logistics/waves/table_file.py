"""A CSV or XLSX file as headings and rows of text; the registry's reader knows encodings, separators, formulas."""

from collections.abc import Mapping
from datetime import date, datetime

from stem_logistics.errors import FieldErrors
from stem_logistics.registry.importing.faults import FileRefused
from stem_logistics.registry.importing.sheets import Cell, rows_of

MOST_ERRORS = 1000
FORMULA = "="  # what the cells' reader takes for a formula


def read_table(content: bytes) -> tuple[list[str], list[tuple[int, Mapping[str, str]]]]:
    """The first row's headings, and every further row as cells by heading with the spreadsheet's number.

    Raises:
        FieldErrors: the file cannot be read, with the place where; a row has more cells than there are headings.
    """
    errors: list[dict[str, object]] = []
    try:
        rows = iter(rows_of(content))
        first = next(rows, None)
        headings = [] if first is None else [text_of_cell(cell).strip() for cell in first.cells]
        table: list[tuple[int, Mapping[str, str]]] = []
        for row in rows:
            # a separator inside a text moves all that follows into the wrong columns
            if any(text_of_cell(cell).strip() for cell in row.cells[len(headings) :]):
                params = {"cells": len(row.cells), "columns": len(headings)}
                errors.append({"row": row.number, "column": "", "slug": "registry-row-ragged", "params": params})
            cells = {
                heading: FORMULA if position in row.formulas else text_of_cell(cell)
                for position, (heading, cell) in enumerate(zip(headings, row.cells, strict=False))
                if heading
            }
            table.append((row.number, cells))
    except FileRefused as refused:
        errors += [
            {"row": f.row or 0, "column": f.column, "slug": f"registry-{f.slug}", "params": dict(f.params)}
            for f in refused.faults
        ]
    if errors:
        raise FieldErrors("applications-file-invalid", errors=errors[:MOST_ERRORS], found=len(errors))
    return headings, table


def text_of_cell(cell: Cell) -> str:
    """A cell as text: whole numbers without a point, dates as ISO."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell)

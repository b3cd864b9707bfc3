"""A courier's list, pasted or uploaded: which consignment travels under which tracking number. Pure."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field

from stem_logistics.codes import parse_code

LONGEST_NUMBER = 80
MOST_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with a row: which one (from 1), the slug of its sentence, and what fills it."""

    row: int
    slug: str
    figures: Mapping[str, object] = field(default_factory=dict)


def read_tracking(text: str) -> tuple[dict[str, str], list[RowFault]]:
    """Tracking numbers by the consignments' codes, and every row that cannot be used.

    Cells are divided by semicolon, comma or tab; a first row whose first cell is no code is taken for a head. A number
    may stand for several consignments (a courier bundles them); a consignment has one number.
    """
    numbers: dict[str, str] = {}
    faults: list[RowFault] = []
    first_seen: dict[str, int] = {}
    rows = [(at, line) for at, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(rows) > MOST_ROWS:
        return {}, [RowFault(0, "tracking-too-many-rows", {"rows": len(rows), "most": MOST_ROWS})]
    delimiter = max(";\t,", key=rows[0][1].count) if rows else ";"
    for place, (at, line) in enumerate(rows):
        cells = [cell.strip() for cell in next(csv.reader(io.StringIO(line), delimiter=delimiter), [])]
        code = parse_code(cells[0]) if cells else None
        if code is None:
            if place == 0 and len(cells) > 1 and not any(letter.isdigit() for letter in cells[0]):
                continue
            faults.append(RowFault(at, "tracking-code-mistyped", {"row": at, "code": cells[0][:20] if cells else ""}))
            continue
        number = cells[1] if len(cells) > 1 else ""
        if not number:
            faults.append(RowFault(at, "tracking-number-missing", {"row": at, "code": code}))
        elif len(number) > LONGEST_NUMBER or not number.isprintable():
            faults.append(RowFault(at, "tracking-number-unusable", {"row": at, "code": code, "most": LONGEST_NUMBER}))
        elif code in numbers and numbers[code] != number:
            figures = {"row": at, "code": code, "first": first_seen[code]}
            faults.append(RowFault(at, "tracking-code-repeated", figures))
        else:
            numbers[code] = number
            first_seen.setdefault(code, at)
    return numbers, faults

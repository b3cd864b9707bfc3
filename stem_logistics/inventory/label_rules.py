"""Decisions about labels without a database: what a scanner gave, which sheets there are, where a label stands."""

from dataclasses import dataclass
from typing import Literal

from stem_logistics.codes import parse_code

Kind = Literal["kit", "device", "consignment", "place"]
MOST_LABELS = 1_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of labels as it is sold, or the roll of a label printer (one label a page). Lengths in millimetres.

    Args:
        width, height: of the paper; of one label on a roll.
        columns, rows: how many labels.
        label_width, label_height: of one label.
        left, top: from the paper's edge to the first label.
        gap: between two columns; rows touch.
    """

    slug: str
    width: float
    height: float
    columns: int
    rows: int
    label_width: float
    label_height: float
    left: float = 0.0
    top: float = 0.0
    gap: float = 0.0

    @property
    def cells(self) -> int:
        """How many labels stand on one page."""
        return self.columns * self.rows

    @property
    def is_roll(self) -> bool:
        """Whether a page is one label."""
        return self.cells == 1


# Sizes as the makers print them on the box: 21 and 14 labels on A4, and the 62 mm roll of desk printers.
SHEETS: dict[str, Sheet] = {
    sheet.slug: sheet
    for sheet in (
        Sheet("a4-3x7", 210, 297, 3, 7, 63.5, 38.1, left=7.21, top=15.15, gap=2.54),
        Sheet("a4-2x7", 210, 297, 2, 7, 99.1, 38.1, left=4.63, top=15.15, gap=2.54),
        Sheet("a4-3x8", 210, 297, 3, 8, 70, 37, top=0.5),
        Sheet("roll-62", 62, 29, 1, 1, 62, 29),
        Sheet("roll-100", 100, 50, 1, 1, 100, 50),
    )
}


@dataclass(frozen=True, slots=True)
class Label:
    """What one label says.

    Args:
        code: as people type it, with its check character.
        url: the one thing that the QR code holds.
        title: what it is stuck on.
        detail: a serial number, the kit's kind, a place's code.
    """

    code: str
    url: str
    title: str
    detail: str = ""


def scanned_code(given: str) -> str | None:
    """The code in what a scanner or a person gave: a label's whole address, or the code alone; None if it is neither.

    A wedge scanner under a Greek keyboard types Greek letters: `parse_code` forgives those that look Latin.
    """
    path = given.strip().split("?")[0].split("#")[0]
    return parse_code(path.rstrip("/").rsplit("/", 1)[-1])


def pages_needed(sheet: Sheet, labels: int, first_cell: int) -> int:
    """How many pages that many labels take, the first one begun at `first_cell` (from 1)."""
    return -(-(labels + first_cell - 1) // sheet.cells)

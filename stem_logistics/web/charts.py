"""Figures turned into geometry, so that the templates only draw. Pure: numbers in, coordinates out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from stem_logistics.web.i18n import LazyText, Text, _


@dataclass(frozen=True)
class Bar:
    """One bar of a bar chart or funnel.

    Args:
        label: what is counted.
        value: how many.
        href: the rows behind the number.
        note: what else to say of it.
    """

    label: Text
    value: float
    href: str | None = None
    note: Text = ""


@dataclass(frozen=True)
class DrawnBar:
    """A bar with its length, and its share of the bar before it (funnels)."""

    label: Text
    value: float
    href: str | None
    note: Text
    width: float
    of_previous: float | None


def bars(items: Sequence[Bar], *, most: float | None = None) -> list[DrawnBar]:
    """Lengths in per cent of the longest bar (or of `most`); a value above nothing is always visible.

    Raises:
        ValueError: a negative value, which a bar cannot show.
    """
    if any(item.value < 0 for item in items):
        raise ValueError("a bar cannot be negative")
    full = most if most is not None else max((item.value for item in items), default=0)
    drawn: list[DrawnBar] = []
    for index, item in enumerate(items):
        width = 0.0 if not full else min(100.0, round(100 * item.value / full, 2))
        before = items[index - 1].value if index else 0
        drawn.append(
            DrawnBar(
                label=item.label,
                value=item.value,
                href=item.href,
                note=item.note,
                width=max(width, 0.6) if item.value else 0.0,
                of_previous=item.value / before if before else None,
            )
        )
    return drawn


@dataclass(frozen=True)
class Segment:
    """A part of a stacked bar: how many of a tone (good, warn, bad, busy, wait, off)."""

    tone: str
    label: Text
    value: int
    x: float = 0.0
    width: float = 0.0


def stack(parts: Sequence[tuple[str, Text, int]]) -> list[Segment]:
    """Parts of a whole side by side on a width of 100; empty parts are left out."""
    total = sum(value for _tone, _label, value in parts)
    x, drawn = 0.0, []
    for tone, label, value in parts:
        if value:
            width = 100 * value / total
            drawn.append(Segment(tone, label, value, round(x, 2), round(width, 2)))
            x += width
    return drawn


# Our own schematic map: each region a tile at (column, row), roughly where it lies.
# Keys are the codes of the regional directorates in the registry.
REGION_TILES: Final[Mapping[str, tuple[int, int, LazyText, LazyText]]] = {
    "western-macedonia": (2, 0, _("W. Macedonia"), _("Western Macedonia")),
    "central-macedonia": (3, 0, _("C. Macedonia"), _("Central Macedonia")),
    "eastern-macedonia-thrace": (4, 0, _("E. Mac.-Thrace"), _("Eastern Macedonia and Thrace")),
    "epirus": (1, 1, _("Epirus"), _("Epirus")),
    "thessaly": (2, 1, _("Thessaly"), _("Thessaly")),
    "north-aegean": (4, 1, _("N. Aegean"), _("North Aegean")),
    "ionian-islands": (0, 2, _("Ionian Isl."), _("Ionian Islands")),
    "western-greece": (1, 2, _("W. Greece"), _("Western Greece")),
    "central-greece": (2, 2, _("C. Greece"), _("Central Greece")),
    "attica": (3, 2, _("Attica"), _("Attica")),
    "peloponnese": (2, 3, _("Peloponnese"), _("Peloponnese")),
    "south-aegean": (4, 3, _("S. Aegean"), _("South Aegean")),
    "crete": (3, 4, _("Crete"), _("Crete")),
}
# Codes of the registry that lie nowhere in Greece: left off the map.
OFF_THE_MAP: Final = frozenset({"abroad"})
TILE: Final = 100
SHADES: Final = 5


@dataclass(frozen=True)
class RegionTile:
    """One region of the map: where, how dark (0 none to 5), what it leads to."""

    code: str
    x: int
    y: int
    short: Text
    name: Text
    value: float | None
    shade: int
    href: str | None


def region_map(values: Mapping[str, float], links: Mapping[str, str]) -> list[RegionTile]:
    """The thirteen tiles, shaded by value in five equal steps from nothing to the greatest; `abroad` has none.

    Args:
        values: a number for each region's code; a region that is not in it is drawn empty.
        links: where a region leads.

    Raises:
        ValueError: a code that is no region of Greece.
    """
    if unknown := sorted((set(values) | set(links)) - set(REGION_TILES) - OFF_THE_MAP):
        raise ValueError(f"no such region: {unknown}")
    most = max((value for code, value in values.items() if code in REGION_TILES), default=0)
    tiles = []
    for code, (column, row, short, name) in REGION_TILES.items():
        value = values.get(code)
        shade = 0 if not value or most <= 0 else max(1, min(SHADES, -int(-SHADES * value // most)))
        tiles.append(RegionTile(code, column * TILE, row * TILE, short, name, value, shade, links.get(code)))
    return tiles


@dataclass(frozen=True)
class Queued:
    """A place in the ranking: points, whether it was chosen, how; no name, as the picture is public.

    Args:
        rank: the place in the order, from 1.
        points: the score.
        chosen: whether it gets what was asked for.
        by: `points`, `reserve` (guaranteed place) or `lot`.
        mine: the reader's own school.
    """

    rank: int
    points: float
    chosen: bool
    by: str = "points"
    mine: bool = False


@dataclass(frozen=True)
class QueueColumn:
    """A place of the queue as a column of the picture."""

    place: Queued
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class QueuePicture:
    """The queue around the cut-off: columns, where the line lies that divides it, and where ranks are left out."""

    columns: list[QueueColumn]
    gaps: list[float]
    width: float
    height: float
    cut_y: float | None


def queue(places: Sequence[Queued], cut_off: float | None, *, width: float = 400, height: float = 120) -> QueuePicture:
    """Columns as high as the points, left to right in rank order; the scale starts at nothing.

    Where ranks are left out, an empty place stands for them: neighbours in the picture are neighbours in the ranking.
    """
    most = max([place.points for place in places] + ([cut_off] if cut_off is not None else []), default=0) or 1
    jumps = sum(after.rank > before.rank + 1 for before, after in pairwise(places))
    step = width / max(1, len(places) + jumps)
    columns: list[QueueColumn] = []
    gaps: list[float] = []
    for place in places:
        if columns and place.rank > columns[-1].place.rank + 1:
            gaps.append(round((len(columns) + len(gaps) + 0.5) * step, 1))
        index = len(columns) + len(gaps)
        tall = max(2.0, round(height * place.points / most, 1))
        columns.append(
            QueueColumn(place, round(index * step + step * 0.12, 1), height - tall, round(step * 0.76, 1), tall)
        )
    cut_y = None if cut_off is None else round(height - height * cut_off / most, 1)
    return QueuePicture(columns, gaps, width, height, cut_y)

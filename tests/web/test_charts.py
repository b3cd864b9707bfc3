"""Geometry of the charts: bounded, true to the numbers, and nothing that exists is invisible."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stem_logistics.web.charts import REGION_TILES, Bar, Queued, bars, queue, region_map, stack


@given(st.lists(st.integers(0, 10**6), max_size=20))
def test_bars_keep_the_order_of_their_values(values: list[int]) -> None:
    """A longer bar never stands for less, every bar fits, and what is not nothing can be seen."""
    drawn = bars([Bar("x", value) for value in values])
    assert all(0 <= bar.width <= 100 for bar in drawn)
    assert all((bar.width > 0) == (bar.value > 0) for bar in drawn)
    for one in drawn:
        assert all(one.width <= other.width for other in drawn if one.value < other.value)


def test_a_negative_bar_is_refused() -> None:
    """A bar that would have to grow backwards is a fault of the caller."""
    with pytest.raises(ValueError, match="negative"):
        bars([Bar("x", -1)])


def test_the_share_of_the_step_before() -> None:
    """A funnel's shares are of the step before; after nothing there is none."""
    assert [bar.of_previous for bar in bars([Bar("a", 4), Bar("b", 1), Bar("c", 0), Bar("d", 0)])] == [
        None,
        0.25,
        0,
        None,
    ]


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=8))
def test_parts_fill_the_whole(values: list[int]) -> None:
    """Stacked parts lie side by side without gaps, and together they are the whole, or nothing."""
    parts = stack([("good", "x", value) for value in values])
    assert [part.value for part in parts] == [value for value in values if value]
    if parts:
        assert parts[0].x == 0 and parts[-1].x + parts[-1].width == pytest.approx(100, abs=0.2)


def test_thirteen_regions_none_on_top_of_another() -> None:
    """The map has every region of Greece once, each on its own tile."""
    tiles = region_map({}, {})
    assert len(tiles) == 13
    assert len({(tile.x, tile.y) for tile in tiles}) == 13
    assert {tile.shade for tile in tiles} == {0}


@given(st.dictionaries(st.sampled_from(sorted(REGION_TILES)), st.floats(0, 1e6)))
def test_shades_follow_the_values(values: dict[str, float]) -> None:
    """More is never lighter; nothing and unknown are unshaded; the greatest has the full shade."""
    tiles = {tile.code: tile for tile in region_map(values, {})}
    for code, value in values.items():
        assert (tiles[code].shade > 0) == (value > 0)
        assert all(tiles[code].shade <= tiles[other].shade for other in values if value < values[other])
    if any(values.values()):
        assert max(tile.shade for tile in tiles.values()) == 5


def test_an_unknown_region_is_refused() -> None:
    """A code that is no region is not silently left off the map."""
    with pytest.raises(ValueError, match="no such region"):
        region_map({"arcadia": 1}, {})
    assert len(region_map({"abroad": 99, "attica": 1}, {"abroad": "/x"})) == 13


def test_the_queue_is_drawn_to_scale() -> None:
    """A place at the cut-off ends at its line, higher points stand higher, and an empty queue is a picture too."""
    picture = queue([Queued(1, 48, True), Queued(2, 36, True), Queued(3, 12, False)], 36)
    assert [column.y for column in picture.columns] == sorted(column.y for column in picture.columns)
    assert picture.columns[1].y == picture.cut_y
    assert all(column.y + column.height == picture.height for column in picture.columns)
    assert picture.gaps == []
    assert queue([], None).columns == []


def test_ranks_that_are_left_out_leave_a_gap() -> None:
    """Columns that stand side by side are neighbours in the ranking; a jump is an empty place between them."""
    picture = queue([Queued(1, 90, True), Queued(40, 46, True), Queued(41, 46, False)], 46)
    first, second, third = (column.x for column in picture.columns)
    (gap,) = picture.gaps
    assert first < gap < second < third
    assert second - first == pytest.approx(2 * (third - second), abs=0.2)

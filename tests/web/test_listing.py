"""Lists: whatever an address says, a list comes of it, and its links lead where they say."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.datastructures import MultiDict

from stem_logistics.web.listing import Choice, Day, ListQuery, ListSpec, Whole, Words

SPEC = ListSpec(
    sorts=("name", "sent"),
    default_sort="-sent",
    filters={"state": Choice.of("sent", "lost"), "since": Day(), "kits": Whole(1, 99), "place": Words(20)},
)


def parse(**params: str) -> ListQuery:
    return SPEC.parse("/list", MultiDict(params))


def again(link: str) -> ListQuery:
    """What the list shows when a link is followed."""
    parts = urlsplit(link)
    assert parts.path == "/list"
    return SPEC.parse("/list", MultiDict({key: value[-1] for key, value in parse_qs(parts.query).items()}))


NAMES = st.sampled_from(["q", "sort", "page", "after", "state", "since", "kits", "place", "other"])


@given(st.dictionaries(NAMES, st.text() | st.sampled_from(["-1", "0", "9" * 30, "-name", "2026-02-30", "٣"])))
def test_no_address_breaks_a_list(params: dict[str, str]) -> None:
    """Any values give a query within bounds, whose own link gives the same list again."""
    query = parse(**params)
    assert query.sort in SPEC.sorts and 0 <= query.offset <= 10**7 and query.limit == 50
    assert len(query.q) <= 200 and "\0" not in query.q
    assert all(SPEC.filters[name].accepts(value) for name, value in query.filters.items())
    same = again(query.page_link(query.page))
    assert (same.q, same.filters, same.sort, same.descending, same.page) == (
        query.q.strip(),
        query.filters,
        query.sort,
        query.descending,
        query.page,
    )


@pytest.mark.parametrize(
    ("params", "notices"),
    [
        ({}, 0),
        ({"page": "0"}, 1),
        ({"page": "x"}, 1),
        ({"sort": "password"}, 1),
        ({"state": "stolen"}, 1),
        ({"since": "2026-02-30"}, 1),
        ({"kits": "100"}, 1),
        ({"q": "α" * 300}, 1),
        ({"unknown": "x"}, 0),
    ],
)
def test_a_wrong_value_is_answered_with_a_notice(params: dict[str, str], notices: int) -> None:
    """The reader learns that a value was not used; what nobody asked for is ignored."""
    assert len(parse(**params).notices) == notices


def test_links_keep_what_was_asked() -> None:
    """Sorting keeps search and filters and returns to the first page; the same head turns the order round."""
    query = parse(q="ρόδος", state="lost", page="3")
    by_name = again(query.sort_link("name"))
    assert (by_name.q, by_name.filters, by_name.page, by_name.sort_value) == ("ρόδος", {"state": "lost"}, 1, "name")
    assert again(query.sort_link("sent")).sort_value == "sent"
    assert again(by_name.sort_link("name")).sort_value == "-name"
    assert again(query.filter_link(state=None, kits=5)).filters == {"kits": "5"}
    assert again(query.reset_link()).is_narrowed is False
    assert parse_qs(urlsplit(query.export_link("/list", "csv")).query) == {
        "q": ["ρόδος"],
        "state": ["lost"],
        "format": ["csv"],
    }


@pytest.mark.parametrize(("total", "pages"), [(0, 1), (50, 1), (51, 2), (1288, 26)])
def test_pages(total: int, pages: int) -> None:
    """A list has as many pages as its rows fill, and one where there are none."""
    assert parse().pages(total) == pages


def test_a_list_cannot_be_declared_wrongly() -> None:
    """A default order that is none of the orders, or a filter with a reserved name, fails when it is written."""
    with pytest.raises(ValueError, match="not one of"):
        ListSpec(sorts=("name",), default_sort="-sent")
    with pytest.raises(ValueError, match="may not be called"):
        ListSpec(sorts=("name",), default_sort="name", filters={"page": Words()})

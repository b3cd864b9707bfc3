"""What a list shows: search, filters, order and page, read from an address and written back into links."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from litestar.datastructures import MultiDict

from stem_logistics.web.i18n import Text, _

MAX_QUERY: Final = 200
MAX_PAGE: Final = 100_000
PER_PAGE: Final = 50


@dataclass(frozen=True)
class Choice:
    """A filter that is one of some values."""

    values: frozenset[str]

    @classmethod
    def of(cls, *values: str) -> "Choice":
        """The filter for these values."""
        return cls(frozenset(values))

    def accepts(self, value: str) -> bool:
        """Whether the value may be asked for."""
        return value in self.values


@dataclass(frozen=True)
class Words:
    """A filter of free text (a code, a name)."""

    length: int = 100

    def accepts(self, value: str) -> bool:
        """Whether the value is short enough and printable; PostgreSQL refuses NUL."""
        return len(value) <= self.length and value.isprintable()


@dataclass(frozen=True)
class Day:
    """A filter that is a date, `2026-11-21`."""

    def accepts(self, value: str) -> bool:
        """Whether the value is a date."""
        try:
            date.fromisoformat(value)
        except ValueError:
            return False
        return len(value) == 10


@dataclass(frozen=True)
class Whole:
    """A filter that is a whole number within bounds (PostgreSQL's bigint at most)."""

    least: int = 0
    most: int = 2**63 - 1

    def accepts(self, value: str) -> bool:
        """Whether the value is such a number."""
        return value.isascii() and value.isdigit() and len(value) <= 19 and self.least <= int(value) <= self.most


Filter = Choice | Words | Day | Whole


@dataclass(frozen=True)
class ListSpec:
    """What a list lets itself be asked; anything else in an address is ignored or answered with a notice.

    Args:
        sorts: the keys it can be ordered by.
        default_sort: one of them, with a leading `-` for descending.
        filters: the filters by name.
        per_page: rows on a page.
    """

    sorts: tuple[str, ...]
    default_sort: str
    filters: Mapping[str, Filter] = field(default_factory=dict)
    per_page: int = PER_PAGE

    def __post_init__(self) -> None:
        if self.default_sort.removeprefix("-") not in self.sorts:
            raise ValueError(f"{self.default_sort!r} is not one of {self.sorts}")
        if reserved := {"q", "sort", "page", "after", "format"} & set(self.filters):
            raise ValueError(f"filters may not be called {sorted(reserved)}")

    def parse(self, path: str, params: MultiDict[Any]) -> "ListQuery":
        """Read what an address asks for. A wrong value gives the default and a notice, never an error.

        Args:
            path: the list's own path, which links lead back to.
            params: the address's query.
        """
        notices: list[Text] = []

        def last(name: str) -> str:
            return next(reversed(params.getall(name, [])), "").strip()

        q = last("q")
        if len(q) > MAX_QUERY:
            notices.append(_("The search was shortened to its first %(length)s letters.", length=MAX_QUERY))
            q = q[:MAX_QUERY]
        q = "".join(letter for letter in q if letter.isprintable())
        sort = last("sort") or self.default_sort
        if sort.removeprefix("-") not in self.sorts:
            notices.append(_("This list cannot be sorted that way; it is in its usual order."))
            sort = self.default_sort
        filters: dict[str, str] = {}
        for name, rule in self.filters.items():
            value = last(name)
            if not value:
                continue
            if rule.accepts(value):
                filters[name] = value
            else:
                notices.append(_("A filter was left out: its value is not one of those offered."))
        after = last("after")
        return ListQuery(
            spec=self,
            path=path,
            q=q,
            sort=sort.removeprefix("-"),
            descending=sort.startswith("-"),
            page=self._page(last("page"), notices),
            after=after if after.isprintable() and len(after) <= 200 else "",
            filters=filters,
            notices=tuple(notices),
        )

    def _page(self, value: str, notices: list[Text]) -> int:
        if not value:
            return 1
        if value.isascii() and value.isdigit() and len(value) <= 6 and 1 <= int(value) <= MAX_PAGE:
            return int(value)
        notices.append(_("There is no such page; this is the first."))
        return 1


@dataclass(frozen=True)
class ListQuery:
    """One list as it was asked for, and the links to its neighbours."""

    spec: ListSpec
    path: str
    q: str
    sort: str
    descending: bool
    page: int
    after: str
    filters: Mapping[str, str]
    notices: tuple[Text, ...] = ()

    @property
    def limit(self) -> int:
        """Rows on a page."""
        return self.spec.per_page

    @property
    def offset(self) -> int:
        """Rows before this page."""
        return (self.page - 1) * self.spec.per_page

    @property
    def sort_value(self) -> str:
        """The order as the address writes it."""
        return f"-{self.sort}" if self.descending else self.sort

    @property
    def is_sorted(self) -> bool:
        """Whether the order is other than the usual."""
        return self.sort_value != self.spec.default_sort

    @property
    def is_narrowed(self) -> bool:
        """Whether a search or a filter leaves rows out."""
        return bool(self.q or self.filters)

    def pages(self, total: int) -> int:
        """How many pages a list of this many rows has."""
        return max(1, -(-total // self.spec.per_page))

    def _link(self, path: str | None = None, extra: Iterable[tuple[str, str]] = ()) -> str:
        pairs = [("q", self.q)] if self.q else []
        pairs += self.filters.items()
        if self.is_sorted:
            pairs.append(("sort", self.sort_value))
        pairs += extra
        base = self.path if path is None else path
        return f"{base}?{urlencode(pairs)}" if pairs else base

    def page_link(self, page: int) -> str:
        """The address of another page of this list."""
        return self._link(extra=[("page", str(page))] if page > 1 else [])

    def after_link(self, after: object) -> str:
        """The address of the rows after a key; of the first ones for None."""
        return self._link(extra=[] if after is None else [("after", str(after))])

    def sort_link(self, key: str) -> str:
        """The address in another order; the order that is shown turns round."""
        return replace(self, sort=key, descending=self.sort == key and not self.descending)._link()

    def filter_link(self, **filters: object) -> str:
        """The address with filters set, or with those that are None taken away."""
        merged = {**self.filters, **{k: str(v) for k, v in filters.items() if v is not None}}
        kept = {k: v for k, v in merged.items() if not (k in filters and filters[k] is None)}
        return replace(self, filters=kept)._link()

    def reset_link(self) -> str:
        """The address of the whole list, in the order that is shown."""
        return replace(self, q="", filters={})._link()

    def export_link(self, path: str, format: str) -> str:
        """The address of all rows (not of this page) as a file."""
        return self._link(path, [("format", format)])

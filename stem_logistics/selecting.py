"""What every list's query has in common: conditions with their values, a reader's scope, a page, a count."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stem_logistics.accounts.policy import Scope
from stem_logistics.db.engine import fetch, fetch_value

# rows that an export reads at a time
BATCH = 1_000


class Where:
    """A WHERE clause that grows; values go in as parameters, never as text."""

    def __init__(self) -> None:
        self._terms: list[str] = []
        self.values: list[Any] = []

    def value(self, given: Any) -> str:
        """The placeholder of a value (`$3`)."""
        self.values.append(given)
        return f"${len(self.values)}"

    def add(self, term: str) -> None:
        """One more condition, out of constants and placeholders."""
        self._terms.append(term)

    def equal(self, column: str, given: Any) -> None:
        """A column has a value; nothing narrows where none is given."""
        if given:
            self.add(f"{column} = {self.value(given)}")

    def within(self, scope: Scope, *, region: str, institution: str) -> None:
        """Only what a scope sees, by the columns that hold the region's and the institution's id."""
        if not scope.country:
            regions, institutions = self.value(list(scope.regions)), self.value(list(scope.institutions))
            self.add(f"({region} = ANY({regions}) OR {institution} = ANY({institutions}))")

    def any_of(self, *terms: str) -> None:
        """At least one of the conditions."""
        self.add(f"({' OR '.join(terms)})")

    @property
    def sql(self) -> str:
        """The clause, without the word WHERE."""
        return " AND ".join(self._terms) or "true"


@dataclass(frozen=True)
class Listed:
    """A list of rows: where they come from, what is shown of them, in which orders.

    Args:
        columns: what a SELECT names.
        source: FROM with its joins.
        key: the column of the rows' ids: the last order, and the key of keyset pages.
        sorts: a list's sort keys and the expressions behind them.
    """

    columns: str
    source: str
    key: str
    sorts: Mapping[str, str]

    async def page(self, where: Where, *, sort: str, descending: bool, limit: int, offset: int) -> list[dict[str, Any]]:
        """So many rows of the list, in an order, beyond an offset."""
        direction = "DESC" if descending else "ASC"
        return await fetch(
            f"""SELECT {self.columns} {self.source} WHERE {where.sql}
                ORDER BY {self.sorts[sort]} {direction} NULLS LAST, {self.key} {direction}
                LIMIT {int(limit)} OFFSET {int(offset)}""",
            *where.values,
        )

    async def count(self, where: Where) -> int:
        """How many rows the list has."""
        sql = f"SELECT count(*) {self.source} WHERE {where.sql}"
        return int(await fetch_value(sql, *where.values))

    async def every(self, where: Where, *, sort: str, descending: bool) -> AsyncIterator[dict[str, Any]]:
        """Every row of the list in an order, for a file: the ids at once, then some rows at a time, so that neither the
        memory nor the time of a row grows with the list, and no connection waits for whoever reads slowly.
        """
        async for row in self.of(await self.ids(where, sort=sort, descending=descending)):
            yield row

    async def ids(
        self, where: Where, *, sort: str, descending: bool, limit: int | None = None, offset: int = 0
    ) -> list[int]:
        """The ids of the list's rows in an order: all, or so many beyond an offset."""
        direction = "DESC" if descending else "ASC"
        cut = "" if limit is None else f"LIMIT {int(limit)} OFFSET {int(offset)}"
        found: list[int] = await fetch_value(
            f"""SELECT ARRAY(SELECT {self.key} {self.source} WHERE {where.sql}
                ORDER BY {self.sorts[sort]} {direction} NULLS LAST, {self.key} {direction} {cut})""",
            *where.values,
        )
        return found

    async def ids_and_count(
        self, where: Where, *, sort: str, descending: bool, limit: int, offset: int
    ) -> tuple[list[int], int]:
        """The ids of a page of the list, and how many rows it has, in one statement: for conditions that are dear to
        find or to plan, and leave few rows.
        """
        direction = "DESC" if descending else "ASC"
        rows = await fetch(
            f"""WITH found AS MATERIALIZED (
                  SELECT {self.key} AS id, {self.sorts[sort]} AS place {self.source} WHERE {where.sql})
                SELECT ARRAY(SELECT id FROM found ORDER BY place {direction} NULLS LAST, id {direction}
                  LIMIT {int(limit)} OFFSET {int(offset)}) AS ids, (SELECT count(*) FROM found) AS total""",  # noqa: S608 - the list's own
            *where.values,
        )
        return rows[0]["ids"], rows[0]["total"]

    async def of(self, ids: Sequence[int]) -> AsyncIterator[dict[str, Any]]:
        """The rows of these ids, in their order; those that are gone meanwhile are left out."""
        for start in range(0, len(ids), BATCH):
            some = ids[start : start + BATCH]
            rows = await fetch(
                f"SELECT {self.key} AS row_key, {self.columns} {self.source} WHERE {self.key} = ANY($1)", some
            )
            found = {row.pop("row_key"): row for row in rows}
            for each in some:
                if each in found:
                    yield found[each]

    async def after(self, where: Where, after: int, limit: int) -> list[dict[str, Any]]:
        """The rows beyond an id, in the ids' order: a keyset page."""
        where.add(f"{self.key} > {where.value(after)}")
        return await fetch(
            f"""SELECT {self.columns} {self.source} WHERE {where.sql}
                ORDER BY {self.key} LIMIT {int(limit)}""",
            *where.values,
        )


def contains(text: str) -> str:
    """A LIKE pattern for a text anywhere, the text's own signs of LIKE taken literally."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def typed_code(text: str) -> str:
    """What was typed, as codes are kept: capitals, no blanks or hyphens."""
    return "".join(text.upper().split()).replace("-", "")

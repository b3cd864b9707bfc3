"""The book of movements, to read: within the reader's scope, page by page or whole."""

from collections.abc import AsyncIterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from stem_logistics import runtime
from stem_logistics.accounts.policy import Permission, Scope
from stem_logistics.errors import Forbidden
from stem_logistics.inventory import as_of
from stem_logistics.inventory import book_queries as queries
from stem_logistics.inventory.book_queries import Asked

__all__ = ["Asked", "asked", "every", "items", "page"]


def _require() -> Scope:
    scope = runtime.actor().principal.scope(Permission.STOCK_READ)
    if not scope:
        raise Forbidden("not-allowed", permission=Permission.STOCK_READ.value)
    return scope


def asked(
    q: str = "",
    *,
    first: date | None = None,
    last: date | None = None,
    movement: int | None = None,
    **filters: str,
) -> Asked:
    """What is asked for, days meant on the organisation's clock and whole; beyond the calendar's end is no limit."""
    starts = as_of.start_of(first) if first is not None and first.year > 1 else None
    ends = as_of.start_of(last + timedelta(days=1)) if last is not None and last.year < date.max.year else None
    return Asked(q, movement=movement, first=starts, until=ends, **filters)


async def page(
    what: Asked, after: tuple[datetime, int] | None, *, descending: bool = True, limit: int
) -> list[dict[str, Any]]:
    """So many movements beyond one (its moment and number), by day and then in the order of recording."""
    return await queries.page(await queries.narrowed(_require(), what), after, descending=descending, limit=limit)


async def every(what: Asked, *, descending: bool = True) -> AsyncIterator[dict[str, Any]]:
    """All that is asked for, for a file."""
    async for row in queries.every(await queries.narrowed(_require(), what), descending=descending):
        yield row


async def items() -> list[Mapping[str, Any]]:
    """What may have moved."""
    _require()
    return await queries.items()

"""The stock at a past date, and closing the books of a period."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from stem_logistics import audit, runtime
from stem_logistics.accounts.policy import Permission, Scope
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Forbidden, Invalid, NotFound
from stem_logistics.inventory import as_of_queries as queries


def _require(permission: Permission) -> Scope:
    scope = runtime.actor().principal.scope(permission)
    if not scope:
        raise Forbidden("not-allowed", permission=permission.value)
    return scope


def read_date(typed: str) -> date:
    """A date as browsers send it (2026-12-31) or as people write it (31/12/2026). Raises Invalid."""
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y"):
        try:
            found = datetime.strptime(typed.strip(), form).date()  # noqa: DTZ007 - a day, not a moment
        except ValueError:
            continue
        if 1990 <= found.year <= 2200:
            return found
    raise Invalid("as-of-date-unusable", typed=typed[:20])


def read_past_date(typed: str) -> date:
    """As `read_date`, and the day has begun: what will be where is nowhere in the book. Raises Invalid."""
    day = read_date(typed)
    if start_of(day) > datetime.now(UTC):
        raise Invalid("as-of-date-to-come", typed=typed[:20])
    return day


def end_of(day: date) -> datetime:
    """The last moment of a day on the organisation's clock."""
    return start_of(day + timedelta(days=1)) - timedelta(microseconds=1)


def start_of(day: date) -> datetime:
    """The first moment of a day on the organisation's clock."""
    return datetime.combine(day, time(), ZoneInfo(runtime.settings().timezone))


async def totals(day: date, filters: dict[str, str]) -> list[dict[str, Any]]:
    """Kits and pieces by kind of kit and place at the end of a day, within the reader's scope."""
    return await queries.totals(_require(Permission.STOCK_READ), end_of(day), filters)


async def pieces(day: date, filters: dict[str, str], *, limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
    """A page of what was where at the end of a day, and how many rows there are."""
    scope, moment = _require(Permission.STOCK_READ), end_of(day)
    rows = await queries.pieces(scope, moment, filters, limit=limit, offset=offset)
    return rows, await queries.count_pieces(scope, moment, filters)


def every_piece(day: date, filters: dict[str, str]) -> AsyncIterator[dict[str, Any]]:
    """Every row of `pieces`, for an export."""
    return queries.every_piece(_require(Permission.STOCK_READ), end_of(day), filters)


async def close_period(first: date, last: date, *, why: str) -> int:
    """Close the books of some days, the last one included: the database takes no movement dated in them any more.

    Raises:
        Invalid: no reason, or days that are not over.
        Conflict: `period-overlaps`.
    """
    _require(Permission.STOCK_WRITE)
    if not why.strip():
        raise Invalid("reason-missing")
    starts, ends = start_of(first), start_of(last + timedelta(days=1))
    if starts >= ends or ends > datetime.now(UTC):
        raise Invalid("period-dates-unusable")
    async with unit_of_work():
        period = await queries.add_period(starts, ends, why.strip()[:500], _account())
        await audit.record("period-closed", "closed-period", period, why=why.strip(), first=first, last=last)
    return period


async def reopen_period(period_id: int, *, why: str) -> None:
    """Take movements dated in a period again. The period stays on record, with who reopened it and why.

    Raises:
        Invalid: no reason.
        NotFound: no such period, or reopened already.
    """
    _require(Permission.STOCK_WRITE)
    if not why.strip():
        raise Invalid("reason-missing")
    async with unit_of_work():
        if not await queries.reopen_period(period_id, why.strip()[:500], _account()):
            raise NotFound("period-not-found")
        await audit.record("period-reopened", "closed-period", period_id, why=why.strip())


async def list_periods() -> list[dict[str, Any]]:
    """Every period that was closed, newest first."""
    _require(Permission.STOCK_READ)
    return await queries.periods()


def _account() -> int | None:
    who = runtime.actor().principal
    return who.id if who.kind == "account" else None

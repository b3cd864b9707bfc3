"""What was where at a past moment, and the periods whose books are closed.

The balance of a past moment is the balance of now less what happened since: recent dates read few movements, however
long the book is.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from stem_logistics.accounts.policy import Scope
from stem_logistics.db.engine import execute, fetch, fetch_value, stream
from stem_logistics.selecting import Where

# $1 is the moment: what happened at it or before counts.
_THEN = """(
  SELECT b.place_id, b.item_id, b.kit_id, b.device_id, sum(b.quantity)::int AS quantity FROM (
    SELECT place_id, item_id, kit_id, device_id, quantity FROM holding WHERE quantity > 0
    UNION ALL
    SELECT to_place_id, item_id, kit_id, device_id, -quantity FROM movement WHERE occurred_at > $1
    UNION ALL
    SELECT from_place_id, item_id, kit_id, device_id, quantity FROM movement WHERE occurred_at > $1) b
  GROUP BY 1, 2, 3, 4 HAVING sum(b.quantity) <> 0)"""
_JOINED = f"""FROM {_THEN} h JOIN place p ON p.id = h.place_id AND p.kind <> 'supplier'
  JOIN item it ON it.id = h.item_id
  LEFT JOIN kit k ON k.id = h.kit_id LEFT JOIN kit_definition d ON d.id = k.kit_definition_id
  LEFT JOIN device dv ON dv.id = h.device_id
  LEFT JOIN consignment c ON c.id = p.consignment_id
  LEFT JOIN institution i ON i.id = coalesce(p.institution_id, c.institution_id)
  LEFT JOIN regional_directorate r ON r.id = i.regional_directorate_id"""

_PIECES = """k.code AS kit, d.title_el, d.title_en, it.name_el, it.name_en, dv.serial_number, h.quantity,
  p.kind AS place_kind, p.title AS place_title, i.code AS institution_code, i.name AS institution_name"""
_IN_ORDER = "ORDER BY h.kit_id, h.item_id, h.device_id, h.place_id"


def _narrowed(scope: Scope, moment: datetime, filters: dict[str, str]) -> Where:
    where = Where()
    where.value(moment)
    where.within(scope, region="i.regional_directorate_id", institution="i.id")
    for name, column in (
        ("definition", "d.slug"),
        ("place", "p.kind"),
        ("institution", "i.code"),
        ("region", "r.code"),
    ):
        where.equal(column, filters.get(name))
    return where


async def totals(scope: Scope, moment: datetime, filters: dict[str, str]) -> list[dict[str, Any]]:
    """Kits and pieces of each kind of kit in each kind of place, then. A kit in two places counts in both."""
    where = _narrowed(scope, moment, filters)
    return await fetch(
        f"""SELECT d.slug AS definition, max(d.title_el) AS title_el, max(d.title_en) AS title_en, p.kind AS place,
              count(DISTINCT h.kit_id) AS kits, sum(h.quantity)::bigint AS pieces
            {_JOINED} WHERE {where.sql} GROUP BY d.slug, p.kind ORDER BY d.slug, p.kind""",
        *where.values,
    )


async def pieces(
    scope: Scope, moment: datetime, filters: dict[str, str], *, limit: int, offset: int
) -> list[dict[str, Any]]:
    """What was where, piece by piece where there are serial numbers."""
    where = _narrowed(scope, moment, filters)
    return await fetch(
        f"SELECT {_PIECES} {_JOINED} WHERE {where.sql} {_IN_ORDER} LIMIT {int(limit)} OFFSET {int(offset)}",
        *where.values,
    )


async def count_pieces(scope: Scope, moment: datetime, filters: dict[str, str]) -> int:
    """How many rows `pieces` has."""
    where = _narrowed(scope, moment, filters)
    return int(await fetch_value(f"SELECT count(*) {_JOINED} WHERE {where.sql}", *where.values))


def every_piece(scope: Scope, moment: datetime, filters: dict[str, str]) -> AsyncIterator[dict[str, Any]]:
    """Every row of `pieces`, in one reading of the book."""
    where = _narrowed(scope, moment, filters)
    return stream(f"SELECT {_PIECES} {_JOINED} WHERE {where.sql} {_IN_ORDER}", *where.values)


async def balances(moment: datetime) -> list[dict[str, Any]]:
    """Every balance of a moment, suppliers aside."""
    return await fetch(
        f"SELECT h.* FROM {_THEN} h JOIN place p ON p.id = h.place_id AND p.kind <> 'supplier'",  # noqa: S608 - $1
        moment,
    )


async def add_period(starts_at: datetime, ends_at: datetime, why: str, by: int | None) -> int:
    """Close a period; the database waits for postings under way."""
    return int(
        await fetch_value(
            "INSERT INTO closed_period (starts_at, ends_at, why, closed_by) VALUES ($1, $2, $3, $4) RETURNING id",
            starts_at,
            ends_at,
            why,
            by,
        )
    )


async def is_closed(moment: datetime) -> bool:
    """Whether the books of a moment are closed."""
    return bool(
        await fetch_value(
            """SELECT EXISTS (SELECT FROM closed_period
                 WHERE starts_at <= $1 AND $1 < ends_at AND reopened_at IS NULL)""",
            moment,
        )
    )


async def reopen_period(period_id: int, why: str, by: int | None) -> bool:
    """Reopen a period; False where there is none that is closed."""
    return bool(
        await execute(
            """UPDATE closed_period SET reopened_at = now(), reopened_why = $2, reopened_by = $3
               WHERE id = $1 AND reopened_at IS NULL""",
            period_id,
            why,
            by,
        )
    )


async def periods() -> list[dict[str, Any]]:
    """Every period that was closed, newest first."""
    return await fetch(
        """SELECT p.*, p.ends_at - interval '1 microsecond' AS last_at, coalesce(a.name, '') AS closed_by_name,
             coalesce(b.name, '') AS reopened_by_name
           FROM closed_period p LEFT JOIN account a ON a.id = p.closed_by LEFT JOIN account b ON b.id = p.reopened_by
           ORDER BY p.starts_at DESC, p.id DESC"""
    )

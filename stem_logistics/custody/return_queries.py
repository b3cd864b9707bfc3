"""Every query of returns to the store."""

from datetime import date
from typing import Any

from stem_logistics.accounts.policy import Scope
from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value
from stem_logistics.selecting import Where

UNDER_WAY = "EXISTS (SELECT FROM holding h WHERE h.place_id = t.place_id AND h.quantity > 0)"
RETURNS = f"""SELECT t.*, i.code AS institution_code, i.name AS institution_name, i.regional_directorate_id,
    p.number AS paper_number, {UNDER_WAY} AS under_way, ({UNDER_WAY} AND t.due_on < current_date) AS late,
    -- how often something left this place: a correction can bring it back
    (SELECT count(DISTINCT m.idempotency_key) FROM movement m WHERE m.from_place_id = t.place_id) AS times,
    ARRAY(SELECT k.code FROM paper_kit x JOIN kit k ON k.id = x.kit_id WHERE x.paper_id = t.paper_id ORDER BY k.id)
      AS kits
  FROM kit_return t JOIN institution i ON i.id = t.institution_id JOIN paper p ON p.id = t.paper_id"""  # noqa: S608 - constants


async def add(code: str, institution_id: int, paper_id: int, place_id: int, why: str, due_on: date) -> int:
    """A return that leaves now; its id."""
    return int(
        await fetch_value(
            """INSERT INTO kit_return (code, institution_id, paper_id, place_id, why, due_on)
               VALUES ($1, $2, $3, $4, $5, $6) RETURNING id""",
            code,
            institution_id,
            paper_id,
            place_id,
            why,
            due_on,
        )
    )


async def returns(scope: Scope, *, under_way: bool) -> list[dict[str, Any]]:
    """Returns, those under way or all, the most urgent first."""
    where = Where()
    where.within(scope, region="i.regional_directorate_id", institution="i.id")
    if under_way:
        where.add(UNDER_WAY)
    return await fetch(
        f"{RETURNS} WHERE {where.sql} ORDER BY under_way DESC, t.due_on, t.id DESC LIMIT 500", *where.values
    )


async def find(code: str) -> dict[str, Any] | None:
    """One return."""
    return await fetch_one(f"{RETURNS} WHERE t.code = $1", code)


async def parts_at(place_id: int) -> list[dict[str, Any]]:
    """What is still on its way in a return."""
    return await fetch(
        """SELECT h.kit_id, h.item_id, h.device_id, h.quantity, k.code AS kit_code, it.name_el, it.name_en,
             dv.serial_number
           FROM holding h JOIN kit k ON k.id = h.kit_id JOIN item it ON it.id = h.item_id
           LEFT JOIN device dv ON dv.id = h.device_id
           WHERE h.place_id = $1 AND h.quantity > 0 ORDER BY k.id, it.name_el, dv.serial_number""",
        place_id,
    )


async def set_arrived(return_id: int, note: str) -> None:
    """Note that the store has counted what came."""
    await execute("UPDATE kit_return SET arrived_at = now(), note = $2 WHERE id = $1", return_id, note)

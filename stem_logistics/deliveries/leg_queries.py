"""Statements of the last mile: stops, the legs of a consignment's way, who holds what."""

from collections.abc import Sequence
from typing import Any

from stem_logistics.accounts.policy import Scope
from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value
from stem_logistics.selecting import Where

_STOP = """SELECT s.*, r.name_el AS region_el, r.name_en AS region_en, r.code AS region_code, a.email AS account_email,
    (SELECT count(*) FROM consignment c WHERE c.held_by_stop_id = s.id
       AND c.state IN ('dispatched', 'partially-received'))::int AS held,
    (SELECT count(*) FROM consignment_leg l JOIN consignment c ON c.id = l.consignment_id
      WHERE l.stop_id = s.id AND l.state = 'sent' AND c.state IN ('dispatched', 'partially-received'))::int AS coming
  FROM stop s JOIN regional_directorate r ON r.id = s.regional_directorate_id
  LEFT JOIN account a ON a.id = s.account_id"""


async def stops(scope: Scope) -> list[dict[str, Any]]:
    """The stops that a scope sees, those in use first."""
    where = Where()
    where.within(scope, region="s.regional_directorate_id", institution="NULL::bigint")
    return await fetch(
        f"{_STOP} WHERE {where.sql} ORDER BY s.active DESC, r.name_el, s.kind DESC, s.title, s.id", *where.values
    )


async def stop(code: str) -> dict[str, Any] | None:
    """One stop."""
    return await fetch_one(f"{_STOP} WHERE s.code = $1", code)


async def stop_by_id(stop_id: int) -> dict[str, Any] | None:
    """One stop."""
    return await fetch_one(f"{_STOP} WHERE s.id = $1", stop_id)


async def region_by_code(code: str) -> dict[str, Any] | None:
    """A region."""
    return await fetch_one("SELECT id, code FROM regional_directorate WHERE code = $1", code)


async def account_by_email(email: str) -> int | None:
    """The account of a mail address."""
    found: int | None = await fetch_value("SELECT id FROM account WHERE lower(email) = lower($1)", email)
    return found


async def add_stop(
    code: str, kind: str, region_id: int, title: str, email: str, phone: str, address: str, account_id: int | None
) -> None:
    """Add a stop."""
    await execute(
        """INSERT INTO stop (code, kind, regional_directorate_id, title, email, phone, address, account_id)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        code,
        kind,
        region_id,
        title,
        email,
        phone,
        address,
        account_id,
    )


async def set_active(stop_id: int, active: bool) -> None:
    """Offer a stop for new ways, or no more."""
    await execute("UPDATE stop SET active = $2 WHERE id = $1", stop_id, active)


async def legs(consignment_id: int) -> list[dict[str, Any]]:
    """The legs of a consignment's way, in order, with their stops."""
    return await fetch(
        """SELECT l.*, s.code AS stop_code, s.kind AS stop_kind, coalesce(s.title, s.code) AS stop_title, s.phone,
             s.email AS stop_email
           FROM consignment_leg l JOIN stop s ON s.id = l.stop_id WHERE l.consignment_id = $1 ORDER BY l.position""",
        consignment_id,
    )


async def set_way(consignment_id: int, stop_ids: Sequence[int]) -> None:
    """Plan a consignment's way anew."""
    await execute("DELETE FROM consignment_leg WHERE consignment_id = $1", consignment_id)
    await execute(
        """INSERT INTO consignment_leg (consignment_id, position, stop_id)
           SELECT $1, n, id FROM unnest($2::bigint[]) WITH ORDINALITY AS way (id, n)""",
        consignment_id,
        list(stop_ids),
    )


async def without_way(region_id: int) -> list[str]:
    """The consignments of a region that have not left and whose way is not planned."""
    rows = await fetch(
        """SELECT c.code FROM consignment c JOIN institution i ON i.id = c.institution_id
           WHERE i.regional_directorate_id = $1 AND c.state IN ('packing', 'packed')
             AND NOT EXISTS (SELECT FROM consignment_leg l WHERE l.consignment_id = c.id) ORDER BY c.id LIMIT 2000""",
        region_id,
    )
    return [row["code"] for row in rows]


async def next_leg(consignment_id: int) -> dict[str, Any] | None:
    """The leg that is under way or comes next, locked for whoever takes it."""
    return await fetch_one(
        """SELECT l.*, s.code AS stop_code, s.title, s.email AS stop_email FROM consignment_leg l
           JOIN stop s ON s.id = l.stop_id
           WHERE l.consignment_id = $1 AND l.state IN ('planned', 'sent') ORDER BY l.position LIMIT 1
           FOR NO KEY UPDATE OF l""",
        consignment_id,
    )


async def mark_sent(leg_id: int) -> None:
    """A leg is under way."""
    await execute("UPDATE consignment_leg SET state = 'sent', sent_at = coalesce(sent_at, now()) WHERE id = $1", leg_id)


async def mark_planned(consignment_id: int) -> None:
    """What was sent has not left after all."""
    await execute(
        "UPDATE consignment_leg SET state = 'planned', sent_at = NULL WHERE consignment_id = $1 AND state = 'sent'",
        consignment_id,
    )


async def skip_rest(consignment_id: int) -> int:
    """The legs that nobody signed for are left out; returns how many."""
    return await execute(
        "UPDATE consignment_leg SET state = 'skipped' WHERE consignment_id = $1 AND state IN ('planned', 'sent')",
        consignment_id,
    )


async def take(leg_id: int, name: str, post: str, channel: str, account_id: int | None, remark: str) -> bool:
    """Sign for a leg; False where somebody did already."""
    return bool(
        await fetch_value(
            """UPDATE consignment_leg SET state = 'taken', taken_at = now(), taken_by = $2, taken_as = $3, channel = $4,
                 account_id = $5, remark = $6 WHERE id = $1 AND state = 'sent' RETURNING id""",
            leg_id,
            name,
            post,
            channel,
            account_id,
            remark,
        )
    )


async def hold(consignment_id: int, stop_id: int) -> None:
    """A stop holds a consignment."""
    await execute("UPDATE consignment SET held_by_stop_id = $2 WHERE id = $1", consignment_id, stop_id)


_PARCELS = """SELECT c.id, c.code, c.state, c.parcels, c.expected_on, c.courier, c.tracking_number,
    i.code AS institution_code, i.name AS institution_name, i.address AS institution_address,
    i.municipality AS institution_municipality, i.phone AS institution_phone, l.state AS leg, l.sent_at, l.taken_at,
    l.remark, l.stop_id, coalesce(n.title, n.code) AS next_stop,
    (c.expected_on < CURRENT_DATE AND c.state IN ('dispatched', 'partially-received')) AS late
  FROM consignment_leg l JOIN consignment c ON c.id = l.consignment_id JOIN institution i ON i.id = c.institution_id
  LEFT JOIN consignment_leg nl ON nl.consignment_id = c.id AND nl.position = l.position + 1 AND nl.state <> 'skipped'
  LEFT JOIN stop n ON n.id = nl.stop_id"""


async def parcels_of(stop_ids: Sequence[int]) -> list[dict[str, Any]]:
    """What is on its way to stops, what they hold, and what they handed on in the last two months."""
    return await fetch(
        f"""{_PARCELS} WHERE l.stop_id = ANY($1) AND l.state IN ('sent', 'taken') AND c.state <> 'cancelled'
              AND (c.state <> 'returning' OR l.state = 'sent' OR c.held_by_stop_id = l.stop_id)
              AND (l.state = 'sent' OR c.held_by_stop_id = l.stop_id AND c.state <> 'received'
                   OR l.taken_at > now() - interval '60 days')
            ORDER BY l.state, c.state = 'received', i.municipality, i.name, c.id""",
        list(stop_ids),
    )


async def parcels_at(place_id: int) -> list[dict[str, Any]]:
    """The pieces at a place, as a posting moves them."""
    return await fetch(
        "SELECT item_id, kit_id, device_id, quantity FROM holding WHERE place_id = $1 AND quantity > 0 ORDER BY id",
        place_id,
    )


async def waiting_for(account_id: int) -> int:
    """How many consignments wait for a person's signature."""
    return int(
        await fetch_value(
            """SELECT count(*) FROM consignment_leg l JOIN stop s ON s.id = l.stop_id
               JOIN consignment c ON c.id = l.consignment_id
               WHERE s.account_id = $1 AND l.state = 'sent' AND c.state IN ('dispatched', 'partially-received')""",
            account_id,
        )
    )

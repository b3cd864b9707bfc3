"""What is late, whom it concerns, and which reminders were sent."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from stem_logistics.accounts.policy import Scope
from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value
from stem_logistics.deliveries.queries import COLUMNS, CONSIGNMENTS, GROUPS
from stem_logistics.selecting import Where


async def late(scope: Scope) -> list[dict[str, Any]]:
    """The late consignments that a scope sees, the latest first, with who is written to at each step."""
    where = Where()
    where.within(scope, region="i.regional_directorate_id", institution="i.id")
    where.add(GROUPS["late"])
    return await fetch(
        f"""SELECT {COLUMNS}, coalesce(nullif(stop.email, ''), i.email) AS school_email,
              stop.id IS NOT NULL AS waits_for_stop, coalesce(stop.title, stop.code) AS stop_title,
              coalesce(cd.email, '') AS directorate_email,
              coalesce(ca.email, '') AS ambassador_email
            {CONSIGNMENTS}
            LEFT JOIN delivery_contact cd ON cd.step = 'directorate' AND cd.directorate_id = i.directorate_id
            LEFT JOIN delivery_contact ca
              ON ca.step = 'ambassador' AND ca.regional_directorate_id = i.regional_directorate_id
            LEFT JOIN consignment_leg leg ON leg.consignment_id = c.id AND leg.state = 'sent'
            LEFT JOIN stop ON stop.id = leg.stop_id
            WHERE {where.sql} ORDER BY c.expected_on, c.id""",
        *where.values,
    )


async def sent_for(consignment_ids: Sequence[int]) -> list[dict[str, Any]]:
    """The reminders of consignments."""
    return await fetch(
        """SELECT consignment_id, step, expected_on, sent_at, to_address FROM delivery_reminder
           WHERE consignment_id = ANY($1) ORDER BY id""",
        list(consignment_ids),
    )


async def take(consignment_id: int, step: str, expected_on: date, address: str) -> bool:
    """Take a step; False where it was taken, or the consignment is not awaited any more."""
    taken = await fetch_value(
        """INSERT INTO delivery_reminder (consignment_id, step, expected_on, to_address)
           SELECT id, $2, $3, $4 FROM consignment WHERE id = $1 AND state IN ('dispatched', 'partially-received')
           ON CONFLICT DO NOTHING RETURNING id""",
        consignment_id,
        step,
        expected_on,
        address,
    )
    return taken is not None


async def contacts(scope: Scope) -> list[dict[str, Any]]:
    """Who is written to, by region and directorate."""
    return await fetch(
        """SELECT t.step, t.name, t.email, r.name_el AS region_el, r.name_en AS region_en, d.name AS directorate
            FROM delivery_contact t JOIN regional_directorate r ON r.id = t.regional_directorate_id
            LEFT JOIN directorate d ON d.id = t.directorate_id
            WHERE $1 OR r.id = ANY($2) ORDER BY r.name_el, t.step, d.name""",
        scope.country,
        list(scope.regions),
    )


async def office(step: str, code: str) -> dict[str, Any] | None:
    """The directorate (for that step) or the region of a code."""
    if step == "directorate":
        return await fetch_one(
            "SELECT id AS directorate_id, regional_directorate_id AS region_id FROM directorate WHERE code = $1", code
        )
    return await fetch_one(
        "SELECT NULL::bigint AS directorate_id, id AS region_id FROM regional_directorate WHERE code = $1", code
    )


async def offices() -> list[dict[str, Any]]:
    """Every directorate and every region to which a contact can belong: regions after the directorates."""
    return await fetch(
        """SELECT 'directorate' AS step, code, name AS name_el, NULL AS name_en, id AS directorate_id,
             regional_directorate_id AS region_id FROM directorate
           UNION ALL SELECT 'ambassador', code, name_el, name_en, NULL, id FROM regional_directorate
           ORDER BY step DESC, code"""
    )


async def save_contact(step: str, region_id: int, directorate_id: int | None, name: str, email: str) -> None:
    """Set or take away a contact."""
    if not email:
        await execute(
            """DELETE FROM delivery_contact
               WHERE step = $1 AND regional_directorate_id = $2 AND directorate_id IS NOT DISTINCT FROM $3""",
            step,
            region_id,
            directorate_id,
        )
        return
    await execute(
        """INSERT INTO delivery_contact (step, regional_directorate_id, directorate_id, name, email)
           VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT ON CONSTRAINT delivery_contact_once
           DO UPDATE SET name = excluded.name, email = excluded.email""",
        step,
        region_id,
        directorate_id,
        name,
        email,
    )

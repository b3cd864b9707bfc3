"""Every query of repairs."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from stem_logistics.accounts.policy import Scope
from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value
from stem_logistics.selecting import Listed, Where, contains, typed_code

REPAIRS = """FROM repair r JOIN kit k ON k.id = r.kit_id JOIN item it ON it.id = r.item_id
  JOIN kit_definition d ON d.id = k.kit_definition_id
  LEFT JOIN device dv ON dv.id = r.device_id LEFT JOIN device nd ON nd.id = r.replacement_device_id
  LEFT JOIN institution i ON i.id = r.institution_id"""
COLUMNS = """r.*, k.code AS kit_code, it.slug AS item, it.name_el, it.name_en, dv.serial_number,
  nd.serial_number AS replacement_serial, i.code AS institution_code, i.name AS institution_name,
  i.regional_directorate_id, d.title_el, d.title_en,
  (SELECT c.code FROM consignment c WHERE c.repair_id = r.id ORDER BY c.id DESC LIMIT 1) AS replacement_consignment,
  (SELECT x.code FROM discrepancy x WHERE x.id = r.discrepancy_id) AS case_code,
  (r.closed_at IS NULL AND r.due_on < current_date) AS late"""
SORTS = {"reported": "r.reported_at", "due": "r.due_on", "state": "r.state", "school": "i.name", "item": "it.slug"}
NOT_ARRIVED = "r.state = 'returned' AND r.arrived_at IS NULL"
LISTED = Listed(COLUMNS, REPAIRS, "r.id", SORTS)


def _narrowed(scope: Scope, q: str, filters: dict[str, str]) -> Where:
    where = Where()
    where.within(scope, region="i.regional_directorate_id", institution="i.id")
    state = filters.get("state")
    if state == "open":
        where.add("r.closed_at IS NULL")
    elif state == "late":
        where.add("r.closed_at IS NULL AND r.due_on < current_date")
    elif state == "unconfirmed":
        where.add(NOT_ARRIVED)
    else:
        where.equal("r.state", state)
    if q:
        same = where.value(q.strip())
        where.any_of(
            f"r.code LIKE {where.value(typed_code(q))} || '%'",
            f"k.code LIKE {where.value(typed_code(q))} || '%'",
            f"dv.serial_number = {same}",
            f"r.repairer_number = {same}",
            f"i.code = {same}",
            f"i.name ILIKE {where.value(contains(q.strip()))}",
        )
    return where


async def repairs(
    scope: Scope, q: str, filters: dict[str, str], *, sort: str, descending: bool, limit: int, offset: int
) -> tuple[list[dict[str, Any]], int]:
    """A page of repairs, and how many there are."""
    rows = await LISTED.page(_narrowed(scope, q, filters), sort=sort, descending=descending, limit=limit, offset=offset)
    return rows, await LISTED.count(_narrowed(scope, q, filters))


async def counts(scope: Scope) -> dict[str, int]:
    """How many repairs are in each state."""
    where = _narrowed(scope, "", {})
    rows = await fetch(f"SELECT r.state, count(*) AS n {REPAIRS} WHERE {where.sql} GROUP BY r.state", *where.values)
    return {row["state"]: row["n"] for row in rows}


async def repair(code: str, *, lock: bool = False) -> dict[str, Any] | None:
    """One repair, locked for whoever takes its next step."""
    return await fetch_one(
        f"SELECT {COLUMNS} {REPAIRS} WHERE r.code = $1{' FOR NO KEY UPDATE OF r' if lock else ''}", code
    )


async def repairs_of_kit(kit_id: int) -> list[dict[str, Any]]:
    """The repairs of a kit's parts, newest first."""
    return await fetch(f"SELECT {COLUMNS} {REPAIRS} WHERE r.kit_id = $1 ORDER BY r.id DESC", kit_id)


async def repairs_of_school(institution_id: int) -> list[dict[str, Any]]:
    """A school's repairs that are under way, wait for its word, or ended within two months; newest first."""
    return await fetch(
        f"""SELECT {COLUMNS} {REPAIRS} WHERE r.institution_id = $1
              AND (r.closed_at IS NULL OR ({NOT_ARRIVED}) OR r.closed_at > now() - interval '60 days')
            ORDER BY r.id DESC LIMIT 200""",
        institution_id,
    )


async def not_arrived() -> list[dict[str, Any]]:
    """Repaired devices that left for their schools and were not confirmed, with the day on which they left."""
    return await fetch(f"SELECT {COLUMNS}, r.closed_at::date AS closed_on {REPAIRS} WHERE {NOT_ARRIVED} ORDER BY r.id")


async def unconfirmed(scope: Scope, days: int) -> int:
    """How many repaired devices left more than so many days ago and were not confirmed."""
    where = _narrowed(scope, "", {"state": "unconfirmed"})
    where.add(f"r.closed_at < now() - make_interval(days => {where.value(days)})")
    return int(await fetch_value(f"SELECT count(*) {REPAIRS} WHERE {where.sql}", *where.values))


async def set_arrived(*, repair_id: int | None = None, device_id: int | None = None) -> bool:
    """Note that a school has its repaired device; False where that was known, or nothing is on its way."""
    row = await fetch_one(
        f"""UPDATE repair r SET arrived_at = now() WHERE (r.id = $1 OR r.device_id = $2) AND {NOT_ARRIVED}
            RETURNING id""",  # noqa: S608 - a constant
        repair_id,
        device_id,
    )
    return row is not None


async def steps_of(repair_ids: Sequence[int]) -> list[dict[str, Any]]:
    """What happened to several repairs, newest first."""
    return await fetch("SELECT * FROM repair_step WHERE repair_id = ANY($1) ORDER BY id DESC", list(repair_ids))


async def steps(repair_id: int) -> list[dict[str, Any]]:
    """What happened to a repair, newest first."""
    return await fetch(
        """SELECT s.*, p.number AS paper_number, coalesce(a.name, '') AS actor_name FROM repair_step s
           LEFT JOIN paper p ON p.id = s.paper_id
           LEFT JOIN account a ON s.actor_kind = 'account' AND a.id = s.actor_id
           WHERE s.repair_id = $1 ORDER BY s.id DESC""",
        repair_id,
    )


async def add_repair(
    code: str,
    kit_id: int,
    item_id: int,
    device_id: int | None,
    institution_id: int | None,
    fault: str,
    under_warranty: bool,
    place_id: int,
) -> int:
    """A repair that was reported; returns its id."""
    return int(
        await fetch_value(
            """INSERT INTO repair (code, kit_id, item_id, device_id, institution_id, fault, under_warranty, place_id)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id""",
            code,
            kit_id,
            item_id,
            device_id,
            institution_id,
            fault,
            under_warranty,
            place_id,
        )
    )


async def add_photos(repair_id: int, digests: Sequence[bytes]) -> None:
    """Keep which stored photographs show a fault, in their order."""
    await execute(
        """INSERT INTO repair_photo (repair_id, position, digest)
           SELECT $1, n, digest FROM unnest($2::bytea[]) WITH ORDINALITY AS given (digest, n)""",
        repair_id,
        list(digests),
    )


async def set_case(code: str, discrepancy_id: int | None) -> None:
    """From which case a repair was opened; None where the case goes on without it."""
    await execute("UPDATE repair SET discrepancy_id = $2 WHERE code = $1", code, discrepancy_id)


async def photos(repair_id: int) -> list[bytes]:
    """The digests of a repair's photographs."""
    rows = await fetch("SELECT digest FROM repair_photo WHERE repair_id = $1 ORDER BY position", repair_id)
    return [row["digest"] for row in rows]


async def set_repair(
    repair_id: int,
    state: str,
    place_id: int,
    closed: bool,
    *,
    repairer: str,
    repairer_number: str,
    due_on: date | None,
    replacement_device_id: int | None,
    under_warranty: bool,
) -> None:
    """Where a repair stands now; what is empty stays as it was."""
    await execute(
        """UPDATE repair SET state = $2, place_id = $3, closed_at = CASE WHEN $4 THEN now() END,
             repairer = coalesce(nullif($5, ''), repairer),
             repairer_number = coalesce(nullif($6, ''), repairer_number), due_on = coalesce($7, due_on),
             replacement_device_id = coalesce($8, replacement_device_id), under_warranty = $9 WHERE id = $1""",
        repair_id,
        state,
        place_id,
        closed,
        repairer,
        repairer_number,
        due_on,
        replacement_device_id,
        under_warranty,
    )


async def add_step(
    repair_id: int, state: str, note: str, posting: str, paper_id: int | None, actor: tuple[str, int | None]
) -> None:
    """Write a repair's step."""
    await execute(
        """INSERT INTO repair_step (repair_id, state, note, posting, paper_id, actor_kind, actor_id)
           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        repair_id,
        state,
        note,
        posting,
        paper_id,
        *actor,
    )


async def spare_devices(item_id: int, store_id: int) -> list[dict[str, Any]]:
    """Devices of an item that lie in the store and are nobody's: loose ones, those of incomplete kits, the oldest."""
    return await fetch(
        """SELECT dv.id, dv.serial_number, k.id AS kit_id, k.code AS kit_code,
             k.id IS NULL AS loose,
             EXISTS (SELECT 1 FROM bom_line b WHERE b.kit_definition_id = k.kit_definition_id AND NOT b.optional
               AND b.quantity > (SELECT coalesce(sum(x.quantity), 0) FROM holding x
                 WHERE x.kit_id = k.id AND x.item_id IN (b.item_id, b.substitute_item_id) AND x.place_id = $2))
               AS incomplete
           FROM holding h JOIN device dv ON dv.id = h.device_id LEFT JOIN kit k ON k.id = h.kit_id
           WHERE h.item_id = $1 AND h.place_id = $2 AND h.quantity > 0
             AND NOT EXISTS (SELECT 1 FROM consignment_kit c WHERE c.kit_id = k.id AND c.released_at IS NULL)
             AND NOT EXISTS (SELECT 1 FROM repair r WHERE r.device_id = dv.id AND r.closed_at IS NULL)
           ORDER BY loose DESC, incomplete DESC, dv.id LIMIT 20""",
        item_id,
        store_id,
    )

"""The ledger's statements. Movements are only ever added; the database keeps the balances (`holding`) itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value


async def lock_key(key: str) -> None:
    """Let two postings of one idempotency key wait for each other, until the transaction ends."""
    await execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"movement:{key}")


async def posted(key: str) -> list[dict[str, Any]]:
    """The movements of a posting, in their order; none if the key is new."""
    return await fetch(
        """SELECT id, item_id, kit_id, device_id, quantity, from_place_id, to_place_id, reason
           FROM movement WHERE idempotency_key = $1 ORDER BY line""",
        key,
    )


async def add_movements(
    rows: Sequence[tuple[int, int | None, int | None, int, int, int, int | None]],
    *,
    reason: str,
    key: str,
    document: str,
    note: str,
    occurred_at: datetime | None,
    actor_kind: str,
    actor_id: int | None,
    request_id: str,
) -> list[int]:
    """Insert a posting in one statement, so that the database judges it as a whole; returns the ids.

    Args:
        rows: (item, kit, device, quantity, from place, to place, the movement that it reverses).
    """
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)]
    added = await fetch(
        """INSERT INTO movement (item_id, kit_id, device_id, quantity, from_place_id, to_place_id, reverses_id,
             line, reason, idempotency_key, document, note, occurred_at, actor_kind, actor_id, request_id)
           SELECT u.*, $8, $9, $10, $11, coalesce($12, now()), $13, $14, $15
           FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::integer[], $5::bigint[], $6::bigint[],
             $7::bigint[]) WITH ORDINALITY AS u RETURNING id""",
        *columns,
        reason,
        key,
        document,
        note,
        occurred_at,
        actor_kind,
        actor_id,
        request_id,
    )
    return [row["id"] for row in added]


async def movement(movement_id: int) -> dict[str, Any] | None:
    """One movement, and whether it was reversed."""
    return await fetch_one(
        """SELECT m.*, r.id AS reversed_by FROM movement m LEFT JOIN movement r ON r.reverses_id = m.id
           WHERE m.id = $1""",
        movement_id,
    )


async def kit_movements_of_posting(key: str, kit_id: int) -> list[dict[str, Any]]:
    """The movements of one kit in a posting, and whether each was reversed."""
    return await fetch(
        """SELECT m.*, r.id AS reversed_by FROM movement m LEFT JOIN movement r ON r.reverses_id = m.id
           WHERE m.idempotency_key = $1 AND m.kit_id = $2 ORDER BY m.line""",
        key,
        kit_id,
    )


async def newest_movement_of_kit(kit_id: int) -> int:
    """The id of a kit's newest movement, 0 without any."""
    return int(await fetch_value("SELECT coalesce(max(id), 0) FROM movement WHERE kit_id = $1", kit_id))


async def newest_movement_of_item(item_id: int) -> int:
    """The id of an item's newest movement, 0 without any."""
    return int(await fetch_value("SELECT coalesce(max(id), 0) FROM movement WHERE item_id = $1", item_id))


async def newest_movement_of_device(device_id: int) -> int:
    """The id of a device's newest movement, 0 without any."""
    return int(await fetch_value("SELECT coalesce(max(id), 0) FROM movement WHERE device_id = $1", device_id))


async def place_by_code(code: str) -> int | None:
    """The id of a place."""
    found: int | None = await fetch_value("SELECT id FROM place WHERE code = $1", code)
    return found


async def ensure_institution_place(institution_id: int) -> int:
    """The place of an institution, made at first need."""
    return int(
        await fetch_value(
            """INSERT INTO place (kind, code, title, institution_id)
               SELECT 'institution', 'institution-' || i.code, i.name, i.id FROM institution i WHERE i.id = $1
               ON CONFLICT (institution_id) DO UPDATE SET title = excluded.title RETURNING id""",
            institution_id,
        )
    )


async def ensure_consignment_place(consignment_id: int) -> int:
    """The place that a consignment is now, made at first need: on its way, or in the hands of a stop."""
    held: int | None = await fetch_value("SELECT held_by_stop_id FROM consignment WHERE id = $1", consignment_id)
    if held is not None:
        return await ensure_place_at_stop(consignment_id, held)
    return int(
        await fetch_value(
            """INSERT INTO place (kind, code, title, consignment_id)
               SELECT 'consignment', 'consignment-' || c.code, c.code, c.id FROM consignment c WHERE c.id = $1
               ON CONFLICT (consignment_id) WHERE stop_id IS NULL DO UPDATE SET title = excluded.title RETURNING id""",
            consignment_id,
        )
    )


async def ensure_place_at_stop(consignment_id: int, stop_id: int) -> int:
    """The place that a consignment is in the hands of a stop, made at first need."""
    return int(
        await fetch_value(
            """INSERT INTO place (kind, code, title, consignment_id, stop_id)
               SELECT 'consignment', 'consignment-' || c.code || '-' || s.code, c.code || ' · ' || s.code, c.id, s.id
               FROM consignment c, stop s WHERE c.id = $1 AND s.id = $2
               ON CONFLICT (consignment_id, stop_id) WHERE stop_id IS NOT NULL
               DO UPDATE SET title = excluded.title RETURNING id""",
            consignment_id,
            stop_id,
        )
    )


async def ensure_place(kind: str, code: str, title: str) -> int:
    """The place of a code, made at first need."""
    return int(
        await fetch_value(
            """INSERT INTO place (kind, code, title) VALUES ($1, $2, $3)
               ON CONFLICT (code) DO UPDATE SET code = excluded.code RETURNING id""",
            kind,
            code,
            title,
        )
    )


async def differences() -> list[dict[str, Any]]:
    """Where the balances differ from the sum of the movements: nothing, unless somebody went round the trigger."""
    return await fetch(
        """WITH recomputed AS (
             SELECT m.place_id, m.item_id, m.kit_id, m.device_id, sum(m.quantity)::bigint AS quantity FROM (
               SELECT to_place_id AS place_id, item_id, kit_id, device_id, quantity FROM movement
               UNION ALL
               SELECT from_place_id, item_id, kit_id, device_id, -quantity FROM movement
             ) m JOIN place p ON p.id = m.place_id AND p.kind <> 'supplier'
             GROUP BY 1, 2, 3, 4 HAVING sum(m.quantity) <> 0)
           SELECT p.code AS place, i.slug AS item, k.code AS kit, d.serial_number AS serial,
             coalesce(r.quantity, 0) AS recomputed, coalesce(h.quantity, 0) AS held
           FROM recomputed r
           FULL JOIN (SELECT * FROM holding WHERE quantity <> 0) h
             ON h.place_id = r.place_id AND h.item_id = r.item_id
               AND coalesce(h.kit_id, 0) = coalesce(r.kit_id, 0)
               AND coalesce(h.device_id, 0) = coalesce(r.device_id, 0)
           JOIN place p ON p.id = coalesce(r.place_id, h.place_id)
           JOIN item i ON i.id = coalesce(r.item_id, h.item_id)
           LEFT JOIN kit k ON k.id = coalesce(r.kit_id, h.kit_id)
           LEFT JOIN device d ON d.id = coalesce(r.device_id, h.device_id)
           WHERE coalesce(r.quantity, 0) <> coalesce(h.quantity, 0) ORDER BY 1, 2, 3, 4 LIMIT 1000"""
    )


async def position_differences() -> list[dict[str, Any]]:
    """Kits whose kept position is not the one that their movements give, reckoned from the movements alone."""
    return await fetch(
        """WITH parts AS (
             SELECT m.kit_id, m.place_id, sum(m.quantity) AS quantity FROM (
               SELECT kit_id, to_place_id AS place_id, quantity FROM movement WHERE kit_id IS NOT NULL
               UNION ALL
               SELECT kit_id, from_place_id, -quantity FROM movement WHERE kit_id IS NOT NULL) m
             GROUP BY 1, 2 HAVING sum(m.quantity) > 0),
           recomputed AS (
             SELECT m.kit_id,
               count(*) FILTER (WHERE p.kind NOT IN ('lost', 'scrapped', 'repairer')) AS places,
               -- elsewhere last: at a repairer, then scrapped, then lost
               (array_agg(p.id ORDER BY array_position('{lost,scrapped,repairer}', p.kind) DESC, p.id))[1] AS first,
               coalesce(sum(m.quantity) FILTER (WHERE p.kind = 'lost'), 0) AS lost,
               coalesce(sum(m.quantity) FILTER (WHERE p.kind = 'scrapped'), 0) AS scrapped,
               sum(m.quantity) AS pieces
             FROM parts m JOIN place p ON p.id = m.place_id AND p.kind <> 'supplier' GROUP BY 1)
           SELECT k.code AS kit, coalesce(rp.code, '') AS recomputed_place, coalesce(hp.code, '') AS held_place,
             ARRAY[coalesce(r.pieces, 0), coalesce(r.lost, 0), coalesce(r.scrapped, 0)]::bigint[] AS recomputed,
             ARRAY[coalesce(h.pieces, 0), coalesce(h.lost, 0), coalesce(h.scrapped, 0)] AS held
           FROM (SELECT *, CASE WHEN places < 2 THEN first END AS place_id FROM recomputed) r
           FULL JOIN kit_position h ON h.kit_id = r.kit_id
           JOIN kit k ON k.id = coalesce(r.kit_id, h.kit_id)
           LEFT JOIN place rp ON rp.id = r.place_id LEFT JOIN place hp ON hp.id = h.place_id
           WHERE (r.place_id, coalesce(r.pieces, 0), coalesce(r.lost, 0), coalesce(r.scrapped, 0)) IS DISTINCT FROM
             (h.place_id, coalesce(h.pieces, 0), coalesce(h.lost, 0), coalesce(h.scrapped, 0))
           ORDER BY k.code LIMIT 1000"""
    )


async def mismatched_devices() -> list[dict[str, Any]]:
    """Devices whose movements name another item than their own, or whose last one another kit."""
    return await fetch(
        """SELECT m.id AS movement, d.serial_number AS serial FROM movement m JOIN device d ON d.id = m.device_id
           WHERE m.item_id <> d.item_id OR (m.kit_id IS DISTINCT FROM d.kit_id
             AND NOT EXISTS (SELECT FROM movement n WHERE n.device_id = m.device_id AND n.id > m.id))
           ORDER BY m.id LIMIT 1000"""
    )


async def half_regroupings() -> list[dict[str, Any]]:
    """What left one kit and entered none, or the other way round."""
    return await fetch(
        """SELECT i.slug AS item, d.serial_number AS serial, min(m.id) AS movement
           FROM movement m JOIN place p ON p.id = m.to_place_id JOIN item i ON i.id = m.item_id
           LEFT JOIN device d ON d.id = m.device_id WHERE m.reason = 'regroup' GROUP BY i.slug, d.id, d.serial_number
           HAVING sum(CASE WHEN p.code = 'regrouping' THEN m.quantity ELSE -m.quantity END) <> 0 LIMIT 1000"""
    )


async def set_kit_of_devices(device_ids: Sequence[int], kit_id: int | None) -> None:
    """Name the kit of devices that lie nowhere at this moment; the database refuses it of others."""
    await execute("UPDATE device SET kit_id = $2 WHERE id = ANY($1)", list(device_ids), kit_id)


async def split_devices() -> list[dict[str, Any]]:
    """Devices that the movements put into several places at once, or below nothing."""
    return await fetch(
        """SELECT d.serial_number AS serial, array_agg(p.code ORDER BY p.code) AS places FROM (
             SELECT device_id, place_id, sum(quantity) AS quantity FROM (
               SELECT device_id, to_place_id AS place_id, quantity FROM movement WHERE device_id IS NOT NULL
               UNION ALL
               SELECT device_id, from_place_id, -quantity FROM movement WHERE device_id IS NOT NULL) m
             GROUP BY 1, 2 HAVING sum(quantity) <> 0) held
           JOIN place p ON p.id = held.place_id AND p.kind <> 'supplier' JOIN device d ON d.id = held.device_id
           GROUP BY d.id, d.serial_number HAVING count(*) > 1 OR min(held.quantity) < 0 LIMIT 1000"""
    )


async def late_movements() -> list[dict[str, Any]]:
    """Movements of a closed period that were written after it was closed: only somebody round the trigger can."""
    return await fetch(
        """SELECT m.id AS movement, m.recorded_at, p.closed_at FROM closed_period p JOIN movement m
             ON m.occurred_at >= p.starts_at AND m.occurred_at < p.ends_at AND m.recorded_at > p.closed_at
           WHERE p.reopened_at IS NULL ORDER BY m.id LIMIT 1000"""
    )


async def totals() -> dict[str, Any]:
    """How much was counted."""
    row = await fetch_one(
        """SELECT (SELECT count(*) FROM movement) AS movements,
             (SELECT count(*) FROM holding WHERE quantity > 0) AS holdings,
             (SELECT coalesce(sum(quantity), 0) FROM holding) AS pieces"""
    )
    assert row is not None
    return row

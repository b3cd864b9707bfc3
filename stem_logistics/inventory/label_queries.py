"""Statements about labels: which thing a code leads to, which things lack one."""

from collections.abc import Sequence
from typing import Any

from stem_logistics.db.engine import execute, fetch, fetch_one

# What is known of a thing that can bear a label, whichever of the four it is, with its label in force.
THINGS = """
  SELECT 'kit' AS kind, k.id, k.code AS own_code, d.title_el AS title, k.code AS detail, k.code AS page,
    NULL::text AS place_kind, l.code
  FROM kit k JOIN kit_definition d ON d.id = k.kit_definition_id
    LEFT JOIN label l ON l.kit_id = k.id AND l.withdrawn_at IS NULL WHERE k.id = ANY($1)
  UNION ALL
  SELECT 'device', dv.id, NULL, i.name_el, dv.serial_number, k.code, NULL, l.code
  FROM device dv JOIN item i ON i.id = dv.item_id LEFT JOIN kit k ON k.id = dv.kit_id
    LEFT JOIN label l ON l.device_id = dv.id AND l.withdrawn_at IS NULL WHERE dv.id = ANY($2)
  UNION ALL
  SELECT 'consignment', c.id, c.code, 'Αποστολή', '', c.code, NULL, l.code
  FROM consignment c LEFT JOIN label l ON l.consignment_id = c.id AND l.withdrawn_at IS NULL WHERE c.id = ANY($3)
  UNION ALL
  SELECT 'place', p.id, NULL, CASE WHEN s.kind = 'regional-store' THEN coalesce(s.title, p.title) ELSE p.title END,
    coalesce(s.code, p.code), coalesce(i.code, s.code, p.code), p.kind, l.code
  FROM place p LEFT JOIN institution i ON i.id = p.institution_id
    LEFT JOIN stop s ON p.kind = 'stop' AND s.id = p.stop_id
    LEFT JOIN label l ON l.place_id = p.id AND l.withdrawn_at IS NULL WHERE p.id = ANY($4)"""
COLUMN = {"kit": "kit_id", "device": "device_id", "consignment": "consignment_id", "place": "place_id"}


async def label_by_code(code: str) -> dict[str, Any] | None:
    """The thing behind a label's code, or behind a kit's or consignment's own code that has no label yet."""
    return await fetch_one(
        """SELECT kit_id, device_id, consignment_id, place_id, withdrawn_at, withdrawn_why FROM label WHERE code = $1
           UNION ALL
           SELECT k.id, NULL, NULL, NULL, NULL, '' FROM kit k
             WHERE k.code = $1 AND NOT EXISTS (SELECT 1 FROM label WHERE code = $1)
           UNION ALL
           SELECT NULL, NULL, c.id, NULL, NULL, '' FROM consignment c
             WHERE c.code = $1 AND NOT EXISTS (SELECT 1 FROM label WHERE code = $1)""",
        code,
    )


async def find(raws: Sequence[str], codes: Sequence[str | None], schools: Sequence[str]) -> list[dict[str, Any]]:
    """The things that were typed, in that order: by label, kit or consignment, by serial number, by a place's code, by
    a school's or a stop's.

    Args:
        raws: as they were typed.
        codes: those of them that are codes of ours.
        schools: as codes of schools.

    Returns:
        Rows of `at` (from 1), kind, id; several where a serial number stands for devices of several items.
    """
    return await fetch(
        """WITH asked AS (
             SELECT raw, code, school, at
             FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS a (raw, code, school, at))
           SELECT at, kind, id FROM (
             SELECT at, 'kit' AS kind, k.id FROM asked JOIN kit k USING (code)
             UNION
             SELECT at, CASE WHEN l.kit_id IS NOT NULL THEN 'kit' WHEN l.device_id IS NOT NULL THEN 'device'
                 WHEN l.consignment_id IS NOT NULL THEN 'consignment' ELSE 'place' END,
               coalesce(l.kit_id, l.device_id, l.consignment_id, l.place_id)
             FROM asked JOIN label l USING (code)
             UNION
             SELECT at, 'consignment', c.id FROM asked JOIN consignment c USING (code)
             UNION
             SELECT at, 'device', d.id FROM asked JOIN device d ON d.serial_key = serial_key(raw)
             UNION
             SELECT at, 'place', p.id FROM asked JOIN place p ON p.code = raw
             UNION
             SELECT at, 'place', p.id FROM asked JOIN institution o ON o.code = school
               JOIN place p ON p.institution_id = o.root_id
             UNION
             SELECT at, 'place', p.id FROM asked JOIN stop s USING (code)
               JOIN place p ON p.kind = 'stop' AND p.stop_id = s.id) found
           ORDER BY at, kind, id""",
        list(raws),
        list(codes),
        list(schools),
    )


async def kits_of_batch(batch: str, limit: int) -> list[int]:
    """The kits of a purchase, in the order in which they came in."""
    rows = await fetch("SELECT id FROM kit WHERE batch = $1 ORDER BY id LIMIT $2", batch, limit)
    return [row["id"] for row in rows]


async def devices_of(kit_ids: Sequence[int]) -> list[dict[str, Any]]:
    """The devices of kits: id and kit."""
    return await fetch("SELECT id, kit_id FROM device WHERE kit_id = ANY($1) ORDER BY kit_id, id", list(kit_ids))


async def things(
    kits: Sequence[int], devices: Sequence[int], consignments: Sequence[int], places: Sequence[int]
) -> list[dict[str, Any]]:
    """What labels say of things, with the code of the label in force (None before the first)."""
    return await fetch(THINGS, list(kits), list(devices), list(consignments), list(places))


async def add_labels(kind: str, rows: Sequence[tuple[int, str]]) -> None:
    """Add first labels, (thing, code); a thing that has one by now keeps it."""
    await execute(
        f"""INSERT INTO label ({COLUMN[kind]}, code) SELECT * FROM unnest($1::bigint[], $2::text[])
            ON CONFLICT DO NOTHING""",  # noqa: S608 - the column is one of four of ours
        [thing for thing, _ in rows],
        [code for _, code in rows],
    )


async def withdraw(kind: str, thing: int, why: str) -> int:
    """Withdraw a thing's label in force; returns how many that were."""
    return await execute(
        f"""UPDATE label SET withdrawn_at = now(), withdrawn_why = $2
            WHERE {COLUMN[kind]} = $1 AND withdrawn_at IS NULL""",  # noqa: S608 - the column is one of four of ours
        thing,
        why,
    )

"""Every query of recalls."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from stem_logistics.db.engine import execute, execute_many, fetch, fetch_one, fetch_value

# Where a device is decides whom to ask: the school that has it, not the one that it was meant for.
_AT = """LEFT JOIN LATERAL (
    SELECT p.kind, p.institution_id FROM holding h JOIN place p ON p.id = h.place_id
    WHERE h.device_id = dv.id AND h.quantity > 0) at ON true
  LEFT JOIN institution i ON i.id = at.institution_id"""
_KIT_AT = """LEFT JOIN LATERAL (
    SELECT p.kind, p.institution_id FROM holding h JOIN place p ON p.id = h.place_id
    WHERE h.kit_id = k.id AND h.quantity > 0 ORDER BY (p.kind = 'institution') DESC, h.id LIMIT 1) at ON true
  LEFT JOIN institution i ON i.id = at.institution_id"""
_SHOWN = """k.id AS kit_id, k.code AS kit_code, dv.id AS device_id, dv.serial_number, dv.item_id,
  it.name_el, it.name_en, at.kind AS place_kind, i.id AS institution_id,
  i.code AS institution_code, i.name AS institution_name, i.email, '' AS version"""


async def devices_of_item(item: str) -> list[dict[str, Any]]:
    """Every device of a model that is not lost or withdrawn, and where it is."""
    return await fetch(
        f"""SELECT {_SHOWN} FROM device dv JOIN item it ON it.id = dv.item_id LEFT JOIN kit k ON k.id = dv.kit_id {_AT}
            WHERE it.slug = $1 AND at.kind NOT IN ('lost', 'scrapped') ORDER BY i.name, k.id, dv.id""",  # noqa: S608
        item,
    )


async def kits_of_batch(batch: str) -> list[dict[str, Any]]:
    """Every kit of a purchase that is not lost or withdrawn, and where it is."""
    return await fetch(
        f"""SELECT {_SHOWN} FROM kit k LEFT JOIN device dv ON false LEFT JOIN item it ON false {_KIT_AT}
            WHERE k.batch = $1 AND at.kind NOT IN ('lost', 'scrapped') ORDER BY i.name, k.id""",  # noqa: S608
        batch,
    )


async def devices(device_ids: Sequence[int]) -> list[dict[str, Any]]:
    """These devices, where they are not lost or withdrawn."""
    return await fetch(
        f"""SELECT {_SHOWN} FROM device dv JOIN item it ON it.id = dv.item_id LEFT JOIN kit k ON k.id = dv.kit_id {_AT}
            WHERE dv.id = ANY($1) AND at.kind NOT IN ('lost', 'scrapped') ORDER BY i.name, k.id, dv.id""",  # noqa: S608
        list(device_ids),
    )


async def devices_of_kind(kind: str) -> list[dict[str, Any]]:
    """Every device of a kind that is not lost or withdrawn, and where it is."""
    return await fetch(
        f"""SELECT {_SHOWN} FROM device dv JOIN item it ON it.id = dv.item_id JOIN kit k ON k.id = dv.kit_id {_AT}
            WHERE it.device_kind = $1 AND at.kind NOT IN ('lost', 'scrapped')
            ORDER BY i.name, k.id, dv.id""",  # noqa: S608
        kind,
    )


async def items(slugs: Sequence[str]) -> list[dict[str, Any]]:
    """The names of models."""
    return await fetch("SELECT slug, name_el, name_en FROM item WHERE slug = ANY($1)", list(slugs))


async def choices() -> dict[str, list[Any]]:
    """The models, purchases and kinds of device that there are."""
    items = await fetch("SELECT slug, name_el, name_en, device_kind FROM item WHERE serialised ORDER BY name_el")
    batches = await fetch("SELECT DISTINCT batch FROM kit WHERE batch <> '' ORDER BY batch LIMIT 500")
    return {
        "items": items,
        "batches": [row["batch"] for row in batches],
        "kinds": sorted({row["device_kind"] for row in items if row["device_kind"]}),
    }


async def add_recall(code: str, title: str, instructions: str, criterion: dict[str, str], due_on: date) -> int:
    """A recall; returns its id."""
    return int(
        await fetch_value(
            """INSERT INTO recall (code, title, instructions, criterion, due_on) VALUES ($1, $2, $3, $4::jsonb, $5)
               RETURNING id""",
            code,
            title,
            instructions,
            json.dumps(criterion, ensure_ascii=False),
            due_on,
        )
    )


async def add_targets(recall_id: int, rows: Sequence[dict[str, Any]]) -> None:
    """What a recall is about."""
    await execute_many(
        """INSERT INTO recall_target (recall_id, institution_id, kit_id, device_id, item_id, version)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING""",
        [
            (recall_id, r["institution_id"], r["kit_id"], r["device_id"], r["item_id"], r.get("version", ""))
            for r in rows
        ],
    )


_RECALL = """SELECT r.id, r.code, r.title, r.instructions, r.criterion::text AS criterion, r.due_on, r.opened_at,
  r.closed_at, r.outcome, count(t.id)::int AS targets, count(t.id) FILTER (WHERE t.answer <> '')::int AS answered,
  count(t.id) FILTER (WHERE t.answer = 'cannot')::int AS cannot,
  count(DISTINCT t.institution_id)::int AS schools, (r.closed_at IS NULL AND r.due_on < current_date) AS late
  FROM recall r LEFT JOIN recall_target t ON t.recall_id = r.id"""


async def recalls() -> list[dict[str, Any]]:
    """Every recall with how far it is, the open ones first."""
    return await fetch(f"{_RECALL} GROUP BY r.id ORDER BY r.closed_at IS NOT NULL, r.id DESC LIMIT 200")


async def recall(code: str) -> dict[str, Any] | None:
    """One recall with how far it is."""
    return await fetch_one(f"{_RECALL} WHERE r.code = $1 GROUP BY r.id", code)


_TARGETS = """SELECT t.*, k.code AS kit_code, dv.serial_number, it.name_el, it.name_en, i.code AS institution_code,
  i.name AS institution_name, i.regional_directorate_id, r.code AS recall_code, r.title, r.instructions,
  r.due_on, r.closed_at,
  (t.answer = '' AND r.closed_at IS NULL AND r.due_on < current_date) AS late
  FROM recall_target t JOIN recall r ON r.id = t.recall_id LEFT JOIN kit k ON k.id = t.kit_id
  LEFT JOIN device dv ON dv.id = t.device_id LEFT JOIN item it ON it.id = t.item_id
  LEFT JOIN institution i ON i.id = t.institution_id"""


async def targets(recall_id: int) -> list[dict[str, Any]]:
    """What a recall is about: those without an answer first, then those that could not do it."""
    return await fetch(
        f"{_TARGETS} WHERE t.recall_id = $1 ORDER BY t.answer <> '', t.answer <> 'cannot', i.name, t.id LIMIT 20000",
        recall_id,
    )


async def targets_of_school(institution_id: int) -> list[dict[str, Any]]:
    """What a school is asked by recalls that are open."""
    return await fetch(
        f"{_TARGETS} WHERE t.institution_id = $1 AND r.closed_at IS NULL ORDER BY r.id, t.id", institution_id
    )


async def targets_of_kit(kit_id: int) -> list[dict[str, Any]]:
    """The recalls that a kit was in."""
    return await fetch(f"{_TARGETS} WHERE t.kit_id = $1 ORDER BY t.id DESC", kit_id)


async def target(target_id: int) -> dict[str, Any] | None:
    """One thing that is asked, locked."""
    return await fetch_one(f"{_TARGETS} WHERE t.id = $1 FOR NO KEY UPDATE OF t", target_id)


async def answer(target_id: int, answer: str, note: str, kind: str) -> None:
    """Keep an answer; a later one takes its place."""
    await execute(
        """UPDATE recall_target SET answer = $2, note = $3, answered_at = now(), answered_kind = $4 WHERE id = $1""",
        target_id,
        answer,
        note,
        kind,
    )


async def close(recall_id: int, outcome: str) -> None:
    """Close a recall with what came of it."""
    await execute("UPDATE recall SET closed_at = now(), outcome = $2 WHERE id = $1", recall_id, outcome)

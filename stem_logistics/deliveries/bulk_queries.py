"""Batches: many consignments that one person handled at once."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value
from stem_logistics.deliveries.queries import COLUMNS, CONSIGNMENTS


async def by_codes(codes: Sequence[str]) -> list[dict[str, Any]]:
    """Consignments by their codes, grouped by destination."""
    return await fetch(
        f"""SELECT {COLUMNS} {CONSIGNMENTS} WHERE c.code = ANY($1)
            ORDER BY r.name_el, dr.name NULLS LAST, i.municipality, i.postcode, i.name, c.id""",
        list(codes),
    )


async def add_batch(code: str, action: str, courier: str, expected_on: date | None, created_by: int | None) -> int:
    """Add a batch; returns its id."""
    return int(
        await fetch_value(
            """INSERT INTO consignment_batch (code, action, courier, expected_on, created_by)
               VALUES ($1, $2, $3, $4, $5) RETURNING id""",
            code,
            action,
            courier,
            expected_on,
            created_by,
        )
    )


async def add_items(batch_id: int, items: Sequence[tuple[int, str]]) -> None:
    """Add (consignment, tracking number), in their order."""
    ids, numbers = (list(column) for column in zip(*items, strict=True))
    await execute(
        """INSERT INTO consignment_batch_item (batch_id, position, consignment_id, tracking_number)
           SELECT $1, row_number() OVER (), * FROM unnest($2::bigint[], $3::text[])""",
        batch_id,
        ids,
        numbers,
    )


async def set_job(batch_id: int, job_id: int) -> None:
    """Note which work does it."""
    await execute("UPDATE consignment_batch SET job_id = $2 WHERE id = $1", batch_id, job_id)


async def batch(code: str) -> dict[str, Any] | None:
    """One batch, with who made it."""
    return await fetch_one(
        """SELECT b.*, a.name AS by_name FROM consignment_batch b LEFT JOIN account a ON a.id = b.created_by
           WHERE b.code = $1""",
        code,
    )


async def lock_batch(batch_id: int) -> dict[str, Any] | None:
    """A batch, held until the unit of work ends."""
    return await fetch_one("SELECT * FROM consignment_batch WHERE id = $1 FOR NO KEY UPDATE", batch_id)


async def items(batch_id: int) -> list[dict[str, Any]]:
    """What is in a batch, in its order, with what became of each."""
    rows = await fetch(
        f"""SELECT b.id AS item_id, b.position, b.outcome, b.refusal::text AS refusal,
              b.tracking_number AS asked_number, {COLUMNS}
            {CONSIGNMENTS} JOIN consignment_batch_item b ON b.consignment_id = c.id
            WHERE b.batch_id = $1 ORDER BY b.position""",
        batch_id,
    )
    return [{**row, "refusal": json.loads(row["refusal"]) if row["refusal"] else None} for row in rows]


async def untold(batch_id: int) -> list[list[int]]:
    """What a batch has sent and nobody has been written to of: by the stop or the school that has it next."""
    rows = await fetch(
        """SELECT array_agg(c.id ORDER BY b.position) AS ids FROM consignment_batch_item b
           JOIN consignment c ON c.id = b.consignment_id
           LEFT JOIN consignment_leg l ON l.consignment_id = c.id AND l.state = 'sent'
           WHERE b.batch_id = $1 AND b.outcome = 'done' AND c.state = 'dispatched'
             AND NOT EXISTS (SELECT FROM consignment_mail m WHERE m.consignment_id = c.id)
           GROUP BY l.stop_id, CASE WHEN l.stop_id IS NULL THEN c.institution_id END ORDER BY min(b.position)""",
        batch_id,
    )
    return [row["ids"] for row in rows]


async def set_outcome(item_id: int, outcome: str, refusal: dict[str, Any] | None = None) -> None:
    """Note what became of one."""
    await execute(
        "UPDATE consignment_batch_item SET outcome = $2, refusal = $3::jsonb WHERE id = $1",
        item_id,
        outcome,
        json.dumps(refusal, ensure_ascii=False, default=str) if refusal else None,
    )


async def finish(batch_id: int, file_digest: bytes | None) -> None:
    """Note that it is done, and what it made."""
    await execute(
        """UPDATE consignment_batch SET finished_at = now(), file_digest = coalesce($2, file_digest) WHERE id = $1""",
        batch_id,
        file_digest,
    )


async def set_undone(batch_id: int, by: int | None) -> None:
    """Note that it was taken back."""
    await execute("UPDATE consignment_batch SET undone_at = now(), undone_by = $2 WHERE id = $1", batch_id, by)


async def newest(limit: int) -> list[dict[str, Any]]:
    """The newest batches, with how many consignments each has and how many were refused."""
    return await fetch(
        """SELECT b.code, b.action, b.created_at, b.finished_at, b.undone_at, a.name AS by_name, count(i.id) AS size,
              count(i.id) FILTER (WHERE i.outcome = 'refused') AS refused
            FROM consignment_batch b JOIN consignment_batch_item i ON i.batch_id = b.id
            LEFT JOIN account a ON a.id = b.created_by GROUP BY b.id, a.name ORDER BY b.id DESC LIMIT $1""",
        limit,
    )

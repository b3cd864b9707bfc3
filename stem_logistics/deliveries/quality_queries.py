"""The quality of a receipt, where it was looked at later."""

from collections.abc import Sequence
from typing import Any

from stem_logistics.db.engine import fetch, fetch_one, fetch_value


async def of_receipt(receipt_id: int) -> dict[str, Any] | None:
    """Who looked at the quality of a receipt later, when, how far."""
    return await fetch_one(
        "SELECT id, quality, name, role, signature, note, done_at FROM receipt_quality WHERE receipt_id = $1",
        receipt_id,
    )


async def add(receipt_id: int, said: Sequence[str], channel: str, link_id: int | None, account_id: int | None) -> int:
    """Add who looked at the quality of a receipt; returns its id.

    Args:
        said: how far, name, role, drawn signature, note.
    """
    return int(
        await fetch_value(
            """INSERT INTO receipt_quality (receipt_id, quality, name, role, signature, note, channel, link_id,
                 account_id)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id""",
            receipt_id,
            *said,
            channel,
            link_id,
            account_id,
        )
    )


async def add_line(quality_id: int, receipt_line_id: int, damaged: int, reason: str, note: str) -> int:
    """Add what was found damaged in a line; returns its id."""
    return int(
        await fetch_value(
            """INSERT INTO receipt_quality_line (receipt_quality_id, receipt_line_id, damaged, damage_reason, note)
               VALUES ($1, $2, $3, $4, $5) RETURNING id""",
            quality_id,
            receipt_line_id,
            damaged,
            reason,
            note,
        )
    )


async def open_since(days: int) -> list[dict[str, Any]]:
    """Receipts whose quality has been open for so many days or more, with the `weeks` that have passed."""
    return await fetch(
        """SELECT r.id, r.code, r.protocol_number, r.consignment_id, c.institution_id, i.email, true AS quality_open,
             (extract(epoch FROM now() - r.confirmed_at) / 86400)::int / 7 AS weeks
           FROM receipt r JOIN consignment c ON c.id = r.consignment_id JOIN institution i ON i.id = c.institution_id
           WHERE r.quality = 'later' AND r.confirmed_at < now() - make_interval(days => $1) AND i.email LIKE '%@%'
             AND NOT EXISTS (SELECT FROM receipt_quality q WHERE q.receipt_id = r.id)
           ORDER BY r.id""",
        days,
    )

"""The quality of a receipt, where it was looked at later."""

from typing import Any

from stem_logistics.db.engine import fetch_one


async def of_receipt(receipt_id: int) -> dict[str, Any] | None:
    """Who looked at the quality of a receipt later, when, how far."""
    return await fetch_one(
        "SELECT id, quality, name, role, signature, note, done_at FROM receipt_quality WHERE receipt_id = $1",
        receipt_id,
    )

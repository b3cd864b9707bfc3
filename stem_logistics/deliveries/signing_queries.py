"""What stands around a receipt: its committee with its signatures, what came unasked, signed papers, editions."""

from collections.abc import Sequence
from typing import Any

from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value


async def set_particulars(receipt_id: int, quality: str, act: str, appointed_by: str) -> None:
    """Note how far the quality was looked at, and which act appointed the committee."""
    await execute(
        "UPDATE receipt SET quality = $2, committee_act = $3, appointed_by = $4 WHERE id = $1",
        receipt_id,
        quality,
        act,
        appointed_by,
    )


async def add_member(receipt_id: int, position: int, name: str, post: str, confirms: bool, signature: str) -> None:
    """Add a member of the committee."""
    await execute(
        """INSERT INTO receipt_member (receipt_id, position, name, post, confirmed_at, signature)
           VALUES ($1, $2, $3, $4, CASE WHEN $5 THEN now() END, $6)""",
        receipt_id,
        position,
        name,
        post,
        confirms,
        signature,
    )


async def members(receipt_ids: Sequence[int]) -> list[dict[str, Any]]:
    """The committees of receipts, in their order."""
    return await fetch(
        """SELECT receipt_id, position, name, post, confirmed_at, signature FROM receipt_member
           WHERE receipt_id = ANY($1) ORDER BY receipt_id, position""",
        list(receipt_ids),
    )


async def confirm_member(receipt_id: int, position: int, signature: str) -> bool:
    """A member says yes; False where they had before."""
    done = await fetch_value(
        """UPDATE receipt_member SET confirmed_at = now(), signature = $3
           WHERE receipt_id = $1 AND position = $2 AND confirmed_at IS NULL RETURNING id""",
        receipt_id,
        position,
        signature,
    )
    return done is not None


async def lock_receipt(receipt_id: int) -> None:
    """Hold a receipt until the unit of work ends."""
    await fetch_value("SELECT id FROM receipt WHERE id = $1 FOR NO KEY UPDATE", receipt_id)


async def add_extra(receipt_id: int, kind: str, what: str, serial_number: str, quantity: int) -> int:
    """Add something that came without having been sent; returns its id."""
    return int(
        await fetch_value(
            """INSERT INTO receipt_surplus (receipt_id, kind, what, serial_number, quantity)
               VALUES ($1, $2, $3, $4, $5) RETURNING id""",
            receipt_id,
            kind,
            what,
            serial_number,
            quantity,
        )
    )


async def extras(receipt_id: int) -> list[dict[str, Any]]:
    """What came without having been sent."""
    return await fetch(
        "SELECT kind, what, serial_number, quantity FROM receipt_surplus WHERE receipt_id = $1 ORDER BY id", receipt_id
    )


async def add_issue(receipt_id: int, digest: bytes, why: str, verification: str, facts: bytes) -> int:
    """Add an edition of a receipt's protocol; returns its number. The earlier ones stay.

    Args:
        verification: the code that is printed on it.
        facts: a digest of what may not change afterwards.
    """
    return int(
        await fetch_value(
            """INSERT INTO protocol_issue (receipt_id, issue, digest, why, verification, facts)
               SELECT $1, coalesce(max(issue), 0) + 1, $2, $3, $4, $5 FROM protocol_issue WHERE receipt_id = $1
               RETURNING issue""",
            receipt_id,
            digest,
            why,
            verification,
            facts,
        )
    )


async def issues(receipt_id: int) -> list[dict[str, Any]]:
    """The editions of a receipt's protocol, oldest first."""
    return await fetch(
        """SELECT issue, digest, why, issued_at, verification, facts FROM protocol_issue WHERE receipt_id = $1
           ORDER BY issue""",
        receipt_id,
    )


async def set_signed(receipt_id: int, digest: bytes, account_id: int | None) -> None:
    """Note the file of the printed protocol, signed and stamped."""
    await execute(
        "UPDATE receipt SET signed_digest = $2, signed_at = now(), signed_by = $3 WHERE id = $1",
        receipt_id,
        digest,
        account_id,
    )


async def signed(receipt_id: int) -> dict[str, Any] | None:
    """The signed paper on file."""
    return await fetch_one("SELECT signed_digest, signed_at FROM receipt WHERE id = $1", receipt_id)

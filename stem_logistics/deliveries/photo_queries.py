"""Photographs of a receipt: of its lines, of what came unasked, of what was found when the quality was looked at."""

from collections.abc import Sequence
from typing import Any, Literal

from stem_logistics.db.engine import execute, fetch

Owner = Literal["receipt_line_id", "surplus_id", "quality_line_id"]


async def add(owner: Owner, owner_id: int, digests: Sequence[bytes]) -> None:
    """Add the photographs of one thing, in their order."""
    await execute(
        f"""INSERT INTO receipt_photo ({owner}, position, digest)
            SELECT $1, n, d FROM unnest($2::bytea[]) WITH ORDINALITY AS u (d, n)""",  # noqa: S608
        owner_id,
        list(digests),
    )


async def of_receipt(receipt_id: int) -> list[dict[str, Any]]:
    """The digests of a receipt's photographs, and whether each came `later`, with the quality."""
    return await fetch(
        """SELECT p.digest, p.quality_line_id IS NOT NULL AS later FROM receipt_photo p
           LEFT JOIN receipt_quality_line q ON q.id = p.quality_line_id
           LEFT JOIN receipt_line l ON l.id = coalesce(p.receipt_line_id, q.receipt_line_id)
           LEFT JOIN consignment_line c ON c.id = l.consignment_line_id LEFT JOIN device d ON d.id = l.device_id
           LEFT JOIN consignment n ON n.id = c.consignment_id LEFT JOIN kit k ON k.id = coalesce(n.for_kit_id, c.kit_id)
           LEFT JOIN bom_line b ON b.kit_definition_id = k.kit_definition_id AND b.item_id = c.item_id
           LEFT JOIN receipt_surplus s ON s.id = p.surplus_id
           WHERE coalesce(l.receipt_id, s.receipt_id) = $1
           ORDER BY later, s.id NULLS FIRST, c.kit_id, coalesce(b.position, 999), c.id, d.serial_number, p.position""",
        receipt_id,
    )


async def of_case(discrepancy_id: int) -> list[bytes]:
    """The digests of a case's photographs, in their order."""
    rows = await fetch(
        """SELECT p.digest FROM discrepancy x JOIN receipt_photo p ON CASE
             WHEN x.quality_line_id IS NOT NULL THEN p.quality_line_id = x.quality_line_id
             WHEN x.surplus_id IS NOT NULL THEN p.surplus_id = x.surplus_id
             ELSE p.receipt_line_id = x.receipt_line_id END
           WHERE x.id = $1 ORDER BY p.position""",
        discrepancy_id,
    )
    return [row["digest"] for row in rows]

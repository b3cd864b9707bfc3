"""The consignments by which cases are sent again, and what a store has to send."""

from typing import Any

from stem_logistics.db.engine import execute, fetch, fetch_value

# What lies in a store and is nobody's, loose or of a kit: of no packed kit, not in repair, of no batch that awaits its
# sample.
FREE_KIT = """NOT EXISTS (SELECT FROM consignment_kit c WHERE c.kit_id = k.id AND c.released_at IS NULL)
  AND NOT EXISTS (SELECT FROM purchase_batch pb WHERE pb.name = k.batch AND pb.to_check > 0
    AND pb.decision IS DISTINCT FROM 'accepted')"""


async def stores() -> list[tuple[str, str]]:
    """Code and title of every store, the central one first."""
    rows = await fetch("SELECT code, title FROM place WHERE kind = 'store' ORDER BY code <> 'central-store', title")
    return [(row["code"], row["title"]) for row in rows]


async def store(code: str) -> int | None:
    """The place of a store."""
    found: int | None = await fetch_value("SELECT id FROM place WHERE code = $1 AND kind = 'store'", code)
    return found


async def add_consignment(
    code: str,
    institution_id: int,
    created_by: int | None,
    discrepancy_id: int | None,
    for_kit_id: int,
    from_place_id: int,
    repair_id: int | None = None,
) -> int:
    """Add an empty consignment for a kit that a school has; returns its id."""
    return int(
        await fetch_value(
            """INSERT INTO consignment (code, institution_id, created_by, discrepancy_id, for_kit_id, from_place_id,
                 repair_id)
               VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id""",
            code,
            institution_id,
            created_by,
            discrepancy_id,
            for_kit_id,
            from_place_id,
            repair_id,
        )
    )


async def consignments_of(discrepancy_id: int) -> list[dict[str, Any]]:
    """The consignments of a case, newest first."""
    return await fetch(
        """SELECT code, state, dispatched_at, expected_on, completed_at FROM consignment WHERE discrepancy_id = $1
           ORDER BY id DESC""",
        discrepancy_id,
    )


async def cases_after(discrepancy_id: int) -> list[dict[str, Any]]:
    """The cases of the receipts by which a case was sent again."""
    return await fetch(
        """SELECT x.code, x.kind, x.quantity, x.state FROM discrepancy x
           LEFT JOIN receipt_line l ON l.id = x.receipt_line_id LEFT JOIN receipt_surplus s ON s.id = x.surplus_id
           JOIN receipt r ON r.id = coalesce(l.receipt_id, s.receipt_id)
           JOIN consignment c ON c.id = r.consignment_id WHERE c.discrepancy_id = $1 ORDER BY x.id""",
        discrepancy_id,
    )


async def spare_devices(item_id: int, place_id: int) -> int:
    """How many devices of an item a store can give."""
    return int(
        await fetch_value(
            f"""SELECT count(*) FROM holding h JOIN device d ON d.id = h.device_id LEFT JOIN kit k ON k.id = d.kit_id
                WHERE h.item_id = $1 AND h.place_id = $2 AND h.quantity > 0 AND {FREE_KIT}
                  AND NOT EXISTS (SELECT FROM repair r WHERE r.device_id = d.id AND r.closed_at IS NULL)""",  # noqa: S608
            item_id,
            place_id,
        )
    )


async def spare_pieces(item_id: int, place_id: int) -> list[dict[str, Any]]:
    """Where a store can take pieces of an item from, and how many: what lies loose, then its kits, oldest first."""
    return await fetch(
        f"""SELECT h.kit_id, h.quantity FROM holding h LEFT JOIN kit k ON k.id = h.kit_id
            WHERE h.item_id = $1 AND h.place_id = $2 AND h.device_id IS NULL AND h.quantity > 0 AND {FREE_KIT}
            ORDER BY k.id NULLS FIRST""",  # noqa: S608
        item_id,
        place_id,
    )


async def add_to_line(consignment_id: int, kit_id: int, item_id: int) -> None:
    """One piece more of a kit's item."""
    await execute(
        """INSERT INTO consignment_line AS l (consignment_id, kit_id, item_id, quantity) VALUES ($1, $2, $3, 1)
           ON CONFLICT (consignment_id, kit_id, item_id) DO UPDATE SET quantity = l.quantity + 1""",
        consignment_id,
        kit_id,
        item_id,
    )


async def remove_from_line(line_id: int, consignment_id: int, device_id: int) -> None:
    """One piece less: the device that was scanned into it."""
    await execute(
        "DELETE FROM consignment_scan WHERE consignment_id = $1 AND device_id = $2", consignment_id, device_id
    )
    await execute("DELETE FROM consignment_line WHERE id = $1 AND quantity = 1", line_id)
    await execute("UPDATE consignment_line SET quantity = quantity - 1 WHERE id = $1", line_id)

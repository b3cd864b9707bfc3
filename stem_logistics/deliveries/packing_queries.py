"""What was scanned into a consignment's parcels, and where a scanned thing is otherwise."""

from typing import Any

from stem_logistics.db.engine import execute, fetch, fetch_value


async def scans(consignment_id: int) -> set[tuple[int, int | None]]:
    """What was scanned: kits (without a device) and devices."""
    rows = await fetch("SELECT kit_id, device_id FROM consignment_scan WHERE consignment_id = $1", consignment_id)
    return {(row["kit_id"], row["device_id"]) for row in rows}


async def add_scan(consignment_id: int, kit_id: int, device_id: int | None, by: int | None) -> bool:
    """Note a scan; False where it was noted before."""
    added = await fetch_value(
        """INSERT INTO consignment_scan (consignment_id, kit_id, device_id, scanned_by) VALUES ($1, $2, $3, $4)
           ON CONFLICT ON CONSTRAINT consignment_scan_once DO NOTHING RETURNING id""",
        consignment_id,
        kit_id,
        device_id,
        by,
    )
    return added is not None


async def kits_of_serial(serial: str) -> list[str]:
    """The codes of the kits that have a device of this serial number, whatever its item."""
    rows = await fetch(
        """SELECT DISTINCT k.code FROM device d JOIN kit k ON k.id = d.kit_id
           WHERE d.serial_key = serial_key($1) ORDER BY k.code LIMIT 5""",
        serial,
    )
    return [row["code"] for row in rows]


async def consignment_of_kit(kit_id: int) -> dict[str, Any] | None:
    """The consignment that has a kit now."""
    rows = await fetch(
        """SELECT c.code, c.state, i.name AS institution_name FROM consignment_kit ck
           JOIN consignment c ON c.id = ck.consignment_id JOIN institution i ON i.id = c.institution_id
           WHERE ck.kit_id = $1 AND ck.released_at IS NULL ORDER BY ck.id DESC LIMIT 1""",
        kit_id,
    )
    return rows[0] if rows else None


async def swap_award(consignment_id: int, kit_id: int) -> int | None:
    """The award that a kit of a consignment stands for."""
    found: int | None = await fetch_value(
        "SELECT award_id FROM consignment_kit WHERE consignment_id = $1 AND kit_id = $2", consignment_id, kit_id
    )
    return found


async def note_unscanned(consignment_id: int, why: str) -> None:
    """Note why its parcels were closed without a scan of everything; empty where everything was scanned."""
    await execute("UPDATE consignment SET unscanned_reason = $2 WHERE id = $1", consignment_id, why)


async def note_papers(consignment_id: int, courier: str, tracking_number: str, document: str) -> None:
    """Note what the packer knows already of how it will travel."""
    await execute(
        """UPDATE consignment SET courier = $2, tracking_number = $3, supplier_document = $4 WHERE id = $1""",
        consignment_id,
        courier,
        tracking_number,
        document,
    )

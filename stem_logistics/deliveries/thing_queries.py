"""Kits and devices that came without having been sent: which they are, and where the ledger has them."""

from typing import Any

from stem_logistics.db.engine import execute, fetch, fetch_one


async def devices_like(serial: str) -> list[dict[str, Any]]:
    """Devices whose serial number looks like this one."""
    return await fetch(
        """SELECT id, serial_number FROM device
           WHERE serial_shape(serial_number) = serial_shape($1) AND serial_shape($1) <> '' ORDER BY id LIMIT 10""",
        serial,
    )


async def device_of_label(code: str) -> int | None:
    """The device that a label is stuck on."""
    row = await fetch_one("SELECT device_id FROM label WHERE code = $1 AND device_id IS NOT NULL", code)
    return row["device_id"] if row else None


async def thing(kit_id: int | None, device_id: int | None) -> dict[str, Any]:
    """A kit, or a device with its kit: `kit_code`, `serial_number`, names."""
    row = await fetch_one(
        """SELECT k.id AS kit_id, k.code AS kit_code, d.id AS device_id, d.serial_number,
             coalesce(it.name_el, f.title_el) AS name_el, coalesce(it.name_en, f.title_en) AS name_en
           FROM (SELECT $1::bigint AS kit_id, $2::bigint AS device_id) x LEFT JOIN device d ON d.id = x.device_id
           LEFT JOIN item it ON it.id = d.item_id LEFT JOIN kit k ON k.id = coalesce(x.kit_id, d.kit_id)
           LEFT JOIN kit_definition f ON f.id = k.kit_definition_id""",
        kit_id,
        device_id,
    )
    assert row is not None
    return row


async def parts(kit_id: int | None, device_id: int | None) -> list[dict[str, Any]]:
    """What the ledger has of a kit or a device, and where, the place with most of it first."""
    return await fetch(
        """SELECT h.item_id, h.kit_id, h.device_id, h.quantity, h.place_id, p.kind, p.title,
             i.name AS institution_name, i.code AS institution_code, c.code AS consignment_code
           FROM holding h JOIN place p ON p.id = h.place_id LEFT JOIN institution i ON i.id = p.institution_id
           LEFT JOIN consignment c ON c.id = p.consignment_id
           WHERE h.quantity > 0 AND CASE WHEN $2::bigint IS NOT NULL THEN h.device_id = $2 ELSE h.kit_id = $1 END
           ORDER BY sum(h.quantity) OVER (PARTITION BY h.place_id) DESC, h.place_id, h.item_id, h.device_id""",
        kit_id,
        device_id,
    )


async def place(place_id: int) -> dict[str, Any] | None:
    """A place as people call it."""
    return await fetch_one(
        """SELECT p.kind, p.title, i.name AS institution_name, i.code AS institution_code, c.code AS consignment_code
           FROM place p LEFT JOIN institution i ON i.id = p.institution_id
           LEFT JOIN consignment c ON c.id = p.consignment_id WHERE p.id = $1""",
        place_id,
    )


async def obstacle(kit_id: int | None, device_id: int | None) -> str | None:
    """What has to end before a thing can be moved: `repair`, `loan`; nothing where it is free."""
    row = await fetch_one(
        """SELECT CASE
             WHEN EXISTS (SELECT FROM repair r WHERE r.closed_at IS NULL
               AND CASE WHEN $2::bigint IS NOT NULL THEN r.device_id = $2 ELSE r.kit_id = $1 END) THEN 'repair'
             WHEN EXISTS (SELECT FROM loan l WHERE l.returned_at IS NULL AND l.kit_id = coalesce($1,
               (SELECT d.kit_id FROM device d WHERE d.id = $2))) THEN 'loan' END AS found""",
        kit_id,
        device_id,
    )
    return row["found"] if row else None


async def set_thing(surplus_id: int, kit_id: int | None, device_id: int | None, place_id: int | None) -> None:
    """Note which kit or device it is that came, and where the ledger had it then."""
    await execute(
        "UPDATE receipt_surplus SET kit_id = $2, device_id = $3, found_place_id = $4 WHERE id = $1",
        surplus_id,
        kit_id,
        device_id,
        place_id,
    )

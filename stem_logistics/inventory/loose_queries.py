"""Statements about stock that is of no kit."""

from typing import Any

from stem_logistics.db.engine import fetch, fetch_value


async def held(place_id: int) -> list[dict[str, Any]]:
    """What lies loose in a place, an item each, with its serial numbers."""
    return await fetch(
        """SELECT i.slug, i.name_el, i.name_en, i.serialised, i.consumable, sum(h.quantity)::int AS quantity,
             coalesce(array_agg(d.serial_number ORDER BY d.serial_number) FILTER (WHERE d.id IS NOT NULL), '{}')
               AS serials
           FROM holding h JOIN item i ON i.id = h.item_id LEFT JOIN device d ON d.id = h.device_id
           WHERE h.place_id = $1 AND h.kit_id IS NULL AND h.quantity > 0 GROUP BY i.id ORDER BY i.name_el""",
        place_id,
    )


async def device(item_id: int, serial: str, place_id: int) -> int | None:
    """The loose device of a serial number in a place."""
    found: int | None = await fetch_value(
        """SELECT d.id FROM device d JOIN holding h ON h.device_id = d.id AND h.quantity > 0
           WHERE d.item_id = $1 AND d.serial_key = serial_key($2) AND h.place_id = $3 AND h.kit_id IS NULL
           FOR UPDATE OF d""",
        item_id,
        serial,
        place_id,
    )
    return found


async def count(item_id: int, place_id: int) -> int:
    """How many loose pieces of an item without serial numbers lie in a place."""
    return int(
        await fetch_value(
            """SELECT coalesce(sum(quantity), 0) FROM holding
               WHERE item_id = $1 AND place_id = $2 AND kit_id IS NULL AND device_id IS NULL""",
            item_id,
            place_id,
        )
    )


async def is_packed(kit_id: int) -> bool:
    """Whether a consignment has a kit."""
    return bool(
        await fetch_value(
            "SELECT EXISTS (SELECT FROM consignment_kit WHERE kit_id = $1 AND released_at IS NULL)", kit_id
        )
    )

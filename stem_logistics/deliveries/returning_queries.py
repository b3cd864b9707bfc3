"""What is on its way back."""

from typing import Any

from stem_logistics.accounts.policy import Scope
from stem_logistics.db.engine import fetch, fetch_value
from stem_logistics.deliveries.queries import COLUMNS, CONSIGNMENTS
from stem_logistics.selecting import Where


async def on_their_way_back(scope: Scope) -> list[dict[str, Any]]:
    """The consignments that a scope sees and that are to come back."""
    where = Where()
    where.within(scope, region="i.regional_directorate_id", institution="i.id")
    return await fetch(
        f"""SELECT {COLUMNS} {CONSIGNMENTS} WHERE c.state = 'returning' AND {where.sql}
            ORDER BY c.return_due_on, c.id LIMIT 500""",
        *where.values,
    )


async def pieces_at(place_id: int) -> list[dict[str, Any]]:
    """The pieces at a place, kit by kit."""
    return await fetch(
        """SELECT h.kit_id, h.item_id, h.device_id, h.quantity, k.code AS kit_code, it.name_el, it.name_en,
             dv.serial_number AS serial
           FROM holding h JOIN item it ON it.id = h.item_id LEFT JOIN kit k ON k.id = h.kit_id
           LEFT JOIN device dv ON dv.id = h.device_id
           WHERE h.place_id = $1 AND h.quantity > 0
           ORDER BY k.code, it.serialised DESC, it.name_el, dv.serial_number""",
        place_id,
    )


async def movements_from(place_id: int) -> int:
    """How many movements have left a place: it tells one return of a consignment from the next."""
    return int(await fetch_value("SELECT count(*) FROM movement WHERE from_place_id = $1", place_id))

"""Kits that one school gives to another: on their way until the school that gets them confirms them by its link.

They travel as any consignment does, only from a school's place: what comes short is a case, who is late is reminded,
and cancelled they are back at the school that gave them.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from stem_logistics import audit
from stem_logistics.deliveries import queries, service, telling
from stem_logistics.deliveries.rules import State
from stem_logistics.errors import Conflict
from stem_logistics.inventory import ledger
from stem_logistics.inventory.ledger import Move


async def carry(
    parts: Sequence[dict[str, Any]], origin: int, institution_id: int, *, giver: str, document: str, why: str
) -> str:
    """Send parts of kits from a school to another, inside the unit of work of a caller who may; returns the code.

    Args:
        parts: of `inventory.contents_of`; all lie in `origin`.
        origin: the place of the school that gives them.
        giver: what that school is called.
        document: the number of the paper that both sign.

    Raises:
        Conflict: a kit is in another consignment, or the school that gets them has no mailbox.
    """
    code = await service.create_for(institution_id, None, origin)
    consignment = await queries.consignment(code)
    assert consignment is not None
    if not consignment["institution_email"]:
        raise Conflict("school-without-mailbox", name=consignment["institution_name"])
    counts: dict[tuple[int, int], int] = {}
    for part in parts:
        key = (part["kit_id"], part["item_id"])
        counts[key] = counts.get(key, 0) + part["quantity"]
    for kit_id in dict.fromkeys(part["kit_id"] for part in parts):
        await queries.add_kit(consignment["id"], kit_id, None)
    await queries.add_lines(consignment["id"], [(*key, count) for key, count in counts.items()])
    place = await ledger.consignment_place(consignment["id"])
    await ledger.post(
        [Move(p["item_id"], p["quantity"], origin, place, p["kit_id"], p["device_id"]) for p in parts],
        reason="pack",
        key=f"transfer:{document}",
        document=document,
        note=why[:500],
    )
    expected = service.today() + timedelta(days=service.DAYS_ON_THE_WAY)
    await queries.set_dispatch(consignment["id"], giver[:80], "", document, expected, 1)
    await queries.set_state(consignment["id"], State.PACKED)
    await queries.set_state(consignment["id"], State.DISPATCHED)
    await telling.send_links([consignment["id"]])
    await audit.record("consignment-dispatched", "consignment", code, courier=giver, document=document)
    return code

"""What a school's kit is sent beside what it has: consumables, accessories, a spare, out of the loose stock."""

from typing import Any

from stem_logistics import runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.custody import queries, service
from stem_logistics.db.engine import unit_of_work
from stem_logistics.deliveries import supplying
from stem_logistics.errors import Conflict, Invalid
from stem_logistics.inventory import ledger, loose


async def offered() -> list[dict[str, Any]]:
    """What lies loose in the store, for whoever may send it; nothing for others."""
    return await loose.in_store() if runtime.actor().principal.scope(Permission.STOCK_WRITE).country else []


async def send(typed_kit: str, item: str, quantity: int, serial: str, *, why: str) -> str:
    """Put loose stock into a consignment for a kit that a school has; returns the consignment's code.

    Raises:
        NotFound: no such kit within the scope, or no such item.
        Invalid: no reason.
        Conflict: the kit is at no school, or there is not so much in the store.
    """
    if not why.strip():
        raise Invalid("reason-missing")
    async with unit_of_work():
        kit = await service.require_kit(typed_kit)
        await queries.lock_kits([kit["id"]])
        if kit["place_kind"] != "institution":
            raise Conflict("kit-not-at-school", code=kit["code"])
        pieces = await loose.taken_from(item, quantity, serial)
        return await supplying.start(
            kit["id"], kit["institution_id"], pieces, await ledger.place(ledger.STORE), why=why.strip()
        )

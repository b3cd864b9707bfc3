"""Stock that is of no kit: spare devices, accessories, consumables, as they lie in the central store.

It comes from a supplier, out of a kit that is taken apart, or back from a consignment; it leaves for a kit that a
school has (`deliveries/supplying.py`) or is written off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from stem_logistics import audit, runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, Forbidden, Invalid, NotFound
from stem_logistics.inventory import kit_queries, ledger, ledger_queries, loose_queries, queries, service
from stem_logistics.inventory.ledger import Move
from stem_logistics.inventory.regrouping import Piece, regroup
from stem_logistics.inventory.rules import LONGEST_SERIAL
from stem_logistics.inventory.serial_rules import serial_key, without_look_alikes

MOST_PIECES = 100_000
MOST_SERIALS = 10_000
# Where loose stock may end, and the reason that the ledger gives.
ENDS: dict[str, ledger.Reason] = {ledger.LOST: "missing", ledger.SCRAPPED: "scrap"}


@dataclass(frozen=True, slots=True)
class Incoming:
    """What came.

    Args:
        item: the item's slug.
        quantity: pieces, of an item without serial numbers.
        serials: of one with serial numbers.
        document: the number of the supplier's delivery note.
        day: when it came, if not now.
    """

    item: str
    quantity: int = 0
    serials: Sequence[str] = ()
    document: str = ""
    day: date | None = None


def _require(permission: Permission) -> None:
    # the central store is nobody's region
    if not runtime.actor().principal.scope(permission).country:
        raise Forbidden("not-allowed", permission=permission.value)


async def _item(slug: str) -> dict[str, Any]:
    found = await queries.item_by_slug(slug.strip())
    if found is None:
        raise NotFound("item-not-found", item=slug[:60])
    return found


async def in_store() -> list[dict[str, Any]]:
    """What lies loose in the store: each item, how many, its serial numbers. The central store is nobody's region:
    whoever reads a region only sees nothing of it."""
    scope = runtime.actor().principal.scope(Permission.STOCK_READ)
    if not scope:
        raise Forbidden("not-allowed", permission=Permission.STOCK_READ.value)
    if not scope.country:
        return []
    return await loose_queries.held(await ledger.place(ledger.STORE))


async def receive(given: Incoming, *, key: str) -> None:
    """Take loose stock from a supplier into the central store. The same key again writes nothing.

    Raises:
        NotFound: no such item.
        Invalid: no number of a delivery note; pieces that cannot be counted so; a serial number that cannot be one.
        FieldErrors: serial numbers that are known, each named with its kit.
        Conflict: a day to come, or of a closed period.
    """
    _require(Permission.STOCK_WRITE)
    if not given.document.strip():
        raise Invalid("delivery-note-missing")
    item = await _item(given.item)
    serials = _checked(given.serials) if item["serialised"] else []
    if item["serialised"] and not 1 <= len(serials) <= MOST_SERIALS:
        raise Invalid("loose-serials-missing", most=MOST_SERIALS)
    if not item["serialised"] and not 1 <= given.quantity <= MOST_PIECES:
        raise Invalid("loose-count-out-of-range", most=MOST_PIECES)
    posting_key = f"loose:{key}"
    async with unit_of_work():
        await ledger_queries.lock_key(posting_key)
        if await ledger_queries.posted(posting_key):
            return
        by_key = {(item["id"], serial_key(serial)): serial for serial in serials}
        known = await service.devices_come_again([(item["id"], serial) for serial in serials], _noon(given.day))
        await queries.take_in_again([(device, None, by_key[key]) for key, device in known.items()])
        new = [(item["id"], None, serial) for key, serial in by_key.items() if key not in known]
        devices = known | await queries.add_devices(new)
        supplier, store = await ledger.place(ledger.SUPPLIER), await ledger.place(ledger.STORE)
        moves = [Move(item["id"], 1, supplier, store, None, devices[key]) for key in by_key]
        await ledger.post(
            moves or [Move(item["id"], given.quantity, supplier, store)],
            reason="purchase",
            key=posting_key,
            document=given.document.strip()[:80],
            occurred_at=_noon(given.day),
        )
        count = len(serials) or given.quantity
        await audit.record("loose-stock-received", "item", item["slug"], count=count, document=given.document[:80])


def _checked(serials: Sequence[str]) -> list[str]:
    found = [serial.strip() for serial in serials if serial.strip()]
    for serial in found:
        if len(serial) > LONGEST_SERIAL or not serial.isprintable() or any(mark in serial for mark in ";,\t"):
            raise Invalid("serial-unusable", serial=serial[:40], most=LONGEST_SERIAL)
        if (suggestion := without_look_alikes(serial)) is not None:
            raise Invalid("serial-look-alike", given=serial[:40], suggestion=suggestion)
    keys = [serial_key(serial) for serial in found]
    if twice := next((serial for serial, key in zip(found, keys, strict=True) if keys.count(key) > 1), None):
        raise Invalid("serial-given-twice", serial=twice)
    return found


def _noon(day: date | None) -> datetime | None:
    """A moment of a day that a person gives; None for today: that is now."""
    zone = ZoneInfo(runtime.settings().timezone)
    if day is None or day == datetime.now(zone).date():
        return None
    return datetime.combine(day, time(12), zone)


async def taken_from(slug: str, quantity: int, serial: str) -> list[Piece]:
    """So many loose pieces of an item in the store, or the device with a serial number, as they lie there.

    Raises:
        NotFound: no such item.
        Conflict: there are not so many, or no such device.
    """
    item, store = await _item(slug), await ledger.place(ledger.STORE)
    if item["serialised"]:
        device_id = await loose_queries.device(item["id"], serial.strip(), store)
        if device_id is None:
            raise Conflict("loose-device-not-there", serial=serial.strip()[:40], item=item["name_el"])
        return [Piece(item["id"], 1, None, device_id)]
    held = await loose_queries.count(item["id"], store)
    if not 1 <= quantity <= held:
        raise Conflict("loose-not-so-many", item=item["name_el"], held=held)
    return [Piece(item["id"], quantity, None)]


async def end(slug: str, quantity: int, serial: str, where: str, *, document: str, why: str) -> None:
    """Write loose stock off: used up, broken, or not found.

    Args:
        where: `lost` or `scrapped`.
        document: the number of the paper by which it was decided.

    Raises:
        Invalid: no reason, no document, nowhere it can go. NotFound, Conflict: as `taken_from`.
    """
    _require(Permission.STOCK_WRITE)
    if not why.strip():
        raise Invalid("reason-missing")
    if not document.strip():
        raise Invalid("document-missing")
    if where not in ENDS:
        raise NotFound("place-not-found", code=where[:40])
    async with unit_of_work():
        (piece,) = await taken_from(slug, quantity, serial)
        store, target = await ledger.place(ledger.STORE), await ledger.place(where)
        await ledger.post(
            [Move(piece.item_id, piece.quantity, store, target, None, piece.device_id)],
            reason=ENDS[where],
            key=f"loose-end:{piece.item_id}:{await ledger_queries.newest_movement_of_item(piece.item_id)}",
            document=document.strip()[:80],
            note=why.strip()[:500],
        )
        await audit.record("loose-stock-ended", "item", slug, why=why.strip()[:500], count=piece.quantity, where=where)


async def take_out_of_kit(kit: str, slug: str, quantity: int, serial: str, *, why: str) -> None:
    """Take pieces out of a kit that lies in the store: they are spares from then on, and the kit lacks them.

    Raises:
        Invalid: no reason. NotFound: no such kit.
        Conflict: it has no such pieces in the store, or is packed.
    """
    _require(Permission.STOCK_WRITE)
    if not why.strip():
        raise Invalid("reason-missing")
    async with unit_of_work():
        item, store = await _item(slug), await ledger.place(ledger.STORE)
        found = await kit_queries.kit(kit)
        if found is None:
            raise NotFound("kit-not-found", code=kit[:20])
        if await loose_queries.is_packed(found["id"]):
            raise Conflict("kit-already-packed")
        parts = [
            part
            for part in await kit_queries.kit_contents([found["id"]])
            if part["place_id"] == store and part["item_id"] == item["id"]
        ]
        if item["serialised"]:
            parts = [part for part in parts if serial_key(part["serial_number"] or "") == serial_key(serial)]
            quantity = 1
        if quantity < 1 or sum(part["quantity"] for part in parts) < quantity:
            raise Conflict("kit-has-not-so-many", item=item["name_el"], kit=found["code"])
        piece = Piece(item["id"], quantity, found["id"], parts[0]["device_id"])
        await regroup([piece], None, store, document=found["code"], note=why.strip()[:500])
        await audit.record("kit-taken-apart", "kit", found["code"], why=why.strip()[:500], item=slug, count=quantity)

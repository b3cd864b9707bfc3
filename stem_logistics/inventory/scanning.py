"""Receiving by scan: one serial number after the other, each the next part of a kit, until whole kits are received."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from stem_logistics import runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, Forbidden, Invalid
from stem_logistics.inventory import arrival, definitions, purchasing, scan_rules, service
from stem_logistics.inventory import purchasing_queries as queries
from stem_logistics.inventory.receiving import arrival_moment
from stem_logistics.inventory.rules import LONGEST_SERIAL, MOST_KITS
from stem_logistics.inventory.serial_rules import SEPARATORS, suggested


def _require() -> None:
    if not runtime.actor().principal.may(Permission.STOCK_WRITE):
        raise Forbidden("not-allowed", permission=Permission.STOCK_WRITE.value)


async def _locked(batch: str) -> dict[str, Any]:
    """A batch, its other scanners waiting until the unit of work ends."""
    await queries.lock_batch((await purchasing.get_batch(batch))["id"])
    return await purchasing.get_batch(batch)


async def scan(
    batch: str, typed: str, *, sure: bool = False, instead: bool = False, also: Collection[str] = ()
) -> None:
    """Take one serial number as the next part of the batch.

    Args:
        sure: the person has looked again: a number that only looks odd is taken as it stands.
        instead: it is not the part but what may stand in its place.
        also: the optional parts that this kit has too.

    Raises:
        Invalid: empty, too long, unprintable; `serial-look-alike` with a `suggestion` where it looks mistyped.
        Conflict: scanned already, or in a kit already; says where.
    """
    _require()
    serial = typed.strip()
    if not serial or not serial.isprintable() or len(serial) > LONGEST_SERIAL:
        raise Invalid("scan-unusable", limit=LONGEST_SERIAL)
    if any(sign in serial for sign in SEPARATORS):
        raise Invalid("scan-divided", serial=serial)
    async with unit_of_work():
        found = await _locked(batch)
        arrival.refuse_closed(found)
        has = [line["item_id"] for line in found["lines"] if line["optional"] and line["slug"] in also]
        slot = scan_rules.next_slot(found["lines"], found["scans"], has)
        if slot is None:
            raise Conflict("batch-without-serials", name=found["name"])
        _refuse_known(serial, await queries.where_known(serial), found["name"])
        item = slot.line["item_id"]
        if instead:
            if slot.line["substitute_id"] is None:
                raise Invalid("part-without-substitute", item=slot.line["slug"])
            item = slot.line["substitute_id"]
        odd = suggested(serial, await queries.others_of(item))
        if odd and (known := await queries.where_known(odd)):
            # what it looks like is here already: that it is another one is not believed
            _refuse_known(odd, known, found["name"])
        if odd and not sure:
            raise Invalid("serial-look-alike", given=serial, suggestion=odd)
        for mine in scan_rules.begun_kits(found["scans"]).values():
            # a kit that lacks only what the person says no longer that it has is whole
            parts = scan_rules.wanted(found["lines"], has)
            if not scan_rules.is_whole(found["lines"], mine) and not scan_rules.lacking(parts, mine):
                await queries.set_also(max(each["id"] for each in mine), has)
        await queries.add_scan(found["id"], item, serial, slot.kit_no, has)


def _refuse_known(serial: str, known: Mapping[str, Any] | None, batch: str) -> None:
    if known is None:
        return
    if known["kit"]:
        raise Conflict("scan-in-kit", serial=serial, kit=known["kit"])
    if not known["batch"]:
        raise Conflict("scan-in-stock", serial=serial)
    if known["batch"] == batch:
        raise Conflict("scan-twice", serial=serial)
    raise Conflict("scan-in-batch", serial=serial, batch=known["batch"])


async def undo_scan(batch: str) -> None:
    """Forget the last scan of a batch. Nothing happens where there is none."""
    _require()
    async with unit_of_work():
        if scans := (await _locked(batch))["scans"]:
            await queries.remove_scans([scans[-1]["id"]])


async def remove_scan(batch: str, scan_id: int) -> None:
    """Forget one scan of a batch; its kit lacks it then. Nothing happens where it is gone already."""
    _require()
    async with unit_of_work():
        found = await _locked(batch)
        await queries.remove_scans([each["id"] for each in found["scans"] if each["id"] == scan_id])


async def receive_scanned(batch: str, *, surplus: bool = False, arrived: date | None = None) -> list[str]:
    """Take the kits whose parts are all scanned into the central store; returns their codes.

    Args:
        surplus: also those that are more than was ordered.
        arrived: the day on which they came; today if not told.

    Raises:
        Invalid: no kit is complete; a day to come.
        FieldErrors: some were received otherwise meanwhile; as `service.receive_kits`.
        Conflict: as `refuse_unexpected`; the books of that day are closed.
    """
    _require()
    occurred_at = arrival_moment(arrived)
    async with unit_of_work():
        found = await _locked(batch)
        if not found["whole"]:
            raise Invalid("batch-nothing-complete")
        kits = scan_rules.begun_kits(found["scans"])
        taken = [kits[kit_no] for kit_no in found["whole"][:MOST_KITS]]
        ids = [each["id"] for kit in taken for each in kit]
        await queries.remove_scans(ids)
        return await service.receive_kits(
            await definitions.get_definition(found["definition"], found["version"]),
            [_serials(kit) for kit in taken],
            key=f"batch:{found['id']}:{min(ids)}",
            batch=found["name"],
            document=found["document"],
            occurred_at=occurred_at,
            surplus=surplus,
        )


def _serials(scans: Collection[Mapping[str, Any]]) -> dict[str, list[str]]:
    kit: dict[str, list[str]] = {}
    for each in scans:
        kit.setdefault(each["item"], []).append(each["serial_number"])
    return kit

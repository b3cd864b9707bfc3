"""Packing by scan: each thing that goes into the parcels is held against what the consignment is to have."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from stem_logistics import audit, runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.codes import parse_code
from stem_logistics.db.engine import unit_of_work
from stem_logistics.deliveries import packing_queries, queries, resending, service
from stem_logistics.deliveries.rules import State
from stem_logistics.errors import Conflict, DomainError, Invalid, NotFound
from stem_logistics.inventory import ledger
from stem_logistics.inventory import service as stock

LONGEST_SCAN = 300


@dataclass(frozen=True)
class Scanned:
    """What a scan did.

    Args:
        sound: good (it belongs here), again (it was scanned before), bad (it does not belong here).
        what: the kit's code or the device's serial number.
        kit: the kit it belongs to, where it is known.
        refusal: why it does not belong here.
        instead_of: the kit whose place it may take, where another of the same kind is still awaited.
    """

    sound: Literal["good", "again", "bad"]
    what: str
    kit: str = ""
    refusal: DomainError | None = None
    instead_of: str = ""


def scanned_text(raw: str) -> str:
    """What a scanner typed, as it is looked up: the end of an address where a label holds one.

    Raises:
        Invalid: nothing, or far more than a label holds.
    """
    text = "".join(letter for letter in raw if letter.isprintable()).strip()
    if not text or len(text) > LONGEST_SCAN:
        raise Invalid("scan-empty")
    if re.match(r"https?://", text, re.IGNORECASE):
        text = text.split("?")[0].rstrip("/").rpartition("/")[2]
    return text


def _folded(serial: str) -> str:
    return "".join(serial.split()).casefold()


async def progress(consignment_id: int) -> list[dict[str, Any]]:
    """The kits of a consignment: whether each was seen, and its devices with whether each was."""
    seen = await packing_queries.scans(consignment_id)
    lines = {line["id"]: line for line in await queries.lines_of(consignment_id)}
    devices = await queries.devices_of(consignment_id)
    found = []
    for kit in await queries.heads_of(consignment_id):
        mine = [
            {
                "serial": device["serial_number"],
                "id": device["id"],
                "name_el": lines[device["line_id"]]["name_el"],
                "name_en": lines[device["line_id"]]["name_en"],
                "seen": (device["kit_id"], device["id"]) in seen,
            }
            for device in devices
            if lines[device["line_id"]]["head_id"] == kit["kit_id"]
        ]
        by_label = (kit["kit_id"], None) in seen
        # a kit's label stands for all that is in it; otherwise what has no serial number is ticked
        loose = [
            {**line, "loose": left}
            for line in lines.values()
            if line["head_id"] == kit["kit_id"] and not by_label
            if (left := line["quantity"] - sum(device["line_id"] == line["id"] for device in devices))
        ]
        whole = by_label or (bool(mine) and all(d["seen"] for d in mine))
        found.append({**kit, "devices": mine, "loose": loose, "seen": whole})
    return found


async def scan(code: str, raw: str) -> Scanned:
    """Hold what was scanned against the consignment. What does not belong here is an answer, not an exception.

    A kit's label or a device's serial number of this consignment is noted as seen. A kit that lies free in the store
    is put in where the consignment is not of a wave; otherwise it may take the place of an awaited kit of its kind.
    Into a consignment that sends something again goes a free device of the item that its case is about.

    Raises:
        NotFound: no such consignment.
        Conflict: it is not being packed.
    """
    consignment = await service.get_consignment(code, Permission.DELIVERIES_WRITE)
    if consignment["state"] != State.PACKING:
        raise Conflict("consignment-not-packing", code=consignment["code"], state=consignment["state"])
    try:
        what = scanned_text(raw)
    except Invalid as refused:
        return Scanned("bad", "", refusal=refused)
    kits = await progress(consignment["id"])
    for kit in kits:
        for device in kit["devices"]:
            if _folded(device["serial"]) == _folded(what):
                if consignment["case_code"]:
                    return Scanned("again", device["serial"])
                return await _note(consignment, kit, device["id"], device["serial"])
    if consignment["case_code"]:
        return await _put_in(consignment, what)
    kit_code = parse_code(what)
    for kit in kits:
        if kit["code"] == kit_code:
            return await _note(consignment, kit, None, kit["code"])
    return await _stranger(consignment, kits, what, kit_code)


async def _note(consignment: dict[str, Any], kit: dict[str, Any], device_id: int | None, what: str) -> Scanned:
    who = runtime.actor().principal
    by = who.id if who.kind == "account" else None
    async with unit_of_work():
        if await queries.lock(consignment["id"]) != State.PACKING:
            raise Conflict("consignment-not-packing", code=consignment["code"], state=consignment["state"])
        is_new = await packing_queries.add_scan(consignment["id"], kit["kit_id"], device_id, by)
    return Scanned("good" if is_new else "again", what, kit["code"])


async def _put_in(consignment: dict[str, Any], what: str) -> Scanned:
    try:
        return Scanned("good", await resending.put_in(consignment["code"], what))
    except DomainError as refused:
        return Scanned("bad", what, refusal=refused)


async def _stranger(
    consignment: dict[str, Any], kits: list[dict[str, Any]], what: str, kit_code: str | None
) -> Scanned:
    """Why it does not belong here, or what may be done so that it does."""
    code = kit_code
    if code is None or not code.startswith("K"):
        owners = await packing_queries.kits_of_serial(what)
        if not owners:
            return Scanned("bad", what, refusal=NotFound("scan-unknown", what=what[:40]))
        code = owners[0]
    try:
        kit = await stock.kit_for_consignment(code)
    except NotFound:
        return Scanned("bad", what, refusal=NotFound("scan-unknown", what=what[:40]))
    other = await packing_queries.consignment_of_kit(kit["id"])
    if other is not None:
        refusal = Conflict(
            "scan-of-another-consignment",
            kit=kit["code"],
            consignment=other["code"],
            school=other["institution_name"],
        )
        return Scanned("bad", what, kit["code"], refusal)
    store = await ledger.place(ledger.STORE)
    if not any(part["place_id"] == store for part in await stock.contents_of([kit["id"]])):
        place = kit["institution_name"] or kit["place_title"] or "–"
        return Scanned("bad", what, kit["code"], Conflict("scan-not-in-store", kit=kit["code"], place=place))
    if consignment["wave_id"] is None:
        await service.pick(consignment["code"], kit["code"])
        added = next(each for each in await progress(consignment["id"]) if each["code"] == kit["code"])
        return await _note(consignment, added, None, kit["code"])
    awaited = [each for each in kits if not each["seen"] and each["definition"] == kit["definition"]]
    refusal = Conflict("scan-not-of-this-consignment", kit=kit["code"], consignment=consignment["code"])
    return Scanned("bad", what, kit["code"], refusal, awaited[0]["code"] if awaited else "")


async def swap(code: str, kit: str, instead_of: str) -> None:
    """Put a kit of the store in where another of its kind was to go; that one goes back to the shelf.

    Raises:
        Conflict: the two are of different kinds, or the new one is not free.
        NotFound: the old one is not in the consignment.
    """
    async with unit_of_work():
        consignment = await service.get_consignment(code, Permission.DELIVERIES_WRITE)
        await queries.lock(consignment["id"])
        old = next((k for k in await queries.kits_of(consignment["id"]) if k["code"] == parse_code(instead_of)), None)
        if old is None:
            raise NotFound("kit-not-in-consignment", kit=instead_of[:20], code=consignment["code"])
        new = await stock.kit_for_consignment(kit)
        if new["definition"] != old["definition"]:
            raise Conflict("kits-of-different-kinds", kit=new["code"], other=old["code"])
        award = await packing_queries.swap_award(consignment["id"], old["kit_id"])
        await service.unpick(consignment["code"], old["code"])
        await service.pick(consignment["code"], new["code"], award_id=award)
        who = runtime.actor().principal
        await packing_queries.add_scan(consignment["id"], new["id"], None, who.id if who.kind == "account" else None)


async def close(
    code: str,
    *,
    parcels: int,
    weight_grams: int | None,
    courier: str,
    tracking_number: str,
    document: str,
    ticked: Collection[int] = (),
    why_unscanned: str = "",
) -> None:
    """The parcels are closed: how many, how heavy, who will carry them if that is known, the supplier's document.

    Args:
        ticked: the lines whose loose pieces the packer saw going in.
        why_unscanned: why something was neither scanned nor ticked.

    Raises:
        Conflict: something was not, and nobody says why.
    """
    async with unit_of_work():
        consignment = await service.get_consignment(code, Permission.DELIVERIES_WRITE)
        kits = await progress(consignment["id"])
        unseen, unticked = missing_of(kits, ticked)
        if (unseen or unticked) and not why_unscanned.strip():
            raise Conflict("packing-not-all-scanned", code=consignment["code"], kits=unseen, lines=unticked)
        await packing_queries.note_unscanned(
            consignment["id"], why_unscanned.strip()[:500] if unseen or unticked else ""
        )
        await packing_queries.note_papers(
            consignment["id"], courier.strip()[:80], tracking_number.strip()[:80], document.strip()[:80]
        )
        await service.pack(code, parcels=parcels, weight_grams=weight_grams)
        await audit.record(
            "consignment-scanned",
            "consignment",
            consignment["code"],
            why=why_unscanned.strip()[:500],
            kits=len(kits),
            unseen=unseen,
            unticked=unticked,
        )


def missing_of(kits: list[dict[str, Any]], ticked: Collection[int] = ()) -> tuple[int, int]:
    """How many kits were not scanned, and how many lines of loose pieces not ticked. What is sent again for a case has
    no kit to scan: its devices were scanned in, its loose pieces are ticked."""
    unseen = sum(not kit["seen"] and bool(kit["devices"]) for kit in kits)
    unseen += sum(not kit["seen"] and not kit["devices"] and not kit["loose"] for kit in kits)
    return unseen, sum(line["id"] not in ticked for kit in kits for line in kit["loose"])

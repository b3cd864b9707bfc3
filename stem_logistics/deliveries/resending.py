"""What is sent again: a case's own consignment, with exactly what the case says, until the school confirms it.

Loose pieces are put in when the consignment is made; of devices the packer scans which. They leave the kits that they
come from, and join the one that lacks them when the school confirms (`supplying.py`). The case stays open meanwhile:
it ends with the school's last receipt, or is what it was where the consignment is cancelled. What arrives short again
opens a case of its own, which leads back to the first.
"""

from collections.abc import Mapping
from typing import Any

from stem_logistics import audit, mail
from stem_logistics.accounts.policy import Permission
from stem_logistics.codes import new_code, shown_code
from stem_logistics.db.engine import unit_of_work
from stem_logistics.deliveries import discrepancies, mails, packing_queries, queries, receipt_queries, service
from stem_logistics.deliveries import resending_queries as sql
from stem_logistics.deliveries.reasons import OUTCOMES
from stem_logistics.deliveries.rules import Action
from stem_logistics.errors import Conflict, Invalid, NotFound
from stem_logistics.inventory import ledger, purchasing
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.ledger import Move
from stem_logistics.inventory.regrouping import Piece, leave_at, regroup


async def stores() -> list[tuple[str, str]]:
    """The stores that something can be sent from: code and name."""
    return await sql.stores()


async def consignments_of(case: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The consignments by which a case was sent again, newest first, the cancelled ones too."""
    return await sql.consignments_of(case["id"])


async def cases_after(case: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The cases that were opened because what was sent again arrived short."""
    return await sql.cases_after(case["id"])


async def start(typed: str, store: str, *, why: str) -> str:
    """Make the consignment by which a case is sent again; returns its code. The school is told that it will come.

    Args:
        store: the code of the store that it leaves from.

    Raises:
        NotFound: no such case within the scope, or no such store.
        Invalid: no reason, or a case of which nothing is sent again.
        Conflict: closed, under way already, the school has closed, or the store has not enough.
    """
    if not why.strip():
        raise Invalid("reason-missing")
    async with unit_of_work():
        case = await discrepancies.open_case(typed)
        if case["sent_again"]:
            raise Conflict("case-is-sent-again", code=case["code"], consignment=case["sent_again"])
        if case["repair_code"]:
            raise Conflict("case-in-repair", code=case["code"], repair=case["repair_code"])
        if "re-sent" not in OUTCOMES[case["kind"]] or case["item_id"] is None:
            raise Invalid("outcome-unknown", outcome="re-sent", known=", ".join(OUTCOMES[case["kind"]]))
        place = await sql.store(store)
        if place is None:
            raise NotFound("place-not-found", code=store[:40])
        school = await queries.institution(case["institution_id"])
        if school is None or school["state"] == "closed":
            raise Conflict("institution-closed", name=case["institution_name"])
        code = new_code("C")
        consignment_id = await sql.add_consignment(
            code, case["institution_id"], discrepancies.account(), case["id"], case["for_kit_id"], place
        )
        target = await ledger.consignment_place(consignment_id)
        await audit.record("consignment-created", "consignment", code, case=case["code"])
        if case["serialised"]:
            if await sql.spare_devices(case["item_id"], place) < case["quantity"]:
                raise Conflict("replacement-not-in-store", item=case["name_el"], serial=str(case["quantity"]))
        else:
            await _put_pieces_in(case, consignment_id, code, place, target)
        await receipt_queries.add_note(
            case["id"], discrepancies.account(), "re-sent", f"{shown_code(code)}: {why.strip()[:500]}"
        )
        await _tell_school(case, consignment_id)
        await audit.record("discrepancy-sent-again", "discrepancy", case["code"], why=why.strip(), consignment=code)
    return code


async def _put_pieces_in(case: Mapping[str, Any], consignment_id: int, code: str, store: int, target: int) -> None:
    """As many loose pieces as the case says, out of the loose stock or the oldest kits that can give some."""
    left, kit_id, pieces = case["quantity"], case["for_kit_id"], list[Piece]()
    for spare in await sql.spare_pieces(case["item_id"], store):
        taken = min(left, spare["quantity"])
        if not taken:
            break
        pieces.append(Piece(case["item_id"], taken, spare["kit_id"]))
        left -= taken
    if left:
        raise Conflict("replacement-not-in-store", item=case["name_el"], serial=str(case["quantity"]))
    await regroup(pieces, None, store, document=code)
    await queries.add_lines(consignment_id, [(kit_id, case["item_id"], case["quantity"])])
    move = Move(case["item_id"], case["quantity"], store, target)
    await ledger.post([move], reason="pack", key=f"pack:{consignment_id}:pieces", document=code)


async def _tell_school(case: dict[str, Any], consignment_id: int) -> None:
    if "@" not in (case["institution_email"] or ""):
        return
    subject, body = mails.outcome(case, "re-sent")
    await mail.post(
        case["institution_email"],
        subject,
        body,
        about=("discrepancy", case["id"]),
        institution_id=case["institution_id"],
        idempotency_key=f"sent-again:{consignment_id}",
    )


async def _locked(code: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A consignment that is being packed for a case, held until the unit of work ends, and its case."""
    consignment = await service.get_consignment(code, Permission.DELIVERIES_WRITE)
    state = await queries.lock(consignment["id"])
    service.step(str(state), Action.PICK)
    case = await receipt_queries.discrepancy(consignment["case_code"] or "")
    if case is None:
        raise NotFound("consignment-not-found", code=code[:20])
    return consignment, case


async def put_in(code: str, serial: str) -> str:
    """Put a device of the store in, by its serial number; returns the number as it is recorded.

    Raises:
        Conflict: all of them are in, it is no free device of this kind in this store, its batch is not accepted, or
            the consignment is not being packed.
    """
    async with unit_of_work():
        consignment, case = await _locked(code)
        if await queries.left_of_case(consignment["id"]) < 1:
            raise Conflict("case-is-in", code=consignment["code"], case=case["code"])
        store, target = consignment["from_place_id"], await ledger.consignment_place(consignment["id"])
        device = await receipt_queries.spare_device(case["item_id"], serial, store)
        if device is None:
            raise Conflict("replacement-not-in-store", item=case["name_el"], serial=serial[:40])
        if device["kit_code"]:
            await purchasing.refuse_unaccepted({"code": device["kit_code"], "batch": device["batch"]})
        given = Piece(case["item_id"], 1, device["kit_id"], device["id"])
        await regroup([given], None, store, document=consignment["code"])
        await sql.add_to_line(consignment["id"], case["for_kit_id"], case["item_id"])
        await packing_queries.add_scan(consignment["id"], case["for_kit_id"], device["id"], discrepancies.account())
        await _post(consignment, device, case["item_id"], (store, target), "pack")
        await audit.record(
            "device-put-in", "consignment", consignment["code"], serial=device["serial_number"], case=case["code"]
        )
    return str(device["serial_number"])


async def take_out(code: str, serial: str) -> None:
    """Take a device out again before the parcel is closed; it goes back to the store. Raises NotFound, Conflict."""
    async with unit_of_work():
        consignment, case = await _locked(code)
        devices = await queries.devices_of(consignment["id"])
        device = next((each for each in devices if each["serial_number"] == serial), None)
        if device is None:
            raise NotFound("device-not-in-consignment", serial=serial[:40], code=consignment["code"])
        await sql.remove_from_line(device["line_id"], consignment["id"], device["id"])
        places = (await ledger.consignment_place(consignment["id"]), consignment["from_place_id"])
        await _post(consignment, device, case["item_id"], places, "unpack")
        await audit.record("device-taken-out", "consignment", consignment["code"], serial=serial, case=case["code"])


async def _post(
    consignment: Mapping[str, Any],
    device: Mapping[str, Any],
    item_id: int,
    places: tuple[int, int],
    reason: ledger.Reason,
) -> None:
    # a device may be taken out and put in again: the number of its movements tells the occasions apart
    mark = await stock.device_mark(device["id"])
    await ledger.post(
        [Move(item_id, 1, *places, None, device["id"])],
        reason=reason,
        key=f"{reason}:{consignment['id']}:{device['id']}:{mark}",
        document=consignment["code"],
    )


async def settle(consignment: Mapping[str, Any], receipt: Mapping[str, Any]) -> None:
    """The school has confirmed all of what was sent again: its case ends. Inside the receipt's unit of work."""
    case = await receipt_queries.discrepancy(consignment["case_code"], lock=True)
    assert case is not None, "the consignment names its case"
    assert case["state"] == "open", "a case that is being sent again is closed by its receipt only"
    serials = [device["serial_number"] for device in await queries.devices_of(consignment["id"])]
    if case["kind"] == "missing":
        missing = Piece(case["item_id"], case["quantity"], case["for_kit_id"], case["device_id"])
        await leave_at(missing, await ledger.place(ledger.LOST), document=case["code"])
    await receipt_queries.set_replacement(case["id"], ", ".join(serials)[:80])
    said = f"{shown_code(consignment['code'])}, {receipt['protocol_number']}"
    await receipt_queries.close_discrepancy(case["id"], "re-sent", said, discrepancies.account())
    await audit.record("discrepancy-closed", "discrepancy", case["code"], why=said, outcome="re-sent")

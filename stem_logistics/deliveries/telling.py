"""Who is written to about a consignment: the school with its links, the stop that has it next, and all of them when it
is cancelled. Everything inside the caller's unit of work.
"""

from collections.abc import Sequence
from typing import Any

from stem_logistics import mail, runtime
from stem_logistics.accounts import links
from stem_logistics.codes import shown_code
from stem_logistics.deliveries import legs, mails, queries

# How long the mails of many consignments wait in the outbox, so that their sending can be taken back.
UNDO_MINUTES = 15


async def write(consignment_id: int, wait_minutes: int = 0, *, later: bool = False) -> None:
    """A consignment goes on: write to whoever is to have it next, a stop of its last mile or the school.

    Args:
        later: the caller writes (`tell`), once for several consignments.
    """
    await legs.send_to_next(consignment_id)
    if not later:
        await tell([consignment_id], wait_minutes)


async def tell(consignment_ids: Sequence[int], wait_minutes: int = 0) -> None:
    """Write, in one mail, to the one stop or school to which all of these are on their way."""
    leg = await legs.next_stop(consignment_ids[0])
    if leg is None:
        await send_links(consignment_ids, wait_minutes)
    elif leg["stop_email"]:
        sent = [await queries.consignment_by_id(each) for each in consignment_ids]
        token = await links.issue_for_stop(leg["stop_id"])
        subject, body = mails.to_stop([each for each in sent if each], f"{runtime.settings().base_url}/h/{token}")
        mail_id = await mail.post(
            leg["stop_email"],
            subject,
            body,
            about=("consignment" if len(sent) == 1 else "consignments", consignment_ids[0]),
            idempotency_key=f"to-stop:{leg['id']}:{token[:8]}",
            wait_minutes=wait_minutes,
        )
        await queries.set_told(consignment_ids, mail_id)


async def _told_of(consignment: dict[str, Any]) -> list[str]:
    """What a mail says is in a consignment: its kits, or piece by piece what is sent for one."""
    if consignment["for_kit_id"] is None:
        return [f"{kit['title_el']} ({shown_code(kit['code'])})" for kit in await queries.kits_of(consignment["id"])]
    devices = await queries.devices_of(consignment["id"])
    told = []
    for line in await queries.lines_of(consignment["id"]):
        serials = [device["serial_number"] for device in devices if device["line_id"] == line["id"]]
        told.append(f"{line['quantity']} × {line['name_el']}" + (f" ({', '.join(serials)})" if serials else ""))
    return told


async def send_links(consignment_ids: Sequence[int], wait_minutes: int = 0) -> None:
    """Send a school the link and code of each of its consignments, in one mail; earlier ones stop working."""
    told = []
    for consignment_id in consignment_ids:
        consignment = await queries.consignment_by_id(consignment_id)
        assert consignment is not None
        # an older link stops working: what counts is the newest mail
        await links.revoke_for_consignment(consignment_id)
        issued = await links.issue("receipt", consignment["institution_id"], consignment_id=consignment_id)
        assert issued.code is not None, "a receipt's link comes with a code"
        address = f"{runtime.settings().base_url}/r/{issued.token}"
        told.append(mails.Sent(consignment, await _told_of(consignment), address, issued.code))
    subject, body = mails.dispatched(told)
    first = told[0].consignment
    mail_id = await mail.post(
        first["institution_email"],
        subject,
        body,
        about=("consignment" if len(told) == 1 else "consignments", first["id"]),
        institution_id=first["institution_id"],
        idempotency_key=f"dispatched:{first['id']}:{issued.id}",
        wait_minutes=wait_minutes,
    )
    await queries.set_told(consignment_ids, mail_id)


async def take_back(consignment: dict[str, Any]) -> bool:
    """Take back what waits in the outbox about a consignment; False where somebody was told of it already. What its
    mail said of other consignments is said anew."""
    others = await queries.told_together(consignment["id"])
    if not await mail.withdraw(("consignment", consignment["id"]), also=await queries.mails_of(consignment["id"])):
        return False
    if others:
        await tell(others, UNDO_MINUTES)
    return True


async def tell_cancelled(consignment: dict[str, Any], why: str) -> None:
    """Tell all who were told that it comes that it does not. Whom no mail has reached yet is not written to."""
    others = await queries.told_together(consignment["id"])
    about = ("consignment", consignment["id"])
    addresses = await mail.call_off(about, also=await queries.mails_of(consignment["id"]))
    if others:
        await tell(others, UNDO_MINUTES)
    for address in addresses:
        to_school = address == consignment["institution_email"]
        subject, body = mails.cancelled(consignment, why, to_school=to_school)
        await mail.post(
            address,
            subject,
            body,
            about=("cancellation", consignment["id"]),
            institution_id=consignment["institution_id"] if to_school else None,
            idempotency_key=f"cancelled:{consignment['id']}:{address}",
        )

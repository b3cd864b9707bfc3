"""Discrepancies: what arrived damaged or not at all, until somebody says what came of it."""

from collections.abc import AsyncIterator, Mapping
from datetime import date, timedelta
from typing import Any

from stem_logistics import audit, files, mail, runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.codes import parse_code
from stem_logistics.db.engine import unit_of_work
from stem_logistics.deliveries import mails, photo_queries, resending_queries, service, things
from stem_logistics.deliveries import receipt_queries as queries
from stem_logistics.deliveries.case_rules import MOST_DAYS
from stem_logistics.deliveries.reasons import OUTCOMES
from stem_logistics.errors import Conflict, Invalid, NotFound
from stem_logistics.inventory import ledger
from stem_logistics.inventory.ledger import Move


async def list_discrepancies(
    filters: Mapping[str, str],
    q: str = "",
    *,
    sort: str = "due",
    descending: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[dict[str, Any]], int]:
    """A page of discrepancies and how many there are, within the reader's scope."""
    scope, who = service.require(Permission.DELIVERIES_READ), account()
    rows = await queries.discrepancies(
        scope, q, filters, who, sort=sort, descending=descending, limit=limit, offset=offset
    )
    return rows, await queries.count_discrepancies(scope, q, filters, who)


async def every_discrepancy(
    filters: Mapping[str, str], q: str, *, sort: str, descending: bool
) -> AsyncIterator[dict[str, Any]]:
    """Every discrepancy of a list, within the reader's scope: for a file."""
    scope = service.require(Permission.DELIVERIES_READ)
    async for row in queries.every_discrepancy(scope, q, filters, account(), sort=sort, descending=descending):
        yield row


async def count(filters: Mapping[str, str]) -> int:
    """How many discrepancies a list has, within the reader's scope."""
    return await queries.count_discrepancies(service.require(Permission.DELIVERIES_READ), "", filters, account())


async def get_discrepancy(
    typed: str, permission: Permission = Permission.DELIVERIES_READ, *, lock: bool = False
) -> dict[str, Any]:
    """One discrepancy. Raises NotFound where there is none within the scope."""
    scope = service.require(permission)
    code = parse_code(typed)
    row = await queries.discrepancy(code, lock=lock) if code else None
    if row is None or not scope.covers(region_id=row["regional_directorate_id"], institution_id=row["institution_id"]):
        raise NotFound("discrepancy-not-found", code=typed[:20])
    return row


async def photos_of(discrepancy_id: int) -> list[bytes]:
    """The digests of a case's photographs."""
    return await photo_queries.of_case(discrepancy_id)


async def photo_of(typed: str, number: int = 1) -> bytes:
    """A photograph that belongs to a discrepancy, counted from 1. Raises NotFound."""
    row = await get_discrepancy(typed)
    digests = await photos_of(row["id"])
    if not 1 <= number <= len(digests):
        raise NotFound("file-not-found", digest="")
    return (await files.load(digests[number - 1])).content


def account() -> int | None:
    """The account that acts, if one does."""
    who = runtime.actor().principal
    return who.id if who.kind == "account" else None


async def notes_of(discrepancy_id: int) -> list[dict[str, Any]]:
    """A case's notes, newest first."""
    return await queries.notes_of(discrepancy_id)


async def open_case(typed: str) -> dict[str, Any]:
    """A case that is not closed, held for the caller's unit of work.

    Raises:
        NotFound: no such case within the scope.
        Conflict: it is closed.
    """
    row = await get_discrepancy(typed, Permission.DELIVERIES_WRITE, lock=True)
    if row["state"] == "closed":
        raise Conflict("discrepancy-closed", code=row["code"])
    return row


async def take(typed: str) -> None:
    """Whoever acts makes the case theirs. Raises Conflict where it is closed."""
    async with unit_of_work():
        row = await open_case(typed)
        await queries.set_case(row["id"], account(), row["due_on"])
        await queries.add_note(row["id"], account(), "owner", runtime.actor().principal.name or "–")
        await audit.record("discrepancy-taken", "discrepancy", row["code"])


async def postpone(typed: str, until: date, *, why: str) -> None:
    """Give a case another deadline, with the reason. Raises Invalid for a day that has passed, or too far away."""
    if not why.strip():
        raise Invalid("reason-missing")
    last = service.today() + timedelta(days=MOST_DAYS)
    if until < service.today():
        raise Invalid("case-deadline-has-passed", day=until)
    if until > last:
        raise Invalid("case-deadline-too-far", day=last)
    async with unit_of_work():
        row = await open_case(typed)
        await queries.set_case(row["id"], row["owner_id"], until)
        said = f"{row['due_on'].isoformat()} → {until.isoformat()}: {why.strip()[:500]}"
        await queries.add_note(row["id"], account(), "deadline", said)
        await audit.record("discrepancy-postponed", "discrepancy", row["code"], why=why.strip())


async def tell_sender(typed: str, address: str, asked: str) -> None:
    """Write to the supplier about a case, with the receipt's protocol and the photographs; the address is remembered.
    Raises Invalid for an address that is none, or without words.
    """
    if not asked.strip():
        raise Invalid("reason-missing")
    async with unit_of_work():
        row = await open_case(typed)
        subject, body = mails.told_sender(row, asked.strip()[:2_000])
        attached = [(f"photo-{n}.jpg", digest) for n, digest in enumerate(await photos_of(row["id"]), 1)]
        if row["protocol_digest"] is not None:
            attached.insert(0, (f"protokollo-{row['protocol_number'].replace('/', '-')}.pdf", row["protocol_digest"]))
        address = address.strip()
        await mail.post(address, subject, body, about=("discrepancy", row["id"]), attachments=attached)
        await queries.keep_sender_address(row["supplier"] or "", address)
        await queries.set_sender_told(row["id"])
        await queries.add_note(row["id"], account(), "sender", f"{address}: {asked.strip()[:2_000]}")
        await audit.record("discrepancy-told-to-sender", "discrepancy", row["code"])


async def name_thing(typed: str, number: str) -> None:
    """Say which kit or device it is that came without having been sent, by its code, label or serial number.

    Raises:
        NotFound: no such case, or nothing in the ledger, or several things, with this number.
        Conflict: the case is closed, or is of what was sent.
    """
    async with unit_of_work():
        row = await open_case(typed)
        if row["surplus_id"] is None:
            raise Conflict("case-of-what-was-sent", code=row["code"])
        thing = await things.recognised(number)
        if thing is None:
            raise NotFound("thing-unknown", number=number.strip()[:80])
        if row["quantity"] != 1:
            raise Conflict("extra-is-one", number=number.strip()[:80])
        await things.note(row["surplus_id"], thing)
        await queries.add_note(row["id"], account(), "note", number.strip()[:80])
        await audit.record("discrepancy-thing-named", "discrepancy", row["code"], number=number.strip()[:80])


async def sender_address(row: Mapping[str, Any]) -> str:
    """Where the supplier of what a case is about was last written to."""
    return await queries.sender_address(row["supplier"] or "")


async def note_repair(discrepancy_id: int, said: str) -> None:
    """Note on a case what its repair came to, inside the caller's unit of work."""
    await queries.add_note(discrepancy_id, account(), "repair", said)


async def end_by_repair(typed: str, outcome: str, repair: str) -> None:
    """A case ends with what came of its repair, which has moved what there was to move; inside the repair's step."""
    row = await queries.discrepancy(typed, lock=True)
    if row is None or row["state"] == "closed":
        return
    await _close(row, outcome, repair)


async def close(typed: str, outcome: str, *, why: str, store: str = ledger.STORE) -> None:
    """Say what came of a case; each outcome moves what it says it moves.

    Found: from the losses to the school. Credited: back to the supplier, from the losses or from the school. Written
    off: what is broken is scrapped; what is lost stays lost. What came unasked and is known to the ledger moves to the
    school (kept) or to a store (taken back). What is sent again is closed by the school's receipt
    (`resending`).

    Raises:
        Invalid: an outcome that this kind does not have, or no reason.
        NotFound: no such store.
        Conflict: closed already, or being sent again; what came unasked is elsewhere bound.
    """
    if not why.strip():
        raise Invalid("reason-missing")
    async with unit_of_work():
        row = await open_case(typed)
        if row["sent_again"]:
            raise Conflict("case-is-sent-again", code=row["code"], consignment=row["sent_again"])
        if row["repair_code"]:
            raise Conflict("case-in-repair", code=row["code"], repair=row["repair_code"])
        # what is sent again ends with its receipt, a device that is repaired with its repair
        ended_elsewhere = ("re-sent", "repaired") if row["device_id"] else ("re-sent",)
        known = [each for each in OUTCOMES[row["kind"]] if each not in ended_elsewhere]
        if outcome not in known:
            raise Invalid("outcome-unknown", outcome=outcome[:40], known=", ".join(known))
        if row["item_id"] is not None:
            await _post(row, outcome, why.strip())
        elif row["surplus_id"] is not None:
            place = await resending_queries.store(store)
            if place is None:
                raise NotFound("place-not-found", code=store[:40])
            await things.settle(row, outcome, why.strip(), place)
        await _close(row, outcome, why.strip())


async def _close(row: dict[str, Any], outcome: str, why: str) -> None:
    await queries.close_discrepancy(row["id"], outcome, why[:1000], account())
    if "@" in (row["institution_email"] or ""):
        subject, body = mails.outcome(row, outcome)
        await mail.post(
            row["institution_email"],
            subject,
            body,
            about=("discrepancy", row["id"]),
            institution_id=row["institution_id"],
            idempotency_key=f"discrepancy-outcome:{row['id']}",
        )
    await audit.record("discrepancy-closed", "discrepancy", row["code"], why=why, outcome=outcome)


async def _post(row: dict[str, Any], outcome: str, why: str) -> None:
    held = await ledger.place(ledger.LOST) if row["kind"] == "missing" else None
    school = await ledger.institution_place(row["institution_id"])
    key, kit, device = f"discrepancy:{row['code']}", row["kit_id"], row["device_id"]
    reason: ledger.Reason
    if outcome == "found":
        assert held is not None, "only what is missing is found"
        reason, move = "found", Move(row["item_id"], row["quantity"], held, school, kit, device)
    elif outcome == "credited":
        supplier = await ledger.place(ledger.SUPPLIER)
        reason, move = "return", Move(row["item_id"], row["quantity"], held or school, supplier, kit, device)
    elif outcome == "written-off" and row["kind"] == "damaged":
        scrapped = await ledger.place(ledger.SCRAPPED)
        reason, move = "scrap", Move(row["item_id"], row["quantity"], school, scrapped, kit, device)
    else:
        return
    await ledger.post([move], reason=reason, key=key, document=row["code"], note=why[:500])

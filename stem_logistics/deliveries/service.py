"""Consignments from their making to their leaving: what staff do. Receipts are in `receipts.py`."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from stem_logistics import audit, runtime
from stem_logistics.accounts import links
from stem_logistics.accounts.policy import Permission, Scope
from stem_logistics.codes import new_code, parse_code
from stem_logistics.db.engine import unit_of_work
from stem_logistics.deliveries import leg_queries, legs, queries, telling
from stem_logistics.deliveries.case_rules import days_for
from stem_logistics.deliveries.rules import Action, State, TransitionNotPossible, advance
from stem_logistics.errors import Conflict, Forbidden, Invalid, NotFound
from stem_logistics.inventory import ledger, purchasing
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.ledger import Move

DAYS_ON_THE_WAY = 7
DAYS_ON_THE_WAY_BACK = 14
MOST_PARCELS = 99
HEAVIEST_GRAMS = 2_000_000


def require(permission: Permission) -> Scope:
    """The scope in which whoever acts holds a permission. Raises Forbidden where it is empty."""
    scope = runtime.actor().principal.scope(permission)
    if not scope:
        raise Forbidden("not-allowed", permission=permission.value)
    return scope


def today() -> date:
    """The day in the zone in which deadlines are counted."""
    return datetime.now(ZoneInfo(runtime.settings().timezone)).date()


def case_due(kind: str) -> date:
    """Until when a discrepancy of a kind that is reported today is to be settled."""
    return today() + timedelta(days=days_for(kind))


def step(state: str, action: Action) -> State:
    """The state after an action. Raises Conflict, naming both, where the action is not possible."""
    try:
        return advance(State(state), action)
    except TransitionNotPossible as refused:
        raise Conflict("consignment-step-not-possible", state=refused.state.value, action=action.value) from refused


async def get_consignment(typed: str, permission: Permission = Permission.DELIVERIES_READ) -> dict[str, Any]:
    """One consignment within the reader's scope.

    Raises:
        NotFound: no such consignment, or outside the scope (which says the same).
    """
    scope = require(permission)
    code = parse_code(typed)
    row = await queries.consignment(code) if code else None
    if row is None or not scope.covers(region_id=row["regional_directorate_id"], institution_id=row["institution_id"]):
        raise NotFound("consignment-not-found", code=typed[:20])
    return row


async def identify(typed: str) -> dict[str, Any]:
    """The consignment that a parcel's code names: for the public page. Raises NotFound."""
    code = parse_code(typed)
    row = await queries.consignment(code) if code else None
    if row is None:
        raise NotFound("consignment-not-found", code=typed[:20])
    return row


async def contents(consignment_id: int) -> dict[str, Any]:
    """What is in a consignment: `kits`, `lines`, `devices`; and how many pieces of its case are not in yet, `left`."""
    return {
        "kits": await queries.heads_of(consignment_id),
        "lines": await queries.lines_of(consignment_id),
        "devices": await queries.devices_of(consignment_id),
        "left": await queries.left_of_case(consignment_id),
    }


async def create_consignment(institution_code: str, *, wave_slug: str | None = None) -> str:
    """Make an empty consignment for an institution; returns its code.

    Raises:
        NotFound: no such institution or wave.
        Conflict: the institution has closed.
    """
    scope = require(Permission.DELIVERIES_WRITE)
    institution = await queries.institution_by_code(institution_code.strip())
    if institution is None or not scope.covers(
        region_id=institution["regional_directorate_id"], institution_id=institution["id"]
    ):
        raise NotFound("receiver-not-found", code=institution_code[:20])
    if institution["state"] == "closed":
        raise Conflict("institution-closed", name=institution["name"])
    wave = await queries.wave_by_slug(wave_slug) if wave_slug else None
    if wave_slug and wave is None:
        raise NotFound("wave-not-found", wave=wave_slug[:60])
    async with unit_of_work():
        return await create_for(institution["id"], wave["id"] if wave else None)


async def create_for(institution_id: int, wave_id: int | None, from_place_id: int | None = None) -> str:
    """Make an empty consignment inside the caller's unit of work; returns its code.

    Args:
        from_place_id: where it leaves from, if not from the central store.
    """
    who = runtime.actor().principal
    code = new_code("C")
    consignment_id = await queries.add_consignment(
        code, institution_id, wave_id, who.id if who.kind == "account" else None, from_place_id
    )
    await ledger.consignment_place(consignment_id)
    await audit.record("consignment-created", "consignment", code)
    return code


async def _locked(code: str, action: Action) -> tuple[dict[str, Any], State]:
    """The consignment, held until the unit of work ends, and its state after the action."""
    found = await get_consignment(code, Permission.DELIVERIES_WRITE)
    state = await queries.lock(found["id"])
    assert state is not None
    return {**found, "state": state}, step(state, action)


async def pick(code: str, kit_code: str, *, award_id: int | None = None) -> None:
    """Put a kit of the store into a consignment: its pieces move there in the ledger.

    Raises:
        Conflict: the consignment is closed, or the kit is elsewhere or in another consignment.
    """
    async with unit_of_work():
        consignment, _ = await _locked(code, Action.PICK)
        if consignment["case_code"]:
            raise Conflict("consignment-of-a-case", code=consignment["code"], case=consignment["case_code"])
        if consignment["for_kit_id"]:
            raise Conflict("consignment-of-pieces", code=consignment["code"])
        if consignment["from_place_id"]:
            raise Conflict("consignment-of-a-transfer", code=consignment["code"], school=consignment["from_title"])
        kit = await stock.kit_for_consignment(kit_code)
        store = await ledger.place(ledger.STORE)
        inside = [part for part in await stock.contents_of([kit["id"]]) if part["place_id"] == store]
        if not inside:
            raise Conflict("kit-not-in-store", code=kit["code"])
        await purchasing.refuse_unaccepted(kit)
        await queries.add_kit(consignment["id"], kit["id"], award_id)
        by_item: dict[int, int] = {}
        for part in inside:
            by_item[part["item_id"]] = by_item.get(part["item_id"], 0) + part["quantity"]
        await queries.add_lines(consignment["id"], [(kit["id"], item, count) for item, count in by_item.items()])
        place = await ledger.consignment_place(consignment["id"])
        await ledger.post(
            [Move(part["item_id"], part["quantity"], store, place, kit["id"], part["device_id"]) for part in inside],
            reason="pack",
            # a kit may be taken out and put in again: the number of its movements tells the occasions apart
            key=f"pack:{consignment['id']}:{kit['id']}:{await stock.movement_mark(kit['id'])}",
            document=consignment["code"],
        )
        await audit.record("kit-picked", "consignment", consignment["code"], kit=kit["code"])


async def _back_to_store(consignment: dict[str, Any], kits: Sequence[dict[str, Any]]) -> None:
    place = await ledger.consignment_place(consignment["id"])
    store = consignment["from_place_id"] or await ledger.place(ledger.STORE)
    parts = await stock.contents_of([kit["kit_id"] for kit in kits])
    moves = [
        Move(part["item_id"], part["quantity"], place, store, part["kit_id"], part["device_id"])
        for part in parts
        if part["place_id"] == place
    ]
    if moves:
        mark = max([await stock.movement_mark(kit["kit_id"]) for kit in kits])
        key = f"unpack:{consignment['id']}:{mark}"
        await ledger.post(moves, reason="unpack", key=key, document=consignment["code"])


async def _all_back(consignment: dict[str, Any]) -> None:
    """All that is in a consignment goes to the store that it came from."""
    place = await ledger.consignment_place(consignment["id"])
    store = consignment["from_place_id"] or await ledger.place(ledger.STORE)
    moves = [
        Move(part["item_id"], part["quantity"], place, store, part["kit_id"], part["device_id"])
        for part in await leg_queries.parcels_at(place)
    ]
    if moves:
        key = f"unpack:{consignment['id']}:cancelled"
        await ledger.post(moves, reason="unpack", key=key, document=consignment["code"])


async def unpick(code: str, kit_code: str) -> None:
    """Take a kit out of a consignment again, before it is packed; its pieces go back to the store."""
    async with unit_of_work():
        consignment, _ = await _locked(code, Action.PICK)
        wanted = parse_code(kit_code)
        kits = [kit for kit in await queries.kits_of(consignment["id"]) if kit["code"] == wanted]
        if not kits:
            raise NotFound("kit-not-in-consignment", kit=kit_code[:20], code=consignment["code"])
        await _back_to_store(consignment, kits)
        await queries.remove_kit(consignment["id"], kits[0]["kit_id"])
        await audit.record("kit-unpicked", "consignment", consignment["code"], kit=kits[0]["code"])


async def pack(code: str, *, parcels: int = 1, weight_grams: int | None = None) -> None:
    """Close a consignment: what is in it is what its papers will say.

    Args:
        weight_grams: of all parcels together, where it was weighed.

    Raises:
        Conflict: nothing is in it, or not all of what its case says.
        Invalid: a number of parcels or a weight that cannot be.
    """
    if weight_grams is not None and not 1 <= weight_grams <= HEAVIEST_GRAMS:
        raise Invalid("weight-out-of-range", most=HEAVIEST_GRAMS // 1000)
    if not 1 <= parcels <= MOST_PARCELS:
        raise Invalid("parcels-out-of-range", most=MOST_PARCELS)
    async with unit_of_work():
        consignment, after = await _locked(code, Action.PACK)
        if left := await queries.left_of_case(consignment["id"]):
            raise Conflict("case-is-not-in", code=consignment["code"], left=left)
        if not await queries.lines_of(consignment["id"]):
            raise Conflict("consignment-empty", code=consignment["code"])
        await queries.set_parcels(consignment["id"], parcels, weight_grams)
        await queries.set_state(consignment["id"], after)
        await audit.record("consignment-packed", "consignment", consignment["code"], parcels=parcels)


async def unpack(code: str) -> None:
    """Open a packed consignment again, to change what is in it."""
    async with unit_of_work():
        consignment, after = await _locked(code, Action.UNPACK)
        await queries.set_state(consignment["id"], after)
        await audit.record("consignment-unpacked", "consignment", consignment["code"])


async def dispatch(
    code: str,
    *,
    courier: str,
    tracking_number: str = "",
    document: str = "",
    expected_on: date | None = None,
    mail_waits_minutes: int = 0,
    later: bool = False,
) -> None:
    """Hand a packed consignment to a courier; the school's official mailbox gets one mail with link and code.

    Args:
        document: the number of the delivery note that travels with it, if it is a tax document.
        expected_on: when it should be there; a week from today if not told.
        mail_waits_minutes: how long the mail stays in the outbox, so that `take_back` is still possible.
        later: the caller writes to the school or the stop, once for all that it is sent (`telling.tell`).

    Raises:
        Conflict: not packed, or the school has no mailbox.
        Invalid: no courier, or a day that has passed.
    """
    if not courier.strip():
        raise Invalid("courier-missing")
    expected = expected_on or today() + timedelta(days=DAYS_ON_THE_WAY)
    if expected < today():
        raise Invalid("expected-day-has-passed", day=expected)
    async with unit_of_work():
        consignment, after = await _locked(code, Action.DISPATCH)
        if not consignment["institution_email"]:
            raise Conflict("school-without-mailbox", name=consignment["institution_name"])
        await queries.set_dispatch(
            consignment["id"],
            courier.strip()[:80],
            tracking_number.strip()[:80],
            document.strip()[:80],
            expected,
            consignment["parcels"],
        )
        await queries.set_state(consignment["id"], after)
        await telling.write(consignment["id"], mail_waits_minutes, later=later)
        await audit.record("consignment-dispatched", "consignment", consignment["code"], courier=courier.strip())


async def take_back(code: str) -> None:
    """Undo a dispatch while its mail still waits in the outbox: packed again, nobody was told anything.

    Raises:
        Conflict: it has not left, something was received, a stop of its last mile has signed for it, or the school has
            been written to (then it is cancelled).
    """
    async with unit_of_work():
        consignment, after = await _locked(code, Action.TAKE_BACK)
        if any(leg["state"] == "taken" for leg in await legs.legs_of(consignment["id"])):
            raise Conflict("stop-has-signed", code=consignment["code"])
        if not await telling.take_back(consignment):
            raise Conflict("school-was-written-to", code=consignment["code"])
        await links.revoke_for_consignment(consignment["id"])
        await legs.not_sent_after_all(consignment["id"])
        await queries.clear_dispatch(consignment["id"])
        await queries.set_state(consignment["id"], after)
        await audit.record("consignment-taken-back", "consignment", consignment["code"])


async def resend_link(code: str) -> None:
    """Send the school a new link and code; the older ones stop working.

    Raises:
        Conflict: nothing is left to confirm, or the school has no mailbox.
    """
    async with unit_of_work():
        consignment = await get_consignment(code, Permission.DELIVERIES_WRITE)
        if consignment["state"] not in (State.DISPATCHED, State.PARTIALLY_RECEIVED):
            raise Conflict("consignment-not-awaited", code=consignment["code"], state=consignment["state"])
        if not consignment["institution_email"]:
            raise Conflict("school-without-mailbox", name=consignment["institution_name"])
        await telling.write(consignment["id"])
        await audit.record("receipt-link-sent-again", "consignment", consignment["code"])


async def cancel(code: str, *, why: str) -> None:
    """Cancel a consignment of which nothing was received. Who was told that it comes is told that it does not, and its
    link says so. What has not left goes back at once; what is under way is on its way back (`returning`)."""
    if not why.strip():
        raise Invalid("reason-missing")
    async with unit_of_work():
        consignment, after = await _locked(code, Action.CANCEL)
        due = today() + timedelta(days=DAYS_ON_THE_WAY_BACK) if after is State.RETURNING else None
        if due is None:
            await _all_back(consignment)
            await queries.release_kits(consignment["id"])
        await queries.set_cancel_reason(consignment["id"], why.strip()[:1000], due)
        await queries.set_state(consignment["id"], after)
        await telling.tell_cancelled(consignment, why.strip()[:1000])
        await audit.record("consignment-cancelled", "consignment", consignment["code"], why=why.strip())


async def list_consignments(
    q: str, filters: Mapping[str, str], *, sort: str, descending: bool, limit: int, offset: int
) -> tuple[list[dict[str, Any]], int]:
    """A page of consignments and how many there are, within the reader's scope."""
    scope = require(Permission.DELIVERIES_READ)
    rows = await queries.consignments(scope, q, filters, sort=sort, descending=descending, limit=limit, offset=offset)
    return rows, await queries.count_consignments(scope, q, filters)


async def every_consignment(
    q: str, filters: Mapping[str, str], *, sort: str, descending: bool
) -> AsyncIterator[dict[str, Any]]:
    """Every consignment of a list, within the reader's scope: for a file."""
    scope = require(Permission.DELIVERIES_READ)
    async for row in queries.every_consignment(scope, q, filters, sort=sort, descending=descending):
        yield row


async def list_consignments_after(filters: Mapping[str, str], after: int, limit: int) -> list[dict[str, Any]]:
    """Consignments in the order of their ids beyond one, within the reader's scope."""
    return await queries.consignments_after(require(Permission.DELIVERIES_READ), filters, after, limit)


async def waves_sent() -> list[dict[str, Any]]:
    """The waves of which something was made ready to send, newest first."""
    require(Permission.DELIVERIES_READ)
    return await queries.waves_with_consignments()


async def counts() -> dict[str, int]:
    """How many consignments are in each state (and `late`), within the reader's scope."""
    return await queries.counts_by_state(require(Permission.DELIVERIES_READ))

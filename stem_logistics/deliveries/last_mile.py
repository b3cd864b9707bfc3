"""The last mile: regional stores and ambassadors take consignments over, sign, and bring them to the schools.

A consignment that a stop holds is a place of its own in the ledger. The school confirms its receipt as ever; it is
written to when the last of the stops has signed.
"""

from collections.abc import Sequence
from typing import Any, Literal

from stem_logistics import audit, runtime
from stem_logistics.accounts import links
from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.codes import new_code, parse_code
from stem_logistics.db.engine import unit_of_work
from stem_logistics.deliveries import leg_queries, queries, service, telling
from stem_logistics.deliveries.rules import AWAITING_RECEIPT, State
from stem_logistics.errors import Conflict, Forbidden, Invalid, NotFound
from stem_logistics.inventory import ledger
from stem_logistics.inventory.ledger import Move

Kind = Literal["regional-store", "ambassador"]
KINDS: tuple[Kind, ...] = ("regional-store", "ambassador")
MOST_LEGS = 3
LONGEST = {"title": 120, "email": 200, "phone": 60, "address": 200}


async def list_stops() -> list[dict[str, Any]]:
    """The stops of the regions that the reader sees, with how many consignments each holds or is to get."""
    return await leg_queries.stops(service.require(Permission.DELIVERIES_READ))


async def add_stop(
    kind: str, region: str, *, title: str, email: str, phone: str = "", address: str = "", account: str = ""
) -> str:
    """Add a regional store or an ambassador of a region; returns the stop's code.

    Args:
        title: what it is called; of an ambassador the name.
        email: where the mail with the link goes.
        account: the e-mail of the account that signs for it, where there is one.

    Raises:
        Invalid: something is missing or unusable. NotFound: no such region within the scope, or no such account.
        Conflict: the region has one with this address.
    """
    scope = service.require(Permission.DELIVERIES_WRITE)
    given = {"title": title.strip(), "email": email.strip(), "phone": phone.strip(), "address": address.strip()}
    if kind not in KINDS or not given["title"] or any(len(given[name]) > most for name, most in LONGEST.items()):
        raise Invalid("stop-incomplete")
    if "@" not in given["email"] or any(letter.isspace() for letter in given["email"]):
        raise Invalid("mail-address-unusable", address=email[:80])
    code = new_code("S")
    async with unit_of_work():
        found = await leg_queries.region_by_code(region.strip())
        if found is None or not scope.covers(region_id=found["id"]):
            raise NotFound("office-not-found", code=region[:30])
        if any(
            each["active"] and each["email"] == given["email"] and each["regional_directorate_id"] == found["id"]
            for each in await leg_queries.stops(scope)
        ):
            raise Conflict("stop-known", email=given["email"])
        account_id = await leg_queries.account_by_email(account.strip()) if account.strip() else None
        if account.strip() and account_id is None:
            raise NotFound("stop-account-unknown", email=account.strip()[:80])
        await leg_queries.add_stop(code, kind, found["id"], **given, account_id=account_id)
        await audit.record("stop-added", "stop", code, kind=kind)
    return code


async def _stop(typed: str, permission: Permission) -> dict[str, Any]:
    scope = service.require(permission)
    code = parse_code(typed)
    found = await leg_queries.stop(code) if code else None
    if found is None or not scope.covers(region_id=found["regional_directorate_id"]):
        raise NotFound("stop-not-found", code=typed[:20])
    return found


async def set_active(code: str, active: bool) -> None:
    """Offer a stop for new consignments, or no more; what it holds it still hands over."""
    async with unit_of_work():
        found = await _stop(code, Permission.DELIVERIES_WRITE)
        await leg_queries.set_active(found["id"], active)
        await audit.record("stop-offered" if active else "stop-retired", "stop", found["code"])


async def plan_way(code: str, stops: Sequence[str]) -> None:
    """Say through whose hands a consignment goes before it leaves; none: straight to the school.

    Raises:
        Conflict: it has left, a stop is named twice, is retired, or of another region than the school's.
        NotFound: no such consignment or stop within the scope.
    """
    async with unit_of_work():
        consignment = await service.get_consignment(code, Permission.DELIVERIES_WRITE)
        state = await queries.lock(consignment["id"])
        if state not in (State.PACKING, State.PACKED):
            raise Conflict("way-of-what-has-left", code=consignment["code"])
        found = [await _stop(each, Permission.DELIVERIES_WRITE) for each in stops]
        if len(found) > MOST_LEGS or len({each["id"] for each in found}) != len(found):
            raise Conflict("way-unusable", most=MOST_LEGS)
        for each in found:
            if not each["active"] or each["regional_directorate_id"] != consignment["regional_directorate_id"]:
                raise Conflict("stop-of-another-region", stop=each["title"] or each["code"])
        await leg_queries.set_way(consignment["id"], [each["id"] for each in found])
        await audit.record("way-planned", "consignment", consignment["code"], stops=len(found))


async def plan_region(code: str) -> int:
    """Send all that has not left for a stop's region, and has no way yet, through that stop; returns how many."""
    async with unit_of_work():
        stop = await _stop(code, Permission.DELIVERIES_WRITE)
        found = await leg_queries.without_way(stop["regional_directorate_id"])
        for each in found:
            await plan_way(each, [stop["code"]])
    return len(found)


async def go_straight(code: str, *, why: str) -> None:
    """Leave out the stops that have not signed: the school is written to now.

    Raises:
        Invalid: no reason. Conflict: it is not on its way, or no stop is left.
    """
    if not why.strip():
        raise Invalid("reason-missing")
    async with unit_of_work():
        consignment = await service.get_consignment(code, Permission.DELIVERIES_WRITE)
        state = await queries.lock(consignment["id"])
        if state not in AWAITING_RECEIPT:
            raise Conflict("consignment-not-awaited", code=consignment["code"], state=str(state))
        if not await leg_queries.skip_rest(consignment["id"]):
            raise Conflict("way-without-stops", code=consignment["code"])
        await telling.send_links([consignment["id"]])
        await audit.record("way-shortened", "consignment", consignment["code"], why=why.strip()[:500])


def _may_sign(who: Principal, stop: dict[str, Any]) -> bool:
    """A link signs for its stop; a person for their own, and who writes deliveries for those of the scope."""
    if who.kind == "link":
        return who.permission is Permission.LINK_HAND_OVER and who.stop_id == stop["id"]
    region = stop["regional_directorate_id"]
    if not who.may(Permission.HAND_OVER, region_id=region):
        return False
    return stop["account_id"] == who.id or who.may(Permission.DELIVERIES_WRITE, region_id=region)


async def my_stops() -> list[dict[str, Any]]:
    """The stops that the reader sees, each with its parcels and whether the reader may sign (`mine`)."""
    who = runtime.actor().principal
    if who.kind == "link":
        if who.permission is not Permission.LINK_HAND_OVER or who.stop_id is None:
            raise Forbidden("not-allowed", permission=Permission.LINK_HAND_OVER.value)
        found = await leg_queries.stop_by_id(who.stop_id)
        rows = [found] if found else []
    else:
        rows = await leg_queries.stops(service.require(Permission.HAND_OVER))
    parcels = await leg_queries.parcels_of([row["id"] for row in rows])
    return [
        {**row, "mine": _may_sign(who, row), "parcels": [each for each in parcels if each["stop_id"] == row["id"]]}
        for row in rows
    ]


async def take_over(codes: Sequence[str], *, name: str, post: str, remark: str = "") -> int:
    """Sign for consignments that have come to a stop; returns how many. Signed twice, it counts once.

    Raises:
        Invalid: none chosen, or no name or post. NotFound: one that does not come to a stop of the reader.
        Conflict: one that was cancelled or has not been sent.
    """
    if not codes:
        raise Invalid("hand-over-of-nothing")
    if not name.strip() or not post.strip() or len(name) > 120 or len(post) > 120 or len(remark) > 500:
        raise Invalid("hand-over-unsigned")
    who = runtime.actor().principal
    count = 0
    async with unit_of_work():
        # in one order, so that two people who sign for the same parcels do not wait for one another
        for code in sorted({parse_code(each) or each for each in codes}):
            count += await _take_one(who, code, name.strip(), post.strip(), remark.strip())
        await links.note_use(who)
    return count


async def _take_one(who: Principal, code: str, name: str, post: str, remark: str) -> bool:
    consignment = await queries.consignment(code)
    if consignment is None:
        raise NotFound("consignment-not-found", code=code[:20])
    state = await queries.lock(consignment["id"])
    taken = [leg for leg in await leg_queries.legs(consignment["id"]) if leg["state"] == "taken"]
    leg = await leg_queries.next_leg(consignment["id"])
    for each in (leg, *taken[-1:]):
        stop = await leg_queries.stop_by_id(each["stop_id"]) if each else None
        if stop is None or not _may_sign(who, stop):
            continue
        if each is not leg:
            return False  # signed for already: the button was pressed twice
        if state not in AWAITING_RECEIPT or leg is None or leg["state"] != "sent":
            raise Conflict("hand-over-not-possible", code=consignment["code"], state=str(state))
        return await _hand_over(who, consignment, leg, stop, (name, post, remark))
    raise NotFound("consignment-not-found", code=code[:20])


async def _hand_over(
    who: Principal,
    consignment: dict[str, Any],
    leg: dict[str, Any],
    stop: dict[str, Any],
    signed: tuple[str, str, str],
) -> bool:
    channel = "link" if who.kind == "link" else "account"
    if not await leg_queries.take(
        leg["id"], signed[0], signed[1], channel, who.id if who.kind == "account" else None, signed[2]
    ):
        return False
    before = await ledger.consignment_place(consignment["id"])
    after = await ledger.place_at_stop(consignment["id"], stop["id"])
    moves = [
        Move(row["item_id"], row["quantity"], before, after, row["kit_id"], row["device_id"])
        for row in await leg_queries.parcels_at(before)
    ]
    if moves:
        await ledger.post(moves, reason="hand-over", key=f"hand-over:{leg['id']}", document=consignment["code"])
    await leg_queries.hold(consignment["id"], stop["id"])
    await telling.write(consignment["id"])
    await audit.record("consignment-handed-over", "consignment", consignment["code"], stop=stop["code"])
    return True


async def waiting() -> int:
    """How many consignments wait for the signature of the person who reads."""
    who = runtime.actor().principal
    return await leg_queries.waiting_for(who.id) if who.kind == "account" and who.id is not None else 0

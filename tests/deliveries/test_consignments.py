"""Consignments: what they take, when they may leave, and what happens to their pieces."""

import asyncio
from datetime import date

import pytest

from stem_logistics.accounts.policy import EVERYWHERE, Grant, Principal
from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.deliveries import from_wave, queries
from stem_logistics.deliveries import service as deliveries
from stem_logistics.errors import Conflict, Forbidden, Gone, Invalid, NotFound
from stem_logistics.inventory import service as stock
from tests.deliveries.parcels import assert_ledger_holds, dispatched_parcel, last_mail
from tests.inventory.stock import make_definition, make_institution, receive
from tests.support import acting_as

pytestmark = pytest.mark.usefixtures("service")


async def test_one_mail_for_each_consignment() -> None:
    """Dispatching writes one mail to the official mailbox, with link and code, and no names of people."""
    parcel = await dispatched_parcel()
    messages = await fetch("SELECT * FROM mail_message")
    assert [message["to_address"] for message in messages] == ["mail@0501659.example"]
    body = messages[0]["body"]
    assert f"http://testserver.local/r/{parcel.token}" in body
    assert parcel.typed_code in body and "Σετ micro:bit" in body and "RR1" in body
    assert parcel.token not in str(await fetch("SELECT * FROM school_link")), "the link is stored as a digest only"
    assert await parcel.balances() == {"consignment": 9}


async def test_a_kit_travels_in_one_consignment() -> None:
    """Of two people who pick the same kit at once one gets it; a kit that left the store is refused by name."""
    await make_institution()
    (kit,) = await receive(await make_definition())
    codes = [await deliveries.create_consignment("0501659") for _ in range(3)]
    results = await asyncio.gather(*(deliveries.pick(code, kit) for code in codes), return_exceptions=True)
    refused = [result for result in results if result is not None]
    assert len(refused) == 2 and all(isinstance(each, Conflict) for each in refused)
    assert {each.slug for each in refused if isinstance(each, Conflict)} <= {
        "kit-not-in-store",
        "kit-already-packed",
        "stock-overdrawn",
    }
    await assert_ledger_holds()


async def test_taken_out_and_put_in_again() -> None:
    """A kit may be unpicked and picked again, also into another consignment; its pieces follow each time."""
    await make_institution()
    (kit,) = await receive(await make_definition())
    first, second = [await deliveries.create_consignment("0501659") for _ in range(2)]
    for code in (first, first, second):
        await deliveries.pick(code, kit)
        await deliveries.unpick(code, kit)
    await deliveries.pick(second, kit)
    found = await stock.get_kit(kit)
    assert (found["place_kind"], found["consignment_code"]) == ("consignment", second)
    with pytest.raises(NotFound, match="kit-not-in-consignment"):
        await deliveries.unpick(first, kit)
    await assert_ledger_holds()


async def test_only_what_is_packed_leaves() -> None:
    """Empty, unpacked, without courier, without mailbox, into the past: each is refused with its own reason."""
    await make_institution(email="")
    (kit,) = await receive(await make_definition())
    code = await deliveries.create_consignment("0501659")
    with pytest.raises(Conflict, match="consignment-empty"):
        await deliveries.pack(code)
    await deliveries.pick(code, kit)
    with pytest.raises(Conflict, match="consignment-step-not-possible") as refused:
        await deliveries.dispatch(code, courier="Χ")
    assert refused.value.params == {"state": "packing", "action": "dispatch"}
    with pytest.raises(Invalid, match="parcels-out-of-range"):
        await deliveries.pack(code, parcels=0)
    await deliveries.pack(code)
    with pytest.raises(Conflict, match="consignment-step-not-possible"):
        await deliveries.pick(code, kit)
    with pytest.raises(Invalid, match="courier-missing"):
        await deliveries.dispatch(code, courier=" ")
    with pytest.raises(Invalid, match="expected-day-has-passed"):
        await deliveries.dispatch(code, courier="Χ", expected_on=date(2020, 1, 1))
    with pytest.raises(Conflict, match="school-without-mailbox"):
        await deliveries.dispatch(code, courier="Χ")
    assert await fetch_value("SELECT count(*) FROM mail_message") == 0


async def test_cancelling_brings_everything_back() -> None:
    """Cancelled before it left, a consignment returns its pieces at once and frees its kit for another one."""
    parcel = await dispatched_parcel()
    await deliveries.take_back(parcel.code)
    with pytest.raises(Invalid, match="reason-missing"):
        await deliveries.cancel(parcel.code, why="")
    await deliveries.cancel(parcel.code, why="λάθος διεύθυνση")
    assert await parcel.balances() == {"store": 9}
    with pytest.raises(Conflict, match="consignment-step-not-possible"):
        await deliveries.cancel(parcel.code, why="πάλι")
    again = await deliveries.create_consignment("0501659")
    await deliveries.pick(again, parcel.kit)
    await assert_ledger_holds()


async def test_a_new_link_ends_the_old_one() -> None:
    """Sending the link again makes a new one; the one that may have gone astray stops working."""
    parcel = await dispatched_parcel()
    await deliveries.resend_link(parcel.code)
    assert parcel.token not in (await last_mail("mail@0501659.example"))["body"]
    with pytest.raises(Gone, match="link-revoked"):
        await parcel.confirm()


async def test_a_region_sees_its_own() -> None:
    """A grant for one region sees and changes that region's consignments only, and nothing without the permission."""
    parcel = await dispatched_parcel()
    regions = {row["code"]: row["id"] for row in await fetch("SELECT id, code FROM regional_directorate")}
    await make_institution("8888888", "ΑΛΛΟΥ", region="M")
    regions |= {row["code"]: row["id"] for row in await fetch("SELECT id, code FROM regional_directorate")}

    def person(role: str, region: str) -> Principal:
        return Principal("account", None, grants=(Grant(role, "region", regions[region]),))

    page = {"sort": "code", "descending": False, "limit": 10, "offset": 0}
    with acting_as(person("staff", "B")):
        rows, total = await deliveries.list_consignments("", {}, **page)  # type: ignore[arg-type]
        assert (len(rows), total) == (1, 1)
    with acting_as(person("staff", "M")):
        assert await deliveries.list_consignments("", {}, **page) == ([], 0)  # type: ignore[arg-type]
        with pytest.raises(NotFound, match="consignment-not-found"):
            await deliveries.get_consignment(parcel.code)
        with pytest.raises(NotFound, match="consignment-not-found"):
            await deliveries.cancel(parcel.code, why="ξένη περιφέρεια")
        with pytest.raises(NotFound, match="kit-not-found"):
            await stock.get_kit(parcel.kit)
    with acting_as(person("auditor", "B")), pytest.raises(Forbidden):
        await deliveries.cancel(parcel.code, why="ελεγκτής")


async def published_wave(units: dict[str, int], kit_slug: str) -> int:
    """A published wave that awards kits to schools (by code)."""
    wave_id = await fetch_value(
        """INSERT INTO wave (slug, title_el, title_en, year_from, year_to, state)
           VALUES ('stem-6', 'Δράση STEM 6', 'STEM 6', 2026, 2027, 'published') RETURNING id"""
    )
    for code, count in units.items():
        await execute(
            """INSERT INTO award (wave_id, institution_id, kit_slug, units, source)
               SELECT $1, id, $2, $3, 'direct' FROM institution WHERE code = $4""",
            wave_id,
            kit_slug,
            count,
            code,
        )
    return int(wave_id)


async def test_a_waves_awards_become_consignments() -> None:
    """One consignment a school with the kits that it was awarded; a second run, or two at once, makes no more."""
    for number in (1, 2, 3):
        await make_institution(f"000000{number}", f"Σχολείο {number}")
    definition = await make_definition()
    await receive(definition, 3)
    wave_id = await published_wave({"0000001": 1, "0000002": 2, "0000003": 1}, definition.slug)
    seen = await from_wave.preview("stem-6")
    assert seen["schools"] == 3
    assert seen["kits"] == [{"slug": "microbit-set", "owed": 4, "free": 3, "lacking": 1}]
    first, second = await asyncio.gather(from_wave.make_consignments("stem-6"), from_wave.make_consignments("stem-6"))
    assert first["kits"] + second["kits"] == 3
    rows = await fetch(
        """SELECT i.code, count(DISTINCT c.id) AS consignments, count(ck.id) AS kits FROM consignment c
           JOIN institution i ON i.id = c.institution_id LEFT JOIN consignment_kit ck ON ck.consignment_id = c.id
           GROUP BY i.code ORDER BY i.code"""
    )
    assert all(row["consignments"] == 1 for row in rows)
    assert sum(row["kits"] for row in rows) == 3
    assert all(row["kits"] <= {"0000001": 1, "0000002": 2, "0000003": 1}[row["code"]] for row in rows)
    assert sum(award["open"] for award in await queries.owed(wave_id, EVERYWHERE)) == 1
    await receive(definition, 1)
    assert (await from_wave.make_consignments("stem-6"))["kits"] == 1
    assert (await from_wave.make_consignments("stem-6")) == {"consignments": 0, "kits": 0, "lacking": {}}
    await assert_ledger_holds()


async def test_a_wave_that_is_not_published_ships_nothing() -> None:
    """Kits leave for published results only."""
    await published_wave({}, "x")
    await execute("UPDATE wave SET state = 'allocated'")
    with pytest.raises(Conflict, match="wave-not-published"):
        await from_wave.start("stem-6")
    with pytest.raises(NotFound, match="wave-not-found"):
        await from_wave.start("stem-7")

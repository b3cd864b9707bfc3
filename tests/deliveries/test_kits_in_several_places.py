"""Kits of which a part is elsewhere: packed, withdrawn, repaired and replaced as what they are, part by part."""

import pytest

from stem_logistics.custody import disposal, repairs, writing_off
from stem_logistics.custody.repairs import Given
from stem_logistics.db.engine import fetch_value
from stem_logistics.deliveries import resending
from stem_logistics.deliveries import service as deliveries
from stem_logistics.deliveries.expected import expected_lines
from stem_logistics.deliveries.rules import LineAnswer
from stem_logistics.errors import Conflict
from stem_logistics.settings import Settings
from tests.custody.scene import kit_at_school, place_of, places, serials
from tests.deliveries.parcels import assert_ledger_holds, dispatched_parcel
from tests.inventory.stock import make_definition, make_institution, receive


async def test_what_was_taken_out_and_not_put_in_again_does_not_travel(service: Settings) -> None:
    """A kit is packed, taken out, loses a device and is packed again: the school is asked for what is in the parcel."""
    await make_institution()
    (kit,) = await receive(await make_definition())
    code = await deliveries.create_consignment("0501659")
    await deliveries.pick(code, kit)
    await deliveries.unpick(code, kit)
    gone, left = await serials(kit)
    await disposal.dispose(kit, [gone], method="ΑΗΗΕ", why="Σπασμένη")
    await deliveries.pick(code, kit)
    lines = await expected_lines((await deliveries.identify(code))["id"])
    assert sorted((line.serial, line.shipped) for line in lines) == [("", 3), ("", 4), (left, 1)]


async def _half_on_its_way() -> tuple[str, str]:
    """A kit with one device at a school and the rest in a consignment; the device's number."""
    kit = await kit_at_school()
    there, other = await serials(kit)
    code = await repairs.report(kit, other, fault="Δεν ανάβει")
    for step in ("send", "back"):
        await repairs.take_step(code, step, Given(repairer="ACME"))
    consignment = await deliveries.create_consignment("0501659")
    await deliveries.pick(consignment, kit)
    assert await places(kit) == {"institution": 8, "consignment": 1}
    return kit, there


async def test_nobody_takes_a_part_out_of_a_parcel_that_is_closed(service: Settings) -> None:
    """A kit of which a part travels is neither written off nor disposed of whole; the part at the school is."""
    kit, there = await _half_on_its_way()
    for refused in (
        writing_off.write_off(kit, why="Χάθηκε"),
        disposal.dispose(kit, method="ΑΗΗΕ", why="Σπασμένο"),
    ):
        with pytest.raises(Conflict, match="kit-travels"):
            await refused
    await disposal.dispose(kit, [there], method="ΑΗΗΕ", why="Σπασμένη")
    assert await places(kit) == {"institution": 7, "consignment": 1, "scrapped": 1}
    await assert_ledger_holds()


async def test_a_fault_is_the_schools_where_the_part_is(service: Settings) -> None:
    """While one device of a kit is back in the store, the other one breaks: it still returns to its school."""
    kit = await kit_at_school()
    first, second = await serials(kit)
    one = await repairs.report(kit, first, fault="Δεν ανάβει")
    for step in ("send", "back"):
        await repairs.take_step(one, step, Given(repairer="ACME"))
    two = await repairs.report(kit, second, fault="Ούτε αυτή")
    for step in ("send", "back", "return"):
        await repairs.take_step(two, step, Given(repairer="ACME"))
    assert await place_of(second) == "institution-0501659"


async def test_a_broken_device_is_sent_to_nobody_as_a_replacement(service: Settings) -> None:
    """A device of the store that is being repaired is not what a school gets instead of a missing one."""
    parcel = await dispatched_parcel()
    (spare,) = await receive(await make_definition())
    broken, whole = await serials(spare)
    await repairs.report(spare, broken, fault="Δεν ανάβει")
    device = next(line for line in await parcel.lines() if line.serial)
    await parcel.confirm({device.key: LineAnswer(missing=1, missing_reason="not-in-parcel")})
    case = await fetch_value("SELECT code FROM discrepancy")
    again = await resending.start(case, "central-store", why="Στάλθηκε άλλη")
    with pytest.raises(Conflict, match="replacement-not-in-store"):
        await resending.put_in(again, broken)
    await resending.put_in(again, whole)
    assert (await place_of(whole)).startswith("consignment-")

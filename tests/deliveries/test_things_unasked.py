"""What came without having been sent and is ours: recognised, told on its case and on both timelines, and moved."""

import pytest
from litestar import Litestar

from stem_logistics.custody import repairs
from stem_logistics.custody import service as custody
from stem_logistics.db.engine import fetch, fetch_one, fetch_value
from stem_logistics.deliveries import discrepancies
from stem_logistics.deliveries import service as deliveries
from stem_logistics.deliveries.committee import Extra
from stem_logistics.deliveries.receipts import ReceiptRefused
from stem_logistics.errors import Conflict, Invalid, NotFound
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.life import Event, life_of
from stem_logistics.settings import Settings
from stem_logistics.web.i18n import use_locale
from tests.deliveries.parcels import Parcel, assert_ledger_holds, dispatched_parcel
from tests.inventory.stock import make_definition, receive
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in
from tests.web.accessibility import faults


async def _at_another_school() -> tuple[Parcel, str]:
    """A kit that another school received, and one of its devices' serial numbers."""
    box = await dispatched_parcel("0501661")
    await box.confirm(key="other")
    return box, (await box.line("microbit")).serial


async def _case() -> str:
    return str(await fetch_value("SELECT code FROM discrepancy WHERE surplus_id IS NOT NULL ORDER BY id DESC LIMIT 1"))


async def _place_of(serial: str) -> str:
    row = await fetch_one(
        """SELECT coalesce(i.code, p.code) AS code FROM device d JOIN holding h ON h.device_id = d.id AND h.quantity > 0
           JOIN place p ON p.id = h.place_id LEFT JOIN institution i ON i.id = p.institution_id
           WHERE d.serial_number = $1""",
        serial,
    )
    assert row is not None
    return str(row["code"])


async def _life(code: str) -> list[Event]:
    kit = await stock.get_kit(code)
    with use_locale("el"):
        return life_of(kit["history"], await stock.events_of_kit(kit["id"]))


def _misread(serial: str) -> str:
    """The same number as a person may type it: small letters, O for 0, a Greek letter, a blank."""
    return f" {serial.lower().replace('0', 'o').replace('n', 'Ν')} "


@pytest.mark.parametrize(("outcome", "where"), [("kept", "0501659"), ("taken-back", "central-store")])
async def test_a_device_of_another_school_is_recognised_and_moved(service: Settings, outcome: str, where: str) -> None:
    """The case names it and the school that the ledger has it at; what comes of the case moves it, with the case."""
    other, serial = await _at_another_school()
    box = await dispatched_parcel()
    await box.confirm(extras=(Extra("wrong", "Μια πλακέτα", 1, _misread(serial)),))
    case = await discrepancies.get_discrepancy(await _case())
    assert case["thing_kit_code"] == other.kit and case["institution_code"] == "0501659"
    assert await _place_of(serial) == "0501661"
    with pytest.raises(NotFound, match="place-not-found"):
        await discrepancies.close(case["code"], outcome, why="συμφωνήθηκε", store="lost")
    await discrepancies.close(case["code"], outcome, why="συμφωνήθηκε")
    assert await _place_of(serial) == where
    moved = await fetch("SELECT reason, document FROM movement ORDER BY id DESC LIMIT 1")
    assert [tuple(row.values()) for row in moved] == [("transfer" if outcome == "kept" else "return", case["code"])]
    for kit in (box.kit, other.kit):
        told = [event for event in await _life(kit) if any(case["code"] in door.href for door in event.doors)]
        assert len(told) == 2, "reported, and what came of it"
    assert not [event for event in await _life(other.kit) if case["code"] in event.text], "its movement is told with it"
    await assert_ledger_holds()


async def test_a_whole_kit_by_its_label(service: Settings) -> None:
    """A kit of the store that nobody sent stays: all of it is at the school then."""
    (stray,) = await receive(await make_definition())
    box = await dispatched_parcel()
    await box.confirm(extras=(Extra("surplus", "Ακόμη ένα κουτί", 1, f"{stray[:4]}-{stray[4:]}".lower()),))
    await discrepancies.close(await _case(), "kept", why="το χρειάζονται")
    kit = await stock.get_kit(stray)
    assert {row["place_kind"] for row in kit["contents"]} == {"institution"}
    await assert_ledger_holds()


async def test_a_kit_that_leaves_is_in_nobodys_charge(service: Settings) -> None:
    """Another school's kit that is fetched back to the store ends the charge that somebody there had of it."""
    other, _ = await _at_another_school()
    await custody.hand_over(other.kit, name="Ελένη Παππά", post="ΠΕ86")
    box = await dispatched_parcel()
    await box.confirm(extras=(Extra("wrong", "Κουτί", 1, other.kit),))
    await discrepancies.close(await _case(), "taken-back", why="λάθος δέμα")
    assert await fetch_value("SELECT count(*) FROM custody WHERE until IS NULL") == 0
    assert await other.balances() == {"store": 9}


async def test_what_is_bound_elsewhere_is_not_moved(service: Settings) -> None:
    """On its way in another consignment, or being repaired: the case says what has to end first, and stays open."""
    other = await dispatched_parcel("0501661")
    serial = (await other.line("microbit")).serial
    box = await dispatched_parcel()
    await box.confirm(extras=(Extra("wrong", "Πλακέτα", 1, serial),))
    case = await _case()
    with pytest.raises(Conflict, match="thing-travels"):
        await discrepancies.close(case, "kept", why="μένει")
    await other.confirm(key="other")
    await repairs.report(other.kit, serial, fault="δεν ανάβει")
    with pytest.raises(Conflict, match="thing-in-repair"):
        await discrepancies.close(case, "kept", why="μένει")
    assert (await discrepancies.get_discrepancy(case))["state"] == "open"
    await assert_ledger_holds()


async def test_what_cannot_have_come_unasked(service: Settings) -> None:
    """A number of this very consignment, the same twice, two pieces of one: refused beside its field."""
    _, serial = await _at_another_school()
    box = await dispatched_parcel()
    mine = (await box.line("microbit")).serial
    for extras, place in (
        ((Extra("surplus", "Α", 1, mine),), "extra-1-serial"),
        ((Extra("surplus", "Α", 1, box.kit),), "extra-1-serial"),
        ((Extra("surplus", "Α", 1, serial), Extra("wrong", "Β", 1, serial.lower())), "extra-2-serial"),
        ((Extra("surplus", "Α", 2, serial),), "extra-1-quantity"),
    ):
        with pytest.raises(ReceiptRefused) as refused:
            await box.confirm(extras=extras)
        assert [problem.where for problem in refused.value.problems] == [place]
    assert await box.balances() == {"consignment": 9}


async def test_what_nobody_knows_moves_nothing_until_it_is_named(app: Litestar) -> None:
    """An unknown number: the page says so; staff enter it and name it, and then the outcome moves it."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            box = await dispatched_parcel()
            await box.confirm(extras=(Extra("surplus", "Ρομπότ", 1, "RX-7"), Extra("surplus", "Καλώδιο", 3)))
            (kit,) = await receive(await make_definition())
            serial = await fetch_value("SELECT serial_number FROM device ORDER BY id DESC LIMIT 1")
            cable, case = [row["code"] for row in await fetch("SELECT code FROM discrepancy ORDER BY id DESC")]
            await discrepancies.close(cable, "kept", why="δώρο")
        await sign_in(client, await make_person("staff"))
        page = await client.get(f"/discrepancies/{case}")
        assert "δεν γνωρίζει τίποτα με αυτόν τον αριθμό" in page.text and faults(page.text) == []
        assert "δεν έχει τίποτα γι" in (await client.get(f"/discrepancies/{cable}")).text
        refused = await post_form(client, f"/discrepancies/{case}/thing", {"number": "RX-7"})
        assert refused.status_code == 422 and "RX-7" in refused.text and faults(refused.text) == []
        named = await post_form(client, f"/discrepancies/{case}/thing", {"number": serial.lower()})
        assert named.status_code == 303
        page = await client.get(named.headers["location"])
        assert f"/stock/kits/{kit}" in page.text and "Κεντρική αποθήκη" in page.text and faults(page.text) == []
        closed = await post_form(client, f"/discrepancies/{case}/close", {"outcome": "kept", "why": "το κρατούν"})
        assert closed.status_code == 303
        assert faults((await client.get(f"/discrepancies/{case}")).text) == []
        assert f"/discrepancies/{case}" in (await client.get(f"/stock/kits/{kit}")).text
        with acting_as(OPERATOR):
            assert await _place_of(serial) == "0501659"
            with pytest.raises(Conflict, match="discrepancy-closed"):
                await discrepancies.name_thing(case, serial)
            with pytest.raises(Invalid, match="reason-missing"):
                await discrepancies.close(case, "kept", why=" ")
            await deliveries.create_consignment("0501659")

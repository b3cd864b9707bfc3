"""A kit's timeline: everything that happened to it, told once, with who, why and a door to its document."""

from litestar import Litestar

from stem_logistics.custody import disposal, moving, repairs, writing_off
from stem_logistics.custody import service as custody
from stem_logistics.deliveries import discrepancies
from stem_logistics.deliveries.committee import Extra
from stem_logistics.deliveries.rules import LineAnswer
from stem_logistics.inventory import labels
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.life import Event, life_of
from stem_logistics.inventory.words import REASON_WORDS
from stem_logistics.web.i18n import use_locale
from tests.deliveries.parcels import Parcel, dispatched_parcel
from tests.support import OPERATOR, acting_as, browser, make_person, sign_in
from tests.web.accessibility import faults


async def _life(kit: str) -> list[Event]:
    found = await stock.get_kit(kit)
    with use_locale("en"):
        return life_of(found["history"], await stock.events_of_kit(found["id"]))


async def _lived() -> tuple[Parcel, str]:
    """A kit that was received with a broken device, handed over, and given back to the store; and its serial number."""
    parcel = await dispatched_parcel()
    await labels.print_labels(await labels.find([parcel.kit]), labels.sheet_of("a4-3x7"), 1)
    line = await parcel.line("microbit")
    broken = LineAnswer(damaged=1, damage_reason="transport", note="σπασμένο")
    await parcel.confirm({line.key: broken}, note="Το κουτί ήταν ανοιχτό")
    (found,), _total = await discrepancies.list_discrepancies({})
    await discrepancies.close(found["code"], "credited", why="Πιστωτικό 12")
    await custody.hand_over(parcel.kit, name="Άννα Λέκκα", post="ΠΕ86", room="Εργαστήριο")
    other = next(each.serial for each in await parcel.lines() if each.serial and each.serial != line.serial)
    code = await repairs.report(parcel.kit, other, fault="δεν ανάβει", under_warranty=True)
    await repairs.take_step(code, "send", repairs.Given(repairer="Τεχνική", repairer_number="RMA-7"))
    await moving.transfer([parcel.kit], moving.STORE, why="Συγχώνευση")
    return parcel, other


async def test_every_event_is_told_once_with_its_reason_and_document(service: None) -> None:
    """Newest first: transfer, repair, custody, the case and its outcome, receipt, dispatch, packing, purchase."""
    parcel, serial = await _lived()
    events = await _life(parcel.kit)
    assert events == sorted(events, key=lambda event: event.at, reverse=True)
    with use_locale("en"):
        titles = [str(event.title) for event in events]
    assert len(titles) == len({*titles}), titles  # in this life nothing happens twice
    said = dict(zip(titles, events, strict=True))
    moved = said["On its way back to the store"]
    assert moved.reversible and moved.why == "Συγχώνευση"
    assert any(door.href.startswith("/papers/") for door in moved.doors)
    sent = said["Repair: Sent to the repairer"]
    assert serial in sent.text and "RMA-7" in sent.text and "→ Τεχνική" in sent.text
    assert {door.href.split("/")[1] for door in sent.doors} == {"repairs", "papers"}
    charged = said["Handed over into somebody's charge"]
    assert charged.who == "Άννα Λέκκα, ΠΕ86" and "Εργαστήριο" in charged.text
    closed = said["The discrepancy was closed: Credited by the supplier"]
    assert closed.why == "Πιστωτικό 12" and "Supplier" not in titles
    damaged = said["Damaged"]
    assert damaged.why == "σπασμένο" and damaged.doors[0].href.startswith("/discrepancies/")
    received = said["Received by the school"]
    assert received.who == "Μαρία Ανδρέου, Διευθύντρια" and received.why == "Το κουτί ήταν ανοιχτό"
    assert received.doors[0].href.endswith("/protocol.pdf")
    assert "RR1" in said["Sent"].text
    assert {"Came from the supplier", "Put into a consignment", "Chosen for a consignment", "Labelled"} <= {*titles}


async def test_no_movement_is_lost_from_the_timeline(service: None) -> None:
    """What the ledger moved stands in the timeline, by itself or with the event that explains it."""
    parcel, _serial = await _lived()
    history = (await stock.get_kit(parcel.kit))["history"]
    events = await _life(parcel.kit)
    with use_locale("en"):
        with_another = [
            row for row in history if f"{REASON_WORDS[row['reason']]}" not in {str(e.title) for e in events}
        ]
    # the credit is told with its case, what goes back to the store by where it goes
    assert {row["reason"] for row in with_another} == {"receive-damaged", "repair", "return", "transfer"}
    told = "\n".join(event.text for event in events)
    for row in with_another:
        assert f"{row['pieces']} piece" in told, row


async def test_a_kit_of_which_a_piece_was_lost_is_withdrawn_all_the_same(service: None) -> None:
    """What became of the rest says where a kit is, not what was lost long ago."""
    parcel = await dispatched_parcel()
    cables = await parcel.line("usb-cable")
    await parcel.confirm({cables.key: LineAnswer(2, missing=1, missing_reason="not-in-parcel")})
    await disposal.dispose(parcel.kit, method="Συλλέκτης ΑΗΗΕ", why="Παλιό")
    assert (await stock.get_kit(parcel.kit))["place_kind"] == "scrapped"


async def test_the_page_shows_it(app: Litestar) -> None:
    """The page holds the doors and is accessible."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            parcel, _serial = await _lived()
        await sign_in(client, await make_person("staff"))
        page = (await client.get(f"/stock/kits/{parcel.kit}")).text
    assert "/protocol.pdf" in page and "/discrepancies/" in page and "/repairs/" in page and "«Συγχώνευση»" in page
    assert faults(page) == []


async def test_what_came_without_having_been_sent_is_told(service: None) -> None:
    """A surplus and a thing in another's place stand in the timeline as what is missing does, with their outcomes."""
    parcel = await dispatched_parcel()
    extras = (Extra("surplus", "Καλώδιο HDMI", 2), Extra("wrong", "Arduino Uno", 1, "UNO-7"))
    await parcel.confirm(extras=extras)
    cases = {row["kind"]: row["code"] for row in (await discrepancies.list_discrepancies({}))[0]}
    await discrepancies.close(cases["wrong"], "taken-back", why="Το πήρε ο πρεσβευτής")
    events = await _life(parcel.kit)
    with use_locale("en"):
        said = {str(event.title): event for event in events}
    assert "2 × Καλώδιο HDMI" in said["Surplus"].text
    assert "UNO-7" in said["Another thing"].text
    for kind, title in (("surplus", "Surplus"), ("wrong", "Another thing")):
        assert said[title].doors[0].href == f"/discrepancies/{cases[kind]}"
    closed = said["The discrepancy was closed: Fetched back"]
    assert closed.why == "Το πήρε ο πρεσβευτής" and "UNO-7" in closed.text


async def test_a_movement_by_its_own_paper_is_told_once(service: None) -> None:
    """What moved by a paper of its own stands once and leads to the paper; no other event tells it as its own."""
    parcel = await dispatched_parcel()
    await parcel.confirm()
    await writing_off.write_off(parcel.kit, why="Πλημμύρα")
    events = await _life(parcel.kit)
    (lost,) = [event for event in events if "Απώλειες" in event.text]
    assert lost.why == "Πλημμύρα" and [str(door.label)[:2] for door in lost.doors] == ["ΔΓ"]
    assert lost.doors[0].href.startswith("/papers/")

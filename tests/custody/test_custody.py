"""Who has a kit; repairs, loans, moves, disposal: each through the ledger, with its paper."""

import asyncio
import io
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from stem_logistics.custody import disposal, idle, loans, moving, papers, repairs, service
from stem_logistics.custody import service as service_of_custody
from stem_logistics.custody.repairs import Given
from stem_logistics.custody.rules import CLOSED, REPAIR_STEPS, read_scan, reminder_due, scan_key
from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value
from stem_logistics.deliveries import service as deliveries
from stem_logistics.errors import Conflict, Invalid, NotFound
from stem_logistics.inventory import ledger
from stem_logistics.settings import Settings
from tests.custody.scene import OTHER, SCHOOL, arrived, kit_at_school, place_of, places, serials
from tests.deliveries.parcels import last_mail
from tests.inventory.stock import kit_id, make_institution
from tests.support import today

TODAY = today()


async def _text(paper_id: int) -> str:
    _, content = await papers.read(paper_id)
    assert b"pdfaid:part" in content
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())


async def test_a_hand_over_ends_one_custody_and_begins_the_next(service: Settings) -> None:
    """One person has a kit at a time; the history and the papers of both stay; the same tap twice counts once."""
    from stem_logistics.custody.service import custody_of_kit, hand_over

    kit = await kit_at_school()
    first = await hand_over(kit, name="Μαρία  Ανδρέου", post="Πληροφορικός", room="Εργαστήριο 1")
    again = await hand_over(kit, name="Μαρία Ανδρέου", post="Πληροφορικός", room="Εργαστήριο 1")
    assert first["id"] == again["id"]
    second = await hand_over(kit, name="Νίκος Καρράς", post="Δάσκαλος", room="Αίθουσα 3", note="Συνταξιοδότηση")
    history = await custody_of_kit(await kit_id(kit))
    assert [(row["holder_name"], row["ended_by"]) for row in history] == [
        ("Νίκος Καρράς", ""),
        ("Μαρία Ανδρέου", "hand-over"),
    ]
    said = await _text(second["paper_id"])
    for words in ("Μαρία Ανδρέου", "Νίκος Καρράς", "Αίθουσα 3", *await serials(kit)):
        assert words in said
    numbers = [row["paper_number"] for row in reversed(history)]
    assert numbers == [f"ΧΡ-{TODAY.year}/00001", f"ΧΡ-{TODAY.year}/00002"]


async def test_two_hand_overs_at_once_leave_one_holder(service: Settings) -> None:
    """Ten people enter themselves at once: each in turn, nothing is lost, one has it at the end."""
    from stem_logistics.custody.service import hand_over

    kit = await kit_at_school()
    await asyncio.gather(*(hand_over(kit, name=f"Άτομο {n}", post="Δάσκαλος") for n in range(10)))
    rows = await fetch("SELECT until FROM custody ORDER BY id")
    assert len(rows) == 10 and sum(row["until"] is None for row in rows) == 1


async def test_custody_is_refused_where_it_has_no_meaning(service: Settings) -> None:
    """Without a name, without a post, for a kit that is at no school, for no kit."""
    from stem_logistics.custody.service import hand_over

    kit = await kit_at_school(spares=1)
    stored = await fetch_value("SELECT code FROM kit WHERE code <> $1", kit)
    for code, name, post, slug in (
        (kit, " ", "Δάσκαλος", "holder-name-missing"),
        (kit, "Α", "\u200b", "holder-post-missing"),
        (stored, "Α", "Β", "kit-not-at-school"),
        ("K2345678", "Α", "Β", "kit-not-found"),
    ):
        with pytest.raises((Invalid, Conflict, NotFound), match=slug):
            await hand_over(code, name=name, post=post)
    assert await fetch_value("SELECT count(*) FROM paper") == 0, "a number was taken for nothing"


async def test_a_repair_goes_to_the_repairer_and_back(service: Settings) -> None:
    """Reported, sent, arrived, back, returned: the device is where the state says, each movement has its reason."""
    kit = await kit_at_school()
    serial = (await serials(kit))[0]
    code = await repairs.report(kit, serial.lower(), fault="Δεν ανάβει", under_warranty=True)
    with pytest.raises(Conflict, match="device-in-repair-already"):
        await repairs.report(kit, serial, fault="Δεν ανάβει")
    with pytest.raises(Invalid, match="repairer-missing"):
        await repairs.take_step(code, "send", Given())
    await repairs.take_step(code, "send", Given(repairer="ACME  Service", due_on=TODAY + timedelta(days=20)))
    assert await place_of(serial) == "repairer-acme-service"
    # the kit itself is still the school's, and somebody there can take charge of it
    await service_of_custody.hand_over(kit, name="Μαρία Ανδρέου", post="Πληροφορικός")
    with pytest.raises(Conflict, match="repair-step-not-possible"):
        await repairs.take_step(code, "send", Given(repairer="Άλλος"))
    await repairs.take_step(code, "arrive", Given(repairer_number="RMA-77"))
    await repairs.take_step(code, "back", Given(note="Νέα τροφοδοσία"))
    assert await place_of(serial) == "central-store"
    assert await repairs.take_step(code, "return", Given()) == "returned"
    assert await place_of(serial) == f"institution-{SCHOOL}"
    found = await repairs.get_repair(code)
    assert (found["repairer_number"], found["closed_at"] is None) == ("RMA-77", False)
    assert [step["state"] for step in found["steps"]] == ["returned", "back", "at-repairer", "sent", "reported"]
    reasons = await fetch("SELECT reason FROM movement WHERE idempotency_key LIKE 'repair:%' ORDER BY id")
    assert [row["reason"] for row in reasons] == ["repair", "repaired", "repaired"]
    assert (await ledger.verify()).faults == ()
    assert await repairs.report(kit, serial, fault="Πάλι") != code, "a new fault of a returned device"


async def test_what_cannot_be_repaired_is_replaced_and_disposed_of(service: Settings) -> None:
    """A spare device of the store takes its place at the school; the broken one ends with a disposal protocol."""
    kit = await kit_at_school(spares=1)
    serial = (await serials(kit))[0]
    code = await repairs.report(kit, serial, fault="Κάηκε")
    await repairs.take_step(code, "send", Given(repairer="ACME"))
    await repairs.take_step(code, "give-up", Given(note="Ασύμφορη"))
    spare = (await repairs.spares_for(await repairs.get_repair(code)))[0]["serial_number"]
    with pytest.raises(Invalid, match="spare-not-found"):
        await repairs.take_step(code, "replace", Given(spare="Ω-1"))
    await repairs.take_step(code, "replace", Given(spare=spare))
    sent = (await repairs.get_repair(code))["replacement_consignment"]
    assert await place_of(spare) == f"consignment-{sent}", "it is on its way, and nothing says otherwise"
    await deliveries.pack(sent)
    await deliveries.dispatch(sent, courier="Ταχυμεταφορές")
    await arrived(SCHOOL)
    assert await place_of(spare) == f"institution-{SCHOOL}" and spare in await serials(kit)
    await repairs.take_step(code, "dispose", Given(method="Φορέας ΑΗΗΕ, βεβαίωση 12", note="Ασύμφορη επισκευή"))
    assert await place_of(serial) == "scrapped"
    paper = await fetch_one("SELECT id, number FROM paper WHERE kind = 'disposal'")
    assert paper is not None
    said = await _text(paper["id"])
    assert "ΠΡΩΤΟΚΟΛΛΟ ΚΑΤΑΣΤΡΟΦΗΣ" in said and serial in said and "2012/19/ΕΕ" in said
    document = await fetch_value("SELECT document FROM movement WHERE reason = 'scrap'")
    assert document == paper["number"]
    assert serial not in await serials(kit), "what was replaced and withdrawn is of the kit no more"
    assert (await ledger.verify()).faults == ()


def test_every_repair_can_end_and_ends_for_good() -> None:
    """From each state a closed one can be reached, and every step leads to a state that there is."""
    ending = set(CLOSED)
    for _ in REPAIR_STEPS:
        ending |= {state for state, steps in REPAIR_STEPS.items() if set(steps.values()) & ending}
    assert ending == set(REPAIR_STEPS)
    assert {after for steps in REPAIR_STEPS.values() for after in steps.values()} <= set(REPAIR_STEPS)


async def test_a_loan_is_reminded_and_given_back(service: Settings) -> None:
    """The borrower has the kit, is written to once for each reminder, and the lender has it again at the end."""
    kit = await kit_at_school()
    await make_institution(OTHER, "Δανειζόμενο")
    code = await loans.lend(kit, OTHER, TODAY + timedelta(days=5))
    with pytest.raises(Conflict, match="kit-not-at-school"):
        await loans.lend(kit, SCHOOL, TODAY + timedelta(days=5))
    assert "/k/" in (await last_mail(f"mail@{OTHER}.example"))["body"]
    assert await loans.remind() == 0, "it has not begun"
    await arrived(OTHER)
    with pytest.raises(Conflict, match="kit-on-loan-already"):
        await loans.lend(kit, SCHOOL, TODAY + timedelta(days=5))
    assert await loans.remind() == 1 and await loans.remind() == 0
    await execute("UPDATE loan SET due_on = current_date - 3")
    assert await loans.remind() == 1 and await loans.remind() == 0
    assert [row["code"] for row in await loans.list_loans("late")] == [code]
    await loans.give_back(code)
    with pytest.raises(Conflict, match="loan-ended"):
        await loans.give_back(code)
    assert await loans.remind() == 0
    assert await place_of((await serials(kit))[0]) == f"institution-{SCHOOL}"
    for day in (TODAY, TODAY + timedelta(days=10_000)):
        with pytest.raises(Invalid, match="loan-day-unusable"):
            await loans.lend(kit, OTHER, day)


@given(st.integers(-400, 400))
def test_a_reminder_is_due_from_a_week_before_and_then_each_week(left: int) -> None:
    """Nothing earlier than a week before; afterwards each day belongs to one reminder, and a week to one number."""
    today = date(2026, 11, 21)
    which = reminder_due(today + timedelta(days=left), today)
    assert (which is None) == (left > 7)
    if left < 0:
        assert which == f"late-{(-left - 1) // 7}"


async def test_kits_of_closed_and_merged_schools_are_found_and_moved(service: Settings) -> None:
    """A merged school's kit goes to the kept one, a closed one's to the store; all or none; the holder is let go."""
    from stem_logistics.custody.service import hand_over

    merged, closed = await kit_at_school(), await kit_at_school("0501661")
    kept = await make_institution(OTHER, "Κρατάει")
    await hand_over(merged, name="Α", post="Β")
    assert await moving.homeless() == []
    await execute("UPDATE institution SET merged_into = $1, root_id = $1 WHERE code = $2", kept, SCHOOL)
    await execute("UPDATE institution SET state = 'closed' WHERE code = '0501661'")
    found = {row.kit["code"]: row.target for row in await moving.homeless()}
    assert found == {merged: OTHER, closed: moving.STORE}
    with pytest.raises(NotFound, match="kit-not-found"):
        await moving.transfer([merged, "K2345678"], OTHER, why="Συγχώνευση")
    assert len(await moving.homeless()) == 2
    made = await moving.transfer_groups({OTHER: [merged], moving.STORE: [closed]}, why="Συγχώνευση")
    assert len(made) == 2 and await moving.homeless() == []
    assert await places(closed) == {"returning": 9}
    assert await places(merged) == {"consignment": 9}
    assert await fetch_value("SELECT ended_by FROM custody") == "moved-away"
    await arrived(OTHER)
    assert await place_of((await serials(merged))[0]) == f"institution-{OTHER}"
    with pytest.raises(Conflict, match="custody-school-closed"):
        await moving.transfer([merged], "0501661", why="x")


async def test_an_idle_kit_is_offered_refused_offered_again_and_given(service: Settings) -> None:
    """A refusal makes it free for the next; an acceptance moves it only when staff enter the transfer."""
    kit = await kit_at_school()
    for code in (OTHER, "0501661"):
        await make_institution(code, f"Σχολείο {code}")
    number = await idle.mark_idle(kit, why="Δεν υπάρχει εκπαιδευτικός")
    with pytest.raises(Conflict, match="kit-offered-already"):
        await idle.mark_idle(kit, why="πάλι")
    with pytest.raises(Invalid, match="answer-day-unusable"):
        await idle.offer(number, OTHER, TODAY)
    await idle.offer(number, OTHER, TODAY + timedelta(days=9))
    await idle.answer_offer(number, accept=False)
    await idle.offer(number, "0501661", TODAY + timedelta(days=9))
    with pytest.raises(Conflict, match="offer-not-accepted"):
        await idle.give(number)
    await idle.answer_offer(number, accept=True)
    assert await place_of((await serials(kit))[0]) == f"institution-{SCHOOL}"
    await idle.give(number)
    assert await idle.list_idle() == []
    await arrived("0501661")
    assert await place_of((await serials(kit))[0]) == "institution-0501661"
    assert await idle.list_idle() == []


async def test_a_kit_or_some_of_its_devices_are_disposed_of(service: Settings) -> None:
    """What is named goes to the withdrawn with its protocol; twice there is nothing left; a stranger is refused."""
    kit = await kit_at_school()
    first = (await serials(kit))[0]
    await disposal.dispose(kit, [first], method="Φορέας ΑΗΗΕ", why="Παλιό")
    assert await places(kit) == {"institution": 8, "scrapped": 1}
    with pytest.raises(Invalid, match="part-not-in-kit"):
        await disposal.dispose(kit, ["SN-unknown"], method="Φορέας ΑΗΗΕ", why="Παλιό")
    await disposal.dispose(kit, method="Φορέας ΑΗΗΕ", why="Παλιό")
    assert await places(kit) == {"scrapped": 9}
    with pytest.raises(Conflict, match="nothing-to-dispose"):
        await disposal.dispose(kit, method="Φορέας ΑΗΗΕ", why="Παλιό")
    assert (await ledger.verify()).faults == ()


def test_letters_that_look_alike_are_one() -> None:
    """Greek, Cyrillic and Latin capitals, O and 0, I and 1, blanks, hyphens and case do not tell numbers apart."""
    for typed in ("CZPX-0I1", "czpx0i1", "СZРХ ΟΙ1", "CZPXO11", "CZPX０I1"):
        assert scan_key(typed) == scan_key("CZPX0I1"), typed
    assert read_scan("SΝ-0Ο1", ["SN-001", "SN-002"]).matches == ("SN-001",)
    assert read_scan("SN-OO1", ["SN-001", "SN-OO1"]).matches == ("SN-OO1",), "an exact one wins"
    assert read_scan("SN-0O1", ["SN-001", "SN-OO1"]).matches == ("SN-001", "SN-OO1"), "it has to be asked"
    assert read_scan("—", ["SN-001"]).matches == () and read_scan("X", []).matches == ()


@given(st.text(max_size=40))
def test_folding_a_scan_twice_is_folding_it_once(text: str) -> None:
    """A key is its own key, and never holds what could not be compared."""
    assert scan_key(scan_key(text)) == scan_key(text)


def test_the_service_module_is_what_it_says() -> None:
    """A school's link acts only where a use case says so: the default is that it may not."""
    import inspect

    assert inspect.signature(service.require).parameters["by_school"].default is False

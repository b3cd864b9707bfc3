"""Custody's pages, as staff at a desk and schools on a telephone use them."""

from datetime import date, timedelta

import pytest
from litestar import Litestar

from stem_logistics.accounts.links import principal_of_link
from stem_logistics.checks import versions
from stem_logistics.custody import idle, loans, recalls, repairs, service
from stem_logistics.custody.recalls import Criterion
from stem_logistics.db.engine import execute, fetch_value, unit_of_work
from stem_logistics.errors import Forbidden, Invalid
from tests.custody.scene import OTHER, SCHOOL, arrived, kit_at_school, places, serials
from tests.deliveries.parcels import last_mail
from tests.inventory.stock import make_institution
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in, today
from tests.web.accessibility import faults
from tests.web.crawling import walk

SOON = (today() + timedelta(days=9)).isoformat()


async def _link(code: str = SCHOOL) -> str:
    async with unit_of_work():
        address = await service.link_for(await service.require_school(code))
    return address.removeprefix("http://testserver.local")


async def test_a_kits_life_after_its_receipt_in_the_browser(app: Litestar) -> None:
    """Hand-over, fault, repair, loan, transfer and disposal by forms; a refusal keeps what was typed; papers open."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            kit = await kit_at_school(spares=1)
            await make_institution(OTHER, "Γειτονικό")
        await sign_in(client, await make_person("staff"))
        page = f"/stock/kits/{kit}/custody"
        refused = await post_form(client, f"{page}/custody", {"name": "Μαρία Ανδρέου", "post": ""})
        assert refused.status_code == 422 and "Μαρία Ανδρέου" in refused.text
        form = {"name": "Μαρία Ανδρέου", "post": "Πληροφορικός", "room": "Εργαστήριο"}
        assert (await post_form(client, f"{page}/custody", form)).status_code == 303
        serial = (await serials(kit))[0]
        assert (await post_form(client, f"{page}/repair", {"part": serial, "fault": "Δεν ανάβει"})).status_code == 303
        code = await fetch_value("SELECT code FROM repair")
        send = {"step": "send", "repairer": "ACME", "due_on": SOON, "under_warranty": "yes"}
        assert (await post_form(client, f"/repairs/{code}", {**send, "due_on": "αύριο"})).status_code == 422
        for step in (send, {"step": "arrive"}, {"step": "back"}, {"step": "return"}):
            assert (await post_form(client, f"/repairs/{code}", step)).status_code == 303
        assert await fetch_value("SELECT under_warranty FROM repair")
        assert (await post_form(client, f"{page}/loan", {"borrower": OTHER, "due_on": SOON})).status_code == 303
        loan = await fetch_value("SELECT code FROM loan")
        assert (await post_form(client, f"/loans/{loan}/return", {})).status_code == 422, "it has not begun"
        with acting_as(OPERATOR):
            await arrived(OTHER)
        assert (await post_form(client, f"/loans/{loan}/return", {})).status_code == 303
        move = {"target": OTHER, "transfer_why": "Κλείνει το τμήμα"}
        assert (await post_form(client, f"{page}/transfer", move)).status_code == 303
        with acting_as(OPERATOR):
            await arrived(OTHER)
        gone = {"method": "Φορέας ΑΗΗΕ", "disposal_why": "Παλιό"}
        assert (await post_form(client, f"{page}/disposal", gone)).status_code == 303
        shown = await client.get(page)
        assert "Πρωτόκολλο καταστροφής" in shown.text and faults(shown.text) == []
        for number in range(1, 6):
            paper = await client.get(f"/papers/{number}")
            assert paper.content.startswith(b"%PDF")
        assert (
            await walk(client, [page, "/repairs", f"/repairs/{code}", "/loans?state=all", "/moves", "/recalls"]) == {}
        )
        timeline = (await client.get(f"/stock/kits/{kit}")).text
        for words in ("Επισκευή: Στάλθηκε", "ACME", "Δανείστηκε σε άλλο σχολείο", "ΚΤ-"):
            assert words in timeline, words


async def test_kits_of_a_closed_school_are_moved_after_a_preview(app: Litestar) -> None:
    """The first button shows, the second moves; without a reason nothing is moved."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            kit = await kit_at_school()
        await execute("UPDATE institution SET state = 'closed'")
        await sign_in(client, await make_person("staff"))
        assert kit in (await client.get("/moves")).text
        preview = await post_form(client, "/moves", {"kit": kit})
        assert "Τίποτα δεν έχει μεταφερθεί ακόμη" in preview.text and await places(kit) == {"institution": 9}
        assert (await post_form(client, "/moves", {"kit": kit, "sure": "yes", "why": ""})).status_code == 422
        assert (await post_form(client, "/moves", {"kit": kit, "sure": "yes", "why": "Καταργήθηκε"})).status_code == 303
        assert await places(kit) == {"returning": 9}


async def test_a_school_acts_by_its_link_and_only_for_itself(app: Litestar) -> None:
    """On its telephone a school hands over, reports, answers and gives back; another school's kit is not there."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            kit, foreign = await kit_at_school(), await kit_at_school(OTHER)
            number = await idle.mark_idle(foreign, why="Άδειο τμήμα")
            await idle.offer(number, SCHOOL, date.fromisoformat(SOON))
            link = await _link()
        page = await client.get(link)
        assert "Το σχολείο σας έχει 1 σετ" in page.text and faults(page.text) == []
        form = {"name": "Μαρία Ανδρέου", "post": "Πληροφορικός"}
        assert (await post_form(client, f"{link}/kit/{kit}/custody", form)).status_code == 303
        assert (await post_form(client, f"{link}/kit/{foreign}/custody", form)).status_code == 404
        assert (await client.get(f"{link}/kit/{foreign}")).status_code == 404
        fault = {"part": (await serials(kit))[0], "fault": "Σπασμένη θύρα"}
        assert (await post_form(client, f"{link}/kit/{kit}/repair", fault)).status_code == 303
        assert (
            await post_form(client, f"{link}/answer", {"what": "offer", "number": number, "answer": "yes"})
        ).is_redirect
        assert await fetch_value("SELECT state FROM idle_kit") == "accepted"
        assert faults((await client.get(f"{link}/kit/{kit}")).text) == []
        assert (await client.get(f"{link}/paper/1")).content.startswith(b"%PDF")
        await execute("UPDATE paper_series SET last = last")
        with acting_as(await principal_of_link(link.removeprefix("/k/"))):
            for work in (
                idle.give(number),
                service.send_link(SCHOOL),
                recalls.close("X2345678", outcome="x"),
                repairs.counts(),
                loans.list_loans(),
            ):
                with pytest.raises(Forbidden):
                    await work


async def test_a_recall_reaches_each_school_once_and_is_followed_up(app: Litestar) -> None:
    """By model: one mail a school however many pieces, answers by the link, a board, a reminder once a day, an end."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            kit = await kit_at_school()
            await kit_at_school(OTHER)
            link = await _link()
        await sign_in(client, await make_person("staff"))
        form = {"by": "model", "value_model": "microbit"}
        preview = await post_form(client, "/recalls", form)
        assert "Θα ανακληθούν 4 τεμάχια" in preview.text and "2 σχολεία" in preview.text
        assert await fetch_value("SELECT count(*) FROM mail_message") == 0
        words = {"title": "Μπαταρίες", "instructions": "Μην τα φορτίζετε.", "due_on": SOON, "sure": "yes"}
        assert (await post_form(client, "/recalls", {**form, **words, "title": ""})).status_code == 422
        assert (await post_form(client, "/recalls", {**form, **words})).status_code == 303
        assert await fetch_value("SELECT count(*) FROM mail_message") == 2
        code = await fetch_value("SELECT code FROM recall")
        first = await fetch_value(
            "SELECT t.id FROM recall_target t JOIN kit k ON k.id = t.kit_id WHERE k.code = $1 ORDER BY t.id", kit
        )
        answer = {"what": "recall", "number": first, "answer": "cannot"}
        assert (await post_form(client, f"{link}/answer", answer)).status_code == 422, "cannot needs a word why"
        assert (await post_form(client, f"{link}/answer", {**answer, "note": "Λείπει το κλειδί"})).status_code == 303
        other = await fetch_value(
            """SELECT o.id FROM recall_target o, recall_target m
               WHERE m.id = $1 AND m.institution_id <> o.institution_id""",
            first,
        )
        assert (
            await post_form(client, f"{link}/answer", {**answer, "number": other, "answer": "done"})
        ).status_code == 404
        board = await client.get(f"/recalls/{code}")
        assert "Λείπει το κλειδί" in board.text and faults(board.text) == []
        for _ in range(2):
            await post_form(client, f"/recalls/{code}/remind", {})
        assert await fetch_value("SELECT count(*) FROM mail_message") == 4
        assert "Λείπει το κλειδί" in (await client.get(f"/recalls/{code}/export?format=csv")).text
        assert (await post_form(client, f"/recalls/{code}/close", {"outcome": "Αντικαταστάθηκαν"})).status_code == 303
        late = {**answer, "answer": "done"}
        assert (await post_form(client, f"{link}/answer", late)).status_code == 409
        assert "/k/" in (await last_mail(f"mail@{SCHOOL}.example"))["body"]


def test_a_version_is_read_from_what_a_device_says() -> None:
    """Whatever key a kind uses, and however it dresses the number; what says nothing is not compared."""
    assert str(versions.version_of({"firmware": "Marlin 2.0.9.3"})) == "2.0.9.3"
    assert versions.version_of({"bootloader_version": "4.4", "firmware_version": None}) is not None
    assert versions.version_of({"board": "uno"}) is None and versions.version_of({"firmware": 7}) is None


async def test_a_recall_by_firmware_needs_a_version() -> None:
    """What is no version is told before anybody is written to."""
    with pytest.raises(Invalid, match="version-unreadable"):
        await versions.devices_below("printer-3d", "καινούργια")
    assert Criterion("firmware", "printer-3d", "2.1").data() == {
        "by": "firmware",
        "value": "printer-3d",
        "below": "2.1",
    }

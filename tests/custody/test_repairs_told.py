"""A school follows its repair: one mail for each step that concerns it, its page, its own word that it came back."""

from datetime import timedelta
from typing import Any

import pytest
from litestar import Litestar

from stem_logistics.accounts.links import principal_of_link
from stem_logistics.custody import repairs
from stem_logistics.custody.repairs import Given
from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.errors import Conflict, NotFound
from stem_logistics.settings import Settings
from tests.custody.scene import OTHER, SCHOOL, kit_at_school, serials
from tests.custody.test_pages import _link
from tests.inventory.stock import make_institution
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in, today
from tests.web.accessibility import faults

TODAY = today()


async def _mails() -> list[dict[str, Any]]:
    return await fetch("SELECT subject, body FROM mail_message WHERE about_kind = 'repair' ORDER BY id")


async def _returned(serial: str, kit: str) -> str:
    code = await repairs.report(kit, serial, fault="Δεν ανάβει")
    for step in ("send", "back", "return"):
        await repairs.take_step(code, step, Given(repairer="ACME"))
    return code


async def test_each_step_that_concerns_it_is_told_once(service: Settings) -> None:
    """Where it is sent and until when, and that it comes back; what happens at the repairer's is nobody's mail."""
    kit = await kit_at_school()
    serial, other = await serials(kit)
    code = await repairs.report(kit, serial, fault="Δεν ανάβει", under_warranty=True)
    due = TODAY + timedelta(days=20)
    await repairs.take_step(code, "send", Given(repairer="ACME", due_on=due, note="Με κούριερ", under_warranty=True))
    (sent,) = await _mails()
    for told in (serial, "ACME", due.strftime("%d/%m/%Y"), "εγγύηση", "Με κούριερ", "/k/"):
        assert told in sent["body"], told
    await repairs.take_step(code, "arrive", Given())
    await repairs.take_step(code, "back", Given())
    assert len(await _mails()) == 1
    await repairs.take_step(code, "return", Given(due_on=due))
    back = (await _mails())[-1]["body"]
    assert "επιστρέφει σε εσάς" in back and f"έως {due:%d/%m/%Y}" in back
    second = await repairs.report(kit, other, fault="Κάηκε")
    await repairs.take_step(second, "give-up", Given(note="Ασύμφορη"))
    assert "Δεν επισκευάζεται" in (await _mails())[-1]["body"] and "Ασύμφορη" in (await _mails())[-1]["body"]
    assert len(await _mails()) == 3


async def test_the_school_confirms_once_and_is_asked_until_then(service: Settings) -> None:
    """A week later it is asked, once a week; its word counts once, and only for its own repair that left."""
    kit = await kit_at_school()
    serial, other = await serials(kit)
    code = await _returned(serial, kit)
    assert await repairs.ask_for_arrival() == 0
    await execute("UPDATE repair SET closed_at = closed_at - interval '8 days'")
    assert [await repairs.ask_for_arrival(), await repairs.ask_for_arrival()] == [1, 0]
    assert await repairs.unconfirmed() == 1
    waiting = await repairs.report(kit, other, fault="Κάηκε")
    await make_institution(OTHER)
    strange, link = await _link(OTHER), await _link()
    with acting_as(await principal_of_link(strange.removeprefix("/k/"))), pytest.raises(NotFound):
        await repairs.confirm_arrival(code)
    with acting_as(await principal_of_link(link.removeprefix("/k/"))):
        await repairs.confirm_arrival(code)
        await repairs.confirm_arrival(code)
        with pytest.raises(Conflict, match="repair-not-on-its-way"):
            await repairs.confirm_arrival(waiting)
    steps = (await repairs.get_repair(code))["steps"]
    assert [step["state"] for step in steps][:2] == ["arrived", "returned"] and steps[0]["actor_kind"] == "link"
    await execute("UPDATE repair SET closed_at = closed_at - interval '9 days' WHERE state = 'returned'")
    assert await repairs.ask_for_arrival() == 0


async def test_a_new_fault_says_that_it_came(service: Settings) -> None:
    """Whoever reports the device again has it."""
    kit = await kit_at_school()
    serial = (await serials(kit))[0]
    await _returned(serial, kit)
    await repairs.report(kit, serial, fault="Πάλι")
    assert await fetch_value("SELECT count(*) FROM repair WHERE arrived_at IS NOT NULL") == 1


async def test_the_school_sees_it_on_its_page(app: Litestar) -> None:
    """State, steps and the button stand on the school's page; afterwards the kit's timeline tells it too."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            kit = await kit_at_school()
            code = await _returned((await serials(kit))[0], kit)
            link = await _link(SCHOOL)
        page = await client.get(link)
        assert faults(page.text) == [] and "Ναι, την έχουμε ξανά" in page.text and "Στάλθηκε στον" in page.text
        assert (await post_form(client, f"{link}/answer", {"what": "repair", "repair": code})).is_redirect
        page = await client.get(link)
        assert "Ναι, την έχουμε ξανά" not in page.text and "Το σχολείο επιβεβαίωσε" in page.text
        await sign_in(client, await make_person("staff"))
        for url in (f"/stock/kits/{kit}", f"/repairs/{code}"):
            shown = await client.get(url)
            assert faults(shown.text) == [] and "Το σχολείο επιβεβαίωσε ότι την έχει" in shown.text
        assert faults((await client.get("/repairs?state=unconfirmed")).text) == []

"""What is late and who was reminded; discrepancies as cases with an owner, a deadline, and movements at their end."""

import asyncio
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar

from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.deliveries import discrepancies, reminding
from stem_logistics.deliveries import service as deliveries
from stem_logistics.deliveries.rules import LineAnswer
from stem_logistics.deliveries.working_days import easter, is_working, working_days_after, working_days_between
from stem_logistics.errors import Conflict, Invalid
from stem_logistics.settings import Settings
from tests.deliveries.parcels import Parcel, assert_ledger_holds, dispatched_parcel
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in
from tests.web.accessibility import faults


def test_easter_and_what_hangs_on_it() -> None:
    """Orthodox Easter of four known years; Good Friday, Clean Monday and Christmas are no working days."""
    known = {2024: (5, 5), 2025: (4, 20), 2026: (4, 12), 2027: (5, 2)}
    assert {year: (easter(year).month, easter(year).day) for year in known} == known
    assert not any(is_working(day) for day in (date(2026, 4, 10), date(2026, 2, 23), date(2026, 12, 25)))
    assert working_days_after(date(2026, 4, 9), 1) == date(2026, 4, 14)


@given(st.dates(date(2020, 1, 1), date(2050, 1, 1)), st.integers(0, 60))
def test_counting_forth_and_back_agree(start: date, count: int) -> None:
    """So many working days after a day is a working day, and that many lie between."""
    end = working_days_after(start, count)
    assert working_days_between(start, end) == count and (count == 0 or is_working(end))


async def late_by(box: Parcel, working_days: int) -> None:
    day = deliveries.today()
    while working_days_between(day, deliveries.today()) < working_days:
        day -= timedelta(days=1)
    await execute("UPDATE consignment SET expected_on = $2 WHERE id = $1", box.id, day)


async def sent_steps() -> list[str]:
    return [row["step"] for row in await fetch("SELECT step FROM delivery_reminder ORDER BY id")]


async def test_each_step_is_taken_once_and_only_while_it_is_late(service: Settings) -> None:
    """School, then ambassador (nobody is known at the directorate), each once whoever runs it how often."""
    box = await dispatched_parcel()
    await late_by(box, 2)
    assert await reminding.remind() == {"sent": 0, "without_contact": 0}
    await late_by(box, 13)
    await reminding.save_contact("ambassador", "B", "Άννα Δήμου", "anna@amb.example")
    both = await asyncio.gather(reminding.remind(), reminding.remind())
    assert sum(each["sent"] for each in both) == 1 and await sent_steps() == ["school"]
    assert await reminding.remind() == {"sent": 0, "without_contact": 0}, "two steps are not taken in one day"
    await execute("UPDATE delivery_reminder SET sent_at = sent_at - interval '1 day'")
    assert await reminding.remind() == {"sent": 1, "without_contact": 1}
    assert await sent_steps() == ["school", "ambassador"]
    await reminding.remind()
    assert await sent_steps() == ["school", "ambassador"]
    mails = await fetch("SELECT to_address, body FROM mail_message WHERE about_kind = 'reminder' ORDER BY id")
    assert [mail["to_address"] for mail in mails] == ["mail@0501659.example", "anna@amb.example"]
    assert all("/r/" not in mail["body"] for mail in mails), "nobody but the school gets the school's link"
    (row,) = await reminding.board()
    assert row["days"] == 13 and row["next"].name == "directorate"
    await box.confirm()
    assert await reminding.board() == []
    with pytest.raises(Invalid, match="mail-address-unusable"):
        await reminding.save_contact("ambassador", "B", "", "not an address")


async def _case(kind: str, school: str) -> tuple[Parcel, str, str]:
    box = await dispatched_parcel(school)
    cables = await box.line("usb-cable")
    answer = LineAnswer(2, missing=1, missing_reason="opened")
    if kind == "damaged":
        answer = LineAnswer(2, damaged=1, damage_reason="transport")
    await box.confirm({cables.key: answer}, key=school)
    return box, str(await fetch_value("SELECT code FROM discrepancy ORDER BY id DESC LIMIT 1")), box.kit


@pytest.mark.parametrize(
    ("kind", "outcome", "after"),
    [
        ("missing", "found", {"institution": 9}),
        ("missing", "credited", {"institution": 8}),
        ("missing", "written-off", {"institution": 8, "lost": 1}),
        ("damaged", "credited", {"institution": 8}),
        ("damaged", "written-off", {"institution": 8, "scrapped": 1}),
        ("damaged", "repaired", {"institution": 9}),
    ],
)
async def test_an_outcome_moves_what_it_says(service: Settings, kind: str, outcome: str, after: dict[str, int]) -> None:
    """Found comes from the losses, credited goes back to the supplier, written off is scrapped or stays lost."""
    box, code, _kit = await _case(kind, "0501659")
    with pytest.raises(Invalid, match="reason-missing"):
        await discrepancies.close(code, outcome, why=" ")
    await discrepancies.close(code, outcome, why="μετά από έλεγχο")
    assert await box.balances() == after
    with pytest.raises(Conflict, match="discrepancy-closed"):
        await discrepancies.close(code, outcome, why="ξανά")
    await assert_ledger_holds()


async def test_a_case_is_worked_in_the_browser(app: Litestar) -> None:
    """Taken, postponed with a reason, told to the supplier, closed; the board of what is late beside it."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            _box, code, _kit = await _case("damaged", "0501659")
            waiting = await dispatched_parcel("0501660")
            await late_by(waiting, 5)
        home = f"/discrepancies/{code}"
        assert faults((await client.get(home)).text) == []
        assert (await post_form(client, f"{home}/take", {})).status_code == 303
        refused = await post_form(client, f"{home}/postpone", {"until": "2020-01-01", "postpone-why": "x"})
        assert refused.status_code == 422 and faults(refused.text) == []
        later = {"until": (deliveries.today() + timedelta(days=60)).isoformat(), "postpone-why": "αργία"}
        assert (await post_form(client, f"{home}/postpone", later)).status_code == 303
        letter = {"address": "sales@supplier.example", "asked": "Στείλτε νέο καλώδιο."}
        assert (await post_form(client, f"{home}/sender", letter)).status_code == 303
        body = await fetch_value("SELECT body FROM mail_message WHERE to_address = 'sales@supplier.example'")
        assert "Καλώδιο USB" in body and "Στείλτε νέο καλώδιο." in body
        page = await client.get(home)
        assert faults(page.text) == [] and "αργία" in page.text and "Staff" in page.text
        late = await client.get("/consignments/late")
        assert faults(late.text) == [] and waiting.code in late.text
        wrong = await post_form(client, "/consignments/late/contacts", {"office": "ambassador:B", "email": "x y"})
        assert wrong.status_code == 422 and faults(wrong.text) == []
        good = {"office": "ambassador:B", "email": "anna@amb.example", "name": "Άννα"}
        assert (await post_form(client, "/consignments/late/contacts", good)).status_code == 303
        assert "anna@amb.example" in (await client.get("/consignments/late")).text
        assert (await post_form(client, "/consignments/late/remind", {})).status_code == 303

"""Discrepancies as cases: deadlines by rule, reminders that go up, who finds them, the supplier, and repairs."""

from datetime import timedelta

import pytest
from litestar import Litestar

from stem_logistics import files
from stem_logistics.accounts.policy import Grant
from stem_logistics.custody import case_repairs, repairs
from stem_logistics.custody.repairs import Given
from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value
from stem_logistics.deliveries import case_reminding, discrepancies, photo_queries, resending, service
from stem_logistics.deliveries.case_rules import MOST_DAYS, step_of
from stem_logistics.deliveries.rules import LineAnswer
from stem_logistics.errors import Conflict, Invalid
from stem_logistics.settings import Settings
from tests.deliveries.parcels import Parcel, assert_ledger_holds, dispatched_parcel
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in, today
from tests.web.accessibility import faults

TODAY = today()


async def _case(kind: str = "damaged", item: str = "microbit", school: str = "0501659") -> tuple[Parcel, str]:
    box = await dispatched_parcel(school)
    line = await box.line(item)
    left = line.outstanding - 1
    answer = LineAnswer(left, missing=1, missing_reason="opened")
    if kind == "damaged":
        answer = LineAnswer(left, damaged=1, damage_reason="transport", note="σπασμένο")
    await box.confirm({line.key: answer}, key=school)
    return box, str(await fetch_value("SELECT code FROM discrepancy ORDER BY id DESC LIMIT 1"))


async def _late_by(code: str, days: int) -> None:
    await execute("UPDATE discrepancy SET due_on = CURRENT_DATE - $2::int WHERE code = $1", code, days)


def test_a_reminder_before_and_each_week_after() -> None:
    """Nothing earlier than three days before; each week of being late is one step."""
    steps = [step_of(TODAY + timedelta(days=left), TODAY) for left in (4, 3, 0, -1, -7, -8, -15)]
    assert steps == [None, "soon", "soon", "late-0", "late-0", "late-1", "late-2"]


async def test_the_deadline_follows_from_the_kind_and_is_bounded(service: Settings) -> None:
    """What is missing has fewer days than what is damaged; a deadline that has passed, or of another year, is refused
    with its own words.
    """
    _box, damaged = await _case()
    _box, missing = await _case("missing", school="0501660")
    due = {row["code"]: (row["due_on"] - TODAY).days for row in await fetch("SELECT code, due_on FROM discrepancy")}
    assert due == {damaged: 30, missing: 15}
    with pytest.raises(Invalid, match="case-deadline-has-passed"):
        await discrepancies.postpone(damaged, TODAY - timedelta(days=1), why="x")
    with pytest.raises(Invalid, match="case-deadline-too-far"):
        await discrepancies.postpone(damaged, TODAY + timedelta(days=MOST_DAYS + 1), why="x")
    await discrepancies.postpone(damaged, TODAY + timedelta(days=MOST_DAYS), why="αναμονή")


async def test_the_owner_is_reminded_then_everybody(service: Settings) -> None:
    """One message to a person for all cases of a run, each step once; a week late it goes to all; a new deadline is
    reminded of anew.
    """
    await make_person("staff", email="owner@nso.example")
    await make_person("staff", email="other@nso.example")
    await make_person("auditor", email="auditor@nso.example", scope=Grant("auditor", "country"))
    _box, mine = await _case()
    _box, nobodys = await _case("missing", school="0501660")
    await execute(
        "UPDATE discrepancy SET owner_id = (SELECT id FROM account WHERE email = 'owner@nso.example') WHERE code = $1",
        mine,
    )
    assert await case_reminding.remind() == 0
    await _late_by(mine, -2)
    await _late_by(nobodys, 1)
    assert [await case_reminding.remind(), await case_reminding.remind()] == [2, 0]
    mails = await fetch("SELECT to_address, body FROM mail_message WHERE subject LIKE 'Αποκλίσεις%' ORDER BY id")
    told = {row["to_address"]: row["body"] for row in mails}
    assert set(told) == {"owner@nso.example", "other@nso.example"}
    shown = {code: f"{code[:4]}-{code[4:]}" for code in (mine, nobodys)}
    assert all(shown[code] in told["owner@nso.example"] for code in shown)
    assert shown[mine] not in told["other@nso.example"]
    await _late_by(mine, 9)
    assert await case_reminding.remind() == 2
    await discrepancies.postpone(mine, TODAY + timedelta(days=2), why="νέα προθεσμία")
    assert await case_reminding.remind() == 1


async def test_the_supplier_gets_the_protocol_and_the_photographs(service: Settings) -> None:
    """What is attached opens; the address is offered for the next case of the same supplier."""
    _box, code = await _case()
    line = await fetch_value("SELECT receipt_line_id FROM discrepancy")
    await photo_queries.add("receipt_line_id", line, [await files.store(b"\xff\xd8\xff\xe0 photo", "image/jpeg")])
    assert await discrepancies.sender_address(await discrepancies.get_discrepancy(code)) == ""
    await discrepancies.tell_sender(code, " sales@supplier.example ", "Στείλτε νέα συσκευή.")
    found = await fetch_value("SELECT attachments::text FROM mail_message WHERE to_address = 'sales@supplier.example'")
    assert "protokollo-" in found and "photo-1.jpg" in found
    _box, other = await _case(school="0501660")
    assert await discrepancies.sender_address(await discrepancies.get_discrepancy(other)) == "sales@supplier.example"


async def test_a_damaged_device_is_repaired_and_its_case_ends(service: Settings) -> None:
    """The repair is of that device, with the school's words; meanwhile the case ends by nothing else."""
    box, code = await _case()
    with pytest.raises(Invalid, match="outcome-unknown"):
        await discrepancies.close(code, "repaired", why="με λόγια")
    repair = await case_repairs.start(code, why="Δεν ανάβει")
    found = await repairs.get_repair(repair)
    case = await discrepancies.get_discrepancy(code)
    assert (found["device_id"], found["case_code"]) == (case["device_id"], code) and "σπασμένο" in found["fault"]
    for refused in (case_repairs.start(code, why=""), discrepancies.close(code, "credited", why="x")):
        with pytest.raises(Conflict, match="case-in-repair"):
            await refused
    with pytest.raises(Conflict, match="case-in-repair"):
        await resending.start(code, "central-store", why="x")
    for step in ("send", "back", "return"):
        await repairs.take_step(repair, step, Given(repairer="ACME"))
    case = await discrepancies.get_discrepancy(code)
    assert (case["state"], case["outcome"]) == ("closed", "repaired")
    assert await box.balances() == {"institution": 9}
    assert await fetch_value("SELECT count(*) FROM mail_message WHERE about_kind = 'discrepancy'") == 1
    await assert_ledger_holds()


async def test_a_repair_without_an_outcome_leaves_the_case_open(service: Settings) -> None:
    """Withdrawn it is as if it had not been; disposed of, the case is written off, and nothing is moved twice."""
    box, code = await _case()
    repair = await case_repairs.start(code, why="")
    await repairs.take_step(repair, "withdraw", Given("λάθος"))
    assert (await discrepancies.get_discrepancy(code))["state"] == "open"
    repair = await case_repairs.start(code, why="")
    for step in ("give-up", "dispose"):
        await repairs.take_step(repair, step, Given("Κάηκε", method="ΑΗΗΕ"))
    row = await fetch_one("SELECT state, outcome FROM discrepancy")
    assert row == {"state": "closed", "outcome": "written-off"}
    assert await box.balances() == {"institution": 8, "scrapped": 1}
    _box, loose = await _case("missing", school="0501660")
    with pytest.raises(Invalid, match="case-cannot-be-repaired"):
        await case_repairs.start(loose, why="")


async def test_late_and_mine_are_found_and_exported(app: Litestar) -> None:
    """Filters and search by what stands on the papers, the same rows as a file, the first page, a refused deadline."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            box, late = await _case()
            _box, other = await _case("missing", school="0501660")
            await _late_by(late, 2)
        await sign_in(client, await make_person("staff"))
        assert "1 απόκλιση έχει περάσει την προθεσμία" in (await client.get("/")).text
        assert (await post_form(client, f"/discrepancies/{other}/take", {})).is_redirect
        for query, wanted in (
            ("state=late", late),
            ("owner=mine", other),
            ("owner=nobody", late),
            (f"q={other[:4].lower()}-{other[4:]}", other),
            ("q=0501660", other),
            (f"q={box.kit}", late),
        ):
            page = (await client.get(f"/discrepancies?{query}")).text
            assert faults(page) == [] and f"/discrepancies/{wanted}" in page, query
            assert f"/discrepancies/{other if wanted == late else late}" not in page, query
        listed = await client.get("/discrepancies/export?state=late&format=csv")
        assert late in listed.text and other not in listed.text
        home = f"/discrepancies/{late}"
        refused = await post_form(client, f"{home}/postpone", {"until": "2099-01-01", "postpone-why": "x"})
        assert refused.status_code == 422 and 'value="2099-01-01"' in refused.text
        refused = await post_form(client, f"{home}/postpone", {"until": "2020-01-01", "postpone-why": "x"})
        assert "άφιξης" not in refused.text and "έχει περάσει" in refused.text
        assert (await post_form(client, f"{home}/repair", {"repair_why": "Δεν ανάβει"})).is_redirect
        code = await fetch_value("SELECT code FROM repair")
        for url in (home, f"/repairs/{code}", "/discrepancies"):
            shown = (await client.get(url)).text
            assert faults(shown) == [], url
        assert f"/repairs/{code}" in (await client.get(home)).text
        assert (await post_form(client, f"{home}/repair", {})).status_code == 422
        with acting_as(OPERATOR):
            assert service.today() == TODAY
            await case_reminding.remind()
        assert "Στάλθηκε υπενθύμιση" in (await client.get(home)).text

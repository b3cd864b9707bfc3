"""What goes back to the store and what is lent is on its way until the one who gets it says so; schools may ask."""

from datetime import timedelta
from typing import Any

import pytest
from litestar import Litestar

from stem_logistics.accounts.links import principal_of_link
from stem_logistics.custody import idle, loan_requests, loans, moving, returns, writing_off
from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.deliveries import service as deliveries
from stem_logistics.errors import Conflict, Invalid, NotFound
from stem_logistics.inventory import service as stock
from stem_logistics.settings import Settings
from tests.custody.scene import OTHER, SCHOOL, arrived, kit_at_school, place_of, places, serials
from tests.custody.test_pages import _link
from tests.deliveries.parcels import assert_ledger_holds, last_mail
from tests.inventory.stock import make_institution
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in, today
from tests.web.accessibility import faults

SOON = today() + timedelta(days=9)


async def _going_back(kit: str) -> dict[str, Any]:
    await moving.transfer([kit], moving.STORE, why="Δεν χωρά")
    (row,) = await returns.list_returns()
    return await returns.get_return(row["code"])


async def test_the_store_counts_what_comes_back(service: Settings) -> None:
    """Until then it is at neither; what did not come is lost, with a word; both are told to the school, once each."""
    kit = await kit_at_school()
    found = await _going_back(kit)
    assert await places(kit) == {"returning": 9}
    assert found["paper_number"] in (await last_mail(f"mail@{SCHOOL}.example"))["body"]
    with pytest.raises(Conflict):
        await writing_off.take_back(kit, why="με το χέρι")
    cables = next(part for part in found["parts"] if part["quantity"] == 3)
    with pytest.raises(Invalid, match="return-needs-note"):
        await returns.confirm(found["code"], {returns.part_key(cables): 1})
    with pytest.raises(Invalid, match="return-count-unusable"):
        await returns.confirm(found["code"], {returns.part_key(cables): 4})
    await returns.confirm(found["code"], {returns.part_key(cables): 1}, note="Κόπηκαν")
    assert await places(kit) == {"store": 7, "lost": 2}
    assert "2 ×" in (await last_mail(f"mail@{SCHOOL}.example"))["body"]
    with pytest.raises(Conflict, match="return-ended"):
        await returns.confirm(found["code"], {})
    assert await returns.list_returns() == []
    await assert_ledger_holds()


async def test_a_return_that_was_a_slip_is_taken_back(service: Settings) -> None:
    """The correction of its movement puts the kit where it was, and nothing is left to be counted."""
    kit = await kit_at_school()
    found = await _going_back(kit)
    await stock.reverse_posting(kit, f"transfer:{found['paper_number']}", why="Λάθος σετ")
    assert await places(kit) == {"institution": 9} and await returns.list_returns() == []
    again = await _going_back(kit)
    await returns.confirm(again["code"], {})
    assert await places(kit) == {"store": 9}


async def test_the_borrowers_receipt_begins_and_the_lenders_word_ends(service: Settings) -> None:
    """Both schools are written to; the borrower's word that it went back moves nothing, the lender's does."""
    kit = await kit_at_school()
    await make_institution(OTHER, "Δανειζόμενο")
    code = await loans.lend(kit, OTHER, SOON)
    assert await places(kit) == {"consignment": 9}
    assert "δανείζεται στο σχολείο Δανειζόμενο" in (await last_mail(f"mail@{SCHOOL}.example"))["body"]
    with pytest.raises(Conflict, match="loan-not-begun"):
        await loans.give_back(code)
    await arrived(OTHER)
    assert [row["state"] for row in await loans.list_loans()] == ["out"]
    borrower, lender = await _link(OTHER), await _link(SCHOOL)
    with acting_as(await principal_of_link(borrower.removeprefix("/k/"))):
        await loans.give_back(code, note="Με τον οδηγό")
        await loans.give_back(code)
    assert await place_of((await serials(kit))[0]) == f"institution-{OTHER}"
    asked = await fetch("SELECT body FROM mail_message WHERE idempotency_key LIKE 'loan-back:%'")
    assert len(asked) == 1 and "Με τον οδηγό" in asked[0]["body"]
    assert await loans.remind() == 0
    await execute("UPDATE loan SET sent_back_at = sent_back_at - interval '8 days'")
    assert [await loans.remind(), await loans.remind()] == [1, 0]
    with acting_as(await principal_of_link(lender.removeprefix("/k/"))):
        await loans.give_back(code)
    assert await place_of((await serials(kit))[0]) == f"institution-{SCHOOL}"
    assert "επέστρεψε στο σχολείο" in (await last_mail(f"mail@{OTHER}.example"))["body"]
    await assert_ledger_holds()


async def test_a_loan_that_is_called_off_does_not_take_place(service: Settings) -> None:
    """Its consignment is cancelled: the loan has ended, and the kit can be lent again."""
    kit = await kit_at_school()
    await make_institution(OTHER, "Δανειζόμενο")
    await loans.lend(kit, OTHER, SOON)
    await deliveries.cancel(str(await fetch_value("SELECT code FROM consignment")), why="Το χρειάζεται")
    assert await fetch_value("SELECT return_note FROM loan WHERE returned_at IS NOT NULL") == "Το χρειάζεται"


async def test_a_school_asks_and_staff_decide(service: Settings) -> None:
    """A request is one however often it is sent; a grant lends, a refusal is told with its reason; both once."""
    kit = await kit_at_school()
    await make_institution(OTHER, "Δανειζόμενο")
    link = await principal_of_link((await _link(OTHER)).removeprefix("/k/"))
    with acting_as(link):
        with pytest.raises(Invalid, match="loan-kind-unknown"):
            await loan_requests.ask("άλλο", SOON, why="Έκθεση")
        for _ in range(2):
            await loan_requests.ask("microbit-set", SOON, why="Έκθεση")
    (row,) = await loan_requests.waiting()
    assert row["why"] == "Έκθεση"
    with pytest.raises(NotFound):
        await loan_requests.grant(row["id"], "K2345678")
    await loan_requests.grant(row["id"], kit)
    with pytest.raises(Conflict, match="loan-request-decided"):
        await loan_requests.refuse(row["id"], why="x")
    with acting_as(link):
        await loan_requests.ask("microbit-set", SOON, why="Και άλλο")
    (row,) = await loan_requests.waiting()
    await loan_requests.refuse(row["id"], why="Δεν υπάρχει άλλο")
    assert "Δεν υπάρχει άλλο" in (await last_mail(f"mail@{OTHER}.example"))["body"]
    assert await loan_requests.waiting() == []


async def test_the_pages_of_school_and_staff(app: Litestar) -> None:
    """A school asks, gives back and says that nobody uses a kit; staff see it on the first page and decide; the store
    counts by a form that keeps what was typed.
    """
    async with browser(app) as client:
        with acting_as(OPERATOR):
            kit, second = await kit_at_school(), await kit_at_school(OTHER)
            mine, theirs = await _link(SCHOOL), await _link(OTHER)
        ask = {"what": "ask", "kind": "microbit-set", "until": SOON.isoformat(), "ask_why": ""}
        refused = await post_form(client, f"{mine}/answer", ask)
        assert refused.status_code == 422 and SOON.isoformat() in refused.text and faults(refused.text) == []
        assert (await post_form(client, f"{mine}/answer", {**ask, "ask_why": "Έκθεση"})).is_redirect
        why = {"idle_why": "Δεν υπάρχει εκπαιδευτικός"}
        assert (await post_form(client, f"{theirs}/kit/{second}/idle", why)).is_redirect
        for url in (mine, theirs, f"{theirs}/kit/{second}"):
            assert faults((await client.get(url)).text) == []
        await sign_in(client, await make_person("staff"))
        first = (await client.get("/")).text
        assert "1 σχολείο ζητά δανεισμό" in first and "1 σχολείο λέει ότι ένα σετ δεν χρησιμοποιείται" in first
        page = (await client.get("/loans")).text
        assert faults(page) == [] and second in page and "Έκθεση" in page
        number = await fetch_value("SELECT id FROM loan_request")
        assert (await post_form(client, f"/loans/requests/{number}/lend", {"kit": "K1"})).status_code == 422
        assert (await post_form(client, f"/loans/requests/{number}/lend", {"kit": second})).is_redirect
        entry = await fetch_value("SELECT id FROM idle_kit")
        assert faults((await client.get("/moves")).text) == []
        assert (await post_form(client, f"/moves/idle/{entry}/agree", {})).is_redirect
        assert await fetch_value("SELECT state FROM idle_kit") == "idle"
        move = {"target": "", "transfer_why": "Δεν χωρά"}
        assert (await post_form(client, f"/stock/kits/{kit}/custody/transfer", move)).is_redirect
        code = await fetch_value("SELECT code FROM kit_return")
        shown = await client.get(f"/returns/{code}")
        assert faults(shown.text) == [] and "1 επιστροφή" in (await client.get("/")).text
        with acting_as(OPERATOR):
            parts = (await returns.get_return(code))["parts"]
        name = "came-" + next(returns.part_key(part) for part in parts if part["quantity"] == 3)
        refused = await post_form(client, f"/returns/{code}", {name: "1", "note": ""})
        assert refused.status_code == 422 and 'value="1"' in refused.text
        assert (await post_form(client, f"/returns/{code}", {name: "δύο"})).status_code == 422
        assert (await post_form(client, f"/returns/{code}", {name: "1", "note": "Κόπηκαν"})).is_redirect
        for url in (f"/returns/{code}", "/returns", f"/stock/kits/{kit}", "/stock", "/stock/as-of", "/stock/kits"):
            assert faults((await client.get(url)).text) == [], url


async def test_a_schools_word_is_a_request(service: Settings) -> None:
    """What a school says is not offered before staff agree."""
    kit = await kit_at_school()
    link = await principal_of_link((await _link(SCHOOL)).removeprefix("/k/"))
    with acting_as(link):
        number = await idle.mark_idle(kit, why="Άδειο")
    await make_institution(OTHER)
    with pytest.raises(Conflict, match="kit-offered-already"):
        await idle.offer(number, OTHER, SOON)
    assert await idle.waiting() == [] and await idle.said_idle() == 1
    await idle.agree(number)
    assert "χρεωμένο σε εσάς" in (await last_mail(f"mail@{SCHOOL}.example"))["body"]
    await idle.offer(number, OTHER, SOON)
    await idle.end_idle(number)
    with acting_as(link):
        number = await idle.mark_idle(kit, why="Πάλι άδειο")
    await idle.end_idle(number)
    assert "μένει στο σχολείο σας" in (await last_mail(f"mail@{SCHOOL}.example"))["body"]

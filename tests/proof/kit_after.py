"""The second half of a kit's life: discrepancies settled, entrusted, repaired, transferred, counted, disposed of."""

from datetime import timedelta

from playwright.sync_api import Page, expect

from tests.e2e.acting import fill, greek, press, says
from tests.e2e.eyes import Eyes
from tests.e2e.stage import today
from tests.proof.kit_before import Keeps, Parcel, link_in_mail


def settle(page: Page, eyes: Eyes, parcel: Parcel) -> None:
    """The two cases: the sender is written to; both are sent again, and the school confirms that it has them."""
    page.goto(f"/consignments/{parcel.code}")
    eyes.look(page, "consignment-received")
    page.goto("/discrepancies?state=open")
    eyes.look(page, "discrepancies")
    for number in range(2):
        page.goto("/discrepancies?state=open")
        page.locator("main table tbody th a").first.click()
        press(page, "I take this case")
        page.locator("summary", has_text=greek("Write to the sender")).click()
        fill(page, {"address": "service@robotiki.example", "asked": "Στείλτε μας άλλο ή πιστωτικό."})
        press(page, "Send the message")
        if number == 0:
            eyes.look(page, "discrepancy")
        # without a reason nothing closes
        page.locator('[name="outcome"][value="re-sent"]').check()
        page.locator('form[action$="/close"] [name="why"]').evaluate("e => e.removeAttribute('required')")
        press(page, "Enter what came of it")
        expect(page.locator("main .notice-bad, main .error-summary").first).to_be_visible()
        page.locator('[name="outcome"][value="re-sent"]').check()
        page.locator('form[action$="/close"] [name="why"]').fill("Στάλθηκε άλλο με το αίτημα 118")
        press(page, "Enter what came of it")
        says(page, "Στέλνεται ξανά")
        case = page.url
        eyes.look(page, "discrepancy-sent-again")
        _send_again(page, eyes, parcel)
        page.goto(case)
        says(page, "Στάλθηκε ξανά")
    eyes.look(page, "discrepancy-closed")
    page.goto("/discrepancies?state=open")
    expect(page.locator("main table tbody th a")).to_have_count(0)


def _send_again(page: Page, eyes: Eyes, parcel: Parcel) -> None:
    """The case's consignment, from the page of the case: packed, sent, confirmed by the school's new link."""
    page.locator('main ul a[href^="/consignments/"]').first.click()
    eyes.look(page, "consignment-again")
    press(page, "It is packed")
    press(page, "It is packed", inside="dialog")
    fill(page, {"courier": "Ταχυμεταφορές"})
    press(page, "It has left: write to the school")
    says(page, "Ταχυμεταφορές")
    page.goto(link_in_mail(page, parcel.school, "r"))
    eyes.look(page, "receipt-again")
    _all_arrived(page)


def _all_arrived(page: Page) -> None:
    """The school's link is open; it confirms that everything is there."""
    press(page, "Everything arrived in order")
    fill(page, {"quality": "looked", "receiver_name": "Μαρία Ανδρέου", "receiver_role": "Διευθυντής/Διευθύντρια"})
    press(page, "Confirm the receipt")
    page.wait_for_url("**/done/*")


def entrust(page: Page, phone: Page, eyes: Eyes, papers: Keeps, parcel: Parcel) -> None:
    """The school says who has the kit, and who has it after them."""
    page.goto(f"/schools/{parcel.school}")
    press(page, "Send the school its page by mail")
    link = link_in_mail(page, parcel.school, "k")
    phone.goto(link)
    eyes.look(phone, "school-kits")
    for name, post, room in (("Άννα Λέκκα", "Νηπιαγωγός", "Τάξη 1"), ("Πέτρος Ράπτης", "Νηπιαγωγός", "Τάξη 2")):
        phone.goto(f"{link}/kit/{parcel.kit}")
        fill(phone, {"name": name, "post": post, "room": room})
        if name.startswith("Άννα"):
            eyes.look(phone, "school-kit")
        press(phone, "Hand over")
        says(phone, name)
    eyes.look(phone, "school-kits-entrusted")
    papers.keep(
        "custody", phone.request.get(str(phone.locator('main a[href*="/paper/"]').first.get_attribute("href"))).body()
    )


def repair(page: Page, phone: Page, eyes: Eyes, papers: Keeps, parcel: Parcel) -> None:
    """The school reports a fault; staff send it under warranty, and it comes back repaired."""
    link = phone.url.split("?")[0]
    phone.goto(f"{link}/kit/{parcel.kit}")
    fill(phone, {"part": parcel.serial, "fault": "Δεν στρίβει αριστερά"})
    press(phone, "Report")
    says(phone, parcel.school_name)
    eyes.look(phone, "school-fault-reported")
    page.goto("/repairs?state=open")
    eyes.look(page, "repairs")
    page.locator("main table tbody th a").first.click()
    code = page.url.rsplit("/", 1)[1].split("?")[0]
    fill(
        page,
        {"step": "send", "repairer": "Τεχνική Υποστήριξη Α.Ε.", "repairer_number": "RMA-20931", "under_warranty": True},
    )
    fill(page, {"due_on": (today() + timedelta(days=20)).strftime("%Y-%m-%d"), "note": "Εντός εγγύησης"})
    eyes.look(page, "repair")
    press(page, "Enter")
    for step, note in (
        ("arrive", "Το παρέλαβε ο επισκευαστής"),
        ("back", "Άλλαξε ο κινητήρας, χωρίς χρέωση"),
        ("return", "Με τον πρεσβευτή"),
    ):
        page.goto(f"/repairs/{code}")
        fill(page, {"step": step, "note": note})
        press(page, "Enter")
    says(page, "Έφυγε για το σχολείο")
    eyes.look(page, "repair-ended")
    papers.keep(
        "repair", page.request.get(str(page.locator('main a[href^="/papers/"]').first.get_attribute("href"))).body()
    )


def transfer(page: Page, eyes: Eyes, papers: Keeps, parcel: Parcel) -> None:
    """The kit goes to another school for good, which confirms it by the link of its mail."""
    page.goto("/schools?state=active")
    codes = [
        str(row.get_attribute("href")).rsplit("/", 1)[1]
        for row in page.locator('main table tbody th a[href^="/schools/"]').all()
    ]
    other = next(code for code in codes if code != parcel.school)
    page.goto(f"/stock/kits/{parcel.kit}/custody")
    page.locator("summary", has_text=greek("Transfer it for good")).click()
    fill(page, {"target": other, "transfer_why": "Το νηπιαγωγείο συγχωνεύεται"})
    press(page, "Transfer")
    eyes.look(page, "custody")
    papers.keep(
        "transfer",
        page.request.get(
            str(page.locator('main a[href^="/papers/"]', has_text="ΜΤ-").first.get_attribute("href"))
        ).body(),
    )
    page.goto(link_in_mail(page, other, "r"))
    eyes.look(page, "receipt-of-a-transfer")
    _all_arrived(page)


def count(page: Page, phone: Page, eyes: Eyes, papers: Keeps, parcel: Parcel) -> None:
    """The year's stocktake at the school that has it now."""
    page.goto(f"/stock/kits/{parcel.kit}")
    school = str(page.locator('main dl a[href^="/schools/"]').first.get_attribute("href")).rsplit("/", 1)[1]
    page.goto("/stocktakes")
    page.locator("main summary", has_text=greek("Open a stocktake")).click()
    fill(page, {"due_on": (today() + timedelta(days=30)).strftime("%Y-%m-%d")})
    press(page, "Open it and write to the schools")
    page.wait_for_timeout(1_000)
    for _attempt in range(20):
        page.goto("/stocktakes")
        if page.locator("main table").count():
            break
        page.wait_for_timeout(1_000)
    link = link_in_mail(page, school, "s")
    phone.goto(link)
    eyes.look(phone, "stocktake")
    fill(phone, {"counter": "Κώστας Μήλιος"})
    press(phone, "Start counting")
    fill(phone, {"scan": parcel.serial.lower().replace("-", " ")})
    press(phone, "Count it")
    says(phone, "Βρέθηκε")
    fill(phone, {"scan": "BB-2026-0006"})
    press(phone, "Count it")
    eyes.look(phone, "stocktake-stranger")
    waiting = phone.locator(".count-one", has_text=greek("Not counted yet"))
    while left := waiting.count():
        waiting.first.locator('button[value="found"]').click()
        expect(waiting).to_have_count(left - 1)
    fill(phone, {"name": "Κώστας Μήλιος", "post": "Διευθυντής"})
    eyes.look(phone, "stocktake-counted")
    press(phone, "Sign the stocktake")
    expect(phone.get_by_role("link", name=greek("The signed statement (PDF)"))).to_be_visible()
    eyes.look(phone, "stocktake-signed")
    papers.keep("stocktake", phone.request.get(f"{link}/statement").body())
    page.goto("/stocktakes")
    eyes.look(page, "stocktakes")
    page.goto("/stocktakes?state=signed")
    page.locator('main table tbody th a[href^="/stocktakes/"]').last.click()
    eyes.look(page, "stocktake-of-a-school")


def dispose(page: Page, eyes: Eyes, papers: Keeps, parcel: Parcel) -> None:
    """The end: a protocol of disposal."""
    page.goto(f"/stock/kits/{parcel.kit}/custody")
    page.locator("summary", has_text=greek("Dispose of it (end of life)")).click()
    fill(
        page,
        {"method": "Παραλαβή από αδειοδοτημένο συλλέκτη ΑΗΗΕ, δελτίο 883", "disposal_why": "Δεν επισκευάζεται πια"},
    )
    press(page, "Dispose of it")
    eyes.look(page, "custody-disposed")
    papers.keep(
        "disposal",
        page.request.get(
            str(page.locator('main a[href^="/papers/"]', has_text="ΚΤ-").first.get_attribute("href"))
        ).body(),
    )

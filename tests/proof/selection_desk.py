"""What staff do at their desk in the show of a whole selection, page by page as they would."""

import csv
import io
import re
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.acting import PATIENCE_MS, fill, greek, press, says, wait_for_work
from tests.e2e.eyes import Eyes
from tests.e2e.stage import today

WAVE = "stem-7"
PRINTER, MICROBIT, ROBOTICS = "printer-3d", "microbit-kit", "robotics-kit"
TITLES = {PRINTER: "Εκτυπωτής 3D", MICROBIT: "Σετ micro:bit", ROBOTICS: "Σετ ρομποτικής"}
LEVELS = {
    PRINTER: ("lower_secondary", "upper_secondary", "vocational"),
    MICROBIT: ("primary", "lower_secondary"),
    ROBOTICS: ("primary", "lower_secondary"),
}
STOCK = {PRINTER: 6, MICROBIT: 8, ROBOTICS: 14}
HELD_BACK = {PRINTER: 1, MICROBIT: 1, ROBOTICS: 0}
EVALUATION = "Άννα Αρβανίτη, πρόεδρος\nΒασίλης Βέργος, μέλος\nΓεωργία Γάτου, μέλος"
APPEALS = "Δήμος Δούκας, πρόεδρος\nΕλένη Ευθυμίου, μέλος\nΖωή Ζάππα, μέλος"
DRAW = "ΟΠΑΠ, ΛΟΤΤΟ, οι έξι αριθμοί με τη σειρά κλήρωσης"


def sign_in(page: Page, email: str, password: str) -> None:
    """Sign in with the demo's password."""
    page.goto("/sign-in")
    fill(page, {"email": email, "password": password})
    press(page, "Sign in")
    page.wait_for_url("**/")


def codes_of(page: Page, count: int, **asked: str) -> list[str]:
    """Codes of active schools (or departments), from the list's own export."""
    told = page.request.get("/schools", params={"format": "csv", "state": "active", "limit": "50", **asked})
    rows = csv.DictReader(io.StringIO(told.body().decode("utf-8-sig")), delimiter=";")
    codes = [next(iter(row.values())) for row in rows]
    assert len(codes) >= count, asked
    # spread over the country rather than the first ones of one region
    step = max(1, len(codes) // count)
    return [code.strip("'=\"") for code in codes[::step]][:count]


def write_rules(page: Page, eyes: Eyes) -> None:
    """A wave of three kits, with a fault put right, saved twice: the versions tell what changed and why."""
    now = today()
    page.goto("/waves/new")
    fill(page, {"title_el": "Δράση STEM 7", "title_en": "STEM 7", "slug": WAVE, "year_from": str(now.year)})
    press(page, "Make the wave and write its rules")
    page.wait_for_url(f"**/waves/{WAVE}/rules")
    for _each in TITLES:
        press(page, "Add a kit")
    for number, (slug, title) in enumerate(TITLES.items()):
        at = f"kits.{number}"
        fill(page, {f"{at}.definition": slug, f"{at}.title.el": title, f"{at}.title.en": slug})
        fill(page, {f"{at}.stock": str(STOCK[slug]), f"{at}.held_back": str(HELD_BACK[slug])})
        for level in LEVELS[slug]:
            fill(page, {f"{at}.levels": level})
    page.locator('[name="action"][value="add-reserve-0"]').click()
    line = "kits.0.reserves.0"
    fill(page, {f"{line}.title.el": "Ειδικές κατηγορίες", f"{line}.title.en": "Priority", f"{line}.id": "priority"})
    for category in ("special", "minority", "second-chance", "remote"):
        fill(page, {f"{line}.any_of": category})
    fill(page, {f"{line}.places": "40"})
    blocks = page.locator('[name="kits.2.university_blocks"]')
    blocks.evaluate("e => e.closest('details').open = true")
    blocks.fill("1")
    eyes.look(page, "rules")
    press(page, "Save the rules")
    says(page, "Διορθώστε")
    eyes.look(page, "rules-refused")
    fill(page, {f"{line}.places": "1", "why": "Πρώτη μορφή των κριτηρίων."})
    press(page, "Save the rules")
    page.wait_for_url(f"**/waves/{WAVE}")
    page.goto(f"/waves/{WAVE}/rules")
    fill(page, {"criteria.national-prize.ceiling": "60", "why": "Το ανώτατο όριο των βραβείων ανέβηκε."})
    press(page, "Save the rules")
    page.wait_for_url(f"**/waves/{WAVE}")
    eyes.look(page, "wave-draft")
    page.goto(f"/waves/{WAVE}/rules/versions?from=1&to=2")
    eyes.look(page, "rules-versions")


def try_weights(page: Page, eyes: Eyes) -> int:
    """A weight is changed and tried on the last wave's applicants; how many would have moved."""
    page.goto(f"/waves/{WAVE}/what-if")
    weight = page.locator('[name^="criteria."][name*=".points."]').first
    weight.fill("0")
    eyes.look(page, "what-if")
    press(page, "Try it")
    page.get_by_role("link", name=greek("Another trial"), exact=True).wait_for(timeout=PATIENCE_MS * 2)
    eyes.look(page, "what-if-result")
    return page.locator("main table").last.locator("tbody tr").count()


def open_call(page: Page, eyes: Eyes, folder: Path) -> None:
    """The call opens: promise of the seed, draw, numbers of the call, its page and its PDF."""
    now = today()
    page.goto(f"/waves/{WAVE}/criteria")
    eyes.look(page, "criteria-draft")
    page.goto(f"/waves/{WAVE}/open")
    day = f"{now:%Y-%m-%d}"
    fill(page, {"opens_at": f"{day}T00:00", "deadline_at": f"{day}T23:59", "draw_on": day, "draw_description": DRAW})
    fill(page, {"call_protocol": "742/2026"})
    eyes.look(page, "open-call")
    press(page, "Open the call")
    page.wait_for_url(f"**/waves/{WAVE}")
    eyes.look(page, "wave-open")
    page.goto(f"/waves/{WAVE}/criteria")
    page.locator("summary", has_text=greek("Numbers of the call")).click()
    fill(page, {"call_ada": "ΨΔΜ046ΝΚΠΔ-7ΤΘ"})
    press(page, "Save")
    page.goto(f"/calls/{WAVE}")
    eyes.look(page, "call")
    keep(page, f"/calls/{WAVE}/call.pdf", folder / "call.pdf")


def keep(page: Page, path: str, target: Path) -> bytes:
    """Keep a document that the page's reader may have."""
    told = page.request.get(path)
    assert told.ok, f"{path}: {told.status}"
    target.write_bytes(told.body())
    return told.body()


def take_applications(page: Page, eyes: Eyes, folder: Path, content: bytes, schools: int) -> None:
    """The applications that came on paper, in one file."""
    path = folder / "aitiseis.csv"
    path.write_bytes(content)
    page.goto(f"/waves/{WAVE}/applications/import")
    page.set_input_files('[name="file"]', path)
    press(page, "Import")
    wait_for_work(page, "To the applications")
    says(page, f"{schools} νέες αιτήσεις")
    eyes.look(page, "import-done")


def invite(page: Page, eyes: Eyes, codes: list[str]) -> dict[str, str]:
    """Schools are invited; each one's link, as its mail carries it."""
    page.goto(f"/waves/{WAVE}/invite")
    fill(page, {"codes": "\n".join(codes)})
    eyes.look(page, "invite")
    press(page, "Send the invitations")
    eyes.look(page, "invited")
    return {code: link_in_mail(page, code, "/application/") for code in codes}


def mailbox_of(page: Page, code: str) -> str:
    """Where a school's mail goes."""
    page.goto(f"/schools?q={code}")
    page.locator("main table tbody th a").first.click()
    found = re.search(r"[\w.+-]+@[\w.-]+", page.locator("main").inner_text())
    assert found, f"{code} has no mailbox"
    return found[0]


def mails_of(page: Page, code: str) -> list[tuple[str, str]]:
    """What a school was sent, the newest first: subject and text."""
    page.goto(f"/mail?q={mailbox_of(page, code)}")
    addresses = page.locator("main table tbody th a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    found = []
    for address in addresses:
        page.goto(address)
        found.append((page.locator("main h1").inner_text(), page.locator(".message-body").inner_text()))
    return found


def link_in_mail(page: Page, code: str, path: str, patience_s: float = 120) -> str:
    """The newest link of a kind that a school was sent. Letters are written after what they tell of, one by one."""
    end = time.monotonic() + patience_s
    while True:
        mails = mails_of(page, code)
        for _subject, body in mails:
            if found := re.search(rf"http\S+{path}\S+", body):
                return found[0]
        assert time.monotonic() < end, f"{code} was sent no {path}, but {[subject for subject, _ in mails]}"
        time.sleep(2)


def told_of_results(page: Page, code: str, times: int, patience_s: float = 120) -> list[str]:
    """The subjects of the letters about results that a school was sent, once there are so many or time is up."""
    end = time.monotonic() + patience_s
    while True:
        found = [subject for subject, _body in mails_of(page, code) if "ποτελέσματα" in subject]
        if len(found) >= times or time.monotonic() > end:
            return found
        time.sleep(2)


def application_of(page: Page, code: str) -> str:
    """The page of a school's application."""
    page.goto(f"/waves/{WAVE}/applications?q={code}")
    page.locator("main table tbody th a").first.click()
    return page.url


def send_back(page: Page, eyes: Eyes, code: str) -> str:
    """Ask a school for a correction; the link that its mail carries."""
    application_of(page, code)
    page.locator("summary", has_text=greek("Send back for correction")).click()
    fill(page, {"why": "Ο τίτλος του έργου λείπει: συμπληρώστε τον."})
    eyes.look(page, "application-send-back")
    press(page, "Send back")
    says(page, "συμπληρώστε τον")
    fill(page, {"comment": "Μίλησα με τη διευθύντρια στο τηλέφωνο."})
    press(page, "Write")
    eyes.look(page, "application-sent-back")
    page.goto(f"/waves/{WAVE}/applications?standing=returned")
    says(page, code)
    eyes.look(page, "applications-returned")
    return link_in_mail(page, code, "/application/")


def withdraw(page: Page, eyes: Eyes, code: str) -> None:
    """A school asked by telephone to be withdrawn."""
    application_of(page, code)
    page.locator("summary", has_text=greek("Withdraw the application")).click()
    fill(page, {"withdraw-why": "Το ζήτησε το σχολείο με το έγγραφο 77/2026."})
    press(page, "Withdraw")
    eyes.look(page, "application-withdrawn")


def move_deadline(page: Page, eyes: Eyes) -> float:
    """The deadline is moved to the minute after the next; when that is, as a Unix time."""
    page.goto(f"/waves/{WAVE}")
    ends = (today() + timedelta(seconds=100)).replace(second=0, microsecond=0) + timedelta(minutes=1)
    page.locator("summary", has_text=greek("Change the deadline")).click()
    fill(page, {"deadline_at": f"{ends:%Y-%m-%dT%H:%M}", "why": "Η προθεσμία της πρόσκλησης 742/2026 λήγει σήμερα."})
    eyes.look(page, "deadline")
    page.locator('[name="action"][value="move"]').click()
    says(page, f"{ends:%H:%M}")
    return ends.timestamp()


def draw(page: Page, eyes: Eyes) -> None:
    """The draw's numbers are compared and entered."""
    page.goto(f"/waves/{WAVE}/allocation")
    eyes.look(page, "checklist-in-the-way")
    page.goto(f"/waves/{WAVE}")
    fill(page, {"draw_numbers": "12 7 33 41 5 19", "sure": True})
    eyes.look(page, "draw")
    press(page, "Reveal the seed")
    eyes.look(page, "drawn")


def score(page: Page, eyes: Eyes | None) -> None:
    """The applications are scored, with progress."""
    page.goto(f"/waves/{WAVE}")
    page.locator('main form[action$="/score"] button').first.click()
    wait_for_work(page, "To the wave")
    if eyes is not None:
        eyes.look(page, "scored")


def allocate(page: Page, eyes: Eyes | None) -> None:
    """The kits are allocated, with progress, and verified."""
    page.goto(f"/waves/{WAVE}/allocation")
    if eyes is not None:
        eyes.look(page, "checklist")
    page.locator('main form[action$="/allocation"] button').first.click()
    wait_for_work(page, "To the outcome")
    if eyes is not None:
        eyes.look(page, "allocated")
    press(page, "To the outcome")


def check_evidence(page: Page, eyes: Eyes) -> None:
    """What schools entered themselves is looked at, piece by piece."""
    page.goto("/evidence?state=waiting")
    eyes.look(page, "evidence-waiting")
    press(page, "Check the next one")
    eyes.look(page, "evidence-piece")
    for _piece in range(2):
        page.locator('[name="outcome"][value="accepted"]').click()
    says(page, greek("Nothing waits to be checked."))


def compare_runs(page: Page, eyes: Eyes) -> int:
    """Two runs beside each other: who moved, and why; how many."""
    page.goto(f"/waves/{WAVE}/runs")
    page.locator("main table a", has_text=greek("with the one before")).first.click()
    eyes.look(page, "runs-compared")
    return page.locator("main table").nth(1).locator("tbody tr").count()


def publish_provisional(page: Page, eyes: Eyes) -> None:
    """Provisional results, with the decision's numbers."""
    page.goto(f"/waves/{WAVE}/allocation")
    eyes.look(page, "allocation")
    page.goto(f"/waves/{WAVE}/publish")
    fill(page, {"step": "provisional", "protocol": "ΕΟΥ/801/2026", "ada": "9ΩΔΑ46ΝΚΠΔ-ΘΥ1", "sure": True})
    eyes.look(page, "publish")
    press(page, "Publish the results")
    page.wait_for_url(f"**/results/{WAVE}")


def appoint(page: Page, eyes: Eyes) -> None:
    """Two committees; one person in both is refused."""
    page.goto(f"/waves/{WAVE}/committees")
    for kind, act, members in (
        ("evaluation", "Α-1/2026", EVALUATION),
        ("appeals", "Α-2/2026", APPEALS.replace("Ζωή Ζάππα", "ΓΕΩΡΓΙΑ ΓΑΤΟΥ")),
        ("appeals", "Α-2/2026", APPEALS),
    ):
        fill(page, {f"{kind}_act": act, f"{kind}_members": members})
        page.locator(f'form:has([name="{kind}_act"]) button').click()
        if "ΓΑΤΟΥ" in members:
            expect(page.locator(".error-summary, .error").first).to_be_visible()
            eyes.look(page, "committees-refused")
    eyes.look(page, "committees")


def weigh(page: Page, eyes: Eyes, number: int, correction: Mapping[str, str | bool], name: str) -> None:
    """The committee looks at what a correction would do."""
    page.goto(f"/waves/{WAVE}/appeals/{number}")
    if name == "supernumerary":
        eyes.look(page, "appeal-to-decide")
    fill(page, correction)
    press(page, "Show the effect")
    eyes.look(page, f"appeal-effect-{name}")


def accept(page: Page, eyes: Eyes, name: str) -> None:
    """… and decides so."""
    fill(page, {"decision": "accepted", "reason": "Το βραβείο αποδεικνύεται από το δικαιολογητικό."})
    press(page, "Decide, with this effect")
    eyes.look(page, f"appeal-decided-{name}")


def reject(page: Page, number: int) -> None:
    """An appeal is rejected, with the reason."""
    page.goto(f"/waves/{WAVE}/appeals/{number}")
    fill(page, {"decision": "rejected", "reason": "Η πράξη του Συλλόγου δεν υποβλήθηκε ως τη λήξη της προθεσμίας."})
    press(page, "Decide")


def write_minutes(page: Page, kind: str) -> None:
    """A committee's minutes are written."""
    page.goto(f"/waves/{WAVE}/committees")
    fill(page, {"minutes_of": kind, "session_on": f"{today():%Y-%m-%d}"})
    press(page, "Write the minutes")


def read_minutes(page: Page, eyes: Eyes, folder: Path) -> int:
    """All minutes so far, as PDF; how many."""
    page.goto(f"/waves/{WAVE}/committees")
    eyes.look(page, "minutes")
    links = page.locator('main table a[href*="/minutes/"]').evaluate_all("all => all.map(a => a.getAttribute('href'))")
    for number, link in enumerate(links, 1):
        assert keep(page, link, folder / f"minutes-{number}.pdf").startswith(b"%PDF-")
    return len(links)


def publish_final(page: Page, eyes: Eyes) -> None:
    """The final results, after a question; then the decision's numbers."""
    page.goto(f"/waves/{WAVE}/appeals")
    eyes.look(page, "appeals-decided")
    press(page, "Publish the final results")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button").first.click()
    page.wait_for_load_state()
    page.goto(f"/waves/{WAVE}")
    eyes.look(page, "wave-final")
    page.locator("summary", has_text=greek("Numbers of the decision")).click()
    fill(page, {"decision_protocol": "ΕΟΥ/850/2026", "decision_ada": "6ΡΧΖ46ΝΚΠΔ-ΒΓ2"})
    page.locator('form[action$="/decision"] button').click()

"""The first half of a kit's life: bought, labelled, checked, allotted, sent, received."""

import io
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route

from tests.e2e import laptop, office, parcels
from tests.e2e.acting import fill, press, says
from tests.e2e.entrants import BEE_BOT
from tests.e2e.eyes import DESK, Eyes
from tests.e2e.stage import Stage

QUIET = Eyes()
QUIET.folder = None  # what other shows look at is walked past
KITS = 6
ANSWERS = ("body", "charging", "power", "buttons", "drive", "turns", "speaker")


class Keeps(Protocol):
    """Whoever keeps documents."""

    def keep(self, name: str, pdf: bytes) -> None: ...


@dataclass(frozen=True)
class Parcel:
    """The kit, its consignment and school, and the school's link."""

    kit: str
    serial: str
    code: str
    school: str
    school_name: str
    link: str


def desk(browser: Browser, made: Stage) -> BrowserContext:
    """A person at a desk, who reads Greek."""
    context = browser.new_context(base_url=made.url, locale="el-GR", viewport={"width": DESK, "height": 900})
    context.set_default_timeout(30_000)
    return context


def phone(browser: Browser, made: Stage, width: int) -> Page:
    """A person with a small telephone, who reads Greek."""
    context = browser.new_context(
        base_url=made.url, locale="el-GR", viewport={"width": width, "height": 740}, has_touch=True, is_mobile=True
    )
    context.set_default_timeout(30_000)
    return context.new_page()


def person(context: BrowserContext, email: str) -> Page:
    """Somebody signed in."""
    page = context.new_page()
    office.sign_in(page, None, email)
    return page


def buy(page: Page, eyes: Eyes, papers: Keeps) -> str:
    """Order, take a batch in by scan, print labels; returns the code of the first kit."""
    office.define_kits(page, QUIET)
    office.receive_kits(page, QUIET, "arduino-set", office.KITS["arduino-set"])
    page.goto("/stock/orders")
    fill(
        page,
        {
            "contract": "18/2026",
            "supplier": "Ρομποτική Α.Ε.",
            "funding": "budget-line",
            "funding_reference": "2026-9471",
        },
    )
    fill(page, {"definition": "bee-bot-set", "kits": str(KITS), "price": "118,50", "title": "ownership"})
    eyes.look(page, "order-new")
    press(page, "Enter the order")
    page.wait_for_url("**/stock/orders/*")
    fill(page, {"name": "2026-Β", "document": "ΔΑ-4471", "to_check": "0"})
    press(page, "Open it and scan")
    page.wait_for_url("**/stock/batches/*")
    for number in range(1, KITS + 1):
        page.locator('[name="serial"]').fill(f"BB-2026-{number:04}")
        page.keyboard.press("Enter")
        says(page, f"BB-2026-{number:04}")
        if number == 2:
            eyes.look(page, "batch-scanning", allowed=("Enter",))
    page.locator('[name="action"][value="receive"]').click()
    says(page, f"{KITS} σετ")
    eyes.look(page, "batch-received", allowed=("Enter",))
    page.goto("/stock/kits?definition=bee-bot-set&sort=code")
    rows = page.locator("main table tbody th a").all()
    kit = sorted(str(row.get_attribute("href")).rsplit("/", 1)[1] for row in rows)[0]
    page.goto("/stock/labels")
    fill(page, {"what": "", "batch": "2026-Β"})
    eyes.look(page, "labels", allowed=("central-store", "central", "store"))
    hidden = page.locator("form[action='/stock/labels'] input[type=hidden]").all()
    form: dict[str, str | float | bool] = {str(each.get_attribute("name")): each.input_value() for each in hidden}
    sheet = page.locator('[name="sheet"]').input_value()
    answer = page.request.post(
        "/stock/labels", form={**form, "what": "", "batch": "2026-Β", "sheet": sheet, "cell": "1"}
    )
    assert answer.ok, answer.status
    papers.keep("labels", answer.body())
    return kit


def check(page: Page, eyes: Eyes, made: Stage, kit: str, folder: Path) -> None:
    """A technician's laptop checks every Bee-Bot and files the signed reports."""
    laptop.enrol(page, QUIET, made)
    page.goto("/stock/kits?definition=bee-bot-set")
    for code in [
        str(row.get_attribute("href")).rsplit("/", 1)[1] for row in page.locator("main table tbody th a").all()
    ]:
        page.goto(f"/stock/kits/{code}")
        serial = serial_on(page)
        page.screenshot(path=folder / "bee-bot.png")
        said = {**dict.fromkeys(ANSWERS, "yes"), "photo": "bee-bot.png", "signature": "Νίκος Βλάχος"}
        (folder / "answers.json").write_text(json.dumps(said), encoding="utf-8")
        done = made.check("check", code, "--port", f"bee-bot:{serial}", "--answers", str(folder / "answers.json"))
        assert done.returncode == 0, done.stdout + done.stderr
    page.goto(f"/stock/kits/{kit}")
    says(page, "Εντάξει")
    page.locator('main a[href^="/devices/reports/"]').first.click()
    eyes.look(page, "check-report", allowed=("bot", "png"))


def serial_on(page: Page) -> str:
    """The Bee-Bot's serial number on its kit's page."""
    found = re.search(r"BB-2026-\d+", page.locator("main").inner_text())
    assert found
    return found[0]


def allot_and_send(page: Page, eyes: Eyes, made: Stage, papers: Keeps, kit: str, folder: Path) -> Parcel:
    """A wave allots; the kit is packed by scan into a winner's parcel and leaves."""
    office.open_a_wave(page, QUIET)
    office.take_applications(page, QUIET, made, folder)
    office.allocate(page, QUIET)
    parcels.make_consignments(page, QUIET)
    page.goto(f"/results/{office.WAVE}?outcome=received&kit=bee-bot-set&sort=kit")
    row = page.locator("main table tbody tr:has(th a)", has_text=BEE_BOT).first
    school = str(row.locator("th a").get_attribute("href")).rsplit("/", 1)[1]
    page.goto(f"/consignments?q={school}")
    page.locator("main table tbody th a").first.click()
    code = page.url.rsplit("/", 1)[1].split("?")[0]
    name = page.locator("main .kicker").first.inner_text().partition(": ")[2]
    picked = str(page.locator('main a[href^="/stock/kits/"]').first.get_attribute("href")).rsplit("/", 1)[1]
    page.goto(f"/stock/kits/{picked}")
    serial = serial_on(page)
    page.goto(f"/consignments/{code}/packing")
    page.locator('[name="scan"]').fill("BB-2026-9999")
    page.keyboard.press("Enter")
    page.locator("#scan-said .notice").wait_for()
    eyes.look(page, "packing-refused", allowed=("Enter",))
    page.locator('[name="scan"]').fill(serial)
    page.keyboard.press("Enter")
    page.locator("#scan-said", has_text=serial).wait_for()
    # the label stands for the loose parts too
    page.locator('[name="scan"]').fill(picked)
    page.keyboard.press("Enter")
    page.locator("#scan-said", has_text=picked[4:]).wait_for()
    # taking a picture leaves marks in the fields; the page is looked at as it comes
    page.goto(f"/consignments/{code}/packing")
    eyes.look(page, "packing", allowed=("Enter",))
    fill(page, {"parcels": "1", "weight": "1,4", "courier": "Ταχυμεταφορές", "tracking_number": "RR 471 026 118 GR"})
    press(page, "It is packed")
    page.goto(f"/consignments/{code}")
    fill(page, {"courier": "Ταχυμεταφορές", "tracking_number": "RR 471 026 118 GR"})
    press(page, "It has left: write to the school")
    says(page, "RR 471 026 118 GR")
    eyes.look(page, "consignment-sent")
    papers.keep("accompanying-list", page.request.get(f"/consignments/{code}/packing-list.pdf").body())
    papers.keep("parcel-label", page.request.get(f"/consignments/{code}/label.pdf").body())
    return Parcel(picked, serial, code, school, name, link_in_mail(page, school, "r"))


def link_in_mail(page: Page, school: str, kind: str) -> str:
    """The link of a kind in the newest message to a school that has one."""
    page.goto(f"/schools/{school}")
    mailbox = re.search(r"\S+@\S+", page.locator("main").inner_text())
    assert mailbox
    page.goto(f"/mail?q={mailbox[0]}")
    for message in [str(row.get_attribute("href")) for row in page.locator("main table tbody th a").all()]:
        page.goto(message)
        if found := re.search(rf"http\S+/{kind}/\S+", page.locator(".message-body").inner_text()):
            return found[0]
    raise AssertionError(f"no link /{kind}/ in the mail to {mailbox[0]}")


def photograph(path: Path) -> Path:
    """A photograph of several megabytes, with a place in it, as a telephone makes them."""
    picture = Image.effect_noise((3000, 2200), 90).convert("RGB")
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (40.0, 38.0, 24.0), 3: "E", 4: (22.0, 56.0, 39.0)})
    picture.save(path, "JPEG", quality=92, exif=exif)
    return path


def receive(page: Page, eyes: Eyes, papers: Keeps, parcel: Parcel, folder: Path) -> int:
    """The school's receipt by its committee, one thing damaged and one missing, the network failing at the tap.

    Returns:
        How many protocols the one confirmation made.
    """
    page.goto(parcel.link)
    eyes.look(page, "receipt")
    press(page, "Something is missing, damaged or has not come yet")
    page.get_by_label("Ταπέτο διαδρομών").check()
    page.get_by_label("Καλώδιο USB").check()
    eyes.look(page, "receipt-lines")
    press(page, "Continue")
    mat = key_of(page, "Ταπέτο διαδρομών")
    cable = key_of(page, "Καλώδιο USB")
    _say(page, mat, "damaged", "transport", "Σκισμένο στη μία άκρη")
    page.set_input_files(f'[name="photo-{mat}"]', photograph(folder / "damage.jpg"))
    _say(page, cable, "missing", "not-in-parcel", "")
    fill(page, {"quality": "tried", "receiver_name": "Μαρία Ανδρέου", "receiver_role": "Διευθυντής/Διευθύντρια"})
    fill(page, {"receives": "committee", "committee_act": "12/26-11-2026", "appointed_by": "directorate"})
    people = (
        ("Μαρία Ανδρέου", "Προϊσταμένη"),
        ("Νίκος Βλάχος", "ΠΕ86, 3ο Νηπιαγωγείο"),
        ("Άννα Λέκκα", "ΠΕ60, 3ο Νηπιαγωγείο"),
    )
    for number, (name, post) in enumerate(people, 1):
        fill(page, {f"member-{number}-name": name, f"member-{number}-post": post})
    fill(page, {"member-1-confirms": True})
    draw(page, "member-1-drawn")
    eyes.look(page, "receipt-form")
    page.reload()
    assert page.locator('[name="member-3-name"]').input_value() == "Άννα Λέκκα", "what was typed is lost on reload"
    drawn = page.locator('[name="member-1-drawn"]').input_value()
    assert drawn.count(" ") >= 3, "the signature is lost on reload"
    page.set_input_files(f'[name="photo-{mat}"]', folder / "damage.jpg")
    _confirm_over_a_bad_network(page, eyes)
    eyes.look(page, "receipt-done")
    protocol = str(page.locator('main a[href*="/protocol/"]').first.get_attribute("href"))
    papers.keep("protocol", page.request.get(protocol).body())
    for name in ("Νίκος Βλάχος", "Άννα Λέκκα"):
        page.goto(protocol.replace("/protocol/", "/sign/"))
        page.get_by_label(name).check()
        fill(page, {"name": name})
        if name == "Άννα Λέκκα":
            draw(page, "drawn")
            eyes.look(page, "receipt-member")
        press(page, "I confirm the receipt")
        page.wait_for_url("**/done/*")
    page.locator("main summary").last.click()
    page.set_input_files('[name="signed"]', photograph(folder / "signed.jpg"))
    # made smaller on the telephone and sent by the page's script, which then opens the next page
    with page.expect_navigation(url="**/done/*"):
        press(page, "Send the signed paper")
    page.goto(parcel.link)
    eyes.look(page, "receipt-finished")
    papers.keep("protocol-signed", page.request.get(protocol).body())
    return page.locator('main a[href*="/protocol/"]').count()


def key_of(page: Page, item: str) -> str:
    """The key of an item's section in the receipt's form."""
    section = page.locator("section", has=page.get_by_role("heading", name=item))
    return str(section.locator('[name="line"]').first.get_attribute("value"))


def _say(page: Page, key: str, what: str, reason: str, note: str) -> None:
    outcome = page.locator(f'[name="outcome-{key}"][value="{what}"]')
    if outcome.count():
        outcome.check()
    else:
        fill(page, {f"{what}-{key}": "1", f"received-{key}": "0"})
    name = "damage_reason" if what == "damaged" else "missing_reason"
    fill(page, {f"{name}-{key}": reason, f"note-{key}": note})


def draw(page: Page, name: str) -> None:
    """A signature with the finger."""
    canvas = page.locator(f'[data-draw="{name}"] canvas')
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(box["x"] + 20 + step * 20, box["y"] + box["height"] * (0.25 if step % 2 else 0.75))
    page.mouse.up()


def _confirm_over_a_bad_network(page: Page, eyes: Eyes) -> None:
    """The first sending never arrives, the answer to the second is lost; the page sends until it has an answer."""
    sent = 0

    def network(route: Route) -> None:
        nonlocal sent
        if route.request.method != "POST":
            route.continue_()
            return
        sent += 1
        if sent == 1:
            route.abort("internetdisconnected")
        elif sent == 2:
            route.fetch()  # it arrives and is answered, but nobody hears the answer
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/confirm", network)
    press(page, "Confirm the receipt")
    page.locator("[data-retry-note]").wait_for()
    eyes.look(page, "receipt-network-away")
    page.wait_for_url("**/done/*", timeout=90_000)
    page.unroute("**/confirm")
    assert sent >= 3, sent


def bytes_of(picture: Image.Image) -> bytes:
    """A picture as PNG."""
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()

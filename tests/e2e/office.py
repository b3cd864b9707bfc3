"""What the staff do in the walk, from an empty store to parcels on their way."""

from pathlib import Path

from playwright.sync_api import Page

from tests.e2e.acting import fill, greek, press, says, wait_for_work
from tests.e2e.entrants import ARDUINO, BEE_BOT, applications_csv
from tests.e2e.eyes import Eyes
from tests.e2e.stage import PASSWORD, Stage, today

ITEMS = (
    # short name, Greek, English, kind of device, has serial numbers, consumable
    ("bee-bot", "Ρομπότ δαπέδου Bee-Bot", "Bee-Bot floor robot", "bee-bot", True, False),
    ("uno", "Πλακέτα Arduino Uno", "Arduino Uno board", "arduino-avr", True, False),
    ("usb-cable", "Καλώδιο USB", "USB cable", "", False, False),
    ("led", "Λαμπάκι LED", "LED", "", False, True),
    ("mat", "Ταπέτο διαδρομών", "Route mat", "", False, False),
)
DEFINITIONS = (
    (
        "bee-bot-set",
        BEE_BOT,
        "Kindergarten robotics",
        ("kindergarten", "primary", "special"),
        (("bee-bot", 1), ("usb-cable", 1), ("mat", 1)),
    ),
    (
        "arduino-set",
        ARDUINO,
        "Arduino laboratory",
        ("primary", "lower_secondary", "upper_secondary", "vocational"),
        (("uno", 1), ("usb-cable", 1), ("led", 20)),
    ),
)
KITS = {"bee-bot-set": 6, "arduino-set": 8}
WAVE = "stem-7"


def sign_in(page: Page, eyes: Eyes | None, email: str) -> None:
    """Sign in and see what today brings."""
    page.goto("/sign-in")
    if eyes is not None:
        eyes.look(page, "sign-in")
    fill(page, {"email": email, "password": PASSWORD})
    press(page, "Sign in")
    page.wait_for_url("**/")


def stock_the_store(page: Page, eyes: Eyes) -> None:
    """Items, two kit definitions, and the kits that come in with their serial numbers."""
    page.goto("/stock")
    eyes.look(page, "stock-empty")
    define_kits(page, eyes)
    for slug, count in KITS.items():
        receive_kits(page, eyes, slug, count)
    eyes.look(page, "kits")
    page.goto("/stock")
    eyes.look(page, "stock")


def define_kits(page: Page, eyes: Eyes) -> None:
    """The items and the two kinds of kit."""
    page.goto("/stock/definitions")
    for slug, name, english, kind, serialised, consumable in ITEMS:
        page.locator("summary", has_text=greek("Add an item")).click()
        fill(page, {"slug": slug, "name_el": name, "name_en": english, "device_kind": kind})
        fill(page, {"serialised": serialised, "consumable": consumable})
        press(page, "Add")
        says(page, name)
    for slug, title, english, levels, parts in DEFINITIONS:
        page.goto("/stock/definitions/new")
        fill(page, {"slug": slug, "title_el": title, "title_en": english})
        for level in levels:
            fill(page, {"levels": level})
        for at, (item, pieces) in enumerate(parts, 1):
            fill(page, {f"item-{at}": item, f"quantity-{at}": str(pieces)})
        if slug == "arduino-set":
            eyes.look(page, "definition-form")
        press(page, "Save as a new version")
        says(page, title)
    eyes.look(page, "definitions")


def receive_kits(page: Page, eyes: Eyes, slug: str, count: int) -> None:
    """Kits that come in without an order, their serial numbers pasted."""
    page.goto(f"/stock/receive?definition={slug}")
    letter = "BB" if slug == "bee-bot-set" else "UNO"
    serials = "\n".join(f"{letter}-2026-{number:04}" for number in range(1, count + 1))
    fill(page, {"count": str(count), "batch": "2026-A", "document": "ΔΑ-118", "serials": serials})
    if slug == "arduino-set":
        eyes.look(page, "receive-kits", allowed=("item", "serial"))
    press(page, "Receive")
    page.wait_for_url("**/stock/kits?*")


def open_a_wave(page: Page, eyes: Eyes) -> None:
    """A wave with two kits, guaranteed places, a region's limit, conditions and criteria; its call opens."""
    now = today()
    page.goto("/waves/new")
    fill(page, {"title_el": "Δράση STEM 7", "title_en": "STEM 7", "slug": WAVE, "year_from": str(now.year)})
    eyes.look(page, "wave-new", allowed=(WAVE,))
    press(page, "Make the wave and write its rules")
    page.wait_for_url(f"**/waves/{WAVE}/rules")
    press(page, "Add a kit")
    press(page, "Add a kit")  # though the first is still empty: parts may be added in any order
    for number, (slug, title, english, levels, _parts) in enumerate(DEFINITIONS):
        at = f"kits.{number}"
        fill(page, {f"{at}.definition": slug, f"{at}.title.el": title, f"{at}.title.en": english})
        fill(page, {f"{at}.stock": "4" if number == 0 else "6"})
        for level in levels:
            fill(page, {f"{at}.levels": level})
        page.locator(f'[name="action"][value="add-reserve-{number}"]').click()
        line = f"{at}.reserves.0"
        fill(page, {f"{line}.title.el": "Ειδική αγωγή", f"{line}.title.en": "Special education"})
        fill(page, {f"{line}.id": "special", f"{line}.places": "1", f"{line}.any_of": "special"})
    cap = page.locator('[name="kits.1.open_region_cap.attiki"]')
    if not cap.count():
        cap = page.locator('[name^="kits.1.open_region_cap."]').nth(2)
    cap.evaluate("e => e.closest('details').open = true")
    cap.fill("3")
    eyes.look(page, "rules-form")
    # more guaranteed places than kits: refused beside the field, with everything else kept
    fill(page, {"kits.0.reserves.0.places": "40"})
    press(page, "Save the rules")
    says(page, "Διορθώστε")
    eyes.look(page, "rules-refused")
    fill(page, {"kits.0.reserves.0.places": "1"})
    press(page, "Save the rules")
    page.wait_for_url(f"**/waves/{WAVE}")
    eyes.look(page, "wave-draft")
    press(page, "Open the call")
    day = now.strftime("%Y-%m-%d")
    fill(page, {"opens_at": f"{day}T00:00", "deadline_at": f"{day}T23:59", "draw_on": day})
    fill(page, {"draw_description": "ΟΠΑΠ, ΛΟΤΤΟ, οι έξι αριθμοί με τη σειρά κλήρωσης", "call_protocol": "742/2026"})
    eyes.look(page, "open-call")
    press(page, "Open the call")
    page.wait_for_url(f"**/waves/{WAVE}")
    eyes.look(page, "wave-open")


def take_applications(page: Page, eyes: Eyes, made: Stage, folder: Path) -> None:
    """A file with a fault is refused with its place; the good one comes in with its progress shown."""
    content, schools = applications_csv(made.folder / "schools.csv", today().year)
    bad = folder / "aitiseis-lathos.csv"
    bad.write_bytes(content.replace("Ευρωπαϊκό έργο".encode(), "Κάποιο έργο".encode(), 1))
    good = folder / "aitiseis.csv"
    good.write_bytes(content)
    page.goto(f"/waves/{WAVE}/applications/import")
    page.set_input_files('[name="file"]', bad)
    eyes.look(page, "import")
    press(page, "Import")
    page.get_by_text("Κάποιο έργο").wait_for(timeout=30_000)
    eyes.look(page, "import-refused")
    page.goto(f"/waves/{WAVE}/applications/import")
    page.set_input_files('[name="file"]', good)
    press(page, "Import")
    wait_for_work(page, "To the applications")
    says(page, f"{schools} νέες αιτήσεις")
    eyes.look(page, "import-done")
    press(page, "To the applications")
    eyes.look(page, "applications")


def allocate(page: Page, eyes: Eyes) -> None:
    """End the call, enter the draw's numbers, score, allocate, publish."""
    page.goto(f"/waves/{WAVE}")
    page.locator("summary", has_text=greek("Change the deadline")).click()
    fill(page, {"why": "Έληξε η προθεσμία της πρόσκλησης 742/2026"})
    page.locator('[name="action"][value="close"]').click()
    fill(page, {"draw_numbers": "12 7 33 41 5 19", "sure": True})
    eyes.look(page, "wave-closed")
    press(page, "Reveal the seed")
    eyes.look(page, "wave-drawn")
    page.locator('main form[action$="/score"] button').first.click()
    wait_for_work(page, "To the wave")
    eyes.look(page, "scored")
    press(page, "To the applications")
    eyes.look(page, "applications-scored")
    page.locator("main table tbody th a").first.click()
    eyes.look(page, "application-scored")
    page.goto(f"/waves/{WAVE}/allocation")
    page.locator('main form[action$="/allocation"] button').first.click()
    wait_for_work(page, "To the outcome")
    press(page, "To the outcome")
    eyes.look(page, "allocation")
    page.goto(f"/waves/{WAVE}/publish")
    # kits leave only when nothing of the results can change any more
    fill(page, {"step": "final", "sure": True})
    eyes.look(page, "publish")
    page.locator('main form button[type="submit"]').click()
    page.wait_for_url(f"**/results/{WAVE}")

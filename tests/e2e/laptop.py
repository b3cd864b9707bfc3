"""The technician: a code in the browser, the laptop enrolled with it, a real bootloader checked without a network."""

import json
import re
from pathlib import Path

from playwright.sync_api import Page

from tests.e2e.acting import fill, press, says
from tests.e2e.eyes import Eyes
from tests.e2e.parcels import Parcel
from tests.e2e.stage import Stage
from tests.emulators.arduino import sketch, uno


def serial_of(page: Page, parcel: Parcel) -> str:
    """The serial number of the parcel's Arduino, as the technician reads it on the kit's page."""
    page.goto(f"/stock/kits/{parcel.kit}")
    found = re.search(r"UNO-2026-\d+", page.locator("main").inner_text())
    assert found
    return found[0]


def enrol(page: Page, eyes: Eyes, made: Stage) -> None:
    """A code is made in the browser and used on the laptop; a second use is refused."""
    page.goto("/devices/agents")
    fill(page, {"label": "Φορητός του Νίκου"})
    press(page, "Make a code")
    code = page.locator("main strong.code").inner_text()
    eyes.look(page, "enrolment-code", allowed=("check", "enrol", "server"))
    said = made.check("enrol", code, "--server", made.url, "--name", "Φορητός του Νίκου")
    assert said.returncode == 0, said.stderr
    # a refused enrolment leaves the laptop as it was
    again = made.check("enrol", code, "--server", made.url, "--replace")
    assert again.returncode == 3, again.stdout + again.stderr


def check_kit(made: Stage, parcel: Parcel, serial: str) -> None:
    """The list is fetched at the office; at the school there is no service, and the report waits; then it is sent."""
    asked = made.check("check", parcel.kit, "--json")
    assert asked.returncode == 2 and json.loads(asked.stdout)["list"]["source"] == "service", asked.stderr
    made.stop()
    with uno(sketch("talker")) as board:
        said = made.check(
            "check", parcel.kit, "--port", f"{board.port}=arduino-avr:{serial}", "--operator", "Νίκος Βλάχος", "--json"
        )
    assert said.returncode == 0, said.stdout + said.stderr
    document = json.loads(said.stdout)
    assert document["list"]["source"] == "kept" and document["waiting"] == 1
    (device,) = document["devices"]
    assert device["verdict"] == "PASS" and device["serial_number"] == serial
    waiting = made.check("sync", "--attempts", "1", "--json")
    assert waiting.returncode == 2 and json.loads(waiting.stdout)["waiting"] == 1, waiting.stdout
    made.start()
    sent = made.check("sync", "--json")
    assert sent.returncode == 0, sent.stdout + sent.stderr
    assert json.loads(sent.stdout)["sent"] == 1
    again = json.loads(made.check("sync", "--json").stdout)
    assert (again["sent"], again["waiting"]) == (0, 0)


def see_health(page: Page, eyes: Eyes, parcel: Parcel, serial: str) -> None:
    """The kit's page has the device's health, and behind it the steps and the evidence."""
    page.goto(f"/stock/kits/{parcel.kit}")
    health = page.locator("tr", has_text=serial)
    assert re.search(r"Εντάξει", health.last.inner_text(), re.IGNORECASE), health.last.inner_text()
    eyes.look(page, "kit-checked", allowed=("BATCH",))
    page.locator('main a[href^="/devices/reports/"]').first.click()
    says(page, "Optiboot", "ATmega328P", serial)
    # the known image is named as its source names it
    eyes.look(page, "check-report", allowed=("Debian", "rebuilt"))
    page.goto("/devices")
    eyes.look(page, "checks")
    page.goto("/devices/agents")
    eyes.look(page, "laptops")


def find_a_fault(page: Page, eyes: Eyes, made: Stage, folder: Path) -> None:
    """A Bee-Bot whose speaker is mute: question by question, with a photo and a name; the fault is on its kit's page
    and waits for somebody on the first page.
    """
    page.goto("/stock/kits?definition=bee-bot-set&place=store")
    page.locator("main table tbody th a").first.click()
    kit = page.url.rsplit("/", 1)[1]
    found = re.search(r"BB-2026-\d+", page.locator("main").inner_text())
    assert found
    page.screenshot(path=folder / "bee-bot.png")
    answers = dict.fromkeys(("body", "charging", "power", "buttons", "drive", "turns"), "yes")
    said = {**answers, "speaker": "no", "photo": "bee-bot.png", "signature": "Νίκος Βλάχος"}
    (folder / "answers.json").write_text(json.dumps(said), encoding="utf-8")
    checked = made.check("check", kit, "--port", f"bee-bot:{found[0]}", "--answers", str(folder / "answers.json"))
    assert checked.returncode == 1, checked.stdout + checked.stderr
    page.goto(f"/stock/kits/{kit}")
    says(page, "Βλάβη")
    page.locator('main a[href^="/devices/reports/"]').first.click()
    says(page, "Ακούτε καθαρά τους ήχους της;", "bee-bot.png")
    eyes.look(page, "check-report-of-a-fault")
    page.goto("/")
    says(page, "1 συσκευή έχει βλάβη")
    eyes.look(page, "today-of-a-technician")


def records_hold(made: Stage) -> None:
    """The ledger's balances follow from its movements, and the record of changes from its seals."""
    assert made.run("stem_logistics.cli", "ledger", "verify").returncode == 0
    assert made.run("stem_logistics.cli", "audit", "verify").returncode == 0

"""The product's whole path, as its people walk it: a browser, the laptop's command, real parts, nothing faked."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.conftest import require_program
from tests.e2e import laptop, office, parcels, public
from tests.e2e.eyes import DESK, PHONE, Eyes
from tests.e2e.stage import STAFF, TECHNICIAN, Stage, stage
from tests.web.test_browser import CHROMIUM_ARGS

HEARD: list[str] = []
pytestmark = [pytest.mark.browser, pytest.mark.emulator]


@pytest.fixture(scope="module")
def made() -> Iterator[Stage]:
    with stage() as ready:
        yield ready


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=require_program("chromium", "chromium"), args=CHROMIUM_ARGS)
        yield found
        found.close()


def hear(message: ConsoleMessage) -> None:
    """What a page's scripts or its policy complain of; that a refusal has a status of its own is no complaint."""
    if "Failed to load resource" not in message.text:
        HEARD.append(f"{message.page.url if message.page else ''}: {message.text}")


def desk(browser: Browser, made: Stage) -> BrowserContext:
    """A person at a desk, who reads Greek."""
    context = browser.new_context(base_url=made.url, locale="el-GR", viewport={"width": DESK, "height": 900})
    context.set_default_timeout(15_000)
    context.on("console", hear)
    return context


def phone(browser: Browser, made: Stage, *, scripts: bool = True) -> BrowserContext:
    """A person with a telephone, who reads Greek; perhaps one that runs no scripts."""
    context = browser.new_context(
        base_url=made.url,
        locale="el-GR",
        viewport={"width": PHONE, "height": 812},
        has_touch=True,
        is_mobile=True,
        java_script_enabled=scripts,
    )
    context.set_default_timeout(15_000)
    context.on("console", hear)
    return context


def result_link(page: Page, school_code: str) -> str:
    """The link in the mail that told a school its result."""
    page.goto(f"/schools?q={school_code}")
    page.locator("main table tbody th a").first.click()
    mailbox = re.search(r"\S+@\S+", page.locator("main").inner_text())
    assert mailbox, "the school has no mailbox"
    page.goto(f"/mail?q={mailbox[0]}")
    page.locator("main table tbody th a").first.click()
    link = re.search(r"http\S+/result/\S+", page.locator(".message-body").inner_text())
    assert link, page.locator(".message-body").inner_text()
    return link[0]


def test_from_a_school_list_to_a_checked_kit(browser: Browser, made: Stage, tmp_path: Path) -> None:
    """Stock, wave, applications, allocation, results, parcels, receipt, protocol, device check, records: each step is
    done by the person whose it is, on the page or with the command that they have, and nothing on the way is in the
    wrong language, too wide for its screen or without a name for those who listen.
    """
    eyes = Eyes()
    staff = desk(browser, made).new_page()
    office.sign_in(staff, eyes, STAFF)
    eyes.look(staff, "today")
    office.stock_the_store(staff, eyes)
    office.open_a_wave(staff, eyes)
    office.take_applications(staff, eyes, made, tmp_path)
    office.allocate(staff, eyes)

    visitor = desk(browser, made).new_page()
    rejected = public.read_results(visitor, eyes)
    public.verify_files(visitor, tmp_path, rejected)
    public.read_own_result(phone(browser, made).new_page(), eyes, result_link(staff, rejected))

    parcels.make_consignments(staff, eyes)
    first, second = parcels.winners_of(staff)
    parcel = parcels.send(staff, eyes, first, made.url)
    head = phone(browser, made).new_page()
    protocol = parcels.confirm(head, eyes, parcel, scripts=True)
    parcels.read_protocol(head, protocol, parcel)
    parcels.open_again(head, eyes, parcel)
    other = parcels.send(staff, None, second, made.url)
    plain = phone(browser, made, scripts=False).new_page()
    parcels.read_protocol(plain, parcels.confirm(plain, eyes, other, scripts=False), other)
    parcels.see_receipt(staff, eyes, parcel)

    technician = desk(browser, made).new_page()
    office.sign_in(technician, None, TECHNICIAN)
    serial = laptop.serial_of(technician, parcel)
    laptop.enrol(technician, eyes, made)
    laptop.check_kit(made, parcel, serial)
    laptop.see_health(technician, eyes, parcel, serial)
    laptop.find_a_fault(technician, eyes, made, tmp_path)

    staff.goto("/audit")
    eyes.look(staff, "audit", allowed=("stem", "audit", "verify", office.WAVE))
    staff.goto("/")
    expect(staff.locator("main")).to_be_visible()
    eyes.look(staff, "today-after")
    laptop.records_hold(made)
    assert made.faults() == [] and HEARD == []
    assert eyes.wrong == [], "\n".join(eyes.wrong)

"""The school's own page on a telephone: loans, repairs, a recall, an offer, what it asks for; nothing is too wide."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from stem_logistics.accounts.links import principal_of_link
from stem_logistics.app import create_app
from stem_logistics.custody import idle, loan_requests, loans, recalls, repairs, service
from stem_logistics.custody.recalls import Criterion
from stem_logistics.custody.repairs import Given
from stem_logistics.db.engine import pool, unit_of_work
from tests.conftest import require_program
from tests.custody.scene import OTHER, SCHOOL, arrived, kit_at_school, serials
from tests.support import OPERATOR, acting_as, settings_for, today
from tests.web.serving import served_beside
from tests.web.test_browser import CHROMIUM_ARGS

WIDTH = 360
SOON = today() + timedelta(days=9)


async def prepare(url: str) -> tuple[str, str]:
    """A school with all that its page can show; its link's token, and a kit's code."""
    async with pool(url):
        with acting_as(OPERATOR):
            kit, lent, offered = await kit_at_school(), await kit_at_school(OTHER), await kit_at_school("0501661")
            for serial, steps in zip(await serials(kit), (("send",), ("send", "back", "return")), strict=True):
                code = await repairs.report(kit, serial, fault="Δεν ανάβει όταν συνδέεται με τον υπολογιστή")
                for step in steps:
                    await repairs.take_step(code, step, Given(repairer="Τεχνική Υποστήριξη Α.Ε.", due_on=SOON))
            await loans.lend(lent, SCHOOL, SOON)
            await arrived(SCHOOL)
            number = await idle.mark_idle(offered, why="Άδειο τμήμα")
            await idle.offer(number, SCHOOL, SOON)
            words = {"title": "Μπαταρίες", "instructions": "Μην τις φορτίζετε.", "due_on": SOON}
            await recalls.start(Criterion("model", "microbit"), **words)  # type: ignore[arg-type]
            async with unit_of_work():
                address = await service.link_for(await service.require_school(SCHOOL))
        token = address.rsplit("/", 1)[-1]
        with acting_as(await principal_of_link(token)):
            await loan_requests.ask("microbit-set", SOON, why="Έκθεση στο τέλος της χρονιάς")
        return token, kit


@pytest.fixture
def served(database_url: str, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The service on a port; the address of the school's page and of its kit's."""
    app = create_app(settings_for(database_url, tmp_path))
    token, kit = asyncio.run(prepare(database_url))
    with served_beside(app) as address:
        home = f"{address}/k/{token}"
        yield home, f"{home}/kit/{kit}"


def test_nothing_is_too_wide_and_a_tap_answers(served: tuple[str, str], tmp_path: Path) -> None:
    """At 360 pixels; the device that came back is confirmed with one tap, and the loan is said to have gone back."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=require_program("chromium", "chromium"), args=CHROMIUM_ARGS
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": 740}, locale="el-GR")
        for url in served:
            page.goto(url)
            for each in page.locator("summary").all():
                each.click()
            assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH, url
            page.screenshot(path=str(tmp_path / f"{len(url)}.png"), full_page=True)
        page.goto(served[0])
        page.get_by_role("button", name="Ναι, την έχουμε ξανά").click()
        assert "η επισκευή έκλεισε" in page.inner_text("main")
        page.get_by_role("button", name="Το επιστρέψαμε").click()
        assert "Το επιστρέψατε" in page.inner_text("main")
        browser.close()

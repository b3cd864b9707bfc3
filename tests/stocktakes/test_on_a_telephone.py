"""Counting in a real browser: the page stays, and a network that is gone loses nothing and counts nothing twice."""

import asyncio
import random
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Route, expect, sync_playwright

from stem_logistics.app import create_app
from stem_logistics.db.engine import fetch_value, pool
from tests.conftest import require_program
from tests.custody.scene import kit_at_school, serials
from tests.stocktakes.scene import opened
from tests.support import OPERATOR, acting_as, settings_for
from tests.web.serving import served_beside
from tests.web.test_browser import CHROMIUM_ARGS

T = TypeVar("T")
pytestmark = pytest.mark.browser


async def _prepare(url: str) -> tuple[str, str]:
    async with pool(url):
        with acting_as(OPERATOR):
            kit = await kit_at_school()
            token, _ = await opened()
            assert await fetch_value("SELECT count(*) FROM stocktake_line") == 4
            return token, (await serials(kit))[0]


@pytest.fixture
def phone(database_url: str, tmp_path: Path) -> Iterator[tuple[Page, str]]:
    """A telephone on the school's page, and the number of one of its devices."""
    app = create_app(settings_for(database_url, tmp_path))
    token, serial = asyncio.run(_prepare(database_url))
    with served_beside(app) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=require_program("chromium", "chromium"), args=CHROMIUM_ARGS
        )
        context: BrowserContext = browser.new_context(viewport={"width": 360, "height": 740}, locale="el-GR")
        page = context.new_page()
        page.goto(f"{address}/s/{token}")
        page.fill("#counter", "Άννα")
        page.get_by_role("button", name="Έναρξη καταμέτρησης").click()
        yield page, serial
        browser.close()


async def _photographs(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("SELECT count(photo_digest) FROM stocktake_answer"))
    finally:
        await connection.close()


def _beside(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine finds, in a thread of its own: the browser has this one's loop."""
    with ThreadPoolExecutor() as beside:
        return beside.submit(asyncio.run, work).result()


async def _answers(url: str) -> list[tuple[int, int]]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT count(*)::int AS n, sum(found)::int AS found FROM stocktake_answer GROUP BY line_id ORDER BY 1, 2"
        )
        return [(row["n"], row["found"]) for row in rows]
    finally:
        await connection.close()


def test_ticks_are_kept_while_the_network_is_gone_and_count_once(phone: tuple[Page, str], database_url: str) -> None:
    """Ticks and scans without a network, an answer that is lost on its way, a page that is closed in between."""
    page, serial = phone
    waiting = page.locator(".count-one", has_text="Δεν καταμετρήθηκε ακόμη")
    expect(waiting).to_have_count(4)
    page.evaluate("window.stays = true")
    waiting.last.get_by_role("button", name="Είναι εδώ").click()
    expect(waiting).to_have_count(3)
    assert page.evaluate("window.stays") is True, "a tick does not load the page anew"
    # the answer to a tick is lost: it arrived, and is sent again
    lost: list[str] = []

    def lose(route: Route) -> None:
        if lost:
            route.fallback()
            return
        lost.append(route.request.url)
        route.fetch(max_redirects=0)
        route.abort()

    page.route("**/line/*", lose)
    waiting.last.get_by_role("button", name="Είναι εδώ").click()
    expect(waiting).to_have_count(2, timeout=15_000)
    assert lost
    page.unroute("**/line/*")
    # no network at all: what is scanned waits, outlives the page, and is sent by the next one
    page.context.set_offline(True)
    page.fill("#scan", serial)
    page.keyboard.press("Enter")
    expect(page.locator("#count-said")).to_contain_text("Δεν υπάρχει δίκτυο")
    expect(page.locator("#scan")).to_have_value("")
    page.locator("#sign textarea").fill("Όλα καλά")
    page.context.set_offline(False)
    page.reload()
    expect(waiting).to_have_count(1, timeout=15_000)
    expect(page.locator("#sign textarea")).to_have_value("Όλα καλά")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    waiting.get_by_role("button", name="Είναι εδώ").click()
    expect(page.locator("#count-head")).to_contain_text("Όλα καταμετρήθηκαν")
    assert _beside(_answers(database_url)) == [(1, 1), (1, 1), (1, 3), (1, 4)]
    page.fill("#sign input[name=name]", "Μαρία")
    page.fill("#sign input[name=post]", "Διευθύντρια")
    page.get_by_role("button", name="Υπογραφή της απογραφής").click()
    expect(page.get_by_role("link", name="Η υπογεγραμμένη δήλωση")).to_be_visible()


def test_a_refusal_stands_beside_its_line(phone: tuple[Page, str]) -> None:
    """What does not add up opens the line with what was typed; the page stays."""
    page, _ = phone
    line = page.locator(".count-one", has_text="× 3")
    line.locator("summary").click()
    line.get_by_label("Πόσα λείπουν").fill("9")
    line.get_by_label("Με λίγα λόγια").fill("Κομμένο")
    line.get_by_role("button", name="Καταχώριση").click()
    expect(line.locator(".error")).to_contain_text("Αναμένονται 3 τεμάχια")
    expect(line.get_by_label("Με λίγα λόγια")).to_have_value("Κομμένο")
    line.get_by_label("Πόσα λείπουν").fill("1")
    line.get_by_role("button", name="Καταχώριση").click()
    expect(line.locator(".error")).to_have_count(0)
    expect(line).to_contain_text("Τεμάχια που λείπουν")


def test_a_photograph_of_40_megabytes_arrives(phone: tuple[Page, str], database_url: str, tmp_path: Path) -> None:
    """The telephone makes it smaller before it is sent; it stands beside the line's answer."""
    page, _ = phone
    huge = tmp_path / "huge.png"
    Image.frombytes("RGB", (3700, 3700), random.Random(1).randbytes(3700 * 3700 * 3)).save(huge, compress_level=0)
    assert huge.stat().st_size > 40_000_000
    sizes: list[int] = []
    page.on("request", lambda request: sizes.append(len(request.post_data_buffer or b"")))
    line = page.locator(".count-one", has_text="× 3")
    line.locator("summary").click()
    line.get_by_label("Πόσα έχουν βλάβη").fill("1")
    line.get_by_label("Φωτογραφία").set_input_files(huge)
    line.get_by_role("button", name="Καταχώριση").click()
    expect(line).to_contain_text("Βρέθηκε με βλάβη", timeout=30_000)
    assert max(sizes) < 15_000_000
    assert _beside(_photographs(database_url)) == 1

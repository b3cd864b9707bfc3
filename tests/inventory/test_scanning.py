"""A batch comes in by scanner: at its pace, nothing lost, any scan forgotten, optional parts with their kit."""

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import uvicorn
from litestar import Litestar
from playwright.async_api import Page, async_playwright

from stem_logistics.db.engine import fetch, fetch_value
from stem_logistics.errors import Invalid
from stem_logistics.inventory import definitions, ledger, purchasing, scanning
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.definitions import BomEntry
from stem_logistics.settings import Settings
from tests.conftest import require_program
from tests.inventory.stock import make_definition
from tests.support import OPERATOR, PASSWORD, acting_as, browser, make_person, post_form, sign_in, today
from tests.web.accessibility import faults
from tests.web.test_browser import CHROMIUM_ARGS


async def _batch(kits: int = 3, definition: str = "microbit-set") -> str:
    order = await purchasing.place_order(
        contract=f"Σ-{uuid.uuid4().hex[:6]}",
        supplier="Προμηθευτής ΑΕ",
        funding="budget-line",
        funding_reference="6",
        definition=definition,
        kits=kits,
        unit_cents=100,
        title="use",
    )
    return await purchasing.open_batch(order, name="Π-1")


async def _robots() -> None:
    """A kit with two boards and, in some, a charger with a serial number of its own."""
    await make_definition()
    await definitions.save_item("charger", "Φορτιστής", "Charger", serialised=True)
    parts = [BomEntry("microbit", 2), BomEntry("charger", 1, optional=True), BomEntry("usb-cable", 1)]
    await definitions.save_definition("robot-set", "Ρομπότ", "Robots", ["primary"], parts)


async def _serials(kit: str) -> list[str]:
    return [part["serial_number"] for part in (await stock.get_kit(kit))["contents"] if part["serial_number"]]


async def test_one_scan_is_forgotten_and_its_kit_waits_for_another(service: Settings) -> None:
    """The others stay in their kits; the next scan fills the gap."""
    await make_definition()
    batch = await _batch()
    for serial in ("A1", "A2", "B1", "B2", "C1"):
        await scanning.scan(batch, serial)
    second = next(s["id"] for s in (await purchasing.get_batch(batch))["scans"] if s["serial_number"] == "A2")
    await scanning.remove_scan(batch, second)
    found = await purchasing.get_batch(batch)
    assert (found["complete"], found["next"].kit_no, found["next_kit"]) == (1, 1, 1)
    await scanning.scan(batch, "A3")
    codes = await scanning.receive_scanned(batch)
    assert [await _serials(code) for code in codes] == [["A1", "A3"], ["B1", "B2"]]
    assert [s["serial_number"] for s in (await purchasing.get_batch(batch))["scans"]] == ["C1"]
    assert (await ledger.verify()).faults == ()


async def test_an_optional_part_is_scanned_where_the_kit_has_it(service: Settings) -> None:
    """With it, without it, and said wrongly and corrected: each kit holds what was scanned for it."""
    await _robots()
    batch = await _batch(4, "robot-set")
    for serial in ("A1", "A2"):
        await scanning.scan(batch, serial)
    for serial in ("B1", "B2"):
        await scanning.scan(batch, serial, also=["charger"])
    found = await purchasing.get_batch(batch)
    assert (found["complete"], found["next"].line["slug"], found["next_kit"]) == (1, "charger", 2)
    await scanning.scan(batch, "CH-2", also=["charger"])
    for serial in ("C1", "C2"):
        await scanning.scan(batch, serial, also=["charger"])
    # the third has none after all: what is scanned without it is the next kit's
    await scanning.scan(batch, "D1")
    assert (await purchasing.get_batch(batch))["complete"] == 3
    codes = await scanning.receive_scanned(batch)
    assert [await _serials(code) for code in codes] == [["A1", "A2"], ["B1", "B2", "CH-2"], ["C1", "C2"]]
    assert (await ledger.verify()).faults == ()


async def test_what_is_no_single_serial_number_is_not_scanned(service: Settings) -> None:
    """A code that holds several values is refused in words."""
    await make_definition()
    with pytest.raises(Invalid, match="scan-divided"):
        await scanning.scan(await _batch(), "1;tablet;TB-2")


async def test_scans_received_otherwise_are_named_and_forgotten(app: Litestar) -> None:
    """Serial numbers that came in by a list meanwhile: each is named with its kit and can be forgotten by itself."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            definition = await make_definition()
            batch = await _batch()
            for serial in ("A1", "A2", "B1", "B2"):
                await scanning.scan(batch, serial)
            (kit,) = await stock.receive_kits(definition, [{"microbit": ["A1", "A2"]}], key="list")
        path = f"/stock/batches/{batch}"
        page = (await client.get(path)).text
        assert faults(page) == [] and 'name="arrived"' in page
        jammed = await post_form(client, path, {"action": "receive"})
        assert jammed.status_code == 422 and faults(jammed.text) == []
        assert "«A1»" in jammed.text and "«A2»" in jammed.text and f'href="/stock/kits/{kit}"' in jammed.text
        for serial in ("A1", "A2"):
            scan = await fetch_value("SELECT id FROM batch_scan WHERE serial_number = $1", serial)
            assert f'value="remove-{scan}"' in jammed.text
            assert (await post_form(client, path, {"action": f"remove-{scan}"})).status_code == 303
        tomorrow = (today() + timedelta(days=1)).isoformat()
        assert (await post_form(client, path, {"action": "receive", "arrived": tomorrow})).status_code == 422
        friday = today() - timedelta(days=3)
        answer = await post_form(client, path, {"action": "receive", "arrived": friday.isoformat()})
        assert answer.status_code == 303
        days = await fetch("SELECT DISTINCT (occurred_at AT TIME ZONE 'Europe/Athens')::date AS day FROM movement")
        assert friday in {row["day"] for row in days}


async def test_the_script_is_told_what_a_scan_did(app: Litestar) -> None:
    """Taken, scanned before, or refused with what may be done: each in words, with its sound; sent twice it counts
    once."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            await make_definition()
            batch = await _batch()
        path = f"/stock/batches/{batch}/scan"
        for sound in ("good", "again"):
            answer = await post_form(client, path, {"serial": "A1"})
            assert answer.status_code == 200 and f'data-sound="{sound}"' in answer.text and faults(answer.text) == []
        odd = await post_form(client, path, {"serial": "Α2"})
        assert odd.status_code == 200 and "data-hold" in odd.text and 'value="A2"' in odd.text
        assert faults(odd.text) == []
        assert await fetch_value("SELECT count(*) FROM batch_scan") == 1


@asynccontextmanager
async def _served(app: Litestar) -> AsyncIterator[str]:
    """The service on a port, in this event loop."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


async def _type(page: Page, *serials: str) -> None:
    """As a scanner does: all keys at once and Enter, a scan every 120 ms."""
    for serial in serials:
        await page.keyboard.insert_text(serial)
        await page.keyboard.press("Enter")
        await asyncio.sleep(0.12)


@pytest.mark.browser
async def test_nothing_is_lost_at_a_scanners_pace(app: Litestar) -> None:
    """Forty scans at 120 ms are all taken, in their order; behind a refused one the others wait until it is said what
    becomes of it, also over a reload; those go on while the network is away."""
    async with _served(app) as address, async_playwright() as playwright:
        email = await make_person("staff")
        with acting_as(OPERATOR):
            await make_definition()
            batch = await _batch(30)
        chromium = await playwright.chromium.launch(
            executable_path=require_program("chromium", "chromium"), args=CHROMIUM_ARGS
        )
        context = await chromium.new_context(base_url=address, locale="el-GR", viewport={"width": 360, "height": 700})
        page = await context.new_page()
        await page.goto("/sign-in")
        await page.fill("[name=email]", email)
        await page.fill("[name=password]", PASSWORD)
        await page.click("button[type=submit]")
        await page.goto(f"/stock/batches/{batch}")
        first = [f"MB-{number:04}" for number in range(40)]
        await _type(page, *first)

        async def taken() -> list[str]:
            rows = await fetch("SELECT serial_number FROM batch_scan ORDER BY kit_no, id")
            return [row["serial_number"] for row in rows]

        await _until(taken, first)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
        # a letter for a figure, and the scanner goes on
        await _type(page, "MB-OO40", "MB-0041", "MB-0042")
        await page.wait_for_selector("#scan-said[data-hold]")
        await page.locator("#scan-waiting", has_text="MB-0042").wait_for()
        assert await taken() == first
        await page.reload()
        await page.wait_for_selector("#scan-said[data-hold]")
        await context.set_offline(True)
        await page.click("#scan-said form:has([value='MB-0040']) button")
        await asyncio.sleep(0.5)
        await context.set_offline(False)
        await _until(taken, [*first, "MB-0040", "MB-0041", "MB-0042"])
        await page.locator("#scan-list", has_text="MB-0042").wait_for()
        await chromium.close()


async def _until(found: Callable[[], Awaitable[list[str]]], wanted: list[str]) -> None:
    for _ in range(150):
        if await found() == wanted:
            return
        await asyncio.sleep(0.2)
    assert await found() == wanted

"""The gallery in a real browser: what the script adds, and that pages hold together without it."""

import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from tests.conftest import require_program
from tests.web.gallery import PAGES, SENT, create_gallery

pytestmark = pytest.mark.browser
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Elements a finger must hit, smaller than 24 CSS pixels either way (WCAG 2.5.8), links inside sentences aside.
SMALL_TARGETS = """() => [...document.querySelectorAll("a, button, input:not([type=hidden]), select, summary")]
  .filter((e) => e.checkVisibility() && !e.closest(".hidden, .skip"))
  .filter((e) => !(e.tagName === "A" && e.closest("p, dd, figcaption")))
  .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
  .filter(([, box]) => box.width < 24 || box.height < 24)
  .map(([html, box]) => `${html} ${Math.round(box.width)}x${Math.round(box.height)}`)"""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The gallery, served on a free port."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_gallery(), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=require_program("chromium", "chromium"), args=CHROMIUM_ARGS
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    context = browser.new_context(base_url=site, locale="el-GR", viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("width", [320, 375, 1280])
def test_pages_fit_and_break_no_policy(browser: Browser, site: str, width: int) -> None:
    """No page scrolls sideways (down to 320 pixels), no target is too small, and the console stays empty."""
    context = browser.new_context(base_url=site, viewport={"width": width, "height": 700})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in PAGES:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.evaluate(SMALL_TARGETS) == [], path
    # The browser notes the statuses of the error pages; nothing else may be said.
    assert [line for line in said if "Failed to load resource" not in line] == []
    context.close()


def test_a_question_is_asked_first(page: Page) -> None:
    """A form with a question is sent after "yes" only, once, and the safe answer has the focus."""
    SENT.clear()
    page.goto("/parts")
    button = page.get_by_role("main").get_by_role("button", name="Ακύρωση")
    button.click()
    assert page.get_by_role("dialog").inner_text().startswith("Να ακυρωθεί")
    assert page.evaluate("document.activeElement.textContent") == "Άκυρο"
    page.keyboard.press("Enter")
    assert page.get_by_role("dialog").count() == 0 and SENT == []
    button.click()
    page.get_by_role("dialog").get_by_role("button", name="Ακύρωση").click()
    page.wait_for_url("**/form?bad=true")
    assert len(SENT) == 1


def test_an_impatient_finger_sends_once(page: Page) -> None:
    """Two clicks on a form's button make one request."""
    SENT.clear()
    page.goto("/form")
    page.evaluate("() => { const b = document.querySelector('main button'); b.click(); b.click(); b.click(); }")
    page.wait_for_url("**/form?bad=true")
    assert len(SENT) == 1


def test_what_was_typed_outlives_the_page(page: Page) -> None:
    """A public form comes back filled in after the page was lost, and in this tab only."""
    page.goto("/public")
    page.get_by_label("Πόσα δέματα ήρθαν;").fill("3")
    page.get_by_label("Με φθορά").check()
    page.goto("/sign-in")
    page.goto("/public")
    assert page.get_by_label("Πόσα δέματα ήρθαν;").input_value() == "3"
    assert page.get_by_label("Με φθορά").is_checked()
    # The server's own answer with its errors is newer than what the tab remembers.
    page.goto("/public?bad=true")
    assert page.get_by_label("Πόσα δέματα ήρθαν;").input_value() == "1"
    assert page.evaluate("localStorage.length") == 0


def test_a_question_is_shown_when_its_case_is(page: Page, browser: Browser, site: str) -> None:
    """What depends on another answer appears with it and is not sent without; without JavaScript it is there."""
    page.goto("/public")
    field = page.locator("#what")
    assert not field.is_visible() and field.is_disabled()
    page.get_by_label("Με φθορά").check()
    assert field.is_visible() and field.is_enabled()
    page.get_by_label("Ακέραια").check()
    assert not field.is_visible()
    context = browser.new_context(base_url=site, java_script_enabled=False)
    plain = context.new_page()
    plain.goto("/public")
    assert plain.locator("#what").is_visible()
    context.close()


def test_progress_moves_by_itself(page: Page) -> None:
    """The percentage of work under way is renewed without the page being loaded again."""
    page.goto("/progress")
    page.get_by_text("57%").wait_for(timeout=5000)
    assert page.evaluate("document.querySelector('progress').value") == 57


def test_progress_without_script_comes_again_by_itself(browser: Browser, site: str) -> None:
    """Where there is no JavaScript the page renews itself."""
    context = browser.new_context(base_url=site, java_script_enabled=False)
    page = context.new_page()
    page.goto("/progress")
    loads: list[str] = []
    page.on("request", lambda request: loads.append(request.url))
    page.wait_for_event("request", predicate=lambda request: request.url.endswith("/progress"), timeout=9000)
    context.close()


def test_errors_are_reached_by_keyboard(page: Page) -> None:
    """The summary of errors has the focus, and its links put the focus into the faulty field."""
    page.goto("/form?bad=true")
    assert page.evaluate("document.activeElement.className") == "error-summary"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "missing"
    assert page.locator("#missing").input_value() == "δύο"


def test_the_first_tab_skips_to_the_content(page: Page) -> None:
    """Keyboard users need not walk through the menu on every page."""
    page.goto("/table")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"

"""Forms on a bad network, in a real browser: sent until they are answered, and nothing typed is lost."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from stem_logistics.web.i18n import use_locale
from stem_logistics.web.templating import STATIC_DIR, create_environment
from tests.conftest import require_program
from tests.web.test_browser import CHROMIUM_ARGS

pytestmark = pytest.mark.browser
FORM = """<!doctype html><html lang="el"><meta charset="utf-8"><body>
{% from "components/forms.html" import until_answered, text_field, file_field, button %}
<form method="post" action="/post" enctype="multipart/form-data" data-keep="it"{{ until_answered() }} novalidate>
{{ form_key() }}{{ text_field("fault", "fault") }}{{ file_field("photo", "photo", largest=1000, multiple=true) }}
{{ button("ok") }}</form>
<script src="/page.js" defer></script><script src="/send.js" defer></script></body></html>"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=require_program("chromium", "chromium"), args=CHROMIUM_ARGS
        )
        yield browser
        browser.close()


class Site(ThreadingHTTPServer):
    """A page with such a form; `answers` are what its sendings meet, one after the other: a status, or 0 for none."""

    def __init__(self, answers: list[int]) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.answers, self.keys = answers, list[str]()
        self.address = f"http://127.0.0.1:{self.server_port}"
        with use_locale("el"):
            self.form = create_environment().from_string(FORM).render()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Answering(BaseHTTPRequestHandler):
    """One request to it."""

    server: Site

    def log_message(self, *said: object) -> None:
        """Nothing is written."""

    def _say(self, status: int, body: str, kind: str = "text/html", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"content-type": f"{kind}; charset=utf-8", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def do_GET(self) -> None:
        """The form, its scripts, or the page after it."""
        if self.path.endswith(".js"):
            self._say(200, (STATIC_DIR / self.path[1:]).read_text(), "text/javascript")
        else:
            self._say(200, "<p>thanks</p>" if self.path == "/done" else self.server.form)

    def do_POST(self) -> None:
        """What its turn says."""
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.server.keys.append(body.split('name="key"')[1].split("--")[0].strip())
        status = self.server.answers.pop(0)
        if status == 303:
            self._say(303, "", location="/done")
        elif status:
            self._say(status, "no", **{"retry-after": "1"})


def _open(browser: Browser, site: Site) -> Page:
    page = browser.new_context().new_page()
    page.clock.install()
    page.goto(f"{site.address}/form")
    return page


def _note(page: Page, text: str) -> None:
    page.locator("[data-retry-note]", has_text=text).wait_for(timeout=5000)


def test_it_is_sent_until_it_is_answered(browser: Browser) -> None:
    """A network that is away and a service that cannot are told apart; the key stays, and the draft is forgotten."""
    site = Site([0, 503, 303])
    page = _open(browser, site)
    page.fill("#fault", "δεν ανάβει")
    page.click("button")
    _note(page, "Δεν υπάρχει δίκτυο")
    page.clock.run_for(5_000)
    _note(page, "Η υπηρεσία δεν ανταποκρίνεται")
    page.clock.run_for(10_000)
    page.wait_for_url("**/done")
    assert len(site.keys) == 3 and len(set(site.keys)) == 1
    assert page.evaluate("Object.keys(localStorage).length") == 0


def test_it_stops_where_the_service_goes_on_failing(browser: Browser) -> None:
    """After some tries it says so, keeps what was typed, and can be sent again by hand."""
    site = Site([500] * 6 + [303])
    page = _open(browser, site)
    page.fill("#fault", "δεν ανάβει")
    page.click("button")
    for _ in range(6):
        page.wait_for_timeout(100)
        page.clock.run_for(40_000)
    _note(page, "εδώ και ώρα")
    assert len(site.keys) == 6 and page.input_value("#fault") == "δεν ανάβει"
    page.click("button")
    page.wait_for_url("**/done")


def test_what_was_typed_outlives_the_tab(browser: Browser) -> None:
    """Closed and opened again, the text is there, and the photographs are said to be chosen again."""
    site = Site([])
    page = _open(browser, site)
    page.fill("#fault", "δεν ανάβει")
    page.set_input_files("#photo", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"x" * 10})
    second = page.context.new_page()
    page.close()
    second.goto(f"{site.address}/form")
    assert second.input_value("#fault") == "δεν ανάβει"
    assert "Επιλέξτε ξανά" in second.inner_text("form")


def test_a_file_too_large_is_told_before_it_is_sent(browser: Browser) -> None:
    """Beside its field, by its name, with all that was typed still there."""
    site = Site([])
    page = _open(browser, site)
    page.fill("#fault", "δεν ανάβει")
    page.set_input_files("#photo", {"name": "big.jpg", "mimeType": "image/jpeg", "buffer": b"x" * 1001})
    page.click("button")
    page.locator("p.error", has_text="big.jpg").wait_for(timeout=5000)
    assert site.keys == [] and page.input_value("#fault") == "δεν ανάβει"
    assert page.locator("button").get_attribute("aria-disabled") is None

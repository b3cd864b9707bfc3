"""What a rejected school sees on its telephone before it moves a finger."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from stem_logistics.accounts import links
from stem_logistics.app import create_app
from stem_logistics.db.engine import execute, fetch_value, pool, unit_of_work
from stem_logistics.settings import Settings
from tests.appeals.scene import provisional_wave
from tests.conftest import require_program
from tests.support import OPERATOR, acting_as, settings_for
from tests.web.serving import served_beside
from tests.web.test_browser import CHROMIUM_ARGS

LONG = "4ο Εσπερινό Γυμνάσιο Αγίου Κωνσταντίνου Τρικάλων"
WIDTH, HEIGHT = 360, 740
# what it came to know → the words that answer it, on one screen
ANSWERS = {
    "0100004": {
        "how many points": r"Μόρια\s+\d",
        "why not": r"Το σχολείο σας δεν λαμβάνει σετ.*(βάση|ισοβαθμία)",
        "what would have sufficed": r"Τι θα αρκούσε\s+(Χρειαζόταν|Με τα ίδια μόρια)",
        "how to appeal": r"Υποβολή ένστασης",
        "until when": r"ως \d+ \w+ \d{4}, 23:59",
    },
    "0100005": {
        "how many points": r"Μόρια\s+\d",
        "why not": r"δεν μπήκε στην κατάταξη\. Προϋποθέσεις που δεν πληροί: Υπογραφή του διευθυντή",
        "what would have sufficed": r"Τι θα αρκούσε\s+Ως τη λήξη της προθεσμίας: Υπογραφή του διευθυντή",
        "how to appeal": r"Υποβολή ένστασης",
        "until when": r"ως \d+ \w+ \d{4}, 23:59",
    },
}
# the words of whatever lies wholly within the first screen
SEEN = """(height) => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (walker.nextNode()) {
    range.selectNodeContents(walker.currentNode);
    const box = range.getBoundingClientRect();
    if (walker.currentNode.parentElement.checkVisibility() && box.height && box.bottom <= height) {
      found.push(walker.currentNode.textContent);
    }
  }
  return found.join(" ").replace(/\\s+/g, " ");
}"""


async def prepare(url: str) -> dict[str, str]:
    """A wave with provisional results; the links of a school that receives nothing, and of one not admitted."""
    async with pool(url):
        with acting_as(OPERATOR):
            wave = await provisional_wave()
            found = {}
            for code in ANSWERS:
                await execute("UPDATE institution SET name = $1 WHERE code = $2", LONG, code)
                school = await fetch_value("SELECT id FROM institution WHERE code = $1", code)
                async with unit_of_work():
                    found[code] = (await links.issue("result", school, wave_id=wave.id)).token
            return found


@pytest.fixture
def served(database_url: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The service on a port, with the schools' pages; their addresses."""
    settings: Settings = settings_for(database_url, tmp_path)
    app = create_app(settings)
    tokens = asyncio.run(prepare(database_url))
    with served_beside(app) as address:
        yield {code: f"{address}/result/{token}" for code, token in tokens.items()}


def test_a_rejected_school_is_answered_without_scrolling(served: dict[str, str]) -> None:
    """On 360 by 740 pixels, beside its long name: how many points, why not, what would have sufficed, how to appeal
    and until when; a school that was not admitted as well."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=require_program("chromium", "chromium"), args=CHROMIUM_ARGS
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, locale="el-GR")
        for code, answers in ANSWERS.items():
            page.goto(served[code])
            seen = page.evaluate(SEEN, HEIGHT)
            assert LONG in seen
            missing = [what for what, words in answers.items() if not re.search(words, seen)]
            assert not missing, f"{code} has to scroll for: {missing}; it sees: {seen}"
            button = page.get_by_role("link", name="Υποβολή ένστασης").bounding_box()
            assert button is not None and button["y"] + button["height"] <= HEIGHT
            assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
        browser.close()

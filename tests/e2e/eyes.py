"""What a person would notice on a page: it scrolls sideways, a word is in English, a date is raw, a part has no name.

With STEM_PICTURES=DIR every page that is looked at is kept there as a picture, at a desk's and a telephone's width.
"""

import os
import re
from pathlib import Path

from playwright.sync_api import Page

from tests.web.accessibility import faults

DESK, PHONE = 1280, 375
# What is left of a page when codes, addresses, names in their own language and what was typed are taken away.
TEXT = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (parent.closest("code, pre, .code, script, style, textarea, body [lang]") || !parent.checkVisibility()) continue;
    found.push(walker.currentNode.textContent);
  }
  return found.join("\\n");
}"""
ISO_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
SLUG = re.compile(r"(?<![\w/@.:-])[a-z]{2,}(?:[-_][a-z0-9]+)+(?![\w/@.:])")
PYTHON = re.compile(r"\bNone\b|\bTrue\b|\bFalse\b|<[a-z]+ object|\{'|Undefined")
ADDRESS = re.compile(r"\S*(?:@|://|www\.)\S*|\b[\w-]+\.(?:py|json|csv|pdf)\b")
# Public codes (CEG9-BYGM, CEG9BYGM), digests and the like: they are read letter by letter in any language.
CODE = re.compile(r"\b[0-9A-Z]{4}-?[0-9A-Z]{4}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{8,}\b")
LATIN = re.compile(r"[A-Za-z]{4,}")
# Names that Greek pages write in Latin letters: products, programs, file formats, the action itself.
NAMES = {
    "firmata",
    "arduino", "atmega", "bootloader", "byte", "english", "etwinning", "nano",
    "jpeg", "json", "kit", "kits", "mail", "marlin", "micro", "optiboot", "python",
    "stem", "stor", "webp", "xlsx",
}  # fmt: skip


class Eyes:
    """Looks at pages and keeps what is wrong; whoever walks asserts at the end that it is nothing.

    Args:
        phone: how wide a telephone's screen is.
    """

    def __init__(self, phone: int = PHONE) -> None:
        self.phone = phone
        folder = os.environ.get("STEM_PICTURES", "")
        self.folder = Path(folder).absolute() if folder else None
        self.wrong: list[str] = []
        self.seen: list[str] = []

    def look(self, page: Page, name: str, *, allowed: tuple[str, ...] = ()) -> None:
        """Look at the page as it stands now; `allowed` are words of this page that are rightly Latin."""
        self.seen.append(name)
        page.wait_for_load_state()  # a page whose end has not come lacks what stands there
        for fault in faults(page.content()):
            self.wrong.append(f"{name}: {fault}")
        self._read(page, name, allowed)
        before = page.viewport_size
        assert before is not None
        widths = (self.phone,) if before["width"] < 600 else (DESK, self.phone)
        for width in widths:
            page.set_viewport_size({"width": width, "height": 812 if width == self.phone else 900})
            if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
                self.wrong.append(f"{name}: {wide} pixels wide on a screen of {width}")
            if self.folder is not None:
                self.folder.mkdir(parents=True, exist_ok=True)
                number = len(self.seen)
                page.screenshot(path=self.folder / f"{number:02}-{name}-{width}.png", full_page=True)
        page.set_viewport_size(before)

    def _read(self, page: Page, name: str, allowed: tuple[str, ...]) -> None:
        text = CODE.sub(" ", ADDRESS.sub(" ", page.evaluate(TEXT)))
        for kind, pattern in (("a raw date", ISO_DAY), ("a slug", SLUG), ("a value of Python", PYTHON)):
            for found in dict.fromkeys(pattern.findall(text)):
                if found in allowed:
                    continue
                self.wrong.append(f"{name}: {kind}: {found}")
        known = NAMES | {word.lower() for word in allowed}
        for line in text.splitlines():
            strange = [word for word in LATIN.findall(line) if word.lower() not in known]
            if strange:
                self.wrong.append(f"{name}: not in Greek: {' '.join(strange)} (in: {line.strip()[:80]})")

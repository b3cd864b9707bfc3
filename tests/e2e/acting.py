"""Small acts of a person in a browser that every part of the walk shares."""

from collections.abc import Mapping

from playwright.sync_api import Page, expect

from stem_logistics.web.i18n import gettext, use_locale

PATIENCE_MS = 120_000  # for work in the background; whatever a person clicks answers much sooner


def fill(page: Page, values: Mapping[str, str | bool]) -> None:
    """Fill a form's fields by their names: text, a choice of a list, a tick."""
    for name, value in values.items():
        field = page.locator(f'main [name="{name}"]:not([type="hidden"])')
        if isinstance(value, bool):
            field.set_checked(value)
        elif field.first.evaluate("e => e.tagName") == "SELECT":
            field.select_option(value)
        elif field.first.get_attribute("type") in ("radio", "checkbox"):
            page.locator(f'main [name="{name}"][value="{value}"]').check()
        else:
            field.fill(value)


def greek(words: str) -> str:
    """The Greek of a message: the walk names buttons in English and finds them as Greek people see them."""
    with use_locale("el"):
        said = gettext(words)
    assert said != words, f"no Greek for {words!r}"
    return said


def press(page: Page, words: str, *, inside: str = "main") -> None:
    """Press the button, or follow the link, whose Greek name these words have."""
    name = greek(words)
    part = page.locator(inside)
    part.get_by_role("button", name=name, exact=True).or_(part.get_by_role("link", name=name, exact=True)).first.click()


def says(page: Page, *sentences: str) -> None:
    """The page has these words."""
    for sentence in sentences:
        expect(page.locator("main")).to_contain_text(sentence)


def wait_for_work(page: Page, words: str) -> None:
    """Stay on a page with work under way until it offers the next step, and take it."""
    step = page.locator("main").get_by_role("link", name=greek(words), exact=True).first
    step.wait_for(timeout=PATIENCE_MS)

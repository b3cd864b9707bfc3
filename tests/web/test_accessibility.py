"""Everyone can use the pages: names, order, landmarks, references, and contrast worked out from the style sheet."""

import re
from itertools import product

import pytest
from litestar.testing import TestClient

from stem_logistics.web.templating import STATIC_DIR
from tests.web.accessibility import faults
from tests.web.gallery import PAGES, create_gallery

# (text or shape, what it lies on, the ratio WCAG 2.2 AA asks for): 4.5 for text, 3 for shapes and edges.
TEXT = 4.5
SHAPE = 3.0
GROUNDS = ("paper", "wash")
PAIRS = [
    *((text, ground, TEXT) for text, ground in product(("ink", "muted", "accent", "accent-strong"), GROUNDS)),
    *((text, ground, TEXT) for text, ground in product(("good", "warn", "bad"), GROUNDS)),
    *(("ink", f"{tone}-wash", TEXT) for tone in ("accent", "good", "warn", "bad")),
    *(("accent", f"{tone}-wash", TEXT) for tone in ("accent", "good", "warn", "bad")),
    ("warn", "warn-wash", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-strong", TEXT),
    ("on-bad", "bad", TEXT),
    *(("on-shade-low", f"shade-{step}", TEXT) for step in (1, 2, 3)),
    *(("on-shade-high", f"shade-{step}", TEXT) for step in (4, 5)),
    ("edge", "paper", SHAPE),
    ("edge", "wash", SHAPE),
]


def colours(scheme: str) -> dict[str, str]:
    """The variables of a scheme, as the style sheet sets them."""
    css = (STATIC_DIR / "style.css").read_text(encoding="utf-8")
    light, rest = css.split("@media screen and (prefers-color-scheme: dark)", 1)
    found = dict(re.findall(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6});", light))
    if scheme == "dark":
        found |= dict(re.findall(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6});", rest.split("\n}\n", 1)[0]))
    return found


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_worked_out_as_the_standard_does() -> None:
    """The formula gives the standard's own examples."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "ground", "least"), PAIRS)
def test_contrast(scheme: str, front: str, ground: str, least: float) -> None:
    """Every pair of colours that meet on a page has the contrast of WCAG 2.2 AA, in light and in dark."""
    found = colours(scheme)
    assert contrast(found[front], found[ground]) >= least, f"{front} on {ground} in {scheme}"


def test_every_colour_has_a_dark_counterpart_and_no_other_colour_is_used() -> None:
    """A colour written outside the variables would be wrong in one of the two schemes."""
    css = (STATIC_DIR / "style.css").read_text(encoding="utf-8")
    light, dark = colours("light"), colours("dark")
    assert [name for name in light if light[name] == dark[name]] == []
    screen = css.split("@media print", 1)[0]
    assert set(re.findall(r"#[0-9a-f]{3,8}\b", screen)) == {*light.values(), *dark.values()}


@pytest.mark.parametrize("path", PAGES)
def test_the_components_are_accessible(path: str) -> None:
    """No field without a label, no broken reference, one h1, headings in order, tables with captions."""
    with TestClient(create_gallery()) as client:
        assert faults(client.get(path).text) == []


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ('<input name="a">', "has no label"),
        ("<h3>x</h3>", "follows <h1>"),
        ('<p id="x"></p><p id="x"></p>', "have the id"),
        ('<a href="#gone">x</a>', "leads nowhere"),
        ('<p style="color:red">x</p>', "inline style"),
        ("<div>", "closes"),
        ("<table><tr><td>x</td></tr></table>", "no caption"),
        ('<a href="/x"><svg aria-hidden="true"></svg></a>', "has no words"),
    ],
)
def test_the_check_finds_faults(html: str, fault: str) -> None:
    """The check is not blind: each kind of fault is reported where there is one."""
    page = (
        '<!doctype html><html lang="el"><head><title>x</title></head><body><header></header>'
        f"<main><h1>x</h1>{html}</main><footer></footer></body></html>"
    )
    assert any(fault in line for line in faults(page)), faults(page)
    assert faults(page.replace(html, "")) == []

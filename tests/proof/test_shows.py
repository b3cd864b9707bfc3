"""The shows themselves, at a scale that takes seconds, so that they cannot rot; `make proof` runs them in earnest."""

import pytest

from tests.proof.__main__ import LONG, SHOWS
from tests.proof.document import document
from tests.proof.section import Section


@pytest.mark.parametrize("name", sorted(SHOWS.keys() - LONG))
def test_a_show_holds_at_the_smallest_scale(name: str) -> None:
    """Each show runs, counts something and holds."""
    section = SHOWS[name]("tiny")
    assert section.failures == []
    assert section.ran and section.figures


def test_what_does_not_hold_is_said() -> None:
    """A failure reaches the document's first lines and its section; figures are readable."""
    good, bad = Section("Good", "It works."), Section("Bad", "It works, too.", figures={"a": 12345, "b|c": {"x": 1.5}})
    bad.expect(True, "not this")
    bad.expect(False, "a receipt was lost")
    written = document([good, bad])
    assert "**1 of 2 do not hold: Bad.**" in written and "- a receipt was lost" in written
    assert "12,345" in written and "x: 1.50" in written and "not this" not in written
    assert "**All 1 hold.**" in document([good])


def test_a_show_run_again_renews_its_own_section() -> None:
    """The others' stand as they were, each once, and the first lines count them all."""
    first = document([Section("One", "It works."), Section("Two", "It works.", failures=["a receipt was lost"])])
    again = document([Section("Two", "It works.", ran="twice")], first)
    assert "**All 2 hold.**" in again and "a receipt was lost" not in again and "twice" in again
    assert again.count("## One") == again.count("## Two") == 1
    assert document([Section("Two", "It works.", ran="twice")], again) == again

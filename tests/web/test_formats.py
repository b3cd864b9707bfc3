"""Dates, numbers and spans as Greeks write them, and as the English pages do."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from stem_logistics.web import formats
from stem_logistics.web.i18n import use_locale

MOMENT = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "moment", "ago", "thousands", "score", "money"),
    [
        ("el", "22 Νοεμβρίου 2026, 00:30", "πριν από 3 ημέρες", "14.562", "42,5", "1.234,50\xa0€"),
        ("en", "22 November 2026, 00:30", "3 days ago", "14,562", "42.5", "€1,234.50"),
    ],
)
def test_both_languages(language: str, moment: str, ago: str, thousands: str, score: str, money: str) -> None:
    """Each language writes the same values its own way, on the clock of Athens."""
    with use_locale(language):
        assert formats.format_datetime(MOMENT) == moment
        assert formats.ago(MOMENT - timedelta(days=3), now=MOMENT) == ago
        assert formats.number(14562) == thousands
        assert formats.number(Decimal("42.50")) == score
        assert formats.money(123450) == money


def test_a_score_is_shown_with_every_digit_that_decides() -> None:
    """Two scores that differ never look alike."""
    assert formats.number(Decimal("42.0625")) == "42,0625"
    assert formats.number(Decimal("1E+3")) == "1.000"
    assert formats.number(Decimal("0.00")) == "0"


def test_a_moment_without_a_zone_is_refused() -> None:
    """A deadline is not shifted by a guess."""
    with pytest.raises(ValueError, match="no time zone"):
        formats.format_time(MOMENT.replace(tzinfo=None))


def test_the_clock_is_a_setting() -> None:
    """Another zone shows the same moment on its own clock."""
    try:
        formats.set_zone("Asia/Nicosia")
        assert formats.format_time(MOMENT) == "00:30"
        formats.set_zone("UTC")
        assert formats.format_time(MOMENT) == "22:30"
    finally:
        formats.set_zone("Europe/Athens")


def test_a_day_is_a_day_everywhere() -> None:
    """A date without a time is not moved by any zone; nothing is shown as a dash."""
    assert formats.format_date(date(2026, 11, 21)) == "21 Νοεμβρίου 2026"
    assert formats.short_date(date(2026, 1, 2)) == "02/01/2026"
    assert formats.format_date(None) == "–"


@pytest.mark.parametrize(("part", "whole", "words"), [(1, 3, "33%"), (0, 5, "0%"), (5, 0, "–")])
def test_percent(part: int, whole: int, words: str) -> None:
    """A share is a whole per cent; there is none of nothing."""
    assert formats.percent(part, whole) == words


@pytest.mark.parametrize(("size", "words"), [(12, "12 B"), (1400, "1,4 kB"), (1_400_000, "1,4 MB")])
def test_file_size(size: int, words: str) -> None:
    """A size in the unit that people use."""
    assert formats.file_size(size) == words


def test_how_long_something_waits() -> None:
    """What waits is told by how long, not by when it began."""
    with use_locale("el"):
        assert formats.waited(MOMENT - timedelta(days=3, hours=2), now=MOMENT) == "3 ημέρες"

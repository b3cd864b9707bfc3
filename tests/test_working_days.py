"""Working days against the calendars of real years."""

from datetime import UTC, date, datetime

import pytest

from stem_logistics.web.formats import local
from stem_logistics.working_days import add_working_days, holidays, is_working_day, orthodox_easter, window_end


@pytest.mark.parametrize(
    ("year", "day"),
    [(2021, date(2021, 5, 2)), (2023, date(2023, 4, 16)), (2024, date(2024, 5, 5)), (2025, date(2025, 4, 20)),
     (2026, date(2026, 4, 12)), (2027, date(2027, 5, 2)), (2030, date(2030, 4, 28))],
)  # fmt: skip
def test_easter(year: int, day: date) -> None:
    """Orthodox Easter as the calendars of these years have it."""
    assert orthodox_easter(year) == day


def test_holidays_of_a_year() -> None:
    """2026: the fixed days, and those that move with Easter."""
    assert {date(2026, 2, 23), date(2026, 4, 10), date(2026, 4, 13), date(2026, 6, 1), date(2026, 10, 28)} <= holidays(
        2026
    )
    assert len(holidays(2026)) == 13


def test_counting() -> None:
    """The first day does not count; week-ends and holidays are passed over."""
    assert add_working_days(date(2026, 11, 20), 1) == date(2026, 11, 23)
    assert add_working_days(date(2026, 12, 23), 2) == date(2026, 12, 28)
    assert add_working_days(date(2026, 4, 9), 1) == date(2026, 4, 14)
    assert not is_working_day(date(2026, 11, 21))


def test_a_window_ends_with_its_last_day() -> None:
    """Five working days after a Saturday: midnight after Friday, in Athens."""
    end = window_end(datetime(2026, 11, 21, 9, tzinfo=UTC), 5)
    assert local(end).isoformat() == "2026-11-28T00:00:00+02:00"

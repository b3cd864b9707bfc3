"""Working days in Greece: weekends and public holidays aside. Pure."""

from datetime import date, timedelta
from functools import cache


def easter(year: int) -> date:
    """Orthodox Easter (Meeus's Julian algorithm, moved to the Gregorian calendar; right from 1900 to 2099)."""
    a, b, c = year % 4, year % 7, year % 19
    d = (19 * c + 15) % 30
    e = (2 * a + 4 * b - d + 34) % 7
    month, day = divmod(d + e + 114, 31)
    return date(year, month, day + 1) + timedelta(days=13)


@cache
def holidays(year: int) -> frozenset[date]:
    """The public holidays of a year on which neither schools nor offices work."""
    fixed = ((1, 1), (1, 6), (3, 25), (5, 1), (8, 15), (10, 28), (12, 25), (12, 26))
    # Clean Monday, Good Friday, Easter Monday, the Holy Spirit's Monday
    moving = (-48, -2, 1, 50)
    sunday = easter(year)
    return frozenset({date(year, *day) for day in fixed} | {sunday + timedelta(days=days) for days in moving})


def is_working(day: date) -> bool:
    """Whether offices work on a day."""
    return day.weekday() < 5 and day not in holidays(day.year)


def working_days_after(start: date, count: int) -> date:
    """The day that is so many working days after another; `start` itself is not counted."""
    day = start
    while count > 0:
        day += timedelta(days=1)
        count -= is_working(day)
    return day


def working_days_between(start: date, end: date) -> int:
    """How many working days have begun since `start`, which is not counted, up to `end`, which is."""
    return sum(is_working(start + timedelta(days=days)) for days in range(1, (end - start).days + 1))

"""The Greek public service's working days: what deadlines are counted in. Pure.

Saturdays, Sundays and public holidays are no working days (law 4808/2021, article 60; the service also rests on
Good Friday, Easter Monday and the day of the Holy Spirit).
"""

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from stem_logistics.web.formats import local, zone

_FIXED = ((1, 1), (1, 6), (3, 25), (5, 1), (8, 15), (10, 28), (12, 25), (12, 26))
_FROM_EASTER = (-48, -2, 0, 1, 50)  # Clean Monday, Good Friday, Easter, Easter Monday, the Holy Spirit


def orthodox_easter(year: int) -> date:
    """Orthodox Easter in the calendar in use (Meeus' Julian algorithm; right from 1900 to 2099)."""
    a, b, c = year % 4, year % 7, year % 19
    d = (19 * c + 15) % 30
    e = (2 * a + 4 * b - d + 34) % 7
    month, day = divmod(d + e + 114, 31)
    return date(year, month, day + 1) + timedelta(days=13)


@lru_cache(maxsize=64)
def holidays(year: int) -> frozenset[date]:
    """The public holidays of a year."""
    easter = orthodox_easter(year)
    moving = {easter + timedelta(days=days) for days in _FROM_EASTER}
    return frozenset({date(year, month, day) for month, day in _FIXED} | moving)


def is_working_day(day: date) -> bool:
    """Whether the public service works on this day."""
    return day.weekday() < 5 and day not in holidays(day.year)


def add_working_days(day: date, count: int) -> date:
    """The day on which a time of so many working days ends; the first day does not count."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day


def window_end(start: datetime, working_days: int) -> datetime:
    """The moment before which something is in time: the end of the last working day, on the clock in force."""
    last = add_working_days(local(start).date(), working_days)
    return datetime.combine(last + timedelta(days=1), time(0), zone())

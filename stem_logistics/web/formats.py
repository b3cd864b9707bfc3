"""Dates, times, numbers and durations as people read them, in Europe/Athens and the current language."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from babel import dates, numbers
from babel.core import Locale

from stem_logistics.web.i18n import current_locale

_zone = ZoneInfo("Europe/Athens")
# British English: its dates run day, month, year as the Greek ones do.
_LOCALES: Final = {"el": Locale.parse("el_GR"), "en": Locale.parse("en_GB")}


def set_zone(name: str) -> None:
    """Show times on this zone's clock from now on; called once, at start-up.

    Raises:
        ZoneInfoNotFoundError: there is no such zone.
    """
    global _zone
    _zone = ZoneInfo(name)


def zone() -> ZoneInfo:
    """The zone in which times are shown and deadlines counted."""
    return _zone


def _locale() -> Locale:
    return _LOCALES[current_locale.get()]


def local(moment: datetime) -> datetime:
    """The moment on the clock of the zone in force.

    Raises:
        ValueError: the moment has no time zone; guessing one would shift deadlines.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    return moment.astimezone(_zone)


def format_date(day: date | datetime | None) -> str:
    """`21 Νοεμβρίου 2026`; a dash where there is none."""
    if day is None:
        return "–"
    if isinstance(day, datetime):
        day = local(day).date()
    return dates.format_date(day, "d MMMM y", locale=_locale())


def today() -> date:
    """The day it is on the clock in force."""
    return local(datetime.now(UTC)).date()


def long_date(day: date) -> str:
    """`Σάββατο 21 Νοεμβρίου 2026`."""
    return dates.format_date(day, "EEEE d MMMM y", locale=_locale())


def short_date(day: date | datetime | None) -> str:
    """`21/11/2026`, for dense tables."""
    if day is None:
        return "–"
    if isinstance(day, datetime):
        day = local(day).date()
    return day.strftime("%d/%m/%Y")


def format_time(moment: datetime) -> str:
    """`14:30`."""
    return local(moment).strftime("%H:%M")


def format_datetime(moment: datetime | None) -> str:
    """`21 Νοεμβρίου 2026, 14:30`."""
    return "–" if moment is None else f"{format_date(moment)}, {format_time(moment)}"


def iso(moment: date | datetime) -> str:
    """For the `datetime` attribute of `<time>`."""
    return moment.isoformat(timespec="seconds") if isinstance(moment, datetime) else moment.isoformat()


def duration(span: timedelta) -> str:
    """`3 ημέρες`: one unit, the largest that fits."""
    return dates.format_timedelta(span, locale=_locale(), threshold=1.0)


def ago(moment: datetime, now: datetime | None = None) -> str:
    """`πριν από 3 ημέρες`, or `σε 3 ημέρες` for what is still to come."""
    span = local(moment) - (now or datetime.now(UTC))
    return dates.format_timedelta(span, add_direction=True, locale=_locale(), threshold=1.0)


def waited(since: datetime, now: datetime | None = None) -> str:
    """How long something has lasted until now: `3 ημέρες`."""
    return duration((now or datetime.now(UTC)) - local(since))


def number(value: int | float | Decimal) -> str:
    """`14.000` or `42,5`: thousands with a full stop, decimals with a comma (in English the other way)."""
    if isinstance(value, Decimal):
        # Scores are exact: every digit that was stored is shown, trailing zeros are not.
        places = max(0, -int(value.normalize().as_tuple().exponent))
        return numbers.format_decimal(value, format="#,##0" + ("." + "0" * places if places else ""), locale=_locale())
    return numbers.format_decimal(value, locale=_locale())


def decimal(value: int | float | Decimal, places: int = 1) -> str:
    """A number with a fixed count of decimals: `42,50`."""
    return numbers.format_decimal(value, format="#,##0" + ("." + "0" * places if places else ""), locale=_locale())


def percent(part: float, whole: float) -> str:
    """The share of a whole, `37%`; a dash where the whole is nothing."""
    if not whole:
        return "–"
    return numbers.format_percent(part / whole, locale=_locale())


def money(cents: int) -> str:
    """`1.234,50 €` from integer cents."""
    return numbers.format_currency(Decimal(cents) / 100, "EUR", locale=_locale())


def kilograms(grams: int) -> str:
    """`2,45 kg`: all that was weighed."""
    return f"{number(Decimal(grams) / 1000)} kg"


def file_size(size: int) -> str:
    """`1,4 MB`."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{decimal(size / factor)} {unit}"
    return f"{size} B"

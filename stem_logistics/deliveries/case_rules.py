"""Until when a discrepancy is to be settled, and when its owner is written to. Pure but for the settings."""

from datetime import date

from stem_logistics import runtime

# A deadline is moved by so many days from today at most: what needs longer is decided anew.
MOST_DAYS = 90
REMIND_BEFORE = 3
REMIND_AGAIN = 7


def days_for(kind: str) -> int:
    """Within how many days a case of a kind is to be settled: missing, damaged, surplus, wrong."""
    kinds = ("missing", "damaged", "surplus", "wrong")
    return dict(zip(kinds, (int(days) for days in runtime.settings().case_days.split(",")), strict=True))[kind]


def step_of(due_on: date, today: date) -> str | None:
    """The reminder that is due for a case, as a word that is the same all through its days; None for none.

    One before the deadline, then one for each week that it is late.
    """
    left = (due_on - today).days
    if left > REMIND_BEFORE:
        return None
    return "soon" if left >= 0 else f"late-{(-left - 1) // REMIND_AGAIN}"


def goes_up(step: str) -> bool:
    """Whether a reminder goes beyond the case's owner: a week after the deadline."""
    return step not in ("soon", "late-0")

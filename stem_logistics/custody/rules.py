"""Decisions of custody without a database: the steps of a repair, what was meant by what was typed, when to remind."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

# From which state by which step to which: the whole life of a repair.
REPAIR_STEPS: dict[str, dict[str, str]] = {
    "reported": {
        "send": "sent",
        "replace": "replaced",
        "give-up": "not-repairable",
        "withdraw": "withdrawn",
    },
    "sent": {"arrive": "at-repairer", "back": "back", "replace": "replaced", "give-up": "not-repairable"},
    "at-repairer": {"back": "back", "replace": "replaced", "give-up": "not-repairable"},
    "back": {"return": "returned", "keep": "kept"},
    # the broken device itself is still somewhere
    "replaced": {"dispose": "disposed"},
    "not-repairable": {"replace": "replaced", "dispose": "disposed"},
    "returned": {},
    "kept": {},
    "disposed": {},
    "withdrawn": {},
}
CLOSED = frozenset(state for state, steps in REPAIR_STEPS.items() if not steps)
AT_REPAIRER = frozenset({"sent", "at-repairer"})

# A reminder goes out when a loan is this many days from its end; below zero it is late.
REMIND_BEFORE = 7
REMIND_AGAIN = 7
LONGEST_TEXT = 1_000
LONGEST_NAME = 120


def next_state(state: str, step: str) -> str | None:
    """The state after a step; None where the step cannot be taken from there."""
    return REPAIR_STEPS.get(state, {}).get(step)


def reminder_due(due_on: date, today: date) -> str | None:
    """Which reminder a loan is due for today, as a word that is the same all through its days; None for none.

    One before the end, one on the last day, then one for each week that it is late.
    """
    left = (due_on - today).days
    if left > REMIND_BEFORE:
        return None
    if left > 0:
        return "soon"
    if left == 0:
        return "today"
    return f"late-{(-left - 1) // REMIND_AGAIN}"


_GREEK_CAPITALS = str.maketrans("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX")
_CYRILLIC_CAPITALS = str.maketrans("АВЕКМНОРСТУХІЅЈ", "ABEKMHOPCTYXISJ")
_ALIKE = str.maketrans("OILQ", "0110")


def scan_key(text: str) -> str:
    """A serial number or a code as it looks: letters of three alphabets that look the same are one, and so are O and
    0, I, l and 1. Blanks, hyphens and case do not count. Two different numbers may share a key: then it is asked."""
    folded = unicodedata.normalize("NFKC", text).upper()
    folded = unicodedata.normalize("NFC", folded).translate(_GREEK_CAPITALS).translate(_CYRILLIC_CAPITALS)
    return "".join(letter for letter in folded if letter.isalnum()).translate(_ALIKE)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a scan was taken for.

    Args:
        matches: the numbers that it can mean: one is certain, several have to be asked, none is unknown.
        exact: whether it was typed as it stands on the device, blanks and case aside.
    """

    matches: tuple[str, ...]
    exact: bool = False


def read_scan(typed: str, known: Iterable[str]) -> Reading:
    """Which of the known numbers a typed or scanned text means. An exact one wins over those that only look alike."""
    wanted, plain = scan_key(typed), "".join(typed.split()).casefold()
    if not wanted:
        return Reading(())
    alike = list(dict.fromkeys(each for each in known if scan_key(each) == wanted))
    same = [each for each in alike if "".join(each.split()).casefold() == plain]
    return Reading(tuple(same or alike), bool(same))


def one_line(text: str, longest: int = LONGEST_NAME) -> str:
    """What a person typed into a one-line field: printable, single blanks, cut to its length."""
    kept = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(kept.split())[:longest]


def free_text(text: str, longest: int = LONGEST_TEXT) -> str:
    """What a person typed into a box: lines stay, what cannot be printed goes."""
    lines = (one_line(line, longest) for line in text.splitlines())
    return "\n".join(lines).strip()[:longest]

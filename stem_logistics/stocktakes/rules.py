"""Decisions of a stocktake without a database: what an answer means, what the whole comes to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Count:
    """What somebody counted of a line: the three add up to what was expected."""

    found: int
    broken: int = 0
    missing: int = 0


def count_of(state: str, expected: int, broken: int = 0, missing: int = 0) -> Count | None:
    """The count that an answer means; None where it does not add up.

    Args:
        state: `found`, `broken` and `missing` speak of the whole line; `counted` takes the two numbers.
    """
    if state == "found":
        return Count(expected)
    if state == "broken":
        return Count(0, expected)
    if state == "missing":
        return Count(0, 0, expected)
    if state == "counted" and min(broken, missing) >= 0 and broken + missing <= expected:
        return Count(expected - broken - missing, broken, missing)
    return None


def state_of(line: Mapping[str, Any]) -> str:
    """What a line's last answer says, in a word: the worst of it; `open` without one."""
    if line["found"] is None:
        return "open"
    if line["missing"]:
        return "missing"
    return "broken" if line["broken"] else "found"


def totals(lines: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many pieces are found, broken, missing, and of how many nobody has said anything."""
    sums = dict.fromkeys(("expected", "found", "broken", "missing", "open"), 0)
    for line in lines:
        sums["expected"] += line["expected"]
        if line["found"] is None:
            sums["open"] += line["expected"]
            continue
        for name in ("found", "broken", "missing"):
            sums[name] += line[name]
    return sums

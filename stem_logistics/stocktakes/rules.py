"""Decisions of a stocktake without a database: what an answer means, what the whole comes to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# What may come of what is missing, and of what is broken.
DECISIONS: dict[str, tuple[str, ...]] = {"missing": ("lost", "found", "nothing"), "broken": ("repair", "nothing")}


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
    """What a line's last answer says, in a word: the worst of it; `open` without one, `gone` where nothing is expected
    any more.
    """
    if not line["expected"]:
        return "gone"
    if line["found"] is None:
        return "open"
    if line["missing"]:
        return "missing"
    return "broken" if line["broken"] else "found"


def undecided(line: Mapping[str, Any]) -> tuple[str, ...]:
    """Of what of a line staff have still to decide: its missing pieces, its broken ones, or both."""
    return tuple(about for about in DECISIONS if line[about] and not line[f"{about}_decision"])


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


def can_be_moved(place_kinds: Iterable[str]) -> bool:
    """Whether something that lies in places of these kinds may be moved to the school that has found it."""
    return any(kind not in ("consignment", "returning", "scrapped") for kind in place_kinds)


def parts_to_move(parts: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Which parts of a kit that was found are with it: those at schools and in stores; the lost ones where all the
    others are withdrawn, under way or being repaired.
    """
    by_kind: dict[str, list[Mapping[str, Any]]] = {}
    for part in parts:
        by_kind.setdefault(part["place_kind"], []).append(part)
    return [*by_kind.get("institution", ()), *by_kind.get("store", ())] or by_kind.get("lost", [])

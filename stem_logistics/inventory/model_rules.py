"""What is said of a device model and of a kit's lines: how it is read and judged. Pure."""

import calendar
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Protocol

MOST_LESSONS = 12
LONGEST_TITLE = 160
_USB = re.compile(r"(?:0x)?([0-9a-f]{4})[\s:/]+(?:0x)?([0-9a-f]{4})", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s<>\"]{3,400}")


class Line(Protocol):
    """A line of a bill of materials."""

    @property
    def item(self) -> str:
        """The item's slug."""

    @property
    def substitute(self) -> str:
        """The slug of what may stand in its place; empty for nothing."""


def read_usb_ids(typed: str) -> list[str]:
    """USB identities as people copy them (`0d28:0204`, `0x0D28 / 0x0204`), one a line or after a comma, each once.

    Raises:
        ValueError: with the part that is none.
    """
    found: dict[str, None] = {}
    for part in re.split(r"[,;\n]", typed):
        if not part.strip():
            continue
        match = _USB.fullmatch(part.strip())
        if match is None:
            raise ValueError(part.strip()[:40])
        found[f"{match[1]}:{match[2]}".upper()] = None
    return list(found)


def is_address(url: str) -> bool:
    """Whether a text is an address that a page may link to."""
    return _ADDRESS.fullmatch(url) is not None


def warranty_end(bought: date, months: int) -> date:
    """The last day of a warranty: the same day so many months later, or the month's last where it has no such day."""
    month = bought.month - 1 + months
    year, month = bought.year + month // 12, month % 12 + 1
    return date(year, month, min(bought.day, calendar.monthrange(year, month)[1]))


def line_faults(lines: Sequence[Line], items: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What is wrong with the substitutes of a kit definition, by line."""
    errors: list[dict[str, Any]] = []
    own = {line.item for line in lines}
    seen: set[str] = set()
    for at, line in enumerate(lines, 1):
        other = line.substitute
        if not other or line.item not in items:
            continue
        problem = ""
        if other not in items:
            problem = "item-unknown"
        elif other in own or other in seen:
            problem = "substitute-in-kit"
        elif items[other]["serialised"] != items[line.item]["serialised"]:
            problem = "substitute-of-other-sort"
        if problem:
            errors.append({"place": f"line-{at}", "slug": problem, "params": {"item": other[:60], "line": at}})
        seen.add(other)
    return errors


def lesson_faults(lessons: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """What is wrong with the lessons of a kit definition."""
    if len(lessons) > MOST_LESSONS:
        return [{"place": "lessons", "slug": "lessons-too-many", "params": {"most": MOST_LESSONS}}]
    return [
        {"place": "lessons", "slug": "lesson-unusable", "params": {"line": at}}
        for at, (title, url) in enumerate(lessons, 1)
        if not title.strip() or len(title) > LONGEST_TITLE or not is_address(url)
    ]


def read_lessons(typed: str) -> list[tuple[str, str]]:
    """Lessons as they are typed, one a line: a title, then its address."""
    found = []
    for line in typed.splitlines():
        if line.strip():
            title, _, url = line.strip().rpartition(" ")
            found.append((title.strip(" ·–—-:"), url))
    return found

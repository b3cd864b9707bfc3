"""What needs a person today. Each noun says its own in `<noun>/today.py`; this puts it on one page.

A noun's module has `async def today(principal) -> Today`; it says only what this person may see and act on.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from stem_logistics import nouns
from stem_logistics.accounts.policy import Principal
from stem_logistics.web.i18n import Text, _, ngettext


@dataclass(frozen=True)
class Figure:
    """A number that is a door."""

    number: int
    label: Text
    href: str


@dataclass(frozen=True)
class Task:
    """One thing that waits for a person.

    Args:
        tone: good, bad, warn, busy, wait or off, as in components/status.html.
        since: since when it waits.
    """

    title: Text
    href: str
    text: Text = ""
    tone: str = "wait"
    since: datetime | None = None


@dataclass(frozen=True)
class Happened:
    """An event of late, as components/timeline.html shows it."""

    at: datetime
    title: Text
    href: str = ""
    text: Text = ""
    who: str = ""
    tone: str = "wait"


@dataclass(frozen=True)
class Today:
    """One noun's part of the page."""

    figures: list[Figure] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    events: list[Happened] = field(default_factory=list)


MOST_EVENTS = 12


async def overview(principal: Principal) -> dict[str, Any]:
    """The first page's content for this person."""
    figures: list[Figure] = []
    tasks: list[Task] = []
    events: list[Happened] = []
    for module in nouns.load("today"):
        part: Today = await module.today(principal)
        figures += part.figures
        tasks += part.tasks
        events += part.events
    urgency = {"bad": 0, "warn": 1}
    tasks.sort(key=lambda task: urgency.get(task.tone, 2))
    events.sort(key=lambda event: event.at, reverse=True)
    if tasks:
        sentence: Text = ngettext("%(num)s thing waits for you.", "%(num)s things wait for you.", len(tasks))
    else:
        sentence = _("Nothing is waiting for you.")
    return {
        "sentence": sentence,
        "figures": [(figure.number, figure.label, figure.href) for figure in figures],
        "todo": tasks,
        "recent": events[:MOST_EVENTS],
    }

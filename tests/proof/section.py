"""What a show hands back, and how big it was run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeVar

Scale = Literal["tiny", "small", "full"]
SCALES: tuple[Scale, ...] = ("tiny", "small", "full")
T = TypeVar("T")
FAILED = "**Verdict: it does not hold:**"


def by_scale(scale: Scale, tiny: T, small: T, full: T) -> T:
    """The value for a scale."""
    return {"tiny": tiny, "small": small, "full": full}[scale]


@dataclass
class Section:
    """One show's part of the document.

    Args:
        title: what is shown.
        promise: what has to hold, in a sentence or two.
        ran: what was done, for whoever wants to judge whether it says something.
        figures: what was counted and measured, by name.
        failures: what did not hold; none is the verdict that it holds.
        seconds: how long it took.
        at: when it ended.
    """

    title: str
    promise: str
    ran: str = ""
    figures: dict[str, object] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0
    at: datetime | None = None

    @property
    def holds(self) -> bool:
        """The verdict."""
        return not self.failures

    def expect(self, holds: bool, otherwise: str) -> None:
        """Note a failure where something does not hold."""
        if not holds:
            self.failures.append(otherwise)

    def markdown(self) -> str:
        """The section as it stands in the document."""
        when = f"{self.at:%Y-%m-%d %H:%M} UTC, " if self.at else ""
        lines = [f"## {self.title}", "", self.promise, "", f"**Ran** ({when}{self.seconds:.0f} s): {self.ran}", ""]
        lines += [
            "| figure | value |",
            "|---|---|",
            *(f"| {name} | {said(self.figures[name])} |" for name in self.figures),
        ]
        lines += ["", "**Verdict: it holds.**" if self.holds else FAILED]
        lines += [f"- {failure}" for failure in self.failures[:50]]
        return "\n".join(lines) + "\n"


def said(value: object) -> str:
    """A figure for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {said(each)}" for name, each in value.items())
    return str(value).replace("|", "\\|").replace("\n", " ")

"""One cell of the fault table: a kind of device under one fault, in as many cases as were tried."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from device_agents.kinds import AnyKind
from device_agents.kinds.base import CheckOptions, Opening
from device_agents.messages import LANGUAGES, has
from device_agents.report import Report
from firmware_checks.verdicts import Verdict


@dataclass
class Cell:
    """What came of it.

    Attributes:
        outcomes: how often each verdict (or other outcome, such as `port-busy`) came.
        longest_s: the longest case, in seconds of the check's own clock (of the real one where there is a real port).
        failures: what was not as it must be.
        absent: why the fault cannot happen to this kind; then nothing was tried.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    longest_s: float = 0.0
    failures: list[str] = field(default_factory=list)
    absent: str = ""

    @property
    def cases(self) -> int:
        return sum(self.outcomes.values())

    def add(self, outcome: str, seconds: float) -> None:
        """One more case."""
        self.outcomes[outcome] += 1
        self.longest_s = max(self.longest_s, seconds)

    def expect(self, holds: bool, otherwise: str) -> None:
        """Note what does not hold."""
        if not holds:
            self.failures.append(otherwise)

    def said(self) -> str:
        """The cell as it stands in the table."""
        if self.absent:
            return f"— ({self.absent})"
        words = " · ".join(
            f"{name} {count}" if len(self.outcomes) > 1 else name for name, count in self.outcomes.items()
        )
        return f"{'' if not self.failures else '**NOT AS IT MUST BE** '}{words}; {self.longest_s:.1f} s; {self.cases:,}"


def read_options(kind: AnyKind) -> Iterator[CheckOptions]:
    """Each way in which a check of this kind may be asked for."""
    yield CheckOptions(read_flash=False)
    if kind.long_deadline_s is not None:
        yield CheckOptions(read_flash=True)


def judge(cell: Cell, kind: AnyKind, options: CheckOptions, report: Report, seconds: float, case: str) -> None:
    """What holds for every fault: an end in time, no fault of ours, words for every reason."""
    cell.add(report.verdict.value, seconds)
    deadline = kind.deadline(options)
    cell.expect(deadline is None or seconds <= deadline, f"{case}: took {seconds:.1f} s of {deadline}")
    for step in report.steps:
        if step.reason is None:
            continue
        cell.expect(step.reason.key != "local-protocol-error", f"{case}: a fault of ours, {step.reason}")
        for language in LANGUAGES:
            cell.expect(has(language, f"reason.{step.reason.key}"), f"{case}: no words for {step.reason.key}")


def proves_nothing(cell: Cell, report: Report, case: str) -> None:
    """Exit code 2: neither in order nor at fault."""
    cell.expect(report.verdict.exit_code == 2, f"{case}: {report.verdict.value}")


def not_of_this_kind(cell: Cell, report: Report, case: str) -> None:
    """Another device than asked for: nothing is proven, or that it is another one; never that it is in order, old or
    damaged."""
    fits = report.verdict.exit_code == 2 or report.verdict is Verdict.MISMATCH
    cell.expect(fits, f"{case}: {report.verdict.value}")


def same_or_nothing(cell: Cell, report: Report, good: Report, case: str) -> None:
    """In order with the same identity, or nothing is proven."""
    if report.verdict is good.verdict:
        cell.expect(report.identity == good.identity, f"{case}: PASS with another identity, {report.identity}")
    else:
        proves_nothing(cell, report, case)


def has_port(kind: AnyKind) -> bool:
    """Whether there is a line on which something can go wrong."""
    return kind.opening is not Opening.NEVER

"""One device on the table, and all of them at one moment. Values: the engine replaces them, a screen shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from device_agents.conversation import Question
from device_agents.desk import Checked, Target
from device_agents.discovery.presence import Sighting
from device_agents.errors import AgentError
from device_agents.kitlist import KitList, Row, Status
from device_agents.report import Report
from firmware_checks.verdicts import Verdict


class Phase(StrEnum):
    """How far a device is."""

    CONFIRM = "confirm"
    """Nothing says what it is, or it may be at work: a person has to say so before its port is opened."""
    WAITING = "waiting"
    """Its turn comes."""
    CHECKING = "checking"
    DONE = "done"
    UNUSABLE = "unusable"
    """Its port could not be used."""


@dataclass(frozen=True)
class Device:
    """A device that is, or was, plugged in.

    Attributes:
        number: by which people call it; it keeps it.
        instance: how discovery names it; empty where nobody watches.
        phase, step, step_number, steps: how far it is; the step's name is a key of the kind's.
        may_be, reason: in CONFIRM, what a person may say it is, and why they are asked.
        checked: what its last check found; stays while it is checked again.
        fault, not_opened: why the last attempt gave no report: an error, or the reason for which a port was left alone.
        report_id: of the last report that was filed; `filed` counts them.
        unfiled: why its last report could not be kept; it is tried again.
        times: how often a check of it has ended with a report.
        question: what its check asks the person now.
        held_back: it waits because the computer does not take more at once.
    """

    number: int
    target: Target
    sighting: Sighting
    instance: str = ""
    phase: Phase = Phase.WAITING
    plugged: bool = True
    may_be: tuple[str, ...] = ()
    reason: str = ""
    kind: str = ""
    step: str = ""
    step_number: int = 0
    steps: int = 0
    checked: Checked | None = None
    fault: AgentError | None = None
    not_opened: str = ""
    report_id: str = ""
    filed: int = 0
    unfiled: AgentError | None = None
    times: int = 0
    question: Question | None = None
    held_back: bool = False

    @property
    def report(self) -> Report | None:
        """Of its last check."""
        return self.checked.found.report if self.checked is not None else None

    @property
    def busy(self) -> bool:
        """Whether it is being checked, or will be without anybody's doing."""
        return self.phase in (Phase.WAITING, Phase.CHECKING)

    @property
    def needs_person(self) -> bool:
        """Whether it goes on only when somebody does something."""
        return self.plugged and (self.phase is Phase.CONFIRM or self.question is not None)


@dataclass(frozen=True)
class View:
    """The table at one moment. `rows` is the list with what was found; `version` grows with every change."""

    version: int
    expected: KitList
    devices: Sequence[Device]
    rows: Sequence[Row]

    def row_of(self, device: Device) -> Row | None:
        """How a device that was checked stands to the list."""
        found = device.checked.found if device.checked is not None else None
        return next((row for row in self.rows if found is not None and row.found is found), None)

    def device_of(self, row: Row) -> Device | None:
        """The device that a row is about."""
        if row.found is None:
            return None
        return next((one for one in self.devices if one.checked and one.checked.found is row.found), None)

    def count(self, status: Status) -> int:
        """How many rows have that status."""
        return sum(row.status is status for row in self.rows)

    @property
    def quantity(self) -> int:
        """How many devices the list expects."""
        return sum(line.quantity for line in self.expected.lines)

    @property
    def faulty(self) -> int:
        """How many devices have a proven fault."""
        reports = [row.found.report for row in self.rows if row.found is not None]
        return sum(report is not None and report.verdict.exit_code == 1 for report in reports)

    @property
    def unkept(self) -> int:
        """How many checks have ended with a report that is not filed yet."""
        return sum(max(0, device.times - device.filed) for device in self.devices)

    @property
    def undecided(self) -> int:
        """How many devices' checks ended without proof of anything."""
        reports = [row.found.report for row in self.rows if row.found is not None]
        return sum(
            report is not None and report.verdict in (Verdict.INCONCLUSIVE, Verdict.UNKNOWN) for report in reports
        )

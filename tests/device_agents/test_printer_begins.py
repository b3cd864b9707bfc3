"""How a printer begins when its port is opened: what real Marlin behind a real Mega's bootloader was seen to do
(emulated instruction by instruction, by hand), on the model that keeps to it."""

from device_agents.candidates import Candidate
from device_agents.kinds.base import CheckContext
from device_agents.kinds.printer_marlin import KIND
from device_agents.report import Report
from device_agents.runner import run_check
from device_agents.transports.base import Line
from firmware_checks.verdicts import Verdict
from tests.device_agents.model_printer import ModelTransport
from tests.emulators.marlin_model import Marlin

BOOTS_S, STAYS_S = 0.84, 5.0
"""Of stk500boot 2.10: it begins the firmware after this, unless it hears a byte; then after this much silence."""
MEGA = Candidate("model", "Mega", 0x2341, 0x0042)


def check(transport: ModelTransport) -> Report:
    report = run_check(KIND, CheckContext(MEGA), transport)
    deadline = KIND.deadline(CheckContext(MEGA).options)
    assert deadline is not None and transport.now() <= deadline
    return report


def test_nothing_is_said_into_a_bootloader() -> None:
    """A Mega's bootloader that hears a byte stays for five seconds and again for each one more: it is left to begin."""
    transport = ModelTransport(Marlin("", "moves", 1.0, BOOTS_S, STAYS_S))
    report = check(transport)
    assert report.verdict is Verdict.PASS, report.steps
    assert transport.now() < STAYS_S


def test_a_bootloader_that_another_program_spoke_to() -> None:
    """A modem manager that tried the port, a laptop that asked at another speed: the printer is still found, in time,
    because it is left in peace for longer than its bootloader stays."""

    class SpokenTo(ModelTransport):
        def open(self, line: Line) -> None:
            super().open(line)
            self.marlin.hear("AT", self.now())

        def set_baud(self, baud: int) -> bool:
            return True

    report = check(SpokenTo(Marlin("", "moves", 1.0, BOOTS_S, STAYS_S)))
    assert report.verdict is Verdict.PASS, report.steps

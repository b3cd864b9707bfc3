"""The Leonardo's check against the real Caterina and real sketches, with their USB, in an emulator."""

import dataclasses
import hashlib
import time
from collections.abc import Iterator

import pytest

from device_agents.candidates import Candidate
from device_agents.kinds.arduino_leonardo import KIND
from device_agents.kinds.base import CheckContext, CheckOptions
from device_agents.report import Report, StepReport
from device_agents.runner import run_check
from device_agents.transports.serial_port import SerialTransport
from firmware_checks.images import read
from firmware_checks.verdicts import Verdict
from tests.emulators.arduino import NativeBoard, downloaded, yun
from tests.emulators.fault_proxy import FaultProxy, Faults

pytestmark = pytest.mark.emulator
EXPORTED = "avrgirl-arduino-5.0.1/junk/hex/yun/StandardFirmata.with_bootloader.cpp.hex"
FIRMATA = "avrgirl-arduino-5.0.1/junk/hex/leonardo/StandardFirmata.cpp.hex"


@pytest.fixture(scope="module")
def board() -> Iterator[NativeBoard]:
    with yun() as emulated:
        yield emulated


def check(board: NativeBoard, *, flash: bool = False) -> Report:
    context = CheckContext(board.candidate, CheckOptions(read_flash=flash))
    return run_check(KIND, context, board.transport())


def step(report: Report, name: str) -> StepReport:
    return next(each for each in report.steps if each.name == name)


def in_sketch(board: NativeBoard) -> NativeBoard:
    end = time.monotonic() + 12
    while (board.candidate.pid or 0) < 0x8000:
        assert time.monotonic() < end, board.emulator.printed
        time.sleep(0.05)
    return board


def test_a_board_in_its_sketch_passes(board: NativeBoard) -> None:
    """The touch starts the bootloader, the board is followed, and both regions are those of the image in it; the
    sketch runs again afterwards."""
    report = check(in_sketch(board), flash=True)
    assert report.verdict is Verdict.PASS, report.steps
    assert {
        key: report.identity[key] for key in ("bootloader", "bootloader_version", "signature", "chip", "board")
    } == {
        "bootloader": "Caterina",
        "bootloader_version": "1.0",
        "signature": "1e9587",
        "chip": "ATmega32U4",
        "board": "atmega32u4-yun",
    }
    image = read(downloaded(EXPORTED).read_bytes()).images[0]
    assert {region.name: region.sha256 for region in report.evidence.regions} == {
        "bootloader": hashlib.sha256(image.region(0x7000, 0x1000)).hexdigest(),
        "application": hashlib.sha256(image.region(0, 0x7000)).hexdigest(),
    }
    assert step(report, "connect").measured["port"]
    assert in_sketch(board).candidate.usb_id == "2341:8041"


def test_fuses_are_the_chips_and_decide_nothing(board: NativeBoard) -> None:
    """Caterina reads them by the chip's own instruction."""
    report = check(in_sketch(board))
    assert (board.candidate.pid or 0) >= 0x8000, "also a quick check waits until the sketch is back"
    assert step(report, "sketch").verdict is Verdict.PASS
    fuses = step(report, "fuses")
    assert fuses.counts is False
    assert list(fuses.measured.values()) == ["0xff", "0xd8", "0xcb", "0xef"]


def test_a_board_in_its_bootloader_is_not_touched(board: NativeBoard) -> None:
    """Two presses of reset make Caterina stay: then it is spoken to where it is."""
    in_sketch(board).press_reset(2)
    end = time.monotonic() + 5
    while board.candidate.usb_id != "2341:0041" and time.monotonic() < end:
        time.sleep(0.05)
    report = check(board)
    assert report.verdict is Verdict.PASS and "port" not in step(report, "connect").measured


def test_a_sketch_that_speaks_firmata_is_named() -> None:
    """A Leonardo's sketch on a Yún's bootloader: the sketch tells what it is, and the two do not fit together."""
    with yun(downloaded(FIRMATA)) as board:
        report = check(board, flash=True)
    assert report.verdict is Verdict.MISMATCH
    sketch = step(report, "sketch")
    assert sketch.verdict is Verdict.PASS and sketch.counts is False
    assert sketch.measured == {
        "firmware": "StandardFirmata.ino 2.4",
        "protocol": "2.4",
        "pins": 30,
        "digital": 30,
        "analog": 12,
        "pwm": 7,
        "servo": 30,
        "i2c": 2,
        "analog_pins": 12,
    }
    assert report.identity["sketch"] == "StandardFirmata.ino 2.4"


def test_where_the_place_is_unknown_the_board_is_asked_where_it_is(board: NativeBoard) -> None:
    """Its sketch answers nothing that a bootloader would: INCONCLUSIVE, with what to press, and the port is closed."""
    port = in_sketch(board).candidate.port
    report = run_check(KIND, CheckContext(Candidate(port)), SerialTransport(port))
    assert report.verdict is Verdict.INCONCLUSIVE
    reason = report.steps[0].reason
    assert reason is not None and reason.key == "bootloader-not-reached"


@pytest.mark.parametrize(
    "faults",
    [Faults(drop_every=1500), Faults(cut_at=2000)],
)
def test_a_bad_cable_never_passes(board: NativeBoard, faults: Faults) -> None:
    """Between the checker and the bootloader: never PASS, never FAIL, in time."""
    in_sketch(board).press_reset(2)
    end = time.monotonic() + 5
    while board.candidate.usb_id != "2341:0041" and time.monotonic() < end:
        time.sleep(0.05)
    candidate = board.candidate
    with FaultProxy(candidate.port, faults) as port:
        context = CheckContext(dataclasses.replace(candidate, port=port), CheckOptions(read_flash=False))
        report = run_check(KIND, context, SerialTransport(port))
    assert report.verdict.exit_code == 2, report.steps
    board.press_reset()

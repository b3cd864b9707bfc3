"""The micro:bit's check against real MicroPython in QEMU, over good and bad cables."""

import contextlib
import json
import os
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from device_agents.candidates import Candidate
from device_agents.kinds import microbit_parts
from device_agents.kinds.base import CheckContext
from device_agents.kinds.microbit import KIND
from device_agents.protocols.raw_repl import PACE_CHUNK, PACE_GAP_S, Finished, RawRepl, Ready
from device_agents.runner import run_check
from device_agents.transports.serial_port import SerialTransport
from firmware_checks.verdicts import Verdict
from tests.device_agents.probing import probe
from tests.emulators.fault_proxy import FaultProxy, Faults
from tests.emulators.programs import Emulator, microbit

pytestmark = pytest.mark.emulator

PROGRAM = "from microbit import sleep\nwhile True:\n print('tick')\n sleep(100)\n"


@pytest.fixture(scope="module")
def board() -> Iterator[Emulator]:
    with microbit() as emulator:
        yield emulator


@contextlib.contextmanager
def line(port: str) -> Iterator[serial.Serial]:
    """The port, exclusively: it has to be free."""
    with serial.Serial(port, 115200, timeout=0.02, exclusive=True) as handle:
        yield handle


def pace(handle: serial.Serial, data: bytes) -> None:
    for start in range(0, len(data), PACE_CHUNK):
        handle.write(data[start : start + PACE_CHUNK])
        time.sleep(PACE_GAP_S)


def execute(port: str, source: str) -> str:
    """Run a script on the board; the raw REPL stays open behind it."""
    repl = RawRepl()
    with line(port) as handle:
        pace(handle, repl.enter())
        end = time.monotonic() + 5
        while time.monotonic() < end:
            for event in repl.receive_data(handle.read(4096)):
                if isinstance(event, Ready):
                    pace(handle, repl.execute(source))
                if isinstance(event, Finished):
                    assert event.error == b""
                    return event.output.decode()
    raise AssertionError("the board does not answer")


def test_a_microbit_passes_with_its_identity(board: Emulator) -> None:
    """PASS, exit 0, the identity that the board itself tells, every part that counts tried; the port is free again."""
    probed = probe(board.port, "--kind", "microbit")
    assert probed.code == 0, probed.out
    document = probed.document
    assert list(document) == ["schema", "verdict", "kind", "identity", "steps", "evidence"]
    assert document["schema"] == "stem-check/1" and document["verdict"] == "PASS" and document["kind"] == "microbit"
    assert document["identity"] == {
        "micropython": "1.0.1",
        "build": "micro:bit v1.0.1+unknown on 2023-02-24; MicroPython v1.9.2-34-gd64154c73 on 2017-09-01",
        "machine": "micro:bit with nRF51822",
        "unique_id": "0300000078563412",
        "board": "V1",
    }
    counted = [step["name"] for step in document["steps"] if step["counts"]]
    parts = ["display", "accelerometer", "buttons", "pins", "memory", "files"]
    assert counted == ["repl", "identity", "firmware", *parts, "restart"]
    assert probed.seconds < 30
    with line(board.port):
        pass


def test_what_the_emulator_does_not_have_is_said(board: Emulator) -> None:
    """Compass, thermometer and radio do not answer there: said as such, and the board is not left hanging."""
    steps = {step["name"]: step for step in probe(board.port, "--kind", "microbit").document["steps"]}
    for name in ("compass", "temperature", "radio"):
        assert steps[name]["verdict"] == "INCONCLUSIVE" and not steps[name]["counts"]
        assert steps[name]["reason"]["key"] == "part-does-not-answer"
    assert execute(board.port, "print(6*7)") == "42\r\n"


def test_a_person_is_asked_and_the_board_is_believed(board: Emulator, tmp_path: Path) -> None:
    """Real MicroPython shows all lights for the question, and feels no button: who says to have pressed them has found
    a fault, who cannot say has found nothing."""
    answers = tmp_path / "answers.json"
    for said, verdict, key in (("yes", Verdict.FAIL, "button-dead"), ("unsure", Verdict.INCONCLUSIVE, "unanswered")):
        answers.write_text(json.dumps({"lights": "yes", "presses": said}))
        probed = probe(board.port, "--kind", "microbit", "--with", "ask", "--answers", str(answers))
        steps = {step["name"]: step for step in probed.document["steps"]}
        assert probed.report.verdict is verdict, probed.out
        assert steps["lights"]["verdict"] == "PASS" and "touch" not in steps
        assert steps["presses"]["reason"]["key"] == key
    assert execute(board.port, "print(6*7)") == "42\r\n"


def test_the_pupils_program_is_kept_and_runs_again(board: Emulator) -> None:
    """A program that runs is stopped for the check; afterwards its file is the same and it runs again."""
    execute(board.port, f"f=open('main.py','w')\nf.write({PROGRAM!r})\nf.close()")
    try:
        for _ in range(2):  # the first check finds a raw REPL left open, the second a program that runs
            probed = probe(board.port, "--kind", "microbit")
            assert probed.report.verdict is Verdict.PASS, probed.out
            handle = os.open(board.port, os.O_RDWR | os.O_NOCTTY)
            try:
                tty.setraw(handle)
                heard = b""
                end = time.monotonic() + 5
                while heard.count(b"tick") < 3 and time.monotonic() < end:
                    heard += os.read(handle, 100)
            finally:
                os.close(handle)
            assert heard.count(b"tick") >= 3
        assert execute(board.port, "print(open('main.py').read(),end='')").replace("\r\n", "\n") == PROGRAM
        assert execute(board.port, "import os;print(os.listdir())") == "['main.py']\r\n"
    finally:
        execute(board.port, "import os;os.remove('main.py')")


@pytest.mark.parametrize(
    ("faults", "passes"),
    [
        (Faults(split=True), True),
        (Faults(echo=True), False),
        (Faults(truncate_at=300), False),
        (Faults(cut_at=400), False),
    ],
    ids=["divided", "echo", "silent half-way", "pulled"],
)
def test_cables(board: Emulator, faults: Faults, passes: bool) -> None:
    """Slow and divided is still right; everything else is INCONCLUSIVE, in time, and the port is free again."""
    with FaultProxy(board.port, faults) as port:
        probed = probe(port, "--kind", "microbit")
        assert probed.report.verdict is (Verdict.PASS if passes else Verdict.INCONCLUSIVE), probed.out
        assert probed.code == (0 if passes else 2)
        assert probed.seconds < 30


def test_asked_as_a_printer_it_is_none(board: Emulator) -> None:
    """The printer's questions to a micro:bit's prompt: INCONCLUSIVE, in time."""
    with line(board.port) as handle:
        handle.write(b"\x03\x02")
        time.sleep(0.3)
    probed = probe(board.port, "--kind", "printer-marlin")
    assert probed.code == 2 and probed.report.verdict is Verdict.INCONCLUSIVE
    assert probed.seconds < 30


def test_a_call_that_never_returns_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """`microbit.temperature()` as it is hangs this board for good, even against Ctrl-C: said, INCONCLUSIVE, in time."""
    monkeypatch.setattr(microbit_parts, "TEMPERATURE_NRF51", microbit_parts.TEMPERATURE)
    with microbit() as board:
        time.sleep(0.3)
        begun = time.monotonic()
        report = run_check(KIND, CheckContext(Candidate(board.port)), SerialTransport(board.port))
        assert time.monotonic() - begun < 30
        reasons = {step.name: step.reason.key if step.reason else "" for step in report.steps}
        assert reasons["temperature"] == "part-hangs"
        assert reasons["radio"] == "repl-lost"
        assert reasons["restart"] == "not-restarted"
        assert report.verdict is Verdict.INCONCLUSIVE
        with line(board.port):
            pass

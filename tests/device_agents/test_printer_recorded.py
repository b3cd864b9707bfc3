"""What real Marlin said, replayed: 1.1.9, 2.0.9.7 and 2.1.2.1 as their makers published them, configured as an Ender-3,
behind stk500boot on an emulated Mega 2560 with heaters, thermistors, switches and axes of our own. Recorded by hand: no
package that the tests may install carries an image of Marlin. The recordings are `tests/transcripts/printer-marlin`."""

from pathlib import Path

import pytest

from device_agents.candidates import Candidate
from device_agents.conversation import Answer, Question
from device_agents.kinds.base import CheckContext, CheckOptions
from device_agents.kinds.printer_marlin import KIND
from device_agents.recordings import Recorded, load_recording
from device_agents.report import Report
from device_agents.runner import run_check
from device_agents.transports.replay import PacedReplay
from firmware_checks.verdicts import Verdict
from tests.contracts.transcripts import TRANSCRIPTS

PASS, FAIL, INCONCLUSIVE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
FOLDER = TRANSCRIPTS / "printer-marlin" / "marlin"
MEGA = Candidate("replay", "Mega", 0x2341, 0x0042)
BOTH, HOMING, HEATER = ("homing", "heater"), ("homing",), ("heater",)
RECORDINGS: dict[str, tuple[tuple[str, ...], Verdict, str]] = {
    "1.1.9.homing-and-heater": (BOTH, PASS, ""),
    "2.0.9.7.homing-and-heater": (BOTH, PASS, ""),
    "2.1.2.1.homing-and-heater": (BOTH, PASS, ""),
    "1.1.9.homing-fails": (HOMING, FAIL, "homing-failed"),
    "2.0.9.7.homing-fails": (HOMING, FAIL, "homing-failed"),
    "2.1.2.1.homing-fails": (HOMING, FAIL, "homing-failed"),
    "1.1.9.heater-cold": (HEATER, FAIL, "printer-halted"),
    "2.0.9.7.heater-cold": (HEATER, FAIL, "printer-halted"),
    "2.1.2.1.heater-cold": (HEATER, FAIL, "heater-no-rise"),
    "1.1.9.sensor-lost": (HEATER, FAIL, "printer-halted"),
    "2.0.9.7.sensor-lost": (HEATER, FAIL, "printer-halted"),
    "2.1.2.1.sensor-lost": (HEATER, FAIL, "printer-halted"),
    "1.1.9.crossed": (HEATER, FAIL, "heater-another-warms"),
    "2.1.2.1.stuck": (HEATER, FAIL, "heater-too-hot"),
    "2.1.2.1.cable": (HEATER, INCONCLUSIVE, "port-vanished"),
    "2.0.9.7.reading": ((), PASS, ""),
    "2.0.9.7.shorted-thermistor": ((), FAIL, "printer-halted"),
    "2.1.2.1.open-bed": ((), FAIL, "thermistor-fault"),
    "2.1.2.1.resends": ((), PASS, ""),
    "2.1.2.1.reports": ((), PASS, ""),
    "1.1.9.reports": ((), PASS, ""),
}


class Yes:
    """Whoever stood at the printer."""

    def ask(self, question: Question) -> Answer | None:
        return Answer("yes")


def replay(path: Path, extras: tuple[str, ...], vanishes: bool) -> tuple[Report, PacedReplay]:
    entries = load_recording(path)
    said = sum(len(entry.data) for entry in entries if not entry.sent)
    transport = PacedReplay(entries, vanish_after=said if vanishes else None)
    context = CheckContext(MEGA, CheckOptions(extras=frozenset(extras)))
    return run_check(KIND, context, transport, questioner=Yes()), transport


def test_every_recording_has_its_verdict() -> None:
    """No recording of Marlin is left out."""
    assert {path.stem for path in FOLDER.glob("*.jsonl")} == set(RECORDINGS)


@pytest.mark.parametrize("name", RECORDINGS)
def test_what_marlin_said_gives_its_verdict_again(name: str) -> None:
    """The same words of the firmware, the same verdict and reason, and the same words of ours."""
    extras, verdict, reason = RECORDINGS[name]
    report, transport = replay(FOLDER / f"{name}.jsonl", extras, reason == "port-vanished")
    reasons = [step.reason.key for step in report.steps if step.reason and step.verdict is not PASS]
    assert report.verdict is verdict, reasons
    assert reasons[0] == reason if reason else not reasons
    assert (transport.finished or reason == "port-vanished") and transport.closed


def heats(entries: tuple[Recorded, ...]) -> list[float]:
    """When a heater was given a target."""
    return [entry.at for entry in entries if entry.sent and b"M104 S" in entry.data and b"M104 S0" not in entry.data]


@pytest.mark.parametrize("name", [name for name, (extras, *_) in RECORDINGS.items() if "heater" in extras])
def test_marlin_showed_its_shut_down_before_it_was_heated(name: str) -> None:
    """In each recording the firmware halted by M85 and began anew first; nothing was heated before that, and only
    within the time that the guard allows."""
    entries = load_recording(FOLDER / f"{name}.jsonl")
    killed = next(entry.at for entry in entries if not entry.sent and b"too much inactive time" in entry.data)
    began = next(entry.at for entry in entries if not entry.sent and entry.at > killed and b"start" in entry.data)
    assert heats(entries) and all(began < at < began + 40 for at in heats(entries))

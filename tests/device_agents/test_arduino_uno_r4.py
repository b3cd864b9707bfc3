"""The Uno R4 is known by USB alone, and its PASS says no more than that."""

import pytest

from device_agents.auto import decide
from device_agents.candidates import Candidate
from device_agents.kinds import arduino_uno_r4
from device_agents.kinds.base import CheckContext
from device_agents.messages import LANGUAGES, text
from device_agents.runner import run_check
from device_agents.say import describe_report
from firmware_checks.verdicts import Verdict
from tests.device_agents.scripted import ScriptedTransport


@pytest.mark.parametrize(
    ("pid", "board"),
    [(0x0069, "Arduino Uno R4 Minima"), (0x1002, "Arduino Uno R4 WiFi"), (0x006D, "Arduino Uno R4 WiFi")],
)
def test_its_usb_identity_passes_and_says_what_was_not_seen(pid: int, board: str) -> None:
    """PASS for the identity, not one byte sent, and no sentence that claims that it works."""
    transport = ScriptedTransport(lambda data: [])
    candidate = Candidate("port", "", 0x2341, pid)
    report = run_check(arduino_uno_r4.KIND, CheckContext(candidate), transport)
    assert report.verdict is Verdict.PASS and report.identity == {"usb_board": board}
    assert transport.written == b"" and transport.lines == []
    firmware = report.steps[1]
    assert firmware.reason is not None and firmware.reason.key == "firmware-not-readable"
    assert firmware.verdict is Verdict.INCONCLUSIVE and firmware.counts is False
    for language in LANGUAGES:
        said = describe_report(report, language)
        assert text(language, "passed.arduino-uno-r4") in said
        assert text(language, "verdict.PASS.sentence") not in said
    assert decide(candidate).kind is arduino_uno_r4.KIND


@pytest.mark.parametrize(("vid", "pid"), [(None, None), (0x2341, 0x0043), (0x1A86, 0x7523)])
def test_a_person_who_names_it_does_not_make_it_one(vid: int | None, pid: int | None) -> None:
    """A pty, an Uno, a clone's bridge: nothing is proven."""
    report = run_check(
        arduino_uno_r4.KIND,
        CheckContext(Candidate("port", "", vid, pid), kind_named_by="person"),
        ScriptedTransport(lambda data: []),
    )
    assert report.verdict.exit_code == 2

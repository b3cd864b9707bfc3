"""The printer's check: what each answer means, that it only asks, and that nothing wrong is ever a PASS."""

import random
import re
from collections.abc import Callable

import pytest

from device_agents.candidates import Candidate
from device_agents.kinds.base import CheckContext, Opening
from device_agents.kinds.printer_marlin import KIND
from device_agents.kinds.printer_reading import BAUDS
from device_agents.report import Report, StepReport
from device_agents.runner import run_check
from firmware_checks.verdicts import Verdict
from tests.device_agents.scripted import Answers, ScriptedTransport
from tests.device_agents.scripted_devices import M115, MARLIN, Board, Printer

QUESTION = re.compile(rb"(N\d+ (M105|M27|M115|M114|M119|M31|M503)\*\d+)?\n")
Says = dict[str, str | tuple[str, ...] | Callable[[str], str]]


def check(transport: ScriptedTransport, candidate: Candidate | None = None) -> Report:
    report = run_check(KIND, CheckContext(candidate or Candidate(port="scripted")), transport)
    assert not transport.is_open
    assert transport.now() <= 30.0
    for line in transport.written.splitlines(keepends=True):
        assert QUESTION.fullmatch(line), f"{line!r} is not a question"
    return report


def step(report: Report, name: str) -> StepReport:
    return next(step for step in report.steps if step.name == name)


def reason(report: Report, name: str) -> str:
    found = step(report, name).reason
    return found.key if found else ""


def test_it_is_never_opened_unasked() -> None:
    """Naming it is a person's word; no USB identity is its own; the lines are not raised."""
    assert KIND.opening is Opening.WHEN_NAMED
    assert all(rule.shared for rule in KIND.usb)
    assert not KIND.raise_lines


def test_a_good_printer_passes_with_its_identity() -> None:
    """Reset by the opening of its port, it says who it is; a UUID that every Marlin has is none."""
    report = check(Printer().transport())
    assert report.verdict is Verdict.PASS
    assert report.identity == {
        "firmware": "Marlin 2.0.9.3 (Dec 24 2021 15:14:11)",
        "machine_type": "Ender-3",
        "protocol_version": "1.0",
        "extruder_count": "1",
        "source_code_url": "github.com/MarlinFirmware/Marlin",
    }
    assert step(report, "temperatures").measured == {"T": 21.3, "B": 21.3}
    assert step(report, "endstops").measured == {"x_min": False, "y_min": False, "z_min": True}


@pytest.mark.parametrize("baud", BAUDS)
def test_the_speed_is_found(baud: int) -> None:
    """Silence at the usual speed is not the end."""
    report = check(Printer(baud=baud, greeting=()).transport(), Candidate("scripted", "", 0x1A86, 0x7523))
    assert report.verdict is Verdict.PASS
    assert report.identity["baud"] == baud


def test_another_speed_is_known_by_its_noise() -> None:
    """What the printer says at its start is unreadable at a wrong speed: the next is tried at once."""
    noise = random.Random(1).randbytes(200)
    printer = Printer(baud=250000, greeting=((0.84, noise),))
    transport = printer.transport()
    assert check(transport).verdict is Verdict.PASS
    assert transport.now() < 4.0
    assert printer.spoken_to_at == {115200, 250000}


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("Marlin 1.1.9 (Github)", Verdict.PASS),
        ("Marlin 1.1.8 (Github)", Verdict.OUTDATED),
        ("Prusa-Firmware 3.9.3 based on Marlin", Verdict.UNKNOWN),
        ("Repetier_1.0.4", Verdict.UNKNOWN),
        ("Marlin", Verdict.UNKNOWN),
    ],
)
def test_the_firmware_is_judged_by_the_baseline(name: str, verdict: Verdict) -> None:
    """Old is OUTDATED, of another make or without a number UNKNOWN."""
    report = check(Printer({"M115": f"FIRMWARE_NAME:{name} PROTOCOL_VERSION:1.0\nok\n"}).transport())
    assert report.verdict is verdict


@pytest.mark.parametrize(
    ("temperatures", "verdict", "key"),
    [
        ("ok T:-15.0 /0.0 B:21.3 /0.0 @:0\n", Verdict.FAIL, "thermistor-fault"),
        ("ok T:21.3 /0.0 B:-14.9 /0.0 @:0\n", Verdict.FAIL, "thermistor-fault"),
        ("ok T:415.0 /0.0 B:21.3 /0.0 @:0\n", Verdict.FAIL, "thermistor-fault"),
        ("ok T:21.3 /200.0 B:21.3 /0.0 @:127\n", Verdict.INCONCLUSIVE, "printer-heating"),
        ("ok T:21.3 /0.0 B:40.0 /60.0 @:0\n", Verdict.INCONCLUSIVE, "printer-heating"),
        ("ok T:180.0 /0.0 B:21.3 /0.0 @:0\n", Verdict.INCONCLUSIVE, "printer-warm"),
    ],
)
def test_temperatures_that_end_the_check(temperatures: str, verdict: Verdict, key: str) -> None:
    """A sensor that is not connected is a fault; warmth means that somebody prints: nothing more is asked."""
    printer = Printer({"M105": temperatures})
    report = check(printer.transport())
    assert report.verdict is verdict
    assert reason(report, "temperatures") == key
    assert not any("M115" in line or "M27" in line for line in printer.heard)


def test_printing_from_its_card_ends_the_check() -> None:
    """INCONCLUSIVE at once."""
    printer = Printer({"M27": "SD printing byte 1234/5678\nok\n"})
    report = check(printer.transport())
    assert report.verdict is Verdict.INCONCLUSIVE
    assert reason(report, "idle") == "printer-printing"
    assert not any("M115" in line for line in printer.heard)


@pytest.mark.parametrize("command", ["M27", "M115", "M114", "M119", "M31", "M503"])
@pytest.mark.parametrize(
    ("told", "key"),
    [
        (" T:24.0 /200.0 B:21.3 /0.0 @:127 B@:0\n", "printer-heating"),
        (" T:24.0 /0.0 B:21.3 /60.0 @:0 B@:127\n", "printer-heating"),
        ("SD printing byte 1234/5678\n", "printer-printing"),
    ],
)
def test_a_report_that_nobody_asked_for_ends_the_check(command: str, told: str, key: str) -> None:
    """A printer that begins to work in mid-check, or was at work all along: nothing more is asked."""
    answer = MARLIN[command]
    if command == "M27" and key == "printer-printing":
        told += "ok\n"
    printer = Printer({command: told + answer})
    report = check(printer.transport())
    assert report.verdict is Verdict.INCONCLUSIVE
    assert key in [found.reason.key for found in report.steps if found.reason]
    assert len([line for line in printer.heard if "M105" not in line]) <= 7


def test_cold_reports_that_nobody_asked_for_are_nothing() -> None:
    """Auto-reports (M155) of an idle printer stand among the answers and change none of them."""
    report_line = " T:21.30 /0.00 B:21.30 /0.00 @:0 B@:0\n"
    says = {name: report_line + answer.replace("\n", "\n" + report_line, 1) for name, answer in MARLIN.items()}
    report = check(Printer(says).transport())
    assert report.verdict is Verdict.PASS
    assert step(report, "position").measured == {"x": 0.0, "y": 0.0, "z": 0.0, "e": 0.0}
    assert step(report, "endstops").measured == {"x_min": False, "y_min": False, "z_min": True}


@pytest.mark.parametrize(
    ("figures", "verdict", "key"),
    [
        ("M92 X80.00 Y80.00 Z400.00 E93.00", Verdict.PASS, "settings-as-expected"),
        ("M92 X80.00 Y80.00 Z400.00 E415.00", Verdict.PASS, "settings-unusual"),
        ("M92 X160.00 Y80.00 Z400.00 E93.00", Verdict.MISMATCH, "settings-differ"),
        ("M92 X80.00", Verdict.INCONCLUSIVE, "settings-missing"),
    ],
)
def test_the_settings_are_those_of_the_model(figures: str, verdict: Verdict, key: str) -> None:
    """A printer that calls itself an Ender-3 has an Ender-3's steps: others build everything in a wrong size."""
    printer = Printer({"M503": f"echo:; Steps per unit:\necho:  {figures}\nok\n"})
    report = check(printer.transport())
    assert (report.verdict, reason(report, "settings")) == (verdict, key)
    assert step(report, "settings").measured["M92_X"] == float(figures.split()[1][1:])


ERROR = "Error:MAXTEMP triggered, system stopped! Heater_ID: 0\nError:Printer halted. kill() called!\n"


@pytest.mark.parametrize("command", ["M105", "M27", "M115", "M114", "M119", "M31", "M503"])
def test_a_printer_that_halts_is_a_fault(command: str) -> None:
    """`Error:` and silence, at any question: FAIL, and nothing more is asked."""
    printer = Printer({command: ERROR})
    report = check(printer.transport())
    assert report.verdict is Verdict.FAIL
    assert "printer-halted" in [found.reason.key for found in report.steps if found.reason]
    assert command in printer.heard[-1]


def test_a_printer_that_halts_at_its_start() -> None:
    """What it says before anything was asked counts too."""
    printer = Printer(greeting=((0.84, b"start\n" + ERROR.encode()),))
    assert check(printer.transport()).verdict is Verdict.FAIL
    assert printer.heard == []


def test_a_printer_that_halts_right_after_its_last_answer() -> None:
    """The end of the check listens once more."""
    good = "ok T:21.3 /0.0 B:21.3 /0.0 @:0\n"
    assert check(Printer({"M105": (good, good + ERROR)}).transport()).verdict is Verdict.FAIL


def test_an_unknown_error_and_then_silence() -> None:
    """Whatever the words: silence after `Error:` is a printer that has stopped."""
    assert check(Printer({"M119": "Error:something new\n"}).transport()).verdict is Verdict.FAIL


def test_a_complaint_about_the_line_and_then_silence_is_no_proof() -> None:
    """That is a bad cable."""
    report = check(Printer({"M119": "Error:checksum mismatch, Last Line: 4\n"}).transport())
    assert report.verdict is Verdict.INCONCLUSIVE


def test_what_is_not_offered_is_no_fault() -> None:
    """A bare `ok`, or an unknown command, is recorded as such."""
    report = check(Printer({"M119": "ok\n", "M31": 'echo:Unknown command: "M31"\nok\n', "M503": "ok\n"}).transport())
    assert report.verdict is Verdict.PASS
    assert [reason(report, name) for name in ("endstops", "print-time", "settings")] == ["not-offered"] * 3


def test_an_axis_cannot_be_at_both_of_its_ends() -> None:
    """Both switches pressed at once is a broken switch or cable."""
    report = check(Printer({"M119": "x_min: TRIGGERED\nx_max: TRIGGERED\nok\n"}).transport())
    assert report.verdict is Verdict.FAIL
    assert reason(report, "endstops") == "endstops-contradict"


def refused_once(line: str) -> str:
    if line.startswith("N9"):
        return "Not SD printing\nok\n"
    return "Error:Line Number is not Last Line Number+1, Last Line: 8\nResend: 9\nok\n"


def test_another_line_number_is_taken_over() -> None:
    """A printer that was not reset counts on from its last host's number."""
    printer = Printer({"M27": refused_once})
    report = check(printer.transport())
    assert report.verdict is Verdict.PASS
    assert printer.heard[1:4] == ["N2 M27*20", "N9 M27*31", "N10 M115*23"]
    assert step(report, "settings").measured["resends"] == 1


def test_a_line_that_is_refused_for_ever() -> None:
    """Bounded."""
    report = check(Printer({"M27": "Resend: 2\nok\n"}).transport())
    assert report.verdict is Verdict.INCONCLUSIVE
    assert reason(report, "idle") == "line-noisy"


def test_leftovers_of_an_earlier_line_are_not_taken_for_answers() -> None:
    """One `ok` too many before the first question, or unknown commands, change nothing."""
    greeting = ((0.0, b'echo:Unknown command: "M10"\nok\n'), (0.3, b"ok\n"))
    assert check(Printer(greeting=greeting).transport()).verdict is Verdict.PASS


def test_an_ok_too_many_later_is_noticed() -> None:
    """Answers that slip by one question are not those that were asked for: never a PASS."""
    report = check(Printer({"M27": "ok\nSD printing byte 1/9\nok\n"}).transport())
    assert report.verdict is Verdict.INCONCLUSIVE
    assert reason(report, "identity") == "printer-printing"
    report = check(Printer({"M27": "ok\nNot SD printing\nok\n"}).transport())
    assert reason(report, "steady") == "answers-slip"
    assert check(Printer({"M27": "ok\nNot SD printing\nok\n"}).transport()).verdict is Verdict.INCONCLUSIVE
    assert check(Printer({"M114": "ok\nok\n"}).transport()).verdict is Verdict.INCONCLUSIVE


def test_busy_is_alive_but_not_idle() -> None:
    """It works on something: nothing is known of it."""
    report = check(Printer({"M114": "echo:busy: processing\n" * 3}).transport())
    assert report.verdict is Verdict.INCONCLUSIVE
    assert reason(report, "position") == "printer-busy"


def test_a_restart_in_mid_check() -> None:
    """The printer's power failed, or it was reset: not a PASS."""
    report = check(Printer({"M119": "start\necho:Marlin 2.0.9.3\n"}).transport())
    assert report.verdict is Verdict.INCONCLUSIVE
    assert reason(report, "endstops") == "printer-restarted"


def test_a_sensor_that_jumps() -> None:
    """Nothing heats, yet the reading changes: not a PASS."""
    report = check(Printer({"M105": ("ok T:21.3 /0.0\n", "ok T:35.0 /0.0\n")}).transport())
    assert reason(report, "steady") == "temperature-jumps"
    assert report.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("command", ["M105", "M27", "M115", "M114", "M119", "M31", "M503"])
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_silence_and_half_an_answer_to_any_question(command: str, share: float) -> None:
    """INCONCLUSIVE, in time."""
    whole = {"M115": M115}.get(command, "ok T:21.3 /0.0")
    report = check(Printer({command: whole[: int(len(whole) * share)]}).transport())
    assert report.verdict is Verdict.INCONCLUSIVE


def test_a_printer_without_a_name_or_without_temperatures() -> None:
    """The answers that matter must hold what was asked for."""
    assert reason(check(Printer({"M115": "ok\n"}).transport()), "identity") == "printer-nameless"
    assert reason(check(Printer({"M105": "ok\n"}).transport()), "reach") == "no-temperatures"


def test_late_answers() -> None:
    """Two seconds are slow, four are too late; neither answers the next question."""
    assert check(Printer(delay_s=2.0).transport()).verdict is Verdict.PASS
    assert check(Printer(delay_s=4.0).transport()).verdict is Verdict.INCONCLUSIVE


def test_a_first_answer_that_comes_after_it_was_asked_for_again() -> None:
    """Both answers are waited for, so that the second is not taken for the next one."""
    assert check(Printer(slow=(3.2, 0.55)).transport()).verdict is Verdict.PASS


def test_a_line_that_echoes_is_not_trusted() -> None:
    """Though the printer answers as it should."""
    printer = Printer()

    def device(data: bytes) -> Answers:
        return [(0.001, data), *printer.hear(data)]

    report = check(ScriptedTransport(device))
    assert report.verdict is Verdict.INCONCLUSIVE and reason(report, "reach") == "echo"


@pytest.mark.parametrize("seed", range(8))
def test_garbage_is_never_a_pass(seed: int) -> None:
    """Random bytes instead of every answer."""
    noise = random.Random(seed)
    transport = ScriptedTransport(lambda data: [(0.01, noise.randbytes(noise.randrange(1, 400)))])
    assert check(transport).verdict is Verdict.INCONCLUSIVE


def test_silence() -> None:
    """Every speed is tried, and then it is said."""
    transport = ScriptedTransport(lambda data: [])
    report = check(transport)
    assert report.verdict is Verdict.INCONCLUSIVE and reason(report, "reach") == "no-answer"
    assert transport.lines == [f"baud {baud}" for baud in (*BAUDS[1:], BAUDS[0])]
    assert transport.now() < 26.0


def test_a_printer_that_is_awake_is_known_at_once() -> None:
    """One that the opening of its port has not reset is not waited for."""
    transport = Printer(greeting=()).transport()
    assert check(transport).verdict is Verdict.PASS
    assert transport.now() < 1.0


@pytest.mark.parametrize("delay", [0.2, 0.3, 0.6, 1.2, 2.0, 2.4])
def test_one_that_is_awake_and_slow_is_not_misunderstood(delay: float) -> None:
    """The answer to the early question may come at any later moment: it is never taken for another's."""
    report = check(Printer(greeting=(), slow=(delay,)).transport())
    assert report.verdict is Verdict.PASS
    report = check(Printer(greeting=(), delay_s=delay).transport())
    assert report.verdict is Verdict.PASS


@pytest.mark.parametrize("seconds", [3.0, 6.0, 10.0, 16.0])
def test_a_printer_that_takes_long_to_begin(seconds: float) -> None:
    """Reset by the opening of its port, it shows its logo first: it is waited for, and found at its speed."""
    printer = Printer(hears_from_s=seconds, greeting=((seconds, b"start\n"),))
    assert check(printer.transport()).verdict is Verdict.PASS


def test_an_echo_is_no_printer() -> None:
    """A cable that sends everything back is told apart from silence."""
    report = check(ScriptedTransport(lambda data: [(0.001, data)]))
    assert report.verdict is Verdict.INCONCLUSIVE and reason(report, "reach") == "echo"


def test_a_micropython_board_is_no_printer() -> None:
    """Another protocol's answers."""
    assert check(Board().transport()).verdict is Verdict.INCONCLUSIVE
    speaks = ScriptedTransport(lambda data: [(0.001, b"\r\n>>> SyntaxError: invalid syntax\r\n")])
    report = check(speaks)
    assert report.verdict is Verdict.INCONCLUSIVE and reason(report, "reach") == "not-marlin"


def test_a_printer_that_vanishes() -> None:
    """At any moment of the check, the cable is pulled."""
    whole = Printer().transport()
    assert check(whole).verdict is Verdict.PASS
    for tenth in range(10):
        transport = Printer().transport()
        transport._vanish_at = whole.now() * tenth / 10
        report = check(transport)
        assert report.verdict is Verdict.INCONCLUSIVE

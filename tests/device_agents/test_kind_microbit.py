"""The micro:bit's check: what each answer means, and that nothing wrong is ever a PASS. No port, no waiting."""

import random
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import pytest

from device_agents.candidates import Candidate
from device_agents.conversation import Answer, Question
from device_agents.kinds.base import CheckContext, CheckOptions
from device_agents.kinds.microbit import ENTER_TRIES, KIND
from device_agents.kinds.microbit_parts import read_report
from device_agents.messages import text
from device_agents.protocols.raw_repl import ENTER
from device_agents.report import Report, StepReport
from device_agents.runner import run_check
from device_agents.say import describe_report
from firmware_checks.verdicts import Verdict
from tests.device_agents.daplink import V1_ID, V2_ID, details, make_drive
from tests.device_agents.probing import stem_check
from tests.device_agents.scripted import ScriptedTransport
from tests.device_agents.scripted_devices import V1, V2, Board, reported


def check(transport: ScriptedTransport, candidate: Candidate | None = None) -> Report:
    report = run_check(KIND, CheckContext(candidate or Candidate(port="scripted")), transport)
    assert not transport.is_open
    assert transport.now() <= 30.0
    return report


def step(report: Report, name: str) -> StepReport:
    return next(step for step in report.steps if step.name == name)


def reason(report: Report, name: str) -> str:
    found = step(report, name).reason
    return found.key if found else ""


def on_usb(serial_number: str, **properties: str) -> Candidate:
    details = MappingProxyType({"serial_number": serial_number, **properties})
    return Candidate("scripted", f"0d28:0204:{serial_number}", 0x0D28, 0x0204, details)


def test_a_good_board_passes_in_every_part() -> None:
    """Each part is tried, and the user's program is started again."""
    board = Board()
    report = check(board.transport())
    assert report.verdict is Verdict.PASS
    assert [step.name for step in report.steps if step.verdict is not Verdict.PASS] == []
    assert report.identity["micropython"] == "1.0.1" and report.identity["board"] == "V1"
    assert board.restarts == 1


def test_a_v2_is_judged_by_its_own_baseline() -> None:
    """Another processor, another board, another least version; its peripherals are called without looking first."""
    board = Board({"identity": V2})
    report = check(board.transport(), on_usb("9904360253484e45", **{"details.interface_version": "0255"}))
    assert report.verdict is Verdict.PASS
    assert report.identity["board"] == "V2" and report.identity["daplink"] == "0255"
    assert report.identity["unique_id"] == "0102030405060708"


def test_old_micropython_is_outdated() -> None:
    """The version is compared with the baseline."""
    old = ("microbit", "1.0.0", "micro:bit v1.0.0", "micro:bit with nRF51822", b"\1\2\3\4\5\6\7\x08")
    assert check(Board({"identity": old}).transport()).verdict is Verdict.OUTDATED


def test_old_interface_firmware_is_outdated() -> None:
    """DETAILS.TXT's version is compared too, though MicroPython is as it should be."""
    candidate = on_usb("9900000031864e45", **{"details.interface_version": "0234"})
    assert check(Board().transport(), candidate).verdict is Verdict.OUTDATED


@pytest.mark.parametrize(
    ("serial_number", "identity"),
    [
        ("9904360253484e45", {}),
        ("0240000034544e45", {}),
        ("9900000031864e45", {"identity": ("rp2", "1.22.0", "v1.22.0", "Raspberry Pi Pico with RP2040", b"\1\2")}),
    ],
    ids=["v2 by USB, v1 by processor", "another DAPLink board", "another MicroPython board"],
)
def test_another_board_than_it_says_is_a_mismatch(serial_number: str, identity: dict[str, object]) -> None:
    """USB and processor have to agree that it is a micro:bit, and which."""
    assert check(Board(identity).transport(), on_usb(serial_number)).verdict is Verdict.MISMATCH


def test_another_micropython_board_is_known_without_usb() -> None:
    """It answers as MicroPython does, but it is no micro:bit."""
    pico = ("rp2", "1.22.0", "v1.22.0", "Raspberry Pi Pico with RP2040", b"\1\2")
    report = check(Board({"identity": pico}).transport())
    assert report.verdict is Verdict.MISMATCH and reason(report, "identity") == "not-a-microbit"


def test_a_script_that_was_lost_on_its_way_is_sent_once_more() -> None:
    """The board tells a script that is not whole by its checksum, and does not run it."""
    board = Board(lost=frozenset({"identity", "pins"}))
    assert check(board.transport()).verdict is Verdict.PASS
    assert board.asked.count("pins") == 2 and board.asked.count("files") == 1


def test_a_second_greeting_is_not_taken_for_an_answer() -> None:
    """The greeting of somebody's earlier attempt may still be on its way: the answer that it spoils is asked again."""
    for late_s, attempts in ((0.002, 2), (0.005, 2), (0.02, 1), (0.04, 1)):
        board = Board(greets_again_s=late_s)
        report = check(board.transport())
        assert report.verdict is Verdict.PASS
        assert step(report, "repl").measured == {"attempts": attempts}
        assert board.asked.count("ready") + attempts == 3  # the spoilt one of the two, once more


def test_a_board_that_greets_once_is_not_waited_for() -> None:
    """Where nobody asked before, it says who it is after two answers, with no pause of ours: once to the keys, once to
    the question."""
    board = Board()
    transport = board.transport()
    report = check(transport)
    assert report.verdict is Verdict.PASS
    took_ms = step(report, "repl").duration_ms  # by the script's clock, which stands still where nothing waits
    assert took_ms <= 3 * board.delay_s * 1000


def test_who_it_is_without_a_checksum_is_not_judged() -> None:
    """The first answer may have lost a byte and still be framed: what is judged and reported comes with a checksum."""
    board = Board(says_uname=("microbit", "9.9.9", "micro:bit v9.9.9", "micro:bit with nRF51822"))
    report = check(board.transport())
    assert report.verdict is Verdict.PASS and report.identity["micropython"] == "1.0.1"
    lost = Board({"identity": b"OK\x04\x04>"}, says_uname=V1[:4])
    assert check(lost.transport()).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    "printed",
    [b"", b"(sysname='microbit', nodename='microbit', release='1.0.1', version='micro:b", b"OK\r\n", b"42\r\n"],
)
def test_a_first_answer_that_is_cut_opens_nothing(printed: bytes) -> None:
    """Half an answer to the first question, each time: nothing is proven."""
    report = check(Board(says_uname=printed).transport())
    assert report.verdict is Verdict.INCONCLUSIVE and reason(report, "repl") == "garbled"


@pytest.mark.parametrize(
    ("part", "answer", "verdict", "key"),
    [
        ("display", (24, 25), Verdict.FAIL, "display-memory"),
        ("accelerometer", ([(0, 0, 0)] * 5,), Verdict.FAIL, "accelerometer-stuck"),
        ("accelerometer", ([(-2048, -2048, -2048)] * 5,), Verdict.FAIL, "accelerometer-stuck"),
        ("accelerometer", ([(0, 0, 0), (9, 9, 9)],), Verdict.INCONCLUSIVE, "accelerometer-moving"),
        ("accelerometer", "OSError: 19", Verdict.FAIL, "part-broken"),
        ("buttons", (True, False), Verdict.INCONCLUSIVE, "button-held"),
        ("pins", ([(0, 3), (0, 4000), (0, 2)],), Verdict.FAIL, "pins-implausible"),
        ("memory", (8000, 3), Verdict.FAIL, "memory-differs"),
        ("memory", (500, 4), Verdict.INCONCLUSIVE, "memory-short"),
        ("memory", "MemoryError: memory allocation failed", Verdict.FAIL, "part-broken"),
        ("files", (2, 300, 1), Verdict.FAIL, "files-unreadable"),
        ("pins", "NameError: name 'pin0' is not defined", Verdict.INCONCLUSIVE, "not-offered"),
        ("display", None, Verdict.INCONCLUSIVE, "part-hangs"),
        ("display", b"OK('display', 25, 25) 1\r\n\x04\x04>", Verdict.INCONCLUSIVE, "garbled"),
        ("display", b"OK" + reported(("pins", 25, 25)) + b"\x04\x04>", Verdict.INCONCLUSIVE, "garbled"),
        ("display", b"OK" + reported(("display", "25", [])) + b"\x04\x04>", Verdict.INCONCLUSIVE, "garbled"),
        ("display", b"OK" + reported(("display", 25)) + b"\x04\x04>", Verdict.INCONCLUSIVE, "garbled"),
        ("display", b"ok T:21.3 /0.0\n", Verdict.INCONCLUSIVE, "garbled"),
        ("display", b"OK" + b"x" * 40_000, Verdict.INCONCLUSIVE, "garbled"),
    ],
)
def test_a_part_that_is_not_right(part: str, answer: object, verdict: Verdict, key: str) -> None:
    """Broken parts are FAIL, what cannot be told is INCONCLUSIVE; the other parts are tried all the same."""
    board = Board({part: answer})
    report = check(board.transport())
    assert report.verdict is verdict
    assert reason(report, part) == key
    assert step(report, "radio").verdict is Verdict.PASS
    assert board.restarts == 1


@pytest.mark.parametrize("part", ["compass", "temperature", "radio"])
def test_a_part_that_hangs_for_good_stops_the_rest_in_time(part: str) -> None:
    """Where not even Ctrl-C helps, the steps behind it say so, and the whole is INCONCLUSIVE: the board waits."""
    report = check(Board({part: None}, deaf=True).transport())
    assert reason(report, part) == "part-hangs"
    assert reason(report, "restart") == "not-restarted"
    assert report.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("part", ["display", "files"])
def test_an_early_hang_for_good(part: str) -> None:
    """The same where everything behind it counts: still in time, never a PASS."""
    report = check(Board({part: None}, deaf=True).transport())
    assert report.verdict is Verdict.INCONCLUSIVE
    assert {step.verdict for step in report.steps[-4:]} == {Verdict.INCONCLUSIVE}


def test_what_does_not_answer_here_is_said_and_does_not_decide() -> None:
    """Compass, thermometer and radio inform: an emulated board has none of them."""
    says = {"compass": (False, 0, 0, 0), "temperature": (None,), "radio": (False,)}
    report = check(Board(says).transport())
    assert report.verdict is Verdict.PASS
    assert [reason(report, part) for part in says] == ["part-does-not-answer"] * 3


def test_answers_that_come_late_but_in_time() -> None:
    """A slow board is not a broken one."""
    assert check(Board(delay_s=1.0).transport()).verdict is Verdict.PASS


def test_answers_that_come_too_late() -> None:
    """What comes after its time answers nothing, least of all the next question."""
    report = check(Board(delay_s=2.5).transport())
    assert report.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("seed", range(8))
def test_garbage_is_never_a_pass(seed: int) -> None:
    """Random bytes instead of every answer."""
    noise = random.Random(seed)
    report = check(ScriptedTransport(lambda data: [(0.01, noise.randbytes(noise.randrange(1, 400)))]))
    assert report.verdict is Verdict.INCONCLUSIVE
    assert reason(report, "repl") == "no-micropython"


def test_silence_is_said_and_nothing_more_is_sent() -> None:
    """A board with a MakeCode program: INCONCLUSIVE, its identity known by USB all the same."""
    transport = ScriptedTransport(lambda data: [])
    report = check(transport, on_usb("9904360253484e45", **{"details.interface_version": "0255"}))
    assert report.verdict is Verdict.INCONCLUSIVE
    assert reason(report, "repl") == "microbit-silent"
    assert report.identity == {"board_id": "9904", "board": "V2", "daplink": "0255"}
    assert transport.written == ENTER * ENTER_TRIES


def test_an_echo_is_no_board() -> None:
    """A cable that sends everything back."""
    transport = ScriptedTransport(lambda data: [(0.001, data)])
    assert check(transport).verdict is Verdict.INCONCLUSIVE
    assert b"\x04" not in transport.written


def test_a_board_that_vanishes() -> None:
    """At any moment of the check, the cable is pulled."""
    for hundredth in range(1, 54, 6):
        transport = ScriptedTransport(Board().hear, vanish_at=hundredth / 100)
        report = check(transport)
        assert report.verdict is Verdict.INCONCLUSIVE
        assert any(step.reason and step.reason.key == "port-vanished" for step in report.steps)


@pytest.mark.parametrize(
    "line",
    [b"", b"('a', 1)", b"('a', 1) 99999\r\n", b"('a', 1) 1\r\n", reported(("b", 1)), b"((((" * 4000 + b") 1"],
)
def test_only_a_whole_line_is_read(line: bytes) -> None:
    """Without its checksum, or with another one, it is nothing."""
    assert read_report(line, "a") is None
    assert read_report(reported(("a", 1, b"\0", [(1, 2)])), "a") == (1, b"\0", [(1, 2)])


# --- the drive


def with_drive_of(serial: str = V2_ID, version: str = "0255", **more: str) -> Candidate:
    """A port whose drive was found and read."""
    told = {"drive": "/media/MICROBIT", "details.unique_id": serial, "details.interface_version": version}
    return on_usb(serial, **{**told, **more})


def silent() -> ScriptedTransport:
    return ScriptedTransport(lambda data: [])


@pytest.mark.parametrize(
    ("board_id", "version", "verdict"),
    [
        ("9900", "0234", Verdict.OUTDATED),
        ("9900", "0249", Verdict.PASS),
        ("9901", "0253", Verdict.PASS),
        ("9904", "0254", Verdict.OUTDATED),
        ("9904", "0255", Verdict.PASS),
        ("9905", "0255", Verdict.OUTDATED),
        ("9905", "0256", Verdict.PASS),
        ("9906", "0256", Verdict.OUTDATED),
        ("9906", "0258", Verdict.PASS),
    ],
)
def test_a_silent_board_is_judged_by_its_interface(board_id: str, version: str, verdict: Verdict) -> None:
    """Identity and interface firmware of each revision; every part that was not tested is named, and none decides."""
    report = check(silent(), with_drive_of(board_id + V2_ID[4:], version))
    assert report.verdict is verdict
    assert [step.name for step in report.steps if step.counts] == ["usb", "drive", "interface"]
    assert reason(report, "repl") == "self-test-not-run"
    assert {reason(report, part) for part in ("display", "memory", "radio", "restart")} == {"not-reached"}
    assert report.identity["daplink"] == version and report.identity["board_id"] == board_id


@pytest.mark.parametrize("language", ["el", "en"])
def test_such_a_pass_says_what_was_not_tested(language: str) -> None:
    """Its one sentence is not that of a board that works."""
    words = describe_report(check(silent(), with_drive_of()), language)
    assert text(language, "limit.self-test-not-run") in words
    assert text(language, "verdict.PASS.sentence") not in words
    whole = describe_report(check(Board({"identity": V2}).transport(), with_drive_of()), language)
    assert text(language, "verdict.PASS.sentence") in whole


@pytest.mark.parametrize(
    ("candidate", "key"),
    [
        (on_usb(V2_ID), "microbit-silent"),
        (on_usb(V2_ID, **{"drive.problem": "not-mounted"}), "microbit-silent"),
        (on_usb(V2_ID, **{"drive.problem": "several"}), "microbit-silent"),
        (on_usb(V2_ID, **{"details.interface_version": "0255"}), "microbit-silent"),
        (with_drive_of(**{"drive.problem": "unreadable"}), "microbit-silent"),
        (with_drive_of(**{"details.mode": "Bootloader"}), "microbit-silent"),
        (with_drive_of(version="none"), "microbit-silent"),
        (on_usb("", **{"drive": "/media/MICROBIT", "details.interface_version": "0255"}), "microbit-silent"),
    ],
    ids=["no drive", "not mounted", "several", "no path", "unreadable", "updater", "no version", "no number"],
)
def test_silence_alone_is_never_a_pass(candidate: Candidate, key: str) -> None:
    """Unless the interface firmware was read from the board's own drive and judged, nothing is proven."""
    report = check(silent(), candidate)
    assert report.verdict.exit_code == 2
    assert reason(report, "repl") == key and step(report, "repl").counts


@pytest.mark.parametrize(
    "said",
    [b"x", b"\xff" * 30, b"25.5\r\n", b"\r\n>>> ", b"\r\nMicroPython\r\n>>> \r\nraw REPL; CTRL-B to exit\r\n"],
)
def test_half_an_answer_is_no_silence(said: bytes) -> None:
    """A board that says anything and does not answer as MicroPython does is INCONCLUSIVE, whatever its drive says."""
    left = [said]
    device = ScriptedTransport(lambda data: [(0.01, left.pop())] if left else [])
    assert check(device, with_drive_of()).verdict is Verdict.INCONCLUSIVE


def test_another_boards_drive_is_a_mismatch() -> None:
    """DETAILS.TXT's number has to be the USB's; case does not matter."""
    other = with_drive_of(**{"details.unique_id": V1_ID})
    report = check(Board({"identity": V2}).transport(), other)
    assert report.verdict is Verdict.MISMATCH and reason(report, "drive") == "drive-of-another-board"
    assert check(silent(), with_drive_of(**{"details.unique_id": V2_ID.upper()})).verdict is Verdict.PASS


def test_the_oldest_drive_tells_no_number() -> None:
    """0234's DETAILS.TXT: its version is judged where discovery is sure that the drive is this board's."""
    oldest = on_usb(V1_ID, **{"drive": "/media/MICROBIT", "details.interface_version": "0234"})
    report = check(silent(), oldest)
    assert report.verdict is Verdict.OUTDATED and reason(report, "interface") == "interface-outdated"


@pytest.mark.parametrize(
    ("cause", "counts"),
    [("processor", True), ("updater", True), ("unknown", True), ("transfer", False), ("file-foreign", False)],
)
def test_a_failed_copy_is_explained(cause: str, counts: bool) -> None:
    """Where the interface could not reach the processor nothing is proven; a wrong file is nobody's fault."""
    candidate = with_drive_of(**{"fail.text": "error: … type: target", "fail.cause": cause})
    for board in (silent(), Board({"identity": V2}).transport()):
        report = check(board, candidate)
        assert report.verdict is (Verdict.INCONCLUSIVE if counts else Verdict.PASS)
        assert reason(report, "last-copy") == f"copy-failed-{cause}"
        assert report.evidence.properties["fail.text"] == "error: … type: target"


def test_a_board_in_its_updater_says_what_to_do() -> None:
    """There is no port then: the drive alone is looked at, and the next step is told."""
    properties = {"drive": "/media/MAINTENANCE", "details.mode": "Bootloader", "details.updater_id": "0000" + V2_ID[4:]}
    context = CheckContext(Candidate("", "", 0x0D28, 0x0204, properties))
    report = run_check(KIND, context, None)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert reason(report, "usb") == reason(report, "drive") == "board-in-maintenance"
    assert "board_id" not in report.identity
    assert "MAINTENANCE" in describe_report(report, "el") and "microbit.org" in describe_report(report, "el")


@pytest.mark.parametrize(
    ("arguments", "code", "key"),
    [
        ((), 0, "self-test-no-port"),
        (("--kind", "microbit"), 0, "self-test-no-port"),
        (("--kind", "arduino-avr"), 3, ""),
    ],
)
def test_a_drive_alone_is_checked_from_the_command_line(
    tmp_path: Path, arguments: tuple[str, ...], code: int, key: str
) -> None:
    """`--drive PATH` without a port: who the board is and what its interface runs; only for kinds that have drives."""
    drive = make_drive(tmp_path / "MICROBIT", details())
    probed = stem_check("probe", "--drive", str(drive), "--json", *arguments)
    assert probed.code == code, probed.err
    if code == 0:
        assert key in probed.reasons and probed.report.identity["daplink"] == "0255"
        assert probed.report.evidence.properties["details.unique_id"] == V2_ID


@pytest.mark.parametrize("content", [None, b"", b"not DAPLink's"])
def test_a_stick_is_no_microbit(tmp_path: Path, content: bytes | None) -> None:
    """A disk without DAPLink's file is refused with what is wrong with it."""
    probed = stem_check("probe", "--lang", "el", "--drive", str(make_drive(tmp_path / "STICK", content)))
    assert probed.code == 3 and "DETAILS.TXT" in probed.err


# --- what only a person can see, and what only a V2 has


@dataclass
class Person:
    """Answers as told; counts what it was asked."""

    says: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def ask(self, question: Question) -> Answer | None:
        self.asked.append(question.key)
        said = self.says.get(question.key, "yes")
        return Answer(said) if said else None


def ask(transport: ScriptedTransport, person: Person, candidate: Candidate | None = None) -> Report:
    options = CheckOptions(extras=frozenset({"ask"}))
    report = run_check(KIND, CheckContext(candidate or Candidate("scripted"), options), transport, questioner=person)
    assert not transport.is_open
    return report


def test_a_v2_is_tried_in_the_parts_that_only_it_has() -> None:
    """Microphone and logo inform; a V1 is not asked for them."""
    report = check(Board({"identity": V2}).transport())
    assert report.verdict is Verdict.PASS
    assert step(report, "microphone").measured == {"level_quiet": 0, "level_loud": 16}
    assert step(report, "logo").verdict is Verdict.PASS and not step(report, "logo").counts
    assert not {"microphone", "logo"} & {step.name for step in check(Board().transport()).steps}


@pytest.mark.parametrize(
    ("part", "answer", "key"),
    [
        ("microphone", ([0] * 6,), "part-does-not-answer"),
        ("microphone", ([0, 300],), "microphone-implausible"),
        ("microphone", ([],), "garbled"),
        ("microphone", (["loud"],), "garbled"),
        ("microphone", "NameError: name 'microphone' isn't defined", "not-offered"),
        ("logo", (True,), "logo-touched"),
    ],
)
def test_what_a_v2s_own_parts_may_answer(part: str, answer: object, key: str) -> None:
    """Said as it is; these parts inform."""
    report = check(Board({"identity": V2, part: answer}).transport())
    assert reason(report, part) == key and report.verdict is Verdict.PASS


def test_a_person_is_asked_only_when_that_was_asked_for() -> None:
    """On a V1 for lights and buttons, on a V2 for logo and speaker too."""
    person = Person()
    assert ask(Board().transport(), person).verdict is Verdict.PASS
    assert person.asked == ["lights", "presses"]
    person = Person()
    report = ask(Board({"identity": V2}).transport(), person)
    assert report.verdict is Verdict.PASS and person.asked == ["lights", "presses", "touch", "sound"]
    assert step(report, "presses").measured == {"presses_a": 1, "presses_b": 2}
    assert [answer.question for answer in report.evidence.answers] == person.asked


@pytest.mark.parametrize(
    ("board", "said", "test", "verdict", "key"),
    [
        ({}, {"lights": "no"}, "lights", Verdict.FAIL, "lights-dark"),
        ({}, {"lights": "unsure"}, "lights", Verdict.INCONCLUSIVE, "unanswered"),
        ({}, {"lights": ""}, "lights", Verdict.INCONCLUSIVE, "unanswered"),
        ({"presses_off": (0, 1)}, {}, "presses", Verdict.FAIL, "button-dead"),
        ({"presses_off": (0, 1)}, {"presses": "no"}, "presses", Verdict.INCONCLUSIVE, "unanswered"),
        ({"presses_off": ("1", 1)}, {}, "presses", Verdict.INCONCLUSIVE, "garbled"),
        ({"presses_off": (1,)}, {}, "presses", Verdict.INCONCLUSIVE, "garbled"),
        ({"presses_off": None}, {}, "presses", Verdict.INCONCLUSIVE, "part-hangs"),
        ({"touch_off": (False,)}, {}, "touch", Verdict.FAIL, "logo-dead"),
        ({"touch_off": (False,)}, {"touch": "unsure"}, "touch", Verdict.INCONCLUSIVE, "unanswered"),
        ({}, {"sound": "no"}, "sound", Verdict.FAIL, "speaker-silent"),
        ({"sound_on": "NameError: name 'microphone' isn't defined"}, {}, "sound", Verdict.INCONCLUSIVE, "not-offered"),
    ],
)
def test_what_a_person_may_find(
    board: dict[str, object], said: dict[str, str], test: str, verdict: Verdict, key: str
) -> None:
    """A fault that a person or the board proves is FAIL; no answer, or none that is whole, proves nothing."""
    report = ask(Board({"identity": V2, **board}).transport(), Person(said))
    assert report.verdict is verdict and reason(report, test) == key


@pytest.mark.parametrize(
    ("said", "verdict", "key"),
    [
        ("yes", Verdict.PASS, "self-test-program-seen"),
        ("unsure", Verdict.PASS, "self-test-not-run"),
        ("", Verdict.PASS, "self-test-not-run"),
        ("no", Verdict.INCONCLUSIVE, "program-not-seen"),
    ],
)
def test_of_a_silent_board_a_person_may_see_the_program(said: str, verdict: Verdict, key: str) -> None:
    """That its program starts is said; that it does not is no PASS. Of a board that nothing else tells about none is
    asked."""
    report = ask(silent(), Person({"program": said}), with_drive_of())
    assert report.verdict is verdict and reason(report, "repl") == key
    person = Person()
    assert ask(silent(), person).verdict is Verdict.INCONCLUSIVE and person.asked == []

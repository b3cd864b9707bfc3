"""A micro:bit over Bluetooth: a real GATT exchange with what its profile says, and with everything that goes wrong."""

import struct
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from device_agents.candidates import Candidate
from device_agents.conversation import Answer, Question
from device_agents.kinds import kind_by_slug
from device_agents.kinds import microbit_ble as profile
from device_agents.kinds.base import CheckContext, CheckOptions
from device_agents.messages import LANGUAGES
from device_agents.report import Report
from device_agents.runner import run_check
from device_agents.say import describe_report
from device_agents.transports import ble as transports
from device_agents.transports.ble import BleTransport
from firmware_checks.verdicts import Verdict
from tests.emulators.ble_devices import ALL, LED_STATE, microbit
from tests.emulators.ble_link import BleLink, Peripheral

KIND = kind_by_slug("microbit-ble")


@pytest.fixture(scope="module")
def link() -> Iterator[BleLink]:
    with BleLink() as link:
        yield link


def check(link: BleLink, board: Peripheral, person: "Person | None" = None) -> Report:
    link.add(board)
    port = f"ble:{board.address}"
    candidate = Candidate(port, f"ble {board.address}", properties={"name": board.name})
    options = CheckOptions(extras=frozenset({"ask"}) if person else frozenset())
    return run_check(KIND, CheckContext(candidate, options), BleTransport(port, link.radio), questioner=person)


class Person:
    """Answers, and presses the buttons that are given while asked to."""

    def __init__(
        self, link: BleLink, board: Peripheral, pressed: Sequence[str], answers: dict[str, str | None]
    ) -> None:
        self.link, self.board, self.pressed, self.answers = link, board, pressed, answers
        self.shown = b""

    def ask(self, question: Question) -> Answer | None:
        if question.key == "lights":
            self.shown = self.board.trait(LED_STATE).written[-1]
        else:
            for uuid in self.pressed:
                self.link.notify(self.board, uuid, b"\x01")
                self.link.notify(self.board, uuid, b"\x00")
        value = self.answers.get(question.key, "yes")
        return None if value is None else Answer(value)


def reasons(report: Report) -> dict[str, str]:
    return {step.name: step.reason.key for step in report.steps if step.reason}


def test_a_good_board_passes(link: BleLink) -> None:
    """Identity and every part that is offered; it is filed as a micro:bit, with its own number; nothing is written."""
    board = microbit()
    report = check(link, board)
    assert report.verdict is Verdict.PASS and report.kind == "microbit"
    assert report.identity["serial_number"] == "1273187523"
    assert report.identity["firmware"] == "2.2.0-rc6"
    assert report.identity["announced_name"] == "BBC micro:bit [zotut]"
    assert [step.name for step in report.steps][3:] == ["temperature", "accelerometer", "compass", "buttons", "uart"]
    assert not any(asked.startswith("write") for asked in board.asked)


BOTH = (profile.BUTTON_A, profile.BUTTON_B)
ASKED: dict[str, tuple[tuple[str, ...], dict[str, str | None], Verdict, str | None]] = {
    "all well": (BOTH, {}, Verdict.PASS, None),
    "a dark lamp": (BOTH, {"lights": "no"}, Verdict.FAIL, "lights-dark"),
    "nobody looked": (BOTH, {"lights": None}, Verdict.INCONCLUSIVE, "unanswered"),
    "button B is dead": (BOTH[:1], {}, Verdict.FAIL, "button-dead"),
    "nobody pressed": ((), {"presses": "no"}, Verdict.INCONCLUSIVE, "unanswered"),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_person_looks_and_presses(link: BleLink, name: str) -> None:
    """With --with ask: the lamps are lit and go back to what they showed; a press is told by the board itself."""
    presses, answers, verdict, reason = ASKED[name]
    board = microbit()
    board.trait(LED_STATE).value = b"\x0a\x1f\x1f\x0e\x04"
    person = Person(link, board, presses, answers)
    report = check(link, board, person)
    assert report.verdict is verdict
    assert reason is None or reason in reasons(report).values()
    assert person.shown == b"\x1f" * 5
    assert board.trait(LED_STATE).written == [b"\x1f" * 5, b"\x0a\x1f\x1f\x0e\x04"]


@pytest.mark.parametrize("part", ["temperature", "accelerometer", "buttons"])
def test_what_is_not_offered_is_left_out(link: BleLink, part: str) -> None:
    """One part is enough to pass; the others do not stand in the report."""
    report = check(link, microbit([part]))
    assert report.verdict is Verdict.PASS
    assert [step.name for step in report.steps] == ["services", "identity", "offered-parts", part]


@pytest.mark.parametrize("offered", [(), ("uart",), ("compass", "display")])
def test_nothing_to_look_at_proves_nothing(link: BleLink, offered: tuple[str, ...]) -> None:
    """A board that only says its name has not been checked."""
    report = check(link, microbit(offered))
    assert report.verdict is Verdict.INCONCLUSIVE
    assert reasons(report) == {"offered-parts": "microbit-ble-no-parts"}


def test_an_encrypted_link_is_asked_for(link: BleLink) -> None:
    """A board that answers only the paired: INCONCLUSIVE, and how to pair, in both languages."""
    report = check(link, microbit(paired_only=True))
    assert report.verdict is Verdict.INCONCLUSIVE
    assert set(reasons(report).values()) == {"ble-not-paired"}
    assert "κάντε ζεύξη" in describe_report(report, "el") and "pair it" in describe_report(report, "en")


def test_another_device_of_that_name_is_told(link: BleLink) -> None:
    """The name is only a name: a model that is no micro:bit is a MISMATCH, and nothing else is asked."""
    report = check(link, microbit(model=b"Toy 2000"))
    assert report.verdict is Verdict.MISMATCH
    assert "not-reached" in reasons(report).values()


@pytest.mark.parametrize("number", range(12))
def test_a_board_that_goes_away_at_any_exchange(link: BleLink, number: int) -> None:
    """Switched off instead of the answer number so-and-so: INCONCLUSIVE, gone, in time."""
    board = microbit()
    board.drop_at = number
    begun = time.monotonic()
    report = check(link, board)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "port-vanished" in reasons(report).values()
    assert time.monotonic() - begun < 5.0
    assert len(board.asked) == number + 1


def test_a_board_that_falls_silent(link: BleLink, monkeypatch: pytest.MonkeyPatch) -> None:
    """It connects, and never answers: INCONCLUSIVE, within the check's time."""
    monkeypatch.setattr(transports, "EXCHANGE_S", 0.2)
    board = microbit()
    board.seconds = 60.0
    begun = time.monotonic()
    report = check(link, board)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert reasons(report)["identity"] == "part-does-not-answer"
    assert time.monotonic() - begun < 5.0


def _set(uuid: str, value: bytes) -> Callable[[Peripheral], None]:
    def change(board: Peripheral) -> None:
        board.trait(uuid).value = value

    return change


WRONG = {
    "temperature cut": (_set(profile.CELSIUS, b""), Verdict.INCONCLUSIVE, "garbled"),
    "temperature too long": (_set(profile.CELSIUS, b"\x15\x15"), Verdict.INCONCLUSIVE, "garbled"),
    "temperature of a fire": (_set(profile.CELSIUS, b"\x7f"), Verdict.FAIL, "temperature-implausible"),
    "acceleration cut": (_set(profile.ACCELERATION, b"\0" * 5), Verdict.INCONCLUSIVE, "garbled"),
    "acceleration stuck at nothing": (_set(profile.ACCELERATION, b"\0" * 6), Verdict.FAIL, "accelerometer-stuck"),
    "acceleration stuck at the end": (
        _set(profile.ACCELERATION, struct.pack("<hhh", 8191, 8191, 8191)),
        Verdict.FAIL,
        "accelerometer-stuck",
    ),
    "a button held": (_set(profile.BUTTON_B, b"\x02"), Verdict.INCONCLUSIVE, "button-held"),
    "a button cut": (_set(profile.BUTTON_A, b""), Verdict.INCONCLUSIVE, "garbled"),
    "an impossible button": (_set(profile.BUTTON_A, b"\x09"), Verdict.FAIL, "button-implausible"),
    "a model cut": (_set(profile.MODEL, b"BBC micro"), Verdict.MISMATCH, "not-a-microbit"),
    "no model": (_set(profile.MODEL, b""), Verdict.MISMATCH, "not-a-microbit"),
    "a model that is no text": (_set(profile.MODEL, b"\xff\xfe\x1b[2J"), Verdict.MISMATCH, "not-a-microbit"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_values_never_pass(link: BleLink, name: str) -> None:
    """Cut, impossible or stuck: the right verdict and reason, in words of both languages."""
    change, verdict, reason = WRONG[name]
    board = microbit()
    change(board)
    report = check(link, board)
    assert report.verdict is verdict
    assert reason in reasons(report).values()
    for language in LANGUAGES:
        assert "{" not in describe_report(report, language) and "\x1b" not in describe_report(report, language)


def test_a_compass_that_is_silent_does_not_decide(link: BleLink) -> None:
    """The magnetometer informs only."""
    board = microbit()
    board.trait(profile.FIELD).value = bytes(6)
    report = check(link, board)
    assert report.verdict is Verdict.PASS
    assert reasons(report) == {"compass": "part-does-not-answer"}


def test_late_answers_are_not_anothers(link: BleLink) -> None:
    """A slow board is as good as a fast one: each answer is told by its own uuid."""
    board = microbit(ALL)
    board.seconds = 0.08
    report = check(link, board)
    assert report.verdict is Verdict.PASS

"""The runner ends every check in time, closes every port, and says PASS only for what was seen."""

import dataclasses
import threading
import time

import pytest

from device_agents import runner
from device_agents.candidates import Candidate
from device_agents.conversation import (
    Answer,
    Ask,
    Conversation,
    Outcome,
    Question,
    Receive,
    Send,
    inconclusive,
    noted,
    passed,
)
from device_agents.errors import BadArguments, PortUnusable, RemoteProtocolError
from device_agents.kinds import check_extras
from device_agents.kinds.base import CheckContext, CheckOptions, DeviceKind, Extra, Opening, Step, asked_for
from device_agents.report import Report
from device_agents.runner import LEAVE_S, run_check
from device_agents.transports.base import Line
from firmware_checks.verdicts import Verdict
from tests.device_agents.scripted import Answers, ScriptedTransport


class PingCheck:
    """Asks `?` twice and wants `!` each time."""

    def __init__(self, context: CheckContext) -> None:
        self.context = context

    def ping(self) -> Conversation[Outcome]:
        yield Send(b"?")
        heard = b""
        while True:
            reply = yield Receive(1.0)
            if not reply.data:
                return inconclusive("no-answer")
            heard += reply.data
            if heard.startswith(b"#"):
                raise RemoteProtocolError(got="#")
            if b"!" in heard:
                self.context.identity["heard"] = heard.decode("latin-1")
                return passed(after_ms=round(reply.at * 1000))

    def leave(self) -> Conversation[None]:
        yield Send(b"bye")
        yield Receive(600.0)


PING = DeviceKind(
    slug="ping",
    begin=PingCheck,
    steps=(Step("first", PingCheck.ping, timeout_s=20.0), Step("second", PingCheck.ping, timeout_s=20.0)),
    opening=Opening.FREELY,
    bauds=(9600,),
    leave=PingCheck.leave,
)


def check(transport: ScriptedTransport) -> Report:
    report = run_check(PING, CheckContext(Candidate("scripted")), transport)
    assert not transport.is_open, "a port is given back whatever happened"
    assert transport.now() <= 30.0, "a check ends within its deadline"
    assert Report.model_validate_json(report.model_dump_json(by_alias=True)) == report
    return report


def answering(answer: bytes, delay: float = 0.01) -> ScriptedTransport:
    def device(data: bytes) -> Answers:
        return [(delay, answer)] if data == b"?" else []

    return ScriptedTransport(device)


def test_a_device_that_answers_passes() -> None:
    """Both steps pass, identity and evidence hold what was said, and the device is left in order."""
    transport = answering(b"!")
    report = check(transport)
    assert report.verdict is Verdict.PASS
    assert [step.name for step in report.steps] == ["first", "second"]
    assert report.identity == {"heard": "!"}
    assert transport.written == b"??bye"
    assert report.evidence.sent.length == 5
    assert report.evidence.received.length == 2
    assert b"".join(e.raw for e in report.evidence.transcript if e.direction == "received") == b"!!"


def test_silence_is_inconclusive_and_later_steps_are_not_reached() -> None:
    """Silence proves nothing; an essential step that did not pass ends the check."""
    report = check(ScriptedTransport(lambda data: []))
    assert report.verdict is Verdict.INCONCLUSIVE
    assert [step.reason.key for step in report.steps if step.reason] == ["no-answer", "not-reached"]


def test_a_device_that_never_stops_talking_is_stopped() -> None:
    """An endless stream without an answer ends at the step's deadline, and fills no report."""

    def babble(data: bytes) -> Answers:
        return [(0.001 * n, b"x" * 64) for n in range(100_000)]

    report = check(ScriptedTransport(babble))
    assert report.verdict is Verdict.INCONCLUSIVE
    assert report.steps[0].reason is not None and report.steps[0].reason.key == "step-deadline"
    assert report.evidence.omitted > 0
    assert len(report.model_dump_json()) < 200_000


def test_the_checks_deadline_cuts_every_step() -> None:
    """A device that always answers just before each wait ends cannot stretch the check beyond its time."""

    def slow(data: bytes) -> Answers:
        return [(0.9 * n, b".") for n in range(1, 100)]

    transport = ScriptedTransport(slow, open_takes=15.0)
    report = check(transport)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert report.steps[0].reason is not None and report.steps[0].reason.key == "check-deadline"
    assert transport.now() <= 30.0 - LEAVE_S / 2


@pytest.mark.parametrize("moment", [0.0, 0.005, 0.015])
def test_a_vanished_port_is_inconclusive(moment: float) -> None:
    """A device unplugged at any moment gives INCONCLUSIVE port-vanished, and a report."""
    transport = answering(b"!")
    transport._vanish_at = moment
    report = check(transport)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "port-vanished" in [step.reason.key for step in report.steps if step.reason]


def test_another_protocol_is_inconclusive() -> None:
    """A RemoteProtocolError that leaves a step is that step's reason."""
    report = check(answering(b"#"))
    assert report.verdict is Verdict.INCONCLUSIVE
    assert report.steps[0].reason is not None and report.steps[0].reason.key == "remote-protocol-error"


def test_what_a_device_says_is_bounded_and_printable() -> None:
    """A device's text enters the report cut, and without control characters that could rule a terminal."""
    report = check(answering(b"\x1b[2J" + b"A" * 5000 + b"!"))
    heard = report.identity["heard"]
    assert isinstance(heard, str) and len(heard) == 512 and "\x1b" not in heard


class HangingTransport(ScriptedTransport):
    """A driver that never comes back from one of its calls."""

    def __init__(self, call: str, after: int = 0) -> None:
        super().__init__(lambda data: [(0.01, b"!")] if data == b"?" else [])
        self._call = call
        self._left = after
        self.released = threading.Event()

    def _hang(self, call: str) -> None:
        if call == self._call:
            self._left -= 1
            if self._left < 0:
                self.released.wait(30)

    def open(self, line: Line) -> None:
        self._hang("open")
        super().open(line)

    def read(self, timeout_s: float) -> bytes:
        self._hang("read")
        return super().read(timeout_s)

    def close(self) -> None:
        self._hang("close")
        super().close()


@pytest.mark.parametrize(("call", "after"), [("read", 0), ("read", 1), ("close", 0)])
def test_a_driver_that_never_comes_back_does_not_hold_the_check(
    monkeypatch: pytest.MonkeyPatch, call: str, after: int
) -> None:
    """Whatever call hangs: a report in time, and it is not PASS."""
    monkeypatch.setattr(runner, "LEAVE_S", 0.1)
    monkeypatch.setattr(runner, "HANG_S", 0.1)
    transport = HangingTransport(call, after)
    begun = time.monotonic()
    report = run_check(dataclasses.replace(PING, deadline_s=0.5), CheckContext(Candidate("scripted")), transport)
    transport.released.set()
    assert time.monotonic() - begun < 2.0
    assert report.verdict is Verdict.INCONCLUSIVE
    assert [step.name for step in report.steps] == ["first", "second"]
    assert "port-hangs" in [step.reason.key for step in report.steps if step.reason]


def test_a_port_that_never_opens_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hang while opening is an unusable port, not a verdict on a device."""
    monkeypatch.setattr(runner, "HANG_S", 0.1)
    transport = HangingTransport("open")
    with pytest.raises(PortUnusable):
        run_check(dataclasses.replace(PING, deadline_s=0.2), CheckContext(Candidate("scripted")), transport)
    transport.released.set()


def test_a_port_that_vanishes_while_a_step_informs_is_no_pass() -> None:
    """The step did not count, but a device that leaves during its check is not in order."""
    first, second = PING.steps
    kind = dataclasses.replace(PING, steps=(first, dataclasses.replace(second, counts=False)), leave=None)
    transport = ScriptedTransport(lambda data: [(0.5, b"!")], vanish_at=0.7)
    report = run_check(kind, CheckContext(Candidate("scripted")), transport)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert report.steps[1].reason is not None and report.steps[1].reason.key == "port-vanished"


def test_an_end_that_only_informs_takes_what_is_behind_it_along() -> None:
    """Where an essential step ends without counting, the verdict rests on the steps before it; alone it is no PASS."""

    class Half(PingCheck):
        def greet(self) -> Conversation[Outcome]:
            return self.ping()

        def quiet(self) -> Conversation[Outcome]:
            yield Receive(0.1)
            return noted("no-answer")

    steps = (Step("first", Half.greet), Step("quiet", Half.quiet), Step("third", Half.greet))
    half: DeviceKind[Half] = DeviceKind(slug="ping", begin=Half, steps=steps, opening=Opening.FREELY, bauds=(9600,))
    report = run_check(half, CheckContext(Candidate("scripted")), answering(b"!"))
    assert report.verdict is Verdict.PASS
    assert [(step.name, step.counts, step.verdict) for step in report.steps[1:]] == [
        ("quiet", False, Verdict.INCONCLUSIVE),
        ("third", False, Verdict.INCONCLUSIVE),
    ]
    alone = dataclasses.replace(half, steps=half.steps[1:])
    assert run_check(alone, CheckContext(Candidate("scripted")), answering(b"!")).verdict is Verdict.INCONCLUSIVE


# --- what is only done when asked, and a person at the table

SURE = Question("ping", "sure", "choice", ("yes", "no"))


class AskingCheck(PingCheck):
    """Asks the person before it pings."""

    def sure(self) -> Conversation[Outcome]:
        reply = yield Ask(SURE)
        return passed() if reply.answer is not None and reply.answer.value == "yes" else inconclusive("unanswered")


ASKING: DeviceKind[AskingCheck] = DeviceKind(
    slug="ping",
    begin=AskingCheck,
    opening=Opening.FREELY,
    bauds=(9600,),
    leave=AskingCheck.leave,
    questions=(SURE,),
    extras=(Extra("louder", 4.0),),
    steps=(
        Step("sure", AskingCheck.sure, timeout_s=0.2, when=asked_for("louder")),
        Step("first", AskingCheck.ping, timeout_s=2.0),
    ),
    deadline_s=1.0,
)


class Person:
    """Takes a while to answer, in whichever thread it is asked; or presses Ctrl-C instead."""

    def __init__(self, seconds: float, error: type[BaseException] | None = None) -> None:
        self.seconds, self.error = seconds, error
        self.thread: threading.Thread | None = None

    def ask(self, question: Question) -> Answer | None:
        self.thread = threading.current_thread()
        time.sleep(self.seconds)
        if self.error is not None:
            raise self.error("photo-unreadable")
        return Answer("yes")


class Ticking(ScriptedTransport):
    """On the machine's own clock."""

    def now(self) -> float:
        return time.monotonic()


def pinging() -> Ticking:
    return Ticking(lambda data: [(-1e9, b"!")] if data == b"?" else [])


def test_an_extra_adds_its_step_and_its_time() -> None:
    """Without being asked nothing changes; asked, there is one step more and the check may take longer."""
    asked = CheckOptions(extras=frozenset({"louder"}))
    assert ASKING.deadline(CheckOptions()) == 1.0 and ASKING.deadline(asked) == 5.0
    report = run_check(ASKING, CheckContext(Candidate("scripted")), answering(b"!"))
    assert [step.name for step in report.steps] == ["first"]


def test_a_persons_time_counts_for_no_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever thinks longer than the check may take gets an answer all the same; asked where Ctrl-C arrives."""
    monkeypatch.setattr(runner, "HANG_S", 0.1)
    monkeypatch.setattr(runner, "LEAVE_S", 0.1)
    kind = dataclasses.replace(ASKING, extras=(Extra("louder"),), deadline_s=0.5)
    person = Person(0.9)
    options = CheckOptions(extras=frozenset({"louder"}))
    report = run_check(kind, CheckContext(Candidate("scripted"), options), pinging(), questioner=person)
    assert report.verdict is Verdict.PASS
    assert person.thread is threading.current_thread()
    assert [answer.value for answer in report.evidence.answers] == ["yes"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, BadArguments])
def test_ctrl_c_at_a_question_leaves_the_device_in_order(error: type[BaseException]) -> None:
    """The port is closed and the device was left as its user expects it; so too where the questioner fails."""
    transport = pinging()
    options = CheckOptions(extras=frozenset({"louder"}))
    with pytest.raises(error):
        run_check(ASKING, CheckContext(Candidate("scripted"), options), transport, questioner=Person(0.0, error))
    assert not transport.is_open and transport.written.endswith(b"bye") and b"?" not in transport.written


def test_what_no_kind_knows_is_refused_by_name() -> None:
    """An extra that a kind does not declare is named, with those that it does."""
    assert check_extras(ASKING, frozenset({"louder"})) == {"louder"}
    with pytest.raises(BadArguments) as caught:
        check_extras(ASKING, frozenset({"louder", "faster"}))
    assert caught.value.problem == "unknown-extra"
    assert caught.value.params["extra"] == "faster" and caught.value.params["known"] == "louder"

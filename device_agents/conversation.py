"""The language in which the steps of a check speak with the runner: no port, no clock, no thread.

A step is a generator. It yields an *action* and is sent back a `Reply`; at its end it returns an `Outcome`:

    def sync(self) -> Conversation[Outcome]:
        yield PulseReset()
        for _ in range(10):
            yield Send(self.link.send(GetSync()))
            reply = yield Receive(0.1)
            for event in self.link.receive_data(reply.data):
                if isinstance(event, InSync):
                    return passed(after_ms=round(reply.at * 1000))
        return inconclusive("no-answer")

Rules that the runner keeps, so that a step need not:

- `Receive(t)` returns as soon as anything has come, with whatever has come; after `t` seconds with `data ==
  b""`. A message may come in any number of pieces: feed them to a sans-I/O protocol object.
- `Reply.at` is the number of seconds since the check began (a replay has a clock of its own: never look at
  the time).
- Before each action the deadlines of the step and of the check are looked at; when one has passed, the
  generator is ended by `DeadlinePassed` (do not catch it) and the step is INCONCLUSIVE. No step can run over,
  whatever it sends.
- A `ProtocolError` that leaves the generator makes the step INCONCLUSIVE with that error's slug as its reason; a port
  that vanishes ends the check with INCONCLUSIVE `port-vanished`.
- A step never says PASS for what it has not seen: silence, garbage and half an answer are
  `inconclusive(...)`; `failed(...)` is for what is proven.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeVar

from device_agents.errors import Scalar
from firmware_checks.verdicts import Verdict

NOTHING: Mapping[str, Scalar] = MappingProxyType({})


@dataclass(frozen=True)
class Send:
    """Write `data`; in pieces of `chunk` bytes with `gap_s` between them where the device needs it (0: at
    once)."""

    data: bytes
    chunk: int = 0
    gap_s: float = 0.0


@dataclass(frozen=True)
class Receive:
    """Wait for bytes, at most `timeout_s`."""

    timeout_s: float


@dataclass(frozen=True)
class Discard:
    """Throw away what has come already (it is kept in the evidence)."""


@dataclass(frozen=True)
class SetBaud:
    """Change the line's speed; `Reply.done` says whether this transport has one."""

    baud: int


@dataclass(frozen=True)
class PulseReset:
    """Reset the board by DTR (and RTS), as an Arduino's auto-reset does; `Reply.done` says whether the lines
    exist."""

    low_s: float = 0.05


@dataclass(frozen=True)
class Follow:
    """The device leaves its port and comes back on another one (a board whose USB is its own chip's, on its way into
    or out of its bootloader): let the old port go, and open that on which it stands again within `within_s`.

    It is found by its place on the USB, never by the port's name. `touch_baud` opens and closes the old port at that
    speed first: 1200 asks an Arduino with native USB for its bootloader. `Reply.done` says whether it was found
    elsewhere, `Reply.port` where. A device that stays is spoken to at its port again; where the place is not known (a
    pty, a URL), the port is left as it is, untouched.
    """

    within_s: float
    touch_baud: int = 0


@dataclass(frozen=True)
class Pause:
    """Do nothing for a while; what arrives meanwhile waits for the next `Receive`."""

    seconds: float


@dataclass(frozen=True)
class Question:
    """One question to the person at the table. Its words stand in messages under `question.<kind>.<key>`."""

    kind: str
    key: str
    form: Literal["choice", "text", "photo", "signature"]
    choices: tuple[str, ...] = ()
    optional: bool = False
    in_person: bool = False
    """Only somebody at the device can answer it now: no file of answers does."""


@dataclass(frozen=True)
class Ask:
    """Put a question to the person; `Reply.answer` is None where nobody answered."""

    question: Question


Action = Send | Receive | Discard | SetBaud | PulseReset | Follow | Pause | Ask


@dataclass(frozen=True)
class Answer:
    """What the person said: `value` for a choice, a text or a typed name; a photo's name, length and
    digest."""

    value: str
    size: int = 0
    sha256: str = ""


@dataclass(frozen=True)
class Reply:
    """What came of an action."""

    at: float
    data: bytes = b""
    done: bool = True
    answer: Answer | None = None
    port: str = ""


@dataclass(frozen=True)
class Outcome:
    """A step's end: verdict, reason (a key under `reason.` in messages, with parameters), what was
    measured.

    `counts=False` lets this end inform only, whatever the step is; where it ends an essential step, those behind it
    are not reached and inform only as well.
    """

    verdict: Verdict
    reason: str = ""
    params: Mapping[str, Scalar] = field(default_factory=dict)
    measured: Mapping[str, Scalar] = field(default_factory=dict)
    counts: bool = True


Result = TypeVar("Result")
Conversation = Generator[Action, Reply, Result]
"""What a step is; a part of a step returns something else than an Outcome and is used with `yield from`."""


class DeadlinePassed(Exception):
    """Thrown into a step whose time is over. Only the runner raises and catches it."""


def passed(**measured: Scalar) -> Outcome:
    """PASS, with what was measured."""
    return Outcome(Verdict.PASS, measured=measured)


def inconclusive(reason: str, measured: Mapping[str, Scalar] = NOTHING, **params: Scalar) -> Outcome:
    """INCONCLUSIVE: nothing is proven, and why."""
    return Outcome(Verdict.INCONCLUSIVE, reason, params, measured)


def noted(reason: str, measured: Mapping[str, Scalar] = NOTHING, **params: Scalar) -> Outcome:
    """INCONCLUSIVE, for information only: the check's verdict rests on its other steps."""
    return Outcome(Verdict.INCONCLUSIVE, reason, params, measured, counts=False)


def failed(reason: str, measured: Mapping[str, Scalar] = NOTHING, **params: Scalar) -> Outcome:
    """FAIL: a fault is proven, and which."""
    return Outcome(Verdict.FAIL, reason, params, measured)

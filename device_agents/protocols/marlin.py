"""Marlin's dialect of G-code over a serial line, sans-I/O: bytes in, events out; questions in, bytes out.

What can be sent stands in `marlin_commands`, all of it; what the firmware says becomes an event of `marlin_events`.
One command is open at a time. What the firmware may say, and what becomes of the state (`TRANSITIONS` holds
the whole table):

    IDLE      query(), order() -> ASKED    receive_data() ... Answer            -> IDLE
    ASKED     Resend: n            the firmware refused the line        -> REFUSED (its `ok` is not an answer)
    REFUSED   repeat() -> ASKED    the same question under the number that the firmware expects
    any       `start`              the firmware began anew              -> IDLE, line numbers from 1
    any       a fatal `Error:`     the firmware has stopped for good    -> HALTED (only `start` ends that)

The answers' text is read by `device_agents.protocols.marlin_answers`.
Sources: https://marlinfw.org/meta/gcode/ (M110, Resend); https://reprap.org/wiki/G-code ("Replies from the RepRap
machine to the host computer", "Checking").
"""

import re
from enum import Enum, auto

from device_agents.errors import LocalProtocolError
from device_agents.protocols.marlin_commands import CommandNotAllowed, Order, Query, checksummed
from device_agents.protocols.marlin_events import (
    Answer,
    Busy,
    Echoed,
    ErrorReported,
    Event,
    Info,
    Noise,
    ResendRequested,
    Started,
    StrayOk,
    Volunteered,
    Waiting,
)

MAX_LINE = 1024
"""A longer line is not Marlin's (its own buffer holds 96 characters; the longest answer is M115's)."""
MAX_ANSWER_LINES = 400
"""Of one answer; what M503 says is about 80 lines."""

NOISE_BYTES = 12
"""Fewer unreadable bytes are what a bridge chip makes when it wakes."""


class State(Enum):
    """Of the conversation as we see it."""

    IDLE = auto()
    ASKED = auto()
    REFUSED = auto()
    HALTED = auto()


# The whole state machine: what an event makes of the state. Pairs that do not stand here leave it as it is.
TRANSITIONS: dict[tuple[State, type], State] = {
    (State.ASKED, Answer): State.IDLE,
    (State.ASKED, ResendRequested): State.REFUSED,
    (State.ASKED, Started): State.IDLE,
    (State.REFUSED, Started): State.IDLE,
    (State.HALTED, Started): State.IDLE,
}
FATAL_FROM = (State.IDLE, State.ASKED, State.REFUSED)

_OK = re.compile(r"ok(?:\s+(.*))?$", re.DOTALL)
_RESEND = re.compile(r"(?:resend|rs)\s*:?\s*N?\s*(\d{1,9})", re.IGNORECASE)
_BUSY = re.compile(r"(?:echo:\s*)?busy:\s*(.*)", re.IGNORECASE)
_ERROR = re.compile(r"(?:error\s*:|fatal\s*:|!!)\s*(.*)", re.IGNORECASE)
# Complaints about the line as it arrived: the firmware asks again and goes on.
_ABOUT_THE_LINE = re.compile(r"checksum|line number|expected line", re.IGNORECASE)
_FATAL = re.compile(
    r"halted|stopped|kill\(\)|kill caused|m(?:in|ax)temp|runaway|(?:heating|homing) failed|emergency"
    r"|lost communication",
    re.IGNORECASE,
)
_TEMPERATURES = re.compile(r"T\d?\s*:\s*[-+]?\d")
_CARD = re.compile(r"SD printing byte", re.IGNORECASE)
_TEXT = frozenset(range(0x20, 0x7F)) | {0x09, 0x0D}


class MarlinConnection:
    """Our side of the conversation with one printer."""

    def __init__(self) -> None:
        self.state = State.IDLE
        self.received = 0
        self.unreadable = 0
        """Bytes so far that are no text."""
        self._buffer = bytearray()
        self._dropped = 0
        self._number = 0
        self._command: Query | Order | None = None
        self._sent = ""
        self._lines: list[str] = []

    @property
    def mostly_noise(self) -> bool:
        """Whether what came so far is no text: another speed of the line, or no printer."""
        return self.unreadable >= NOISE_BYTES and self.unreadable * 3 > self.received

    def query(self, command: str) -> bytes:
        """The bytes that ask `command`, one of `Query`.

        Raises:
            CommandNotAllowed: for anything that is not exactly one of the questions.
            LocalProtocolError: while another question is open, or after the firmware stopped.
        """
        try:
            query = Query(command)
        except ValueError:
            raise CommandNotAllowed(command=command) from None
        return self._say(query)

    def order(self, order: Order) -> bytes:
        """The bytes that order something, within the bounds of `marlin_commands`.

        Raises:
            LocalProtocolError: while another command is open, or after the firmware stopped.
        """
        return self._say(order)

    def repeat(self) -> bytes:
        """The open question again, under the number that the firmware expects.

        Raises:
            LocalProtocolError: where no line was refused.
        """
        if self.state is not State.REFUSED:
            raise LocalProtocolError(state=self.state.name, wanted="repeat")
        return self._ask()

    def give_up(self) -> None:
        """Forget the open question: its time is over. A late answer to it becomes `StrayOk`."""
        if self.state is not State.HALTED:
            self.state = State.IDLE

    def receive_data(self, data: bytes) -> list[Event]:
        """What these bytes complete. Any division into chunks gives the same events; memory is bounded."""
        self.received += len(data)
        self.unreadable += sum(byte not in _TEXT and byte != 0x0A for byte in data)
        events: list[Event] = []
        parts = data.split(b"\n")
        for index, part in enumerate(parts):
            self._keep(part)
            if index < len(parts) - 1:
                event = self._end_line()
                if event is not None:
                    events.append(event)
        return events

    def _say(self, command: Query | Order) -> bytes:
        if self.state is not State.IDLE:
            raise LocalProtocolError(state=self.state.name, wanted=command.value)
        self._number += 1
        self._command = command
        return self._ask()

    def _ask(self) -> bytes:
        assert self._command is not None
        self.state = State.ASKED
        self._lines = []
        line = checksummed(f"N{self._number} {self._command.value}")
        self._sent = line.decode("ascii").strip()
        return line

    def _keep(self, part: bytes) -> None:
        room = MAX_LINE - len(self._buffer)
        self._buffer += part[:room]
        self._dropped += max(0, len(part) - room)

    def _end_line(self) -> Event | None:
        # Power-up and a bridge chip that wakes put zero bytes on the line, often right before `start`.
        raw = bytes(self._buffer).strip(b"\0\r \t")
        length = len(self._buffer) + self._dropped
        dropped = self._dropped
        self._buffer.clear()
        self._dropped = 0
        if not raw and not dropped:
            return None
        if dropped or any(byte not in _TEXT for byte in raw):
            return Noise(length)
        event = self._read(raw.decode("ascii"))
        self._apply(event)
        return event

    def _read(self, line: str) -> Event:
        """Which event a line is: the order is that of Marlin's own hosts, the most certain first."""
        if self._sent and line == self._sent:
            return Echoed()
        if line == "start":
            return Started()
        if line == "wait":
            return Waiting()
        if ok := _OK.match(line):
            text = (ok[1] or "").strip()
            if self.state is State.ASKED and self._command is not None:
                return Answer(self._command, tuple(self._lines), text)
            return StrayOk()
        if resend := _RESEND.match(line):
            return ResendRequested(int(resend[1]))
        if busy := _BUSY.match(line):
            return Busy(busy[1])
        if error := _ERROR.match(line):
            text = error[1]
            about_line = bool(_ABOUT_THE_LINE.search(text))
            fatal = not about_line and (line.startswith("!!") or bool(_FATAL.search(text)))
            return ErrorReported(text, fatal, about_line)
        if self._command is not Query.TEMPERATURES and _TEMPERATURES.match(line):
            return Volunteered(line)
        if self._command is not Query.SD_STATUS and _CARD.match(line):
            return Volunteered(line)
        return Info(line.removeprefix("echo:").strip())

    def _apply(self, event: Event) -> None:
        if isinstance(event, ErrorReported) and event.fatal and self.state in FATAL_FROM:
            self.state = State.HALTED
        elif isinstance(event, Info) and self.state is State.ASKED and len(self._lines) < MAX_ANSWER_LINES:
            self._lines.append(event.text)
        elif isinstance(event, ResendRequested) and self.state is State.ASKED:
            self._number = event.line
        elif isinstance(event, Started):
            self._number = 0
        self.state = TRANSITIONS.get((self.state, type(event)), self.state)
        if self.state is State.IDLE:
            self._command = None

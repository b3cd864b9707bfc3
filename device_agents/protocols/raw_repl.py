"""MicroPython's raw REPL over a serial line, sans-I/O: bytes in, events out; source text in, bytes out.

The raw REPL is the mode for programs: no echo, and each answer framed as

    OK <what was printed> 0x04 <traceback, or nothing> 0x04 >

The state machine; `TRANSITIONS` holds it whole. `enter()` is allowed in any state, for it is how one begins
again:

    enter()        any -> ENTERING     Ready (the raw REPL's own greeting)    -> READY
    execute()      READY -> RUNNING    Finished (the whole frame)             -> READY
                                       Garbled (not a frame)                  -> LOST
    leave()        any -> LEAVING      Restarted (`soft reboot`)              -> GONE

A real board is fed through a small buffer that has no flow control: send in pieces of `PACE_CHUNK` bytes with
`PACE_GAP_S` seconds between them (more than about 64 bytes at once lose their tail).
Sources: https://docs.micropython.org/en/latest/reference/repl.html#raw-mode; `py/../lib/utils/pyexec.c` of
MicroPython 1.9.2 (what micro:bit's MicroPython 1.0.1 is built on) for the order of the control characters.
"""

from dataclasses import dataclass
from enum import Enum, auto

from device_agents.errors import LocalProtocolError

PACE_CHUNK = 32
PACE_GAP_S = 0.010
MAX_OUTPUT = 16_384
"""Bytes of one answer; our own scripts print less than one thousand."""

ENTER = b"\x02\x03\x03\x01"
"""Ctrl-B out of a raw REPL that somebody left open (there Ctrl-C alone brings no prompt), Ctrl-C twice to
stop what runs (a first one may be caught by the program), Ctrl-A into the raw REPL. No line end: a device
that is no MicroPython gets nothing that it could take for a command."""
LEAVE = (b"\x03\x02", b"\x04")
"""Ctrl-C and Ctrl-B to the friendly prompt; then, once that is there, Ctrl-D: a soft reset, after which the
board runs its user's program again (from the raw REPL it would not)."""

GREETING = b"raw REPL; CTRL-B to exit\r\n>"
REBOOT = b"soft reboot\r\n"
PROMPT = b">>> "
HEAD = 64
"""As much of a garbled answer is kept."""
_START = b"OK"
_END = 0x04
_PROMPT = ord(">")


class State(Enum):
    """Where the conversation stands."""

    UNKNOWN = auto()
    ENTERING = auto()
    READY = auto()
    RUNNING = auto()
    LOST = auto()
    LEAVING = auto()
    GONE = auto()


@dataclass(frozen=True)
class Ready:
    """The raw REPL listens."""


@dataclass(frozen=True)
class Finished:
    """A script ran to its end: what it printed, and its traceback where it raised."""

    output: bytes
    error: bytes


@dataclass(frozen=True)
class Garbled:
    """The answer to a script is not framed as it must be, or has no end; `head` is how it begins."""

    head: bytes


@dataclass(frozen=True)
class FriendlyPrompt:
    """The prompt for people, on the way out."""


@dataclass(frozen=True)
class Restarted:
    """The soft reset took place: the board begins its user's program."""


Event = Ready | Finished | Garbled | FriendlyPrompt | Restarted

TRANSITIONS: dict[tuple[State, type], State] = {
    (State.ENTERING, Ready): State.READY,
    (State.RUNNING, Finished): State.READY,
    (State.RUNNING, Garbled): State.LOST,
    (State.LEAVING, FriendlyPrompt): State.LEAVING,
    (State.LEAVING, Restarted): State.GONE,
}


class RawRepl:
    """Our side of the conversation with one board."""

    def __init__(self, *, max_output: int = MAX_OUTPUT) -> None:
        self.state = State.UNKNOWN
        self.seen = 0
        """Bytes received so far, whatever they were."""
        self._max = max_output
        self.met = False
        """Whether MicroPython has shown itself: by the raw REPL's greeting or by its prompt."""
        self._buffer = bytearray()
        self._ends = 0

    def enter(self) -> bytes:
        """The bytes that stop what runs and open the raw REPL."""
        self.state = State.ENTERING
        self._clear()
        return ENTER

    def execute(self, source: str) -> bytes:
        """The bytes that run `source`.

        Raises:
            LocalProtocolError: where the raw REPL does not listen, or the source holds a control character.
        """
        if self.state is not State.READY:
            raise LocalProtocolError(state=self.state.name, wanted="execute")
        if not source.isascii() or any(ord(character) < 0x20 and character != "\n" for character in source):
            raise LocalProtocolError(state=self.state.name, wanted="execute", problem="control character in source")
        self.state = State.RUNNING
        self._clear()
        return source.encode("ascii") + bytes([_END])

    def leave(self) -> bytes:
        """The first bytes of the way out, to the friendly prompt; `restart` gives the others."""
        self.state = State.LEAVING
        self._clear()
        return LEAVE[0]

    def restart(self) -> bytes:
        """Soft reset, to be sent at the friendly prompt.

        Raises:
            LocalProtocolError: before `leave`.
        """
        if self.state is not State.LEAVING:
            raise LocalProtocolError(state=self.state.name, wanted="restart")
        self._clear()
        return LEAVE[1]

    def receive_data(self, data: bytes) -> list[Event]:
        """What these bytes complete. Any division into chunks gives the same events; memory is bounded."""
        self.seen += len(data)
        events: list[Event] = []
        for byte in data:
            event = self._receive_byte(byte)
            if event is not None:
                events.append(event)
                self.state = TRANSITIONS[self.state, type(event)]
                self._clear()
        return events

    def _clear(self) -> None:
        self._buffer.clear()
        self._ends = 0

    def _receive_byte(self, byte: int) -> Event | None:
        if self.state is State.RUNNING:
            self._buffer.append(byte)
            return self._frame(byte)
        if self.state not in (State.ENTERING, State.LEAVING):
            return None
        self._buffer.append(byte)
        del self._buffer[: -len(GREETING)]
        prompted = self._buffer.endswith(PROMPT)
        greeted = self._buffer.endswith(GREETING)
        self.met = self.met or prompted or greeted
        if self.state is State.ENTERING:
            return Ready() if greeted else None
        if self._buffer.endswith(REBOOT):
            return Restarted()
        return FriendlyPrompt() if prompted else None

    def _frame(self, byte: int) -> Event | None:
        """What this byte of an answer completes, if anything."""
        length = len(self._buffer)
        if self._ends == 2:  # behind the second 0x04 stands the prompt and nothing else
            if byte != _PROMPT:
                return Garbled(bytes(self._buffer[:HEAD]))
            output, error, _ = bytes(self._buffer[len(_START) :]).split(bytes([_END]))
            return Finished(output, error)
        if (length <= len(_START) and not _START.startswith(self._buffer)) or length > self._max:
            return Garbled(bytes(self._buffer[:HEAD]))
        self._ends += byte == _END
        return None

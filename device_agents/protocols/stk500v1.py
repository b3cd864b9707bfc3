"""STK500 version 1, as the bootloaders of the Uno, the Nano and the Duemilanove speak it (Optiboot, ATmegaBOOT).

Only what reads: nothing in this module can write to a device. Every request ends with 0x20 and is answered by 0x14
(in sync), a body whose length the request fixes, and 0x10 (done). There is no checksum: whoever needs to be sure reads
twice.

    link = Stk500v1()
    port.write(link.send(GetSync()))
    for event in link.receive_data(port.read()): ...      # InSync(noise=0)

States:

    SEARCHING --InSync--> IDLE --any request--> IN_SYNC_DUE --0x14--> BODY_DUE --body--> DONE_DUE --0x10--> IDLE
        ^                                            |                                      |
        |                                            +--0x15 OutOfSync--> SEARCHING         +--0x11..13 Refused--> IDLE
        +-- restart(), from anywhere

While SEARCHING, GetSync may be sent again and again, and whatever comes before an answer is noise (a sketch that was
still talking, the end of an older answer): it is counted and skipped. From then on every byte has to be the right one.

Source: Atmel AVR061 (STK500 communication protocol), optiboot.c and ATmegaBOOT_168.c of ArduinoCore-avr.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar

from device_agents.errors import LocalProtocolError, RemoteProtocolError

END = b"\x20"
IN_SYNC = 0x14
NO_SYNC = 0x15
DONE = 0x10
REFUSALS = {0x11: "failed", 0x12: "unknown", 0x13: "no-device"}
PAGE_LIMIT = 128
"""Bytes a ReadPage may ask for: Optiboot counts in one byte, and no page of these chips is longer."""


class State(Enum):
    """Where the conversation stands."""

    SEARCHING = auto()
    IDLE = auto()
    IN_SYNC_DUE = auto()
    BODY_DUE = auto()
    DONE_DUE = auto()


@dataclass(frozen=True)
class GetSync:
    """Are you there?"""

    body: ClassVar[int] = 0

    def encode(self) -> bytes:
        return b"\x30"


@dataclass(frozen=True)
class GetParameter:
    """A parameter: 0x81 and 0x82 are the bootloader's major and minor version."""

    which: int
    body: ClassVar[int] = 1

    def encode(self) -> bytes:
        return bytes([0x41, self.which])


@dataclass(frozen=True)
class ReadSignature:
    """The chip's three bytes; a bootloader tells those that it was compiled for."""

    body: ClassVar[int] = 3

    def encode(self) -> bytes:
        return b"\x75"


@dataclass(frozen=True)
class LoadAddress:
    """Where the next page is read from, in words of two bytes."""

    word: int
    body: ClassVar[int] = 0

    def encode(self) -> bytes:
        return b"\x55" + self.word.to_bytes(2, "little")


@dataclass(frozen=True)
class ReadPage:
    """So many bytes of flash from the loaded address on."""

    length: int

    @property
    def body(self) -> int:
        return self.length

    def encode(self) -> bytes:
        if not 1 <= self.length <= PAGE_LIMIT:
            raise LocalProtocolError(problem="page length", length=self.length)
        return b"\x74" + self.length.to_bytes(2, "big") + b"F"


@dataclass(frozen=True)
class LeaveProgrammingMode:
    """Start the sketch. Optiboot does so by its watchdog, 16 ms later."""

    body: ClassVar[int] = 0

    def encode(self) -> bytes:
        return b"\x51"


Request = GetSync | GetParameter | ReadSignature | LoadAddress | ReadPage | LeaveProgrammingMode


@dataclass(frozen=True)
class InSync:
    """The bootloader was found; `noise` bytes came before its answer."""

    noise: int


@dataclass(frozen=True)
class Answered:
    """A request was answered whole."""

    request: Request
    body: bytes


@dataclass(frozen=True)
class Refused:
    """The device understood the request and refuses it."""

    request: Request
    why: str


@dataclass(frozen=True)
class OutOfSync:
    """The device lost the thread; search again."""

    request: Request


Event = InSync | Answered | Refused | OutOfSync

# Which requests a state takes, and where they lead. A state that is missing here takes none: an answer is due.
ON_SEND: dict[State, dict[type[Request], State]] = {
    State.SEARCHING: {GetSync: State.SEARCHING},
    State.IDLE: dict.fromkeys(
        (GetSync, GetParameter, ReadSignature, LoadAddress, ReadPage, LeaveProgrammingMode), State.IN_SYNC_DUE
    ),
}


class Stk500v1:
    """One conversation with a bootloader; see the module."""

    def __init__(self) -> None:
        self.state = State.SEARCHING
        self.noise = b""
        """The first bytes that were skipped while searching, as a clue to what talks there."""
        self._request: Request = GetSync()
        self._buffer = bytearray()
        self._skipped = 0

    def send(self, request: Request) -> bytes:
        """What to put on the line for `request`.

        Raises:
            LocalProtocolError: an answer is due, or the bootloader has not been found yet.
        """
        follows = ON_SEND.get(self.state, {}).get(type(request))
        if follows is None:
            raise LocalProtocolError(state=self.state.name, request=type(request).__name__)
        data = request.encode() + END
        self.state = follows
        self._request = request
        return data

    def restart(self) -> None:
        """Forget what is due and search again, as after an answer that never became whole."""
        self.state = State.SEARCHING
        self._buffer.clear()
        self._skipped = 0

    def receive_data(self, data: bytes) -> list[Event]:
        """What became complete with these bytes.

        Raises:
            RemoteProtocolError: a byte that the protocol does not allow there. Only restart() leads on.
        """
        self._buffer += data
        events: list[Event] = []
        while self._buffer:
            event: Event | None
            if self.state is State.SEARCHING:
                event = self._search()
            elif self.state is State.IDLE:
                raise self._unexpected("nothing")
            else:
                event = self._answer()
            if event is None:
                break
            events.append(event)
        return events

    def _search(self) -> InSync | None:
        found = self._buffer.find(bytes([IN_SYNC, DONE]))
        # The last byte may be the first half of an answer: it stays.
        keep_from = found if found >= 0 else len(self._buffer) - (self._buffer[-1] == IN_SYNC)
        self.noise = (self.noise + bytes(self._buffer[:keep_from]))[:32]
        self._skipped += keep_from
        del self._buffer[:keep_from]
        if found < 0:
            return None
        del self._buffer[:2]
        self.state = State.IDLE
        return InSync(self._skipped)

    def _answer(self) -> Event | None:
        if self.state is State.IN_SYNC_DUE:
            if self._buffer[0] == NO_SYNC:
                self.restart()
                return OutOfSync(self._request)
            if self._buffer[0] != IN_SYNC:
                raise self._unexpected("14")
            self.state = State.BODY_DUE
        if self.state is State.BODY_DUE:
            if len(self._buffer) < 1 + self._request.body:
                return None
            self.state = State.DONE_DUE
        end = 1 + self._request.body
        if len(self._buffer) <= end:
            return None
        body, last = bytes(self._buffer[1:end]), self._buffer[end]
        if last == DONE:
            del self._buffer[: end + 1]
            self.state = State.IDLE
            return Answered(self._request, body)
        if last in REFUSALS:
            del self._buffer[: end + 1]
            self.state = State.IDLE
            return Refused(self._request, REFUSALS[last])
        raise self._unexpected("10", end)

    def _unexpected(self, expected: str, at: int = 0) -> RemoteProtocolError:
        got = bytes(self._buffer[at : at + 16]).hex(" ")
        return RemoteProtocolError(expected=expected, got=got, request=type(self._request).__name__)

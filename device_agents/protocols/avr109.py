"""AVR109, as the bootloader of the Arduino Leonardo and Micro speaks it (Caterina).

Only what reads: nothing in this module can write to a device. A request is a letter, some with operands; its answer is
a fixed number of bytes, with no frame, number or checksum of its own. Behind native USB each packet has the bus's; who
needs to be sure reads twice all the same.

    link = Avr109()
    port.write(link.send(Identify()))
    for event in link.receive_data(port.read()): ...      # Found(noise=0)

States:

    SEARCHING --Found--> IDLE --any request--> ANSWER_DUE --Answered--> IDLE
        ^                                           |
        +-- restart(), from anywhere                +--Refused ('?')--> IDLE

While SEARCHING, Identify may be sent again and again, and whatever comes before `CATERIN` is noise.

Source: Atmel AVR109 (Self-programming), Caterina.c of ArduinoCore-avr.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar

from device_agents.errors import LocalProtocolError, RemoteProtocolError

IDENTIFIER = b"CATERIN"
DONE = b"\r"
REFUSED = b"?"
PAGE_LIMIT = 128
"""Bytes a ReadBlock may ask for: what Caterina tells as its block (`b` gives `Y`, 0, 128)."""


class State(Enum):
    """Where the conversation stands."""

    SEARCHING = auto()
    IDLE = auto()
    ANSWER_DUE = auto()


@dataclass(frozen=True)
class Identify:
    """Who are you? `CATERIN`."""

    length: ClassVar[int] = len(IDENTIFIER)

    def encode(self) -> bytes:
        return b"S"


@dataclass(frozen=True)
class ReadVersion:
    """The bootloader's version, two digits."""

    length: ClassVar[int] = 2

    def encode(self) -> bytes:
        return b"V"


@dataclass(frozen=True)
class ReadSignature:
    """The chip's three bytes, the last one first; a bootloader tells those that it was compiled for."""

    length: ClassVar[int] = 3

    def encode(self) -> bytes:
        return b"s"


@dataclass(frozen=True)
class ReadFuse:
    """A fuse byte, as the chip has it (`boot_lock_fuse_bits_get` in Caterina.c)."""

    which: str
    length: ClassVar[int] = 1
    LETTERS: ClassVar[dict[str, bytes]] = {"low": b"F", "high": b"N", "extended": b"Q"}

    def encode(self) -> bytes:
        return self.LETTERS[self.which]


@dataclass(frozen=True)
class ReadLock:
    """The lock byte, as the chip has it."""

    length: ClassVar[int] = 1

    def encode(self) -> bytes:
        return b"r"


@dataclass(frozen=True)
class SetAddress:
    """Where the next block is read from, in words of two bytes."""

    word: int
    length: ClassVar[int] = 1

    def encode(self) -> bytes:
        return b"A" + self.word.to_bytes(2, "big")


@dataclass(frozen=True)
class ReadBlock:
    """So many bytes of flash from the address on; it counts on from there by itself."""

    length: int

    def encode(self) -> bytes:
        if not 2 <= self.length <= PAGE_LIMIT or self.length % 2:
            raise LocalProtocolError(problem="block length", length=self.length)
        return b"g" + self.length.to_bytes(2, "big") + b"F"


@dataclass(frozen=True)
class Leave:
    """Start the sketch, half a second later."""

    length: ClassVar[int] = 1

    def encode(self) -> bytes:
        return b"E"


Request = Identify | ReadVersion | ReadSignature | ReadFuse | ReadLock | SetAddress | ReadBlock | Leave
_CONFIRMED = (SetAddress, Leave)


@dataclass(frozen=True)
class Found:
    """The bootloader was found; `noise` bytes came before its answer."""

    noise: int


@dataclass(frozen=True)
class Answered:
    """A request was answered whole."""

    request: Request
    body: bytes


@dataclass(frozen=True)
class Refused:
    """The bootloader does not know the request."""

    request: Request


Event = Found | Answered | Refused


class Avr109:
    """One conversation with a bootloader; see the module."""

    def __init__(self) -> None:
        self.state = State.SEARCHING
        self.noise = b""
        """The first bytes that were skipped while searching, as a clue to what talks there."""
        self._request: Request = Identify()
        self._buffer = bytearray()
        self._skipped = 0

    def send(self, request: Request) -> bytes:
        """What to put on the line for `request`.

        Raises:
            LocalProtocolError: an answer is due, or the bootloader has not been found yet.
        """
        searching = self.state is State.SEARCHING
        if self.state is State.ANSWER_DUE or (searching and not isinstance(request, Identify)):
            raise LocalProtocolError(state=self.state.name, request=type(request).__name__)
        data = request.encode()
        self._request = request
        if not searching:
            self.state = State.ANSWER_DUE
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
            event = self._search() if self.state is State.SEARCHING else self._answer()
            if event is None:
                break
            events.append(event)
        return events

    def _search(self) -> Found | None:
        at = self._buffer.find(IDENTIFIER)
        # The end may be the beginning of the answer: as much of it stays.
        skip = at if at >= 0 else max(0, len(self._buffer) - len(IDENTIFIER) + 1)
        self.noise = (self.noise + bytes(self._buffer[:skip]))[:32]
        self._skipped += skip
        del self._buffer[:skip]
        if at < 0:
            return None
        del self._buffer[: len(IDENTIFIER)]
        self.state = State.IDLE
        return Found(self._skipped)

    def _answer(self) -> Answered | Refused | None:
        request = self._request
        if self.state is State.IDLE:
            raise self._unexpected("nothing")
        if isinstance(request, _CONFIRMED):
            first = bytes(self._buffer[:1])
            if first not in (DONE, REFUSED):
                raise self._unexpected("0d")
            del self._buffer[:1]
            self.state = State.IDLE
            return Answered(request, b"") if first == DONE else Refused(request)
        if len(self._buffer) < request.length:
            return None
        body = bytes(self._buffer[: request.length])
        del self._buffer[: request.length]
        self.state = State.IDLE
        if isinstance(request, Identify) and body != IDENTIFIER:
            raise RemoteProtocolError(expected="CATERIN", got=body.hex(" "), request="Identify")
        return Answered(request, body)

    def _unexpected(self, expected: str) -> RemoteProtocolError:
        got = bytes(self._buffer[:16]).hex(" ")
        return RemoteProtocolError(expected=expected, got=got, request=type(self._request).__name__)

"""STK500 version 2, as the bootloader of the Arduino Mega 2560 speaks it ("wiring", stk500boot).

Only what reads: nothing in this module can write to a device. A message is the same in both directions:

    1b  number  length (2, high first)  0e  body  checksum (all bytes before it, exclusive-or)

The answer carries its request's number, and its body begins with the request's first byte and a status. So an echo, a
late answer to an earlier request and a spoilt message are each told from the answer that is due.

    link = Stk500v2()
    port.write(link.send(SignOn()))
    for event in link.receive_data(port.read()): ...      # Answered(SignOn(), b"AVRISP_2")

States:

    IDLE --any request--> ANSWER_DUE --Answered, Refused--> IDLE
                          |        ^
                          +--------+ Spoilt (a message with a wrong checksum; the answer is still due)
    restart() leads to IDLE from anywhere: the next request has a number of its own.

Source: Atmel AVR068 (STK500 communication protocol, version 2); stk500boot.c and command.h of ArduinoCore-avr.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar

from device_agents.errors import LocalProtocolError, RemoteProtocolError

START = 0x1B
TOKEN = 0x0E
OK = 0x00
PAGE_LIMIT = 256
"""Bytes a ReadFlash may ask for: the bootloader keeps a message in 285 bytes."""
_HEAD = 5
_LONGEST = 285
REFUSALS = {0x80: "timeout", 0xC0: "failed", 0xC1: "checksum", 0xC9: "unknown"}


class State(Enum):
    """Where the conversation stands."""

    IDLE = auto()
    ANSWER_DUE = auto()


@dataclass(frozen=True)
class SignOn:
    """Who are you? Answered by the programmer's name, `AVRISP_2` here."""

    command: ClassVar[int] = 0x01

    def encode(self) -> bytes:
        return b""

    def decode(self, body: bytes) -> bytes | None:
        return body[1:] if body and len(body) == 1 + body[0] else None


@dataclass(frozen=True)
class GetParameter:
    """A parameter: 0x90 the hardware's version, 0x91 and 0x92 the software's major and minor one."""

    which: int
    command: ClassVar[int] = 0x03

    def encode(self) -> bytes:
        return bytes([self.which])

    def decode(self, body: bytes) -> bytes | None:
        return body if len(body) == 1 else None


class _OneByte:
    """A request that is answered by one byte and a second status."""

    def decode(self, body: bytes) -> bytes | None:
        return body[:1] if len(body) == 2 and body[1] == OK else None


@dataclass(frozen=True)
class ReadSignature(_OneByte):
    """One of the chip's three signature bytes; a bootloader tells those that it was compiled for."""

    index: int
    command: ClassVar[int] = 0x1B

    def encode(self) -> bytes:
        return bytes([4, 0x30, 0x00, self.index, 0x00])


@dataclass(frozen=True)
class ReadFuse(_OneByte):
    """A fuse byte, as the chip has it: stk500boot reads it (`boot_lock_fuse_bits_get`)."""

    which: str
    command: ClassVar[int] = 0x18
    CODES: ClassVar[dict[str, tuple[int, int]]] = {"low": (0x50, 0x00), "high": (0x58, 0x08), "extended": (0x50, 0x08)}

    def encode(self) -> bytes:
        return bytes([4, *self.CODES[self.which], 0x00, 0x00])


@dataclass(frozen=True)
class ReadLock(_OneByte):
    """The lock byte, as the chip has it."""

    command: ClassVar[int] = 0x1A

    def encode(self) -> bytes:
        return bytes([4, 0x58, 0x00, 0x00, 0x00])


@dataclass(frozen=True)
class LoadAddress:
    """Where the next ReadFlash reads, in words of two bytes; it counts on from there by itself.

    The highest bit asks for the extended address, which flash of more than 128 KB needs (AVR068).
    """

    word: int
    command: ClassVar[int] = 0x06

    def encode(self) -> bytes:
        return (self.word | 0x8000_0000).to_bytes(4, "big")

    def decode(self, body: bytes) -> bytes | None:
        return b"" if not body else None


@dataclass(frozen=True)
class ReadFlash:
    """So many bytes of flash from the address on; an even number."""

    length: int
    command: ClassVar[int] = 0x14

    def encode(self) -> bytes:
        if not 2 <= self.length <= PAGE_LIMIT or self.length % 2:
            raise LocalProtocolError(problem="page length", length=self.length)
        return self.length.to_bytes(2, "big") + b"\x20"

    def decode(self, body: bytes) -> bytes | None:
        return body[:-1] if len(body) == self.length + 1 and body[-1] == OK else None


@dataclass(frozen=True)
class LeaveProgrammingMode:
    """Start the sketch."""

    command: ClassVar[int] = 0x11

    def encode(self) -> bytes:
        return bytes([1, 1])

    def decode(self, body: bytes) -> bytes | None:
        return b"" if not body else None


Request = SignOn | GetParameter | ReadSignature | ReadFuse | ReadLock | LoadAddress | ReadFlash | LeaveProgrammingMode


@dataclass(frozen=True)
class Answered:
    """The request was answered whole; `body` without command and status."""

    request: Request
    body: bytes


@dataclass(frozen=True)
class Refused:
    """The device understood the request and refuses it."""

    request: Request
    why: str


@dataclass(frozen=True)
class Spoilt:
    """A message came whose checksum is wrong; the answer may still come."""


Event = Answered | Refused | Spoilt


class Stk500v2:
    """One conversation with a bootloader; see the module."""

    def __init__(self) -> None:
        self.state = State.IDLE
        self.noise = b""
        """The first bytes that belonged to no message, as a clue to what talks there."""
        self._request: Request = SignOn()
        self._number = 0
        self._buffer = bytearray()

    def send(self, request: Request) -> bytes:
        """What to put on the line for `request`.

        Raises:
            LocalProtocolError: an answer is due.
        """
        if self.state is not State.IDLE:
            raise LocalProtocolError(state=self.state.name, request=type(request).__name__)
        body = bytes([request.command]) + request.encode()
        self._number = (self._number + 1) & 0xFF
        self._request = request
        self.state = State.ANSWER_DUE
        message = bytes([START, self._number]) + len(body).to_bytes(2, "big") + bytes([TOKEN]) + body
        return message + bytes([_checksum(message)])

    def restart(self) -> None:
        """Forget the answer that is due, as after one that never came."""
        self.state = State.IDLE
        self._buffer.clear()

    def receive_data(self, data: bytes) -> list[Event]:
        """What became complete with these bytes; whatever belongs to no message, or to an earlier one, is skipped.

        Raises:
            RemoteProtocolError: the answer that is due is not one (an echo, another protocol). Only restart() leads on.
        """
        self._buffer += data
        events: list[Event] = []
        while (message := self._next_message()) is not None:
            number, body, right = message
            if not right:
                events.append(Spoilt())
            elif self.state is State.ANSWER_DUE and number == self._number:
                events.append(self._answer(body))
        return events

    def _next_message(self) -> tuple[int, bytes, bool] | None:
        """The next message in the buffer: its number, its body, whether its checksum is right; None for not yet."""
        while True:
            found = self._buffer.find(START)
            self._skip(len(self._buffer) if found < 0 else found)
            if len(self._buffer) < _HEAD:
                return None
            length = int.from_bytes(self._buffer[2:4], "big")
            if self._buffer[4] != TOKEN or not 1 <= length <= _LONGEST:
                self._skip(1)
                continue
            end = _HEAD + length
            if len(self._buffer) <= end:
                return None
            message = bytes(self._buffer[:end])
            if self._buffer[end] != _checksum(message):
                # Its length may be what is wrong: the next message may begin inside of it.
                self._skip(1)
                return message[1], b"", False
            del self._buffer[: end + 1]
            return message[1], message[_HEAD:], True

    def _answer(self, body: bytes) -> Answered | Refused:
        request = self._request
        if body[0] == request.command and len(body) > 1:
            if len(body) == 2 and body[1] in REFUSALS:
                self.state = State.IDLE
                return Refused(request, REFUSALS[body[1]])
            decoded = request.decode(body[2:]) if body[1] == OK else None
            if decoded is not None:
                self.state = State.IDLE
                return Answered(request, decoded)
        raise RemoteProtocolError(expected="answer", got=body[:16].hex(" "), request=type(request).__name__)

    def _skip(self, count: int) -> None:
        self.noise = (self.noise + bytes(self._buffer[:count]))[:32]
        del self._buffer[:count]


def _checksum(message: bytes) -> int:
    result = 0
    for value in message:
        result ^= value
    return result

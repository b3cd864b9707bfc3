"""Firmata, as a sketch speaks it that makes a board the arm of a program on the computer (StandardFirmata).

Only the questions about itself: nothing in this module moves a pin. A message is a command byte (128 and more) and data
bytes of seven bits; a long one stands between f0 and f7.

    link = Firmata()
    port.write(link.send(Query.FIRMWARE))
    for event in link.receive_data(port.read()): ...      # Firmware(2, 3, "StandardFirmata.ino")

There is no state but the message that is under way: a sketch announces itself unasked when it starts, and reports pins
between its answers. Whatever is no message of Firmata's is noise, counted and skipped.

Source: the Firmata protocol 2.x (protocol.md of firmata/protocol); images of StandardFirmata 2.3 and 2.4 on the line.
"""

from dataclasses import dataclass
from enum import Enum

_LONG, _END, _VERSION = 0xF0, 0xF7, 0xF9
_FIRMWARE, _CAPABILITIES, _ANALOG_MAP, _TEXT = 0x79, 0x6C, 0x6A, 0x71
_NO_ANALOG = 0x7F
_LONGEST = 4096
MODES = {0: "digital", 1: "digital", 2: "analog", 3: "pwm", 4: "servo", 6: "i2c", 11: "digital"}
"""What a pin can do, in groups; the modes that are not here are recorded by nobody."""


class Query(Enum):
    """What may be asked, as it goes over the line."""

    FIRMWARE = bytes([_LONG, _FIRMWARE, _END])
    CAPABILITIES = bytes([_LONG, 0x6B, _END])
    ANALOG_MAP = bytes([_LONG, 0x69, _END])


@dataclass(frozen=True)
class ProtocolVersion:
    """The version of Firmata that the sketch speaks."""

    major: int
    minor: int


@dataclass(frozen=True)
class Firmware:
    """The sketch's name, and the version that it gives to itself."""

    major: int
    minor: int
    name: str


@dataclass(frozen=True)
class Capabilities:
    """What each pin can do: for each pin the groups of `MODES`, none for a pin that is not to be used."""

    pins: tuple[frozenset[str], ...]


@dataclass(frozen=True)
class AnalogMap:
    """For each pin its analog channel, None for a pin without one."""

    channels: tuple[int | None, ...]


Event = ProtocolVersion | Firmware | Capabilities | AnalogMap


class Firmata:
    """One conversation with a sketch; see the module."""

    def __init__(self) -> None:
        self.noise = 0
        """Bytes that belonged to no message."""
        self._message = bytearray()

    def send(self, query: Query) -> bytes:
        """What to put on the line."""
        return query.value

    def receive_data(self, data: bytes) -> list[Event]:
        """What became complete with these bytes. Nothing that a device says is an error: it is noise."""
        events: list[Event] = []
        for value in data:
            event = self._take(value)
            if event is not None:
                events.append(event)
        return events

    def _take(self, value: int) -> Event | None:
        message = self._message
        if value == _END and message[:1] == bytes([_LONG]):
            body = bytes(message[1:])
            message.clear()
            event = _long_message(body)
            self.noise += len(body) if event is None else 0
            return event
        if value >= 0x80:  # a command begins, whatever was under way
            self.noise += len(message)
            message[:] = bytes([value])
            return None
        if not message or len(message) > _LONGEST:
            self.noise += 1 + len(message)
            message.clear()
            return None
        message.append(value)
        if message[0] == _LONG or len(message) < 3:
            return None
        command, first, second = message
        message.clear()
        return ProtocolVersion(first, second) if command == _VERSION else None


def _long_message(body: bytes) -> Event | None:
    kind, rest = body[:1], body[1:]
    if kind == bytes([_FIRMWARE]):
        name = _two_by_two(rest[2:])
        if len(rest) < 2 or name is None:
            return None
        return Firmware(rest[0], rest[1], name.decode("utf-8", "replace"))
    if kind == bytes([_CAPABILITIES]):
        return _capabilities(rest)
    if kind == bytes([_ANALOG_MAP]) and rest:
        return AnalogMap(tuple(None if value == _NO_ANALOG else value for value in rest))
    return None


def _two_by_two(data: bytes) -> bytes | None:
    """Bytes that were sent as two of seven bits each, the lower first; None where one is missing or too big."""
    if len(data) % 2:
        return None
    values = [low | high << 7 for low, high in zip(data[::2], data[1::2], strict=True)]
    return bytes(values) if all(value < 256 for value in values) else None


def _capabilities(data: bytes) -> Capabilities | None:
    """For each pin pairs of mode and resolution, then 7f."""
    pins: list[frozenset[str]] = []
    modes: set[str] = set()
    at = 0
    while at < len(data):
        if data[at] == _NO_ANALOG:
            pins.append(frozenset(modes))
            modes = set()
            at += 1
        elif at + 1 < len(data):
            if data[at] in MODES:
                modes.add(MODES[data[at]])
            at += 2
        else:
            return None
    return Capabilities(tuple(pins)) if pins and data[-1] == _NO_ANALOG else None

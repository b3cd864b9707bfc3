"""GATT as a line of text, sans-I/O: what is asked of a Bluetooth device, and what came of it.

The radio's own stack (BlueZ, CoreBluetooth, WinRT, by way of bleak) speaks ATT; between it and a step of a check there
are lines, so that a Bluetooth device is pumped, recorded, replayed, cut and judged like any other:

    services                            service <uuid>
                                        characteristic <uuid> <property,property,…>
                                        services-end
    read <uuid>                         value <uuid> <hex>
    write <uuid> <hex>                  written <uuid>
    subscribe <uuid>                    subscribed <uuid>
                                        notified <uuid> <hex>        whenever the device says something
    disconnect                          disconnected                 meant: the device is free again, the check goes on
    (any of them)                       refused <uuid> <why>         one of `WHYS`

A line ends with a line feed; a value of no bytes is `-`. A uuid of Bluetooth's own range is written as its four digits.
Requests are answered in their order; a notification may stand between. An answer that is late is told from another
one's by its uuid.
Sources: Bluetooth Core Specification, Vol 3, Part F (ATT), 3.4.1.1 for the codes of refusals; Part B, 2.5.1 for uuids.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from device_agents.errors import LocalProtocolError, RemoteProtocolError

MAX_LINE: Final = 2_048
"""A value has at most 512 bytes (ATT's limit), so a line is never longer."""
BASE: Final = "-0000-1000-8000-00805f9b34fb"
ENCRYPTION: Final = "encryption"
WHYS: Final = (ENCRYPTION, "missing", "not-permitted", "timeout", "failed")
NONE: Final = "-"
_UUID: Final = re.compile(r"[0-9a-f]{4}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEX: Final = re.compile(r"-|([0-9a-f]{2}){1,512}")
_WORDS: Final = re.compile(r"-|[a-z-]+(,[a-z-]+)*")


@dataclass(frozen=True)
class Service:
    """The device offers this service."""

    uuid: str


@dataclass(frozen=True)
class Characteristic:
    """A characteristic of the service before it, and what may be done with it (`read`, `notify`, …)."""

    uuid: str
    properties: tuple[str, ...]


@dataclass(frozen=True)
class ServicesEnd:
    """All services have been named."""


@dataclass(frozen=True)
class Value:
    """What was read."""

    uuid: str
    data: bytes


@dataclass(frozen=True)
class Written:
    """The device has taken what was written."""

    uuid: str


@dataclass(frozen=True)
class Subscribed:
    """The device will tell of changes."""

    uuid: str


@dataclass(frozen=True)
class Notified:
    """The device tells of a change."""

    uuid: str
    data: bytes


@dataclass(frozen=True)
class Disconnected:
    """The connection was given up, as was asked."""


@dataclass(frozen=True)
class Refused:
    """It was not done; `why` is one of `WHYS`."""

    uuid: str
    why: str


Event = Service | Characteristic | ServicesEnd | Value | Written | Subscribed | Notified | Disconnected | Refused


@dataclass(frozen=True)
class Request:
    """What a step asks for."""

    verb: Literal["services", "read", "write", "subscribe", "disconnect"]
    uuid: str = ""
    data: bytes = b""


def short_uuid(uuid: str) -> str:
    """A uuid in the form used here: small letters, four digits where it is of Bluetooth's own range."""
    small = uuid.lower()
    return small[4:8] if small.startswith("0000") and small.endswith(BASE) else small


def long_uuid(uuid: str) -> str:
    """The same in full."""
    return f"0000{uuid}{BASE}" if len(uuid) == 4 else uuid


class _Lines:
    """Collects bytes to whole lines."""

    def __init__(self) -> None:
        self._waiting = b""

    def take(self, data: bytes) -> list[str]:
        *lines, self._waiting = (self._waiting + data).split(b"\n")
        for line in (*lines, self._waiting):
            if len(line) > MAX_LINE:
                raise RemoteProtocolError(detail="a line without end")
        return [line.decode("ascii", "replace") for line in lines]


class GattClient:
    """The step's side: requests out, events in."""

    def __init__(self) -> None:
        self._lines = _Lines()

    def send(self, request: Request) -> bytes:
        """The bytes of a request.

        Raises:
            LocalProtocolError: a uuid or a value that cannot be.
        """
        if request.verb in ("services", "disconnect"):
            return f"{request.verb}\n".encode()
        if not _UUID.fullmatch(request.uuid) or len(request.data) > 512:
            raise LocalProtocolError(detail=f"{request.verb} {request.uuid}")
        words = [request.verb, request.uuid]
        if request.verb == "write":
            words.append(_hex(request.data))
        return (" ".join(words) + "\n").encode()

    def receive_data(self, data: bytes) -> list[Event]:
        """The events that these bytes complete.

        Raises:
            RemoteProtocolError: no such answer exists.
        """
        return [_event(line) for line in self._lines.take(data)]


class RequestReader:
    """The radio's side: reads what the step's side wrote."""

    def __init__(self) -> None:
        self._lines = _Lines()

    def receive_data(self, data: bytes) -> list[Request]:
        """The requests that these bytes complete.

        Raises:
            LocalProtocolError: no such request exists; our own side wrote it.
        """
        return [_request(line) for line in self._lines.take(data)]


def encode(event: Event) -> bytes:
    """An event as the radio's side writes it."""
    match event:
        case Service(uuid):
            words = ["service", uuid]
        case Characteristic(uuid, properties):
            words = ["characteristic", uuid, ",".join(properties) or NONE]
        case ServicesEnd():
            words = ["services-end"]
        case Value(uuid, data):
            words = ["value", uuid, _hex(data)]
        case Written(uuid):
            words = ["written", uuid]
        case Subscribed(uuid):
            words = ["subscribed", uuid]
        case Notified(uuid, data):
            words = ["notified", uuid, _hex(data)]
        case Disconnected():
            words = ["disconnected"]
        case Refused(uuid, why):
            words = ["refused", uuid or NONE, why]
    return (" ".join(words) + "\n").encode()


def _event(line: str) -> Event:
    match line.split(" "):
        case ["service", uuid] if _UUID.fullmatch(uuid):
            return Service(uuid)
        case ["characteristic", uuid, words] if _UUID.fullmatch(uuid) and _WORDS.fullmatch(words):
            return Characteristic(uuid, () if words == NONE else tuple(words.split(",")))
        case ["services-end"]:
            return ServicesEnd()
        case ["disconnected"]:
            return Disconnected()
        case ["value", uuid, data] if _UUID.fullmatch(uuid) and _HEX.fullmatch(data):
            return Value(uuid, _bytes(data))
        case ["written", uuid] if _UUID.fullmatch(uuid):
            return Written(uuid)
        case ["subscribed", uuid] if _UUID.fullmatch(uuid):
            return Subscribed(uuid)
        case ["notified", uuid, data] if _UUID.fullmatch(uuid) and _HEX.fullmatch(data):
            return Notified(uuid, _bytes(data))
        case ["refused", uuid, why] if (uuid == NONE or _UUID.fullmatch(uuid)) and why in WHYS:
            return Refused("" if uuid == NONE else uuid, why)
    raise RemoteProtocolError(detail=line[:80])


def _request(line: str) -> Request:
    match line.split(" "):
        case ["services"]:
            return Request("services")
        case ["disconnect"]:
            return Request("disconnect")
        case ["read", uuid] if _UUID.fullmatch(uuid):
            return Request("read", uuid)
        case ["subscribe", uuid] if _UUID.fullmatch(uuid):
            return Request("subscribe", uuid)
        case ["write", uuid, data] if _UUID.fullmatch(uuid) and _HEX.fullmatch(data):
            return Request("write", uuid, _bytes(data))
    raise LocalProtocolError(detail=line[:80])


def _hex(data: bytes) -> str:
    return data.hex() or NONE


def _bytes(text: str) -> bytes:
    return b"" if text == NONE else bytes.fromhex(text)

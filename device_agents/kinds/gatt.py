"""Parts of a step that talk with a Bluetooth device: `value = yield from talk.read(uuid, 3.0)`.

An answer that is late belongs to nobody any more: it is passed over, by its uuid. None stands for silence.
"""

from collections.abc import Callable
from typing import TypeVar

from device_agents.conversation import Conversation, Outcome, Receive, Reply, Send, inconclusive
from device_agents.protocols.gatt import (
    ENCRYPTION,
    Characteristic,
    Disconnected,
    Event,
    GattClient,
    Notified,
    Refused,
    Request,
    Service,
    ServicesEnd,
    Subscribed,
    Value,
    Written,
)

ANSWER_S = 6.0
"""The radio's own deadline for one exchange is 5 s (`transports/ble.py`): its refusal comes first."""
Wanted = TypeVar("Wanted")
Answered = TypeVar("Answered", Value, Written, Subscribed)


class GattTalk:
    """The conversation with one device. `offered` holds its services and their characteristics, once asked."""

    def __init__(self) -> None:
        self.offered: dict[str, dict[str, tuple[str, ...]]] = {}
        self._client = GattClient()
        self._notified: list[Notified] = []
        self._waiting: list[Event] = []

    def services(self, wait_s: float = ANSWER_S) -> Conversation[bool | Refused]:
        """Ask what the device offers; False where it does not say."""
        yield Send(self._client.send(Request("services")))
        while True:
            event = yield from self._until(_part_of_services, wait_s)
            match event:
                case Service(uuid):
                    self.offered[uuid] = {}
                case Characteristic(uuid, properties) if self.offered:
                    self.offered[next(reversed(self.offered))][uuid] = properties
                case ServicesEnd():
                    return True
                case Refused():
                    return event
                case _:
                    return False

    def read(self, uuid: str, wait_s: float = ANSWER_S) -> Conversation[Value | Refused | None]:
        """Read a characteristic."""
        yield Send(self._client.send(Request("read", uuid)))
        return (yield from self._until(_about(Value, uuid), wait_s))

    def write(self, uuid: str, data: bytes, wait_s: float = ANSWER_S) -> Conversation[Written | Refused | None]:
        """Write a characteristic, and wait until the device has taken it."""
        yield Send(self._client.send(Request("write", uuid, data)))
        return (yield from self._until(_about(Written, uuid), wait_s))

    def subscribe(self, uuid: str, wait_s: float = ANSWER_S) -> Conversation[Subscribed | Refused | None]:
        """Ask to be told of changes."""
        yield Send(self._client.send(Request("subscribe", uuid)))
        return (yield from self._until(_about(Subscribed, uuid), wait_s))

    def notification(self, uuid: str, wait_s: float) -> Conversation[bytes | None]:
        """The next change that the device tells of, also one that came while something else was asked."""
        for held in self._notified:
            if held.uuid == uuid:
                self._notified.remove(held)
                return held.data

        def told(event: Event) -> Notified | None:
            return event if isinstance(event, Notified) and event.uuid == uuid else None

        event = yield from self._until(told, wait_s)
        return None if event is None else event.data

    def disconnect(self, wait_s: float = ANSWER_S) -> Conversation[bool]:
        """Give the device free; whether it was."""
        yield Send(self._client.send(Request("disconnect")))

        def given_up(event: Event) -> Disconnected | None:
            return event if isinstance(event, Disconnected) else None

        return (yield from self._until(given_up, wait_s)) is not None

    def offers(self, uuid: str, what: str) -> bool:
        """Whether a characteristic is there and lets one do that (`read`, `write`, `notify`)."""
        return any(what in properties.get(uuid, ()) for properties in self.offered.values())

    def _until(self, wanted: Callable[[Event], Wanted], wait_s: float) -> Conversation[Wanted | None]:
        reply = Reply(0.0)
        end: float | None = None
        while True:
            self._waiting += self._client.receive_data(reply.data)
            while self._waiting:
                event = self._waiting.pop(0)
                found = wanted(event)
                if found is not None:
                    return found
                if isinstance(event, Notified):
                    self._notified = [*self._notified[-63:], event]
            if end is not None and reply.at >= end:
                return None
            reply = yield Receive(0.0 if end is None else min(0.25, end - reply.at))
            if end is None:
                end = reply.at + wait_s


def refusal(answer: Refused | None, what: str) -> Outcome:
    """The outcome of an answer that did not come, or was a refusal; `what` names the part, for people."""
    if answer is None or answer.why == "timeout":
        return inconclusive("part-does-not-answer", what=what)
    if answer.why == ENCRYPTION:
        return inconclusive("ble-not-paired", what=what)
    return inconclusive("not-offered", what=f"{what}: {answer.why}")


def _about(kind: type[Answered], uuid: str) -> Callable[[Event], Answered | Refused | None]:
    def wanted(event: Event) -> Answered | Refused | None:
        if isinstance(event, Refused):
            return event if event.uuid == uuid else None
        return event if isinstance(event, kind) and event.uuid == uuid else None

    return wanted


def _part_of_services(event: Event) -> Service | Characteristic | ServicesEnd | Refused | None:
    if isinstance(event, Refused):
        return event if not event.uuid else None
    return event if isinstance(event, Service | Characteristic | ServicesEnd) else None

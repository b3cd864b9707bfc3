"""Thymio II: its name and firmware over Aseba's protocol; what a person sees, presses and hears by a checklist.

Opening its port does it no harm, and only questions are sent: the program on it goes on.
Sources: Aseba 1.6 (the protocol, see `protocols/aseba.py`; the Thymio's variables, where `_fwversion` is the version of
its firmware); USB 0617:000a.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from device_agents.conversation import Conversation, Outcome, Question, Receive, Reply, Send, inconclusive, passed
from device_agents.kinds.base import CheckContext, DeviceKind, Opening, Step, UsbRule
from device_agents.kinds.checklist import ChecklistCheck, Item, asking, signing, taking
from device_agents.protocols.aseba import (
    EVENT_DESCRIPTION,
    FUNCTION_DESCRIPTION,
    Aseba,
    Description,
    Event,
    GetDescription,
    GetVariables,
    ListNodes,
    NamedVariable,
    NodePresent,
    Other,
    Variables,
)
from firmware_checks.verdicts import Verdict

SLUG = "thymio"
NAME = "thymio"
"""How a Thymio's node is called: `thymio-II`."""
VERSION = "_fwversion"
ANSWER_S = 1.5
MOST_PARTS = 200
PHOTO = Question(SLUG, "photo", "photo")
SIGNATURE = Question(SLUG, "signature", "signature")
ITEMS = (
    Item("body"),
    Item("charging"),
    Item("power", essential=True),
    Item("buttons"),
    Item("lights"),
    Item("drive"),
    Item("sensors"),
    Item("speaker"),
)
Wanted = TypeVar("Wanted")


class ThymioCheck(ChecklistCheck):
    """The state of one check."""

    def __init__(self, context: CheckContext) -> None:
        super().__init__(context)
        self.aseba = Aseba()
        self.waiting: list[Event] = []
        self.node = 0
        self.version: int | None = None

    def identify(self) -> Conversation[Outcome]:
        """Who is there, and what it is called."""
        yield Send(self.aseba.send(ListNodes()))
        present = yield from self._until(lambda event: event if isinstance(event, NodePresent) else None)
        self.node = present.node if present is not None else 0
        yield Send(self.aseba.send(GetDescription(self.node)))  # an old firmware answers only whoever asks all
        told = yield from self._until(lambda event: event if isinstance(event, Description) else None)
        if told is None:
            return inconclusive("no-answer" if present is None else "garbled")
        self.node = told.node
        self.context.identity.update(node_name=told.name, protocol_version=told.version)
        if not told.name.lower().startswith(NAME):
            return Outcome(Verdict.MISMATCH, "not-a-thymio", {"name": told.name})
        yield from self._find_version(told)
        return passed(name=told.name)

    def firmware(self) -> Conversation[Outcome]:
        """The version of its firmware, recorded: no list of versions is published that could be cited."""
        if self.version is None:
            return inconclusive("not-offered", what=VERSION)
        yield Send(self.aseba.send(GetVariables(self.node, self.version, 1)))
        place = self.version

        def read(event: Event) -> int | None:
            right = isinstance(event, Variables) and event.node == self.node and event.first == place and event.words
            return event.words[0] if right and isinstance(event, Variables) else None

        number = yield from self._until(read)
        if number is None:
            return inconclusive("no-answer")
        self.context.identity["firmware"] = str(number)
        return passed(version=str(number))

    def _find_version(self, told: Description) -> Conversation[None]:
        """Where the firmware's version stands in the node's memory; the rest of its description is let pass."""
        place = 0
        for _ in range(min(told.named_variables, MOST_PARTS)):
            variable = yield from self._until(lambda event: event if isinstance(event, NamedVariable) else None)
            if variable is None:
                return
            if variable.name == VERSION:
                self.version = place
            place += variable.size
        for _ in range(min(told.others, MOST_PARTS)):
            if (yield from self._until(_other_part)) is None:
                return

    def _until(self, wanted: Callable[[Event], Wanted | None]) -> Conversation[Wanted | None]:
        reply: Reply = yield Receive(0.0)
        end = reply.at + ANSWER_S
        while True:
            self.waiting += self.aseba.receive_data(reply.data)
            while self.waiting:
                found = wanted(self.waiting.pop(0))
                if found is not None:
                    return found
            if reply.at >= end:
                return None
            reply = yield Receive(min(0.25, end - reply.at))


def _other_part(event: Event) -> Other | None:
    right = isinstance(event, Other) and event.kind in (EVENT_DESCRIPTION, FUNCTION_DESCRIPTION)
    return event if right and isinstance(event, Other) else None


_LIST: tuple[Step[Any], ...] = (
    *(Step(item.key, asking(SLUG, item), timeout_s=1.0, essential=False) for item in ITEMS),
    Step("photo", taking(PHOTO), timeout_s=1.0, essential=False),
    Step("signature", signing(SIGNATURE), timeout_s=1.0, essential=False),
)
KIND = DeviceKind(
    slug=SLUG,
    usb=(UsbRule(0x0617, 0x000A, label="Thymio II"),),
    bauds=(115200,),
    opening=Opening.FREELY,
    begin=ThymioCheck,
    questions=(*(item.question(SLUG) for item in ITEMS), PHOTO, SIGNATURE),
    steps=(
        Step("identity", ThymioCheck.identify, timeout_s=8.0),
        Step("firmware", ThymioCheck.firmware, timeout_s=3.0, essential=False),
        *_LIST,
    ),
)

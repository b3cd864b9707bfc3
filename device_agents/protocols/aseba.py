"""Aseba, the protocol of Thymio robots, sans-I/O: who is there, what it is called, and its variables.

A message, all numbers of two bytes with the lower first:

    length of the payload | source node | type | payload

    ListNodes        A011  our version                       -> NodePresent   900C  its version
    GetDescription   A000  our version (answered up to 4)    -> Description, below
    GetNodeDescription A010  node, our version               -> Description   9000  name, version, bytecode, stack,
                                                                variables, named variables, events, functions
                                                                NamedVariable 9001  size in words, name (as many),
                                                then the events, 9002, and functions, 9003
    GetVariables     A00B  node, first word, words           -> Variables     9005  first word, the words

A text is one byte of length and its letters. A node may say anything else at any time (its program's events): those are
`Other`. Types from A000 on are said to nodes, never by them.
Sources: Aseba 1.6, common/consts.h and common/msg/msg.cpp, vm/vm.c; Debian's asebadummynode answers so.
"""

import struct
from dataclasses import dataclass
from typing import Final

from device_agents.errors import LocalProtocolError, RemoteProtocolError

VERSION: Final = 5
OLDEST_ANSWERED: Final = 4
MAX_PAYLOAD: Final = 2 * 258 + 2
_HEADER: Final = struct.Struct("<HHH")
LIST_NODES, GET_DESCRIPTION, GET_NODE_DESCRIPTION, GET_VARIABLES = 0xA011, 0xA000, 0xA010, 0xA00B
NODE_PRESENT, DESCRIPTION, NAMED_VARIABLE, VARIABLES = 0x900C, 0x9000, 0x9001, 0x9005
EVENT_DESCRIPTION, FUNCTION_DESCRIPTION = 0x9002, 0x9003
_FIRST_REQUEST: Final = 0xA000


@dataclass(frozen=True)
class NodePresent:
    """A node is there."""

    node: int
    version: int


@dataclass(frozen=True)
class Description:
    """What a node is called, and how much of what it has."""

    node: int
    name: str
    version: int
    named_variables: int
    others: int
    """Events and functions: a message each, after the variables."""


@dataclass(frozen=True)
class NamedVariable:
    """A variable that every program has; they follow each other in memory in the order in which they come."""

    node: int
    size: int
    name: str


@dataclass(frozen=True)
class Variables:
    """Words of a node's memory, from `first` on."""

    node: int
    first: int
    words: tuple[int, ...]


@dataclass(frozen=True)
class Other:
    """Something else that a node said."""

    node: int
    kind: int


Event = NodePresent | Description | NamedVariable | Variables | Other


@dataclass(frozen=True)
class ListNodes:
    """Who is there?"""


@dataclass(frozen=True)
class GetDescription:
    """What are you called? `node` 0: whoever is there, for nodes of protocol 4 and older."""

    node: int = 0


@dataclass(frozen=True)
class GetVariables:
    """What is in these words of your memory?"""

    node: int
    first: int
    count: int


Request = ListNodes | GetDescription | GetVariables


class Aseba:
    """One line to a node."""

    def __init__(self) -> None:
        self._waiting = b""

    def send(self, request: Request) -> bytes:
        """The bytes of a request.

        Raises:
            LocalProtocolError: a number that does not fit.
        """
        numbers: tuple[int, ...]
        match request:
            case ListNodes():
                kind, numbers = LIST_NODES, (VERSION,)
            case GetDescription(0):
                kind, numbers = GET_DESCRIPTION, (OLDEST_ANSWERED,)
            case GetDescription(node):
                kind, numbers = GET_NODE_DESCRIPTION, (node, VERSION)
            case GetVariables(node, first, count):
                kind, numbers = GET_VARIABLES, (node, first, count)
        if not all(0 <= number <= 0xFFFF for number in numbers):
            raise LocalProtocolError(detail=str(request))
        payload = struct.pack(f"<{len(numbers)}H", *numbers)
        return _HEADER.pack(len(payload), 0, kind) + payload

    def receive_data(self, data: bytes) -> list[Event]:
        """The events that these bytes complete.

        Raises:
            RemoteProtocolError: no node speaks so.
        """
        self._waiting += data
        events = []
        while len(self._waiting) >= _HEADER.size:
            length, node, kind = _HEADER.unpack_from(self._waiting)
            if length > MAX_PAYLOAD or kind >= _FIRST_REQUEST:
                raise RemoteProtocolError(detail=self._waiting[:16].hex())
            end = _HEADER.size + length
            if len(self._waiting) < end:
                break
            payload, self._waiting = self._waiting[_HEADER.size : end], self._waiting[end:]
            try:
                events.append(_event(node, kind, payload))
            except (struct.error, IndexError, ValueError) as fault:
                raise RemoteProtocolError(detail=payload[:16].hex()) from fault
        return events


def _event(node: int, kind: int, payload: bytes) -> Event:
    if kind == NODE_PRESENT:
        return NodePresent(node, struct.unpack("<H", payload)[0])
    if kind == DESCRIPTION:
        name, rest = _text(payload)
        numbers = struct.unpack("<7H", rest)
        return Description(node, name, numbers[0], numbers[4], numbers[5] + numbers[6])
    if kind == NAMED_VARIABLE:
        name, rest = _text(payload[2:])
        if rest:
            raise ValueError(rest)
        return NamedVariable(node, struct.unpack_from("<H", payload)[0], name)
    if kind == VARIABLES:
        words = struct.unpack(f"<{len(payload) // 2}H", payload)
        return Variables(node, words[0], words[1:])
    return Other(node, kind)


def _text(payload: bytes) -> tuple[str, bytes]:
    end = 1 + payload[0]
    if len(payload) < end:
        raise ValueError(payload)
    return payload[1:end].decode("utf-8", "replace"), payload[end:]

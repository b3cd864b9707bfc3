"""A Thymio's side of Aseba's protocol, written after its documents and apart from our own code: no real firmware of a
Thymio can be run here. `asebadummynode` (see `programs.py`) shows that the protocol itself is a peer's too."""

import struct
from dataclasses import dataclass

VARIABLES = (("_id", 1), ("event.source", 1), ("event.args", 32), ("_fwversion", 2), ("_productId", 1), ("acc", 3))
EVENTS = ("button.backward", "prox", "temperature")


def message(kind: int, payload: bytes, node: int = 1) -> bytes:
    """One message as a node puts it on the line."""
    return struct.pack("<HHH", len(payload), node, kind) + payload


def text(words: str) -> bytes:
    """A text as Aseba writes it."""
    return bytes((len(words),)) + words.encode()


@dataclass
class ThymioModel:
    """Gives answers to what is sent to it; `version` is the protocol's, `chatty` lets its program send events too."""

    name: str = "thymio-II"
    version: int = 5
    firmware: int = 13
    chatty: bool = False
    waiting: bytes = b""

    def __call__(self, data: bytes) -> list[tuple[float, bytes]]:
        """What it says to these bytes, as (seconds later, bytes)."""
        self.waiting += data
        said = b""
        while len(self.waiting) >= 6:
            length, _, kind = struct.unpack_from("<HHH", self.waiting)
            payload, self.waiting = self.waiting[6 : 6 + length], self.waiting[6 + length :]
            said += self._answer(kind, struct.unpack(f"<{length // 2}H", payload))
        chatter = message(3, struct.pack("<hh", 7, -7)) if self.chatty and said else b""
        return [(0.01, chatter + said)] if said else []

    def _answer(self, kind: int, numbers: tuple[int, ...]) -> bytes:
        if kind == 0xA011 and self.version >= 5:
            return message(0x900C, struct.pack("<H", self.version))
        if (kind == 0xA010 and self.version >= 5 and numbers[0] == 1) or (kind == 0xA000 and self.version < 5):
            return self._description()
        if kind == 0xA00B and numbers[0] == 1:
            memory = [value for name, size in VARIABLES for value in [self._value(name)] * size]
            words = memory[numbers[1] : numbers[1] + numbers[2]]
            return message(0x9005, struct.pack(f"<{1 + len(words)}H", numbers[1], *words))
        return b""

    def _value(self, name: str) -> int:
        return {"_fwversion": self.firmware, "_productId": 8}.get(name, 0)

    def _description(self) -> bytes:
        counts = struct.pack("<7H", self.version, 1534, 32, 620, len(VARIABLES), len(EVENTS), 0)
        said = message(0x9000, text(self.name) + counts)
        said += b"".join(message(0x9001, struct.pack("<H", size) + text(name)) for name, size in VARIABLES)
        return said + b"".join(message(0x9002, text(name) + text("an event")) for name in EVENTS)

"""Optiboot's conversation in Python, for a clock of its own: thousands of bad cables in seconds.

What it models is what test_arduino_avr.py proves of the real one: the blink after a reset, one answer for each request,
the watchdog that starts the sketch after a second of silence or at a request that does not end with 0x20.
"""

from collections.abc import Callable

from tests.device_agents.scripted import Answers, ScriptedTransport

BLINK_S = 0.37
WATCHDOG_S = 1.0
LENGTHS = {0x30: 2, 0x41: 3, 0x75: 2, 0x55: 4, 0x74: 5, 0x51: 2}


class ModelOptiboot:
    """The device's side; `spoil(number, byte)` is the cable: what becomes of the n-th byte that the device says."""

    def __init__(self, flash: bytes, spoil: Callable[[int, int], bytes] | None = None) -> None:
        self.flash = flash
        self.said = 0
        self.transport = ScriptedTransport(self.hear)
        self._spoil = spoil or (lambda number, value: bytes([value]))
        self._waiting = bytearray()
        self._address = 0
        self._last = 0.0
        self._in_sketch = False

    def hear(self, data: bytes) -> Answers:
        """The answers to what was sent, each with its delay."""
        now = self.transport.now()
        if now - max(self._last, BLINK_S) > WATCHDOG_S:
            self._in_sketch = True
        self._last = now
        self._waiting += data
        answers = b""
        while self._waiting and not self._in_sketch:
            length = LENGTHS.get(self._waiting[0], 2)
            if len(self._waiting) < length:
                break
            request = bytes(self._waiting[:length])
            del self._waiting[:length]
            if request[-1] != 0x20:
                self._in_sketch = True
                break
            answers += b"\x14" + self._body(request) + b"\x10"
            if request[0] == 0x51:
                self._in_sketch = True
        spoilt = b"".join(self._spoil(self.said + number, value) for number, value in enumerate(answers))
        self.said += len(answers)
        return [(max(0.002, BLINK_S - now), spoilt)] if spoilt else []

    def _body(self, request: bytes) -> bytes:
        match request[0]:
            case 0x41:
                return b"\x04" if request[1] in (0x81, 0x82) else b"\x03"
            case 0x75:
                return bytes.fromhex("1e950f")
            case 0x55:
                self._address = 2 * int.from_bytes(request[1:3], "little")
            case 0x74:
                length = int.from_bytes(request[1:3], "big")
                self._address += length
                return self.flash[self._address - length : self._address]
        return b""

"""A micro:bit and a printer in a few lines, for what no emulator can be made to say: other boards, broken sensors.

They speak as real ones were heard to (tests/transcripts/); what is good and ordinary is tested on the emulators.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from device_agents.kinds.microbit_parts import UNAME
from tests.device_agents.scripted import Answers, ScriptedTransport

GREETING = b"\r\n>>> \r\nraw REPL; CTRL-B to exit\r\n>"
V1 = ("microbit", "1.0.1", "micro:bit v1.0.1+unknown on 2023-02-24", "micro:bit with nRF51822", b"\3\0\0\0xV4\x12")
V2 = (
    "microbit",
    "2.1.2",
    "micro:bit v2.1.2+0bf6ac0 on 2023-11-30; MicroPython v1.18 on 2023-11-30",
    "micro:bit with nRF52833",
    b"\1\2\3\4\5\6\7\x08",
)
GOOD: Mapping[str, object] = {
    "ready": (),
    "identity": V1,
    "display": (25, 25),
    "accelerometer": ([(0, 16, -1008), (0, 16, -1012), (4, 16, -1008), (0, 12, -1008), (0, 16, -1004)],),
    "buttons": (False, False),
    "pins": ([(0, 3), (0, 5), (0, 2)],),
    "memory": (8000, 4),
    "files": (1, 120, 0),
    "compass": (False, 100, 200, -40000),
    "temperature": (24,),
    "radio": (True,),
    "microphone": ([0, 14, 15, 15, 14, 16],),
    "logo": (False,),
    "lights_on": (),
    "lights_off": (),
    "presses_on": (),
    "presses_off": (1, 2),
    "touch_on": (),
    "touch_off": (True,),
    "sound_on": (15, 140),
    "sound_off": (),
}
BANNERS = {
    "1": b"MicroPython v1.9.2-34-gd64154c73 on 2017-09-01; micro:bit v1.0.1 with nRF51822",
    "2": b"MicroPython v1.18 on 2023-11-30; micro:bit v2.1.2 with nRF52833",
}
HELP = b'\r\nType "help()" for more information.\r\n>>> '
REBOOTS = {"1": b"\r\nsoft reboot\r\n", "2": b"\r\nMPY: soft reboot\r\n"}
"""As `main.c` and `pyexec.c` of either generation print them (seen on real 1.0.1; 2.x from its source)."""


def reported(values: tuple[object, ...]) -> bytes:
    """What the board's reporter prints."""
    text = repr(values)
    checksum = 7
    for character in text:
        checksum = (checksum * 31 + ord(character)) & 0xFFFF
    return f"{text} {checksum}\r\n".encode("ascii")


def uname(identity: object) -> bytes:
    """What `print(os.uname())` prints."""
    assert isinstance(identity, tuple)
    system, release, version, machine = identity[:4]
    named = f"sysname={system!r}, nodename={system!r}, release={release!r}, version={version!r}, machine={machine!r}"
    return f"({named})\r\n".encode("ascii")


@dataclass
class Board:
    """A board in the raw REPL. `says` overrides what a script's tag is answered with: values, bytes to print as they
    are, an exception's line as text, or None to hang (`deaf`: even Ctrl-C does not help). `lost` are tags whose first
    script does not arrive whole; `greets_again_s` after its greeting comes another; `says_uname`
    is another answer to the first question, values or bytes to print."""

    says: Mapping[str, object] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()
    greets_again_s: float | None = None
    says_uname: tuple[object, ...] | bytes | None = None
    deaf: bool = False
    delay_s: float = 0.005
    hung: bool = False
    restarts: int = 0
    asked: list[str] = field(default_factory=list)
    _source: bytes = b""

    def hear(self, data: bytes) -> Answers:
        """The answers to these bytes."""
        for byte in data:
            if self.hung and self.deaf:
                return
            if byte == 0x01:
                self.hung = False
                self._source = b""
                yield self.delay_s, GREETING
                if self.greets_again_s is not None:
                    yield self.delay_s + self.greets_again_s, GREETING
            elif byte == 0x02:
                yield self.delay_s, b"\r\n" + BANNERS[self._generation] + HELP
            elif byte == 0x03:
                self._source = b""
            elif byte == 0x04:
                yield from self._run(self._source)
                self._source = b""
            else:
                self._source += bytes([byte])

    @property
    def _generation(self) -> str:
        identity = self.says.get("identity")
        return identity[1][0] if isinstance(identity, tuple) and identity[1][0] in BANNERS else "1"

    def _run(self, source: bytes) -> Answers:
        if not source:
            self.restarts += 1
            yield self.delay_s, REBOOTS[self._generation]
            return
        if source == UNAME.encode("ascii"):
            said = self.says.get("identity", GOOD["identity"]) if self.says_uname is None else self.says_uname
            yield self.delay_s, b"OK" + (said if isinstance(said, bytes) else uname(said)) + b"\x04\x04>"
            return
        tag = re.findall(rb"R\('(\w+)'", source)[-1].decode("ascii")
        self.asked.append(tag)
        answer = self.says.get(tag, GOOD[tag])
        if tag in self.lost and self.asked.count(tag) == 1:
            answer = b"OK\x04\x04>"
        if answer is None:
            self.hung = True
            yield self.delay_s, b"OK"
        elif isinstance(answer, bytes):
            yield self.delay_s, answer
        elif isinstance(answer, str):
            yield self.delay_s, b"OK\x04Traceback (most recent call last):\r\n" + answer.encode("ascii") + b"\r\n\x04>"
        else:
            assert isinstance(answer, tuple)
            yield self.delay_s, b"OK" + reported((tag, *answer)) + b"\x04\x04>"

    def transport(self) -> ScriptedTransport:
        """The board on a line."""
        return ScriptedTransport(self.hear)


M115 = (
    "FIRMWARE_NAME:Marlin 2.0.9.3 (Dec 24 2021 15:14:11) SOURCE_CODE_URL:github.com/MarlinFirmware/Marlin "
    "PROTOCOL_VERSION:1.0 MACHINE_TYPE:Ender-3 EXTRUDER_COUNT:1 UUID:cede2a2f-41a2-4748-9b12-c55c62f367ff\n"
    "Cap:EEPROM:1\nCap:AUTOREPORT_TEMP:1\nok\n"
)
MARLIN: Mapping[str, str] = {
    "M105": "ok T:21.3 /0.0 B:21.3 /0.0 @:0 B@:0\n",
    "M27": "Not SD printing\nok\n",
    "M115": M115,
    "M114": "X:0.00 Y:0.00 Z:0.00 E:0.00 Count X:0 Y:0 Z:0\nok\n",
    "M119": "Reporting endstop status\nx_min: open\ny_min: open\nz_min: TRIGGERED\nok\n",
    "M31": "echo:Print time: 0s\nok\n",
    "M503": "echo:; Steps per unit:\necho: M92 X80.00 Y80.00 Z400.00 E93.00\nok\n",
}


@dataclass
class Printer:
    """A Marlin printer. `says` overrides what a command is answered with: a text, several texts one after the other
    for the same command, or a function of the line. `slow` are the delays of its first answers. It hears nothing before
    its greeting's first word, because the opening of its port has reset it."""

    says: Mapping[str, str | tuple[str, ...] | Callable[[str], str]] = field(default_factory=dict)
    delay_s: float = 0.01
    slow: tuple[float, ...] = ()
    baud: int = 115200
    hears_from_s: float | None = None
    greeting: Answers = ((0.84, b"start\necho:Marlin 2.0.9.3\n"),)
    heard: list[str] = field(default_factory=list)
    spoken_to_at: set[int] = field(default_factory=set)
    _pending: bytes = b""

    def hear(self, data: bytes) -> Answers:
        """The answers to these bytes."""
        *lines, self._pending = (self._pending + data).split(b"\n")
        for raw in lines:
            line = raw.decode("ascii")
            if not line:
                continue
            command = re.sub(r"^N\d+ |\*\d+$", "", line)
            times = sum(command in earlier for earlier in self.heard)
            delay_s = self.slow[len(self.heard)] if len(self.heard) < len(self.slow) else self.delay_s
            self.heard.append(line)
            answer = self.says.get(command, MARLIN[command])
            if isinstance(answer, tuple):
                answer = answer[min(times, len(answer) - 1)]
            elif not isinstance(answer, str):
                answer = answer(line)
            yield delay_s, answer.encode("latin-1")

    def transport(self) -> ScriptedTransport:
        """The printer on a line of the right or of another speed."""
        printer = self
        begins_s = min((at for at, _ in self.greeting), default=0.0) if self.hears_from_s is None else self.hears_from_s

        class Line(ScriptedTransport):
            speed = 115200

            def set_baud(self, baud: int) -> bool:
                self.speed = baud
                return super().set_baud(baud)

            def write(self, data: bytes) -> None:
                # at another speed neither side reads what the other sends
                printer.spoken_to_at.add(self.speed)
                heard = self.speed == printer.baud and self.now() >= begins_s
                super().write(data if heard else b"")

        return Line(self.hear, greeting=self.greeting)

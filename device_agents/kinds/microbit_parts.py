"""The self-test of a micro:bit: for each part a script that runs on the board, and what its answer means.

A script prints one line, `repr` of a tuple and a checksum over it (`REPORTER` defines how), so that a byte
lost on the way is seen. It writes no file and leaves nothing behind that a soft reset does not undo.

Some calls may wait for ever: for a peripheral that does not answer (as on an emulated board), or for a person
(`compass.heading()` begins a game of tilting on a board that was never calibrated). They are not made.
Instead the peripheral is asked by its registers first, for a bounded time, and the call is made only where it
answers. Sources: https://microbit-micropython.readthedocs.io/en/latest/ (the modules); nRF51 Reference Manual
3.0 (TEMP at 0x4000C000, RADIO at 0x40001000); MMA8653FC and LSM303AGR data sheets (2 g range, readings in
thousandths of g).
"""

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import UnionType
from typing import Any

from device_agents.conversation import Outcome, failed, inconclusive, passed

REPORTER = """\
def H(s):
 k=7
 for c in s:k=(k*31+ord(c))&65535
 return k
def R(*v):
 s=repr(v)
 print(s,H(s))
def X(s,k):
 if H(s)==k:exec(s,globals())
X("R('ready')",20251)
"""
UNAME = "import os;print(os.uname())"
"""Who it is, as any MicroPython says it: short enough for one piece, so that the first answer comes at once."""
_UNAME = re.compile(rb"\(sysname='(.*)', nodename='(.*)', release='(.*)', version='(.*)', machine='(.*)'\)\r?\n")
_LINE = re.compile(rb"(\(.*\)) (\d{1,5})\r?\n?", re.DOTALL)

GRAVITY_MG = (600.0, 1400.0)
"""A board at rest reads 1000; both chips are allowed some 10 % and a board is never quite still."""
TEMPERATURE_C = (-10, 70)
"""Of the processor itself, which is a few degrees warmer than the room."""
LEAST_FREE = 2048
"""Bytes of free memory; an idle micro:bit V1 has about 9000."""


@dataclass(frozen=True)
class Part:
    """A part of the board: its script, and what its values mean."""

    name: str
    script: str
    values: tuple[type | UnionType, ...]
    judge: Callable[..., Outcome]
    counts: bool = True
    wait_s: float = 2.0

    def read(self, values: tuple[Any, ...]) -> Outcome:
        """What the script's values mean; values of another shape than it prints are garbled."""
        shape = len(values) == len(self.values) and all(map(isinstance, values, self.values))
        try:
            return self.judge(*values) if shape else inconclusive("garbled")
        except (TypeError, ValueError, IndexError):  # inside a list
            return inconclusive("garbled")


def checksum(text: bytes) -> int:
    """The checksum that `H` computes on the board."""
    value = 7
    for byte in text:
        value = (value * 31 + byte) & 0xFFFF
    return value


def guarded(script: str) -> str:
    """The script as it is sent: the board runs it only if it arrived whole."""
    return f"X({script!r},{checksum(script.encode('ascii'))})\n"


def read_report(output: bytes, tag: str) -> tuple[Any, ...] | None:
    """The values that a script reported under `tag`; None where the line is not whole."""
    line = _LINE.fullmatch(output)
    if line is None or checksum(line[1]) != int(line[2]):
        return None
    try:
        values = ast.literal_eval(line[1].decode("ascii"))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    if not isinstance(values, tuple) or not values or values[0] != tag:
        return None
    return values[1:]


def read_uname(output: bytes) -> tuple[str, ...] | None:
    """The five names that `UNAME` prints; None where they are not whole."""
    named = _UNAME.fullmatch(output)
    return tuple(name.decode("ascii", "replace") for name in named.groups()) if named else None


def _display(lit: int, dark: int) -> Outcome:
    if (lit, dark) != (25, 25):
        return failed("display-memory", {"lit": lit, "dark": dark})
    return passed(lit=lit, dark=dark)


def _accelerometer(samples: list[tuple[int, int, int]]) -> Outcome:
    lengths = [sum(value * value for value in sample) ** 0.5 for sample in samples]
    last = samples[-1]
    measured = {"x_mg": last[0], "y_mg": last[1], "z_mg": last[2], "length_mg": round(lengths[-1])}
    low, high = GRAVITY_MG
    if all(low <= length <= high for length in lengths):
        return passed(**measured)
    if len(set(samples)) == 1:  # a living sensor never gives the same noise twice
        return failed("accelerometer-stuck", measured)
    return inconclusive("accelerometer-moving", measured)


def _buttons(a: bool, b: bool) -> Outcome:
    held = [name for name, pressed in (("A", a), ("B", b)) if pressed]
    if held:
        return inconclusive("button-held", {"a": a, "b": b}, button=", ".join(held))
    return passed(a=a, b=b)


def _pins(readings: list[tuple[int, int]]) -> Outcome:
    measured = {f"pin{number}": analog for number, (_, analog) in enumerate(readings)}
    if len(readings) != 3 or any(d not in (0, 1) or not 0 <= a <= 1023 for d, a in readings):
        return failed("pins-implausible", measured)
    return passed(**measured)


def _memory(free: int, patterns: int) -> Outcome:
    measured = {"free_bytes": free, "patterns": patterns}
    if patterns != 4:
        return failed("memory-differs", measured)
    if free < LEAST_FREE:
        return inconclusive("memory-short", measured)
    return passed(**measured)


def _files(count: int, size: int, unreadable: int) -> Outcome:
    measured = {"files": count, "bytes": size, "unreadable": unreadable}
    if unreadable:
        return failed("files-unreadable", measured, count=unreadable)
    return passed(**measured)


def _temperature(celsius: int | None) -> Outcome:
    if celsius is None:
        return inconclusive("part-does-not-answer")
    low, high = TEMPERATURE_C
    if not low <= celsius <= high:
        return failed("temperature-implausible", {"celsius": celsius}, celsius=celsius)
    return passed(celsius=celsius)


def _compass(calibrated: bool, x: int, y: int, z: int) -> Outcome:
    measured = {"calibrated": calibrated, "x_nt": x, "y_nt": y, "z_nt": z}
    if x == y == z == 0:  # the earth's field is nowhere zero
        return inconclusive("part-does-not-answer", measured)
    return passed(**measured)


def _microphone(levels: list[int]) -> Outcome:
    if not all(type(level) is int for level in levels):
        return inconclusive("garbled")
    measured = {"level_quiet": min(levels), "level_loud": max(levels)}
    if not all(0 <= level <= 255 for level in levels):
        return failed("microphone-implausible", measured)
    if measured["level_loud"] == 0:  # a room is never quite silent
        return inconclusive("part-does-not-answer", measured)
    return passed(**measured)


def _logo(touched: bool) -> Outcome:
    return inconclusive("logo-touched") if touched else passed(touched=False)


def _radio(answers: bool) -> Outcome:
    return passed(on=True) if answers else inconclusive("part-does-not-answer")


DISPLAY = """\
from microbit import *
def n(w):return sum(display.get_pixel(x,y)==w for x in range(5) for y in range(5))
display.on()
display.show(Image(':'.join(['99999']*5)))
a=n(9)
sleep(300)
display.show(Image(5,5))
R('display',a,n(0))
"""
# `display.clear()` would wait for the display's next tick, and an emulated board that has just written a file has none.
ACCELEROMETER = """\
from microbit import *
a=[]
for i in range(5):
 a.append(accelerometer.get_values())
 sleep(20)
R('accelerometer',a)
"""
BUTTONS = """\
from microbit import *
R('buttons',button_a.is_pressed(),button_b.is_pressed())
"""
PINS = """\
from microbit import *
R('pins',[(p.read_digital(),p.read_analog()) for p in (pin0,pin1,pin2)])
"""
MEMORY = """\
import gc
gc.collect()
f=gc.mem_free()
b=bytearray(1024)
g=0
for v in (0,255,85,170):
 for i in range(1024):b[i]=v
 g+=all(x==v for x in b)
del b
R('memory',f,g)
"""
FILES = """\
import os
n=t=e=0
for f in os.listdir():
 n+=1
 z=0
 try:
  with open(f,'rb') as h:
   while 1:
    d=h.read(64)
    if not d:break
    z+=len(d)
  e+=z!=os.size(f)
 except OSError:e+=1
 t+=z
R('files',n,t,e)
"""
# Both peripherals of the nRF51 are asked by their registers first. On the nRF52 the calls are made as they
# are: no board of that generation is known whose call does not return, and there a register may belong to the
# radio's stack.
TEMPERATURE_NRF51 = """\
import machine,microbit
m=machine.mem32
m[0x4000C100]=0
m[0x4000C000]=1
for i in range(200):
 if m[0x4000C100]:break
R('temperature',microbit.temperature() if m[0x4000C100] else None)
"""
TEMPERATURE = """\
import microbit
R('temperature',microbit.temperature())
"""
COMPASS = """\
from microbit import *
R('compass',compass.is_calibrated(),compass.get_x(),compass.get_y(),compass.get_z())
"""
RADIO_NRF51 = """\
import machine
m=machine.mem32
o=m[0x40001508]
m[0x40001508]=7
g=m[0x40001508]==7
m[0x40001508]=o
if g:
 import radio
 radio.on()
 radio.off()
R('radio',g)
"""
RADIO = """\
import radio
radio.on()
radio.off()
R('radio',True)
"""
# Of the V2 only; MicroPython 2.0.0 and later offer them.
MICROPHONE = """\
from microbit import *
a=[]
for i in range(6):
 a.append(microphone.sound_level())
 sleep(50)
R('microphone',a)
"""
LOGO = """\
from microbit import *
R('logo',pin_logo.is_touched())
"""


def parts(*, nrf51: bool) -> dict[str, Part]:
    """The parts of a board with that processor, in the order in which they are tried: what may hang comes
    last."""
    of_v2 = (
        Part("microphone", MICROPHONE, (list,), _microphone, counts=False),
        Part("logo", LOGO, (bool,), _logo, counts=False),
    )
    return {
        part.name: part
        for part in (
            Part("display", DISPLAY, (int, int), _display),
            Part("accelerometer", ACCELEROMETER, (list,), _accelerometer),
            Part("buttons", BUTTONS, (bool, bool), _buttons),
            Part("pins", PINS, (list,), _pins),
            Part("memory", MEMORY, (int, int), _memory),
            Part("files", FILES, (int, int, int), _files, wait_s=4.0),
            *(() if nrf51 else of_v2),
            Part("compass", COMPASS, (bool, int, int, int), _compass, counts=False),
            Part("temperature", TEMPERATURE_NRF51 if nrf51 else TEMPERATURE, (int | None,), _temperature, counts=False),
            Part("radio", RADIO_NRF51 if nrf51 else RADIO, (bool,), _radio, counts=False),
        )
    }

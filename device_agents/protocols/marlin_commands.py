"""Every command that this program can ever send to a 3D printer, and nothing else.

Questions change nothing. Orders do: they stand here with the bounds of their figures, so that nothing hotter, longer
or further can be put on a line, whatever asks for it. All of them leave with a line number and a checksum, so that a
byte damaged on the way cannot turn one command into another: the firmware asks for the line again instead. Only the
emergency stop goes without, because firmware looks for that very line before anything else.

Sources: https://marlinfw.org/meta/gcode/ (M105, M115, M119, M114, M31, M27, M503, M85, M104, M112, M140, G28);
https://reprap.org/wiki/G-code ("Checking").
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from device_agents.errors import LocalProtocolError

HOTTEST_C: Final = 50
"""The highest target that a nozzle is ever given. A nozzle melts nothing there, and metal of 51 degrees may be touched
for a minute without a burn (ISO 13732-1)."""
LONGEST_GUARD_S: Final = 60
"""The longest inactivity shut-down that is ever set."""

WAKE: Final = b"\n"
"""Ends whatever an earlier program left half-typed in the firmware's buffer."""
EMERGENCY_STOP: Final = b"\nM112\n"
"""Heaters and motors off, at once and until the printer is switched off and on. Firmware acts on it as it arrives,
before what waits and while it moves, with the emergency parser or without (there only for the bare line)."""
HEATERS_OFF: Final = b"\nM104 S0\nM140 S0\n"
"""For a check that is ended in the middle of a command: without numbers, so that no state of theirs can refuse it."""


class Query(StrEnum):
    """The questions."""

    TEMPERATURES = "M105"
    SD_STATUS = "M27"
    FIRMWARE = "M115"
    POSITION = "M114"
    ENDSTOPS = "M119"
    PRINT_TIME = "M31"
    SETTINGS = "M503"


class CommandNotAllowed(LocalProtocolError):
    """Neither a question nor an order within its bounds."""


@dataclass(frozen=True)
class Order:
    """A command that does something. Make one with the functions below.

    Raises:
        CommandNotAllowed: for a code that is none of theirs.
    """

    value: str

    def __post_init__(self) -> None:
        figure = re.fullmatch(r"(G28|M140 S0|M85 S(?P<guard>\d{1,3})|M104 S(?P<nozzle>\d{1,3}))", self.value, re.ASCII)
        if figure is None or int(figure["guard"] or 0) > LONGEST_GUARD_S or int(figure["nozzle"] or 0) > HOTTEST_C:
            raise CommandNotAllowed(command=self.value[:80])


def shut_down_after(seconds: int) -> Order:
    """M85: the firmware switches everything off and halts after so long without activity; 0 takes that back."""
    return Order(f"M85 S{seconds}")


def heat_nozzle(celsius: int) -> Order:
    """M104: the first nozzle's target, at once and without waiting for it; 0 switches its heater off."""
    return Order(f"M104 S{celsius}")


HOME: Final = Order("G28")
"""Every axis to its end."""
BED_OFF: Final = Order("M140 S0")
"""The bed's heater off; there is no order to switch it on."""


def checksummed(line: str) -> bytes:
    """The line as it goes over the wire, with the exclusive-or of its bytes behind `*`."""
    checksum = 0
    for byte in line.encode("ascii"):
        checksum ^= byte
    return f"{line}*{checksum}\n".encode("ascii")

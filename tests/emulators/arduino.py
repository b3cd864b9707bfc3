"""Emulated AVR boards with their real bootloaders, on libsimavr: built once into .cache/, each a pty.

with uno(sketch("talker")) as board: ...    # board.port resets the board when it is opened, as auto-reset does
"""

import contextlib
import hashlib
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from device_agents.candidates import Candidate
from device_agents.transports.serial_port import SerialTransport
from tests.conftest import require, require_file, require_program
from tests.emulators.programs import ROOT, START_S, Emulator, running

HERE = Path(__file__).parent
CACHE = ROOT / ".cache" / "emulators"
ARDUINO = "/usr/share/arduino/hardware/arduino/avr/bootloaders"
HERTZ = "16000000"
OPTIBOOT_AT = 0x7E00
ATMEGABOOT_AT = 0x7800
STK500BOOT_AT = 0x3E000
CATERINA_AT = 0x7000
DOWNLOADS = ROOT / ".cache" / "downloads"
LEONARDO_FUSES = "ff,d8,cb,ef"
MEGA_FUSES = "ff,d8,fd,cf"
"""Low, high, extended, lock, as boards.txt has them for the Mega; unused lock bits read as ones."""
# Optiboot's own makefile (target atmega328), and two flags without which this compiler's result does not fit its slot.
_OPTIBOOT = [
    "-g",
    "-Wall",
    "-Os",
    "-fno-inline-small-functions",
    "-fno-split-wide-types",
    "-mshort-calls",
    "-mmcu=atmega328p",
    "-DF_CPU=16000000L",
    "-DLED_START_FLASHES=3",
    "-DBAUD_RATE=115200",
    "-fno-tree-scev-cprop",
    "-fno-move-loop-invariants",
    "-Wl,--section-start=.text=0x7e00",
    "-Wl,--section-start=.version=0x7ffe",
    "-Wl,--relax",
    "-Wl,--gc-sections",
    "-nostartfiles",
    "-nostdlib",
]
_TO_HEX = ["-j", ".text", "-j", ".data", "-j", ".version", "--set-section-flags", ".version=alloc,load", "-O", "ihex"]


def _built(name: str, sources: list[Path], commands: list[list[str]]) -> Path:
    """The file `name`, made by `commands` (with {out} in place of its path) when a source or a command has changed."""
    digest = hashlib.sha256(repr(commands).encode())
    for source in sources:
        digest.update(source.read_bytes())
    made = CACHE / digest.hexdigest()[:16] / name
    if not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True)
        unfinished = made.with_suffix(".new")
        for command in commands:
            subprocess.run([part.format(out=unfinished) for part in command], check=True, capture_output=True)
        unfinished.rename(made)
    return made


def bridge(name: str = "simavr_bridge") -> Path:
    """One of our bridges between libsimavr and a pty: to the chip's UART, or to its USB."""
    compiler = require_program("gcc", "gcc")
    require_file("/usr/include/simavr/sim_avr.h", "libsimavr-dev")
    require_file("/usr/include/libelf.h", "libelf-dev")
    source = HERE / f"{name}.c"
    options = ["-lsimavr", "-lelf", "-lutil"]
    return _built(
        name, [source, HERE / "simavr_board.h"], [[compiler, "-O2", "-Wall", "-o", "{out}", str(source), *options]]
    )


def optiboot_hex() -> Path:
    """Optiboot 4.4 from the packaged source."""
    compiler = require_program("avr-gcc", "gcc-avr")
    copier = require_program("avr-objcopy", "binutils-avr")
    require_file("/usr/lib/avr/include/avr/io.h", "avr-libc")
    source = require_file(f"{ARDUINO}/optiboot/optiboot.c", "arduino-core-avr")
    return _built(
        "optiboot.hex",
        [source],
        [
            [compiler, *_OPTIBOOT, "-o", "{out}.elf", str(source)],
            [copier, *_TO_HEX, "{out}.elf", "{out}"],
        ],
    )


def sketch(name: str = "talker") -> Path:
    """One of our own sketches, as Intel HEX."""
    compiler = require_program("avr-gcc", "gcc-avr")
    copier = require_program("avr-objcopy", "binutils-avr")
    source = HERE / f"{name}.c"
    return _built(
        f"{name}.hex",
        [source],
        [
            [compiler, "-Os", "-mmcu=atmega328p", "-DF_CPU=16000000UL", "-o", "{out}.elf", str(source)],
            [copier, "-O", "ihex", "{out}.elf", "{out}"],
        ],
    )


@contextlib.contextmanager
def board(reset_at: int, *images: Path, chip: str = "atmega328p", fuses: str = "ff,de,fd,cf") -> Iterator[Emulator]:
    """A chip with these images in its flash and these fuses, that begins at `reset_at` after a reset."""
    with running([str(bridge()), "-f", fuses, chip, HERTZ, hex(reset_at), *map(str, images)]) as emulator:
        yield emulator


@contextlib.contextmanager
def uno(*images: Path) -> Iterator[Emulator]:
    """An Uno: Optiboot, and these images."""
    with board(OPTIBOOT_AT, optiboot_hex(), *images) as emulator:
        yield emulator


@contextlib.contextmanager
def duemilanove(*images: Path) -> Iterator[Emulator]:
    """A Duemilanove or an old Nano: ATmegaBOOT as packaged, and these images."""
    bootloader = require_file(f"{ARDUINO}/atmega/ATmegaBOOT_168_atmega328.hex", "arduino-core-avr")
    with board(ATMEGABOOT_AT, bootloader, *images) as emulator:
        yield emulator


@contextlib.contextmanager
def mega(*images: Path) -> Iterator[Emulator]:
    """A Mega 2560: stk500boot as packaged, and these images."""
    bootloader = require_file(f"{ARDUINO}/stk500v2/stk500boot_v2_mega2560.hex", "arduino-core-avr")
    with board(STK500BOOT_AT, bootloader, *images, chip="atmega2560", fuses=MEGA_FUSES) as emulator:
        yield emulator


def downloaded(path: str) -> Path:
    """An image that others made, from a package that scripts/test-system downloads and never commits."""
    found = DOWNLOADS / path
    require(str(found), found.exists(), "run `make test-system`")
    return found


@dataclass
class NativeBoard:
    """A board that is its own USB device: its sketch and its bootloader each come on a port of their own."""

    emulator: Emulator
    place: str = "1-1"
    _read: int = 0
    _there: list[Candidate] = field(default_factory=list)

    def candidates(self) -> list[Candidate]:
        """What a discovery of this machine's ports would list now."""
        lines = self.emulator.printed[self._read :]
        self._read += len(lines)
        for line in lines:
            what, *rest = line.split()
            if what == "attached":
                vid, pid = (int(number, 16) for number in rest[1].split(":"))
                properties = {"location": f"{self.place}:1.0"}
                self._there = [Candidate(rest[0], f"{rest[1]} at {self.place}", vid, pid, properties)]
            elif what == "detached":
                self._there = []
        return list(self._there)

    @property
    def candidate(self) -> Candidate:
        """The board as it is plugged in now, waited for."""
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            if found := self.candidates():
                return found[0]
            time.sleep(0.01)
        raise AssertionError(f"no board on the bus: {self.emulator.printed}")

    def transport(self) -> SerialTransport:
        """A closed transport to the board where it is now."""
        return SerialTransport(self.candidate.port, self.candidates)

    def press_reset(self, times: int = 1) -> None:
        """Press the reset button; twice within 0.75 s asks Caterina to stay."""
        for _ in range(times):
            self.emulator.process.send_signal(signal.SIGUSR1)
            time.sleep(0.2)


@contextlib.contextmanager
def yun(*images: Path) -> Iterator[NativeBoard]:
    """A Yún (the ATmega32U4 of a Leonardo): Caterina and the sketch that an export with both holds, and these images
    over it."""
    exported = downloaded("avrgirl-arduino-5.0.1/junk/hex/yun/StandardFirmata.with_bootloader.cpp.hex")
    command = [str(bridge("simavr_usb_bridge")), "-f", LEONARDO_FUSES, "atmega32u4", HERTZ, hex(CATERINA_AT)]
    with running([*command, str(exported), *map(str, images)]) as emulator:
        yield NativeBoard(emulator)

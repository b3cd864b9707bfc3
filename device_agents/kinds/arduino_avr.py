"""Arduino boards with an AVR whose bootloader speaks STK500 version 1: Uno, Nano, Duemilanove and their clones.

What the check proves: the bootloader answers, tells the same version and signature twice, and its own region of the
flash is the known one. The sketch is the pupil's: its digest is recorded, compared with nothing. STK500v1 has no
checksum, so whatever decides is read twice, and a page of flash that is not blank too; where the two readings differ
the cable is at fault and nothing is proven. At the end the sketch is started and, where it speaks Firmata, asked what
it is; where the flash was not wanted, the sketch is left alone altogether. A bootloader's signature is compiled into it
(a 328PB says 328P), and Optiboot answers 3 to every question about fuses: neither is ever shown as more than it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from device_agents.conversation import Conversation, Outcome, PulseReset, SetBaud, inconclusive, passed
from device_agents.errors import Scalar
from device_agents.kinds.base import CheckContext, DeviceKind, MemoryRegion, Opening, Step, UsbRule
from device_agents.kinds.bridges import BRIDGES
from device_agents.kinds.firmata_reader import BAUD, STEP_S, ask_sketch
from device_agents.kinds.judging import judge
from device_agents.kinds.stk500_reader import BLANK, BootloaderReader
from device_agents.protocols.stk500v1 import GetParameter, ReadSignature
from firmware_checks.regions import RegionDigest
from firmware_checks.verdicts import Observation, Verdict

if TYPE_CHECKING:
    from firmware_checks.baseline import Region

SLUG = "arduino-avr"
BAUDS = (115200, 57600)
"""Optiboot; ATmegaBOOT of the old Nano and the Duemilanove."""

_ROUNDS = 2


@dataclass(frozen=True)
class Chip:
    """A chip by its signature."""

    slug: str
    name: str
    flash: int


CHIPS = {
    "1e9307": Chip("atmega8", "ATmega8", 8 * 1024),
    "1e9406": Chip("atmega168", "ATmega168", 16 * 1024),
    "1e940b": Chip("atmega168p", "ATmega168P", 16 * 1024),
    "1e9514": Chip("atmega328", "ATmega328", 32 * 1024),
    "1e950f": Chip("atmega328p", "ATmega328P", 32 * 1024),
    "1e9516": Chip("atmega328pb", "ATmega328PB", 32 * 1024),
}


class ArduinoCheck:
    """One check under way."""

    def __init__(self, context: CheckContext) -> None:
        self.context = context
        self.reader = BootloaderReader()
        self.version = ""
        self.signature = ""
        self.in_bootloader = False
        self.used: int | None = None

    # --- steps

    def connect(self) -> Conversation[Outcome]:
        """Reset the board and find its bootloader, at either speed."""
        heard = 0
        rounds = len(BAUDS)
        attempt = 0
        while attempt < rounds:
            if attempt:
                yield SetBaud(BAUDS[attempt % len(BAUDS)])
                self.reader.link.restart()
            reset = yield PulseReset()
            # Without a reset line opening the port was the only reset: to try it all again would change nothing.
            rounds = (_ROUNDS if reset.done else 1) * len(BAUDS)
            attempt += 1
            found, got, at = yield from self.reader.search()
            heard += got
            if found:
                self.in_bootloader = True
                yield from self.reader.settle()
                measured_ms = round((at - reset.at) * 1000)
                baud = BAUDS[(attempt - 1) % len(BAUDS)]
                return passed(baud=baud, after_ms=measured_ms, reset_line=reset.done, attempt=attempt)
        if heard:
            return inconclusive("not-stk500", {"heard": heard}, sample=self.reader.link.noise.hex(" "))
        return inconclusive("bootloader-silent")

    def bootloader_version(self) -> Conversation[Outcome]:
        """The bootloader's version, asked twice."""
        major = yield from self.reader.twice(GetParameter(0x81))
        minor = yield from self.reader.twice(GetParameter(0x82))
        if major is None or minor is None:
            return inconclusive("readings-differ", what="version")
        self.version = f"{major[0]}.{minor[0]}"
        self.context.identity["bootloader"] = self.bootloader
        self.context.identity["bootloader_version"] = self.version
        return self._if_clean(passed(version=self.version))

    def read_signature(self) -> Conversation[Outcome]:
        """The chip's signature as the bootloader tells it, asked twice."""
        signature = yield from self.reader.twice(ReadSignature())
        if signature is None:
            return inconclusive("readings-differ", what="signature")
        self.signature = signature.hex()
        self.context.identity["signature"] = self.signature
        chip = CHIPS.get(self.signature)
        if chip is None:
            return Outcome(Verdict.UNKNOWN, "chip-unknown", {"signature": self.signature})
        self.context.identity["chip"] = chip.name
        return self._if_clean(passed(signature=self.signature))

    def read_bootloader(self) -> Conversation[Outcome]:
        """The bootloader's region against the baseline."""
        board = self.context.catalogue.baseline(SLUG).board(self.board)
        self.context.identity["board"] = board.slug if board is not None else None
        region = self._region("bootloader")
        facts = {"signature": self.signature}
        if region is None:
            return judge(self.context, Observation(SLUG, self.board, self.version, facts=facts))
        data, unsteady = yield from self.reader.read(region.start, region.start + region.size)
        if unsteady:
            return inconclusive("readings-differ", what=_places(unsteady))
        self._note("bootloader", region.start, data)
        digest = RegionDigest.of(data, region.page_size)
        observation = Observation(SLUG, self.board, self.version, {region.name: digest}, facts)
        outcome = judge(self.context, observation)
        measured: dict[str, Scalar] = {"bytes": len(data), "sha256": digest.sha256}
        return self._if_clean(Outcome(outcome.verdict, outcome.reason, outcome.params, measured))

    def read_application(self) -> Conversation[Outcome]:
        """The sketch's region: read and recorded."""
        region = self._region("bootloader")
        chip = CHIPS.get(self.signature)
        if chip is None:
            return Outcome(Verdict.UNKNOWN, "chip-unknown", {"signature": self.signature})
        data, unsteady = yield from self.reader.read(0, region.start if region is not None else chip.flash)
        if unsteady:
            return inconclusive("readings-differ", what=_places(unsteady))
        self._note("application", 0, data)
        self.used = len(data.rstrip(bytes([BLANK])))
        return self._if_clean(passed(bytes=len(data), used=self.used, sha256=hashlib.sha256(data).hexdigest()))

    def sketch(self) -> Conversation[Outcome]:
        """What the sketch says of itself, where it speaks Firmata: for information."""
        if self.used == 0:
            return inconclusive("no-sketch")
        yield from self.leave()
        yield SetBaud(BAUD)
        return (yield from ask_sketch(self.context))

    def leave(self) -> Conversation[None]:
        """Let the sketch start."""
        if self.in_bootloader:
            self.in_bootloader = False
            yield from self.reader.leave()

    # --- parts of steps

    def _if_clean(self, outcome: Outcome) -> Outcome:
        """No PASS over a line that loses bytes: it was read in the end, but the cable is not in order."""
        if self.reader.spoilt and outcome.verdict is Verdict.PASS:
            return inconclusive("line-unsteady", outcome.measured, count=self.reader.spoilt)
        return outcome

    @property
    def bootloader(self) -> str:
        """Which bootloader tells such a version: ATmegaBOOT's last is 1.x, Optiboot began to tell one with 4.1."""
        major = int(self.version.partition(".")[0] or 0)
        return "ATmegaBOOT" if major == 1 else "Optiboot" if major >= 3 else "?"

    @property
    def board(self) -> str:
        """The baseline's name for what this seems to be; an Uno and a Nano with Optiboot answer alike."""
        chip = CHIPS.get(self.signature)
        return f"{chip.slug if chip else self.signature}-{self.bootloader.lower()}"

    def _region(self, name: str) -> Region | None:
        board = self.context.catalogue.baseline(SLUG).board(self.board)
        return next((region for region in board.regions if region.name == name), None) if board else None

    def _note(self, name: str, start: int, data: bytes) -> None:
        self.context.regions.append(MemoryRegion(name, start, len(data), hashlib.sha256(data).hexdigest()))


def _places(addresses: Sequence[int]) -> str:
    shown = ", ".join(f"0x{address:04x}" for address in addresses[:4])
    return shown + (", …" if len(addresses) > 4 else "")


def _wants_flash(context: CheckContext) -> bool:
    return context.options.read_flash


KIND = DeviceKind(
    slug=SLUG,
    usb=(
        UsbRule(0x2341, 0x0043, label="Arduino Uno"),
        UsbRule(0x2341, 0x0001, label="Arduino Uno"),
        UsbRule(0x2341, 0x0243, label="Arduino Uno"),
        UsbRule(0x2A03, 0x0043, label="Arduino Uno"),
        *BRIDGES,
    ),
    bauds=BAUDS,
    opening=Opening.FREELY,
    identified_by="signature",
    begin=ArduinoCheck,
    steps=(
        Step("connect", ArduinoCheck.connect, timeout_s=12.0),
        Step("bootloader-version", ArduinoCheck.bootloader_version, timeout_s=6.0),
        Step("signature", ArduinoCheck.read_signature, timeout_s=6.0, essential=False),
        Step("bootloader", ArduinoCheck.read_bootloader, timeout_s=15.0, essential=False),
        Step("application", ArduinoCheck.read_application, timeout_s=40.0, essential=False, when=_wants_flash),
        Step("sketch", ArduinoCheck.sketch, timeout_s=STEP_S, essential=False, counts=False, when=_wants_flash),
    ),
    leave=ArduinoCheck.leave,
    deadline_s=30.0,
    long_deadline_s=60.0,
)

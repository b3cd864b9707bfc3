"""Arduino Leonardo, Micro and Yún: an ATmega32U4 that is its own USB device, with the bootloader Caterina (AVR109).

The bootloader is another USB device than the sketch: opening and closing the sketch's port at 1200 baud starts it, it
comes on a port of its own, and leaves after 8 s in which nothing is read. The check follows the board by its place on
the USB, never by the port's name. What it proves: Caterina answers, tells its version and signature, and its own region
of the flash is the known one, in two readings that agree. The sketch's digest is recorded, compared with nothing. Fuses
and lock bits are the chip's own (Caterina.c reads them by `boot_lock_fuse_bits_get`): they are shown where it is a
known one, and decide nothing.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from device_agents.conversation import Conversation, Follow, Outcome, inconclusive, passed
from device_agents.errors import Scalar
from device_agents.kinds.avr109_reader import CaterinaReader
from device_agents.kinds.base import CheckContext, DeviceKind, MemoryRegion, Opening, Step, UsbRule
from device_agents.kinds.firmata_reader import STEP_S, ask_sketch
from device_agents.kinds.judging import judge
from device_agents.protocols.avr109 import ReadFuse, ReadLock, ReadSignature, ReadVersion, Request
from firmware_checks.regions import RegionDigest
from firmware_checks.verdicts import Observation, Verdict

if TYPE_CHECKING:
    from firmware_checks.baseline import Board

SLUG = "arduino-leonardo"
SIGNATURE = "1e9587"
TOUCH_BAUD = 1200
COMES_BACK_S = 8.0
"""A bootloader is there a second after the touch; a system that has never seen it looks for a driver first."""
REGION = "bootloader"
_BYTES: dict[str, Request] = {
    "low_fuse": ReadFuse("low"),
    "high_fuse": ReadFuse("high"),
    "extended_fuse": ReadFuse("extended"),
    "lock_bits": ReadLock(),
}


class LeonardoCheck:
    """One check under way."""

    def __init__(self, context: CheckContext) -> None:
        self.context = context
        self.reader = CaterinaReader()
        self.version = ""
        self.signature = ""
        self.in_bootloader = False
        self.used: int | None = None
        self.known = False

    # --- steps

    def connect(self) -> Conversation[Outcome]:
        """Start the bootloader, unless it runs already, and find it where it comes."""
        measured: dict[str, Scalar] = {}
        if not self._is_bootloader:
            moved = yield Follow(COMES_BACK_S, TOUCH_BAUD)
            if moved.done:
                measured["port"] = moved.port
        if (yield from self.reader.search()):
            self.in_bootloader = True
            return passed(**measured)
        if self.reader.heard:
            sample = self.reader.link.noise.hex(" ")
            return inconclusive("not-caterina", measured | {"heard": self.reader.heard}, sample=sample)
        return inconclusive("bootloader-not-reached", measured)

    def bootloader_version(self) -> Conversation[Outcome]:
        """The bootloader's version, asked twice."""
        told = yield from self.reader.twice(ReadVersion())
        if told is None:
            return inconclusive("readings-differ", what="version")
        digits = told.decode("latin-1")
        if not (digits.isascii() and digits.isdigit()):
            return inconclusive("garbled")
        self.version = f"{digits[0]}.{digits[1]}"
        self.context.identity["bootloader"] = "Caterina"
        self.context.identity["bootloader_version"] = self.version
        return self._if_clean(passed(version=self.version))

    def read_signature(self) -> Conversation[Outcome]:
        """The chip's signature as the bootloader tells it, asked twice."""
        signature = yield from self.reader.twice(ReadSignature())
        if signature is None:
            return inconclusive("readings-differ", what="signature")
        self.signature = signature[::-1].hex()
        self.context.identity["signature"] = self.signature
        if self.signature != SIGNATURE:
            return Outcome(Verdict.UNKNOWN, "chip-unknown", {"signature": self.signature})
        self.context.identity["chip"] = "ATmega32U4"
        return self._if_clean(passed(signature=self.signature))

    def read_bootloader(self) -> Conversation[Outcome]:
        """The bootloader's region against the baseline, in two readings that agree."""
        region = self._boards[0].regions[0]
        data = yield from self.reader.read(region.start, region.start + region.size)
        again = yield from self.reader.read(region.start, region.start + region.size)
        if data != again:
            first = next(number for number, byte in enumerate(data) if byte != again[number])
            return inconclusive("readings-differ", what=f"0x{region.start + first:04x}")
        self._note(REGION, region.start, data)
        digest = RegionDigest.of(data, region.page_size)
        board = self._board(digest)
        self.context.identity["board"] = board.slug if board is not None else None
        facts = {"signature": self.signature}
        if self.context.candidate.usb_id:
            facts["USB"] = self.context.candidate.usb_id
        slug = board.slug if board is not None else None
        outcome = judge(self.context, Observation(SLUG, slug, self.version, {REGION: digest}, facts))
        self.known = outcome.verdict is Verdict.PASS
        measured: dict[str, Scalar] = {"bytes": len(data), "sha256": digest.sha256}
        return self._if_clean(Outcome(outcome.verdict, outcome.reason, outcome.params, measured))

    def fuses(self) -> Conversation[Outcome]:
        """The fuses and the lock byte, for information; only a known bootloader is known to read them."""
        if not self.known:
            return inconclusive("fuses-unsure")
        measured: dict[str, Scalar] = {}
        for name, request in _BYTES.items():
            value = yield from self.reader.twice(request)
            if value is None:
                return inconclusive("readings-differ", measured, what=name)
            measured[name] = f"0x{value[0]:02x}"
        return passed(**measured)

    def read_application(self) -> Conversation[Outcome]:
        """The sketch's region: read and recorded."""
        data = yield from self.reader.read(0, self._boards[0].regions[0].start)
        self._note("application", 0, data)
        self.used = len(data.rstrip(b"\xff"))
        digest = hashlib.sha256(data).hexdigest()
        return self._if_clean(passed(bytes=len(data), used=self.used, sha256=digest))

    def sketch(self) -> Conversation[Outcome]:
        """Wait until the sketch runs again at its own port; what it says of itself where the flash was wanted and it
        speaks Firmata."""
        if self.used == 0:
            return inconclusive("no-sketch")
        yield from self.leave()
        back = yield Follow(COMES_BACK_S)
        if self.context.options.read_flash:
            return (yield from ask_sketch(self.context))
        return passed(port=back.port) if back.done else inconclusive("not-restarted")

    def leave(self) -> Conversation[None]:
        """Let the sketch start."""
        if self.in_bootloader:
            self.in_bootloader = False
            yield from self.reader.leave()

    # --- parts of steps

    @property
    def _is_bootloader(self) -> bool:
        """Whether the USB identity is the bootloader's: the sketch's has the same number with 0x8000 added."""
        candidate = self.context.candidate
        return candidate.pid is not None and candidate.pid < 0x8000 and bool(KIND.rules_for(candidate))

    @property
    def _boards(self) -> tuple[Board, ...]:
        return self.context.catalogue.baseline(SLUG).boards

    def _board(self, digest: RegionDigest) -> Board | None:
        """The board whose bootloader this is to the last byte, else the one that USB tells."""
        baseline = self.context.catalogue.baseline(SLUG)
        usb_id = self.context.candidate.usb_id
        by_usb = next((board for board in baseline.boards if usb_id in board.facts.get("USB", ())), None)
        for image in baseline.images:
            if image.sha256 == digest.sha256 and (by_usb is None or by_usb.slug not in image.boards):
                return baseline.board(image.boards[0])
        return by_usb

    def _if_clean(self, outcome: Outcome) -> Outcome:
        """No PASS over a line that loses bytes: it was read in the end, but the cable is not in order."""
        if self.reader.spoilt and outcome.verdict is Verdict.PASS:
            return inconclusive("line-unsteady", outcome.measured, count=self.reader.spoilt)
        return outcome

    def _note(self, name: str, start: int, data: bytes) -> None:
        self.context.regions.append(MemoryRegion(name, start, len(data), hashlib.sha256(data).hexdigest()))


def _wants_flash(context: CheckContext) -> bool:
    return context.options.read_flash


_USB = {
    "Arduino Leonardo": ((0x2341, 0x0036), (0x2A03, 0x0036)),
    "Arduino Micro": ((0x2341, 0x0037), (0x2A03, 0x0037), (0x2341, 0x0237)),
    "Arduino Yún": ((0x2341, 0x0041), (0x2A03, 0x0041)),
}

KIND = DeviceKind(
    slug=SLUG,
    usb=tuple(
        UsbRule(vid, pid | in_sketch, label=label)
        for label, ids in _USB.items()
        for vid, pid in ids
        for in_sketch in (0, 0x8000)
    ),
    bauds=(115200,),
    opening=Opening.FREELY,
    identified_by="signature",
    begin=LeonardoCheck,
    steps=(
        Step("connect", LeonardoCheck.connect, timeout_s=14.0),
        Step("bootloader-version", LeonardoCheck.bootloader_version, timeout_s=4.0),
        Step("signature", LeonardoCheck.read_signature, timeout_s=4.0, essential=False),
        Step("bootloader", LeonardoCheck.read_bootloader, timeout_s=10.0, essential=False),
        Step("fuses", LeonardoCheck.fuses, timeout_s=4.0, essential=False, counts=False),
        Step("application", LeonardoCheck.read_application, timeout_s=20.0, essential=False, when=_wants_flash),
        Step("sketch", LeonardoCheck.sketch, timeout_s=COMES_BACK_S + STEP_S, essential=False, counts=False),
    ),
    leave=LeonardoCheck.leave,
    deadline_s=30.0,
    long_deadline_s=60.0,
)

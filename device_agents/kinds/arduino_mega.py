"""Arduino Mega 2560: an ATmega2560 whose bootloader speaks STK500 version 2.

What the check proves: the bootloader answers, tells its version and signature, and its own region of the flash is the
known one, in two readings that agree. The sketch is the pupil's: its digest is recorded, compared with nothing; it is
a quarter of a megabyte, so it is read where the whole flash was asked for (26 s of the 60). The signature is the one
that the bootloader was compiled for. The fuses and the lock byte are the chip's own: stk500boot reads them by the
instruction that is for it (`boot_lock_fuse_bits_get` in stk500boot.c) when CMD_READ_FUSE_ISP and CMD_READ_LOCK_ISP ask;
by CMD_SPI_MULTI it would tell the low fuse for the extended one. They are shown where the bootloader is a
known one, and decide nothing.

A Mega is also the controller of many 3D printers: its USB identity is shared, and `auto` never opens it.
"""

import hashlib

from device_agents.conversation import Conversation, Outcome, PulseReset, SetBaud, inconclusive, passed
from device_agents.errors import Scalar
from device_agents.kinds.base import CheckContext, DeviceKind, MemoryRegion, Opening, Step, UsbRule
from device_agents.kinds.bridges import BRIDGES
from device_agents.kinds.firmata_reader import BAUD, STEP_S, ask_sketch
from device_agents.kinds.judging import judge
from device_agents.kinds.stk500v2_reader import NAME, MegaReader
from device_agents.protocols.stk500v2 import GetParameter, ReadFuse, ReadLock, ReadSignature
from firmware_checks.regions import RegionDigest
from firmware_checks.verdicts import Observation, Verdict

SLUG = "arduino-mega"
CHIPS = {"1e9801": ("atmega2560", "ATmega2560")}
_ROUNDS = 2
_MAJOR, _MINOR = 0x91, 0x92


class MegaCheck:
    """One check under way."""

    def __init__(self, context: CheckContext) -> None:
        self.context = context
        self.reader = MegaReader()
        self.version = ""
        self.signature = ""
        self.in_bootloader = False
        self.used: int | None = None
        self.known = False

    # --- steps

    def connect(self) -> Conversation[Outcome]:
        """Reset the board and find its bootloader."""
        for attempt in range(1, _ROUNDS + 1):
            reset = yield PulseReset()
            name, at = yield from self.reader.search()
            if name == NAME:
                self.in_bootloader = True
                return passed(after_ms=round((at - reset.at) * 1000), reset_line=reset.done, attempt=attempt)
            if name:
                return Outcome(Verdict.UNKNOWN, "another-programmer", {"name": name.decode("latin-1")})
            if not reset.done:
                break  # opening the port was the only reset
        if self.reader.heard:
            return inconclusive("not-stk500", {"heard": self.reader.heard}, sample=self.reader.link.noise.hex(" "))
        return inconclusive("bootloader-silent")

    def bootloader_version(self) -> Conversation[Outcome]:
        """The bootloader's version, asked twice."""
        major = yield from self.reader.twice(GetParameter(_MAJOR))
        minor = yield from self.reader.twice(GetParameter(_MINOR))
        if major is None or minor is None:
            return inconclusive("readings-differ", what="version")
        self.version = f"{major[0]}.{minor[0]}"
        self.context.identity["bootloader"] = "stk500boot"
        self.context.identity["bootloader_version"] = self.version
        return self._if_clean(passed(version=self.version))

    def read_signature(self) -> Conversation[Outcome]:
        """The chip's signature as the bootloader tells it, asked twice."""
        signature = b""
        for index in range(3):
            byte = yield from self.reader.twice(ReadSignature(index))
            if byte is None:
                return inconclusive("readings-differ", what="signature")
            signature += byte
        self.signature = signature.hex()
        self.context.identity["signature"] = self.signature
        if self.signature not in CHIPS:
            return Outcome(Verdict.UNKNOWN, "chip-unknown", {"signature": self.signature})
        self.context.identity["chip"] = CHIPS[self.signature][1]
        return self._if_clean(passed(signature=self.signature))

    def read_bootloader(self) -> Conversation[Outcome]:
        """The bootloader's region against the baseline, in two readings that agree."""
        board = self.context.catalogue.baseline(SLUG).board(self.board)
        self.context.identity["board"] = board.slug if board is not None else None
        facts = {"signature": self.signature}
        region = next((r for r in board.regions if r.name == "bootloader"), None) if board is not None else None
        if region is None:
            return judge(self.context, Observation(SLUG, self.board, self.version, facts=facts))
        data = yield from self.reader.read(region.start, region.start + region.size)
        again = yield from self.reader.read(region.start, region.start + region.size)
        if data != again:
            first = next(number for number, byte in enumerate(data) if byte != again[number])
            return inconclusive("readings-differ", what=f"0x{region.start + first:05x}")
        self._note("bootloader", region.start, data)
        digest = RegionDigest.of(data, region.page_size)
        outcome = judge(self.context, Observation(SLUG, self.board, self.version, {region.name: digest}, facts))
        self.known = outcome.verdict is Verdict.PASS
        measured: dict[str, Scalar] = {"bytes": len(data), "sha256": digest.sha256}
        return self._if_clean(Outcome(outcome.verdict, outcome.reason, outcome.params, measured))

    def fuses(self) -> Conversation[Outcome]:
        """The fuses and the lock byte, for information; only a known bootloader is known to read them."""
        if not self.known:
            return inconclusive("fuses-unsure")
        measured: dict[str, Scalar] = {}
        for which in ("low", "high", "extended"):
            value = yield from self.reader.ask_once(ReadFuse(which))
            if value is None:
                return inconclusive("not-offered", measured, what="fuses")
            measured[f"{which}_fuse"] = f"0x{value[0]:02x}"
        value = yield from self.reader.ask_once(ReadLock())
        if value is None:
            return inconclusive("not-offered", measured, what="lock bits")
        return passed(**measured, lock_bits=f"0x{value[0]:02x}")

    def read_application(self) -> Conversation[Outcome]:
        """The sketch's region: read and recorded."""
        board = self.context.catalogue.baseline(SLUG).board(self.board)
        if board is None:
            return Outcome(Verdict.UNKNOWN, "chip-unknown", {"signature": self.signature})
        data = yield from self.reader.read(0, min(region.start for region in board.regions))
        self._note("application", 0, data)
        self.used = len(data.rstrip(b"\xff"))
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

    @property
    def board(self) -> str:
        """The baseline's name for what this seems to be."""
        return f"{CHIPS[self.signature][0] if self.signature in CHIPS else self.signature}-stk500v2"

    def _if_clean(self, outcome: Outcome) -> Outcome:
        """No PASS over a line that loses bytes: it was read in the end, but the cable is not in order."""
        if self.reader.spoilt and outcome.verdict is Verdict.PASS:
            return inconclusive("line-unsteady", outcome.measured, count=self.reader.spoilt)
        return outcome

    def _note(self, name: str, start: int, data: bytes) -> None:
        self.context.regions.append(MemoryRegion(name, start, len(data), hashlib.sha256(data).hexdigest()))


def _wants_flash(context: CheckContext) -> bool:
    return context.options.read_flash


KIND = DeviceKind(
    slug=SLUG,
    usb=(
        *(
            UsbRule(vid, pid, shared=True, label="Arduino Mega 2560")
            for vid, pid in (
                (0x2341, 0x0010),
                (0x2341, 0x0042),
                (0x2341, 0x0210),
                (0x2341, 0x0242),
                (0x2A03, 0x0010),
                (0x2A03, 0x0042),
            )
        ),
        *BRIDGES,
    ),
    bauds=(115200,),
    opening=Opening.WHEN_NAMED,
    identified_by="signature",
    begin=MegaCheck,
    steps=(
        Step("connect", MegaCheck.connect, timeout_s=8.0),
        Step("bootloader-version", MegaCheck.bootloader_version, timeout_s=6.0),
        Step("signature", MegaCheck.read_signature, timeout_s=6.0, essential=False),
        Step("bootloader", MegaCheck.read_bootloader, timeout_s=12.0, essential=False),
        Step("fuses", MegaCheck.fuses, timeout_s=4.0, essential=False, counts=False),
        Step("application", MegaCheck.read_application, timeout_s=45.0, essential=False, when=_wants_flash),
        Step("sketch", MegaCheck.sketch, timeout_s=STEP_S, essential=False, counts=False, when=_wants_flash),
    ),
    leave=MegaCheck.leave,
    deadline_s=30.0,
    long_deadline_s=60.0,
)

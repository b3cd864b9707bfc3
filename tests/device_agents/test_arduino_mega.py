"""The Mega's check against the real stk500boot in an emulator, over good and bad cables."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_checks.images import read
from firmware_checks.verdicts import Verdict
from tests.conftest import require_file
from tests.device_agents.probing import probe
from tests.emulators.arduino import ARDUINO, downloaded, mega
from tests.emulators.fault_proxy import FaultProxy, Faults
from tests.emulators.programs import Emulator

pytestmark = pytest.mark.emulator
HEX = f"{ARDUINO}/stk500v2/stk500boot_v2_mega2560.hex"


@pytest.fixture(scope="module")
def board() -> Iterator[Emulator]:
    with mega() as emulator:
        yield emulator


def test_a_mega_passes_with_its_whole_flash_read() -> None:
    """PASS within the minute that a read-back may take; both regions are those of the images in it, and the sketch says
    what it is afterwards."""
    image = downloaded("avrgirl-arduino-5.0.1/junk/hex/mega/StandardFirmata.cpp.hex")
    with mega(image) as emulator:
        probed = probe(emulator.port, "--kind", "arduino-mega")
    assert probed.code == 0, probed.out
    assert probed.document["identity"] == {
        "bootloader": "stk500boot",
        "bootloader_version": "2.10",
        "signature": "1e9801",
        "chip": "ATmega2560",
        "board": "atmega2560-stk500v2",
        "sketch": "StandardFirmata.ino 2.3",
        "firmata": "2.3",
    }
    boot = read(require_file(HEX, "arduino-core-avr").read_bytes()).images[0].region_digest(0x3E000, 0x2000, 256)
    application = read(image.read_bytes()).images[0].region(0, 0x3E000)
    regions = {region.name: region for region in probed.report.evidence.regions}
    assert regions["bootloader"].sha256 == boot.sha256
    assert regions["application"].sha256 == hashlib.sha256(application).hexdigest()
    sketch = probed.report.steps[-1]
    assert sketch.name == "sketch" and sketch.measured["pins"] == 70 and sketch.measured["analog_pins"] == 16
    assert probed.seconds < 60


def test_a_quick_check_reads_the_bootloader_and_the_fuses(board: Emulator) -> None:
    """Well under 30 s; the fuses are the chip's, as the bootloader reads them, and decide nothing."""
    probed = probe(board.port, "--kind", "arduino-mega", "--no-flash")
    assert probed.code == 0 and probed.seconds < 10, probed.out
    fuses = next(step for step in probed.report.steps if step.name == "fuses")
    assert fuses.counts is False
    assert fuses.measured == {
        "low_fuse": "0xff",
        "high_fuse": "0xd8",
        "extended_fuse": "0xfd",
        "lock_bits": "0xcf",
    }
    assert [region.name for region in probed.report.evidence.regions] == ["bootloader"]
    assert probed.report.evidence.properties["kind_named_by"] == "person"
    assert probe(board.port).document["verdict"] == "UNKNOWN", "a Mega may be a printer: only a person's word opens it"


def test_a_mega_is_not_taken_for_an_uno(board: Emulator) -> None:
    """The other protocol's check on a Mega: INCONCLUSIVE, and it says that something else answers."""
    probed = probe(board.port, "--kind", "arduino-avr", "--no-flash")
    assert probed.report.verdict is Verdict.INCONCLUSIVE


def test_a_damaged_bootloader_is_named(tmp_path: Path) -> None:
    """One byte of the bootloader's text is another: DAMAGED, with the page."""
    flash = read(require_file(HEX, "arduino-core-avr").read_bytes()).images[0].region(0x3E000, 0x2000)
    at = 0xE000 + flash.index(b"Bootloader")
    record = bytes([1]) + at.to_bytes(2, "big") + b"\x00b"
    patch = tmp_path / "patch.hex"
    lines = [bytes.fromhex("020000040003"), record, bytes.fromhex("00000001")]
    patch.write_text("".join(f":{line.hex()}{-sum(line) & 0xFF:02x}\n" for line in lines).upper())
    with mega(patch) as emulator:
        probed = probe(emulator.port, "--kind", "arduino-mega", "--no-flash")
    assert (probed.code, probed.document["verdict"]) == (1, "DAMAGED"), probed.out


def test_a_bad_cable_never_passes(board: Emulator) -> None:
    """Bytes that are lost now and then: INCONCLUSIVE, in time."""
    with FaultProxy(board.port, Faults(drop_every=900)) as port:
        probed = probe(port, "--kind", "arduino-mega", "--no-flash")
    assert probed.code == 2, probed.out
    assert probed.seconds < 32

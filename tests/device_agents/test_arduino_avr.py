"""The Arduino's check against real bootloaders in an emulator, over good and bad cables."""

import hashlib
import os
import subprocess
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_checks.verdicts import Verdict
from tests.conftest import require_program
from tests.device_agents.probing import probe
from tests.emulators.arduino import duemilanove, optiboot_hex, sketch, uno
from tests.emulators.fault_proxy import FaultProxy, Faults
from tests.emulators.network import on_network
from tests.emulators.programs import Emulator

pytestmark = pytest.mark.emulator

OVERHEAD_S = 2.0
"""A Python that starts on a busy machine."""


@pytest.fixture(scope="module")
def board() -> Iterator[Emulator]:
    with uno(sketch("talker")) as emulator:
        yield emulator


def test_an_uno_passes_with_its_identity(board: Emulator) -> None:
    """PASS, exit 0: chip, bootloader and version told, both regions read, digests those of the images that are in
    it."""
    probed = probe(board.port, "--kind", "arduino-avr")
    assert probed.code == 0, probed.out
    document = probed.document
    assert list(document) == ["schema", "verdict", "kind", "identity", "steps", "evidence"]
    assert document["schema"] == "stem-check/1" and document["verdict"] == "PASS"
    assert document["identity"] == {
        "bootloader": "Optiboot",
        "bootloader_version": "4.4",
        "signature": "1e950f",
        "chip": "ATmega328P",
        "board": "atmega328p-optiboot",
    }
    flash = bytearray(b"\xff" * 32768)
    for image in (optiboot_hex(), sketch("talker")):
        _burn(flash, image)
    regions = {region["name"]: region for region in document["evidence"]["regions"]}
    assert regions["bootloader"]["sha256"] == hashlib.sha256(flash[0x7E00:]).hexdigest()
    assert regions["application"]["sha256"] == hashlib.sha256(flash[:0x7E00]).hexdigest()
    assert regions["application"]["length"] == 0x7E00
    assert probed.seconds < 30


def test_what_was_read_is_what_a_peer_reads(board: Emulator, tmp_path: Path) -> None:
    """avrdude reads the same flash from the same board: the digests agree."""
    avrdude = require_program("avrdude", "avrdude")
    read = tmp_path / "flash.bin"
    command = [avrdude, "-q", "-q", "-c", "arduino", "-p", "m328p", "-b", "115200", "-P", board.port]
    subprocess.run([*command, "-U", f"flash:r:{read}:r"], check=True, capture_output=True, timeout=60)
    flash = read.read_bytes()
    probed = probe(board.port, "--kind", "arduino-avr")
    for region in probed.report.evidence.regions:
        assert region.sha256 == hashlib.sha256(flash[region.start : region.start + region.length]).hexdigest()
    assert sum(region.length for region in probed.report.evidence.regions) == len(flash)


def _burn(flash: bytearray, path: Path) -> None:
    for line in path.read_text().splitlines():
        record = bytes.fromhex(line[1:])
        if record[3] == 0:
            at = int.from_bytes(record[1:3], "big")
            flash[at : at + record[0]] = record[4 : 4 + record[0]]


def test_the_sketch_runs_again_afterwards(board: Emulator) -> None:
    """The check leaves the bootloader: the sketch says that it has started, long before the bootloader's own time is
    up."""
    handle = os.open(board.port, os.O_RDWR | os.O_NOCTTY)  # kept open, so that the probe does not reset by opening
    try:
        tty.setraw(handle)
        time.sleep(0.3)
        for _ in range(3):
            # on a busy machine a board that is not reset by its first reader may be past its bootloader already
            probed = probe(board.port, "--kind", "arduino-avr", "--no-flash")
            if probed.report.verdict is Verdict.PASS:
                break
        assert probed.report.verdict is Verdict.PASS
        os.set_blocking(handle, False)
        heard = b""
        end = time.monotonic() + 3
        while b"alive" not in heard and time.monotonic() < end:
            try:
                heard += os.read(handle, 100)
            except BlockingIOError:
                time.sleep(0.01)
        assert b"alive" in heard
    finally:
        os.close(handle)


def test_without_the_flash_the_bootloader_is_still_compared(board: Emulator) -> None:
    """--no-flash leaves the sketch's memory out, and nothing else."""
    probed = probe(board.port, "--kind", "arduino-avr", "--no-flash")
    assert probed.code == 0
    assert [step.name for step in probed.report.steps] == ["connect", "bootloader-version", "signature", "bootloader"]
    assert probed.seconds < 5


def test_an_old_nano_passes() -> None:
    """ATmegaBOOT is found, told by its version, and its region is the known one."""
    with duemilanove(sketch("talker")) as emulator:
        probed = probe(emulator.port, "--kind", "arduino-avr", "--no-flash")
    assert probed.code == 0, probed.out
    assert probed.document["identity"]["bootloader"] == "ATmegaBOOT"
    assert probed.document["identity"]["board"] == "atmega328p-atmegaboot"


BAD_CABLES = {
    "silence": Faults(truncate_at=0),
    "deaf": Faults(deaf=True),
    "half a sync": Faults(truncate_at=1),
    "half a signature": Faults(truncate_at=17),
    "half a page": Faults(truncate_at=100),
    "silence within the flash": Faults(truncate_at=5_000),
    "garbage": Faults(garble_every=1),
    "some garbage": Faults(garble_every=37),
    "lost bytes": Faults(drop_every=41),
    "a lost byte now and then": Faults(drop_every=900),
    "echo": Faults(echo=True),
    "only echo": Faults(echo=True, truncate_at=0),
    "a printer": Faults(instead=b"ok T:21.3 /0.0 B:21.3 /0.0 @:0\n"),
    "a micro:bit": Faults(instead=b"\r\n>>> "),
    "too late": Faults(delay_s=4.0),
    "unplugged while it looks": Faults(cut_after_s=0.2),
    "unplugged within the flash": Faults(cut_at=5_000),
}


@pytest.mark.parametrize("cable", BAD_CABLES)
def test_a_bad_cable_never_passes(board: Emulator, cable: str) -> None:
    """Every fault ends within the deadline, with exit 2 and a reason, and the port is free again."""
    with FaultProxy(board.port, BAD_CABLES[cable]) as port:
        probed = probe(port, "--kind", "arduino-avr")
    assert probed.report.verdict is Verdict.INCONCLUSIVE, probed.out
    assert probed.code == 2
    assert probed.reasons
    assert probed.seconds < 60 + OVERHEAD_S


@pytest.mark.parametrize("cable", ["split", "slow"])
def test_a_slow_cable_passes(board: Emulator, cable: str) -> None:
    """Bytes that come one by one, or 60 ms late, are still the right bytes."""
    faults = {"split": Faults(split=True, split_gap_s=0.0005), "slow": Faults(delay_s=0.06)}[cable]
    with FaultProxy(board.port, faults) as port:
        probed = probe(port, "--kind", "arduino-avr", "--no-flash")
    assert probed.report.verdict is Verdict.PASS, probed.out


def test_a_spoilt_bootloader_is_damaged(tmp_path: Path) -> None:
    """One wrong byte in the bootloader's region: DAMAGED, exit 1, and the page is named."""
    lines = optiboot_hex().read_text().splitlines()
    flash = bytearray(b"\xff" * 32768)
    _burn(flash, optiboot_hex())
    flash[0x7FE8] ^= 0x01  # in the unused part, so that it still runs
    record = bytes([1, 0x7F, 0xE8, 0, flash[0x7FE8]])
    patch = tmp_path / "patch.hex"
    patch.write_text(f":{record.hex()}{-sum(record) & 0xFF:02x}\n{lines[-1]}\n".upper())
    with uno(patch) as emulator:
        probed = probe(emulator.port, "--kind", "arduino-avr", "--no-flash")
    assert (probed.code, probed.document["verdict"]) == (1, "DAMAGED"), probed.out
    damaged = next(step for step in probed.report.steps if step.name == "bootloader")
    assert damaged.reason is not None and damaged.reason.key == "region-damaged"
    assert "0x07fc0" in str(damaged.reason.params["pages"])


def test_a_board_behind_a_raw_socket_passes(board: Emulator) -> None:
    """socket:// has no reset line: connecting resets the board, and that is enough."""
    with on_network(board) as url:
        probed = probe(url, "--kind", "arduino-avr", "--no-flash")
    assert probed.code == 0, probed.out
    assert probed.report.steps[0].measured["reset_line"] is False


def test_a_board_behind_rfc2217_is_reset_by_its_line(board: Emulator) -> None:
    """rfc2217:// carries DTR: the board is reset by it, and passes with its whole flash read."""
    with on_network(board, rfc2217=True) as url:
        probed = probe(url, "--kind", "arduino-avr")
    assert probed.code == 0, probed.out
    assert probed.report.steps[0].measured["reset_line"] is True
    assert probed.seconds < 60

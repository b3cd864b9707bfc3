"""`stem-firmware identify` and `compare` on images that are whole, old, edited, cut, and nobody's."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from firmware_checks.catalogue import load
from firmware_checks.images import read
from tests.conftest import require_file, require_program
from tests.firmware_checks.hexfiles import intel_hex, uf2, universal_hex
from tests.firmware_checks.test_cli import MEGA, answer, run

MICROPYTHON = "/usr/share/firmware-microbit-micropython/firmware.hex"
OPTIBOOT = "/usr/share/arduino/hardware/arduino/avr/bootloaders/optiboot"


@pytest.fixture
def boot() -> bytes:
    """The bootloader's region of a Mega."""
    image = read(require_file(MEGA, "arduino-core-avr").read_bytes()).images[0]
    return image.region(0x3E000, 0x2000)


@pytest.mark.parametrize(
    ("name", "spoil", "reason", "words"),
    [
        ("cut.hex", lambda hexed, _: hexed[: len(hexed) // 2].rsplit(b"\n", 1)[0], "hex-cut", "8"),
        ("sum.hex", lambda hexed, _: hexed.replace(b"\n:10", b"\n:1000", 1), "hex-not-a-record", "2"),
        ("flip.hex", lambda hexed, _: hexed[:30] + bytes([hexed[30] ^ 1]) + hexed[31:], "hex-checksum", "2"),
        ("two.hex", lambda hexed, _: hexed + hexed, "hex-after-end", "19"),
        ("cut.uf2", lambda _, blocks: blocks[:700], "uf2-cut", "700"),
        ("gone.uf2", lambda _, blocks: blocks[512:], "uf2-blocks-missing", "1"),
        ("magic.uf2", lambda _, blocks: blocks[:512] + b"x" + blocks[513:], "uf2-block-wrong", "1"),
        ("empty.hex", lambda *_: b"", "file-empty", ""),
        ("text.hex", lambda *_: b"<html>Not found</html>", "hex-not-a-record", "1"),
    ],
)
def test_what_is_not_whole_is_damaged_where(tmp_path: Path, name: str, spoil: object, reason: str, words: str) -> None:
    """A file that its own form shows to be cut or altered is DAMAGED, exit 1, with the line or block."""
    assert callable(spoil)
    path = tmp_path / name
    path.write_bytes(spoil(intel_hex([(0, bytes(range(256)))]), uf2(0, bytes(500))))
    done = run("compare", path, "--kind", "microbit", "--json")
    document = answer(done)
    assert (done.returncode, document["verdict"], document["reason"]) == (1, "DAMAGED", reason)
    assert words in document["message"] and document["next"]
    shown = run("identify", path, language="el")
    assert shown.returncode == 1 and shown.stdout.startswith("DAMAGED") and "→ Μην το βάλετε" in shown.stdout


def test_a_wrong_line_of_a_universal_hex_is_counted_in_the_file(tmp_path: Path) -> None:
    """The line that is told is the file's, not that of the board's block."""
    lines = universal_hex({"9900": [(0, bytes(600))], "9903": [(0x1C000, bytes(600))]}).split(b"\n")
    number = next(n for n, line in enumerate(lines, 1) if line.startswith(b":10C0") and line[7:9] == b"0D")
    lines[number - 1] = lines[number - 1][:-1] + (b"0" if lines[number - 1][-1:] != b"0" else b"1")
    path = tmp_path / "both.hex"
    path.write_bytes(b"\n".join(lines))
    assert answer(run("identify", path, "--json"))["params"] == {"line": number}


def test_a_known_image_with_an_edited_byte_is_a_mismatch(tmp_path: Path, boot: bytes) -> None:
    """In a hex whose sums are right one changed byte was changed by somebody: MISMATCH, with the image and the page;
    the same bytes read back raw may be a spoilt chip: DAMAGED."""
    edited = bytearray(boot)
    edited[0x100] ^= 1
    hexed, raw = tmp_path / "edited.hex", tmp_path / "edited.bin"
    hexed.write_bytes(intel_hex([(0x3E000, bytes(edited))]))
    raw.write_bytes(bytes(edited))
    done = run("compare", hexed, "--json")
    finding = answer(done)["images"][0]
    assert (done.returncode, finding["verdict"], finding["reason"]) == (1, "MISMATCH", "region-altered")
    assert finding["params"]["pages"] == ["0x3e100"] and "stk500" in finding["message"].lower()
    assert "somebody changed" in finding["next"]
    spoilt = run("compare", raw, "--base", "0x3e000", "--json")
    assert (spoilt.returncode, answer(spoilt)["verdict"]) == (1, "DAMAGED")
    near = answer(run("identify", hexed, "--json"))["images"][0]
    assert (near["verdict"], near["known"]) == ("MISMATCH", []) and near["near"][0]["params"]["pages"] == ["0x3e100"]


def test_a_read_back_that_ends_too_early_proves_nothing(tmp_path: Path, boot: bytes) -> None:
    """A raw read-back cut within the bootloader is INCONCLUSIVE; cut within its erased end, as avrdude writes it, it
    is whole."""
    kind = next(kind for kind, each in load().baselines.items() if each.board("atmega2560-stk500v2") is not None)
    used = len(boot.rstrip(b"\xff"))
    path = tmp_path / "flash.bin"
    for length, expected in ((used, (0, "PASS")), (used - 1, (2, "INCONCLUSIVE")), (0x80, (2, "INCONCLUSIVE"))):
        path.write_bytes(boot[:length])
        done = run("compare", path, "--base", "0x3e000", "--kind", kind, "--board", "atmega2560-stk500v2", "--json")
        assert (done.returncode, answer(done)["verdict"]) == expected, length


def test_what_a_wave_expects_is_judged(tmp_path: Path) -> None:
    """The known MicroPython passes by itself, passes a wave that wants it, and is OUTDATED for one that wants newer;
    a wave's wish for another product changes nothing."""
    path = require_file(MICROPYTHON, "firmware-microbit-micropython")
    assert run("compare", path, "--kind", "microbit").returncode == 0
    wishes = tmp_path / "list.json"
    for minimum, product, code in (("1.0.1", "MicroPython", 0), ("1.1", "MicroPython", 1), ("9", "DAPLink", 0)):
        wish = {"kind": "microbit", "product": product, "minimum": minimum, "reason": "wave 2027"}
        wishes.write_text(json.dumps({"format": "stem-kit-list/1", "firmware": [wish]}))
        done = run("compare", path, "--kind", "microbit", "--expect", wishes, "--json")
        assert done.returncode == code, (minimum, product, done.stdout)
        if code:
            finding = answer(done)["images"][0]
            assert (finding["verdict"], finding["params"]["minimum"]) == ("OUTDATED", "1.1")
    wishes.write_text(json.dumps([{"kind": "microbit", "product": "DAPLink", "minimum": "soon"}]))
    wrong = run("compare", path, "--kind", "microbit", "--expect", wishes)
    assert wrong.returncode == 3 and "list.json" in wrong.stderr and "firmware.0" in wrong.stderr


def test_identify_answers_with_its_exit_code(tmp_path: Path) -> None:
    """0 for a known image, whatever its age; 2 for one that nobody knows; 3 for what is no firmware or too big."""
    known = require_file(MEGA, "arduino-core-avr")
    assert run("identify", known).returncode == 0
    unknown = tmp_path / "unknown.hex"
    unknown.write_bytes(intel_hex([(0, bytes(range(256)))]))
    done = run("identify", unknown, "--json")
    assert (done.returncode, answer(done)["verdict"]) == (2, "UNKNOWN")
    assert "baseline add" in answer(done)["images"][0]["next"]
    photo = tmp_path / "photo"
    photo.write_bytes(b"\x89PNG" + bytes(200))
    assert run("identify", photo).returncode == 3
    huge = tmp_path / "huge.bin"
    with huge.open("wb") as file:
        file.truncate(17 * 1024 * 1024)
    too_big = run("identify", huge)
    assert too_big.returncode == 3 and "16777216" in too_big.stderr


def test_an_elf_is_read_as_its_hex_is(tmp_path: Path) -> None:
    """What avr-gcc links is the same flash in the ELF as in the hex made of it; cut anywhere it is DAMAGED."""
    require_file(f"{OPTIBOOT}/Makefile", "arduino-core-avr")
    require_program("avr-gcc", "gcc-avr")
    source = tmp_path / "blink.c"
    source.write_text(
        "#include <avr/io.h>\nchar seen[] = {1, 2, 3};\n"
        "int main(void) { DDRB = 32; for (;;) { PORTB ^= 32; seen[0]++; } }\n"
    )
    elf, hexed = tmp_path / "blink.elf", tmp_path / "blink.hex"
    subprocess.run(["avr-gcc", "-mmcu=atmega328p", "-Os", "-o", elf, source], check=True, timeout=60)
    subprocess.run(["avr-objcopy", "-O", "ihex", "-R", ".eeprom", elf, hexed], check=True, timeout=60)
    assert read(elf.read_bytes()).images[0].digest == read(hexed.read_bytes()).images[0].digest
    whole, cut = elf.read_bytes(), tmp_path / "cut.elf"
    for length in (4, 40, 60, 100, len(whole) // 2, len(whole) - 1):
        cut.write_bytes(whole[:length])
        done = run("identify", cut, "--json")
        assert (done.returncode, answer(done)["verdict"]) == (1, "DAMAGED"), length
    shutil.copy("/bin/true", tmp_path / "true")
    assert run("identify", tmp_path / "true").returncode == 3

"""`stem-firmware` as people and scripts run it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import require_file
from tests.firmware_checks.hexfiles import intel_hex

MEGA = "/usr/share/arduino/hardware/arduino/avr/bootloaders/stk500v2/stk500boot_v2_mega2560.hex"


def run(*arguments: str | Path, language: str = "en") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).parent / "stem-firmware", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": "/usr/bin:/bin", "STEM_CHECK_LANG": language, "PYTHONUTF8": "1"},
    )


def answer(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(done.stdout)
    return parsed


@pytest.fixture
def mega() -> bytes:
    return require_file(MEGA, "arduino-core-avr").read_bytes()


def test_the_expected_bootloader_passes(mega: bytes) -> None:
    """A packaged bootloader is known, and the board that it is for is found."""
    done = run("compare", MEGA, "--kind", "arduino-mega", "--json")
    assert done.returncode == 0 and answer(done)["verdict"] == "PASS"
    assert answer(done)["images"][0]["board"] == "atmega2560-stk500v2"
    identified = answer(run("identify", MEGA, "--json"))
    assert [match["image"] for match in identified["images"][0]["known"]] == ["stk500boot-2560-debian-12"]


def test_a_flash_read_back_is_judged_by_its_bootloader(tmp_path: Path, mega: bytes) -> None:
    """A raw read-back of a whole Mega passes with a pupil's sketch in it; one byte of the bootloader changes that."""
    from firmware_checks.images import read

    boot = read(mega).images[0]
    flash = bytearray(bytes(range(256)) * 4).ljust(0x3E000, b"\xff") + boot.region(0x3E000, 0x2000)
    path = tmp_path / "flash.bin"
    path.write_bytes(flash)
    assert run("compare", path, "--form", "raw", "--kind", "arduino-mega").returncode == 0
    flash[0x3E100] ^= 1
    path.write_bytes(flash)
    done = run("compare", path, "--form", "raw", "--kind", "arduino-mega")
    assert done.returncode == 1 and done.stdout.startswith("DAMAGED") and "0x3e100" in done.stdout


def test_another_bootloader_is_no_pass(tmp_path: Path) -> None:
    """Bytes that nobody knows in the bootloader's place are MISMATCH, exit code 1."""
    path = tmp_path / "other.hex"
    path.write_bytes(intel_hex([(0x7E00, bytes(range(200)))]))
    done = run("compare", path, "--kind", "arduino-avr", "--board", "atmega328p-optiboot")
    assert done.returncode == 1 and done.stdout.startswith("MISMATCH")


@pytest.mark.parametrize("language", ["el", "en"])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["compare", "missing.hex", "--kind", "arduino-avr"], "missing.hex"),
        (["compare", "missing.hex", "--kind", "toaster"], "toaster"),
        (["identify", "garbage"], "--form raw"),
        (["compare", "sketch.hex", "--kind", "arduino-avr"], "arduino-avr"),
        (["compare", "sketch.hex", "--kind", "arduino-avr", "--board", "uno"], "atmega328p-optiboot"),
        (["--baselines", "nowhere", "identify", "sketch.hex"], "nowhere"),
    ],
)
def test_what_is_unusable_says_why(
    tmp_path: Path, arguments: list[str], words: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of the user's is exit code 3 with one line that names the place, in either language; no traceback."""
    whole = intel_hex([(0, bytes(64))])
    (tmp_path / "sketch.hex").write_bytes(whole)
    (tmp_path / "garbage").write_bytes(bytes(range(256)))
    monkeypatch.chdir(tmp_path)
    done = run(*arguments, language=language)
    assert done.returncode == 3
    assert words in done.stderr and "Traceback" not in done.stderr and len(done.stderr.splitlines()) == 1


def test_an_entry_for_a_baseline_is_made_and_used(tmp_path: Path) -> None:
    """`digest` makes a TOML entry which, in a directory of baselines, makes that image pass."""
    path = tmp_path / "ours.hex"
    path.write_bytes(intel_hex([(0x7E00, bytes(range(200)))]))
    made = run("digest", path, "--kind", "arduino-avr", "--board", "atmega328p-optiboot")
    entry = made.stdout.replace('slug = ""', 'slug = "ours"').replace('source = ""', 'source = "us"')
    head = 'schema = "stem-baseline/1"\nkind = "arduino-avr"\n[sources.us]\ntitle = "our workshop"\n'
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "arduino-avr.toml").write_text(head + entry)
    assert run("compare", path, "--kind", "arduino-avr").returncode == 1
    assert run("--baselines", tmp_path / "more", "compare", path, "--kind", "arduino-avr").returncode == 0


def test_the_language_may_stand_behind_the_command() -> None:
    """`--lang` and `--baselines` count before the command's name and behind it, as with `stem-check`; a wrong command
    line is told in that language, with exit code 3."""
    for given in (["--lang", "el", "identify"], ["identify", "--lang", "el"], ["identify", "--lang=el"]):
        done = run(*given)
        assert done.returncode == 3 and "λείπει το IMAGE" in done.stderr and "required" not in done.stderr
    missing = run("baseline", "list", "--baselines", "/no/such/folder", "--lang", "el")
    assert missing.returncode == 3 and "δεν υπάρχει τέτοιος φάκελος" in missing.stderr

"""The baselines that ship are whole and true, and a directory may add to them or override them."""

import re
import shutil
import string
import subprocess
import tomllib
from pathlib import Path

import pytest
import uflash

from firmware_checks.catalogue import load
from firmware_checks.errors import BaselineInvalid
from firmware_checks.images import read
from firmware_checks.inspect import identify, judge
from firmware_checks.verdicts import Observation, Verdict, compare
from tests.conftest import require_file, require_program
from tests.emulators.arduino import downloaded

AVR = "/usr/share/arduino/hardware/arduino/avr"


@pytest.mark.parametrize(
    ("slug", "path", "package"),
    [
        ("atmegaboot-328-debian-12", f"{AVR}/bootloaders/atmega/ATmegaBOOT_168_atmega328.hex", "arduino-core-avr"),
        ("stk500boot-2560-debian-12", f"{AVR}/bootloaders/stk500v2/stk500boot_v2_mega2560.hex", "arduino-core-avr"),
        (
            "micropython-1.0.1-debian-12",
            "/usr/share/firmware-microbit-micropython/firmware.hex",
            "firmware-microbit-micropython",
        ),
    ],
)
def test_a_figure_is_what_its_source_gives(slug: str, path: str, package: str) -> None:
    """Digests and pages that name a Debian package are computed again from that package's file."""
    image = read(require_file(path, package).read_bytes()).images[0]
    catalogue = load()
    known, baseline = next(
        (known, baseline)
        for baseline in catalogue.baselines.values()
        for known in baseline.images
        if known.slug == slug
    )
    board = baseline.board(known.boards[0])
    assert board is not None
    region = next(r for r in board.regions if r.name == known.region)
    digest = image.region_digest(region.start, region.size, region.page_size)
    assert (known.sha256, known.pages) == (digest.sha256, digest.pages)


def test_a_universal_hex_is_known_in_both_its_blocks() -> None:
    """The one that uflash carries: MicroPython 1.0.1 for a V1 in block 9900, a beta for a V2 in block 9903."""
    content = read(uflash._RUNTIME.encode("ascii"))
    catalogue = load()
    found = {image.target: {match.known.slug for match in identify(image, catalogue)} for image in content.images}
    assert found == {
        "9900": {"micropython-1.0.1-uflash-2.0.0"},
        "9903": {"micropython-2.0.0-beta.5-uflash-2.0.0"},
    }
    baseline = catalogue.baseline("microbit")
    verdicts = [judge(image, baseline, f"microbit-v{n}")[1].verdict for n, image in enumerate(content.images, 1)]
    assert verdicts == [Verdict.PASS, Verdict.OUTDATED]


def test_a_figure_of_a_downloaded_package_is_what_its_file_gives() -> None:
    """The Yún's bootloader is taken again from the export that holds it."""
    export = downloaded("avrgirl-arduino-5.0.1/junk/hex/yun/StandardFirmata.with_bootloader.cpp.hex")
    known = next(image for image in load().baseline("arduino-leonardo").images if image.slug == "caterina-yun")
    digest = read(export.read_bytes()).images[0].region_digest(0x7000, 0x1000, 128)
    assert (known.sha256, known.pages) == (digest.sha256, digest.pages)


def test_bootloader_regions_agree_with_the_boards_file() -> None:
    """A bootloader starts where Arduino's own table of boards lets the application end."""
    boards = require_file(f"{AVR}/boards.txt", "arduino-core-avr").read_text().splitlines()
    table = dict(line.split("=", 1) for line in boards if "=" in line and not line.startswith("#"))
    limits = {
        "atmega328p-optiboot": table["uno.upload.maximum_size"],
        "atmega328p-atmegaboot": table["nano.menu.cpu.atmega328old.upload.maximum_size"],
        "atmega2560-stk500v2": table["mega.menu.cpu.atmega2560.upload.maximum_size"],
        "atmega32u4-leonardo": table["leonardo.upload.maximum_size"],
        "atmega32u4-micro": table["micro.upload.maximum_size"],
        "atmega32u4-yun": table["yun.upload.maximum_size"],
    }
    kinds = ("arduino-avr", "arduino-mega", "arduino-leonardo")
    boards_known = [board for kind in kinds for board in load().baseline(kind).boards]
    assert {board.slug: str(board.regions[0].start) for board in boards_known} == limits


@pytest.mark.parametrize(
    ("kind", "board", "version", "verdict"),
    [
        ("microbit", "microbit-v1", "DAPLink 0253", Verdict.PASS),
        ("microbit", "microbit-v1", "DAPLink 0241", Verdict.OUTDATED),
        ("microbit", "microbit-v2", "DAPLink 0253", Verdict.OUTDATED),
        ("microbit", "microbit-v2", "DAPLink 0255", Verdict.PASS),
        ("microbit", "microbit-v1", "1.0.1", Verdict.PASS),
        ("microbit", "microbit-v1", "MicroPython 1.0.0", Verdict.OUTDATED),
        ("microbit", "microbit-v1", None, Verdict.UNKNOWN),
        ("printer-marlin", "printer", "Marlin 2.0.9.3 (Sep 12 2021)", Verdict.PASS),
        ("printer-marlin", "printer", "Marlin bugfix-2.1.x (Github)", Verdict.PASS),
        ("printer-marlin", "printer", "Marlin 1.1.0-RC8", Verdict.OUTDATED),
        ("printer-marlin", "printer", "Virtual Marlin 1.0", Verdict.PASS),
        ("printer-marlin", "printer", "Prusa-Firmware 3.9.3 based on Marlin", Verdict.UNKNOWN),
        ("printer-marlin", "printer", "Marlin", Verdict.UNKNOWN),
    ],
)
def test_versions_of_the_field(kind: str, board: str, version: str | None, verdict: Verdict) -> None:
    """What devices of the field report gets the verdict that the sources give it."""
    assert compare(Observation(kind, board, version), load().baseline(kind)).verdict is verdict


def write(folder: Path, kind: str, content: str) -> Path:
    (folder / f"{kind}.toml").write_text(content, encoding="utf-8")
    return folder


def test_a_directory_adds_and_overrides(tmp_path: Path) -> None:
    """A part file adds an image and a stricter bound; what it does not name stays."""
    write(
        tmp_path,
        "microbit",
        """
schema = "stem-baseline/1"
kind = "microbit"
[sources.ours]
title = "our own measurement"
[[versions]]
boards = ["microbit-v1"]
product = "DAPLink"
below = "0254"
status = "outdated"
source = "ours"
""",
    )
    baseline = load(tmp_path).baseline("microbit")
    assert compare(Observation("microbit", "microbit-v1", "DAPLink 0253"), baseline).verdict is Verdict.OUTDATED
    assert compare(Observation("microbit", "microbit-v2", "DAPLink 0255"), baseline).verdict is Verdict.PASS
    assert baseline.images == load().baseline("microbit").images


def test_a_directory_may_bring_a_kind(tmp_path: Path) -> None:
    """A new kind needs one file."""
    folder = write(tmp_path, "thymio", 'schema = "stem-baseline/1"\nkind = "thymio"\nsources = {}\n')
    assert "thymio" in load(folder).kinds and "thymio" not in load().kinds


@pytest.mark.parametrize(
    ("content", "slug", "part"),
    [
        ("not toml", "baseline-not-toml", "thing.toml"),
        ('schema = "stem-baseline/9"\nkind = "thing"\nsources = {}', "baseline-wrong", "schema"),
        ('schema = "stem-baseline/1"\nkind = "other"\nsources = {}', "baseline-wrong", "other"),
        ('schema = "stem-baseline/1"\nkind = "thing"\nsources = {}\ncolour = 1', "baseline-wrong", "colour"),
        (
            'schema = "stem-baseline/1"\nkind = "thing"\nsources = {}\n'
            '[[boards]]\nslug = "x"\nname = "X"\nsource = "y"',
            "baseline-wrong",
            "no such source: y",
        ),
        (
            'schema = "stem-baseline/1"\nkind = "thing"\nsources = {a = {title = "a"}}\n'
            '[[versions]]\nversion = "?"\nstatus = "current"\nsource = "a"',
            "baseline-wrong",
            "not a version",
        ),
        ('schema = "stem-baseline/1"\nkind = "thing"\nsources = 3\nboards = 4', "baseline-wrong", "sources is a table"),
    ],
)
def test_a_wrong_file_is_named_with_its_place(tmp_path: Path, content: str, slug: str, part: str) -> None:
    """What is wrong with a baseline is told with the file and the place in it."""
    with pytest.raises(BaselineInvalid) as caught:
        load(write(tmp_path, "thing", content))
    assert caught.value.slug == slug
    assert part in str(caught.value) and "thing.toml" in str(caught.value)


def test_every_message_is_there_in_both_languages() -> None:
    """Greek and English have the same keys with the same places, and every key that the code raises is among them."""

    package = Path(__file__).parent.parent.parent / "firmware_checks"
    texts = {
        language: tomllib.loads((package / "messages" / f"{language}.toml").read_text(encoding="utf-8"))
        for language in ("el", "en")
    }
    assert texts["el"].keys() == texts["en"].keys()
    for key, message in texts["el"].items():
        places = [{name for _, name, _, _ in string.Formatter().parse(m) if name} for m in (message, texts["en"][key])]
        assert places[0] == places[1], key
    code = "\n".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    used = set(re.findall(r'(?:Unreadable|Invalid)\(\s*"([a-z0-9-]+)"', code))
    used |= set(re.findall(r'Finding\(Verdict\.\w+, "([a-z-]+)"', code)) | set(re.findall(r'"(ui-[a-z-]+)"', code))
    used |= {f"region-{s}" for s in ("current", "outdated", "damaged")}
    used |= {f"version-{s}" for s in ("current", "outdated", "unknown")}
    assert used <= texts["en"].keys(), used - texts["en"].keys()


def test_optiboot_built_again_is_the_known_one(tmp_path: Path) -> None:
    """The packaged source, built as the baseline says, gives the digest that stands there."""
    source = require_file(f"{AVR}/bootloaders/optiboot/Makefile", "arduino-core-avr").parent
    require_program("avr-gcc", "gcc-avr")
    shutil.copytree(source, tmp_path / "optiboot")
    (tmp_path / "optiboot" / "optiboot_atmega328.hex").unlink()
    optimise = "-Os -fno-inline-small-functions -fno-split-wide-types -mshort-calls"
    command = ["make", "atmega328", f"OPTIMIZE={optimise} -fno-tree-scev-cprop -fno-move-loop-invariants"]
    subprocess.run(command, cwd=tmp_path / "optiboot", check=True, capture_output=True, timeout=60)
    image = read((tmp_path / "optiboot" / "optiboot_atmega328.hex").read_bytes()).images[0]
    digest = image.region_digest(0x7E00, 512, 64)
    known = {i.slug: i for i in load().baseline("arduino-avr").images}["optiboot-4.4-debian-12-rebuilt"]
    assert (digest.sha256, digest.pages) == (known.sha256, known.pages)

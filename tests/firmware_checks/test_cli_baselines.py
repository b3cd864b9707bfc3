"""`stem-firmware baseline`: an entry is made from a golden device or an image, and refused where it is no gold."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from firmware_checks.catalogue import Document, load
from firmware_checks.golden import from_report
from tests.conftest import require_file
from tests.device_agents.reports import make_report
from tests.firmware_checks.hexfiles import intel_hex
from tests.firmware_checks.test_cli import MEGA, answer, run

WHO = ("--source", "our workshop", "--who", "Μαρία Τεχνικού")


def golden_report(verdict: str = "MISMATCH", sha256: str = "ab" * 32, size: int = 0x200) -> dict[str, Any]:
    """What `stem-check probe --json` prints of an Uno whose bootloader is not a known one."""
    document: dict[str, Any] = make_report("arduino-avr", board="atmega328p-optiboot", signature="1e950f").document()
    document["verdict"] = document["steps"][0]["verdict"] = verdict
    region = {"name": "bootloader", "start": 0x7E00, "length": size, "sha256": sha256}
    document["evidence"]["regions"] = [region, {**region, "name": "application", "start": 0}]
    return document


def test_an_image_becomes_known_with_its_source(tmp_path: Path) -> None:
    """From an image: an entry with pages, source, date and who; a second one makes the next edition and keeps the
    first; both are then identified."""
    first, second, out = tmp_path / "a.hex", tmp_path / "b.hex", tmp_path / "more"
    first.write_bytes(intel_hex([(0x7E00, bytes(range(200)))]))
    second.write_bytes(intel_hex([(0x7E00, bytes(range(100, 240)))]))
    arguments = ("--kind", "arduino-avr", "--board", "atmega328p-optiboot", "--out", out, *WHO, "--version", "8.3")
    done = run("baseline", "add", first, *arguments, "--name", "Optiboot", "--url", 'https://example.gr/"8"', "--json")
    assert done.returncode == 0, done.stderr
    assert (answer(done)["edition"], answer(done)["images"]) == (1, ["optiboot-8.3"])
    again = run("baseline", "add", first, *arguments, "--name", "Optiboot")
    assert again.returncode == 3 and "optiboot-8.3" in again.stderr and "--replace" in again.stderr
    assert run("baseline", "add", second, *arguments, "--name", "Δικός μας").returncode == 0
    held = tomllib.loads((out / "arduino-avr.toml").read_text(encoding="utf-8"))
    assert held["edition"] == 2 and len(held["images"]) == 2
    source = held["sources"]["optiboot-8.3"]
    assert (source["title"], source["added_by"], source["url"]) == (
        "our workshop", "Μαρία Τεχνικού", 'https://example.gr/"8"',
    )  # fmt: skip
    assert source["added_on"].year >= 2026 and len(held["images"][0]["pages"]) == 8
    for image in (first, second):
        found = answer(run("--baselines", out, "identify", image, "--json"))["images"][0]
        assert found["verdict"] == "PASS" and found["known"][0]["source"] == "our workshop"
    assert run("baseline", "check", out).returncode == 0


def test_a_golden_device_becomes_known(tmp_path: Path) -> None:
    """From a saved report: its bootloader's digest for its board; the same device then passes."""
    path, out = tmp_path / "golden.json", tmp_path / "more"
    path.write_text(json.dumps(golden_report()))
    done = run("baseline", "add", path, "--out", out, "--name", "Optiboot", "--version", "8.0", *WHO)
    assert done.returncode == 0, done.stderr
    known = load(out).baseline("arduino-avr").images_of("atmega328p-optiboot", "bootloader")[-1]
    assert (known.sha256, known.version, known.pages) == ("ab" * 32, "8.0", ())
    assert "2026-11-21" in (load(out).baseline("arduino-avr").sources["optiboot-8.0"].detail or "")


def test_a_golden_version_becomes_known(tmp_path: Path) -> None:
    """A printer has no region: the firmware that it names becomes a known version."""
    document = make_report("printer-marlin", firmware="Prusa-Firmware 3.9.3 based on Marlin").document()
    path, out = tmp_path / "golden.json", tmp_path / "more"
    path.write_text(json.dumps(document))
    done = run("baseline", "add", path, "--out", out, "--name", "Prusa", "--version", "3.9.3", *WHO)
    assert done.returncode == 0, done.stderr
    rule = load(out).baseline("printer-marlin").versions[0]
    assert (rule.product, rule.version, rule.status) == ("Prusa-Firmware", "3.9.3", "current")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"verdict": "FAIL"}, "FAIL"),
        ({"verdict": "INCONCLUSIVE"}, "INCONCLUSIVE"),
        ({"verdict": "DAMAGED"}, "DAMAGED"),
        ({"size": 0x100}, "no region"),
    ],
)
def test_what_is_no_gold_is_refused(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    """A device at fault, one not checked to the end, or a region half read is no example; nothing is written."""
    path, out = tmp_path / "golden.json", tmp_path / "more"
    path.write_text(json.dumps(golden_report(**change)))
    done = run("baseline", "add", path, "--out", out, "--name", "X", "--version", "1", *WHO)
    assert done.returncode == 3 and words in done.stderr and not list(tmp_path.glob("more/*"))


@pytest.mark.parametrize(
    "content", ["{", "{}", '{"schema": "stem-check/99"}', '{"schema": "stem-check/1"}', "{" * 9999]
)
def test_what_is_no_report_is_refused(tmp_path: Path, content: str) -> None:
    """Anything else in JSON is named and refused, without a traceback."""
    path = tmp_path / "golden.json"
    path.write_text(content)
    done = run("baseline", "add", path, "--out", tmp_path, "--name", "X", "--version", "1", *WHO)
    assert done.returncode == 3 and "golden.json" in done.stderr and "Traceback" not in done.stderr


def test_a_wrong_file_is_told_whole(tmp_path: Path) -> None:
    """`check` names every faulty place of a file, an entry by its slug, and ends with 3; a right file gives 0."""
    path = tmp_path / "microbit.toml"
    path.write_text(
        'schema = "stem-baseline/1"\nkind = "microbit"\nedition = 0\n[sources.us]\ntitle = " "\n'
        '[[images]]\nslug = "x"\nname = "X"\nboards = ["microbit-v1"]\nregion = "flash"\nversion = "1"\n'
        'sha256 = "zz"\nsource = "us"\n'
    )
    done = run("baseline", "check", path, "--json")
    places = {fault["place"] for fault in answer(done)["files"][0]["faults"]}
    assert done.returncode == 3 and places == {"edition", "sources.us.title", "images[x].sha256"}
    shown = run("baseline", "check", path, language="el")
    assert shown.stdout.count("microbit.toml") == 3 and "Διορθώστε" in shown.stdout
    assert run("baseline", "check", tmp_path / "nowhere.toml").returncode == 3


@pytest.mark.parametrize("kind", load().kinds)
def test_what_ships_is_shown_with_its_sources(kind: str) -> None:
    """Each shipped kind is listed, and shown with each figure's source."""
    listed = {row["kind"] for row in answer(run("baseline", "list", "--json"))["baselines"]}
    shown = run("baseline", "show", kind)
    assert kind in listed and shown.returncode == 0
    assert all(source.title in shown.stdout for source in load().baseline(kind).sources.values())


def test_editions_and_texts_survive_the_file(tmp_path: Path) -> None:
    """Quotes, backslashes, Greek, control characters in what a person types come back from the file as they were."""
    image = tmp_path / "a.hex"
    image.write_bytes(intel_hex([(0x7E00, bytes(range(200)))]))
    words = 'say "ναι" \\ back\ttab\x7f\x01'
    done = run(
        "baseline", "add", image, "--kind", "arduino-avr", "--board", "atmega328p-optiboot", "--out", tmp_path,
        "--name", "Optiboot", "--version", "8", "--source", words, "--who", "x", "--note", words,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    held = tomllib.loads((tmp_path / "arduino-avr.toml").read_text(encoding="utf-8"))
    assert held["sources"]["optiboot-8"]["title"] == words == held["images"][0]["note"]


def test_a_document_adds_to_what_ships() -> None:
    """What the service sends comes between what ships and a folder of one's own."""
    require_file(MEGA, "arduino-core-avr")
    content = b'schema = "stem-baseline/1"\nkind = "microbit"\nedition = 7\n[sources.x]\ntitle = "x"\n'
    catalogue = load(documents=[Document("microbit", "bundle 7: microbit", content)], label="bundle 7")
    assert catalogue.baseline("microbit").edition == 7 and catalogue.label == "bundle 7"
    assert catalogue.baseline("microbit").boards == load().baseline("microbit").boards
    report = json.dumps(make_report("microbit", board="V1", daplink="0257").document()).encode()
    assert from_report(report, "r", catalogue, None).versions == ("DAPLink 0257",)

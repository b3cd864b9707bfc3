"""Pictures of the station in Greek: `python -m tests.device_agents.pictures [DIR]` renews docs/pictures/station*.png.

The box: an Uno on simavr, a micro:bit on QEMU and OctoPrint's virtual printer run their real firmware on ptys; beside
them stand recorded conversations with others, and boards with faults that no emulator can be made to have. DIR keeps
the SVGs.
"""

import asyncio
import contextlib
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from device_agents.candidates import Candidate
from device_agents.discovery.presence import Sighting
from device_agents.kinds import AnyKind
from device_agents.kitlist import KitList
from device_agents.transports.base import Transport
from device_agents.transports.choosing import transport_for
from tests.conftest import require_program
from tests.contracts.transcripts import TRANSCRIPTS, Transcript
from tests.device_agents.boxes import OPEN_THERMISTOR, UNO, Box, replayed, sighting, timed
from tests.device_agents.screens import Screen, screen
from tests.device_agents.scripted_devices import V2, Board
from tests.emulators.arduino import sketch, uno
from tests.emulators.programs import microbit, printer

TARGET = Path(__file__).parent.parent.parent / "docs" / "pictures"
SIZE = (148, 45)
KEPT = ("station", "station-checking", "station-question")
OLD_PRINTER = Transcript(TRANSCRIPTS / "printer-marlin" / "outdated.old-firmware.jsonl")
HALTED = Transcript(TRANSCRIPTS / "printer-marlin" / "fail.halts.jsonl")


def line(item: str, name: str, kind: str, serials: list[str]) -> dict[str, object]:
    names = {"el": name, "en": name}
    return {"item": item, "name": names, "kind": kind, "quantity": len(serials), "serials": serials}


KIT = KitList.model_validate(
    {
        "format": "stem-kit-list/1",
        "kit": "K7MP4R2T",
        "school": "2ο Γυμνάσιο Κιλκίς",
        "title": {"el": "Εργαστήριο ρομποτικής Γυμνασίου", "en": "Robotics for lower secondary"},
        "lines": [
            line("uno", "Arduino Uno", "arduino-avr", ["ARD-0101", "ARD-0102", "ARD-0103"]),
            line("microbit", "BBC micro:bit", "microbit", ["MB-0201", "MB-0202", "MB-0203", "MB-0204", "MB-0205"]),
            line("printer", "Εκτυπωτής 3D", "printer-marlin", ["P3D-31", "P3D-32"]),
            line("bee", "Bee-Bot", "bee-bot", ["BEE-11", "BEE-12"]),
        ],
    }
)


@dataclass
class EmulatedBox(Box):
    """A box whose ptys are opened as the station opens them."""

    def connect(self, kind: AnyKind, candidate: Candidate) -> Transport | None:
        if candidate.port.startswith("/dev/"):
            return transport_for(kind, candidate)
        return super().connect(kind, candidate)


@contextlib.contextmanager
def the_box(folder: Path) -> Iterator[tuple[Box, list[Sighting]]]:
    """The box, and what is plugged in of it at first."""
    box = EmulatedBox(folder)
    box.devices = {
        "uno2": timed(UNO),
        "copy": timed(UNO),
        "other": timed(UNO),
        "shaken": Board(says={"identity": V2, "accelerometer": ([(0, 0, 0)] * 5,)}).transport,
        "v2": Board(says={"identity": V2}).transport,
        "held": Board(says={"identity": V2, "buttons": (True, False)}).transport,
        "makecode": Board(says={"ready": None}, deaf=True).transport,
        "thermistor": replayed(OPEN_THERMISTOR),  # on its own clock: ours is that of a busy machine
        "halted": timed(HALTED),
    }
    with uno(sketch()) as board, microbit() as bit, printer() as marlin:
        yield (
            box,
            [
                Sighting(Candidate(board.port), "arduino-avr", "ARD-0101"),
                sighting("uno2", "arduino-avr", "ARD-0102"),
                Sighting(Candidate(bit.port), "microbit", "MB-0201"),
                sighting("v2", "microbit", "MB-0202"),
                sighting("shaken", "microbit", "MB-0203"),
                sighting("held", "microbit", "MB-0204"),
                Sighting(Candidate(marlin.port), "printer-marlin", "P3D-31"),
                sighting("thermistor", "printer-marlin", "P3D-32"),
                sighting("copy", "arduino-avr", "ARD-0102"),
                sighting("other", "arduino-avr", "ARD-0777"),
                Sighting(
                    Candidate("replay://clone", "1a86:7523 at 1-4", 0x1A86, 0x7523, {"product": "USB Serial (CH340)"})
                ),
            ],
        )


async def show(folder: Path) -> None:
    """Sit in front of the station and take its pictures as SVGs."""
    with tempfile.TemporaryDirectory() as home, the_box(Path(home)) as (box, there):
        async with screen(box, KIT, size=SIZE) as on:
            for one in there:  # one after the other, as hands plug them in
                on.plugs.there.append(one)
                await on.pilot.pause(0.12)
            await take(on, folder / "station-checking.svg")
            await on.until(lambda: on.station.busy == 0, limit_s=60)
            on.plugs.there.pop(1)
            await on.pilot.pause(0.5)
            for _ in range(4):
                await on.press("right")
            await take(on, folder / "station.svg")
            await on.scan("BEE-11")
            await on.until(lambda: bool(on.dialog()))
            await on.press("down")
            await take(on, folder / "station-question.svg")
            await on.press("escape", "f2")
            await on.pilot.resize_terminal(76, 30)
            await on.pilot.pause(0.4)
            await take(on, folder / "station-narrow.svg")


async def take(on: Screen, path: Path) -> None:
    """One picture."""
    await on.pilot.pause(0.2)
    await asyncio.to_thread(path.write_text, on.app.export_screenshot(), "utf-8")


def drawn(source: Path, target: Path) -> None:
    """The SVG as a small PNG, with this computer's own font instead of one from the network."""
    chromium = require_program("chromium", "chromium")
    svg = re.sub(r"@font-face\s*\{[^}]*\}", "", source.read_text(encoding="utf-8"))
    svg = svg.replace("Fira Code", "DejaVu Sans Mono")
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    assert size is not None
    width, height = int(float(size[1])), int(float(size[2]))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_content(f"<body style='margin:0'>{svg}</body>")
        page.screenshot(path=target)
        browser.close()


def main(folder: Path) -> int:
    """Take all pictures; those of docs/pictures are cut to a small size."""
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(show(folder))
    for source in sorted(folder.glob("station*.svg")):
        whole = source.with_suffix(".png")
        drawn(source, whole)
        if whole.stem in KEPT:
            with Image.open(whole) as picture:
                small = picture.convert("RGB").quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
                small.save(TARGET / whole.name, optimize=True)
    return 0


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main(Path(sys.argv[1]).absolute()))
    with tempfile.TemporaryDirectory() as temporary:
        sys.exit(main(Path(temporary)))

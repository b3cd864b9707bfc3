"""A box of devices that are replayed or scripted, on ports `replay://NAME`, in front of a real engine and outbox."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from device_agents.candidates import Candidate
from device_agents.desk import CheckWishes, Filer, Target, check_target
from device_agents.discovery.presence import Sighting
from device_agents.home import Enrolment, Home
from device_agents.kinds import AnyKind, kind_by_slug
from device_agents.kinds.base import CheckOptions
from device_agents.kitlist import KitList
from device_agents.outbox import Outbox
from device_agents.station.engine import Station
from device_agents.transports.base import Transport
from device_agents.transports.replay import ReplayTransport, TimedReplay
from firmware_checks.catalogue import load
from tests.contracts.transcripts import TRANSCRIPTS, Transcript
from tests.device_agents.scripted import ScriptedTransport

UNO = Transcript(TRANSCRIPTS / "arduino-avr" / "pass.uno.no-flash.jsonl")
MICROBIT = Transcript(TRANSCRIPTS / "microbit" / "pass.micropython-1.0.1.jsonl")
OPEN_THERMISTOR = Transcript(TRANSCRIPTS / "printer-marlin" / "fail.open-thermistor.jsonl")


class Silent(ScriptedTransport):
    """A device that says nothing, on the real clock."""

    def __init__(self) -> None:
        super().__init__(lambda _data: ())

    def read(self, timeout_s: float) -> bytes:
        time.sleep(timeout_s)
        return b""

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


Maker = Callable[[], Transport]


def replayed(transcript: Transcript, **options: int) -> Maker:
    return lambda: ReplayTransport(transcript.entries, **options)


def timed(transcript: Transcript) -> Maker:
    return lambda: TimedReplay(transcript.entries)


def expecting(**lines: list[str] | int) -> KitList:
    """A list: kinds (underscores for hyphens) with their numbers, or how many."""
    content = []
    for name, pieces in lines.items():
        slug = name.replace("_", "-")
        serials = pieces if isinstance(pieces, list) else []
        quantity = len(pieces) if isinstance(pieces, list) else pieces
        names = {"el": slug, "en": slug}
        content.append({"item": slug, "name": names, "kind": slug, "quantity": quantity, "serials": serials})
    title = {"el": "Σετ δοκιμής", "en": "Test kit"}
    return KitList.model_validate({"format": "stem-kit-list/1", "kit": "KABC2345", "title": title, "lines": content})


@dataclass
class Box:
    """The devices by name; what was opened, how many at a time at most, and what is open now."""

    folder: Path
    devices: Mapping[str, Maker] = field(default_factory=dict)
    opened: list[str] = field(default_factory=list)
    most: int = 0
    open_now: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        home = Home(self.folder)
        home.prepare()
        home.key_or_new()
        self.outbox = Outbox(home.outbox)
        self.filer = Filer(self.outbox, home, Enrolment("AAAA2222", "http://127.0.0.1:9", "box", ""), "Μαρία")

    def connect(self, kind: AnyKind, candidate: Candidate) -> Transport | None:
        if not candidate.port:
            return None
        name = candidate.port.removeprefix("replay://")
        transport = self.devices[name]()
        box = self
        own_open, own_close = transport.open, transport.close

        def opening(line: object) -> None:
            with box.lock:
                box.opened.append(name)
                box.open_now.add(name)
                box.most = max(box.most, len(box.open_now))
            own_open(line)  # type: ignore[arg-type] # as it came

        def closing() -> None:
            with box.lock:
                box.open_now.discard(name)
            own_close()

        transport.open, transport.close = opening, closing  # type: ignore[method-assign] # counted
        return transport

    def wishes(self) -> CheckWishes:
        return CheckWishes(CheckOptions(read_flash=False), load(None), "en", None, self.connect)

    def station(self, expected: KitList, **options: object) -> Station:
        wishes = self.wishes()
        return Station(expected, lambda about, watch: check_target(about, wishes, watch), self.filer, **options)  # type: ignore[arg-type] # options as they are


def target(name: str, slug: str, label: str = "") -> Target:
    return Target(f"replay://{name}", kind_by_slug(slug), label)


def sighting(name: str, slug: str = "", label: str = "") -> Sighting:
    return Sighting(Candidate(f"replay://{name}"), slug, label)

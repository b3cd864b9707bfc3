"""Watches what is plugged in: looks at its sources every half second and yields what has changed.

    watcher = Watcher([UsbPorts()])
    for event in watcher.events(stop):       # Added, Moved, Removed; ends when `stop` is set
        ...

A *source* says what it sees now (`look`), quickly and without opening anything; tests, a file of ports and a radio are
sources like the serial ports. It may fail while something is being unplugged: what it saw before stands until it can
look again. Polling works the same on Linux, macOS and Windows, and costs a few milliseconds a look.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

from device_agents.candidates import Candidate
from device_agents.discovery.drives import UpdatingBoards
from device_agents.discovery.presence import Event, Presence, Sighting
from device_agents.discovery.serial_ports import serial_candidates
from device_agents.kinds import kinds_matching

EVERY_S: Final = 0.5


class Source(Protocol):
    """Where sightings come from."""

    def look(self) -> Sequence[Sighting]:
        """All that is there now; an OSError where it cannot be said at the moment."""


class UsbPorts:
    """The USB serial ports that may be a device: of a known identity, or plugged in since we look; and the boards that
    show a disk and no port, because they run their updater.

    What was there from the start and is no known kind is this computer's own (a modem, a card reader).
    """

    def __init__(
        self,
        lister: Callable[[], Sequence[Candidate]] = serial_candidates,
        disks: Callable[[], Sequence[Candidate]] | None = None,
    ) -> None:
        self._lister = lister
        self._disks = disks or UpdatingBoards()
        self._own: set[str] | None = None

    def look(self) -> list[Sighting]:
        """Every such port."""
        ports = [found for found in self._lister() if found.vid is not None]
        unknown = {found.hardware_id for found in ports if not kinds_matching(found)}
        if self._own is None:
            self._own = unknown
        known = [found for found in ports if found.hardware_id not in self._own]
        return [Sighting(found) for found in (*known, *self._disks())]


class Watcher:
    """Looks at all its sources; see the module.

    Args:
        sources: the first that tells of a port is believed.
        presence: what turns sightings into events.
        every_s: seconds between looks.
    """

    def __init__(self, sources: Sequence[Source], presence: Presence | None = None, every_s: float = EVERY_S) -> None:
        self.presence = presence or Presence()
        self._sources = sources
        self._every_s = every_s
        self._last: dict[int, Sequence[Sighting]] = {}

    def look(self, now: float) -> list[Event]:
        """Look once; what has changed."""
        for number, source in enumerate(self._sources):
            try:
                self._last[number] = source.look()
            except OSError:  # something is being unplugged just now
                continue
        return self.presence.see([one for found in self._last.values() for one in found], now)

    def events(self, stop: threading.Event) -> Iterator[Event]:
        """What changes, until `stop` is set."""
        while not stop.is_set():
            yield from self.look(time.monotonic())
            stop.wait(self._every_s)

"""What is plugged in, told as events: `Added`, `Removed`, `Moved`. Pure: sightings and the time in, events out.

An *instance* is one device in somebody's hand. It is named by its number where it has one, else by its place on the USB
and the time it came: another board in the same socket is another instance. Never by a port's name, which the next
device may get.

- A device is told when it has been there for `settle_s`: a system lists a port before it can be opened.
- It is gone when it has not been seen for `gone_s`: a hub that stumbles is no unplugging.
- While its instance is *held* (it is being checked) nothing at its place is new and nothing of it is gone: a Leonardo
  leaves its port for its bootloader, a micro:bit's interface starts anew.
- Several ports of one device are one instance.
- The same number in two places is two instances: what a number is worth, the list decides.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from device_agents.candidates import Candidate

SETTLE_S = 0.4
GONE_S = 1.2


@dataclass(frozen=True)
class Sighting:
    """Something that a source sees now; `kind` and `label` where a person has said them."""

    candidate: Candidate
    kind: str = ""
    label: str = ""

    @property
    def place(self) -> str:
        """The socket that it is plugged into, without the interface's number; empty where it is not known."""
        return self.candidate.properties.get("location", "").partition(":")[0]

    @property
    def number(self) -> str:
        """What names this one device wherever it is plugged in; empty where nothing does."""
        if self.label:
            return f"{self.kind} {self.label}"
        named = self.candidate.hardware_id
        return "" if " at " in named else named


@dataclass(frozen=True)
class Added:
    """A device is there; `known` where its instance was told before."""

    instance: str
    sighting: Sighting
    known: bool = False


@dataclass(frozen=True)
class Moved:
    """A device that is there has another port now."""

    instance: str
    sighting: Sighting


@dataclass(frozen=True)
class Removed:
    """A device is gone."""

    instance: str


Event = Added | Moved | Removed


@dataclass
class _Here:
    instance: str
    sighting: Sighting
    since: float
    seen: float
    told: bool = False
    held: bool = False
    left: bool = False
    again: bool = False


class Presence:
    """Turns what is seen from time to time into events. Used from several threads."""

    def __init__(self, settle_s: float = SETTLE_S, gone_s: float = GONE_S) -> None:
        self._settle_s = settle_s
        self._gone_s = gone_s
        self._lock = threading.Lock()
        self._here: list[_Here] = []
        self._told: set[str] = set()
        self._count = 0

    def hold(self, instance: str) -> None:
        """The instance is being checked from now on."""
        with self._lock:
            for here in self._here:
                if here.instance == instance:
                    here.held, here.left = True, False

    def release(self, instance: str, *, anew: bool = False) -> None:
        """Its check is over; `anew` where it vanished in it: one that has come back since is told again."""
        with self._lock:
            for here in self._here:
                if here.instance == instance:
                    here.held = False
                    if anew and here.left:
                        here.again, here.since = True, here.seen

    def see(self, sightings: Iterable[Sighting], now: float) -> list[Event]:
        """What has changed, given all that is seen at `now` (seconds on any clock that only goes forward)."""
        with self._lock:
            seen = _one_for_each_device(sightings)
            events: list[Event] = []
            matched: set[int] = set()
            for same in (_same_port, _same_number, _same_place_while_held):
                for here in self._here:
                    if id(here) in matched:
                        continue
                    found = next((one for one in seen if same(here, one)), None)
                    if found is not None:
                        seen.remove(found)
                        matched.add(id(here))
                        events += self._still_here(here, found, now)
            for here in [here for here in self._here if id(here) not in matched]:
                here.left = True
                if not here.held and (not here.told or now - here.seen >= self._gone_s):
                    self._here.remove(here)
                    if here.told:
                        events.append(Removed(here.instance))
            for one in seen:
                self._here.append(_Here(self._name(one), one, now, now))
            for here in self._here:
                new = not here.told or here.again
                if new and here.seen == now and now - here.since >= self._settle_s:
                    here.told, here.again = True, False
                    events.append(Added(here.instance, here.sighting, here.instance in self._told))
                    self._told.add(here.instance)
            return events

    def _still_here(self, here: _Here, found: Sighting, now: float) -> list[Event]:
        moved = found.candidate.port != here.sighting.candidate.port
        here.seen = now
        old = here.sighting
        if here.held and (found.number, found.candidate.usb_id) != (old.number, old.candidate.usb_id):
            return []  # in its bootloader: it will be itself again
        here.sighting = found
        return [Moved(here.instance, found)] if moved and here.told else []

    def _name(self, sighting: Sighting) -> str:
        taken = {here.instance for here in self._here}
        if sighting.number:
            name, number = sighting.number, 1
            while name in taken:
                number += 1
                name = f"{sighting.number} #{number}"
        else:
            self._count += 1
            name = f"{sighting.candidate.hardware_id or sighting.candidate.port} #{self._count}"
        return name


def _one_for_each_device(sightings: Iterable[Sighting]) -> list[Sighting]:
    """Without the second port of a device, and without a port that an earlier source has told already."""
    kept: dict[tuple[str, ...], Sighting] = {}
    ports: set[str] = set()
    for number, one in enumerate(sightings):
        port = one.candidate.port
        if port and port in ports:
            continue
        ports.add(port)
        place = (one.place, one.candidate.hardware_id) if one.place else ("", str(number))
        kept.setdefault(place, one)
    return list(kept.values())


def _same_port(here: _Here, one: Sighting) -> bool:
    old = here.sighting
    same = old.candidate.port == one.candidate.port and old.candidate.hardware_id == one.candidate.hardware_id
    return same and (old.kind, old.label) == (one.kind, one.label)


def _same_number(here: _Here, one: Sighting) -> bool:
    return bool(one.number) and here.sighting.number == one.number


def _same_place_while_held(here: _Here, one: Sighting) -> bool:
    return here.held and bool(one.place) and here.sighting.place == one.place

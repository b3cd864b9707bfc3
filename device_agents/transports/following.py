"""Finds a device again that has left its port: a board whose USB is its own chip's takes another port, with another
USB identity, for its bootloader and again for its sketch. What stays is its place: the hub's socket it is plugged into.
"""

import time
from collections.abc import Callable, Sequence

from device_agents.candidates import Candidate

Lister = Callable[[], Sequence[Candidate]]
_LOOK_EVERY_S = 0.05


def place_of(candidate: Candidate) -> str:
    """Where the candidate is plugged in (`1-2.4`), without the interface's number that some systems add (`1-2.4:1.0`);
    empty where that is not known."""
    return candidate.properties.get("location", "").partition(":")[0]


def returned(lister: Lister, old: Candidate, end: float, leaves_by: float) -> Candidate | None:
    """The candidate that stands at the old one's place once that has left; the old one where it has not left by
    `leaves_by`, None where nothing stands there by `end` (both of `time.monotonic`).

    It is another one where it was away in between, or has another port or another USB identity: a system may give the
    same port's name again.
    """
    place = place_of(old)
    away = False
    while True:
        here = [found for found in lister() if place_of(found) == place]
        away = away or not here
        for found in here:
            if away or found.port != old.port or (found.vid, found.pid) != (old.vid, old.pid):
                return found
        if here and time.monotonic() >= min(leaves_by, end):
            return old
        if time.monotonic() >= end:
            return None
        time.sleep(_LOOK_EVERY_S)

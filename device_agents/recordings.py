"""Recorded conversations with a device: what was sent and received, when. Files of JSON lines, bytes in
hex."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Recorded:
    """One entry of a recording: seconds since the start, direction, bytes."""

    at: float
    sent: bool
    data: bytes


def load_recording(path: Path) -> tuple[Recorded, ...]:
    """Read a recording: JSON lines `{"at": 0.4, "sent": "3020"}` or `{"at": 0.5, "received": "1410"}`,
    hex."""
    entries = []
    for line in path.read_text(encoding="ascii").splitlines():
        if line.strip():
            entry = json.loads(line)
            sent = "sent" in entry
            entries.append(Recorded(entry["at"], sent, bytes.fromhex(entry["sent" if sent else "received"])))
    return tuple(entries)


def dump_recording(entries: Iterable[Recorded]) -> str:
    """A recording as JSON lines."""
    return "".join(
        json.dumps({"at": round(entry.at, 4), "sent" if entry.sent else "received": entry.data.hex()}) + "\n"
        for entry in entries
    )

"""Ports that a person gave, or that a file names: sources beside the serial ports, for emulators, networks, old ports.

The file is read again whenever it changes: one `PORT=KIND[:LABEL]` a line (as for `--port`), blank lines and lines that
begin with # left out. A line that is added is a device that is plugged in, one that is taken away is unplugged; so is
one whose port is not there. Two lines with one label are two devices with one number.
"""

from collections.abc import Sequence
from pathlib import Path

from device_agents.candidates import BLE, Candidate
from device_agents.desk import Target, read_target
from device_agents.discovery.ports import candidate_for
from device_agents.discovery.presence import Sighting
from device_agents.errors import AgentError, PortError


class GivenPorts:
    """The targets of the command line."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self._targets = targets

    def look(self) -> list[Sighting]:
        """Those that are there."""
        return [found for target in self._targets if (found := sighting_of(target)) is not None]


class PortsFile:
    """The ports that a file names; `faults` are the lines that could not be read, by their number."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = ""
        self._targets: list[Target] = []
        self.faults: list[tuple[int, AgentError]] = []

    def look(self) -> list[Sighting]:
        """Those that are there; a file that is not there names none."""
        try:
            content = self._path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            content = ""
        if content != self._read:
            self._read, self._targets, self.faults = content, [], []
            for number, line in enumerate(content.splitlines(), 1):
                if line.strip() and not line.lstrip().startswith("#"):
                    try:
                        self._targets.append(read_target(line.strip()))
                    except AgentError as fault:
                        self.faults.append((number, fault))
        return GivenPorts(self._targets).look()


def sighting_of(target: Target) -> Sighting | None:
    """The target as discovery tells it; None where its port is not there."""
    slug = target.kind.slug if target.kind is not None else ""
    if not target.port or target.port.lower().startswith(BLE):
        return Sighting(Candidate(port=target.port), slug, target.label)
    try:
        return Sighting(candidate_for(target.port), slug, target.label)
    except PortError:
        return None

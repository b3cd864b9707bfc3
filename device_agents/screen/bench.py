"""What the screen works with; `stem-check station` puts it together (opening.py)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from device_agents.discovery.watching import Watcher
from device_agents.station.courier import Courier
from device_agents.station.engine import Station
from device_agents.station.sources import PortsFile


def _nothing(_language: str) -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class OpenKit:
    """A kit on the bench: its station, when its list was fetched (empty where just now), and what a person should know
    of how it is judged, in a language."""

    station: Station
    kept_since: str = ""
    notes: Callable[[str], Sequence[str]] = _nothing


@dataclass
class Bench:
    """What the screen works with. `open_kit` opens another kit (AgentError where there is no list of it)."""

    kit: OpenKit
    watcher: Watcher
    courier: Courier
    open_kit: Callable[[str], OpenKit]
    ports_file: PortsFile | None = None

    @property
    def station(self) -> Station:
        """The open kit's."""
        return self.kit.station

"""A fixed list with its recipients."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stem_logistics.grants.rules import Entry, why_of
from stem_logistics.waves.service import Wave


@dataclass(frozen=True)
class GrantList:
    """A list with its recipients, in its own order."""

    wave: Wave
    reason: str
    ground: str
    delivered: bool
    stock: Mapping[str, int]
    sha256: str
    entries: list[Entry] = field(default_factory=list)

    @property
    def is_out(self) -> bool:
        """Whether it is published."""
        return self.wave.is_over

    def why(self, entry: Entry) -> str:
        """Why one of them receives, in the list's words."""
        return why_of(self.ground, self.wave.year_to, entry)

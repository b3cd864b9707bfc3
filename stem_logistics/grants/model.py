"""A fixed list with its recipients."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from stem_logistics.grants.rules import Entry, why_of
from stem_logistics.waves.service import Wave


@dataclass(frozen=True)
class Correction:
    """What stands instead of what since a moment, and why; `was` or `now` is missing where a recipient was left out,
    or was none. `who` is for staff alone; `former_sha256` is the file that the list had before."""

    id: int
    was: Entry | None
    now: Entry | None
    why: str
    at: datetime
    who: str
    former_sha256: str

    @property
    def institutions(self) -> set[int]:
        """Whom it concerns."""
        return {entry.institution_id for entry in (self.was, self.now) if entry is not None}


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
    corrections: list[Correction] = field(default_factory=list)

    @property
    def is_out(self) -> bool:
        """Whether it is published."""
        return self.wave.is_over

    def why(self, entry: Entry) -> str:
        """Why one of them receives, in the list's words."""
        return why_of(self.ground, self.wave.year_to, entry)

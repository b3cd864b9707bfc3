"""What the rule of allocation reads and gives: frozen values, no I/O.

Scores are whole millionths (`47.5` is 47_500_000): compared exactly, never as a float, never as text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Final, Literal, NamedTuple

UNIVERSITY: Final = "university"
OPEN: Final = "open"
CLOSED: Final = "CLOSED"
DEFAULT_BLOCK_SIZE: Final = 10
_MILLION: Final = 1_000_000


class Code(StrEnum):
    """Why a row of the reasons reads as it does; the first that holds, in this order."""

    NO_PREFERENCE = "NO_PREFERENCE"
    NOT_SUITABLE_LEVEL = "NOT_SUITABLE_LEVEL"
    ALLOCATED_RESERVE = "ALLOCATED_RESERVE"
    ALLOCATED_OPEN = "ALLOCATED_OPEN"
    NO_STOCK = "NO_STOCK"
    REGION_CAP = "REGION_CAP"
    TIE_LOST_LOTTERY = "TIE_LOST_LOTTERY"
    BELOW_OPEN_CUTOFF = "BELOW_OPEN_CUTOFF"
    BELOW_RESERVE_CUTOFF = "BELOW_RESERVE_CUTOFF"
    NOT_ELIGIBLE_FOR_RESERVE = "NOT_ELIGIBLE_FOR_RESERVE"
    ALLOCATED_BLOCK = "ALLOCATED_BLOCK"
    NO_WHOLE_BLOCK = "NO_WHOLE_BLOCK"
    SUPERSEDED = "SUPERSEDED"


@dataclass(frozen=True, slots=True)
class Line:
    """Places of a kit that are guaranteed to schools with any of the categories."""

    id: str
    any_of: frozenset[str]
    places: int


@dataclass(frozen=True, slots=True)
class Kit:
    id: str
    stock: int
    levels: frozenset[str]
    reserves: tuple[Line, ...] = ()
    open_region_cap: Mapping[str, int] | None = None
    university_blocks: int = 0


@dataclass(frozen=True, slots=True)
class Wave:
    """A wave's rules. The last three restate the rule in words and change nothing; None where left out."""

    seed: str
    kits: tuple[Kit, ...]
    block_size: int = DEFAULT_BLOCK_SIZE
    reserve_rule: str | None = None
    tie_break: str | None = None
    duplicates: str | None = None


@dataclass(frozen=True, slots=True)
class Applicant:
    """One submission of a school or department. `score` is in millionths."""

    id: str
    submission: int
    level: str
    region: str
    categories: tuple[str, ...]
    score: int
    preferences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AllocationInput:
    """A whole input; `sha256` is the digest of the canonical JSON of the file it came from.

    `counting` is what follows from the applicants: of each id the application with the highest submission.
    """

    wave: Wave
    applicants: tuple[Applicant, ...]
    sha256: str
    counting: Mapping[str, Applicant] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "counting", _latest(self.applicants))


def _latest(applicants: tuple[Applicant, ...]) -> dict[str, Applicant]:
    """The application that counts for each id: the one with the highest submission."""
    latest = {a.id: a for a in applicants}
    if len(latest) != len(applicants):
        for a in applicants:
            if a.submission > latest[a.id].submission:
                latest[a.id] = a
    return latest


class Pair(NamedTuple):
    """A place in the strict order. Stronger is a higher score, then an earlier ticket."""

    score: int
    ticket: str

    def clears(self, other: "Pair") -> bool:
        """Whether this is as strong as `other` or stronger."""
        return self.score > other.score or (self.score == other.score and self.ticket <= other.ticket)


# None: everyone eligible clears. CLOSED: nobody does.
Cutoff = Pair | Literal["CLOSED"] | None


class Award(NamedTuple):
    kit: str
    line: str
    units: int


class Reason(NamedTuple):
    """One row of the reasons; `score` in millionths."""

    id: str
    kit: str | None
    code: Code
    score: int
    ticket: str
    cutoff: Cutoff
    needed: Pair | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Who got what, and the effective cut-offs. The reasons follow from these: see `reasons.reasons`.

    `cutoffs` has for each kit its lines, `open`, and `open@REGION` for the regions at their cap.
    `school_stock` is what each kit had for schools once the departments had their blocks.
    """

    input_sha256: str
    allocation: Mapping[str, Award]
    cutoffs: Mapping[str, Mapping[str, Cutoff]]
    school_stock: Mapping[str, int]


def ticket(seed: str, applicant: str) -> str:
    """The lottery ticket of an applicant: SHA-256 of `seed:id`, in hexadecimal."""
    return sha256(f"{seed}:{applicant}".encode()).hexdigest()


def score_text(score: int) -> str:
    """A score as a plain decimal without trailing zeros: 47_500_000 is `47.5`."""
    whole, rest = divmod(score, _MILLION)
    return f"{whole}.{rest:06d}".rstrip("0") if rest else str(whole)


def score_value(text: str) -> int:
    """The millionths of a score's text, which has to have the form `\\d{1,9}(\\.\\d{1,6})?`."""
    whole, _, rest = text.partition(".")
    return int(whole) * _MILLION + (int(rest.ljust(6, "0")) if rest else 0)

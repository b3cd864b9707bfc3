"""What a criterion is: the facts it sees, the figures a wave gives it, the points and reason it returns.

A criterion is one module in `criteria/` that defines ``CRITERION = Criterion(...)``; it is found by itself.
Its ``evaluate`` is pure: the same facts and figures give the same score, in whatever order they stand.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple

from stem_logistics.waves.wording import Message

ZERO = Decimal(0)
_by_id = attrgetter("id")
# Every kind of evidence that the product knows.
EVIDENCE_KINDS = (
    "national-prize",
    "european-prize",
    "national-quality-label",
    "european-quality-label",
    "school-label",
    "ite-label",
    "national-project",
    "european-project",
    "completed-course",
)
# Kinds that belong to a teacher's project at a school, and count once.
PROJECT_KINDS = (
    "national-prize",
    "european-prize",
    "national-quality-label",
    "european-quality-label",
    "national-project",
    "european-project",
)
PRIORITY_CATEGORIES = ("special", "minority", "second-chance", "remote")
STEM_UNDERTAKING = "undertaking"  # the condition that both admission and the criterion read


@dataclass(frozen=True)
class Evidence:
    """One supporting fact of an application.

    `school` is the code of the school where the work was done (for a School Label: that holds it);
    `reference` the number of the project or course that makes it the same thing when it is entered twice;
    `service_school` where its teacher serves at the deadline. `teacher` is a code, never a name. `confirmed` is
    false for what a school entered itself and nobody has looked at yet, and for what staff did not accept
    (`rejected_why` says why).
    """

    id: int
    kind: str
    school: str
    year: int
    reference: str
    category: str = ""
    rank: int | None = None
    stem: bool = False
    teacher: str = ""
    service_school: str = ""
    awarded_on: date | None = None
    confirmed: bool = True
    rejected_why: str = ""


@dataclass(frozen=True)
class Teacher:
    """A teacher as far as points go: a code, the school of service and the last sign-in to eTwinning."""

    code: str
    service_school: str = ""
    last_sign_in: date | None = None


@dataclass(frozen=True)
class Facts:
    """What the criteria see of one application; `evidence` holds only what counts for this school."""

    evidence: tuple[Evidence, ...] = ()
    categories: frozenset[str] = frozenset()
    active_teachers: int = 0
    undertaking: bool = False
    received_years: tuple[int, ...] = ()

    def of(self, *kinds: str) -> list[Evidence]:
        """The evidence of these kinds, in the order of their ids."""
        return sorted([e for e in self.evidence if e.kind in kinds], key=_by_id) if self.evidence else []


@dataclass(frozen=True)
class Figures:
    """What a wave's rules give a criterion: points by key, a ceiling, and how many years evidence is valid.

    `year` is the year of the deadline; `since` the first year that still counts.
    """

    points: Mapping[str, Decimal]
    ceiling: Decimal
    year: int
    valid_years: int | None = None

    @property
    def since(self) -> int | None:
        """The first year that counts: 3 years at a deadline in 2026 reach back to 2023. None: all count."""
        return None if self.valid_years is None else self.year - self.valid_years

    def worth(self, key: str) -> Decimal:
        """The points of a key; a key that the rules leave out is worth nothing."""
        return self.points.get(key, ZERO)

    def in_window(self, evidence: Evidence) -> bool:
        """Whether the evidence's year lies in the window, the year of the deadline included."""
        return (self.since is None or self.since <= evidence.year) and evidence.year <= self.year


class Score(NamedTuple):
    """A criterion's answer: its points (never above the ceiling), why, and the evidence that was counted."""

    points: Decimal
    reason: Message
    evidence: tuple[int, ...] = ()


@dataclass(frozen=True)
class Criterion:
    """A criterion of selection.

    Args:
        slug: its name in rules documents; also its module's, with underscores.
        title: English message of its name.
        keys: the figures a wave gives it, each with its English message.
        defaults: points that the editor of a new wave starts from.
        default_ceiling: as the points.
        reasons: every message that `evaluate` may return: the contract test and the catalogue read them.
        evaluate: the decision itself.
        windowed: whether a window of years makes sense for it.
    """

    slug: str
    title: str
    keys: Mapping[str, str]
    defaults: Mapping[str, Decimal]
    default_ceiling: Decimal
    reasons: tuple[str, ...]
    evaluate: Callable[[Facts, Figures], Score]
    windowed: bool = True
    kinds: tuple[str, ...] = field(default=())


def capped(worths: Iterable[tuple[Evidence, Decimal]], figures: Figures, counted: str, nothing: str) -> Score:
    """Add up what each piece of evidence is worth, hold it at the ceiling, and say so.

    Args:
        worths: evidence that counts, with its points; the ones worth nothing are left out of the list shown.
        figures: the wave's figures of the criterion.
        counted: message for some points, with the place ``count``.
        nothing: message for no points.
    """
    used = [(e, worth) for e, worth in worths if worth > ZERO]
    if not used or figures.ceiling == ZERO:
        return Score(ZERO, Message(nothing))
    total = sum((worth for _, worth in used), ZERO)
    points = min(total, figures.ceiling)
    return Score(points, Message(counted, {"count": len(used)}), tuple(sorted(e.id for e, _ in used)))

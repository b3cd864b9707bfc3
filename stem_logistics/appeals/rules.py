"""What may be appealed against, how a correction changes an application, who may sit in a committee. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from hashlib import sha256

from stem_logistics.allocation.changes import Effect
from stem_logistics.allocation.model import Applicant, score_value

POINTS = ("criterion", "exclusion", "admission", "category", "preference")
DECISIONS = ("accepted", "partly", "rejected", "out-of-time")
GRANTING = ("accepted", "partly")
LEAST_MEMBERS = 3
MOST_POINTS = Decimal(100_000)


@dataclass(frozen=True)
class Correction:
    """What the committee finds an application should have been; None where it stands as it was.

    Args:
        criterion: whose points are corrected, and `points` to how many.
        admit: whether a school that was excluded is admitted.
    """

    criterion: str | None = None
    points: Decimal | None = None
    categories: tuple[str, ...] | None = None
    preferences: tuple[str, ...] | None = None
    admit: bool = False

    def as_json(self) -> dict[str, object]:
        """As it is stored and published."""
        return {
            "criterion": self.criterion,
            "points": None if self.points is None else format(self.points, "f"),
            "categories": None if self.categories is None else list(self.categories),
            "preferences": None if self.preferences is None else list(self.preferences),
            "admit": self.admit,
        }


def corrected(applicant: Applicant, parts: Mapping[str, Decimal], correction: Correction) -> Applicant:
    """The application as it should have been.

    Args:
        applicant: as it counts now (or would, had it been admitted).
        parts: its points by criterion.
        correction: what the committee finds.

    Raises:
        ValueError: a criterion that the wave has not, or points below nought.
    """
    score = applicant.score
    if correction.criterion is not None and correction.points is not None:
        if correction.criterion not in parts:
            raise ValueError(correction.criterion)
        score += _millionths(correction.points) - _millionths(parts[correction.criterion])
    return replace(
        applicant,
        score=max(0, score),
        categories=applicant.categories if correction.categories is None else correction.categories,
        preferences=applicant.preferences if correction.preferences is None else correction.preferences,
    )


def _millionths(points: Decimal) -> int:
    return score_value(format(points.quantize(Decimal("0.000001")), "f"))


def fingerprint(effect: Effect) -> str:
    """What tells two effects apart: the one that was shown must be the one that is decided."""
    moved = [f"{m.id}:{m.before}:{m.after}" for m in effect.moved]
    return sha256("\n".join([effect.kind, effect.why, str(effect.kit), str(effect.line), *moved]).encode()).hexdigest()


@dataclass(frozen=True)
class Member:
    """A member of a committee, as its minutes name it."""

    name: str
    post: str


def members_of(text: str) -> list[Member]:
    """Members as they are typed, one a line: the name, a comma, the post."""
    found = []
    for line in text.splitlines():
        name, _, post = line.strip().partition(",")
        if name.strip() or post.strip():
            found.append(Member(" ".join(name.split()), " ".join(post.split())))
    return found


def member_faults(members: Sequence[Member]) -> str:
    """What is wrong with a committee's members, as a slug; nothing if it can sit."""
    if len(members) < LEAST_MEMBERS:
        return "committee-too-small"
    if any(not member.name or not member.post for member in members):
        return "committee-member-incomplete"
    if any(len(member.name) > 120 or len(member.post) > 160 for member in members):
        return "committee-member-too-long"
    return ""


def in_both(keys: Iterable[str], others: Iterable[str]) -> set[str]:
    """Who would sit in both committees, by folded names."""
    return set(keys) & set(others)

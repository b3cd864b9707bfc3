"""Exact points of a wave's applications: evidence is counted for the whole wave, then criteria speak."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from stem_logistics.waves.counting import Counted, active_teachers, count_evidence
from stem_logistics.waves.criteria import all_criteria
from stem_logistics.waves.criterion import STEM_UNDERTAKING, ZERO, Criterion, Evidence, Facts, Figures, Teacher
from stem_logistics.waves.rules_document import WaveRules
from stem_logistics.waves.wording import Message


@dataclass(frozen=True)
class ApplicationFacts:
    """What is asked of an application itself.

    `declarations` are the answers to the wave's conditions; `active` whether the registry calls the school
    active; `received_years` the years of earlier waves that gave it equipment.
    """

    id: int
    school: str
    submission: int = 1
    categories: frozenset[str] = frozenset()
    declarations: Mapping[str, bool] = field(default_factory=dict)
    active: bool = True
    received_years: tuple[int, ...] = ()


class ScorePart(NamedTuple):
    """One criterion's part of a score."""

    criterion: str
    points: Decimal
    ceiling: Decimal
    reason: Message
    evidence: tuple[int, ...]


@dataclass(frozen=True)
class ScoredApplication:
    """An application with its points; `exclusions` are the slugs of the conditions that it does not meet."""

    id: int
    admitted: bool
    exclusions: tuple[str, ...]
    parts: tuple[ScorePart, ...]
    total: Decimal


@dataclass(frozen=True)
class WaveScores:
    """All scores of a wave by application, and the counting behind them."""

    applications: Mapping[int, ScoredApplication]
    counted: Counted


def score_wave(
    rules: WaveRules,
    deadline: date,
    applications: Iterable[ApplicationFacts],
    evidence: Iterable[Evidence],
    teachers: Iterable[Teacher] = (),
) -> WaveScores:
    """Score every application of a wave.

    Args:
        rules: the wave's frozen rules.
        deadline: the day of the deadline in Athens: validity in years and activity are counted from it.
        applications: all of the wave, earlier submissions too.
        evidence: all that is known about any school: what counts is decided over the whole wave.
        teachers: everyone known, for the figures of active teachers.

    Returns:
        the scores, the same for any order of the arguments' parts.
    """
    return score_counted(rules, deadline, applications, count_evidence(evidence, rules.evidence_counts_for), teachers)


def score_counted(
    rules: WaveRules,
    deadline: date,
    applications: Iterable[ApplicationFacts],
    counted: Counted,
    teachers: Iterable[Teacher] = (),
) -> WaveScores:
    """As `score_wave`, from evidence that was counted before by the same rule of what counts for which school."""
    active = active_teachers(teachers, deadline)
    criteria = _criteria_of(rules, deadline)
    scored = {}
    for application in applications:
        own = counted.by_school.get(application.school, ())
        teachers_there = active.get(application.school, 0)
        scored[application.id] = _scored(rules, criteria, application, own, teachers_there)
    return WaveScores(scored, counted)


def _criteria_of(rules: WaveRules, deadline: date) -> list[tuple[Criterion, Figures]]:
    """The criteria of a wave with its figures: the same for every application."""
    return [
        (all_criteria()[rule.slug], Figures(rule.points, rule.ceiling, deadline.year, rule.valid_years))
        for rule in rules.criteria
    ]


def _scored(
    rules: WaveRules,
    criteria: Iterable[tuple[Criterion, Figures]],
    application: ApplicationFacts,
    evidence: tuple[Evidence, ...],
    teachers: int,
) -> ScoredApplication:
    """Score one application from the evidence that counts for its school."""
    facts = Facts(
        evidence=evidence,
        categories=application.categories,
        active_teachers=teachers,
        undertaking=bool(application.declarations.get(STEM_UNDERTAKING)),
        received_years=application.received_years,
    )
    parts: list[ScorePart] = []
    for criterion, figures in criteria:
        score = criterion.evaluate(facts, figures)
        parts.append(ScorePart(criterion.slug, score.points, figures.ceiling, score.reason, score.evidence))
    exclusions = unmet_conditions(rules, application)
    total = sum((part.points for part in parts), ZERO)
    return ScoredApplication(application.id, not exclusions, exclusions, tuple(parts), total)


def unmet_conditions(rules: WaveRules, application: ApplicationFacts) -> tuple[str, ...]:
    """The conditions of admission that an application does not meet: a question left open is not met."""
    declared = application.declarations
    met = {
        condition.slug: application.active
        if condition.source == "registry-active"
        else declared.get(condition.slug) is True
        for condition in rules.conditions
    }
    return tuple(slug for slug, fulfilled in met.items() if not fulfilled)

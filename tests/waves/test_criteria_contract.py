"""What every criterion holds: a new module in criteria/ is tested here without being named."""

import random
import string
from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stem_logistics.waves.criteria import all_criteria
from stem_logistics.waves.criterion import (
    EVIDENCE_KINDS,
    PRIORITY_CATEGORIES,
    Criterion,
    Evidence,
    Facts,
    Figures,
)

REQUIRED = {
    "national-prize",
    "european-prize",
    "quality-labels",
    "school-label",
    "active-projects",
    "completed-courses",
    "priority-category",
    "never-received-before",
    "stem-undertaking",
}
CRITERIA = list(all_criteria().values())
points = st.decimals(min_value=0, max_value=1000, places=6)


def evidence_pieces() -> st.SearchStrategy[tuple[Evidence, ...]]:
    piece = st.builds(
        Evidence,
        id=st.integers(1, 10_000),
        kind=st.sampled_from(EVIDENCE_KINDS),
        school=st.sampled_from(["0100001", "0100002"]),
        year=st.integers(2015, 2028),
        reference=st.text(string.ascii_letters, max_size=3),
        rank=st.none() | st.integers(1, 5),
        stem=st.booleans(),
        teacher=st.sampled_from(["", "T1", "T2"]),
    )
    return st.lists(piece, max_size=12, unique_by=lambda e: e.id).map(tuple)


facts_of = st.builds(
    Facts,
    evidence=evidence_pieces(),
    categories=st.frozensets(st.sampled_from(PRIORITY_CATEGORIES)),
    active_teachers=st.integers(0, 50),
    undertaking=st.booleans(),
    received_years=st.lists(st.integers(2017, 2025), max_size=4).map(tuple),
)


def figures_of(criterion: Criterion) -> st.SearchStrategy[Figures]:
    worths: Mapping[str, st.SearchStrategy[Decimal]] = dict.fromkeys(criterion.keys, points)
    return st.builds(
        Figures,
        points=st.fixed_dictionaries({}, optional=dict(worths)),
        ceiling=points,
        year=st.just(2026),
        valid_years=st.none() | st.integers(0, 10),
    )


def test_the_named_criteria_are_there() -> None:
    """Every criterion that the action's calls name has its module."""
    assert set(all_criteria()) >= REQUIRED


@pytest.mark.parametrize("criterion", CRITERIA, ids=lambda c: c.slug)
def test_its_figures_are_complete(criterion: Criterion) -> None:
    """A new wave starts from figures that the criterion itself knows, all of them."""
    assert set(criterion.defaults) == set(criterion.keys)
    assert criterion.default_ceiling > 0
    assert set(criterion.kinds) <= set(EVIDENCE_KINDS)


@pytest.mark.parametrize("criterion", CRITERIA, ids=lambda c: c.slug)
def test_bounds_and_order(criterion: Criterion) -> None:
    """Points lie between nothing and the ceiling; order changes nothing; the reason is a known one."""

    @settings(max_examples=150, deadline=None)
    @given(facts=facts_of, figures=figures_of(criterion), shuffle=st.randoms(use_true_random=False))
    def holds(facts: Facts, figures: Figures, shuffle: random.Random) -> None:
        score = criterion.evaluate(facts, figures)
        assert isinstance(score.points, Decimal)
        assert 0 <= score.points <= figures.ceiling
        assert score.reason.text in criterion.reasons
        assert score.reason.english()
        assert list(score.evidence) == sorted(set(score.evidence))
        known = {e.id: e for e in facts.evidence}
        assert all(known[ident].kind in criterion.kinds for ident in score.evidence)
        mixed = list(facts.evidence)
        shuffle.shuffle(mixed)
        again = criterion.evaluate(Facts(**{**vars(facts), "evidence": tuple(mixed)}), figures)
        assert again == score

    holds()


@pytest.mark.parametrize("criterion", CRITERIA, ids=lambda c: c.slug)
def test_more_evidence_never_harms(criterion: Criterion) -> None:
    """Another piece of evidence never lowers the points: no school gains by hiding one."""

    @settings(max_examples=100, deadline=None)
    @given(facts=facts_of, figures=figures_of(criterion))
    def holds(facts: Facts, figures: Figures) -> None:
        whole = criterion.evaluate(facts, figures).points
        fewer = Facts(**{**vars(facts), "evidence": facts.evidence[:-1]})
        assert criterion.evaluate(fewer, figures).points <= whole

    holds()


@pytest.mark.parametrize("criterion", CRITERIA, ids=lambda c: c.slug)
def test_evidence_outside_the_window_is_worth_nothing(criterion: Criterion) -> None:
    """With a window of 3 years at a deadline in 2026, evidence of 2022 or 2027 brings no point."""
    pieces = tuple(
        Evidence(i, kind, "0100001", year, f"P{i}", rank=1, stem=True, teacher="T1")
        for i, (kind, year) in enumerate(((k, y) for k in criterion.kinds for y in (2022, 2027)), 1)
    )
    figures = Figures(criterion.defaults, criterion.default_ceiling, 2026, 3)
    if criterion.kinds:
        assert criterion.evaluate(Facts(evidence=pieces), figures).points == 0


@pytest.mark.parametrize(
    ("slug", "facts", "expected"),
    [
        ("national-prize", Facts((Evidence(1, "national-prize", "1", 2025, "P", rank=1),)), "10"),
        ("national-prize", Facts((Evidence(1, "national-prize", "1", 2025, "P", rank=2, stem=True),)), "10"),
        ("national-prize", Facts((Evidence(1, "national-prize", "1", 2025, "P"),)), "3"),
        ("european-prize", Facts((Evidence(1, "european-prize", "1", 2025, "P", rank=3),)), "10"),
        (
            "quality-labels",
            Facts(
                (
                    Evidence(1, "national-quality-label", "1", 2024, "P"),
                    Evidence(2, "european-quality-label", "1", 2025, "P", stem=True),
                )
            ),
            "8",
        ),
        ("school-label", Facts((Evidence(1, "school-label", "1", 2024, "L"),)), "10"),
        (
            "active-projects",
            Facts(
                (
                    Evidence(1, "european-project", "1", 2025, "P", stem=True),
                    Evidence(2, "european-project", "1", 2025, "Q"),
                    Evidence(3, "national-project", "1", 2025, "R"),
                )
            ),
            "7",
        ),
        ("completed-courses", Facts((Evidence(1, "completed-course", "1", 2025, "scratch"),)), "1"),
        ("priority-category", Facts(categories=frozenset({"remote", "special"})), "10"),
        ("never-received-before", Facts(), "10"),
        ("never-received-before", Facts(received_years=(2019, 2023)), "0"),
        ("stem-undertaking", Facts(undertaking=True), "5"),
        ("active-teachers", Facts(active_teachers=3), "3"),
    ],
)
def test_worth_by_hand(slug: str, facts: Facts, expected: str) -> None:
    """The usual figures give what a person adds up by hand."""
    criterion = all_criteria()[slug]
    figures = Figures(criterion.defaults, criterion.default_ceiling, 2026, 3 if criterion.kinds else None)
    assert criterion.evaluate(facts, figures).points == Decimal(expected)

"""Evidence counts once in a wave, for the school that the wave's rule names."""

import random
from dataclasses import replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from stem_logistics.waves import counting
from stem_logistics.waves.counting import active_teachers, count_evidence
from stem_logistics.waves.criterion import EVIDENCE_KINDS, PROJECT_KINDS, Evidence, Teacher

A, B, C = "0100001", "0100002", "0100003"


def prize(ident: int, school: str = A, teacher: str = "T1", service: str = A, **more: object) -> Evidence:
    base = Evidence(ident, "national-prize", school, 2025, "P1", "primary", 1, False, teacher, service)
    return replace(base, **more)  # type: ignore[arg-type]


def counted_ids(evidence: list[Evidence], rule: str) -> dict[str, list[int]]:
    return {
        school: [piece.id for piece in pieces] for school, pieces in count_evidence(evidence, rule).by_school.items()
    }


def test_two_teachers_of_one_project() -> None:
    """The same prize entered for two colleagues counts once, and the other entry says which one counts."""
    counted = count_evidence([prize(1), prize(2, teacher="T2")], "project_school")
    assert [e.id for e in counted.by_school[A]] == [1]
    assert counted.notes[2].text == counting.SAME_AS
    assert counted.notes[2].params == {"id": 1}


def test_a_teacher_who_moved() -> None:
    """By project school the prize stays where the work was done; by service school it moves along."""
    moved = prize(1, service=B)
    assert counted_ids([moved], "project_school") == {A: [1]}
    counted = count_evidence([moved], "service_school")
    assert {school: [e.id for e in found] for school, found in counted.by_school.items()} == {B: [1]}
    assert counted.notes[1].params == {"school": B}


def test_entered_at_both_schools() -> None:
    """Old and new school both enter the prize of one teacher's one project: it counts at one of them only."""
    both = [prize(1, service=B), prize(2, school=B, service=B)]
    assert counted_ids(both, "project_school") == {A: [1]}
    assert counted_ids(both, "service_school") == {B: [1]}


def test_partners_in_one_project() -> None:
    """Two schools that did one project together each keep the prize of their own teacher."""
    partners = [prize(1), prize(2, school=B, teacher="T2", service=B)]
    assert counted_ids(partners, "project_school") == {A: [1], B: [2]}


def test_colleagues_who_part() -> None:
    """By service school a shared prize stays where it was won while one colleague still serves there."""
    assert counted_ids([prize(1, service=C), prize(2, teacher="T2", service=A)], "service_school") == {A: [2]}
    assert counted_ids([prize(1, service=C), prize(2, teacher="T2", service=B)], "service_school") == {B: [2]}


def test_teacher_who_left_service() -> None:
    """By service school a prize whose teacher serves nowhere counts for nobody, and says so."""
    counted = count_evidence([prize(1, service="")], "service_school")
    assert not counted.by_school and counted.notes[1].text == counting.NO_SCHOOL


def test_differing_ranks() -> None:
    """Where two entries of one prize name different ranks, the lower one holds until staff correct it."""
    assert counted_ids([prize(1), prize(2, teacher="T2", rank=3)], "project_school") == {A: [2]}


def test_a_category_left_out_is_no_second_prize() -> None:
    """A prize entered once with its category and once without is one prize; another category is another."""
    assert counted_ids([prize(1), prize(2, teacher="T2", category="")], "project_school") == {A: [1]}
    assert counted_ids([prize(1), prize(2, teacher="T2", category="stem")], "project_school") == {A: [1, 2]}


def test_four_labels_a_year() -> None:
    """Of six labels that a teacher claims for one year, the four earliest awards count."""
    labels = [
        Evidence(i, "national-quality-label", A, 2025, f"P{i}", teacher="T1", awarded_on=date(2025, 7 - i, 1))
        for i in range(1, 7)
    ]
    counted = count_evidence(labels, "project_school")
    assert [e.id for e in counted.by_school[A]] == [3, 4, 5, 6]
    assert {ident for ident, note in counted.notes.items() if note.text == counting.TOO_MANY_LABELS} == {1, 2}


def test_courses_count_for_each_teacher() -> None:
    """A course of two teachers counts twice; entered twice for one teacher, once."""
    courses = [Evidence(i, "completed-course", A, 2025, "scratch", teacher=t) for i, t in enumerate(["T1", "T2", "T1"])]
    assert counted_ids(courses, "project_school") == {A: [0, 1]}


def test_inactive_teachers() -> None:
    """Three years to the day is still active; a day more is not; nobody counts twice or without a school."""
    deadline = date(2026, 12, 1)
    teachers = [
        Teacher("T1", A, date(2023, 12, 1)),
        Teacher("T2", A, date(2023, 11, 30)),
        Teacher("T3", A, None),
        Teacher("T4", "", date(2026, 1, 1)),
        Teacher("T5", B, date(2025, 1, 1)),
        Teacher("T5", A, date(2026, 1, 1)),
    ]
    assert active_teachers(teachers, deadline) == {A: 2}


def test_inactive_on_leap_day() -> None:
    """A deadline on 29 February has its three years too."""
    assert active_teachers([Teacher("T1", A, date(2025, 2, 28))], date(2028, 2, 29)) == {A: 1}


pieces = st.builds(
    Evidence,
    id=st.integers(1, 500),
    kind=st.sampled_from(EVIDENCE_KINDS),
    school=st.sampled_from([A, B, C]),
    year=st.integers(2023, 2025),
    reference=st.sampled_from(["P1", "P2", "P3"]),
    category=st.sampled_from(["", "primary", "stem"]),
    rank=st.none() | st.integers(1, 3),
    stem=st.booleans(),
    teacher=st.sampled_from(["", "T1", "T2", "T3"]),
    service_school=st.sampled_from(["", A, B, C]),
)
rules = st.sampled_from(["project_school", "service_school"])


@settings(max_examples=300, deadline=None)
@given(st.lists(pieces, max_size=15, unique_by=lambda e: e.id), rules, st.randoms(use_true_random=False))
def test_any_evidence(evidence: list[Evidence], rule: str, shuffle: random.Random) -> None:
    """Whatever is entered: order changes nothing, a thing counts once for a school, the rest is explained."""
    counted = count_evidence(evidence, rule)
    mixed = list(evidence)
    shuffle.shuffle(mixed)
    again = count_evidence(mixed, rule)
    assert again.by_school == counted.by_school and again.notes == counted.notes
    for found in counted.by_school.values():
        things = [
            (e.kind, e.reference, *((e.year, e.category) if e.kind.endswith("-prize") else ()))
            for e in found
            if e.kind in PROJECT_KINDS
        ]
        assert len(things) == len(set(things))
    ids = [e.id for found in counted.by_school.values() for e in found]
    assert len(ids) == len(set(ids))
    assert {e.id for e in evidence} - set(ids) <= set(counted.notes)

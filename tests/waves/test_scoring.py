"""Scores are exact, their parts add up, and conditions of admission are apart from points."""

from datetime import date
from decimal import Decimal
from typing import Any

from stem_logistics.waves.criterion import Evidence, Teacher
from stem_logistics.waves.rules_document import WaveRules
from stem_logistics.waves.rules_reading import read_rules, starting_rules
from stem_logistics.waves.scoring import ApplicationFacts, score_wave

DEADLINE = date(2026, 12, 1)
ALL_DECLARED = {"undertaking": True, "assembly-act": True, "head-signature": True}


def rules_with(**changes: Any) -> WaveRules:
    kit = {
        "slug": "printer",
        "definition": "printer-kit",
        "title": {"el": "Εκτυπωτής 3D"},
        "stock": 10,
        "levels": ["upper_secondary"],
    }
    return read_rules({**starting_rules(), "kits": [kit], **changes})


def test_parts_add_up_exactly() -> None:
    """The total is the exact sum of the parts: three tenths are 0.3, not 0.30000000000000004."""
    criteria = [
        {"slug": "completed-courses", "points": {"course": "0.1"}, "ceiling": "10"},
        {"slug": "stem-undertaking", "points": {"undertaking": "0.2"}, "ceiling": "5"},
    ]
    evidence = [Evidence(1, "completed-course", "0501659", 2025, "scratch", teacher="T1")]
    application = ApplicationFacts(7, "0501659", declarations=ALL_DECLARED)
    scores = score_wave(rules_with(criteria=criteria), DEADLINE, [application], evidence)
    scored = scores.applications[7]
    assert scored.total == Decimal("0.3")
    assert [part.points for part in scored.parts] == [Decimal("0.1"), Decimal("0.2")]
    assert scored.parts[0].evidence == (1,)


def test_the_usual_figures() -> None:
    """A school with a prize, a label, two active teachers, a priority category and the undertaking."""
    evidence = [
        Evidence(1, "national-prize", "1", 2025, "P1", rank=1, teacher="T1"),
        Evidence(2, "national-quality-label", "1", 2025, "P1", teacher="T1", stem=True),
    ]
    teachers = [Teacher("T1", "1", date(2026, 1, 1)), Teacher("T2", "1", date(2026, 1, 1))]
    application = ApplicationFacts(1, "1", 1, frozenset({"remote"}), ALL_DECLARED)
    scored = score_wave(rules_with(), DEADLINE, [application], evidence, teachers).applications[1]
    # 10 prize + 4 label + 2 teachers + 10 remote + 10 never before + 5 undertaking
    assert scored.total == 41
    assert scored.admitted


def test_conditions_exclude_but_points_stand() -> None:
    """What is not declared, or a school that the registry calls closed, excludes; each condition is named."""
    application = ApplicationFacts(1, "1", declarations={"undertaking": True, "assembly-act": False}, active=False)
    scored = score_wave(rules_with(), DEADLINE, [application], []).applications[1]
    assert not scored.admitted
    assert scored.exclusions == ("assembly-act", "head-signature", "active-registration")
    assert scored.total == 15


def test_one_prize_for_one_school() -> None:
    """A prize that two schools claim for one teacher's one project brings points to one of them."""
    evidence = [
        Evidence(1, "national-prize", "1", 2025, "P1", rank=1, teacher="T1", service_school="2"),
        Evidence(2, "national-prize", "2", 2025, "P1", rank=1, teacher="T1", service_school="2"),
    ]
    applications = [ApplicationFacts(1, "1"), ApplicationFacts(2, "2")]
    for rule, winner in (("project_school", 1), ("service_school", 2)):
        scores = score_wave(rules_with(evidence_counts_for=rule), DEADLINE, applications, evidence)
        points = {
            ident: next(p.points for p in scored.parts if p.criterion == "national-prize")
            for ident, scored in scores.applications.items()
        }
        assert points == {winner: 10, 3 - winner: 0}

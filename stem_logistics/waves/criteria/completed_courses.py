"""Courses that the school's teachers completed: a course counts once for each teacher."""

from decimal import Decimal

from stem_logistics.waves.criterion import Criterion, Facts, Figures, Score, capped
from stem_logistics.waves.wording import N_

COUNTED = N_("Completed courses that count: %(count)s.")
NOTHING = N_("No completed course in the years that count.")


def _evaluate(facts: Facts, figures: Figures) -> Score:
    courses = [e for e in facts.of("completed-course") if figures.in_window(e)]
    return capped(((e, figures.worth("course")) for e in courses), figures, COUNTED, NOTHING)


CRITERION = Criterion(
    slug="completed-courses",
    title=N_("Completed courses"),
    keys={"course": N_("course completed by a teacher")},
    defaults={"course": Decimal(1)},
    default_ceiling=Decimal(10),
    reasons=(COUNTED, NOTHING),
    evaluate=_evaluate,
    kinds=("completed-course",),
)

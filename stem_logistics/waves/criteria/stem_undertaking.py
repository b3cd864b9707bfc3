"""The school's undertaking to carry out a STEM project with the equipment."""

from decimal import Decimal

from stem_logistics.waves.criterion import ZERO, Criterion, Facts, Figures, Score
from stem_logistics.waves.wording import N_, Message

GIVEN = N_("It undertakes to carry out a STEM project.")
MISSING = N_("No undertaking to carry out a STEM project.")


def _evaluate(facts: Facts, figures: Figures) -> Score:
    if not facts.undertaking:
        return Score(ZERO, Message(MISSING))
    return Score(min(figures.worth("undertaking"), figures.ceiling), Message(GIVEN))


CRITERION = Criterion(
    slug="stem-undertaking",
    title=N_("Undertaking to run a STEM project"),
    keys={"undertaking": N_("undertaking given")},
    defaults={"undertaking": Decimal(5)},
    default_ceiling=Decimal(5),
    reasons=(GIVEN, MISSING),
    evaluate=_evaluate,
    windowed=False,
)

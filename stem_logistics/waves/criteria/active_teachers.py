"""Active teachers of the school: one who has not signed in for more than three years does not count."""

from decimal import Decimal

from stem_logistics.waves.criterion import ZERO, Criterion, Facts, Figures, Score
from stem_logistics.waves.wording import N_, Message

COUNTED = N_("Active teachers who serve at the school: %(count)s.")
NOTHING = N_("No teacher of the school has signed in within the last three years.")


def _evaluate(facts: Facts, figures: Figures) -> Score:
    points = min(figures.worth("teacher") * facts.active_teachers, figures.ceiling)
    if points == ZERO:
        return Score(ZERO, Message(NOTHING))
    return Score(points, Message(COUNTED, {"count": facts.active_teachers}))


CRITERION = Criterion(
    slug="active-teachers",
    title=N_("Active teachers"),
    keys={"teacher": N_("active teacher")},
    defaults={"teacher": Decimal(1)},
    default_ceiling=Decimal(5),
    reasons=(COUNTED, NOTHING),
    evaluate=_evaluate,
    windowed=False,
)

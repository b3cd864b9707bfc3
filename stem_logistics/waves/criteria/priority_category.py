"""Schools of a priority category: of several categories the one worth most counts."""

from decimal import Decimal

from stem_logistics.waves.criterion import PRIORITY_CATEGORIES, ZERO, Criterion, Facts, Figures, Score
from stem_logistics.waves.wording import N_, Message

COUNTED = N_("A school of the category: %(category)s.")
NOTHING = N_("Not a school of a priority category.")


def _evaluate(facts: Facts, figures: Figures) -> Score:
    worths = [(figures.worth(c), c) for c in PRIORITY_CATEGORIES if c in facts.categories]
    points, category = max(worths, key=lambda pair: pair[0], default=(ZERO, ""))
    if points == ZERO or figures.ceiling == ZERO:
        return Score(ZERO, Message(NOTHING))
    return Score(min(points, figures.ceiling), Message(COUNTED, {"category": category}))


CRITERION = Criterion(
    slug="priority-category",
    title=N_("Priority category"),
    keys={
        "special": N_("special school"),
        "minority": N_("minority school"),
        "second-chance": N_("second-chance school"),
        "remote": N_("remote school"),
    },
    defaults={category: Decimal(10) for category in PRIORITY_CATEGORIES},
    default_ceiling=Decimal(10),
    reasons=(COUNTED, NOTHING),
    evaluate=_evaluate,
    windowed=False,
)

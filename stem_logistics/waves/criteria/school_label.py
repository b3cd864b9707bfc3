"""The eTwinning School Label, or the ITE label of a university department: held or not, never added up."""

from decimal import Decimal

from stem_logistics.waves.criterion import ZERO, Criterion, Facts, Figures, Score
from stem_logistics.waves.wording import N_, Message

HELD = N_("It holds the label, awarded in %(year)s.")
NOTHING = N_("No School Label in the years that count.")
KEYS = {"school-label": "school", "ite-label": "ite"}


def _evaluate(facts: Facts, figures: Figures) -> Score:
    held = [e for e in facts.of(*KEYS) if figures.in_window(e) and figures.worth(KEYS[e.kind]) > ZERO]
    if not held or figures.ceiling == ZERO:
        return Score(ZERO, Message(NOTHING))
    best = max(held, key=lambda e: (figures.worth(KEYS[e.kind]), e.year, -e.id))
    points = min(figures.worth(KEYS[best.kind]), figures.ceiling)
    return Score(points, Message(HELD, {"year": best.year}), (best.id,))


CRITERION = Criterion(
    slug="school-label",
    title=N_("eTwinning School Label"),
    keys={"school": N_("eTwinning School Label"), "ite": N_("ITE label of a university department")},
    defaults={"school": Decimal(10), "ite": Decimal(10)},
    default_ceiling=Decimal(10),
    reasons=(HELD, NOTHING),
    evaluate=_evaluate,
    kinds=tuple(KEYS),
)

"""Active projects of the school, European and national; those whose subject is STEM have their own points."""

from decimal import Decimal

from stem_logistics.waves.criterion import ZERO, Criterion, Evidence, Facts, Figures, Score, capped
from stem_logistics.waves.wording import N_, Message

COUNTED = N_("Active projects that count: %(count)s, of which STEM: %(stem)s.")
NOTHING = N_("No active project in the years that count.")
KEYS = {"national-project": "national", "european-project": "european"}


def _worth(project: Evidence, figures: Figures) -> Decimal:
    key = KEYS[project.kind]
    return figures.worth(f"stem-{key}" if project.stem else key)


def _evaluate(facts: Facts, figures: Figures) -> Score:
    worths = [(e, _worth(e, figures)) for e in facts.of(*KEYS) if figures.in_window(e)]
    score = capped(worths, figures, COUNTED, NOTHING)
    if score.reason.text == NOTHING:
        return score
    stem = sum(1 for e, worth in worths if e.stem and worth > ZERO)
    return Score(score.points, Message(COUNTED, {**score.reason.params, "stem": stem}), score.evidence)


CRITERION = Criterion(
    slug="active-projects",
    title=N_("Active projects"),
    keys={
        "european": N_("European project"),
        "national": N_("national project"),
        "stem-european": N_("European STEM project"),
        "stem-national": N_("national STEM project"),
    },
    defaults={
        "european": Decimal(2),
        "national": Decimal(1),
        "stem-european": Decimal(4),
        "stem-national": Decimal(3),
    },
    default_ceiling=Decimal(15),
    reasons=(COUNTED, NOTHING),
    evaluate=_evaluate,
    kinds=tuple(KEYS),
)

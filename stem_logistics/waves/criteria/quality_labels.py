"""Quality Labels, national and European, of projects; a STEM project's adds its own points."""

from decimal import Decimal

from stem_logistics.waves.criterion import Criterion, Evidence, Facts, Figures, Score, capped
from stem_logistics.waves.wording import N_

COUNTED = N_("Quality Labels that count: %(count)s.")
NOTHING = N_("No Quality Label in the years that count.")
KEYS = {"national-quality-label": "national", "european-quality-label": "european"}


def _worth(label: Evidence, figures: Figures) -> Decimal:
    worth = figures.worth(KEYS[label.kind])
    return worth + figures.worth("stem-bonus") if label.stem else worth


def _evaluate(facts: Facts, figures: Figures) -> Score:
    labels = [e for e in facts.of(*KEYS) if figures.in_window(e)]
    return capped(((e, _worth(e, figures)) for e in labels), figures, COUNTED, NOTHING)


CRITERION = Criterion(
    slug="quality-labels",
    title=N_("Quality Labels"),
    keys={
        "national": N_("National Quality Label"),
        "european": N_("European Quality Label"),
        "stem-bonus": N_("more, where its subject is STEM"),
    },
    defaults={"national": Decimal(3), "european": Decimal(4), "stem-bonus": Decimal(1)},
    default_ceiling=Decimal(20),
    reasons=(COUNTED, NOTHING),
    evaluate=_evaluate,
    kinds=tuple(KEYS),
)

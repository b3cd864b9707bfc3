"""Prizes in a national contest, by rank; one whose subject is STEM adds its own points."""

from decimal import Decimal

from stem_logistics.waves.criterion import Criterion
from stem_logistics.waves.prizes import KEYS, evaluate_prizes
from stem_logistics.waves.wording import N_

COUNTED = N_("National prizes that count: %(count)s.")
NOTHING = N_("No national prize in the years that count.")

CRITERION = Criterion(
    slug="national-prize",
    title=N_("Prize in a national contest"),
    keys=KEYS,
    defaults={
        "rank-1": Decimal(10),
        "rank-2": Decimal(8),
        "rank-3": Decimal(6),
        "commendation": Decimal(3),
        "stem-bonus": Decimal(2),
    },
    default_ceiling=Decimal(20),
    reasons=(COUNTED, NOTHING),
    evaluate=evaluate_prizes("national-prize", COUNTED, NOTHING),
    kinds=("national-prize",),
)

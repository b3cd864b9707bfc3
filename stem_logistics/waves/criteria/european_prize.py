"""Prizes in a European contest, by rank; one whose subject is STEM adds its own points."""

from decimal import Decimal

from stem_logistics.waves.criterion import Criterion
from stem_logistics.waves.prizes import KEYS, evaluate_prizes
from stem_logistics.waves.wording import N_

COUNTED = N_("European prizes that count: %(count)s.")
NOTHING = N_("No European prize in the years that count.")

CRITERION = Criterion(
    slug="european-prize",
    title=N_("Prize in a European contest"),
    keys=KEYS,
    defaults={
        "rank-1": Decimal(15),
        "rank-2": Decimal(12),
        "rank-3": Decimal(10),
        "commendation": Decimal(5),
        "stem-bonus": Decimal(2),
    },
    default_ceiling=Decimal(20),
    reasons=(COUNTED, NOTHING),
    evaluate=evaluate_prizes("european-prize", COUNTED, NOTHING),
    kinds=("european-prize",),
)

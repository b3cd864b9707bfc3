"""What prizes of contests have in common, whoever holds the contest: points by rank, more where the subject is STEM."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from stem_logistics.waves.criterion import Evidence, Facts, Figures, Score, capped
from stem_logistics.waves.wording import N_

KEYS: Mapping[str, str] = {
    "rank-1": N_("first prize"),
    "rank-2": N_("second prize"),
    "rank-3": N_("third prize"),
    "commendation": N_("commendation"),
    "stem-bonus": N_("more, where its subject is STEM"),
}
_RANKS = {1: "rank-1", 2: "rank-2", 3: "rank-3"}


def _worth(prize: Evidence, figures: Figures) -> Decimal:
    worth = figures.worth(_RANKS.get(prize.rank or 0, "commendation"))
    return worth + figures.worth("stem-bonus") if prize.stem else worth


def evaluate_prizes(kind: str, counted: str, nothing: str) -> Callable[[Facts, Figures], Score]:
    """The evaluation of a criterion that adds up prizes of one kind.

    Args:
        kind: the kind of evidence.
        counted: the reason's message where some count, with the place ``count``; `nothing` where none does.
    """

    def evaluate(facts: Facts, figures: Figures) -> Score:
        prizes = [prize for prize in facts.of(kind) if figures.in_window(prize)]
        return capped(((prize, _worth(prize, figures)) for prize in prizes), figures, counted, nothing)

    return evaluate

"""Schools that no earlier wave gave equipment to; with a window of years, none within it."""

from decimal import Decimal

from stem_logistics.waves.criterion import ZERO, Criterion, Facts, Figures, Score
from stem_logistics.waves.wording import N_, Message

NEVER = N_("It has not received equipment in an earlier wave that counts.")
RECEIVED = N_("It received equipment in %(year)s.")


def _evaluate(facts: Facts, figures: Figures) -> Score:
    since = figures.since
    received = [year for year in facts.received_years if since is None or year >= since]
    if received:
        return Score(ZERO, Message(RECEIVED, {"year": max(received)}))
    return Score(min(figures.worth("never"), figures.ceiling), Message(NEVER))


CRITERION = Criterion(
    slug="never-received-before",
    title=N_("No equipment from an earlier wave"),
    keys={"never": N_("has not received equipment before")},
    defaults={"never": Decimal(10)},
    default_ceiling=Decimal(10),
    reasons=(NEVER, RECEIVED),
    evaluate=_evaluate,
)

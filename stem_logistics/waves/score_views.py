"""A stored score as pages show it: parts with their evidence, what does not count and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from stem_logistics.waves.rules_document import WaveRules
from stem_logistics.waves.words import criterion_title, told
from stem_logistics.web.i18n import current_locale


@dataclass(frozen=True)
class PartShown:
    """A criterion's part of a score; evidence only for those who may see it."""

    criterion: str
    title: str
    points: Decimal
    ceiling: Decimal
    reason: str
    evidence: list[dict[str, Any]]


@dataclass(frozen=True)
class ScoreShown:
    """A score with its parts, the conditions that are not met, and notes on evidence that does not count here.

    `correction` is what an appeal added to the parts, or took from them.
    """

    total: Decimal
    admitted: bool
    exclusions: list[str]
    parts: list[PartShown]
    notes: list[tuple[dict[str, Any], str]]
    correction: Decimal = Decimal(0)


def condition_titles(rules: WaveRules) -> dict[str, str]:
    """The titles of the conditions of admission, in the reader's language."""
    return {c.slug: c.title.in_language(current_locale.get()) for c in rules.conditions}


def shown_score(
    stored: Mapping[str, Any] | None, evidence: Sequence[dict[str, Any]], rules: WaveRules
) -> ScoreShown | None:
    """A stored score (`total`, `admitted`, `exclusions`, `parts`) in the reader's language; None for None.

    Args:
        stored: the score.
        evidence: the pieces that the reader may see; the others are left out.
        rules: the wave's, for the titles of conditions.
    """
    if stored is None:
        return None
    known = {piece["id"]: piece for piece in evidence}
    titles = condition_titles(rules)
    parts = [
        PartShown(
            part["criterion"],
            criterion_title(part["criterion"]),
            Decimal(part["points"]),
            Decimal(part["ceiling"]),
            told(part["reason"]),
            [known[ident] for ident in part["evidence"] if ident in known],
        )
        for part in stored["parts"]["criteria"]
    ]
    notes = [(known[int(i)], told(note)) for i, note in sorted(stored["parts"]["notes"].items()) if int(i) in known]
    exclusions = [titles.get(slug, slug) for slug in stored["exclusions"]]
    return ScoreShown(stored["total"], stored["admitted"], exclusions, parts, notes)

"""Reading a rules document: one that can be used, or all its faults, each with its place for a form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from stem_logistics.waves.criteria import all_criteria
from stem_logistics.waves.rules_document import SCHEMA, WaveRules
from stem_logistics.waves.rules_faults import rules_faults, shape_message
from stem_logistics.waves.wording import Message


@dataclass(frozen=True)
class RulesFault:
    """One thing wrong with a document: where (as ``kits.0.stock``) and what."""

    place: str
    message: Message


class InvalidRules(Exception):
    """The document cannot be used; `faults` lists everything that is wrong with it."""

    def __init__(self, faults: list[RulesFault]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{f.place}: {f.message.english()}" for f in faults))


def read_rules(data: Mapping[str, Any]) -> WaveRules:
    """A usable document out of JSON values.

    Args:
        data: the document as JSON gives it.

    Returns:
        the rules, of which every part is checked.

    Raises:
        InvalidRules: with every fault found.
    """
    try:
        rules = WaveRules.model_validate(data)
    except ValidationError as error:
        faults = [RulesFault(".".join(str(step) for step in e["loc"]), shape_message(e)) for e in error.errors()]
        raise InvalidRules(faults) from error
    faults = [RulesFault(place, message) for place, message in rules_faults(rules)]
    if faults:
        raise InvalidRules(faults)
    return rules


def read_stored_rules(data: Mapping[str, Any]) -> WaveRules:
    """A document that was accepted when it was stored: its shape is read, later rules are not held against it."""
    return WaveRules.model_validate(data)


def starting_rules() -> dict[str, Any]:
    """What the editor of a new wave starts from: every criterion with its usual figures, no kit yet."""
    return {
        "schema": SCHEMA,
        "evidence_counts_for": "project_school",
        "block_size": 10,
        "correction_days": 0,
        "appeal_days": 5,
        "kits": [],
        "conditions": [
            {
                "slug": "undertaking",
                "title": {
                    "el": "Δέσμευση υλοποίησης έργου STEM",
                    "en": "Undertaking to run a STEM project",
                },
            },
            {
                "slug": "assembly-act",
                "title": {"el": "Πράξη του Συλλόγου Διδασκόντων", "en": "Act of the Teachers' Assembly"},
            },
            {
                "slug": "head-signature",
                "title": {
                    "el": "Υπογραφή του διευθυντή ή της διευθύντριας",
                    "en": "Signature of the head of the school",
                },
            },
            {
                "slug": "active-registration",
                "title": {"el": "Ενεργή σχολική μονάδα στο μητρώο", "en": "School active in the registry"},
                "source": "registry-active",
            },
        ],
        "criteria": [
            {
                "slug": criterion.slug,
                "points": {key: str(worth) for key, worth in criterion.defaults.items()},
                "ceiling": str(criterion.default_ceiling),
                "valid_years": 3 if criterion.windowed and criterion.slug != "never-received-before" else None,
            }
            for criterion in all_criteria().values()
        ],
    }

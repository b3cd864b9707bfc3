"""Corrections, decisions and appeals as forms send them."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from litestar.datastructures import FormMultiDict, UploadFile

from stem_logistics.appeals.rules import MOST_POINTS, Correction
from stem_logistics.errors import Invalid
from stem_logistics.waves.page_tools import text_of
from stem_logistics.waves.rules_document import WaveRules
from stem_logistics.waves.words import CATEGORIES

MOST_DOCUMENTS = 5


def correction_of(form: Any, rules: WaveRules, before: Mapping[str, Any]) -> Correction | None:
    """The correction that the form gives; None where it corrects nothing.

    Args:
        form: the fields (of a form or of an address).
        rules: the wave's.
        before: the application as it stands: `categories`, `preferences`.

    Raises:
        Invalid: points that are no number, or too many; a criterion or kit that the wave has not.
    """
    criterion = text_of(form, "criterion") or None
    points: Decimal | None = None
    if criterion is not None:
        if criterion not in {figures.slug for figures in rules.criteria}:
            raise Invalid("appeal-correction-unusable")
        points = _points(text_of(form, "points"))
    categories: tuple[str, ...] | None = None
    if text_of(form, "recategorise") == "yes":
        wanted = set(form.getall("categories", []))
        categories = tuple(category for category in CATEGORIES if category in wanted)
        if set(categories) == set(before["categories"]):
            categories = None
    listed = [text_of(form, f"preference_{number}") for number in range(1, len(rules.kits) + 1)]
    preferences: tuple[str, ...] | None = tuple(dict.fromkeys(kit for kit in listed if kit))
    if any(rules.kit(kit) is None for kit in preferences or ()):
        raise Invalid("appeal-correction-unusable")
    if not preferences or preferences == tuple(before["preferences"]):
        preferences = None
    found = Correction(criterion, points, categories, preferences, text_of(form, "admit") == "yes")
    return None if found == Correction() else found


def _points(text: str) -> Decimal:
    try:
        points = Decimal(text.replace(",", "."))
    except InvalidOperation as error:
        raise Invalid("appeal-correction-unusable") from error
    if not points.is_finite() or not 0 <= points <= MOST_POINTS:
        raise Invalid("appeal-correction-unusable")
    return points


def fields_of(correction: Correction) -> dict[str, str | list[str]]:
    """A correction as the form's fields, to be sent again with the decision."""
    fields: dict[str, str | list[str]] = {}
    if correction.criterion is not None:
        fields |= {"criterion": correction.criterion, "points": format(correction.points or Decimal(0), "f")}
    if correction.categories is not None:
        fields |= {"recategorise": "yes", "categories": list(correction.categories)}
    for number, kit in enumerate(correction.preferences or (), 1):
        fields[f"preference_{number}"] = kit
    if correction.admit:
        fields["admit"] = "yes"
    return fields


def point_of(text: str) -> tuple[str, str]:
    """What an appeal is about: `criterion:national-prize` gives the point and its detail."""
    point, _, detail = text.partition(":")
    return point, detail[:60]


async def documents_of(form: FormMultiDict) -> list[tuple[str, bytes]]:
    """The documents that were attached, at most five."""
    found = []
    for value in form.getall("documents", [])[:MOST_DOCUMENTS]:
        if isinstance(value, UploadFile) and value.filename:
            found.append((value.filename, await value.read()))
    return found

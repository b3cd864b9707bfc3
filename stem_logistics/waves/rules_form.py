"""The rules editor's form as a document, and a document's faults as the form's fields. Pure.

Fields are named by their place in the document (``kits.0.stock``), criteria by their slug
(``criteria.national-prize.points.rank-1``), so that a fault finds its field. Works without JavaScript: buttons
that add a part send the form, which comes back with everything that was typed.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from stem_logistics.waves.criteria import all_criteria
from stem_logistics.waves.rules_document import SCHEMA

MOST_PARTS = 60  # of any kind: whatever a form claims, the loop ends


class FormData(Protocol):
    """What is needed of a form: the last value of a name, and all of them."""

    def get(self, name: str, default: str) -> Any:
        """The value of a field."""
        ...

    def getall(self, name: str, default: Sequence[Any]) -> Sequence[Any]:
        """All values of a field that may be ticked several times."""
        ...


def document_of_form(form: FormData) -> dict[str, Any]:
    """The document that a form spells out; wrong values stay as they were typed, for `read_rules` to refuse."""
    document = {
        "schema": SCHEMA,
        "evidence_counts_for": _text(form, "evidence_counts_for") or "project_school",
        "block_size": _whole(form, "block_size", "10"),
        "correction_days": _whole(form, "correction_days", "0"),
        "appeal_days": _whole(form, "appeal_days", "5"),
        "kits": [_kit(form, f"kits.{n}") for n in _numbers(form, "kits", "definition")],
        "conditions": [_condition(form, f"conditions.{n}", n) for n in _numbers(form, "conditions", "title.el")],
        "criteria": [_criterion(form, slug) for slug in all_criteria() if _text(form, f"criteria.{slug}.use")],
    }
    _apply(document, _text(form, "action"))
    return document


def field_of_place(place: str, document: Mapping[str, Any]) -> str:
    """The name of the field that a fault's place means: criteria go by slug in the form."""
    match = re.match(r"criteria\.(\d+)(.*)", place)
    if match is None or int(match[1]) >= len(document["criteria"]):
        return place
    return f"criteria.{document['criteria'][int(match[1])]['slug']}{match[2]}"


def _apply(document: dict[str, Any], action: str) -> None:
    if action == "add-kit":
        document["kits"].append(new_kit())
    elif action == "add-condition":
        document["conditions"].append({"slug": "", "title": {"el": "", "en": ""}, "source": "declared"})
    match = re.fullmatch(r"add-reserve-(\d{1,3})", action)
    if match is not None and int(match[1]) < len(document["kits"]):
        reserves = document["kits"][int(match[1])]["reserves"]
        reserves.append({"id": f"line-{len(reserves) + 1}", "title": {"el": "", "en": ""}, "any_of": [], "places": 0})


def new_kit() -> dict[str, Any]:
    """A kit that waits to be filled in."""
    return {
        "slug": "",
        "definition": "",
        "title": {"el": "", "en": ""},
        "stock": "",
        "held_back": 0,
        "levels": [],
        "reserves": [],
        "open_region_cap": {},
        "university_blocks": 0,
    }


def _numbers(form: FormData, part: str, field: str) -> list[int]:
    """The parts of a kind that the form holds and that are not ticked for removal."""
    found: list[int] = []
    for number in range(MOST_PARTS):
        if form.get(f"{part}.{number}.{field}", "\0") == "\0":
            break
        if not _text(form, f"{part}.{number}.remove"):
            found.append(number)
    return found


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _whole(form: FormData, name: str, empty: str = "") -> int | str:
    value = _text(form, name) or empty
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 9 else value


def _title(form: FormData, place: str) -> dict[str, str]:
    return {"el": _text(form, f"{place}.title.el"), "en": _text(form, f"{place}.title.en")}


def _ticked(form: FormData, name: str) -> list[str]:
    return [value for value in form.getall(name, []) if isinstance(value, str)]


def _kit(form: FormData, place: str) -> dict[str, Any]:
    definition = _text(form, f"{place}.definition")
    caps: dict[str, int | str] = {}
    for code in _ticked(form, f"{place}.regions"):
        cap = _whole(form, f"{place}.open_region_cap.{code}")
        if cap != "":
            caps[code] = cap
    return {
        "slug": _text(form, f"{place}.slug") or definition,
        "definition": definition,
        "title": _title(form, place),
        "stock": _whole(form, f"{place}.stock"),
        "held_back": _whole(form, f"{place}.held_back", "0"),
        "levels": _ticked(form, f"{place}.levels"),
        "reserves": [_reserve(form, f"{place}.reserves.{n}") for n in _numbers(form, f"{place}.reserves", "id")],
        "open_region_cap": caps,
        "university_blocks": _whole(form, f"{place}.university_blocks", "0"),
    }


def _reserve(form: FormData, place: str) -> dict[str, Any]:
    return {
        "id": _text(form, f"{place}.id"),
        "title": _title(form, place),
        "any_of": _ticked(form, f"{place}.any_of"),
        "places": _whole(form, f"{place}.places"),
    }


def _condition(form: FormData, place: str, number: int) -> dict[str, Any]:
    return {
        "slug": _text(form, f"{place}.slug") or f"condition-{number + 1}",
        "title": _title(form, place),
        "source": _text(form, f"{place}.source") or "declared",
    }


def _criterion(form: FormData, slug: str) -> dict[str, Any]:
    place = f"criteria.{slug}"
    points = {key: _decimal(form, f"{place}.points.{key}") for key in all_criteria()[slug].keys}
    years = _whole(form, f"{place}.valid_years")
    return {
        "slug": slug,
        "points": {key: worth for key, worth in points.items() if worth != ""},
        "ceiling": _decimal(form, f"{place}.ceiling"),
        "valid_years": None if years == "" else years,
    }


def _decimal(form: FormData, name: str) -> str:
    return decimal_as_typed(_text(form, name))


def decimal_as_typed(value: str) -> str:
    """A figure as Greeks write it (12,5 and 1.000), with a decimal point; one that groups nothing is a decimal mark."""
    if re.fullmatch(r"\d{1,3}(\.\d{3})+(,\d+)?", value):
        value = value.replace(".", "")
    return value.replace(",", ".")

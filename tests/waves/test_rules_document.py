"""A wave's rules are read whole or refused with every fault in its place."""

from typing import Any

import pytest

from stem_logistics.waves.rules_reading import InvalidRules, read_rules, starting_rules

KIT: dict[str, Any] = {
    "slug": "printer",
    "definition": "printer-kit",
    "title": {"el": "Εκτυπωτής 3D", "en": "3D printer"},
    "stock": 50,
    "held_back": 2,
    "levels": ["lower_secondary", "upper_secondary"],
    "reserves": [
        {
            "id": "priority",
            "title": {"el": "Ειδικές κατηγορίες"},
            "any_of": ["special", "minority", "second-chance", "remote"],
            "places": 20,
        }
    ],
    "open_region_cap": {"attica": 10},
    "university_blocks": 2,
}

PRIZE = {"slug": "national-prize", "points": {}, "ceiling": "1"}


def document(**kit: Any) -> dict[str, Any]:
    return {**starting_rules(), "kits": [{**KIT, **kit}]}


def faults(data: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InvalidRules) as caught:
        read_rules(data)
    return {fault.place: fault.message.english() for fault in caught.value.faults}


def test_what_is_read_is_what_is_written() -> None:
    """A document survives being stored and read again, its decimals as text."""
    rules = read_rules(document())
    assert read_rules(rules.as_json()) == rules
    assert rules.as_json()["criteria"][0]["ceiling"] == "15"
    kit = rules.kit("printer")
    assert kit is not None and kit.title.in_language("en") == "3D printer"


def test_reserves_and_blocks_within_the_stock() -> None:
    """Places and blocks that just fill the stock are right; one more names the kit and all figures."""
    read_rules(document(stock=40))
    message = faults(document(stock=39))["kits.0.stock"]
    for figure in ("Εκτυπωτής", "20", "2", "10", "40", "39"):
        assert figure in message


def test_held_back_kits_are_not_in_the_stock() -> None:
    """Kits kept for appeals stand beside the stock, so they take no place from it."""
    read_rules(document(stock=40, held_back=40))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"stock": -1}, "kits.0.stock"),
        ({"stock": "many"}, "kits.0.stock"),
        ({"stock": 2.5}, "kits.0.stock"),
        ({"levels": []}, "kits.0.levels"),
        ({"colour": "red"}, "kits.0.colour"),
        ({"slug": "Εκτυπωτής"}, "kits.0.slug"),
        ({"title": {"el": " "}}, "kits.0.title.el"),
        ({"open_region_cap": {"attica": -1}}, "kits.0.open_region_cap.attica"),
        ({"reserves": [{**KIT["reserves"][0], "any_of": []}]}, "kits.0.reserves.0.any_of"),
        ({"reserves": [{**KIT["reserves"][0], "id": "open"}]}, "kits.0.reserves.0.id"),
        ({"reserves": [KIT["reserves"][0], KIT["reserves"][0]], "stock": 99}, "kits.0.reserves"),
        ({"reserves": [{**KIT["reserves"][0], "places": "20%"}]}, "kits.0.reserves.0.places"),
    ],
)
def test_a_fault_has_its_place(change: dict[str, Any], place: str) -> None:
    """Each wrong value is refused at its own place with a message that has no gaps."""
    found = faults(document(**change))
    assert place in found
    assert "%(" not in found[place]


def test_all_faults_at_once() -> None:
    """Two kits above their stock are two faults, not one after the other."""
    data = {**starting_rules(), "kits": [{**KIT, "stock": 1}, {**KIT, "slug": "robot", "stock": 2}]}
    assert set(faults(data)) == {"kits.0.stock", "kits.1.stock"}


@pytest.mark.parametrize(
    ("criterion", "place"),
    [
        ({"slug": "beauty", "points": {}, "ceiling": "1"}, "criteria.0.slug"),
        ({**PRIZE, "points": {"rank-9": "1"}}, "criteria.0.points.rank-9"),
        ({**PRIZE, "points": {"rank-1": "-1"}}, "criteria.0.points.rank-1"),
        (
            {"slug": "national-prize", "points": {"rank-1": "0.1234567"}, "ceiling": "1"},
            "criteria.0.points.rank-1",
        ),
        ({**PRIZE, "points": {"rank-1": "NaN"}}, "criteria.0.points.rank-1"),
        (
            {"slug": "stem-undertaking", "points": {}, "ceiling": "1", "valid_years": 3},
            "criteria.0.valid_years",
        ),
    ],
)
def test_criteria_that_cannot_be(criterion: dict[str, Any], place: str) -> None:
    """Unknown criteria, unknown figures, figures that a score cannot hold: refused at their place."""
    assert place in faults({**document(), "criteria": [criterion]})


def test_no_kit_is_no_wave() -> None:
    """The document that the editor starts from lacks kits only."""
    assert set(faults(starting_rules())) == {"kits"}

"""Every reason of the rule has a plain sentence with its figures, in Greek with a decimal comma, and in English."""

from typing import Any

import pytest

from stem_logistics.allocation.model import Code
from stem_logistics.allocation.reason_words import (
    AFTERWARDS,
    CODE_WORDS,
    SENTENCES,
    WITH_NEED,
    Names,
    headline,
    needed_sentence,
    reason_sentence,
)
from stem_logistics.web.i18n import use_locale

NAMES = Names({"printer": "Εκτυπωτής 3D"}, {("printer", "priority"): "Ειδικές κατηγορίες"}, "Κρήτη", "Γυμνάσιο")
PAIR = {"score": "85.5", "ticket": "5" * 64}


def row(code: str, **values: Any) -> dict[str, Any]:
    base = {"kit_slug": "printer", "code": code, "line": None, "units": 0, "score": "80.25", "ticket": "7" * 64}
    return {**base, "cutoff": None, "needed": None, **values}


# code, what its row holds, what the Greek sentence must say
CASES = [
    ("NO_PREFERENCE", {"kit_slug": None}, ["αίτηση"]),
    ("NOT_SUITABLE_LEVEL", {}, ["Εκτυπωτής 3D", "Γυμνάσιο"]),
    ("ALLOCATED_RESERVE", {"line": "priority", "units": 1, "cutoff": PAIR}, ["Ειδικές κατηγορίες", "80,25", "85,5"]),
    ("ALLOCATED_RESERVE", {"line": "priority", "units": 1}, ["Ειδικές κατηγορίες", "80,25"]),
    ("ALLOCATED_OPEN", {"line": "open", "units": 1, "cutoff": PAIR}, ["Εκτυπωτής 3D", "80,25", "85,5"]),
    ("ALLOCATED_OPEN", {"line": "open", "units": 1}, ["80,25"]),
    ("NO_STOCK", {}, ["Εκτυπωτής 3D"]),
    ("REGION_CAP", {"cutoff": PAIR}, ["Κρήτη", "85,5", "80,25"]),
    ("REGION_CAP", {"cutoff": {**PAIR, "score": "80.250"}}, ["Κρήτη", "80,25", "κλήρωση"]),
    ("REGION_CAP", {"cutoff": "CLOSED"}, ["Κρήτη"]),
    ("TIE_LOST_LOTTERY", {"cutoff": {**PAIR, "score": "80.25"}}, ["80,25", "κλήρωση"]),
    ("BELOW_OPEN_CUTOFF", {"cutoff": PAIR}, ["85,5", "80,25"]),
    ("BELOW_RESERVE_CUTOFF", {"cutoff": PAIR}, ["85,5", "80,25"]),
    ("BELOW_RESERVE_CUTOFF", {"cutoff": {**PAIR, "score": "80.25"}}, ["80,25", "κλήρωση"]),
    ("NOT_ELIGIBLE_FOR_RESERVE", {"cutoff": "CLOSED"}, ["Εκτυπωτής 3D"]),
    ("ALLOCATED_BLOCK", {"line": "university", "units": 10}, ["10", "80,25"]),
    ("NO_WHOLE_BLOCK", {}, ["Εκτυπωτής 3D"]),
    ("SUPERSEDED", {"kit_slug": None}, ["αίτηση"]),
]


def test_every_code_is_spoken() -> None:
    """No code of the rule is without its sentence, its word for tables and a case here."""
    codes = {str(code) for code in Code}
    assert {str(code) for code in SENTENCES} == codes
    assert set(CODE_WORDS) == codes | set(AFTERWARDS)
    assert {case[0] for case in CASES} == codes


@pytest.mark.parametrize(("code", "values", "said"), CASES)
def test_a_reason_says_its_figures(code: str, values: dict[str, Any], said: list[str]) -> None:
    """The Greek sentence has kit, figures with a comma and no gap; the English one is another."""
    with use_locale("el"):
        greek = reason_sentence(row(code, **values), NAMES)
    with use_locale("en"):
        english = reason_sentence(row(code, **values), NAMES)
    assert all(part in greek for part in said), greek
    assert "%(" not in greek + english
    assert "80.25" not in greek
    assert greek != english


def needed(**values: Any) -> str:
    with use_locale("el"):
        return needed_sentence(row("BELOW_OPEN_CUTOFF", cutoff=PAIR, **values))


def test_what_would_have_sufficed() -> None:
    """With an earlier ticket of its own the cut-off's points are enough, with a later one they are not."""
    enough = needed(needed=PAIR, ticket="4" * 64)
    assert "85,5" in enough
    assert "5,25" in enough
    more = needed(needed=PAIR, ticket="7" * 64)
    assert "85,5" in more
    assert more != enough
    assert needed(needed={**PAIR, "score": "80.25"}) not in (more, enough)
    assert needed() not in ("", more, enough)
    for code in Code:
        with use_locale("el"):
            assert bool(needed_sentence(row(code))) == (code in WITH_NEED)


def test_the_headline() -> None:
    """What was received, else the reason for the best kit it could have had, else what excluded it."""
    refused = row("BELOW_OPEN_CUTOFF", cutoff=PAIR)
    with use_locale("el"):
        received = headline([refused, row("ALLOCATED_OPEN", line="open", units=1)], NAMES, [])
        assert "Εκτυπωτής 3D" in received
        assert "85,5" not in received
        assert "85,5" in headline([row("NOT_SUITABLE_LEVEL"), refused], NAMES, [])
        assert "Γυμνάσιο" in headline([row("NOT_SUITABLE_LEVEL")], NAMES, [])
        assert "Πράξη" in headline([], NAMES, ["Πράξη του Συλλόγου"])
        assert "10" in headline([row("ALLOCATED_BLOCK", line="university", units=10)], NAMES, [])
        assert headline([], NAMES, [])

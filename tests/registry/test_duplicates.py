"""Which rows may be one school: what is found, what is told apart."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stem_logistics.registry.duplicates import Ground, Registered, is_slip, suspected_pairs
from stem_logistics.registry.importing.rows import read_registry
from tests.registry.test_import import generated

KATERINI = Registered(
    *(1, "0501659", "7ο Νηπιαγωγείο Κατερίνης", "kindergarten", "ΗΜΕΡΗΣΙΟ", "Δήμος Κατερίνης"),
    *("Αθηνάς 3", "2351012345", "mail@7nip.example"),
)


def double(**changes: str) -> Registered:
    """The same school, entered again: nothing but its name, place and level as they were."""
    bare = {"code": "0501777", "address": "", "phone": "", "email": "", "shift": ""}
    return replace(KATERINI, id=2, **{**bare, **changes})


@pytest.mark.parametrize(
    ("other", "grounds"),
    [
        (double(name="7o Nipiagogeio Katerinis"), {Ground.SAME_NAME}),
        (double(name="7ο ΝΗΠΙΑΓΩΓΕΙΟ ΚΑΤΕΡΙΝΗΣ", code="0501569"), {Ground.SAME_NAME, Ground.CODE_SLIP}),
        (double(name="7ο Νηπιαγωγείο Κατερίνος", phone="+30 23510 12345"), {Ground.NEAR_NAME, Ground.SAME_PHONE}),
        (double(email="MAIL@7nip.example", name="7ο Νηπ. Πιερίας", phone="2351012345"), {"any"}),
        (double(address="ΑΘΗΝΑΣ 3"), {Ground.SAME_NAME, Ground.SAME_ADDRESS}),
    ],
)
def test_doubles_are_found(other: Registered, grounds: set[str]) -> None:
    """A school entered twice is suspected, on the grounds that it shares, whatever the order of the rows."""
    (pair,) = suspected_pairs([KATERINI, other])
    assert (pair.first, pair.second) == (1, 2)
    assert grounds == {"any"} or set(pair.grounds) == grounds
    assert suspected_pairs([other, KATERINI]) == [pair]


@pytest.mark.parametrize(
    "other",
    [
        replace(KATERINI, id=2, code="0501660", name="5ο Νηπιαγωγείο Κατερίνης"),
        replace(KATERINI, id=2, code="0501660", shift="ΕΣΠΕΡΙΝΟ"),
        replace(KATERINI, id=2, code="0501660", name="7ο Δημοτικό Κατερίνης", level="primary"),
        double(name="7ο Ειδικό Νηπιαγωγείο Κατερίνης"),
        double(municipality="Δήμος Βέροιας", name="7ο Νηπιαγωγείο Βέροιας"),
    ],
)
def test_two_schools_in_one_building_are_two(other: Registered) -> None:
    """Another number, shift, level or kind tells two schools apart, also where they share place and telephone."""
    assert suspected_pairs([KATERINI, other]) == []


def registry(count: int) -> list[Registered]:
    reading = read_registry(generated(count), largest=10**8)
    return [
        Registered(n, r.code, r.name, r.level, r.operation_shift, r.municipality, r.address, r.phone, r.email)
        for n, r in enumerate(reading.records)
    ]


ROWS = registry(600)


def test_a_registry_without_doubles_raises_no_suspicion() -> None:
    """Hundreds of different schools, numbered ones in one town among them, are not taken for each other."""
    assert suspected_pairs(ROWS) == []


@given(st.lists(st.integers(0, len(ROWS) - 1), min_size=1, max_size=5, unique=True), st.randoms())
def test_every_planted_double_is_found_and_nothing_else(places: Sequence[int], random: object) -> None:
    """Whichever schools are entered a second time, exactly those pairs come out, in any order of the rows."""
    planted = [replace(ROWS[place], id=10_000 + place, code="9" + ROWS[place].code[1:], phone="") for place in places]
    rows = [*ROWS, *planted]
    random.shuffle(rows)  # type: ignore[attr-defined]
    assert {(pair.first, pair.second) for pair in suspected_pairs(rows)} == {(p, 10_000 + p) for p in places}


@given(st.text(st.characters(categories=["Nd"]), min_size=2, max_size=9), st.data())
def test_a_slip_is_one_edit(code: str, data: st.DataObject) -> None:
    """Changing, dropping, adding a character, or swapping two neighbours, is a slip both ways; nothing is itself."""
    at = data.draw(st.integers(0, len(code) - 2))
    letter = data.draw(st.sampled_from("0123456789"))
    for other in (
        code[:at] + letter + code[at + 1 :],
        code[:at] + code[at + 1 :],
        code[:at] + letter + code[at:],
        code[:at] + code[at + 1] + code[at] + code[at + 2 :],
    ):
        assert is_slip(code, other) == is_slip(other, code) == (code != other)
    assert not is_slip(code, code + "12")

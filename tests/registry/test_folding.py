"""Names are found however they are written."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stem_logistics.registry.folding import LONGEST_QUERY, fold, matches, search_key, ts_query
from stem_logistics.registry.places import places

KATERINI = search_key("0501659", "7ο Νηπιαγωγείο Κατερίνης", "Κατερίνης", "Πιερίας")
GREEK = st.text(
    alphabet="αβγδεζηθικλμνξοπρστυφχψωάέήίόύώϊϋΐΰςΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΆΈΉΊΌΎΏ 0123456789./°'-", max_size=40
)
ANY = st.text(max_size=60)


@pytest.mark.parametrize(
    "query",
    [
        "7ο νηπ κατερ",
        "7o nipiagogeio katerinis",
        "7o nhpiagwgeio katerinhs",
        "0501659",
        "05016",
        "7Ο ΝΗΠΙΑΓΩΓΕΙΟ ΚΑΤΕΡΙΝΗΣ",
        "7° Νηπ/γείο Κατερίνης",
        "7º νηπ. κατερίνης",
        "7ος νηπιαγωγειο",
        "7ου Νηπιαγωγείου Κατερίνης",
        "7 Νηπιαγωγείο",
        "Κατερίνη",
        "νηπιαγωγε",
        "KATEPINH NHΠIAΓΩΓEIO",
        "katepinhs",
        "κατερινης 7ο πιεριας",
    ],
)
def test_a_school_is_found_however_it_is_written(query: str) -> None:
    """Accents, case, final sigma, look-alikes, Greeklish, ordinals, abbreviations, word order, the code."""
    assert matches(query, KATERINI)


@pytest.mark.parametrize(
    "query", ["70 νηπ κατερ", "8ο νηπ κατερ", "7ο δημ κατερ", "7ο νηπ βερ", "0501658", "γελ κατερ"]
)
def test_another_school_is_not(query: str) -> None:
    """A number is taken whole, a kind of school is its own, a code is exact as far as it is typed."""
    assert not matches(query, KATERINI)


@pytest.mark.parametrize(
    ("name", "queries"),
    [
        ("1ο Γενικό Λύκειο Χανίων", ["1ο ΓΕΛ Χανιων", "Γ.Ε.Λ. Χανιά", "gel chania", "gel xania", "gel hania"]),
        ("1ο ΓΕΛ Ξάνθης", ["γενικο λυκειο ξανθη", "geniko lykeio xanthi", "geniko lukeio ksanthi"]),
        ("2ο ΕΠΑΛ Βόλου", ["ΕΠΑ.Λ. Βόλος", "επαγγελματικο λυκ βολ", "epal volos", "epal bolou"]),
        ("3ο Δημ. Σχ. Άργους Ορεστικού", ["3ο δημοτικό σχολείο αργος", "Δ.Σ. Άργους", "dimotiko argous"]),
        ("ΕΝ.Ε.Ε.ΓΥ.-Λ. Θεσσαλονίκης", ["ενεεγυλ θεσσαλονικη", "ENEEGYL Thessaloniki", "ΕΝΕΕΓΥ-Λ 8essaloniki"]),
        ("Ε.Ε.Ε.Ε.Κ. Σταυρούπολης", ["εεεεκ σταυρ", "eeeek stayroupolis", "εργαστηριο ειδικης επαγγελματικης"]),
        ("Σχολείο Δεύτερης Ευκαιρίας Πύργου", ["ΣΔΕ Πύργος", "Σ.Δ.Ε. πυργου", "sxoleio deyterhs eukairias"]),
        ("5ο Γυμνάσιο Αγίου Δημητρίου", ["5ο γυμν αγ δημ", "gymnasio agiou dimitriou", "gumnasio ag dhmhtriou"]),
        ("Μουσικό Σχολείο Ιλίου", ["mousiko sxoleio iliou", "μουσικο ιλιον"]),
        ("Νηπιαγωγείο Ψαχνών", ["psaxna", "ψαχνα", "psachnon"]),
    ],
)
def test_abbreviations_and_transliterations_meet(name: str, queries: list[str]) -> None:
    """A kind of school is found by its name and its short forms, a place by its nominative and in Latin letters."""
    for query in queries:
        assert matches(query, search_key(name)), query


@given(ANY)
def test_folding_twice_changes_nothing(text: str) -> None:
    """The key is a fixed point, so a key that is folded again (a re-import, a merge) stays the same."""
    assert fold(fold(text)) == fold(text)


@given(GREEK)
def test_case_accents_and_final_sigma_do_not_matter(text: str) -> None:
    """However a name is capitalised or accented, and whichever sigma ends it, its key is the same."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    assert fold(text.upper()) == fold(text) == fold(text.lower()) == fold(bare) == fold(text.replace("ς", "σ"))


@given(ANY)
def test_nothing_that_is_typed_reaches_the_query_language(text: str) -> None:
    """A query holds a-z, 0-9 and the operators that we write; keys only a-z, 0-9 and blanks."""
    assert set(ts_query(text)) <= set("abcdefghijklmnopqrstuvwxyz0123456789':*&|() ")
    assert set(search_key(text)) <= set("abcdefghijklmnopqrstuvwxyz0123456789 ")


@given(GREEK.filter(lambda text: len(text) <= LONGEST_QUERY))
def test_a_name_finds_itself(text: str) -> None:
    """Whatever the name, typing it finds it."""
    assert matches(text, search_key(text))


def test_every_town_is_found_while_it_is_typed() -> None:
    """Each beginning of three letters or more of each town finds it, with accents, without, and in capitals."""
    for place in places():
        key = search_key(f"1ο Γυμνάσιο {place.town}")
        for word in place.town.split():
            for end in range(3, len(word) + 1):
                assert matches(word[:end], key), word[:end]
                assert matches(word[:end].upper(), key), word[:end].upper()

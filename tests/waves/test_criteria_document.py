"""The criteria as a published document: versions, differences, checks against the registry, the text and its PDF."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar

from stem_logistics.db.engine import execute
from stem_logistics.errors import Conflict, FieldErrors, Invalid, NotFound
from stem_logistics.settings import Settings
from stem_logistics.waves import call_document, calls, rules_history
from stem_logistics.waves import service as waves
from stem_logistics.waves.call_text import as_plain_text
from stem_logistics.waves.rules_diff import differences
from stem_logistics.waves.rules_form import document_of_form
from stem_logistics.waves.rules_reading import InvalidRules, read_rules
from stem_logistics.web.i18n import use_locale
from tests.support import browser, make_person, sign_in
from tests.waves.scene import PRIORITY, close, kit, make_school, open_wave, rules
from tests.waves.test_pages import look, send

FULL = rules(kit(stock=30, held_back=2, reserves=[PRIORITY], open_region_cap={"attica": 3}, university_blocks=1))


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _leaves(inner, (*path, place))
    else:
        yield path


def _changed(document: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    found = copy.deepcopy(document)
    at: Any = found
    for step in path[:-1]:
        at = at[step]
    value = at[path[-1]]
    known = {
        "project_school": "service_school",
        "declared": "registry-active",
        "registry-active": "declared",
        "lower_secondary": "primary",
        "upper_secondary": "vocational",
        "special": "other",
        "minority": "other",
        "second-chance": "other",
        "remote": "other",
    }
    if value is None:
        at[path[-1]] = 7
    elif isinstance(value, int):
        at[path[-1]] = value + 1
    else:
        text = str(value)
        at[path[-1]] = known.get(text) or (f"{text}1" if text.replace(".", "").isdigit() else f"{text}x")
    return found


def test_no_change_of_a_figure_goes_unsaid() -> None:
    """Whatever single value of a document changes, the differences name it; the same document differs in none."""
    stored = read_rules(FULL).as_json()
    before = read_rules(stored)
    assert differences(before, read_rules(copy.deepcopy(stored))) == []
    tried = 0
    for path in _leaves(stored):
        if path == ("schema",) or (path[0] == "criteria" and path[-1] == "slug"):
            continue
        if path[0] == "criteria" and path[-1] == "valid_years":
            slug = stored["criteria"][path[1]]["slug"]
            if slug in ("active-teachers", "stem-undertaking", "priority-category"):
                continue  # these have no years
        after = read_rules(_changed(stored, path))
        assert differences(before, after), path
        tried += 1
    assert tried > 60


def test_differences_are_words() -> None:
    """A changed ceiling is named by the criterion's own title, with both figures as Greek writes them."""
    before = rules()
    after = copy.deepcopy(before)
    prize = next(c for c in after["criteria"] if c["slug"] == "national-prize")
    prize["ceiling"] = "12.5"
    with use_locale("el"):
        (found,) = differences(read_rules(before), read_rules(after))
    assert found.what.endswith(": το πολύ") and "εθνικό διαγωνισμό" in found.what
    assert (found.before, found.after) == ("20", "12,5")


@pytest.mark.parametrize(
    ("change", "place", "said"),
    [
        ([], "criteria", "add up to nothing"),
        ([{"slug": "national-prize", "points": {"rank-1": "0"}, "ceiling": "0"}], "criteria", "add up to nothing"),
        ([{"slug": "national-prize", "points": {"rank-1": "5"}, "ceiling": "0"}], "criteria.0.ceiling", "ceiling 0"),
        ([{"slug": "national-prize", "points": {}, "ceiling": "5"}], "criteria.0.ceiling", "no points"),
        (
            [{"slug": "national-prize", "points": {"rank-1": "12,5"}, "ceiling": "20"}],
            "criteria.0.points.rank-1",
            "as 12.5",
        ),
    ],
)
def test_weights_that_give_nothing(change: list[dict[str, Any]], place: str, said: str) -> None:
    """Criteria that add up to nothing, a ceiling or points of 0, a figure with a comma: place, and what to do."""
    with pytest.raises(InvalidRules) as caught:
        read_rules(rules(criteria=change))
    found = {fault.place: fault.message.english() for fault in caught.value.faults}
    assert said in found[place]


class _Form(dict[str, str]):
    def getall(self, name: str, default: Any) -> Any:
        return [self[name]] if name in self else default


@pytest.mark.parametrize(
    ("typed", "read"),
    [("12,5", "12.5"), ("12.5", "12.5"), ("1.000", "1000"), ("1.000,25", "1000.25"), ("0,125", "0.125"), ("x", "x")],
)
def test_points_as_greeks_write_them(typed: str, read: str) -> None:
    """In the form a comma is the decimal mark, and a point that groups thousands is one, never a thousandth."""
    form = _Form({"criteria.national-prize.use": "yes", "criteria.national-prize.ceiling": typed})
    (found,) = document_of_form(form)["criteria"]
    assert found["ceiling"] == read


async def test_versions_say_who_when_why_and_what(service: Settings) -> None:
    """Each save with a change is a version; versions are told apart in words; unknown ones are refused."""
    await make_school("0100001")
    await _versions()
    with use_locale("el"):
        newest, oldest = await rules_history.versions_of("stem-6")
    assert (newest.number, oldest.number) == (2, 1)
    assert newest.why == "Ήρθαν ακόμη τρεις εκτυπωτές" and newest.created_at >= oldest.created_at
    assert [(c.before, c.after) for c in newest.changes] == [("2", "5")]
    assert oldest.changes == []
    back = await rules_history.compare_versions("stem-6", 2, 1)
    assert [(c.before, c.after) for c in back] == [("5", "2")]
    with pytest.raises(NotFound):
        await rules_history.compare_versions("stem-6", 1, 9)


async def _versions() -> None:
    await waves.create_wave("stem-6", "Δράση STEM 6", "STEM 6", 2026, 2027)
    await waves.save_rules("stem-6", rules(kit(stock=2)))
    await waves.save_rules("stem-6", rules(kit(stock=5)), why="Ήρθαν ακόμη τρεις εκτυπωτές")


async def test_frozen_means_frozen_in_the_database_too(service: Settings) -> None:
    """After the opening neither the services nor plain SQL change, add or remove a version, or the seed's promise."""
    await make_school("0100001")
    wave = await open_wave(kit(stock=1))
    for statement in (
        "UPDATE wave_rules SET document = '{}'",
        "DELETE FROM wave_rules",
        "INSERT INTO wave_rules (wave_id, version, document) SELECT wave_id, 9, document FROM wave_rules",
        f"UPDATE wave SET seed_commitment = '{'0' * 64}'",
        "UPDATE wave SET nonce = 'another', draw_numbers = '1', seed = encode(sha256('another:1'), 'hex')",
    ):
        with pytest.raises(Invalid, match="refused-by-database"):
            await execute(statement)
    await close(wave)
    await calls.reveal_seed(wave.slug, "1 2 3")
    with pytest.raises(Invalid, match="refused-by-database"):
        await execute("UPDATE wave SET draw_numbers = '4 5 6'")
    with pytest.raises(Invalid, match="refused-by-database"):
        await execute(f"UPDATE wave SET seed = '{'0' * 64}'")


async def test_a_seed_that_does_not_follow_is_refused_by_the_database(service: Settings) -> None:
    """The right nonce with a seed that does not follow from it and the draw cannot be written, whoever tries."""
    await make_school("0100001")
    wave = await open_wave(kit(stock=1))
    nonce = "n" * 64
    await execute("ALTER TABLE wave DISABLE TRIGGER wave_seed_stays")
    await execute("UPDATE wave SET seed_commitment = encode(sha256($1::text::bytea), 'hex')", nonce)
    await execute("ALTER TABLE wave ENABLE TRIGGER wave_seed_stays")
    change = "UPDATE wave SET nonce = $1::text, draw_numbers = '7', seed = encode(sha256($2::text::bytea), 'hex')"
    for wrong in (f"{nonce}:8", f"{nonce}7", nonce):
        with pytest.raises(Invalid, match="wave_seed_follows"):
            await execute(change, nonce, wrong)
    with pytest.raises(Invalid, match="wave_nonce_as_promised"):
        await execute(change, "other", "other:7")
    await execute(change, nonce, f"{nonce}:7")
    assert (await waves.get_wave(wave.slug)).seed is not None


async def test_places_that_nobody_can_take_stop_the_call(service: Settings) -> None:
    """A reserve without a school of its category and level, a kit without a school of its level: place and remedy."""
    await make_school("0100001", level="primary", categories=["special"])
    with pytest.raises(FieldErrors) as caught:
        await open_wave(kit(stock=3), slug="stem-6")
    assert caught.value.errors[0]["field"] == "kits.0.levels"
    await make_school("0100002", level="lower_secondary")
    with pytest.raises(FieldErrors) as caught:
        await open_wave(kit(stock=3, reserves=[PRIORITY]), slug="stem-7")
    (fault,) = caught.value.errors
    assert fault["field"] == "kits.0.reserves.0.any_of" and fault["params"]["places"] == 1
    await make_school("0100003", level="lower_secondary", remote=True)
    assert (await open_wave(kit(stock=3, reserves=[PRIORITY]), slug="stem-8")).phase == "open"


async def test_the_text_of_the_call_says_everything_that_decides(service: Settings) -> None:
    """Kits, places, limits, conditions, every criterion, dates, the promise of the lottery, appeals: all are there."""
    await make_school("0100001", categories=["special"])
    wave = await open_wave(kit(stock=30, held_back=2, reserves=[PRIORITY], open_region_cap={"attica": 3}))
    with use_locale("el"):
        text = "\n".join(as_plain_text((await call_document.published_call("stem-6")).sections))
    assert wave.seed_commitment is not None and wave.seed_commitment in text
    for part in ("30 σετ", "2 σετ για ενστάσεις", "Αττική", "μειονοτικ", "Πράξη του Συλλόγου", "ΛΟΤΤΟ", "5 εργάσιμες"):
        assert part in text, part
    for slug in ("Ετικέτες Ποιότητας", "διαγωνισμό", "Ενεργά έργα"):
        assert slug in text, slug


async def test_the_document_is_a_pdf_a_with_its_numbers(service: Settings) -> None:
    """The same rules give the same bytes; protocol number and ΑΔΑ are entered after the opening, a false ΑΔΑ never."""
    await make_school("0100001")
    await waves.create_wave("stem-6", "Δράση STEM 6", "STEM 6", 2026, 2027)
    await waves.save_rules("stem-6", rules())
    draft = await call_document.call_pdf("stem-6")
    assert draft.startswith(b"%PDF") and draft == await call_document.call_pdf("stem-6")
    assert b"pdfaid:part>2" in draft
    with pytest.raises(NotFound):
        await call_document.call_pdf("stem-6", published=True)
    with pytest.raises(Conflict, match="call-not-open"):
        await calls.set_call_numbers("stem-6", "114", "")
    await open_wave(slug="stem-7")
    with pytest.raises(Invalid, match="ada-malformed"):
        await calls.set_call_numbers("stem-7", "114", "abc")
    before = await call_document.call_pdf("stem-7", published=True)
    await calls.set_call_numbers("stem-7", "ΕΟΥ/2026/114", "ΨΔΜ046ΝΚΠΔ-7ΤΘ")
    assert await call_document.call_pdf("stem-7", published=True) != before


async def test_pages_of_the_criteria(app: Litestar) -> None:
    """Staff see text, versions and warnings; everybody sees the call once it is open; a false ΑΔΑ is refused."""
    async with browser(app) as client:
        await make_person("staff")
        await sign_in(client, "staff@nso.example")
        await make_school("0100001", categories=["special"])
        await _versions()
        assert "Σχέδιο" in await look(client, "/waves/stem-6/criteria")
        versions = await look(client, "/waves/stem-6/rules/versions?from=1&to=2")
        assert "Ήρθαν ακόμη τρεις εκτυπωτές" in versions
        await waves.save_rules("stem-6", rules(kit(stock=9, reserves=[{**PRIORITY, "places": 4}])))
        assert "Όσα περισσέψουν" in await look(client, "/waves/stem-6/rules")
        await look(client, "/calls/stem-6", 404)
        await open_wave(slug="stem-7")
        client.cookies.clear()
        assert "Ισοβαθμία και κλήρωση" in await look(client, "/calls/stem-7")
        answer = await client.get("/calls/stem-7/call.pdf")
        assert answer.headers["content-type"] == "application/pdf"
        await sign_in(client, "staff@nso.example")
        refused = await send(client, "/waves/stem-7/call-numbers", {"call_protocol": "1", "call_ada": "x"}, 422)
        assert "δεν είναι ΑΔΑ" in refused
        assert "δεν είναι ΑΔΑ" in await send(
            client, "/waves/stem-7/call-numbers", {"call_ada": "x"}, 422
        )  # half a form
        numbers = {"call_protocol": "ΕΟΥ/2026/114", "call_ada": "ΨΔΜ046ΝΚΠΔ-7ΤΘ"}
        await send(client, "/waves/stem-7/call-numbers", numbers)
        assert "ΨΔΜ046ΝΚΠΔ-7ΤΘ" in await look(client, "/calls/stem-7")
        assert json.loads((await client.get("/api/v1/waves/stem-7/rules")).text)["version"] == 1

"""Merging two registrations and separating them again: nothing is lost, the old code leads on, points follow."""

import asyncio

import pytest
from litestar import Litestar

from stem_logistics import audit
from stem_logistics.accounts.policy import Grant, Principal
from stem_logistics.db.engine import fetch, fetch_value
from stem_logistics.errors import Conflict, Forbidden, Invalid, NotFound
from stem_logistics.registry import merging
from stem_logistics.registry import service as registry
from stem_logistics.registry.import_service import import_file
from stem_logistics.registry.model import Asked, Institution
from stem_logistics.settings import Settings
from stem_logistics.waves import application_queries, queries, scores
from tests.registry.test_import import generated
from tests.registry.test_pages import do_jobs
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in
from tests.waves.scene import ATHENS, CRETE, application, apply, close, decide, make_school, open_wave, prize
from tests.web.accessibility import faults

KEPT, DOUBLE = "0100001", "0100010"


async def school_pair() -> None:
    for code in (KEPT, DOUBLE, "0100002"):
        await make_school(code)


async def everything() -> list[str]:
    """What a merge must put back: the institutions and the applications."""
    rows = await fetch("SELECT i::text AS row FROM (SELECT id, code, merged_into, root_id FROM institution) i")
    rows += await fetch("SELECT a::text AS row FROM application a ORDER BY id")
    return sorted(row["row"] for row in rows)


async def test_the_old_code_leads_on_and_back(service: Settings) -> None:
    """A merged code is out of the list, found by search as the kept school, and listed under it; then as before."""
    await school_pair()
    before = await everything()
    kept = await merging.merge(OPERATOR, DOUBLE, KEPT, why="ίδιο σχολείο")
    rows, total = await listed(Asked())
    assert total == 2 and DOUBLE not in {row.code for row in rows}
    assert [row.code for row in (await listed(Asked(q=DOUBLE)))[0]] == [KEPT]
    assert [(row.code, row.merged_into) for row in (await listed(Asked(state="merged")))[0]] == [(DOUBLE, KEPT)]
    assert [each.code for each in await merging.merged_codes(kept.id)] == [DOUBLE]
    await merging.unmerge(OPERATOR, DOUBLE)
    assert await everything() == before
    assert (await listed(Asked()))[1] == 3
    for code in (KEPT, DOUBLE):
        number = await fetch_value("SELECT id FROM institution WHERE code = $1", code)
        actions = [entry["action"] for entry in await audit.history("institution", number)]
        assert actions == ["institution-unmerged", "institution-merged"]


async def listed(asked: Asked) -> tuple[list[Institution], int]:
    return await registry.list_institutions(OPERATOR, asked, limit=50)


async def test_merges_in_a_row_lead_to_the_last(service: Settings) -> None:
    """A code that stands for a merged one leads to the end of the chain, and back to the middle when that is cut."""
    await school_pair()
    await merging.merge(OPERATOR, DOUBLE, KEPT)
    await merging.merge(OPERATOR, KEPT, "0100002")

    async def roots() -> dict[str, str]:
        rows = await fetch("SELECT i.code, r.code AS root FROM institution i JOIN institution r ON r.id = i.root_id")
        return {row["code"]: row["root"] for row in rows}

    assert await roots() == {DOUBLE: "0100002", KEPT: "0100002", "0100002": "0100002"}
    await merging.unmerge(OPERATOR, KEPT)
    assert await roots() == {DOUBLE: KEPT, KEPT: KEPT, "0100002": "0100002"}


async def test_what_cannot_be_merged_is_refused(service: Settings) -> None:
    """Itself, what is merged already, an unknown code, a circle, another region's school: refused, nothing changes."""
    await school_pair()
    await make_school("0700001", region=CRETE)
    await make_school("ΤΕΠΑΕΣ", kind="department", level="university")
    with pytest.raises(Invalid, match="merge-with-itself"):
        await merging.merge(OPERATOR, KEPT, KEPT)
    with pytest.raises(Invalid, match="merge-of-two-kinds"):
        await merging.merge(OPERATOR, "ΤΕΠΑΕΣ", KEPT)
    with pytest.raises(NotFound):
        await merging.merge(OPERATOR, "9999999", KEPT)
    with pytest.raises(Conflict, match="not-merged"):
        await merging.unmerge(OPERATOR, KEPT)
    region = await fetch_value("SELECT id FROM regional_directorate WHERE code = $1", ATHENS)
    person = Principal("account", 1, grants=(Grant("staff", "region", region),))
    with pytest.raises((Forbidden, NotFound)):
        await merging.merge(person, "0700001", KEPT)
    await merging.merge(OPERATOR, DOUBLE, KEPT)
    await merging.merge(OPERATOR, DOUBLE, KEPT)
    assert await fetch_value("SELECT count(*) FROM institution_merge") == 1
    for pair in ((KEPT, DOUBLE), (DOUBLE, "0100002"), ("0100002", DOUBLE)):
        with pytest.raises(Conflict, match="already-merged"):
            await merging.merge(OPERATOR, *pair)


async def test_two_people_merge_one_pair_both_ways(service: Settings) -> None:
    """Of two merges of the same pair at once, one each way, one holds and the other is refused: never a circle."""
    await school_pair()
    done = await asyncio.gather(
        merging.merge(OPERATOR, DOUBLE, KEPT), merging.merge(OPERATOR, KEPT, DOUBLE), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in done) == ["Conflict", "Institution"]


@pytest.mark.parametrize("later", [KEPT, DOUBLE])
async def test_a_school_that_applied_under_both_codes_applies_once(service: Settings, later: str) -> None:
    """The later of the two applications counts for the kept school; separating puts both back."""
    await school_pair()
    wave = await open_wave()
    earlier = DOUBLE if later == KEPT else KEPT
    await apply(wave, application(earlier), application(later))
    before = await everything()
    mine = await application_queries.facts(wave.id)
    counted = next(row["id"] for row in mine if row["code"] == later)
    await merging.merge(OPERATOR, DOUBLE, KEPT)
    assert {row["code"] for row in await application_queries.facts(wave.id)} == {KEPT}
    assert max(await application_queries.facts(wave.id), key=lambda row: row["submission"])["id"] == counted
    await merging.unmerge(OPERATOR, DOUBLE)
    assert await everything() == before


async def test_prizes_and_earlier_equipment_of_both_codes_count_once(service: Settings) -> None:
    """Points are those of one school: a prize entered under both codes counts once, one under the old code counts."""
    await school_pair()
    wave = await open_wave()
    first, second = prize(KEPT, "P1"), prize(DOUBLE, "P2")
    await apply(wave, application(KEPT, evidence=(first,)), application(DOUBLE, evidence=(second,)))
    await apply(wave, application("0100002", evidence=(prize("0100002", "P1", teacher="T9"),)))
    await merging.merge(OPERATOR, DOUBLE, KEPT)
    await close(wave)
    await scores.score_applications(wave.slug)
    totals = {
        row["code"]: row["total"]
        for row in await fetch(
            """SELECT i.code, s.total FROM application_score s JOIN application a ON a.id = s.application_id
               JOIN institution i ON i.id = a.institution_id"""
        )
    }
    assert set(totals) == {KEPT, "0100002"}
    assert totals[KEPT] > totals["0100002"] > 0


async def test_published_results_stay_under_their_code(service: Settings) -> None:
    """A merge after publication moves no application, and the school's grant is seen as received by the kept code."""
    await school_pair()
    wave = await open_wave()
    await apply(wave, application(DOUBLE))
    await decide(wave)
    before = await fetch("SELECT id, institution_id FROM application")
    await merging.merge(OPERATOR, DOUBLE, KEPT)
    assert await fetch("SELECT id, institution_id FROM application") == before
    following = await open_wave(slug="stem-7")
    await apply(following, application(KEPT))
    assert list((await queries.received_years(following.id)).values()) == [[2027]]


async def test_from_a_file_to_a_merge_on_the_page(app: Litestar) -> None:
    """An import finds the double, the page shows it side by side with why, one click merges, the old address leads on,
    and separating brings it back; a pair told apart is not shown again."""
    data = generated(40).decode("utf-8-sig").splitlines()
    double = data[1].replace(data[1].split(",")[0], "0999999", 1)
    third = data[2].replace(data[2].split(",")[0], "0999998", 1)
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await import_file("r.csv", "\n".join([*data, double, third]).encode(), dry_run=False)
        await do_jobs()
        await sign_in(client, await make_person("staff"))
        code = data[1].split(",")[0]
        page = await client.get("/schools/duplicates")
        assert page.status_code == 200 and faults(page.text) == []
        assert code in page.text and "0999999" in page.text and "ίδια ονομασία στον ίδιο τόπο" in page.text
        assert (await client.get("/")).text.count("2 ζεύγη σχολείων") == 1
        form = {"first": code, "second": "0999999", "kept": code, "why": "ίδια ονομασία"}
        done = await post_form(client, "/schools/merge", form)
        assert done.status_code == 303 and done.headers["location"] == f"/schools/{code}"
        old = await client.get("/schools/0999999", follow_redirects=True)
        assert "Ο κωδικός 0999999 έχει συγχωνευθεί" in old.text and faults(old.text) == []
        other = data[2].split(",")[0]
        form = {"first": other, "second": "0999998", "kept": "both", "why": ""}
        await post_form(client, "/schools/merge", form)
        assert "Δεν υπάρχει ύποπτο ζεύγος" in (await client.get("/schools/duplicates")).text
        bad = await post_form(client, "/schools/merge", {**form, "kept": ""})
        assert bad.status_code == 422 and "Επιλέξτε ποιος" in bad.text and faults(bad.text) == []
        question = await client.get("/schools/0999999/unmerge")
        assert faults(question.text) == []
        await post_form(client, "/schools/0999999/unmerge", {"why": "λάθος"})
        assert (await client.get("/schools/0999999")).status_code == 200

"""Teachers: contacts by consent, one profile in several schools, double registrations merged and parted."""

from datetime import date, timedelta

import pytest
from litestar import Litestar

from stem_logistics.db.engine import fetch, fetch_value
from stem_logistics.errors import Conflict, FieldErrors, NotFound
from stem_logistics.settings import Settings
from stem_logistics.teachers import service as teachers
from stem_logistics.waves import checking_queries, scores
from stem_logistics.waves import queries as wave_queries
from stem_logistics.waves import service as waves
from stem_logistics.waves.counting import active_teachers
from stem_logistics.waves.criterion import Teacher
from stem_logistics.waves.evidence import add_evidence
from stem_logistics.waves.service import Wave
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in, today
from tests.waves.scene import application, apply, close, make_school, open_wave, prize

YESTERDAY = today() - timedelta(days=1)


@pytest.fixture
def running(service: Settings) -> Settings:
    """A running service."""
    return service


async def teacher_of(school: str, code: str, project: str = "P1") -> int:
    """A teacher with a prize at a school; the internal number."""
    await add_evidence(await open_or_get(), prize(school, project, teacher=code), principal=OPERATOR)
    return int(await fetch_value("SELECT id FROM teacher WHERE code = $1", code))


async def open_or_get() -> Wave:

    lines = await waves.list_waves()
    return lines[0].wave if lines else await open_wave()


async def test_nothing_personal_without_consent_and_nothing_after_it(running: Settings) -> None:
    """A name is kept while a consent stands; the last one taken back erases it; the record never held it."""
    await make_school("0100001")
    number = await teacher_of("0100001", "T-17")
    with pytest.raises(Conflict, match="teacher-consent-missing"):
        await teachers.save_contact(number, "Μαρία Παππά", "maria@sch.example")
    for purpose, day, how in (("gossip", YESTERDAY, "x"), ("news", None, "x"), ("news", YESTERDAY, " ")):
        with pytest.raises(FieldErrors):
            await teachers.give_consent(number, purpose, day, how)
    with pytest.raises(FieldErrors):
        await teachers.give_consent(number, "news", date(2999, 1, 1), "έντυπο")
    await teachers.give_consent(number, "contact", YESTERDAY, "υπογεγραμμένο έντυπο")
    await teachers.give_consent(number, "news", YESTERDAY, "μήνυμα")
    with pytest.raises(Conflict, match="consent-stands"):
        await teachers.give_consent(number, "news", YESTERDAY, "μήνυμα")
    await teachers.save_contact(number, " Μαρία  Παππά ", "maria@sch.example")
    found = await teachers.profile(number)
    assert (found.teacher["name"], found.teacher["email"]) == ("Μαρία Παππά", "maria@sch.example")
    assert [row["id"] for row in (await teachers.list_teachers(q="ΠΑΠΠΑ ΜΑΡΙΑ"))[0]] == [number]
    first, second = (consent["id"] for consent in found.consents)
    await teachers.withdraw_consent(number, first, "τηλέφωνο")
    assert (await teachers.profile(number)).teacher["name"] == "Μαρία Παππά"
    with pytest.raises(NotFound):
        await teachers.withdraw_consent(number, first, "τηλέφωνο")
    await teachers.withdraw_consent(number, second, "τηλέφωνο")
    found = await teachers.profile(number)
    assert (found.teacher["name"], found.teacher["email"]) == (None, None) and found.teacher["erased_at"]
    assert len(found.consents) == 2 and len(found.evidence) == 1, "what was agreed and done stays"
    for table in ("teacher", "audit_entry"):
        where = "t::text ILIKE '%maria%' OR t::text ILIKE '%παππ%'"
        assert not await fetch_value(f"SELECT count(*) FROM {table} t WHERE {where}")


async def test_one_teacher_in_several_schools_is_nobodys_stranger(running: Settings) -> None:
    """A post beside the school of service lets that school enter the teacher's evidence; when it ends, no more."""
    await make_school("0100001")
    other = await make_school("0100002")
    number = await teacher_of("0100001", "T1")
    assert await checking_queries.strangers([("T1", other)])
    with pytest.raises(FieldErrors):
        await teachers.add_school(number, "0999999", service=False)
    await teachers.add_school(number, "0100002", service=False)
    assert not await checking_queries.strangers([("T1", other)])
    post = (await teachers.profile(number)).posts[0]
    await teachers.end_post(number, post["id"])
    assert await checking_queries.strangers([("T1", other)])
    await teachers.add_school(number, "0100002", service=True)
    assert (await teachers.profile(number)).teacher["school"] == "0100002"


async def test_two_codes_of_one_teacher_count_once_and_part_again(running: Settings) -> None:
    """Found by the code typed differently; merged they are one teacher, for labels, points and active ones; parted, as
    before."""
    school = await make_school("0100001")
    first = await teacher_of("0100001", "ΕΤ-0017", "P1")
    second = await teacher_of("0100001", "ET 0017", "P2")
    third = await teacher_of("0100001", "T9", "P3")
    pairs = await teachers.suspicions()
    assert [(a["id"], b["id"], why) for a, b, why in pairs] == [(first, second, ["same-code"])]

    async def seen() -> tuple[int, int]:
        known = [Teacher(r["code"], r["service_school"] or "", date(2026, 1, 1)) for r in await wave_queries.teachers()]
        told = {row["teacher"] for row in await wave_queries.evidence()}
        return active_teachers(known, date(2026, 6, 1))["0100001"], len(told)

    before = await seen()
    assert before == (3, 3)
    await teachers.merge(second, first, "διπλοεγγραφή")
    assert await seen() == (2, 2)
    assert await teachers.suspicions() == []
    assert (await teachers.profile(second)).teacher["id"] == first
    assert [piece["teacher"] for piece in (await teachers.profile(first)).evidence] in (
        ["ΕΤ-0017", "ET 0017"],
        ["ET 0017", "ΕΤ-0017"],
    )
    assert not await checking_queries.strangers([("ET 0017", school)])
    with pytest.raises(Conflict, match="teacher-already-merged"):
        await teachers.merge(second, third)
    await teachers.merge(first, third)
    assert await seen() == (1, 1), "a chain leads to its end"
    await teachers.unmerge(first)
    await teachers.unmerge(second)
    assert await seen() == before
    with pytest.raises(NotFound):
        await teachers.unmerge(second)
    await teachers.keep_apart(first, second)
    assert await teachers.suspicions() == []


async def test_a_merge_makes_the_scores_old(running: Settings) -> None:
    """Points that were counted with two teachers do not stand when the two are one."""
    await make_school("0100001")
    wave = await open_wave()
    evidence = (prize("0100001", "P1", teacher="T1"), prize("0100001", "P2", teacher="T2"))
    await apply(wave, application("0100001", evidence=evidence))
    wave = await close(wave)
    await scores.score_applications(wave.slug)
    await scores.require_current_run(wave)
    first, second = (row["id"] for row in await fetch("SELECT id FROM teacher ORDER BY code"))
    await teachers.merge(second, first)
    with pytest.raises(Conflict):
        await scores.require_current_run(wave)


async def test_the_pages_do_the_same(app: Litestar) -> None:
    """Consent, name, school, double, erasure by the profile's forms; each refusal beside its field."""

    async with browser(app) as client:
        with acting_as(OPERATOR):
            await make_school("0100001")
            first = await teacher_of("0100001", "T-17")
            second = await teacher_of("0100001", "t17", "P2")
        await sign_in(client, await make_person("staff"))
        page = f"/teachers/{first}"
        assert (await post_form(client, page, {"what": "contact", "name": "Άννα"})).status_code == 409
        assert (await post_form(client, page, {"what": "consent", "purpose": "contact"})).status_code == 422
        agreed = {"what": "consent", "purpose": "contact", "given_on": YESTERDAY.isoformat(), "how": "έντυπο"}
        assert (await post_form(client, page, agreed)).status_code == 303
        assert (await post_form(client, page, {"what": "contact", "name": "Άννα Δήμου"})).status_code == 303
        assert "Άννα Δήμου" in (await client.get(page)).text
        assert "Άννα" not in (await client.get("/teachers?format=csv")).text
        assert "Άννα Δήμου" in (await client.get("/teachers?q=δημου&active=no&consent=contact")).text
        assert "Άννα Δήμου" not in (await client.get("/teachers?active=yes")).text
        assert "Άννα Δήμου" in (await client.get("/schools/0100001")).text
        assert "T-17" in (await client.get("/teachers/doubles")).text
        chosen = {"first": first, "second": second, "decision": "first"}
        assert (await post_form(client, "/teachers/doubles", chosen)).headers["location"] == page
        assert (await client.get(f"/teachers/{second}")).headers["location"] == page
        assert (await post_form(client, page, {"what": "merge", "double": "unknown"})).status_code == 404
        assert (await post_form(client, page, {"what": "school", "code": "x"})).status_code == 422
        assert (await post_form(client, page, {"what": "erase", "why": ""})).status_code == 422
        assert (await post_form(client, page, {"what": "erase", "why": "αίτημα"})).status_code == 303
        assert "Άννα" not in (await client.get(page)).text
        assert (await client.get("/teachers/999999")).status_code == 404

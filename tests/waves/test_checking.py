"""Evidence checked by staff: what waits, what was accepted or not and why, and what that does to the points."""

from datetime import UTC, datetime

import pytest
from litestar import Litestar

from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.errors import FieldErrors, Invalid
from stem_logistics.waves import checking, evidence, invitations, scores, service
from stem_logistics.waves.application_file import EvidenceEntry
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in
from tests.waves.by_link import PDF, apply_by_link
from tests.waves.scene import application, apply, make_school, open_wave, prize
from tests.waves.test_pages import look, send

YEAR = datetime.now(UTC).year


async def a_school(code: str = "0100001") -> str:
    """A school with a link to an open call; its path."""
    with acting_as(OPERATOR):
        await make_school(code)
        wave = await open_wave()
        return (await invitations.application_link(wave.slug, code)).removeprefix("http://testserver.local")


def piece(number: int, **changed: str) -> dict[str, object]:
    return {
        "kind": "national-prize",
        "year": str(YEAR),
        "reference": f"P{number}",
        "teacher": "T1",
        "rank": "1",
        **changed,
    }


async def points() -> str:
    with acting_as(OPERATOR):
        await scores.score_applications("stem-6")
    stored = await scores.score_of_application(await fetch_value("SELECT max(id) FROM application"))
    assert stored is not None
    return str(next(p["points"] for p in stored["parts"]["criteria"] if p["criterion"] == "national-prize"))


async def test_from_the_queue_to_the_school(app: Litestar) -> None:
    """One by one, each with an outcome: a rejected piece brings nothing, its school reads why and may not enter it
    again; an outcome can be taken back; scores of before are out of date."""
    async with browser(app) as client:
        link = await a_school()
        await apply_by_link(client, link)
        for number in (1, 2):
            await send(client, f"{link}/evidence", piece(number), files={"document": ("α.pdf", PDF, "application/pdf")})
        await sign_in(client, await make_person("staff"))
        assert "2 δικαιολογητικά περιμένουν έλεγχο" in await look(client, "/")
        assert "P1" in await look(client, "/evidence?state=waiting")
        first, second = [row["id"] for row in await fetch("SELECT id FROM evidence ORDER BY id")]
        await look(client, f"/evidence/{first}")
        answer = await client.get(f"/evidence/{first}/document")
        assert answer.content == PDF and answer.headers["content-disposition"].startswith("attachment")
        page = await send(client, f"/evidence/{first}", {"outcome": "rejected", "why": " "}, 422)
        assert 'id="why-error"' in page
        where = await send(client, f"/evidence/{first}", {"outcome": "rejected", "why": "Είναι έπαινος, όχι βραβείο"})
        assert where == f"/evidence/{second}", "on to the next that waits"
        assert (await send(client, where, {"outcome": "accepted"})).startswith("/evidence?done")
        assert await points() == "10"
        page = await look(client, link)
        assert "Είναι έπαινος, όχι βραβείο" in page
        answer = await post_form(client, f"{link}/evidence", piece(1))
        assert answer.status_code == 409 and "Είναι έπαινος" in answer.text
        number = await fetch_value("SELECT max(id) FROM application")
        assert "Ο Ε.Ο.Υ. δεν το δέχτηκε: Είναι έπαινος" in await look(client, f"/waves/stem-6/applications/{number}")
        await send(client, f"/evidence/{first}", {"outcome": "back"})
        await send(client, f"/evidence/{first}", {"outcome": "accepted"})
        assert await points() == "20"
        rows = (await client.get("/evidence?format=json&state=accepted")).json()
        assert {(row["reference"], row["voucher"]) for row in rows} == {("P1", "Staff"), ("P2", "Staff")}
        await send(client, f"/evidence/{first}", {"outcome": "rejected", "why": "x"})
        run = await scores.latest_run((await service.get_wave("stem-6")).id)
        assert run is not None and await fetch_value("SELECT max(checked_at) FROM evidence") > run["created_at"]
        assert await fetch_value("SELECT count(*) FROM audit_entry WHERE action = 'evidence-checked'") == 5


async def test_many_at_once_after_a_look(app: Litestar) -> None:
    """What is ticked is shown before it counts; a piece that went away meanwhile stops the whole."""
    async with browser(app) as client:
        link = await a_school()
        await apply_by_link(client, link)
        for number in range(5):
            await send(client, f"{link}/evidence", piece(number))
        await sign_in(client, await make_person("staff"))
        ids = [str(row["id"]) for row in await fetch("SELECT id FROM evidence ORDER BY id")]
        await send(client, "/evidence/accept", {"piece": []}, 422)
        page = await send(client, "/evidence/accept", {"piece": ids[:3]}, 200)
        assert "P2" in page and "P3" not in page
        assert await fetch_value("SELECT count(*) FROM evidence WHERE outcome IS NOT NULL") == 0
        await execute("UPDATE evidence SET withdrawn_at = now() WHERE id = $1", int(ids[0]))
        await send(client, "/evidence/accept", {"piece": ids[:3], "sure": "yes"}, 404)
        assert await fetch_value("SELECT count(*) FROM evidence WHERE outcome IS NOT NULL") == 0
        await send(client, "/evidence/accept", {"piece": ids[1:3], "sure": "yes"})
        assert (
            await fetch_value("SELECT array_agg(id::text ORDER BY id) FROM evidence WHERE outcome = 'accepted'")
            == ids[1:3]
        )
        page = await look(client, "/evidence?state=waiting&kind=national-prize&q=0100001")
        assert "P3" in page and "P1" not in page


async def test_labels_beyond_four_are_flagged_and_do_not_count(app: Litestar) -> None:
    """A fifth Quality Label of a teacher and year is marked in the queue before anybody accepts it."""
    async with browser(app) as client:
        link = await a_school()
        for number in range(4):
            await send(client, f"{link}/evidence", piece(number, kind="national-quality-label", rank=""))
        await sign_in(client, await make_person("staff"))
        assert "πάνω από 4 ετικέτες" not in await look(client, "/evidence")
        await send(client, f"{link}/evidence", piece(9, kind="national-quality-label", rank=""))
        assert "πάνω από 4 ετικέτες" in await look(client, "/evidence")
        assert "5 τέτοιες ετικέτες" in await look(
            client, f"/evidence/{await fetch_value('SELECT max(id) FROM evidence')}"
        )


async def test_another_schools_teacher(app: Litestar) -> None:
    """A school that enters what belongs to a teacher who serves elsewhere is told where, and what to do; a teacher who
    was at the school before is nobody else's."""
    async with browser(app) as client:
        link = await a_school()
        with acting_as(OPERATOR):
            await make_school("0100002")
            wave = await service.get_wave("stem-6")
            await apply(wave, application("0100002", evidence=(prize("0100002", "P7", teacher="T2"),)))
        answer = await post_form(client, f"{link}/evidence", piece(1, teacher="T2"))
        assert (
            answer.status_code == 422
            and "υπηρετεί στο σχολείο 0100002" in answer.text
            and "γράψτε στον Ε.Ο.Υ." in answer.text
        )
        assert await fetch_value("SELECT count(*) FROM evidence") == 1
        with acting_as(OPERATOR):
            old = EvidenceEntry(1, "national-prize", "0100001", "P0", 2020, teacher_code="T2")
            await evidence.add_evidence(wave, old, principal=OPERATOR, service_school="0100002")
        await send(client, f"{link}/evidence", piece(1, teacher="T2"))


async def test_what_staff_import_confirms_what_a_school_entered(app: Litestar) -> None:
    """The NSO's own word for the same thing needs no second look; what was not accepted stays so."""
    async with browser(app) as client:
        link = await a_school()
        for number in (1, 2):
            await send(client, f"{link}/evidence", piece(number))
        with acting_as(OPERATOR):
            first, second = [row["id"] for row in await fetch("SELECT id FROM evidence ORDER BY id")]
            await checking.check_evidence([second], "rejected", "Δεν βρέθηκε", OPERATOR)
            wave = await service.get_wave("stem-6")
            for reference in ("P1", "P2"):
                given = EvidenceEntry(1, "national-prize", "0100001", reference, YEAR, rank=1, teacher_code="T1")
                await evidence.add_evidence(wave, given, principal=OPERATOR)
            rows, _total = await checking.list_evidence(OPERATOR)
            assert [(row["id"], row["state"]) for row in rows] == [(first, "vouched"), (second, "rejected")]


async def test_outcomes_that_are_none(app: Litestar) -> None:
    """No reason, no such outcome, nothing chosen, too much at once: refused, nothing changed."""
    async with browser(app):
        with acting_as(OPERATOR):
            for ids, outcome, why in (
                ([1], "rejected", ""),
                ([1], "maybe", "x"),
                ([], "accepted", ""),
                (range(501), "accepted", ""),
            ):
                with pytest.raises(Invalid) as refused:
                    await checking.check_evidence(list(ids), outcome, why, OPERATOR)
                assert not isinstance(refused.value, FieldErrors)

"""A wave's life over HTTP, as staff, schools and everybody see it; every page readable, in both languages."""

import hashlib
import io
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from httpx import AsyncClient as Client
from litestar import Litestar

from stem_logistics import jobs
from stem_logistics.accounts.policy import Grant
from stem_logistics.allocation.verify import Wave as PublishedInput
from stem_logistics.allocation.verify import verify
from stem_logistics.db.engine import execute, fetch_value
from stem_logistics.waves import invitations, scores
from stem_logistics.waves.page_tools import end_of
from stem_logistics.web.formats import local
from stem_logistics.worker import load_handlers
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in
from tests.waves.by_link import PDF, apply_by_link, fill
from tests.waves.scene import PRIORITY, application, apply, decide, kit, make_school, open_wave, prize
from tests.web.accessibility import faults


async def look(client: Client, path: str, status: int = 200) -> str:
    """A page, readable in both languages; the Greek one is returned."""
    pages = []
    for language in ("en", "el"):
        answer = await client.get(path, headers={"accept-language": language})
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:500]}"
        found = faults(answer.text)
        assert found == [], f"{path}: {found}"
        pages.append(answer.text)
    return pages[1]


async def send(client: Client, path: str, data: Mapping[str, object], status: int = 303, **more: object) -> str:
    """Send a form; returns where it leads, or the page that comes back."""
    answer = await post_form(client, path, data, **more)
    assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:2000]}"
    return str(answer.headers["location"]) if status == 303 else str(answer.text)


async def work() -> None:
    """Do all waiting jobs."""
    load_handlers()
    while await jobs.run_next():
        pass


def moment(delta: timedelta) -> str:
    return local(datetime.now(UTC) + delta).strftime("%Y-%m-%dT%H:%M")


RULES_FORM = {
    "evidence_counts_for": "project_school",
    "block_size": "10",
    "kits.0.definition": "printer",
    "kits.0.title.el": "Εκτυπωτής 3D",
    "kits.0.title.en": "3D printer",
    "kits.0.stock": "1",
    "kits.0.levels": ["lower_secondary"],
    "conditions.0.title.el": "Δέσμευση",
    "conditions.0.slug": "undertaking",
    "conditions.0.source": "declared",
    "criteria.national-prize.use": "yes",
    "criteria.national-prize.points.rank-1": "10,5",
    "criteria.national-prize.ceiling": "20",
    "criteria.national-prize.valid_years": "3",
    "criteria.stem-undertaking.use": "yes",
    "criteria.stem-undertaking.points.undertaking": "5",
    "criteria.stem-undertaking.ceiling": "5",
    "action": "save",
}

FILE = """school_code;preferences;undertaking;evidence_kind;evidence_reference;evidence_year;evidence_rank;teacher_code
0100001;printer;ναι;national-prize;P1;{year};1;T1
0100002;printer;ναι;;;;;
0100003;printer;όχι;;;;;
"""


async def test_a_wave_by_its_pages(app: Litestar) -> None:
    """Staff make, open, fill, close, score, allocate and publish a wave by forms alone; then everybody can check it."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            for number in (1, 2, 3):
                await make_school(f"010000{number}", name=f"{number}ο Γυμνάσιο Τρικάλων")
        await sign_in(client, await make_person("staff"))
        await look(client, "/waves")
        await look(client, "/waves/new")
        wrong = await send(client, "/waves/new", {"slug": "STEM 6!", "title_el": "", "year_from": "x"}, 422)
        assert faults(wrong) == []
        form: dict[str, object] = {"slug": "stem-6", "title_el": "Δράση STEM 6", "year_from": "2026"}
        assert await send(client, "/waves/new", form) == "/waves/stem-6/rules"
        await look(client, "/waves/stem-6")
        await look(client, "/waves/stem-6/rules")
        page = await send(client, "/waves/stem-6/rules", {**RULES_FORM, "action": "add-kit"}, 200)
        assert 'name="kits.1.definition"' in page and 'value="10,5"' in page, "what was typed is not lost"
        page = await send(client, "/waves/stem-6/rules", {**RULES_FORM, "action": "add-reserve-0"}, 200)
        assert 'name="kits.0.reserves.0.places"' in page
        page = await send(client, "/waves/stem-6/rules", {**RULES_FORM, "kits.0.stock": "πολλοί"}, 422)
        assert 'id="kits.0.stock-error"' in page and "πολλοί" in page and faults(page) == []
        assert await send(client, "/waves/stem-6/rules", RULES_FORM) == "/waves/stem-6"
        await look(client, "/waves/stem-6/open")
        call: dict[str, object] = {
            "opens_at": moment(timedelta(minutes=-5)),
            "deadline_at": moment(timedelta(hours=2)),
            "draw_description": "ΛΟΤΤΟ",
            "draw_on": (datetime.now(UTC) + timedelta(days=3)).date().isoformat(),
        }
        page = await send(client, "/waves/stem-6/open", {**call, "deadline_at": ""}, 422)
        assert "ΛΟΤΤΟ" in page
        await send(client, "/waves/stem-6/open", call)
        await look(client, "/waves/stem-6/rules")
        await look(client, "/waves/stem-6/applications")
        await look(client, "/waves/stem-6/applications/import")
        content = FILE.format(year=datetime.now(UTC).year).encode("windows-1253")
        where = await send(
            client, "/waves/stem-6/applications/import", {}, files={"file": ("αιτήσεις.csv", content, "text/csv")}
        )
        await look(client, where)
        await work()
        assert "3" in await look(client, where)
        shown = await look(client, "/waves/stem-6/applications?q=trikala&sort=-name")
        assert shown.count("/waves/stem-6/applications/") >= 3
        await look(client, "/waves/stem-6/invite")
        await send(client, "/waves/stem-6/invite", {"codes": "0100001 0999999"}, 422)
        await send(client, "/waves/stem-6/invite", {"codes": "0100001"}, 200)
        await send(client, "/waves/stem-6/deadline", {"action": "close", "why": ""}, 422)
        await send(client, "/waves/stem-6/deadline", {"action": "close", "why": "δοκιμή"})
        late = await send(
            client, "/waves/stem-6/applications/import", {}, 409, files={"file": ("a.csv", content, "text/csv")}
        )
        assert "έληξε" in late
        await execute("UPDATE wave SET draw_on = current_date - 1")
        await look(client, "/waves/stem-6")
        unsure = await send(client, "/waves/stem-6/seed", {"draw_numbers": "1 2 3"}, 422)
        assert 'value="1 2 3"' in unsure and "Συγκρίνετε" in unsure
        await send(client, "/waves/stem-6/seed", {"draw_numbers": "1 2 3 4 5 6", "sure": "yes"})
        await look(client, "/waves/stem-6")
        await send(client, "/waves/stem-6/allocation", {}, 409)
        where = await send(client, "/waves/stem-6/score", {})
        await work()
        await look(client, where)
        page = await look(client, "/waves/stem-6/applications")
        first = re.findall(r"/waves/stem-6/applications/(\d+)", page)[0]
        page = await look(client, f"/waves/stem-6/applications/{first}")
        assert "15,5" in page, "prize and undertaking, with a decimal comma"
        where = await send(client, "/waves/stem-6/allocation", {})
        await work()
        await look(client, where)
        page = await look(client, "/waves/stem-6/allocation")
        assert "15,5" in page
        await look(client, "/results/stem-6", 404)
        page = await look(client, "/waves/stem-6/publish")
        run = re.findall(r'name="run" value="(\d+)"', page)[0]
        await send(client, "/waves/stem-6/publish", {"run": run}, 422)
        assert await send(client, "/waves/stem-6/publish", {"run": run, "sure": "yes"}) == "/results/stem-6"
        await look(client, "/waves/stem-6")
        await look(client, "/waves/stem-6/allocation")
        await work()
    async with browser(app) as everybody:
        await look(everybody, "/results")
        page = await look(everybody, "/results/stem-6")
        files = {
            name: (await everybody.get(f"/results/stem-6/{name}")).content for name in ("input.json", "outcome.json")
        }
        digest = verify(PublishedInput(files["input.json"]), io.BytesIO(files["outcome.json"]))
        assert digest in page and hashlib.sha256(files["input.json"]).hexdigest() in page
        assert b"def verify" in (await everybody.get("/results/stem-6/verify.py")).content
        for format in ("csv", "xlsx", "json"):
            assert (await everybody.get(f"/results/stem-6?format={format}")).status_code == 200
        winner = await look(everybody, "/results/stem-6/schools/0100001")
        assert "T1" not in winner, "no teacher in public"
        loser = await look(everybody, "/results/stem-6/schools/0100002")
        assert "15,5" in loser and "5" in loser
        await look(everybody, "/results/stem-6/schools/0100003")
        await look(everybody, "/results/stem-6/schools/0999999", 404)
        body = str(
            await fetch_value("SELECT body FROM mail_message WHERE to_address LIKE 'mail@0100001%' ORDER BY id DESC")
        )
        link = next(line for line in body.splitlines() if "/result/" in line)
        own = await look(everybody, link.removeprefix("http://testserver.local"))
        assert "T1" in own, "the school sees its evidence"


async def test_a_school_applies_by_its_link(app: Litestar) -> None:
    """On a telephone, without an account: apply, change, add evidence; after the deadline the refusal says so."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await make_school("0100001")
            await make_school("0100009", level="primary")
            wave = await open_wave(kit(), kit("robot", levels=["primary"]))
            link = (await invitations.application_link(wave.slug, "0100001")).removeprefix("http://testserver.local")
        await look(client, link)
        page = await look(client, f"{link}/steps/choice-1")
        assert "Ρομπότ" not in page, "a kit that is not for its level is not offered"
        page = await fill(client, link, "choice-1", "", 422)
        assert faults(page) == []
        await apply_by_link(client, link)
        page = await look(client, f"{link}/check")
        assert "Το έργο μας" in page and "Εκτυπωτής 3D" in page
        await look(client, f"{link}/evidence")
        await send(client, f"{link}/evidence", {"kind": "national-prize", "year": "2025"}, 422)
        piece: dict[str, object] = {"kind": "national-prize", "year": "2025", "reference": "P1", "teacher": "T1"}
        document = {"document": ("βραβείο.pdf", PDF, "application/pdf")}
        await send(client, f"{link}/evidence", piece, files=document)
        await send(client, f"{link}/evidence", piece, 422, files={"document": ("a.exe", b"MZ", "application/pdf")})
        assert "P1" in await look(client, link)
        await execute("UPDATE wave SET deadline_at = now() - interval '1 second'")
        assert "έληξε" in await fill(client, link, "project", "Άλλο", 409)
        await look(client, link)
        await look(client, link[:-3] + "abc", 404)


async def test_evidence_of_a_school_counts_once_confirmed(app: Litestar) -> None:
    """What a school enters itself counts when staff have confirmed it, and its document can be read by them."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await make_school("0100001")
            wave = await open_wave()
            link = (await invitations.application_link(wave.slug, "0100001")).removeprefix("http://testserver.local")
        piece: dict[str, object] = {
            "kind": "national-prize",
            "year": "2026",
            "reference": "P1",
            "teacher": "T1",
            "rank": "1",
        }
        await apply_by_link(client, link)
        await send(client, f"{link}/evidence", piece, files={"document": ("β.pdf", PDF, "application/pdf")})
        ident = await fetch_value("SELECT max(id) FROM application")

        async def prize_points() -> str:
            with acting_as(OPERATOR):
                await scores.score_applications(wave.slug)
            stored = await scores.score_of_application(ident)
            assert stored is not None
            return str(next(p["points"] for p in stored["parts"]["criteria"] if p["criterion"] == "national-prize"))

        assert await prize_points() == "0"
        await sign_in(client, await make_person("staff"))
        path = f"/waves/{wave.slug}/applications/{ident}"
        page = await look(client, path)
        confirm = re.findall(rf"{path}/evidence/\d+/confirm", page)[0]
        document = re.findall(rf"{path}/documents/[0-9a-f]+", page)[0]
        assert (await client.get(document)).content == PDF
        assert (await client.get(f"{path}/documents/{'0' * 64}")).status_code == 404
        await send(client, confirm, {})
        assert await prize_points() == "10"
        await look(client, path)


async def test_an_auditor_reads_and_changes_nothing(app: Litestar) -> None:
    """An auditor opens every page and may send none of the forms; a region's staff may not decide for the country."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await make_school("0100001")
            await make_school("0100002", region="crete")
            await make_school("0100009", remote=True)
            wave = await open_wave(kit(reserves=[PRIORITY]))
            await apply(wave, application("0100001", evidence=(prize("0100001", "P1"),)), application("0100002"))
            run = await decide(wave, out=False)
        await sign_in(client, await make_person("auditor"))
        for path in ("", "/rules", "/applications", "/allocation"):
            await look(client, f"/waves/{wave.slug}{path}")
        await look(client, f"/waves/{wave.slug}/publish", 403)
        for path, data in (
            ("publish", {"run": run, "sure": "yes"}),
            ("allocation", {}),
            ("score", {}),
            ("rules", RULES_FORM),
            ("deadline", {"action": "close", "why": "x"}),
            ("seed", {"draw_numbers": "1"}),
        ):
            await send(client, f"/waves/{wave.slug}/{path}", data, 403)
        assert await fetch_value("SELECT state FROM wave") == "allocated"
    async with browser(app) as client:
        crete = await fetch_value("SELECT id FROM regional_directorate WHERE code = 'crete'")
        email = await make_person("staff", email="crete@nso.example", scope=Grant("staff", "region", crete))
        await sign_in(client, email)
        page = await look(client, f"/waves/{wave.slug}/applications")
        assert "0100002" in page and "0100001" not in page
        await send(client, f"/waves/{wave.slug}/publish", {"run": run, "sure": "yes"}, 403)


async def test_a_file_with_faults(app: Litestar) -> None:
    """Every fault of a file stands on the page and in a download, by row and column; nothing of it is written."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await make_school("0100001")
            wave = await open_wave()
        await sign_in(client, await make_person("staff"))
        content = (
            "school_code;preferences;undertaking;project_title\n"
            "0100001;printer;ναι;Καλό\n"
            "0109999;printer;ναι;Άγνωστο σχολείο\n"
            "100001;drone;ίσως;=2+5\n"
        ).encode()
        path = f"/waves/{wave.slug}/applications/import"
        where = await send(client, path, {}, files={"file": ("a.csv", content, "text/csv")})
        await work()
        await look(client, where)
        answer = await client.get(f"{where}?format=json")
        found = {(row["row"], row["column"]) for row in answer.json()}
        assert found == {
            (3, "school_code"),
            (4, "school_code"),
            (4, "preferences"),
            (4, "undertaking"),
            (4, "project_title"),
        }
        assert await fetch_value("SELECT count(*) FROM application") == 0
        assert await fetch_value("SELECT count(*) FROM evidence") == 0


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"PK\x03\x04 not a workbook", b"colour\nred\n", "Ά;Ώ\n1;2\n".encode("utf-16")]
)
async def test_files_that_are_none(app: Litestar, content: bytes) -> None:
    """Empty, broken or foreign files get a refusal with words, never a fault of the server."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            wave = await open_wave()
        await sign_in(client, await make_person("staff"))
        path = f"/waves/{wave.slug}/applications/import"
        answer = await post_form(client, path, {}, files={"file": ("a.csv", content, "text/csv")})
        assert answer.status_code in (303, 422)
        if answer.status_code == 303:
            await work()
            job = await jobs.get(int(answer.headers["location"].rsplit("/", 1)[1]))
            assert job.state == "failed" and job.error is not None
            assert job.error["slug"] == "applications-file-invalid"
            await look(client, answer.headers["location"])


async def test_hostile_addresses_and_forms(app: Litestar) -> None:
    """Characters and numbers that no column holds, dates beyond reason: refused with words, never a fault of ours."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await make_school("0100001")
            wave = await open_wave()
            await apply(wave, application("0100001"))
            await decide(wave)
        await sign_in(client, await make_person("staff"))
        huge = 10**25
        for path in (
            "/waves/%00",
            "/waves/%00/rules",
            "/results/%00",
            "/results/stem-6/schools/%00",
            "/results/stem-6/%00",
            f"/waves/stem-6/applications/{huge}",
            f"/waves/stem-6/work/{huge}",
            f"/waves/stem-6/applications/1/documents/{huge}",
            "/api/v1/waves/%00",
            "/api/v1/waves/stem-6/results?after=%00",
            f"/api/v1/waves/stem-6/applications/{huge}",
            "/application/%00",
            "/result/" + "x" * 3000,
        ):
            answer = await client.get(path)
            assert 400 <= answer.status_code < 500, path
        await post_form(client, "/waves/new", {"slug": "stem-7", "title_el": "Δράση", "year_from": "2027"})
        for path, data in (
            ("/waves/new", {"slug": "x", "title_el": "\x00", "year_from": "2026"}),
            ("/waves/stem-7/rules", {"kits.0.definition": "\x00", "kits.0.stock": "9" * 30, "action": "save"}),
            ("/waves/stem-7/open", {"opens_at": "0001-01-01T00:00", "deadline_at": "9999-12-31T23:59"}),
            ("/waves/stem-6/invite", {"codes": "\x00"}),
            ("/waves/stem-6/publish", {"sure": "yes", "run": "9" * 17}),
        ):
            answer = await post_form(client, path, data)
            assert 400 <= answer.status_code < 500, path


def test_a_deadline_at_the_last_minute_of_a_day_is_its_end() -> None:
    """23:59 lets the whole minute in, as everybody reads it; any other time is a moment."""
    for typed, clock in (("23:59", "23:59:59.999999"), ("14:00", "14:00:00.000000"), ("22:59", "22:59:00.000000")):
        end = end_of({"deadline_at": f"2026-12-15T{typed}"}, "deadline_at")
        assert end is not None and end.strftime("%H:%M:%S.%f") == clock
    assert end_of({"deadline_at": "αύριο"}, "deadline_at") is None

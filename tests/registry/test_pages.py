"""The registry as people see it, without JavaScript: find a school, look at it, import a file, see what is wrong."""

import csv
import io
import re

import httpx
import pytest
from litestar import Litestar
from python_calamine import CalamineWorkbook

from stem_logistics import jobs, worker
from stem_logistics.accounts.policy import Grant
from stem_logistics.db.engine import execute, fetch_value
from stem_logistics.registry.import_service import import_file
from tests.registry.test_import import edited, generated
from tests.support import OPERATOR, acting_as, browser, csrf_token, make_person, post_form, sign_in
from tests.web.accessibility import faults
from tests.web.crawling import walk


async def fill(count: int = 300) -> None:
    with acting_as(OPERATOR):
        await import_file("r.csv", generated(count), dry_run=False)


async def send_file(client: httpx.AsyncClient, data: bytes, name: str = "μητρώο.csv") -> httpx.Response:
    return await post_form(client, "/schools/import", {}, files={"file": (name, data, "text/csv")})


async def do_jobs() -> None:
    worker.load_handlers()
    while await jobs.run_next():
        pass


async def test_a_school_is_found_and_looked_at(app: Litestar) -> None:
    """Search in any writing, filter, order, page; the school's page says what and where it is."""
    async with browser(app) as client:
        await fill()
        await sign_in(client, await make_person("auditor"))
        for query in ("7ο νηπ κατερ", "7o nipiagogeio katerinis", "7ο ΝΗΠΙΑΓΩΓΕΙΟ ΚΑΤΕΡΙΝΗΣ"):
            page = await client.get("/schools", params={"q": query})
            assert page.status_code == 200 and "7ο Νηπιαγωγείο Κατερίνης" in page.text
            assert faults(page.text) == []
        code = str(await fetch_value("SELECT code FROM institution WHERE name = '7ο Νηπιαγωγείο Κατερίνης'"))
        school = await client.get(f"/schools/{code}")
        assert faults(school.text) == []
        for expected in ("Διεύθυνση Π.Ε. Πιερίας", "Κεντρική Μακεδονία", "Νηπιαγωγείο", code):
            assert expected in school.text
        # an auditor changes nothing
        assert "/remote" not in school.text and "/schools/import" not in (await client.get("/schools")).text
        assert (await client.get("/schools/import")).status_code == 403
        assert (await client.get("/schools/0000000")).status_code == 404
        assert (await client.get("/schools?q=%00&region=%27&sort=x&page=x&level=x")).status_code == 200


async def test_the_list_is_exported_whole_with_its_filters(app: Litestar) -> None:
    """Every row of the list, not of the page, as CSV and XLSX; codes keep their zeros."""
    async with browser(app) as client:
        await fill()
        await sign_in(client, await make_person("staff"))
        answer = await client.get("/schools?level=kindergarten&format=csv")
        rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
        expected = int(await fetch_value("SELECT count(*) FROM institution WHERE level = 'kindergarten'"))
        assert len(rows) == expected + 1 > 51
        assert all(re.fullmatch(r"\d{7}", row[0]) for row in rows[1:]) and any(row[0][0] == "0" for row in rows[1:])
        book = CalamineWorkbook.from_filelike(io.BytesIO((await client.get("/schools?format=xlsx")).content))
        assert len(book.get_sheet_by_index(0).to_python()) == 301


async def test_a_file_is_previewed_confirmed_and_imported(app: Litestar) -> None:
    """Upload, preview, confirm, progress: each a page of its own that survives a reload and needs no script."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        sent = await send_file(client, generated(90))
        assert sent.status_code == 303
        address = sent.headers["location"]
        waiting = await client.get(address)
        assert 'http-equiv="refresh"' in waiting.text and faults(waiting.text) == []
        await do_jobs()
        preview = await client.get(address)
        assert "θα προσθέσει 90" in preview.text and "7ο Νηπιαγωγείο Κατερίνης" in preview.text
        assert 'http-equiv="refresh"' not in preview.text and faults(preview.text) == []
        assert "μητρώο.csv" in (await client.get("/")).text
        assert await fetch_value("SELECT count(*) FROM institution") == 0
        assert (await post_form(client, f"{address}/confirm", {})).status_code == 303
        assert "progress" in (await client.get(address)).text
        await do_jobs()
        done = await client.get(address)
        assert "Προστέθηκαν 90" in done.text and "/confirm" not in done.text and faults(done.text) == []
        assert await fetch_value("SELECT count(*) FROM institution") == 90
        assert (await post_form(client, f"{address}/confirm", {})).status_code == 409
        # the second import of an edited file shows old and new
        sent = await send_file(client, edited(generated(90), municipality=(2, "Δήμος Ατλαντίδας")))
        await do_jobs()
        changes = await client.get(sent.headers["location"])
        assert "<ins>Δήμος Ατλαντίδας</ins>" in changes.text and faults(changes.text) == []
        wrong = await walk(client, ["/schools", address])
        assert {link for link in wrong if link.startswith("/schools")} == set()


async def test_a_bad_file_is_listed_row_by_row_and_as_a_file(app: Litestar) -> None:
    """Each fault with row, column and what to do; the download cannot run anything in a spreadsheet."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        data = edited(generated(40), registry_no=(1, "12"), state=(4, "ΙΣΩΣ"))
        # the file's own header is repeated in the list: here one that a spreadsheet would run
        data = data.replace(b",state,", b",=state,", 1)
        sent = await send_file(client, data)
        await do_jobs()
        address = sent.headers["location"]
        page = await client.get(address)
        assert faults(page.text) == [] and "0000012" in page.text and "/confirm" not in page.text
        answer = await client.get(f"{address}/errors?format=csv")
        assert answer.headers["content-type"].startswith("text/csv")
        rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
        assert [row[:2] for row in rows[1:]] == [["3", "registry_no"], ["6", "'=state"]]
        assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
        assert await fetch_value("SELECT count(*) FROM institution") == 0


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "Επιλέξτε πρώτα"), (b"a;b;c\n1;2;3\n", "registry_no"), (b"PK\x03\x04xx", "xlsx"), (b"\xff\xfe\xd8", "UTF")],
)
async def test_what_is_no_registry_is_refused_at_once(app: Litestar, data: bytes, words: str) -> None:
    """The form comes again with what is wrong and what to do; nothing was stored."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        answer = await send_file(client, data)
        assert answer.status_code == 422 and words in answer.text and faults(answer.text) == []
        assert await fetch_value("SELECT count(*) FROM stored_file") == 0


async def test_fifty_megabytes_get_an_answer(app: Litestar) -> None:
    """A file above the limit is answered with a sentence, not with a fault."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        answer = await send_file(client, b"registry_no,name\n" + b"x" * 50_000_000)
        assert answer.status_code in (413, 422)
        assert await fetch_value("SELECT count(*) FROM stored_file") == 0


async def test_staff_mark_a_school_as_remote(app: Litestar) -> None:
    """The NSO's own flag: set on the school's page with a reason, in its history, found by the filter."""
    async with browser(app) as client:
        await fill(20)
        await sign_in(client, await make_person("staff"))
        code = str(await fetch_value("SELECT code FROM institution ORDER BY code LIMIT 1"))
        answer = await post_form(client, f"/schools/{code}/remote", {"remote": "yes", "why": "Τρεις ώρες με το πλοίο"})
        assert answer.status_code == 303
        page = await client.get(f"/schools/{code}")
        assert "Απομακρυσμένο" in page.text and "Τρεις ώρες με το πλοίο" in page.text and faults(page.text) == []
        assert code in (await client.get("/schools?category=remote")).text


async def test_a_region_is_all_that_its_person_sees(app: Litestar) -> None:
    """Lists, exports, pages and the API show a regional grant's schools only; other imports stay hidden."""
    async with browser(app) as client:
        await fill()
        staff = await make_person("staff")
        await sign_in(client, staff)
        other = (await send_file(client, generated(20))).headers["location"]
        client.cookies.clear()
        crete = int(await fetch_value("SELECT id FROM regional_directorate WHERE code = 'crete'"))
        email = await make_person("staff", email="crete@nso.example", scope=Grant("staff", "region", crete))
        await sign_in(client, email)
        answer = await client.get("/schools?format=json")
        assert {row["region"] for row in answer.json()} == {"Κρήτη"}
        code = str(await fetch_value("SELECT code FROM institution WHERE regional_directorate_id <> $1 LIMIT 1", crete))
        assert (await client.get(f"/schools/{code}")).status_code == 404
        assert (await post_form(client, f"/schools/{code}/remote", {"remote": "yes"})).status_code == 404
        assert (await client.get(f"/api/v1/institutions/{code}")).status_code == 404
        assert (await client.get(other)).status_code == 404
        assert (await client.get("/api/v1/regional-directorates")).json()[0]["code"] == "crete"


async def test_the_api_pages_by_key_and_imports_once_for_a_key(app: Litestar) -> None:
    """Every institution once over the pages; a repeated upload with its key is one import; its faults are told."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        header = {"x-csrftoken": await csrf_token(client), "accept": "application/json"}
        upload = {"file": ("r.csv", generated(130), "text/csv")}
        key = {**header, "idempotency-key": "once"}
        first = await client.post("/api/v1/registry-imports", headers=key, files=upload)
        again = await client.post("/api/v1/registry-imports", headers=key, files=upload)
        assert (first.status_code, first.json()) == (201, again.json())
        other = {"file": ("r.csv", generated(131), "text/csv")}
        assert (await client.post("/api/v1/registry-imports", headers=key, files=other)).status_code == 409
        number = first.json()["id"]
        early = await client.post(f"/api/v1/registry-imports/{number}/confirm", headers=header)
        assert early.status_code == 409 and early.headers["content-type"].startswith("application/problem+json")
        await do_jobs()
        assert (await client.post(f"/api/v1/registry-imports/{number}/confirm", headers=header)).status_code == 202
        await do_jobs()
        status = (await client.get(f"/api/v1/registry-imports/{number}")).json()
        assert (status["state"], status["created"], status["errors"]) == ("imported", 130, [])
        codes: list[str] = []
        after: str | None = ""
        while after is not None:
            page = (await client.get("/api/v1/institutions", params={"after": after, "limit": 50})).json()
            codes += [item["code"] for item in page["items"]]
            after = page["next"]
        assert len(codes) == len(set(codes)) == 130 and codes == sorted(codes)
        found = (await client.get("/api/v1/institutions", params={"q": "7ο νηπ κατερ"})).json()["items"]
        assert [item["name"] for item in found] == ["7ο Νηπιαγωγείο Κατερίνης"]
        one = (await client.get(f"/api/v1/institutions/{found[0]['code']}")).json()
        assert one["region"]["code"] == "central-macedonia" and one["level"] == "kindergarten"
        bad = await client.post(
            "/api/v1/registry-imports", headers=header, files={"file": ("r.csv", b"a;b\n1;2\n", "text/csv")}
        )
        assert bad.status_code == 422 and bad.json()["errors"][0]["row"] == 1 and bad.json()["errors"][0]["detail"]
        for wrong in ("level=x", "limit=0", "limit=x", "category=x"):
            assert (await client.get(f"/api/v1/institutions?{wrong}")).status_code in (400, 422), wrong
        assert (await client.get("/api/v1/institutions?q=%00&after=%00&region=%00")).status_code == 200
        paths = (await client.get("/api/openapi.json")).json()["paths"]
        assert {"/api/v1/institutions", "/api/v1/registry-imports"} <= set(paths)


async def test_a_schools_page_says_what_it_was_given(app: Litestar) -> None:
    """The grants of waves whose results are out, in the page's first sentence and as a list; drafts stay unsaid."""
    async with browser(app) as client:
        await fill(20)
        await sign_in(client, await make_person("staff"))
        school = int(await fetch_value("SELECT id FROM institution ORDER BY code LIMIT 1"))
        for slug, state in (("stem-4", "historic"), ("stem-9", "draft")):
            wave = await fetch_value(
                """INSERT INTO wave (slug, title_el, title_en, year_from, year_to, state)
                   VALUES ($1, 'Δράση ' || $1, $1, 2023, 2023, $2) RETURNING id""",
                slug,
                state,
            )
            await execute(
                """INSERT INTO award (wave_id, institution_id, kit_slug, units, source)
                   VALUES ($1, $2, 'robotics', 1, 'historic')""",
                wave,
                school,
            )
        code = str(await fetch_value("SELECT code FROM institution WHERE id = $1", school))
        page = await client.get(f"/schools/{code}")
        assert faults(page.text) == []
        assert "Το σχολείο έχει πάρει σετ μία φορά: Δράση stem-4." in page.text
        assert 'href="/waves/stem-4"' in page.text and "stem-9" not in page.text
        assert "Τα σετ του" in page.text

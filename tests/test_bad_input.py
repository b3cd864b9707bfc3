"""Bad input of every kind, by the ways it really comes: pages, API, commands.

Each time the answer names the place and the remedy in the reader's language, never is a fault of ours (500), and
the database is afterwards what it was before. Serial devices that misbehave: tests/device_agents.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import asyncpg
import click
import pytest
from click.testing import CliRunner
from httpx import AsyncClient, Response
from litestar import Litestar

from stem_logistics import jobs
from stem_logistics.accounts import links
from stem_logistics.db.engine import execute, fetch, fetch_value, unit_of_work
from stem_logistics.registry.cli import registry as registry_command
from stem_logistics.waves.cli import wave as wave_command
from stem_logistics.waves.invitations import application_link
from stem_logistics.worker import load_handlers
from tests.bad_files import APPLICATIONS, FIFTY_MEGABYTES, REGISTRY, BadFile
from tests.deliveries.parcels import Parcel, dispatched_parcel
from tests.support import OPERATOR, acting_as, browser, csrf_token, make_person, post_form, sign_in
from tests.waves.scene import PRIORITY, application, apply, close, decide, kit, make_school, open_wave, rules
from tests.web.accessibility import faults

LANGUAGES = ("el", "en")
# What an upload that is refused later may leave: the file, its import and its job, who sent it. Nothing of its content.
OF_AN_UPLOAD = ("stored_file", "registry_import", "job", "audit_entry")
# Who is signed in and how often they tried is no content.
ALWAYS_MOVING = ("session", "throttle")
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration' ORDER BY 1"


def digest_of(table: str) -> str:
    rows = "string_agg(t::text, ' ' ORDER BY t::text)"
    return f"""SELECT count(*) || ' ' || md5(coalesce({rows}, '')) FROM "{table}" t"""


async def contents(*apart: str) -> dict[str, str]:
    """A digest of every table of the database, but for those named."""
    tables = [row["tablename"] for row in await fetch(TABLES)]
    assert {"institution", "application", "movement", "receipt"} <= set(tables)
    left = [table for table in tables if table not in (*apart, *ALWAYS_MOVING)]
    return {table: await fetch_value(digest_of(table)) for table in left}


@asynccontextmanager
async def nothing_written(*apart: str) -> AsyncIterator[None]:
    """Whatever the block does leaves the database as it was."""
    before = await contents(*apart)
    yield
    assert await contents(*apart) == before


@asynccontextmanager
async def staff_of(app: Litestar) -> AsyncIterator[AsyncClient]:
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        yield client


async def work() -> None:
    load_handlers()
    while await jobs.run_next():
        pass


def spoken(answer: Response, status: int, *words: str) -> None:
    """A page of ours: with this status, readable by everybody, and with these words."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text[:1500]}"
    assert faults(answer.text) == []
    said = unescape(answer.text)
    for word in words:
        assert word in said, f"{word} is not in {said}"


def problem(answer: Response, status: int) -> dict[str, Any]:
    """A problem document with this status and a sentence."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text[:1500]}"
    assert answer.headers["content-type"].startswith("application/problem+json")
    body: dict[str, Any] = answer.json()
    assert " " in body["detail"], "a sentence, not a slug"
    return body


async def in_json(client: AsyncClient, language: str) -> dict[str, str]:
    return {
        "accept": "application/json",
        "accept-language": language,
        "x-csrftoken": await csrf_token(client),
    }


def upload(data: bytes) -> dict[str, tuple[str, bytes, str]]:
    return {"file": ("αρχείο.csv", data, "text/csv")}


def words_of(bad: BadFile, language: str) -> tuple[str, ...]:
    place = (bad.column, *((str(bad.row),) if bad.row else ()))
    return (*place, *(bad.greek if language == "el" else bad.english))


# Files of the registry and of applications


@pytest.mark.parametrize("name", sorted(REGISTRY))
async def test_a_bad_registry_file_by_page_and_api(app: Litestar, name: str) -> None:
    """Uploaded: a page, and a problem document, with row, column and remedy; no school, office or place is written."""
    bad = REGISTRY[name]
    async with staff_of(app) as client, nothing_written(*OF_AN_UPLOAD):
        for language in LANGUAGES:
            headers = {"accept-language": language}
            answer = await post_form(client, "/schools/import", {}, files=upload(bad.data), headers=headers)
            if answer.status_code == 303:
                await work()
                answer = await client.get(answer.headers["location"], headers=headers)
                assert "/confirm" not in answer.text
                spoken(answer, 200, *words_of(bad, language))
            else:
                spoken(answer, 422, *words_of(bad, language))
            asked = await in_json(client, language)
            answer = await client.post("/api/v1/registry-imports", headers=asked, files=upload(bad.data))
            if answer.status_code == 201:
                await work()
                number = answer.json()["id"]
                errors = (await client.get(f"/api/v1/registry-imports/{number}", headers=asked)).json()["errors"]
                said = errors[0]["message"]
                confirmed = await client.post(f"/api/v1/registry-imports/{number}/confirm", headers=asked)
                problem(confirmed, 409)
            else:
                errors = problem(answer, 422)["errors"]
                said = errors[0]["detail"]
            assert (errors[0]["row"], errors[0]["column"]) == (bad.row, bad.column)
            assert all(word in said for word in words_of(bad, language)[-2:]), said


def command(group: click.Command, url: str, folder: Path, *arguments: str, **more: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command."""
    environment = {"STEM_DATABASE_URL": url, "STEM_DATA_DIR": str(folder), "STEM_SECRET_KEY": "s" * 40, **more}
    done = CliRunner().invoke(group, list(arguments), env=environment)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def database(url: str) -> dict[str, str]:
    """As `contents`, for a test that is not within the service."""

    async def look() -> dict[str, str]:
        connection = await asyncpg.connect(url)
        try:
            tables = [row["tablename"] for row in await connection.fetch(TABLES)]
            return {table: await connection.fetchval(digest_of(table)) for table in tables}
        finally:
            await connection.close()

    return asyncio.run(look())


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_a_bad_registry_file_by_command(database_url: str, tmp_path: Path, name: str) -> None:
    """`stem registry import`: exit 1, the JSON that is promised, both languages for people, and nothing at all kept."""
    bad = REGISTRY[name]
    (tmp_path / "f.csv").write_bytes(bad.data)
    before = database(database_url)
    for language in LANGUAGES:
        arguments = ("import", str(tmp_path / "f.csv"), "--json")
        code, out, _ = command(registry_command, database_url, tmp_path, *arguments, STEM_LOCALE=language)
        body = json.loads(out)
        assert (code, body["created"], body["updated"], body["unchanged"]) == (1, 0, 0, 0)
        first = body["errors"][0]
        assert (first["row"], first["column"]) == (bad.row, bad.column)
        assert all(word in first["message"] for word in words_of(bad, language)[-2:]), first
    code, out, err = command(registry_command, database_url, tmp_path, "import", str(tmp_path / "f.csv"))
    assert (code, out) == (1, "")
    assert all(word in err for language in LANGUAGES for word in words_of(bad, language)), err
    assert database(database_url) == before


async def two_schools_and_a_call() -> Any:
    with acting_as(OPERATOR):
        for number in (1, 2):
            await make_school(f"010000{number}")
        return await open_wave(kit())


@pytest.mark.parametrize("name", sorted(APPLICATIONS))
async def test_a_bad_file_of_applications_by_page_and_api(app: Litestar, name: str) -> None:
    """Uploaded: the work's page names row, column and remedy in both languages; no application is written."""
    bad = APPLICATIONS[name]
    async with staff_of(app) as client:
        await two_schools_and_a_call()
        async with nothing_written(*OF_AN_UPLOAD):
            answer = await post_form(client, "/waves/stem-6/applications/import", {}, files=upload(bad.data))
            assert answer.status_code == 303
            await work()
            for language in LANGUAGES:
                headers = {"accept-language": language}
                # the page calls the column what its readers call it
                words = [word for word in words_of(bad, language) if word != bad.column]
                spoken(await client.get(answer.headers["location"], headers=headers), 200, *words)
            asked = await in_json(client, "en")
            answer = await client.post(
                "/api/v1/waves/stem-6/applications/import", headers=asked, files=upload(bad.data)
            )
            assert answer.status_code == 202
            await work()
            done = (await client.get(f"/api/v1/jobs/{answer.json()['job']}", headers=asked)).json()
            assert done["state"] == "failed"
            first = done["error"]["errors"][0]
            assert (first["row"] or None, first["column"]) == (bad.row, bad.column)
            assert all(word in json.dumps(done, ensure_ascii=False) for word in bad.english), done


@pytest.mark.parametrize("name", sorted(APPLICATIONS))
def test_a_bad_file_of_applications_by_command(database_url: str, tmp_path: Path, name: str) -> None:
    """`stem wave import`: exit 1, the place and the remedy, nothing kept."""
    bad = APPLICATIONS[name]
    (tmp_path / "f.csv").write_bytes(bad.data)
    asyncio.run(in_a_service(database_url, tmp_path, two_schools_and_a_call))
    before = database(database_url)
    arguments = ("import", "stem-6", str(tmp_path / "f.csv"))
    code, out, _ = command(wave_command, database_url, tmp_path, *arguments, "--json", STEM_LOCALE="el")
    first = json.loads(out)["errors"][0]
    assert (code, first["row"] or None, first["column"]) == (1, bad.row, bad.column)
    assert all(word in first["message"] for word in bad.greek), first
    code, out, err = command(wave_command, database_url, tmp_path, *arguments)
    assert (code, out) == (1, "nothing was written\n")
    assert all(word in err for language in LANGUAGES for word in words_of(bad, language)), err
    assert database(database_url) == before


async def in_a_service(url: str, folder: Path, prepare: Callable[[], Any]) -> None:
    from stem_logistics import runtime
    from stem_logistics.db.engine import pool
    from tests.support import settings_for

    runtime.start(settings_for(url, folder))
    async with pool(url):
        await prepare()


# Fifty megabytes


async def test_fifty_megabytes_at_every_door(app: Litestar) -> None:
    """Each place that takes a file answers a far too large one with its size or what to do, and keeps nothing of it."""
    async with staff_of(app) as client:
        wave = await two_schools_and_a_call()
        with acting_as(OPERATOR):
            await apply(wave, application("0100001"))
            application_address = (await application_link("stem-6", "0100002")).removeprefix("http://testserver.local")
            box = await dispatched_parcel()
        number = await fetch_value("SELECT id FROM application")
        large = b"registry_no,name\n" + b"x" * FIFTY_MEGABYTES
        doors = {
            "/schools/import": "file",
            "/waves/stem-6/applications/import": "file",
            f"/waves/stem-6/applications/{number}/evidence": "document",
            f"{application_address}/evidence": "document",
            f"/r/{box.token}/confirm": f"photo-{(await box.lines())[0].key}",
        }
        async with nothing_written():
            for path, field in doors.items():
                for language, words in (("el", "πολύ μεγάλ"), ("en", "too large")):
                    answer = await post_form(
                        client,
                        path,
                        {"seen": "0"},
                        files={field: ("a.csv", large, "text/csv")},
                        headers={"accept-language": language},
                    )
                    if path == "/receiving" and answer.status_code in (404, 405):
                        continue
                    # a photograph is refused beside its field, and what else was typed stays
                    in_form = path.startswith("/r/")
                    spoken(answer, 422 if in_form else 413, "15 MB" if in_form else words)
            for path in ("/api/v1/registry-imports", "/api/v1/waves/stem-6/applications/import"):
                said = problem(await client.post(path, headers=await in_json(client, "en"), files=upload(large)), 413)
                assert "smaller file" in said["detail"]
            huge = await client.post("/api/v1/check-reports", content=large, headers={"accept": "application/json"})
            problem(huge, 413)


def test_fifty_megabytes_by_command(database_url: str, tmp_path: Path) -> None:
    """A file above the limit is refused by its size, with what to do."""
    with (tmp_path / "big.csv").open("wb") as file:
        file.truncate(FIFTY_MEGABYTES)
    asyncio.run(in_a_service(database_url, tmp_path, two_schools_and_a_call))
    before = database(database_url)
    for group, arguments in ((registry_command, ("import",)), (wave_command, ("import", "stem-6"))):
        code, _, err = command(group, database_url, tmp_path, *arguments, str(tmp_path / "big.csv"))
        assert code == 1
        assert all(words in err for words in ("50 MB", "25 MB", "in parts", "σε μέρη")), err
    assert database(database_url) == before


# Waves


async def test_an_application_for_a_closed_wave(app: Litestar) -> None:
    """By staff's form, the school's link, file, API and command: told when it closed and what to do; none is taken."""
    async with staff_of(app) as client:
        wave = await two_schools_and_a_call()
        with acting_as(OPERATOR):
            await apply(wave, application("0100001"))
            own = (await application_link("stem-6", "0100002")).removeprefix("http://testserver.local")
            await close(wave)
        form = {"school_code": "0100002", "preference_1": "printer", "condition_undertaking": "yes"}
        number = await fetch_value("SELECT id FROM application")
        piece = {"kind": "school-label", "year": "2025"}
        async with nothing_written():
            for language, words in (
                ("el", ("έληξε στις", "γράψτε στον Ε.Ο.Υ.")),
                ("en", ("closed on", "write to the NSO")),
            ):
                headers = {"accept-language": language}
                for path in ("/waves/stem-6/applications/new", f"{own}/steps/project", f"{own}/send"):
                    answer = await post_form(client, path, form, headers=headers)
                    spoken(answer, 409, *words)
                file = upload(b"school_code;preferences\n0100002;printer\n")
                path = "/waves/stem-6/applications/import"
                spoken(await post_form(client, path, {}, files=file, headers=headers), 409, *words)
                answer = await client.post(
                    "/api/v1/waves/stem-6/applications",
                    headers=await in_json(client, language),
                    json={"school_code": "0100002", "preferences": ["printer"]},
                )
                refused = problem(answer, 409)
                assert refused["title"] == "wave-closed" and all(word in refused["detail"] for word in words)
                answer = await client.post(
                    "/api/v1/waves/stem-6/applications/import", headers=await in_json(client, language), files=file
                )
                assert problem(answer, 409)["title"] == "wave-closed"
                spoken(await post_form(client, f"{own}/evidence", piece, headers=headers), 409, *words)
        assert number == await fetch_value("SELECT max(id) FROM application")


async def test_a_file_in_time_that_is_read_too_late(app: Litestar) -> None:
    """A file sent before the deadline whose turn comes after it: the work fails with the deadline, nothing is taken."""
    async with staff_of(app) as client:
        wave = await two_schools_and_a_call()
        file = upload("school_code;preferences;undertaking\n0100001;printer;ναι\n".encode())
        sent = await post_form(client, "/waves/stem-6/applications/import", {}, files=file)
        with acting_as(OPERATOR):
            await close(wave)
        async with nothing_written("job"):
            await work()
        spoken(await client.get(sent.headers["location"]), 200, "έληξε στις", "γράψτε στον Ε.Ο.Υ.")


async def test_reserves_above_stock(app: Litestar) -> None:
    """Guaranteed places beyond the stock: refused at the kit's stock with the figures and the remedy; no version."""
    async with staff_of(app) as client:
        await client.get("/waves")
        answer = await post_form(
            client, "/waves/new", {"slug": "stem-6", "title_el": "Δράση STEM 6", "year_from": "2026"}
        )
        assert answer.status_code == 303
        document = rules(kit(stock=3, reserves=[{**PRIORITY, "places": 3}], university_blocks=1), block_size=10)
        form = {
            "evidence_counts_for": "project_school",
            "block_size": "10",
            "kits.0.definition": "printer",
            "kits.0.title.el": "Εκτυπωτής 3D",
            "kits.0.stock": "3",
            "kits.0.levels": ["lower_secondary"],
            "kits.0.university_blocks": "1",
            "kits.0.reserves.0.id": "priority",
            "kits.0.reserves.0.title.el": "Ειδικές κατηγορίες",
            "kits.0.reserves.0.any_of": ["special"],
            "kits.0.reserves.0.places": "3",
            "criteria.stem-undertaking.use": "yes",
            "criteria.stem-undertaking.points.undertaking": "5",
            "criteria.stem-undertaking.ceiling": "5",
            "action": "save",
        }
        async with nothing_written():
            for language, words in (
                ("el", ("κάνουν 13, αλλά τα διαθέσιμα είναι 3", "Μειώστε")),
                ("en", ("make 13, but the stock is 3", "Lower the places")),
            ):
                answer = await post_form(client, "/waves/stem-6/rules", form, headers={"accept-language": language})
                spoken(answer, 422, 'id="kits.0.stock-error"', 'value="Εκτυπωτής 3D"', *words)
                asked = await in_json(client, language)
                refused = problem(await client.put("/api/v1/waves/stem-6/rules", headers=asked, json=document), 422)
                assert [each["field"] for each in refused["errors"]] == ["kits.0.stock"]
                assert all(word in refused["errors"][0]["detail"] for word in words)


# Receipts


def form_with(box: Parcel, **answers: object) -> dict[str, object]:
    who = {"receiver_name": "Μαρία Ανδρέου", "receiver_role": "Εκπαιδευτικός", "seen": "0", "key": "bad-input"}
    return {**who, **answers}


async def test_a_receipt_that_does_not_add_up(app: Litestar) -> None:
    """Too many, too few, below zero, without a reason: told beside the field and at the top; nothing moves."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            box = await dispatched_parcel()
        line = (await box.line("usb-cable")).key
        cases: list[tuple[dict[str, object], tuple[str, str], tuple[str, str]]] = [
            (
                {f"received-{line}": "5"},
                ("κάνουν 5, ενώ αναμένονται 3", "Αλλάξτε τους αριθμούς"),
                ("make 5, but 3 are expected", "Change the numbers"),
            ),
            (
                {f"received-{line}": "1", f"missing-{line}": "1", f"missing_reason-{line}": "opened"},
                ("κάνουν 2, ενώ αναμένονται 3", "Αλλάξτε"),
                ("make 2, but 3 are expected", "Change"),
            ),
            (
                {f"received-{line}": "2", f"missing-{line}": "1"},
                ("Καλώδιο USB", "επιλέξτε γιατί"),
                ("USB cable", "choose why"),
            ),
            (
                {f"received-{line}": "-1", f"damaged-{line}": "4", f"damage_reason-{line}": "transport"},
                ("Καλώδιο USB", "μηδέν"),
                ("USB cable", "below zero"),
            ),
        ]
        async with nothing_written():
            for answers, greek, english in cases:
                for language, words in (("el", greek), ("en", english)):
                    answer = await post_form(
                        client,
                        f"/r/{box.token}/confirm",
                        form_with(box, line=[line], **answers),
                        headers={"accept-language": language},
                    )
                    spoken(answer, 422, f"-{line}-error", "Μαρία Ανδρέου", *words)
        whole = await post_form(client, f"/r/{box.token}/confirm", form_with(box))
        assert whole.status_code == 303
        assert await box.balances() == {"institution": 9}


# Links


async def all_links() -> tuple[Parcel, dict[str, tuple[str, Sequence[str]]]]:
    """One link of each purpose: its token, and the addresses under it that take something."""
    with acting_as(OPERATOR):
        box = await dispatched_parcel()
        for number in (1, 2):
            await make_school(f"010000{number}")
        wave = await open_wave(kit())
        await apply(wave, application("0100001"))
        own = (await application_link("stem-6", "0100002")).rsplit("/", 1)[1]
        school = await fetch_value("SELECT id FROM institution WHERE code = '0100001'")
        await decide(wave)
        async with unit_of_work():
            result = await links.issue("result", school, wave_id=wave.id)
    return box, {
        "receipt": (box.token, (f"/r/{box.token}/confirm",)),
        "application": (own, (f"/application/{own}/steps/project", f"/application/{own}/evidence")),
        "result": (result.token, ()),
    }


PREFIX = {"receipt": "/r/", "application": "/application/", "result": "/result/"}


@pytest.mark.parametrize(
    ("sql", "status", "greek", "english"),
    [
        ("expires_at = now() - interval '1 day'", 410, ("έληξε στις", "Ζητήστε"), ("expired on", "Ask the NSO")),
        ("revoked_at = now()", 410, ("αποσύρθηκε στις", "Ζητήστε"), ("withdrawn on", "Ask the NSO")),
        (
            "token_digest = sha256(token_digest)",
            404,
            ("δεν είναι γνωστός", "αντιγράψτε"),
            ("not known", "copy the whole"),
        ),
    ],
    ids=["expired", "revoked", "unknown"],
)
async def test_a_link_that_no_longer_holds(
    app: Litestar, sql: str, status: int, greek: tuple[str, str], english: tuple[str, str]
) -> None:
    """Of every purpose, opened or acted upon: what is wrong with it, since when, whom to ask. Nothing is written."""
    async with browser(app) as client:
        _, known = await all_links()
        for purpose, (token, _) in known.items():
            assert (await client.get(PREFIX[purpose] + token)).status_code == 200
        await execute(f"UPDATE school_link SET {sql}")
        async with nothing_written():
            for purpose, (token, taking) in known.items():
                for language, words in (("el", greek), ("en", english)):
                    headers = {"accept-language": language}
                    spoken(await client.get(PREFIX[purpose] + token, headers=headers), status, *words)
                    for path in taking:
                        spoken(await post_form(client, path, {}, headers=headers), status, *words)


async def test_an_altered_link(app: Litestar) -> None:
    """Cut off, with a character changed, added or in capitals, or used for another purpose: told, and nothing more."""
    async with browser(app) as client:
        _, known = await all_links()
        async with nothing_written():
            for purpose, (token, _) in known.items():
                other = next(prefix for name, prefix in PREFIX.items() if name != purpose)
                altered = [
                    PREFIX[purpose] + token[:-1],
                    PREFIX[purpose] + token[:-1] + ("A" if token[-1] != "A" else "B"),
                    PREFIX[purpose] + token + "x",
                    PREFIX[purpose] + token.swapcase(),
                    PREFIX[purpose] + token + "%00",
                    PREFIX[purpose] + "%ff" * 20,
                    other + token,
                ]
                for path in altered:
                    spoken(await client.get(path), 404, "δεν είναι γνωστός", "αντιγράψτε")
                    answer = await client.get(path, headers={"accept-language": "en"})
                    spoken(answer, 404, "not known", "copy the whole address")


async def test_a_link_that_was_used(app: Litestar) -> None:
    """Opened again it shows what was confirmed; confirming again says that it is complete, by which protocol."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            box = await dispatched_parcel()
        done = await post_form(client, f"/r/{box.token}/confirm", form_with(box))
        assert done.status_code == 303
        number = await fetch_value("SELECT protocol_number FROM receipt")
        async with nothing_written():
            spoken(await client.get(f"/r/{box.token}"), 200, number)
            for language, words in (("el", "έχει ολοκληρωθεί"), ("en", "is complete")):
                answer = await post_form(
                    client,
                    f"/r/{box.token}/confirm",
                    form_with(box, key="another form", seen="1"),
                    headers={"accept-language": language},
                )
                spoken(answer, 409, words, number)
            again = await post_form(client, f"/r/{box.token}/confirm", form_with(box))
            assert (again.status_code, again.headers["location"]) == (303, done.headers["location"])


async def test_a_deadline_in_the_past_and_other_moments(app: Litestar) -> None:
    """A call that would end before it begins, or a draw before its end, is refused at its field; it stays a draft."""
    async with staff_of(app) as client:
        await post_form(client, "/waves/new", {"slug": "stem-6", "title_el": "Δράση STEM 6", "year_from": "2026"})
        asked = await in_json(client, "en")
        assert (await client.put("/api/v1/waves/stem-6/rules", headers=asked, json=rules(kit()))).status_code == 200
        now = datetime.now(UTC)
        call = {
            "opens_at": (now + timedelta(hours=2)).isoformat(),
            "deadline_at": (now - timedelta(hours=1)).isoformat(),
            "draw_description": " ",
            "draw_on": (now - timedelta(days=3)).date().isoformat(),
        }
        async with nothing_written():
            refused = problem(await client.post("/api/v1/waves/stem-6/open", headers=asked, json=call), 422)
            places = {each["field"] for each in refused["errors"]}
            assert places == {"deadline_at", "draw_on", "draw_description"}
            assert all(" " in each["detail"] for each in refused["errors"])

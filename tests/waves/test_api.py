"""The waves over JSON and on the command line: the same use cases, the same refusals, documented as they are."""

import contextlib
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

from click.testing import CliRunner
from httpx import AsyncClient, Response
from litestar import Litestar

from stem_logistics import jobs
from stem_logistics.allocation.verify import Wave as PublishedInput
from stem_logistics.allocation.verify import verify
from stem_logistics.db.engine import execute, fetch_value
from stem_logistics.waves.cli import wave as wave_command
from stem_logistics.waves.criterion import EVIDENCE_KINDS
from stem_logistics.waves.schemas import EvidenceKind
from stem_logistics.worker import load_handlers
from tests.support import OPERATOR, acting_as, browser, csrf_token, make_person, sign_in
from tests.waves.scene import kit, make_school, rules

BASE = "/api/v1/waves"


@contextlib.asynccontextmanager
async def staff_of(app: Litestar) -> AsyncIterator[AsyncClient]:
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        client.headers["accept"] = "application/json"
        client.headers["x-csrftoken"] = await csrf_token(client)
        yield client


async def ask(client: AsyncClient, method: str, path: str, status: int, body: object = None, **more: Any) -> Any:
    answer: Response = await client.request(method, path, json=body, **more)
    assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:1500]}"
    return answer.json()


async def work() -> None:
    load_handlers()
    while await jobs.run_next():
        pass


async def test_a_wave_over_json(app: Litestar) -> None:
    """A wave from draft to verified results, by the API alone."""
    async with staff_of(app) as staff:
        with acting_as(OPERATOR):
            for number in (1, 2):
                await make_school(f"010000{number}")
        new = {"slug": "stem-6", "title_el": "Δράση STEM 6", "year_from": 2026, "year_to": 2026}
        await ask(staff, "POST", BASE, 201, new)
        refused = await ask(staff, "PUT", f"{BASE}/stem-6/rules", 422, rules(kit(stock=-1)))
        assert refused["errors"][0]["field"] == "kits.0.stock"
        assert await ask(staff, "PUT", f"{BASE}/stem-6/rules", 200, rules(kit(stock=1))) == {"version": 1}
        now = datetime.now(UTC)
        call = {
            "opens_at": (now - timedelta(minutes=1)).isoformat(),
            "deadline_at": (now + timedelta(hours=1)).isoformat(),
            "draw_description": "ΛΟΤΤΟ",
            "draw_on": (now + timedelta(days=1)).date().isoformat(),
        }
        opened = await ask(staff, "POST", f"{BASE}/stem-6/open", 200, call)
        assert opened["phase"] == "open" and opened["nonce"] is None and len(opened["seed_commitment"]) == 64
        declared = {"undertaking": True, "assembly-act": True, "head-signature": True}
        piece = {"kind": "national-prize", "year": now.year, "reference": "P1", "rank": 1, "teacher_code": "T1"}
        several: list[tuple[int, dict[str, Any]]] = [(1, {"evidence": [piece]}), (2, {})]
        for number, more in several:
            given: dict[str, Any] = {"school_code": f"010000{number}", "preferences": ["printer"], **more}
            given["declarations"] = declared
            await ask(staff, "POST", f"{BASE}/stem-6/applications", 201, given)
        await ask(
            staff, "POST", f"{BASE}/stem-6/applications", 422, {"school_code": "0100001", "preferences": ["drone"]}
        )
        closed = await ask(staff, "POST", f"{BASE}/stem-6/deadline", 200, {"why": "δοκιμή"})
        assert closed["phase"] == "closed"
        late = await ask(
            staff, "POST", f"{BASE}/stem-6/applications", 409, {"school_code": "0100001", "preferences": []}
        )
        assert late["title"] == "wave-closed"
        await execute("UPDATE wave SET draw_on = current_date - 1")
        await ask(staff, "POST", f"{BASE}/stem-6/seed", 422, {"draw_numbers": "1 2 3", "seed": "0" * 64})
        await ask(staff, "POST", f"{BASE}/stem-6/seed", 200, {"draw_numbers": "1 2 3"})
        await ask(staff, "POST", f"{BASE}/stem-6/score", 202)
        await work()
        page = await ask(staff, "GET", f"{BASE}/stem-6/applications", 200)
        assert [(item["school_code"], item["points"]) for item in page["items"]] == [
            ("0100001", "25.000000"),
            ("0100002", "15.000000"),
        ]
        detail = await ask(staff, "GET", f"{BASE}/stem-6/applications/{page['items'][0]['id']}", 200)
        assert detail["score"]["parts"]["criteria"] and detail["evidence"][0]["teacher"] == "T1"
        await ask(staff, "POST", f"{BASE}/stem-6/allocation", 202)
        await work()
        await ask(staff, "GET", f"{BASE}/stem-6/results", 404)
        run = await ask(staff, "GET", f"{BASE}/stem-6/allocation", 200)
        await ask(staff, "POST", f"{BASE}/stem-6/publish", 409, {"run": run["id"] + 1})
        await ask(staff, "POST", f"{BASE}/stem-6/publish", 200, {"run": run["id"]})
        results = await ask(staff, "GET", f"{BASE}/stem-6/results", 200)
        assert [(row["school_code"], row["kit"]) for row in results["items"]] == [
            ("0100001", "printer"),
            ("0100002", None),
        ]
        given_input = (await staff.get(f"{BASE}/stem-6/results/input.json")).content
        outcome = (await staff.get(f"{BASE}/stem-6/results/outcome.json")).content
        assert verify(PublishedInput(given_input), io.BytesIO(outcome)) == run["outcome_sha256"]
        awards = await ask(staff, "GET", f"{BASE}/stem-6/awards", 200)
        assert [award["school_code"] for award in awards] == ["0100001"]
        assert (await ask(staff, "GET", BASE, 200))[0]["grants"] == 1


async def test_the_same_request_twice(app: Litestar) -> None:
    """With an Idempotency-Key a repeated request is answered as the first time, and made once."""
    async with staff_of(app) as staff:
        new = {"slug": "stem-6", "title_el": "Δράση STEM 6", "year_from": 2026, "year_to": 2026}
        headers = {"Idempotency-Key": "k-1"}
        first = await ask(staff, "POST", BASE, 201, new, headers=headers)
        assert await ask(staff, "POST", BASE, 201, new, headers=headers) == first
        assert (await ask(staff, "POST", BASE, 409, new))["title"] == "wave-slug-taken"
        assert await fetch_value("SELECT count(*) FROM wave") == 1


async def test_strangers_get_nothing(app: Litestar) -> None:
    """Without sign-in everything but published results is refused."""
    async with browser(app) as client:
        client.headers["accept"] = "application/json"
        for path in ("", "/stem-6", "/stem-6/rules", "/stem-6/applications", "/stem-6/allocation"):
            await ask(client, "GET", BASE + path, 401)
        await ask(client, "GET", f"{BASE}/stem-6/results", 404)


def test_the_kinds_of_evidence() -> None:
    """The API names exactly the kinds that criteria know."""
    assert get_args(EvidenceKind) == EVIDENCE_KINDS


def run(*arguments: str, url: str, folder: Path) -> tuple[int, str]:
    environment = {"STEM_DATABASE_URL": url, "STEM_DATA_DIR": str(folder), "STEM_SECRET_KEY": "s" * 40}
    done = CliRunner().invoke(wave_command, list(arguments), env=environment)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def test_the_command_line(database_url: str, tmp_path: Path) -> None:
    """`stem wave` lists waves, shows the criteria, and says of a wave that is not there that it is not."""
    status, shown = run("show", "--criteria", "--json", url=database_url, folder=tmp_path)
    assert status == 0
    assert {each["slug"] for each in json.loads(shown)} >= {"national-prize", "stem-undertaking"}
    assert run("list", "--json", url=database_url, folder=tmp_path) == (0, "[]\n")
    status, shown = run("show", "stem-99", url=database_url, folder=tmp_path)
    assert status == 1
    assert "stem-99" in shown
    assert run("show", url=database_url, folder=tmp_path)[0] == 2

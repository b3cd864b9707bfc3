"""The laptops' page: codes are shown once, and only to who may make them."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar import Litestar

from firmware_checks.verdicts import Verdict
from stem_logistics.accounts.policy import Grant
from stem_logistics.db.engine import execute, fetch_value
from tests.checks.seeding import Laptop, enrolled, enrolment, make_kit
from tests.device_agents.reports import make_report
from tests.support import SECRET, browser, make_person, post_form, sign_in

CODE = re.compile(r"[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}")


async def test_a_code_is_shown_once(app: Litestar) -> None:
    """The page that answers the form shows the code; the page itself, opened again, does not."""
    async with browser(app) as client:
        await sign_in(client, await make_person("technician"))
        answer = await post_form(client, "/devices/agents/codes", {"label": "Φορητός 3"})
        assert answer.status_code == 200 and CODE.search(answer.text)
        again = (await client.get("/devices/agents")).text
        assert "Φορητός 3" in again and not CODE.search(again)
        assert answer.headers["cache-control"] == "no-store"


async def test_a_code_can_be_withdrawn(app: Litestar) -> None:
    """A withdrawn code is gone from the page; withdrawing it twice is a clear 404."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        await post_form(client, "/devices/agents/codes", {"label": "x"})
        code_id = await fetch_value("SELECT id FROM enrolment_code")
        path = f"/devices/agents/codes/{code_id}/withdraw"
        assert (await post_form(client, path, {})).status_code == 303
        assert (await post_form(client, path, {})).status_code == 404


async def test_an_auditor_looks_and_changes_nothing(app: Litestar) -> None:
    """Who may read sees the laptops without buttons, and is refused when they send the form all the same."""
    async with browser(app) as client:
        laptop = await enrolled(client)
        await sign_in(client, await make_person("auditor"))
        page = await client.get("/devices/agents")
        assert "test laptop" in page.text and "/revoke" not in page.text
        assert (await post_form(client, "/devices/agents/codes", {"label": "x"})).status_code == 403
        assert (await post_form(client, f"/devices/agents/{laptop.agent}/revoke", {})).status_code == 403
        assert await fetch_value("SELECT count(*) FROM agent WHERE revoked_at IS NOT NULL") == 0


async def test_revoking_a_laptop(app: Litestar) -> None:
    """A technician revokes; the record says who; a second time is a clear 404."""
    async with browser(app) as client:
        laptop = await enrolled(client)
        await sign_in(client, await make_person("technician"))
        path = f"/devices/agents/{laptop.agent}/revoke"
        assert (await post_form(client, path, {"why": "χάθηκε"})).status_code == 303
        assert (await post_form(client, path, {})).status_code == 404
        assert await fetch_value("SELECT why FROM audit_entry WHERE action = 'agent-revoked'") == "χάθηκε"


async def test_a_kits_page_shows_its_devices_health(app: Litestar) -> None:
    """Each device of a kit with its latest result and a way to the report; what was not checked says so."""
    async with browser(app) as client:
        laptop = await enrolled(client)
        kit = await make_kit({"microbit": ("microbit", ["9900AA", "9900BB"])})
        envelope = laptop.seal(kit, "9900AA", make_report(verdict=Verdict.FAIL))
        await laptop.send(envelope)
        await sign_in(client, await make_person("technician"))
        page = (await client.get(f"/stock/kits/{kit}")).text
        assert f"/devices/reports/{envelope.report_id}" in page and "Βλάβη" in page and "Δεν ελέγχθηκε ακόμη" in page


async def test_a_regions_reader_sees_the_regions_reports(app: Litestar) -> None:
    """A technician of one region sees the reports of kits that are at its schools, and no others."""
    async with browser(app) as client:
        laptop = await enrolled(client)
        ours, theirs = [await make_kit({"microbit": ("microbit", [serial])}) for serial in ("9900AA", "9900BB")]
        envelopes = [laptop.seal(ours, "9900AA"), laptop.seal(theirs, "9900BB"), laptop.seal(None, "")]
        for envelope in envelopes:
            await laptop.send(envelope)
        region = await fetch_value(
            "INSERT INTO regional_directorate (code, name_el, name_en) VALUES ('R1', 'Α', 'A') RETURNING id"
        )
        school = await fetch_value(
            """INSERT INTO institution (code, name, level, regional_directorate_id)
               VALUES ('9010001', '1ο Δημοτικό', 'primary', $1) RETURNING id""",
            region,
        )
        place = await fetch_value(
            """INSERT INTO place (kind, code, title, institution_id)
               VALUES ('institution', 'i', 'i', $1) RETURNING id""",
            school,
        )
        await execute(
            """INSERT INTO movement (reason, item_id, kit_id, device_id, quantity, from_place_id, to_place_id,
                 actor_kind, idempotency_key, line)
               SELECT 'transfer', h.item_id, h.kit_id, h.device_id, 1, h.place_id, $1, 'system', 'move', 1
               FROM holding h JOIN kit k ON k.id = h.kit_id WHERE k.code = $2""",
            place,
            ours,
        )
        await sign_in(client, await make_person("technician", scope=Grant("technician", "region", region)))
        listed = (await client.get("/api/v1/check-reports")).json()
        assert [report["report_id"] for report in listed["reports"]] == [envelopes[0].report_id]
        assert (await client.get(f"/devices/reports/{envelopes[0].report_id}")).status_code == 200
        assert (await client.get(f"/devices/reports/{envelopes[1].report_id}")).status_code == 404


async def test_the_servers_commands(app: Litestar, database_url: str, tmp_path: Path) -> None:
    """`stem checks` makes a code that enrols, lists and revokes the laptop, and proves the kept reports."""
    environment = {
        **os.environ,
        "STEM_DATABASE_URL": database_url,
        "STEM_DATA_DIR": str(tmp_path),
        "STEM_SECRET_KEY": SECRET,
    }

    async def stem(*arguments: str) -> str:
        program = str(Path(sys.executable).parent / "stem")
        process = await asyncio.create_subprocess_exec(
            program, "checks", *arguments, env=environment, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await process.communicate()
        assert process.returncode == 0
        return out.decode()

    async with browser(app) as client:
        code = json.loads(await stem("enrolment-code", "--json", "--label", "x"))["code"]
        key = Ed25519PrivateKey.generate()
        answer = await client.post("/api/v1/agents/enrol", json=enrolment(code, key))
        assert answer.status_code == 201
        laptop = Laptop(client, answer.json()["agent"], key)
        await laptop.send(laptop.seal())
        assert laptop.agent in await stem("agents")
        assert await stem("verify") == "1 reports, 0 altered\n"
        await stem("revoke", laptop.agent, "--why", "test")
        assert (await laptop.send(laptop.seal())).status_code == 403

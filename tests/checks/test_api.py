"""The checks over HTTP, against PostgreSQL: enrolment, signed reports, lists, health."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar import Litestar

from device_agents.envelope import MAX_BYTES, canonical, read_envelope, signed_text
from device_agents.kitlist import read_list
from firmware_checks.verdicts import Verdict
from stem_logistics.checks import agents, service
from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value
from tests.checks.seeding import Laptop, enrolled, enrolment, issue_code, make_kit
from tests.deliveries.parcels import dispatched_parcel
from tests.device_agents.reports import make_report
from tests.support import OPERATOR, acting_as, browser, make_person, sign_in


def slug(answer: httpx.Response) -> str:
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
    return str(answer.json()["type"].rpartition(":")[2])


async def stored() -> int:
    count: int = await fetch_value("SELECT count(*) FROM check_report")
    return count


async def test_a_code_enrols_one_laptop(app: Litestar) -> None:
    """A code works once; the same laptop asking again (its answer was lost) gets the same answer; no code is kept."""
    async with browser(app) as client:
        code, key = await issue_code(), Ed25519PrivateKey.generate()
        first = await client.post("/api/v1/agents/enrol", json=enrolment(code, key))
        again = await client.post("/api/v1/agents/enrol", json=enrolment(code, key))
        other = await client.post("/api/v1/agents/enrol", json=enrolment(code, Ed25519PrivateKey.generate()))
        assert (first.status_code, again.status_code, other.status_code) == (201, 201, 410)
        assert first.json() == again.json() and slug(other) == "enrolment-code-used"
        assert await fetch_value("SELECT count(*) FROM agent") == 1
        kept = await fetch_one("SELECT code_digest FROM enrolment_code")
        assert kept is not None and code.replace("-", "").encode() not in kept["code_digest"]


async def test_a_code_is_forgiving_to_fingers_and_not_to_time(app: Litestar) -> None:
    """Small letters and missing hyphens are the same code; an expired or withdrawn or unknown one is none."""
    async with browser(app) as client:
        loose = (await issue_code()).lower().replace("-", " ")
        answer = await client.post("/api/v1/agents/enrol", json=enrolment(loose, Ed25519PrivateKey.generate()))
        assert answer.status_code == 201
        code = await issue_code()
        await execute("UPDATE enrolment_code SET expires_at = now() - interval '1 second' WHERE used_at IS NULL")
        answer = await client.post("/api/v1/agents/enrol", json=enrolment(code, Ed25519PrivateKey.generate()))
        assert (answer.status_code, slug(answer)) == (410, "enrolment-code-expired")
        answer = await client.post("/api/v1/agents/enrol", json=enrolment("XXXX-XXXX", Ed25519PrivateKey.generate()))
        assert (answer.status_code, slug(answer)) == (422, "enrolment-code-unknown")


async def test_a_key_that_is_not_held_does_not_enrol(app: Litestar) -> None:
    """Somebody else's public key is not enrolled without a proof, and the code stays usable."""
    async with browser(app) as client:
        code, key = await issue_code(), Ed25519PrivateKey.generate()
        wish = enrolment(code, key) | {"proof": "00" * 64}
        answer = await client.post("/api/v1/agents/enrol", json=wish)
        assert (answer.status_code, slug(answer)) == (422, "enrolment-proof-wrong")
        assert (await client.post("/api/v1/agents/enrol", json=enrolment(code, key))).status_code == 201


async def test_guessing_codes_is_limited(app: Litestar) -> None:
    """After many wrong codes from one place the answer is 429 with a time to wait."""
    async with browser(app) as client:
        wish = enrolment("AAAA-AAAA-AAAA", Ed25519PrivateKey.generate())
        answers = [await client.post("/api/v1/agents/enrol", json=wish) for _ in range(agents.ENROL_ATTEMPTS + 1)]
        assert answers[-2].status_code == 422 and answers[-1].status_code == 429
        assert int(answers[-1].headers["retry-after"]) > 0


async def test_a_report_is_filed_once(app: Litestar) -> None:
    """The same report sent three times is one row, one entry of the record, and the same answer in substance."""
    async with browser(app) as client:
        laptop = await enrolled(client)
        envelope = laptop.seal()
        answers = [await laptop.send(envelope) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [201, 200, 200]
        assert [answer.json()["state"] for answer in answers] == ["filed", "known", "known"]
        assert await stored() == 1
        entries = await fetch("SELECT actor_kind, details::text FROM audit_entry WHERE action = 'check-report-filed'")
        assert [entry["actor_kind"] for entry in entries] == ["agent"]
        assert "Μαρία" not in entries[0]["details"]


async def test_a_report_finds_its_kit_and_device(app: Litestar) -> None:
    """By kit code, kind and serial number, whatever their case; a number that nobody knows is recorded all the same."""
    async with browser(app) as client:
        laptop = await enrolled(client)
        kit = await make_kit({"microbit": ("microbit", ["9900AA", "9900BB"]), "cable": (None, 3)})
        other = await make_kit({"microbit": ("microbit", ["9900CC"])})
        await laptop.send(laptop.seal(kit, "9900 aa"))
        await laptop.send(laptop.seal(kit, "9900AA", make_report(verdict=Verdict.FAIL)))
        await laptop.send(laptop.seal(kit, "9900CC"))
        await laptop.send(laptop.seal(kit, "9900ZZ"))
        await laptop.send(laptop.seal("KZZZZZZZ", "9900BB"))
        rows = await fetch(
            """SELECT r.*, d.serial_number AS known
               FROM check_report r LEFT JOIN device d ON d.id = device_id ORDER BY r.id"""
        )
        assert [row["known"] for row in rows] == ["9900AA", "9900AA", "9900CC", None, "9900BB"]
        assert [row["kit_id"] is not None for row in rows] == [True, True, True, True, False]
        assert rows[0]["operator"] == "Μαρία"
        kit_id = rows[0]["kit_id"]
        health = await service.health_of_kit(kit_id)
        assert [(d.serial_number, d.verdict) for d in health.devices] == [
            ("9900AA", Verdict.FAIL),
            ("9900BB", Verdict.PASS),
        ]
        assert sorted(d.serial_number for d in health.unlisted) == ["9900CC", "9900ZZ"]
        assert (health.faulty, health.checked, health.verdict) == (1, 2, Verdict.FAIL)
        other_id = await fetch_value("SELECT id FROM kit WHERE code = $1", other)
        assert (await service.health_of_kit(other_id)).checked == 1


@pytest.mark.parametrize("change", ["verdict", "sequence", "kit", "signature", "byte"])
async def test_an_altered_report_is_refused_and_named(app: Litestar, change: str) -> None:
    """One value or one byte changed on the way: 422, the report's id in the answer, nothing kept."""
    async with browser(app) as client:
        laptop = await enrolled(client)
        envelope = laptop.seal()
        content = json.loads(envelope.to_bytes())
        if change == "verdict":
            content["report"]["verdict"] = content["report"]["steps"][0]["verdict"] = "FAIL"
        elif change == "sequence":
            content["sequence"] = 7
        elif change == "kit":
            content["kit"] = "KZZZZZZZ"
        elif change == "signature":
            content["signature"] = "0" * 128
        body = canonical(content)
        if change == "byte":
            body = body.replace(b'"celsius":21.5', b'"celsius":21.6')
        answer = await laptop.send(body)
        assert (answer.status_code, slug(answer)) == (422, "report-signature-wrong")
        assert envelope.report_id in answer.json()["detail"]
        assert await stored() == 0
        assert (await laptop.send(envelope)).status_code == 201


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        (b"", 422, "report-not-json"),
        (b"{", 422, "report-not-json"),
        (b"{}", 422, "report-unreadable"),
        (b"\xff\xfe", 422, "report-not-json"),
        (b"[" * 50_000, 422, "report-not-json"),
        (b" " * (MAX_BYTES + 2), 413, "request-too-large"),
        (b" " * (MAX_BYTES + 1), 413, "report-too-big"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_no_report_is_refused(app: Litestar, body: bytes, status: int, problem: str) -> None:
    """Nothing, garbage, nonsense and floods get a clear refusal, never a fault of ours."""
    async with browser(app) as client:
        laptop = Laptop(client, "TAAAAAAA", Ed25519PrivateKey.generate())
        answer = await laptop.send(body)
        assert (answer.status_code, slug(answer)) == (status, problem)


async def test_who_may_not_file(app: Litestar) -> None:
    """An unknown laptop and a revoked one get 403; what the revoked one filed before stays."""
    async with browser(app) as client:
        stranger = Laptop(client, "TAAAAAAA", Ed25519PrivateKey.generate())
        answer = await stranger.send(stranger.seal())
        assert (answer.status_code, slug(answer)) == (403, "agent-unknown")
        laptop = await enrolled(client)
        assert (await laptop.send(laptop.seal())).status_code == 201
        with acting_as(OPERATOR):
            await agents.revoke(f"{laptop.agent[:4]}-{laptop.agent[4:]}", "stolen")  # as the page shows it
        answer = await laptop.send(laptop.seal())
        assert (answer.status_code, slug(answer)) == (403, "agent-revoked")
        assert (await get_list(laptop, "KAAAAAAA")).status_code == 403
        assert await stored() == 1


async def test_an_unknown_schema_is_told_with_those_that_are_read(app: Litestar) -> None:
    """A report of a schema from the future is refused by its name; the laptop learns what is read."""
    async with browser(app) as client:
        laptop = await enrolled(client)
        content = json.loads(laptop.seal().to_bytes())
        content["report"]["schema"] = "stem-check/99"
        del content["signature"]
        content["signature"] = laptop.key.sign(canonical(content)).hex()
        answer = await laptop.send(canonical(content))
        assert (answer.status_code, slug(answer)) == (422, "report-schema-unknown")
        assert "stem-check/99" in answer.json()["detail"] and "stem-check/1" in answer.json()["detail"]


async def test_gaps_and_forks_are_shown(app: Litestar) -> None:
    """A missing report leaves a gap, a copied laptop a fork; both are kept, told, and seen on the laptops' page."""
    async with browser(app) as client:
        laptop = await enrolled(client)
        copied = Laptop(client, laptop.agent, laptop.key)
        await laptop.send(laptop.seal())
        lost = laptop.seal()
        third = await laptop.send(laptop.seal())
        late = await laptop.send(lost)
        fork = await copied.send(copied.seal())
        assert [answer.json()["chain"] for answer in (third, late, fork)] == ["gap", "whole", "fork"]
        email = await make_person("technician")
        await sign_in(client, email)
        assert "Οι αναφορές αντιφάσκουν" in (await client.get("/devices/agents")).text
        assert "Αντιφάσκει με άλλη" in (await client.get("/devices?chain=fork")).text


async def get_list(laptop: Laptop, kit: str, *, off: timedelta = timedelta(), forged: bool = False) -> httpx.Response:
    path = f"/api/v1/kits/{kit}/expected"
    moment = (datetime.now(UTC) + off).strftime("%Y-%m-%dT%H:%M:%SZ")
    key = Ed25519PrivateKey.generate() if forged else laptop.key
    signature = key.sign(signed_text("GET", path, moment, b"")).hex()
    value = f'STEM-Agent agent="{laptop.agent}", time="{moment}", signature="{signature}"'
    return await laptop.client.get(path, headers={"authorization": value, "accept": "application/json"})


async def test_a_kits_list_is_for_signed_requests(app: Litestar) -> None:
    """A laptop gets what of the kit can be checked; no signature, a wrong one or a wrong clock get nothing."""
    async with browser(app) as client:
        laptop = await enrolled(client)
        kit = await make_kit(
            {"microbit": ("microbit", ["9900AA", "9900BB"]), "bee-bot": ("bee-bot", 2), "cable": (None, 3)}
        )
        answer = await get_list(laptop, kit)
        assert answer.status_code == 200
        found = read_list(answer.content, "x")
        assert [(line.kind, line.quantity, line.serials) for line in found.lines] == [
            ("bee-bot", 2, ()),
            ("microbit", 2, ("9900AA", "9900BB")),
        ]
        bare = await client.get(f"/api/v1/kits/{kit}/expected", headers={"accept": "application/json"})
        assert (bare.status_code, slug(bare)) == (401, "agent-signature-missing")
        forged = await get_list(laptop, kit, forged=True)
        assert (forged.status_code, slug(forged)) == (401, "agent-signature-wrong")
        early = await get_list(laptop, kit, off=timedelta(hours=2))
        assert (early.status_code, slug(early)) == (401, "agent-clock-off")
        unknown = await get_list(laptop, "KZZZZZZZ")
        assert (unknown.status_code, slug(unknown)) == (404, "check-kit-not-found")


async def test_a_list_says_whose_kit_it_is(app: Litestar) -> None:
    """On its way to a school the list names the school; in the store nobody."""
    async with browser(app) as client:
        laptop = await enrolled(client)
        stored = await make_kit({"bee-bot": ("bee-bot", 2)})
        assert read_list((await get_list(laptop, stored)).content, "x").school == ""
        with acting_as(OPERATOR):
            parcel = await dispatched_parcel()
        name = await fetch_value("SELECT name FROM institution WHERE id = $1", parcel.institution_id)
        assert name and read_list((await get_list(laptop, parcel.kit)).content, "x").school == name


async def test_what_was_lost_is_not_expected(app: Litestar) -> None:
    """A device that was written off is no longer on the kit's list."""
    async with browser(app) as client:
        laptop = await enrolled(client)
        kit = await make_kit({"microbit": ("microbit", ["9900AA", "9900BB"])})
        await execute(
            """INSERT INTO movement (reason, item_id, kit_id, device_id, quantity, from_place_id, to_place_id,
                 actor_kind, idempotency_key, line)
               SELECT 'missing', d.item_id, d.kit_id, d.id, 1, h.place_id, (SELECT id FROM place WHERE code = 'lost'),
                 'system', 'lost', 1
               FROM device d JOIN holding h ON h.device_id = d.id WHERE d.serial_number = '9900AA'"""
        )
        found = read_list((await get_list(laptop, kit)).content, "x")
        assert [(line.quantity, line.serials) for line in found.lines] == [(1, ("9900BB",))]


async def test_a_reports_page_shows_its_evidence_and_proof(app: Litestar) -> None:
    """A technician sees verdict, steps, device, digests and that the signature holds; a stranger sees nothing."""
    async with browser(app) as client:
        laptop = await enrolled(client)
        kit = await make_kit({"microbit": ("microbit", ["9900AA"])})
        envelope = laptop.seal(kit, "9900AA", make_report(serial="9900AA", board="V1"))
        await laptop.send(envelope)
        path = f"/devices/reports/{envelope.report_id}"
        assert (await client.get(path)).status_code == 303
        await sign_in(client, await make_person("technician"))
        page = (await client.get(path)).text
        for words in ("Εντάξει", "9900AA", "21,5", "Ισχύει", "Μαρία", "e3b0c44298fc1c14"):
            assert words in page.replace(" ", "") or words in page, words
        document = (await client.get(f"/api/v1/check-reports/{envelope.report_id}")).json()
        assert document["signature_holds"] is True
        assert read_envelope(canonical(document["envelope"])) == envelope
        listed = (await client.get("/api/v1/check-reports", params={"kit": kit})).json()
        assert (listed["total"], listed["reports"][0]["serial_number"]) == (1, "9900AA")
        assert (await client.get("/devices/reports/00000000-0000-4000-8000-000000000000")).status_code == 404


async def test_kept_reports_are_proved_against_their_signatures(app: Litestar) -> None:
    """Somebody with the database's password who changes a kept report is found out, by the page and by `verify`."""
    async with browser(app) as client:
        laptop = await enrolled(client)
        envelopes = [laptop.seal() for _ in range(3)]
        for envelope in envelopes:
            await laptop.send(envelope)
        assert await service.verify_all() == (3, [])
        await execute("ALTER TABLE check_report DISABLE TRIGGER check_report_append_only")
        await execute("UPDATE check_report SET verdict = 'FAIL' WHERE sequence = 1")
        await execute(
            """UPDATE check_report SET
                 envelope = convert_to(replace(convert_from(envelope, 'UTF8'), '21.5', '99.5'), 'UTF8')
               WHERE sequence = 3"""
        )
        count, wrong = await service.verify_all()
        assert (count, wrong) == (3, [envelopes[0].report_id, envelopes[2].report_id])
        await sign_in(client, await make_person("technician"))
        assert "Η υπογραφή δεν ισχύει" in (await client.get(f"/devices/reports/{envelopes[2].report_id}")).text


async def test_reports_cannot_be_changed_in_the_database(app: Litestar) -> None:
    """The table is append-only: an update or a delete is refused by the database itself."""
    async with browser(app) as client:
        laptop = await enrolled(client)
        await laptop.send(laptop.seal())
        for sql in ("UPDATE check_report SET verdict = 'FAIL'", "DELETE FROM check_report"):
            with pytest.raises(Exception, match="append"):
                await execute(sql)


async def test_twenty_at_once_are_twenty(app: Litestar) -> None:
    """The same and other reports of one laptop, sent at the same time, make one row each and a whole chain."""
    import asyncio

    async with browser(app) as client:
        laptop = await enrolled(client)
        envelopes = [laptop.seal() for _ in range(10)]
        answers = await asyncio.gather(*(laptop.send(envelope) for envelope in envelopes * 2))
        assert sorted(answer.status_code for answer in answers) == [200] * 10 + [201] * 10
        assert await stored() == 10
        assert await fetch_value("SELECT count(*) FROM check_report WHERE chain = 'fork'") == 0


async def test_the_apis_description_tells_how_to_file(app: Litestar) -> None:
    """The OpenAPI document names every field of the envelope, though its handler reads bytes."""
    async with browser(app) as client:
        document = (await client.get("/api/openapi.json")).json()
    body = document["paths"]["/api/v1/check-reports"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    sealed = json.loads(Laptop(client, "TAAAAAAA", Ed25519PrivateKey.generate()).seal().to_bytes())
    assert set(body["properties"]) == set(body["required"]) == set(sealed)

"""Known firmware on the service: added, retired, signed for laptops, expected of kits; and clocks that are wrong."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar import Litestar

from device_agents.envelope import signed_text
from device_agents.kinds import use_documents
from firmware_checks.bundles import Trusted, read
from firmware_checks.catalogue import load
from firmware_checks.errors import BundleRefused
from stem_logistics import device_kinds, runtime
from stem_logistics.checks import checklists, firmware, signing
from stem_logistics.checks.firmware import Wish
from stem_logistics.checks.report_view import kind_name
from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.errors import DomainError
from stem_logistics.keys import Keys
from tests.checks.seeding import Laptop, enrolled, enrolment, issue_code, make_kit
from tests.device_agents.reports import make_report
from tests.support import OPERATOR, acting_as, browser, csrf_token, make_person, sign_in
from tests.web.accessibility import faults

HEAD = 'schema = "stem-baseline/1"\nkind = "microbit"\n[sources.us]\ntitle = "our workshop"\n'


def stricter(minimum: str) -> bytes:
    """A baseline that wants a newer DAPLink."""
    rule = f'[[versions]]\nproduct = "DAPLink"\nbelow = "{minimum}"\nstatus = "outdated"\nsource = "us"\n'
    return (HEAD + rule).encode()


async def signed(
    laptop: Laptop, path: str, headers: dict[str, str] | None = None, off: timedelta = timedelta()
) -> httpx.Response:
    moment = (datetime.now(UTC) + off).strftime("%Y-%m-%dT%H:%M:%SZ")
    signature = laptop.key.sign(signed_text("GET", path, moment, b"")).hex()
    value = f'STEM-Agent agent="{laptop.agent}", time="{moment}", signature="{signature}"'
    return await laptop.client.get(
        path, headers={"authorization": value, "accept": "application/json", **(headers or {})}
    )


async def bundle_of(laptop: Laptop, pinned: bytes) -> Trusted:
    answer = await signed(laptop, "/api/v1/agents/bundle")
    assert answer.status_code == 200, answer.text
    return read(answer.content, pinned)


async def test_what_is_added_reaches_laptops_signed(app: Litestar) -> None:
    """Each change makes a bundle of a higher number, signed with the key that enrolling told; the same again changes
    nothing; what a laptop has is not sent again; every change is on record."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            pinned = (await signing.signer()).public_key
        laptop = await enrolled(client)
        assert (await bundle_of(laptop, pinned)).bundle.version == 0
        with acting_as(OPERATOR):
            first = await firmware.add(stricter("0257"), "new boards", file="microbit.toml")
            again = await firmware.add(stricter("0257"), "", file="microbit.toml")
            assert (first.edition, first.version, first.new, again.version, again.new) == (1, 1, True, 1, False)
        trusted = await bundle_of(laptop, pinned)
        assert [(part.sort, part.slug, part.edition) for part in trusted.bundle.parts] == [("baseline", "microbit", 1)]
        catalogue = load(documents=trusted.bundle.documents())
        assert catalogue.baseline("microbit").versions[0].below == "0257"
        same = await signed(laptop, "/api/v1/agents/bundle", {"if-none-match": '"1"'})
        assert (same.status_code, same.content) == (304, b"")
        with acting_as(OPERATOR):
            await firmware.retire("baseline", "microbit", "wrong")
            restored = await firmware.add(stricter("0257"), "right after all", at_least=40)
            assert (restored.edition, restored.version) == (3, 40)
        assert (await bundle_of(laptop, pinned)).bundle.version == 40
        actions = await fetch("SELECT action FROM audit_entry WHERE subject_kind = 'check-document' ORDER BY id")
        assert [row["action"].rpartition("-")[2] for row in actions] == ["added", "retired", "added"]
        assert await fetch_value("SELECT bundle_version FROM agent WHERE code = $1", laptop.agent) == 40
        for sql in ("UPDATE check_document SET content = ''", "DELETE FROM service_key"):
            with pytest.raises(Exception, match="append"):
                await execute(sql)


async def test_enrolling_tells_the_key_and_only_laptops_get_the_bundle(app: Litestar) -> None:
    """The answer to an enrolment holds the public key; no signature or a wrong clock gets no bundle."""
    async with browser(app) as client:
        laptop = await enrolled(client)
        code = await issue_code()
        answer = await client.post("/api/v1/agents/enrol", json=enrolment(code, Ed25519PrivateKey.generate()))
        with acting_as(OPERATOR):
            assert answer.json()["service_key"] == (await signing.signer()).public_key.hex()
        assert (await client.get("/api/v1/agents/bundle")).status_code == 401
        early = await signed(laptop, "/api/v1/agents/bundle", off=timedelta(hours=3))
        assert (early.status_code, early.json()["type"].rpartition(":")[2]) == (401, "agent-clock-off")


async def test_a_renewed_key_is_followed_and_a_broken_chain_is_not(app: Litestar) -> None:
    """Renewed, laptops that trust the former key believe the bundle; with the chain broken they do not. The private
    half does not lie open in the database, and another secret cannot use it."""
    async with browser(app) as client:
        laptop = await enrolled(client)
        with acting_as(OPERATOR):
            pinned = (await signing.signer()).public_key
            await signing.renew()
            trusted = await bundle_of(laptop, pinned)
            assert trusted.key != pinned
            await signing.renew(break_chain=True)
            with pytest.raises(BundleRefused) as caught:
                await bundle_of(laptop, pinned)
            assert caught.value.slug == "bundle-key-unknown"
            signer = await signing.signer()
            sealed = bytes(await fetch_value("SELECT sealed_key FROM service_key ORDER BY id DESC LIMIT 1"))
            assert signer.key.private_bytes_raw() not in sealed
            with pytest.raises(DomainError):
                Keys(b"another secret, thirty-two characters").unseal("service-signing-key", sealed)
            assert runtime.keys().unseal("service-signing-key", sealed) == signer.key.private_bytes_raw()
            assert [key.follows for key in await signing.state()] == [False, True, False]


@pytest.mark.parametrize(
    ("content", "slug", "part"),
    [
        (b"\xff", "check-document-wrong", "m.toml"),
        (b"x = ", "check-document-wrong", "m.toml"),
        (b'schema = "other/1"', "check-document-of-no-schema", "other/1"),
        (stricter("soon"), "check-document-wrong", "versions"),
        (HEAD.replace('"our workshop"', '""').encode(), "check-document-wrong", "sources.us.title"),
        (b"#" * (256 * 1024 + 1), "check-document-too-big", "262144"),
    ],
    ids=["bytes", "toml", "schema", "version", "source", "size"],
)
async def test_a_wrong_file_is_refused_at_its_place(service: None, content: bytes, slug: str, part: str) -> None:
    """Nothing that a laptop could not read is taken; file and place are named."""
    with acting_as(OPERATOR):
        with pytest.raises(DomainError) as caught:
            await firmware.add(content, "", file="m.toml")
        assert caught.value.slug == slug and part in str(caught.value.params)
        assert await firmware.version_in_force() == 0


async def test_a_kits_list_says_what_its_wave_expects(app: Litestar) -> None:
    """What is expected of every kit and of its definition stands in the list; another definition's does not; withdrawn
    it is gone; nonsense is refused."""
    async with browser(app) as client:
        laptop = await enrolled(client)
        kit = await make_kit({"microbit": ("microbit", ["9900AA"])})

        async def listed() -> list[tuple[str, str]]:
            answer = await signed(laptop, f"/api/v1/kits/{kit}/expected")
            return [(wish["product"], wish["minimum"]) for wish in answer.json()["firmware"]]

        await execute("INSERT INTO kit_definition (slug, title_el, title_en) VALUES ('other', 'Άλλο', 'Other')")
        with acting_as(OPERATOR):
            await firmware.expect(Wish("microbit", "DAPLink", "0255", "wave 7"))
            await firmware.expect(Wish("microbit", "MicroPython", "1.1", kit_definition="test-kit"))
            await firmware.expect(Wish("microbit", "MicroPython", "9", kit_definition="other"))
            assert await listed() == [("DAPLink", "0255"), ("MicroPython", "1.1")]
            await firmware.expect(Wish("microbit", "DAPLink", "0257"))
            await firmware.expect(Wish("microbit", "MicroPython", None, kit_definition="test-kit"))
            assert await listed() == [("DAPLink", "0257")]
            for wish in (
                Wish("microbit", "DAPLink", "soon"),
                Wish("microbit", " ", "1"),
                Wish("toaster", "X", "1"),
                Wish("microbit", "DAPLink", "1", kit_definition="none"),
                Wish("microbit", "DAPLink", "1", wave_id=999),
            ):
                with pytest.raises(DomainError):
                    await firmware.expect(wish)


async def test_the_page_adds_retires_and_tells(app: Litestar) -> None:
    """Staff add a file on the page, see it in force, read it back, retire it, expect a version; a faulty file is told
    on the page and adds nothing; a technician sees and cannot change."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))

        async def post(path: str, data: dict[str, str], file: bytes | None = None) -> httpx.Response:
            token = await csrf_token(client)
            files = {"file": ("microbit.toml", file, "application/toml")} if file is not None else None
            return await client.post(path, data={"_csrf_token": token, **data}, files=files)

        wrong = await post("/devices/firmware", {"why": "x"}, stricter("soon"))
        assert wrong.status_code == 422 and "microbit.toml" in wrong.text and await firmware_rows() == 0
        assert faults(wrong.text) == []
        assert (await post("/devices/firmware", {"why": ""}, b"")).status_code == 422
        done = await post("/devices/firmware", {"why": "νέες πλακέτες"}, stricter("0257"))
        assert done.status_code == 303
        page = (await client.get("/devices/firmware")).text
        assert "Σε ισχύ" in page and "νέες πλακέτες" in page
        kept = await client.get("/devices/firmware/baseline/microbit/1")
        assert kept.content == stricter("0257")
        wish = {"kind": "microbit", "product": "DAPLink", "minimum": "0258", "kit": "", "wave": "", "reason": ""}
        assert (await post("/devices/firmware/expected", wish)).status_code == 303
        assert (await post("/devices/firmware/expected", {**wish, "minimum": "soon"})).status_code == 422
        page = (await client.get("/devices/firmware")).text
        assert "0258" in page and faults(page) == []
        assert (await post("/devices/firmware/baseline/microbit/retire", {})).status_code == 303
        assert "Αποσύρθηκε" in (await client.get("/devices/firmware")).text
        client.cookies.clear()
        await sign_in(client, await make_person("technician"))
        seen = await client.get("/devices/firmware")
        assert seen.status_code == 200 and 'enctype="multipart' not in seen.text
        assert (await post("/devices/firmware", {"why": ""}, stricter("1"))).status_code == 403


async def firmware_rows() -> int:
    count: int = await fetch_value("SELECT count(*) FROM check_document")
    return count


@pytest.mark.parametrize("days", [-366, 366])
@pytest.mark.parametrize("by", ["request", "report"])
async def test_a_clock_wrong_by_a_year_is_told_and_outdates_nothing(app: Litestar, days: int, by: str) -> None:
    """A laptop whose clock is a year off files: the report keeps its time, the page says by how much it was wrong, and
    the check counts as made now, whether the report says so itself or the signed request that brings it."""
    off = timedelta(days=days)
    async with browser(app) as client:
        laptop = await enrolled(client)
        report = make_report()
        if by == "report":
            evidence = report.evidence
            told = {**evidence.properties, "clock_skew_s": int(off.total_seconds())}
            report = report.model_copy(update={"evidence": evidence.model_copy(update={"properties": told})})
        envelope = laptop.seal(report=report, observed_at=datetime.now(UTC) + off)
        path, body = "/api/v1/check-reports", envelope.to_bytes()
        headers = {"accept": "application/json"}
        if by == "request":
            moment = (datetime.now(UTC) + off).strftime("%Y-%m-%dT%H:%M:%SZ")
            signature = laptop.key.sign(signed_text("POST", path, moment, body)).hex()
            headers["authorization"] = f'STEM-Agent agent="{laptop.agent}", time="{moment}", signature="{signature}"'
        answer = await client.post(path, content=body, headers=headers)
        assert answer.status_code == 201, answer.text
        row = (await fetch("SELECT observed_at, clock_skew_s FROM check_report"))[0]
        assert abs(row["observed_at"] - datetime.now(UTC)) < timedelta(minutes=1)
        assert abs(row["clock_skew_s"] - off.total_seconds()) < 60
        await sign_in(client, await make_person("technician"))
        page = (await client.get(f"/devices/reports/{envelope.report_id}")).text
        assert "366 ημέρες " + ("μπροστά" if days > 0 else "πίσω") in page
        assert "366 ημέρες" in (await client.get("/devices/agents")).text
        whole = (await client.get(f"/api/v1/check-reports/{envelope.report_id}")).json()
        assert json.loads(body)["observed_at"] == whole["envelope"]["observed_at"] and whole["signature_holds"]


async def test_a_foreign_signature_says_nothing_of_a_clock(app: Litestar) -> None:
    """A request signed by another laptop, or by nobody, tells no skew, and the report is taken all the same."""
    async with browser(app) as client:
        laptop, other = await enrolled(client), await enrolled(client)
        for agent, key in ((other.agent, other.key), (laptop.agent, other.key)):
            body = laptop.seal().to_bytes()
            moment = (datetime.now(UTC) - timedelta(days=9)).strftime("%Y-%m-%dT%H:%M:%SZ")
            signature = key.sign(signed_text("POST", "/api/v1/check-reports", moment, body)).hex()
            value = f'STEM-Agent agent="{agent}", time="{moment}", signature="{signature}"'
            answer = await client.post("/api/v1/check-reports", content=body, headers={"authorization": value})
            assert answer.status_code == 201
        assert await fetch_value("SELECT count(*) FROM check_report WHERE clock_skew_s IS NULL") == 2


async def test_a_list_of_questions_that_is_sent_is_known_here_too(app: Litestar) -> None:
    """Its words stand on the pages and in the catalogue's choice as soon as it is added, and no longer once it is
    retired; a service that starts knows it from the database."""
    list_ = """schema = "stem-checklist/1"
slug = "weather-station"
version = 1
title = { el = "Μετεωρολογικός σταθμός", en = "Weather station" }
[[items]]
key = "mast"
title = { el = "ιστός", en = "mast" }
question = { el = "Στέκεται;", en = "Does it stand?" }
fault = { el = "δεν στέκεται.", en = "it does not stand." }
"""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            await firmware.add(list_.encode(), "new kits", file="weather-station.toml")
        assert kind_name("weather-station", "el") == "Μετεωρολογικός σταθμός"
        assert "Μετεωρολογικός σταθμός</option>" in (await client.get("/stock/definitions")).text
        use_documents()
        await checklists.learn()
        assert device_kinds.is_known("weather-station")
        with acting_as(OPERATOR):
            await firmware.retire("kind", "weather-station", "no longer bought")
        assert not device_kinds.is_known("weather-station")
        assert kind_name("weather-station", "el") == "weather-station"

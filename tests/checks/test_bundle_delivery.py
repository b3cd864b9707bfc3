"""Known firmware on its way to a laptop and on its disk: taken signed, used offline, never older, never altered."""

import json
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar

from stem_logistics.checks import firmware, signing
from stem_logistics.checks.firmware import Wish
from stem_logistics.db.engine import execute, fetch
from tests.checks.seeding import issue_code, make_kit
from tests.checks.serving import Laptop, bad_network, free_port, served
from tests.emulators.programs import printer
from tests.support import OPERATOR, acting_as

BEE = "bee-bot:BEE-0413"
KIND = """schema = "stem-checklist/1"
slug = "abacus"
version = 1
title = { el = "Άβακας", en = "Abacus" }
photo = false
[[items]]
key = "beads"
title = { el = "χάντρες", en = "beads" }
question = { el = "Είναι όλες;", en = "Are they all there?" }
fault = { el = "λείπουν χάντρες.", en = "beads are missing." }
"""


def baseline(title: str) -> bytes:
    return f'schema = "stem-baseline/1"\nkind = "microbit"\n[sources.us]\ntitle = "{title}"\n'.encode()


async def add(content: bytes, at_least: int = 0) -> int:
    with acting_as(OPERATOR):
        return (await firmware.add(content, "", file="x.toml", at_least=at_least)).version


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    return Laptop(tmp_path / "laptop")


def bundles(laptop: Laptop) -> list[Path]:
    return sorted((laptop.home / "data" / "bundles").glob("bundle-*.json"))


async def synced(laptop: Laptop) -> tuple[dict[str, Any], str]:
    done = await laptop.run("sync", "--json")
    document: dict[str, Any] = done.document["known_firmware"]
    return document, done.err


async def enrol(laptop: Laptop, url: str, *more: str) -> None:
    done = await laptop.run("enrol", await issue_code(), "--server", url, *more)
    assert done.code == 0, done.err


async def test_a_laptop_takes_newer_ones_and_works_with_them_offline(app: Litestar, laptop: Laptop) -> None:
    """Enrolling pins the key and brings the bundle; sync brings newer ones, the key's renewal included; offline a
    check is judged by the newest, and its report says by which; a list of questions that was added can be checked."""
    port = free_port()
    async with served(app, port) as url:
        await add(baseline("one"))
        await enrol(laptop, url)
        assert len(bundles(laptop)) == 1
        kit = await make_kit({"bee-bot": ("bee-bot", ["BEE-0413"])})
        await laptop.check(kit, BEE)
        assert (await synced(laptop))[0] == {"version": 1, "new": False, "refused": None}
        with acting_as(OPERATOR):
            before = (await signing.signer()).public_key.hex()
            await signing.renew()
            after = (await signing.signer()).public_key.hex()
        await add(KIND.encode())
        assert (await synced(laptop))[0] == {"version": 2, "new": True, "refused": None}
        pinned = json.loads((laptop.home / "data" / "agent.json").read_text())["service_key"]
        assert pinned == after != before
    offline = await laptop.check(kit, BEE)
    assert offline.document["devices"][0]["report"]["evidence"]["properties"]["known_firmware"] == "bundle 2"
    answers = laptop.home / "abacus.json"
    answers.write_text('{"beads": "no", "signature": "Μαρία"}')
    probed = await laptop.run("probe", "--kind", "abacus", "--answers", str(answers), "--json")
    assert (probed.code, probed.document["verdict"]) == (1, "FAIL"), probed.err


async def test_an_older_bundle_is_refused_and_named(app: Litestar, laptop: Laptop) -> None:
    """A service that was restored from a backup offers an older bundle: it is not taken and named, reports go on
    arriving; with --at-least the service gets past it."""
    async with served(app, free_port()) as url:
        await add(baseline("one"), at_least=7)
        await enrol(laptop, url)
        kit = await make_kit({"bee-bot": ("bee-bot", ["BEE-0413"])})
        await execute("ALTER TABLE check_document DISABLE TRIGGER check_document_append_only")
        await execute("UPDATE check_document SET bundle_version = 3")
        checked = await laptop.check(kit, BEE)
        assert checked.code == 0 and checked.document["sync"]["sent"] == 1
        assert "bundle 3" in checked.err and "seen 7" in checked.err
        document, err = await synced(laptop)
        assert document == {"version": 7, "new": False, "refused": "bundle-older"} and "bundle 3" in err
        assert await add(baseline("two"), at_least=9) == 9
        assert (await synced(laptop))[0] == {"version": 9, "new": True, "refused": None}


async def test_a_bundle_altered_on_the_disk_is_refused_and_named(app: Litestar, laptop: Laptop) -> None:
    """One byte changed in the newest file: every command names the file and judges by the one before; sync heals."""
    async with served(app, free_port()) as url:
        await add(baseline("one"))
        await enrol(laptop, url)
        await add(baseline("two"))
        await synced(laptop)
        newest = bundles(laptop)[-1]
        newest.write_bytes(newest.read_bytes().replace(b"two", b"owt"))
        probed = await laptop.run("probe", "--kind", "bee-bot", "--answers", str(laptop.answers), "--json")
        assert str(newest) in probed.err and "altered" in probed.err
        assert probed.document["evidence"]["properties"]["known_firmware"] == "bundle 1"
        document, _ = await synced(laptop)
        assert document == {"version": 2, "new": True, "refused": None}
        healed = await laptop.run("probe", "--kind", "bee-bot", "--answers", str(laptop.answers), "--json")
        assert healed.err == "" and healed.document["evidence"]["properties"]["known_firmware"] == "bundle 2"


async def test_a_bundle_altered_on_its_way_or_signed_by_another_is_refused(app: Litestar, laptop: Laptop) -> None:
    """A network that alters the bundle, or another service's key, gets it refused by name; nothing is kept of it."""
    port = free_port()
    async with served(app, port) as url:
        await enrol(laptop, url)
        await add(baseline("one"))
        home = laptop.home / "data" / "agent.json"
        whole = home.read_text(encoding="utf-8")
        async with bad_network(port, answer=lambda data: data.replace(b'\\"one\\"', b'\\"eno\\"')) as altering:
            home.write_text(whole.replace(url, altering), encoding="utf-8")
            document, err = await synced(laptop)
        assert document["refused"] == "bundle-altered" and altering in err and bundles(laptop) == []
        home.write_text(whole, encoding="utf-8")
        with acting_as(OPERATOR):
            await signing.renew(break_chain=True)
        document, err = await synced(laptop)
        assert document["refused"] == "bundle-key-unknown" and "--replace" in err and bundles(laptop) == []
        await enrol(laptop, url, "--replace")
        assert len(bundles(laptop)) == 1


async def test_a_laptop_enrolled_before_there_were_keys_trusts_the_first(app: Litestar, laptop: Laptop) -> None:
    """An old enrolment has no key: the first bundle's is pinned, and no other is believed afterwards."""
    async with served(app, free_port()) as url:
        await add(baseline("one"))
        await enrol(laptop, url)
        home = laptop.home / "data" / "agent.json"
        old = json.loads(home.read_text(encoding="utf-8"))
        pinned = old.pop("service_key")
        home.write_text(json.dumps(old), encoding="utf-8")
        for path in bundles(laptop):
            path.unlink()
        await synced(laptop)
        assert json.loads(home.read_text(encoding="utf-8"))["service_key"] == pinned
        with acting_as(OPERATOR):
            await signing.renew(break_chain=True)
        await add(baseline("two"))
        assert (await synced(laptop))[0]["refused"] == "bundle-key-unknown"


@pytest.mark.emulator
async def test_a_wave_that_wants_newer_firmware_gets_its_verdict(app: Litestar, laptop: Laptop) -> None:
    """A virtual printer that passes by the shipped baseline is OUTDATED for a kit of which more is expected."""
    port = free_port()
    async with served(app, port) as url:
        await enrol(laptop, url)
        kit = await make_kit({"printer": ("printer-marlin", ["PR-1"])})
        with printer() as device:
            target = f"{device.port}=printer-marlin:PR-1"
            first = await laptop.run("check", kit, "--port", target, "--json")
            with acting_as(OPERATOR):
                await firmware.expect(Wish("printer-marlin", "Virtual Marlin", "2.0", "wave 7"))
            second = await laptop.run("check", kit, "--port", target, "--json")
            assert (first.document["verdict"], second.document["verdict"]) == ("PASS", "OUTDATED"), second.err
            assert [row["verdict"] for row in await fetch("SELECT verdict FROM check_report ORDER BY id")] == [
                "PASS",
                "OUTDATED",
            ]

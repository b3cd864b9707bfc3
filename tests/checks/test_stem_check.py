"""The laptop's program against the whole service: enrolled, used without a network, sent late, twice, altered."""

import json
import sqlite3
from pathlib import Path

import pytest
from litestar import Litestar

from stem_logistics.checks import agents, service
from stem_logistics.db.engine import fetch, fetch_value
from tests.checks.seeding import issue_code, make_kit
from tests.checks.serving import Laptop, bad_network, free_port, served
from tests.emulators.arduino import sketch, uno
from tests.support import OPERATOR, acting_as

BEE = "bee-bot:BEE-0413"


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    return Laptop(tmp_path / "laptop")


async def enrol(laptop: Laptop, url: str) -> None:
    done = await laptop.run("enrol", await issue_code(), "--server", url, "--name", "Φορητός 3")
    assert done.code == 0, done.err


async def make_bee_kit() -> str:
    return await make_kit({"bee-bot": ("bee-bot", ["BEE-0413", "BEE-0414"])})


async def stored() -> list[str]:
    return [row["verdict"] for row in await fetch("SELECT verdict FROM check_report ORDER BY id")]


async def test_a_box_is_checked_offline_and_sent_later(app: Litestar, laptop: Laptop) -> None:
    """Online once for the list; then the network goes; checks go on, reports wait; back online they all arrive."""
    port = free_port()
    async with served(app, port) as url:
        await enrol(laptop, url)
        kit = await make_bee_kit()
        first = await laptop.check(kit.lower(), BEE, "bee-bot:BEE-0414")
        assert first.code == 0, first.err
        assert (first.document["verdict"], first.document["counts"]["found"]) == ("PASS", 2)
        assert first.document["sync"] == {"sent": 2, "known": 0, "waiting": 0, "refused": [], "stopped": None}
    laptop.say(speaker="no")
    offline = await laptop.check(kit, BEE)
    assert offline.code == 1 and offline.document["list"]["source"] == "kept" and offline.document["sync"] is None
    assert [d["status"] for d in offline.document["devices"]] == ["found", "missing"]
    waiting = await laptop.run("sync", "--json", "--attempts", "1")
    assert waiting.code == 2 and (waiting.document["waiting"], waiting.document["sent"]) == (1, 0)
    assert "does not answer" in waiting.document["stopped"]
    async with served(app, port):
        done = await laptop.run("sync", "--json")
        assert done.code == 0 and (done.document["waiting"], done.document["sent"]) == (0, 1)
        again = await laptop.run("sync", "--json")
        assert again.code == 0 and again.document["sent"] == 0
        assert await stored() == ["PASS", "PASS", "FAIL"]
        health = await service.health_of_kit(await fetch_value("SELECT id FROM kit WHERE code = $1", kit))
        assert [(d.serial_number, d.verdict) for d in health.devices] == [("BEE-0413", "FAIL"), ("BEE-0414", "PASS")]
        assert await service.verify_all() == (3, [])


async def test_what_is_said_of_a_kit_tells_what_to_do(app: Litestar, laptop: Laptop) -> None:
    """A device of another kit passes and is told apart, not put into this box; codes have their hyphen, kinds their
    names; a code that the service does not have is told otherwise than a service that does not answer."""
    port = free_port()
    async with served(app, port) as url:
        await enrol(laptop, url)
        kit = await make_bee_kit()
        foreign = await laptop.run(
            "check", kit, "--port", "bee-bot:OTHER-1", "--answers", str(laptop.answers), language="el"
        )
        assert foreign.code == 1 and f"{kit[:4]}-{kit[4:]}" in foreign.out and kit not in foreign.out
        (row,) = [part for part in foreign.out.split("\n") if part.startswith("ΔΕΝ ΕΙΝΑΙ ΤΟΥ ΣΕΤ")]
        assert row == "ΔΕΝ ΕΙΝΑΙ ΤΟΥ ΣΕΤ  Bee-Bot  OTHER-1"
        assert "βάλτε τη στην άκρη" in foreign.out and "στο κουτί της" not in foreign.out
        assert "Αναφορές που έφτασαν στην υπηρεσία τώρα: 1." in foreign.out
        unknown = await laptop.run("check", "K2345678", language="el")
        assert unknown.code == 3 and "δεν έχει σετ με κωδικό K234-5678" in unknown.err
        doctor = await laptop.run("doctor", language="el")
        agent = json.loads((laptop.home / "data" / "agent.json").read_text(encoding="utf-8"))["agent"]
        assert f"({agent[:4]}-{agent[4:]})" in doctor.out and agent not in doctor.out
    offline = await laptop.run("check", "K2345678", language="el")
    assert offline.code == 3 and "δεν απαντά, και η λίστα του σετ K234-5678" in offline.err
    kept = await laptop.run("check", kit, language="el")
    assert " Νοεμβρίου " in kept.err or "T" not in kept.err.split("φυλάχθηκε")[1], kept.err


async def test_an_answer_that_is_lost_makes_no_second_report(app: Litestar, laptop: Laptop) -> None:
    """The service gets the report and its answer is lost, again and again: sent many times, it counts once."""
    port = free_port()
    async with served(app, port) as url:
        await enrol(laptop, url)
        kit = await make_bee_kit()
        await laptop.check(kit, BEE, more=("--no-sync",))
        home = laptop.home / "data" / "agent.json"
        whole = home.read_text(encoding="utf-8")
        async with bad_network(port, answer=lambda _: b"") as lossy:
            home.write_text(whole.replace(url, lossy), encoding="utf-8")
            lost = await laptop.run("sync", "--json", "--attempts", "3")
        assert lost.code == 2 and lost.document["waiting"] == 1
        assert await stored() == ["PASS"]
        home.write_text(whole, encoding="utf-8")
        done = await laptop.run("sync", "--json")
        assert done.code == 0 and (done.document["sent"], done.document["known"]) == (0, 1)
        assert await stored() == ["PASS"]
        assert await fetch_value("SELECT count(*) FROM audit_entry WHERE action = 'check-report-filed'") == 1


async def test_what_was_altered_on_its_way_is_refused_and_named(app: Litestar, laptop: Laptop) -> None:
    """A network that turns a FAIL into a PASS gets it refused; the technician is told which report, and why."""
    port = free_port()
    async with served(app, port) as url:
        await enrol(laptop, url)
        kit = await make_bee_kit()
        laptop.say(speaker="no")
        checked = await laptop.check(kit, BEE, more=("--no-sync",))
        report_id = checked.document["devices"][0]["report_id"]
        home = laptop.home / "data" / "agent.json"
        kinder = lambda body: body.replace(b'"FAIL"', b'"PASS"')  # noqa: E731 - said once
        async with bad_network(port, request=kinder) as altering:
            home.write_text(home.read_text(encoding="utf-8").replace(url, altering), encoding="utf-8")
            done = await laptop.run("sync", language="el")
        assert done.code == 1 and report_id in done.out and "αλλοιώθηκε" in done.out
        assert await stored() == []


async def test_what_was_altered_on_the_disk_is_refused_and_named(app: Litestar, laptop: Laptop) -> None:
    """A report that somebody edited in the outbox is not sent and is named; the honest one after it arrives."""
    async with served(app, free_port()) as url:
        await enrol(laptop, url)
        kit = await make_bee_kit()
        laptop.say(speaker="no")
        await laptop.check(kit, BEE, "bee-bot:BEE-0414", more=("--no-sync",))
        with sqlite3.connect(laptop.home / "data" / "outbox.sqlite3") as outbox:
            outbox.execute(
                "UPDATE report SET envelope = CAST(replace(envelope, 'FAIL', 'PASS') AS BLOB) WHERE sequence = 1"
            )
        done = await laptop.run("sync", "--json")
        assert done.code == 1
        assert [(r["sequence"], r["problem"]) for r in done.document["refused"]] == [(1, "altered-on-disk")]
        rows = await fetch("SELECT sequence, verdict, chain FROM check_report")
        assert [tuple(row.values()) for row in rows] == [(2, "FAIL", "gap")]


async def test_a_revoked_laptop_keeps_its_reports(app: Litestar, laptop: Laptop) -> None:
    """Revoked, its reports wait and it is told; enrolled anew they are kept aside, not lost."""
    async with served(app, free_port()) as url:
        await enrol(laptop, url)
        kit = await make_bee_kit()
        await laptop.check(kit, BEE, more=("--no-sync",))
        agent = json.loads((laptop.home / "data" / "agent.json").read_text())["agent"]
        with acting_as(OPERATOR):
            await agents.revoke(agent, "test")
        done = await laptop.run("sync", "--json")
        assert done.code == 2 and done.document["waiting"] == 1 and "403" in done.document["stopped"]
        assert (await laptop.check(kit, BEE)).code == 3
        again = await laptop.run("enrol", await issue_code(), "--server", url)
        assert again.code == 3 and "--replace" in again.err
        assert (await laptop.run("enrol", await issue_code(), "--server", url, "--replace")).code == 0
        assert (laptop.home / "data" / "former" / agent / "outbox.sqlite3").exists()
        assert (await laptop.check(kit, BEE)).document["sync"]["sent"] == 1


async def test_what_cannot_begin_says_why(app: Litestar, laptop: Laptop) -> None:
    """Not enrolled, a spent code, no such kit, no list offline: exit code 3 and a sentence with the remedy."""
    port = free_port()
    for command in (("sync",), ("check", "KABC2345")):
        done = await laptop.run(*command)
        assert done.code == 3 and "stem-check enrol" in done.err
    async with served(app, port) as url:
        refused = await laptop.run("enrol", "AAAA-BBBB-CCCC", "--server", url, language="el")
        assert refused.code == 3 and refused.err.strip()
        code = await issue_code()
        assert (await Laptop(laptop.home / "other").run("enrol", code, "--server", url)).code == 0
        nobody = await laptop.run("enrol", code, "--server", f"http://127.0.0.1:{free_port()}")
        assert nobody.code == 3 and "does not answer" in nobody.err
        spent = await laptop.run("enrol", code, "--server", url)
        assert spent.code == 3 and "410" in spent.err
        await enrol(laptop, url)
        unknown = await laptop.check("KZZZ-ZZZZ", BEE)
        assert unknown.code == 3 and "KZZZ-ZZZZ" in unknown.err
        kit = await make_bee_kit()
        other = await make_kit({"bee-bot": ("bee-bot", ["BEE-1", "BEE-2"])})
        nothing = await laptop.run("check", other, language="el")
        assert nothing.code == 2 and nothing.out.count("ΛΕΙΠΕΙ") == 2 and "bee-bot:" in nothing.err
    offline = await laptop.check(kit, BEE)
    assert offline.code == 3 and "Connect to a network" in offline.err


@pytest.mark.emulator
async def test_a_real_board_among_a_kits_devices(app: Litestar, laptop: Laptop) -> None:
    """An emulated Uno with its label's number is found, a second one that is not plugged in is missing, a port that
    is gone is told; the report that arrives holds the bootloader's digest and its page shows it."""
    async with served(app, free_port()) as url:
        await enrol(laptop, url)
        kit = await make_kit({"arduino-uno": ("arduino-avr", ["UNO-1", "UNO-2"])})
        with uno(sketch()) as board:
            done = await laptop.check(kit, f"{board.port}=arduino-avr:uno-1", "/dev/ttyNOWHERE=arduino-avr")
        document = done.document
        assert done.code == 2 and document["verdict"] == "INCONCLUSIVE"
        assert [(d["status"], d["serial_number"], d["verdict"]) for d in document["devices"]] == [
            ("found", "UNO-1", "PASS"),
            ("unusable", "", None),
            ("missing", "UNO-2", None),
        ]
        assert "/dev/ttyNOWHERE" in document["devices"][1]["fault"]
        row = await fetch("SELECT r.verdict, d.serial_number FROM check_report r JOIN device d ON d.id = r.device_id")
        assert [tuple(each.values()) for each in row] == [("PASS", "UNO-1")]

"""Kits that come in: what came once may come again, whatever is refused is named, nothing typed is lost."""

import json
import uuid
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar

from stem_logistics import jobs, runtime
from stem_logistics.db import migrating
from stem_logistics.db.engine import execute, fetch, fetch_value, pool, unit_of_work
from stem_logistics.errors import Conflict, FieldErrors
from stem_logistics.inventory import acceptance, as_of, definitions, ledger, purchasing, receiving, scanning
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.definitions import BomEntry, Definition
from stem_logistics.inventory.serial_rules import KEY_FROM, odd_ones, serial_key
from stem_logistics.nouns import load
from stem_logistics.settings import Settings
from tests.inventory.stock import kit_id, make_definition, stock_from_before
from tests.inventory.test_cli import stem
from tests.support import (
    OPERATOR,
    acting_as,
    browser,
    create_database,
    make_person,
    post_form,
    settings_for,
    sign_in,
    today,
)
from tests.web.accessibility import faults

BEFORE_KEYS = "2026-11-29T23:55:00:000099"


async def _order() -> str:
    return await purchasing.place_order(
        contract="24ΣΥΜΒ1",
        supplier="Προμηθευτής ΑΕ",
        funding="budget-line",
        funding_reference="stem-6",
        definition="microbit-set",
        kits=2,
        unit_cents=100,
        title="use",
    )


async def _take_in(*serials: str, batch: str = "") -> str:
    definition = await make_definition()
    (code,) = await stock.receive_kits(definition, [{"microbit": list(serials)}], key=uuid.uuid4().hex, batch=batch)
    return code


async def _purchase_of(code: str) -> str:
    return str(
        await fetch_value(
            "SELECT idempotency_key FROM movement WHERE kit_id = $1 ORDER BY id LIMIT 1", await kit_id(code)
        )
    )


async def test_a_mistaken_entry_is_reversed_and_entered_again(service: Settings) -> None:
    """The same devices come in with another kit: their history stays whole, the book holds, the order counts once."""
    await make_definition()
    order = await _order()
    await purchasing.open_batch(order, name="Π-1")
    wrong = await _take_in("SM-5", "SM-6", batch="Π-1")
    key = await _purchase_of(wrong)
    await stock.reverse_posting(wrong, key, why="λάθος προμήθεια")
    found = await purchasing.get_order(order)
    assert (found["received"], found["outstanding"], found["batches"][0]["kits"]) == (0, 2, 0)
    right = await _take_in("SM-5", "SM-6", batch="Π-1")
    assert right != wrong
    found = await purchasing.get_order(order)
    assert (found["received"], found["outstanding"], found["batches"][0]["kits"]) == (1, 1, 1)
    assert [x["serial_number"] for x in (await stock.get_kit(right))["contents"]][:2] == ["SM-5", "SM-6"]
    assert (await stock.get_kit(wrong))["contents"] == []
    assert await fetch_value("SELECT count(*) FROM device") == 2, "a device is one, however often it comes"
    assert await fetch_value("SELECT count(DISTINCT kit_id) FROM movement WHERE device_id IS NOT NULL") == 2
    assert (await ledger.verify()).faults == ()
    # here again, so it cannot come a third time; and what it left behind is not taken back under it
    with pytest.raises(FieldErrors) as taken:
        await _take_in("SM-5", "SM-7")
    assert [each["params"]["kit"] for each in taken.value.errors] == [right]
    await stock.reverse_posting(right, await _purchase_of(right), why="ξανά")
    assert await _take_in("SM-6", "SM-5")
    assert (await ledger.verify()).faults == ()


async def test_what_the_supplier_repaired_comes_back(service: Settings) -> None:
    """A rejected kit's devices are scanned again; the rejection can then not be taken back under them."""
    await make_definition()
    batch = await purchasing.open_batch(await _order(), name="Π-1")
    for serial in ("MB-0001", "MB-0002"):
        await scanning.scan(batch, serial)
    (first,) = await scanning.receive_scanned(batch)
    await acceptance.reject(batch, first, why="καμένα")
    (rejection,) = [row["key"] for row in (await stock.get_kit(first))["history"] if row["reason"] == "reject"]
    for serial in ("MB-0001", "MB-0002"):
        await scanning.scan(batch, serial)
    (second,) = await scanning.receive_scanned(batch)
    assert second != first
    with pytest.raises(Conflict, match="device-in-another-kit") as gone:
        await stock.reverse_posting(first, rejection, why="λάθος")
    assert gone.value.params["kit"] == second
    (row,) = await purchasing.list_orders()
    assert (row["received"], row["rejected"], row["outstanding"]) == (2, 1, 1)
    assert (await ledger.verify()).faults == ()


async def test_a_kit_that_went_back_says_so(app: Litestar) -> None:
    """Its page, the list and its filter say that it is at the supplier, and the page since when."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            gone, here = await _take_in("SM-1", "SM-2"), await _take_in("SM-3", "SM-4")
            await stock.reverse_posting(gone, await _purchase_of(gone), why="λάθος")
        page = (await client.get(f"/stock/kits/{gone}")).text
        assert "Βρίσκεται στον προμηθευτή από" in page and "Στον προμηθευτή" in page and faults(page) == []
        with acting_as(OPERATOR):
            again = await _take_in("SM-1", "SM-2")
        for one, other in ((gone, again), (again, gone)):
            assert f'href="/stock/kits/{other}"' in (await client.get(f"/stock/kits/{one}")).text
        assert "Κανένα μέρος" not in page and "Σε περισσότερες θέσεις" not in page
        listed = (await client.get("/stock/kits?place=supplier")).text
        assert gone in listed and here not in listed and faults(listed) == []
        assert gone not in (await client.get("/stock/kits?place=several")).text
        stock_page = (await client.get("/stock")).text
        assert "place=supplier" in stock_page and faults(stock_page) == []


async def test_each_taken_serial_number_is_named_with_its_kit(app: Litestar) -> None:
    """Also where it is the only one; with a door to the kit that has it."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            has = await _take_in("SM-1", "SM-2")
        form = {"definition": "microbit-set", "count": "1", "serials": "SM-2\nSM-3"}
        refused = await post_form(client, "/stock/receive", form)
        assert refused.status_code == 422 and faults(refused.text) == []
        assert "«SM-2»" in refused.text and f'href="/stock/kits/{has}"' in refused.text


async def _tablets() -> Definition:
    await definitions.save_item("tablet", "Ταμπλέτα", "Tablet", serialised=True)
    await definitions.save_item("sleeve", "Θήκη", "Sleeve")
    parts = [BomEntry("tablet", 1), BomEntry("sleeve", 1)]
    return await definitions.save_definition("tablet-set", "Ταμπλέτα", "Tablet", ["primary"], parts)


async def test_ten_thousand_serial_numbers_in_one_list(app: Litestar) -> None:
    """One upload, one job with progress, every kit in the store once, however often the form is sent."""
    load("jobs")
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            await _tablets()
        listed = "\n".join(f"TB-{number:05}" for number in range(10_000)).encode()
        form = {"definition": "tablet-set", "count": "10000", "batch": "Π-10", "key": "once"}
        for _ in range(2):
            answer = await post_form(client, "/stock/receive", form, files={"file": ("list.csv", listed)})
            assert answer.status_code == 303 and answer.headers["location"].startswith("/jobs/")
        assert await jobs.run_next() and not await jobs.run_next()
        page = (await client.get(answer.headers["location"])).text
        assert "/stock/kits?batch=%CE%A0-10" in page and faults(page) == []
        job = (await client.get(f"/api/v1{answer.headers['location']}")).json()
        assert (job["state"], job["done"], job["total"]) == ("done", 10_000, 10_000)
        assert await fetch_value("SELECT count(*) FROM kit_position WHERE pieces = 2") == 10_000
        assert await fetch_value("SELECT count(*) FROM device") == 10_000
        # what is here already is said at once, not by a job
        again = await post_form(client, "/stock/receive", form | {"key": "other"}, files={"file": ("l", listed)})
        assert again.status_code == 422 and "10000 από" in again.text and "«TB-00019»" in again.text
        assert "«TB-00020»" not in again.text
    assert (await ledger.verify()).faults == ()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"1;microbit;TB-2\n1;microbit;TB-3", "kit;item;serial"),
        (b"TB-5;rubbish\nTB-6", "kit;item;serial"),
        (b"TB-5, TB-6", "kit;item;serial"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "δεν είναι κείμενο ούτε"),
        (b"%PDF-1.7\n1 0 obj", "δεν είναι κείμενο ούτε"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "δεν είναι κείμενο ούτε"),
    ],
)
async def test_what_is_no_list_is_refused_in_words(app: Litestar, content: bytes, said: str) -> None:
    """Several columns without a head, or a file that is no list at all: nothing becomes a serial number."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            await make_definition()
        form = {"definition": "microbit-set", "count": "1", "batch": "Π-3"}
        refused = await post_form(client, "/stock/receive", form, files={"file": ("list.csv", content)})
        assert refused.status_code == 422 and said in refused.text and faults(refused.text) == []
        assert 'value="Π-3"' in refused.text
        assert await fetch_value("SELECT count(*) FROM device") == 0


async def test_letters_that_look_like_figures_are_asked_about(app: Litestar) -> None:
    """Beside the stock's own numbers: both are named, and the list comes in when somebody is sure."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            for number in (1, 3):
                await _take_in(f"MB-{number:04}", f"MB-{number + 1:04}")
        form = {"definition": "microbit-set", "count": "1", "serials": "MB-OOO5\nMB-00O6", "key": "k"}
        asked = await post_form(client, "/stock/receive", form)
        assert asked.status_code == 422 and faults(asked.text) == []
        for word in ("«MB-OOO5»", "«MB-0005»", "«MB-00O6»", "«MB-0006»", 'name="sure"'):
            assert word in asked.text
        assert await fetch_value("SELECT count(*) FROM device") == 4
        assert (await post_form(client, "/stock/receive", form | {"sure": "yes"})).status_code == 303


def test_most_of_a_list_tells_what_is_odd_in_it() -> None:
    """Nine of ten with a figure there make the tenth odd; where letters are usual, none is."""
    right = [f"AB1{number:03}" for number in range(30)]
    assert odd_ones([*right, "AB1O12"], []) == [("AB1O12", "AB1012")]
    assert odd_ones([f"{letter}O1" for letter in "OIABCDEFGH"], []) == []


@given(st.text(max_size=30))
def test_a_key_of_a_key_is_itself(serial: str) -> None:
    """Folding twice folds no further."""
    assert serial_key(serial_key(serial)) == serial_key(serial)


async def test_the_database_folds_as_the_program_does(service: Settings) -> None:
    """The same table stands in both."""
    every = KEY_FROM + "ΣΔ09-_./ßéЖ"
    assert await fetch_value("SELECT serial_key($1)", every) == serial_key(every)
    for written in ("mb-0001", "ΜΒ-0001", "μβ-0001", "МВ-0001", " MB - 0001"):
        assert serial_key(written) == "MB-0001"


async def test_a_device_is_one_however_it_is_written(app: Litestar) -> None:
    """Small letters or Greek ones: neither by scan nor by list a second device, and the search finds the first."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            kit = await _take_in("MB-0001", "MB-0002")
            batch = await purchasing.open_batch(await _order(), name="Π-1")
            with pytest.raises(Conflict, match="scan-in-kit"):
                await scanning.scan(batch, "mb-0001")
            await scanning.scan(batch, "MB-0009")
            with pytest.raises(Conflict, match="scan-twice"):
                await scanning.scan(batch, "mb-0009", sure=True)
            with pytest.raises(FieldErrors, match="serial-numbers-taken"):
                await _take_in("mb-0001", "mb-0005")
            with pytest.raises(FieldErrors, match="serials-faulty"):
                await receiving.receive(receiving.Arrival("microbit-set", 1, "MB-7\nmb-7", "k"))
        for typed in ("mb-0002", "ΜΒ-0002", "μβ-0002"):
            assert kit in (await client.get("/stock/kits", params={"q": typed})).text


async def test_a_serial_number_is_found_by_an_index(service: Settings) -> None:
    """However many devices there are."""
    async with unit_of_work():
        await execute("SET LOCAL enable_seqscan = off")
        plan = await fetch("EXPLAIN SELECT kit_id FROM device WHERE serial_key = serial_key($1)", "mb-0001")
    assert "device_serial_key" in str(plan)


async def test_goods_are_entered_with_the_day_on_which_they_came(app: Litestar) -> None:
    """A day of the past, not one to come, none whose books are closed; today is now."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            await make_definition()
            friday = today() - timedelta(days=3)
            closed = today() - timedelta(days=9)
            await as_of.close_period(closed, closed, why="τέλος μήνα")
        form = {"definition": "microbit-set", "count": "1", "serials": "A1\nA2"}
        for day, said in (
            (today() + timedelta(days=1), "δεν ήρθε ακόμη"),
            (closed, "βιβλία αυτής της περιόδου έχουν κλείσει"),
        ):
            refused = await post_form(client, "/stock/receive", form | {"arrived": day.isoformat()})
            assert refused.status_code == 422 and said in refused.text and faults(refused.text) == []
            assert f'value="{day.isoformat()}"' in refused.text
        assert (await post_form(client, "/stock/receive", form | {"arrived": friday.isoformat()})).status_code == 303
        moment = await fetch_value("SELECT max(occurred_at) FROM movement")
        assert moment.astimezone(ZoneInfo("Europe/Athens")).date() == friday
        with acting_as(OPERATOR):
            kit = str(await fetch_value("SELECT code FROM kit"))
            await stock.reverse_posting(kit, await _purchase_of(kit), why="λάθος")
        # it was here until today, so it cannot have come again on Friday
        early = await post_form(client, "/stock/receive", form | {"arrived": friday.isoformat(), "key": "x"})
        assert early.status_code == 422 and "«A1»" in early.text
        assert (await post_form(client, "/stock/receive", form | {"key": "y"})).status_code == 303


async def test_the_command_takes_a_list_in(service: Settings, tmp_path: Path) -> None:
    """`stem stock receive`: kits by a file, once for a key; what is wrong is told and nothing comes in."""
    await make_definition()
    file = tmp_path / "list.csv"
    file.write_text("kit;item;serial\n1;microbit;A1\n1;microbit;A2\n2;microbit;A3\n2;microbit;A4\n")
    command = ("stock", "receive", str(file), "--kit", "microbit-set", "--batch", "Π-5", "--key", "k")
    status, said, _faults = await stem(service, tmp_path, *command, "--count", "2", "--arrived", "2026-01-05")
    assert (status, said.strip()) == (0, "2 kits received")
    status, said, _faults = await stem(service, tmp_path, *command, "--count", "2", "--json")
    assert status == 0 and len(json.loads(said)["kits"]) == 2
    assert await fetch_value("SELECT count(*) FROM kit WHERE batch = 'Π-5'") == 2
    assert await fetch_value("SELECT min(occurred_at)::date::text FROM movement") == "2026-01-05"
    status, _said, faults_ = await stem(service, tmp_path, *command[:-1], "other", "--count", "2")
    assert status == 1 and "A1" in faults_
    file.write_bytes(b"\x89PNG\r\n\x1a\n\x00")
    status, _said, faults_ = await stem(service, tmp_path, *command, "--count", "2")
    assert status == 1 and "δεν είναι κείμενο ούτε" in faults_


async def test_a_device_entered_twice_before_stays(postgres_server: str, tmp_path: Path) -> None:
    """A database in which a device stands twice, in two cases, is brought up to date; no third one comes in."""
    url = await create_database(postgres_server, "test_serial_keys_before")
    runtime.start(settings_for(url, tmp_path))
    async with pool(url):
        await migrating.migrate(BEFORE_KEYS)
        with acting_as(OPERATOR):
            await stock_from_before(await make_definition(), [("MB-0001", "MB-0002"), ("mb-0001", "MB-0003")])
            assert await migrating.migrate()
            assert await fetch_value("SELECT count(*) FROM device WHERE serial_key = 'MB-0001'") == 2
            with pytest.raises(FieldErrors) as taken:
                await _take_in("Mb-0001", "MB-0009")
            assert {each["params"]["kit"] for each in taken.value.errors} == {"KOLD0001", "KOLD0002"}
            assert (await ledger.verify()).faults == ()

"""The stock's pages ask the database a fixed number of questions, however much they show."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import pytest
from litestar import Litestar

from stem_logistics.db.engine import execute, fetch, fetch_value, unit_of_work
from stem_logistics.inventory import definitions, ledger
from stem_logistics.inventory import service as stock
from stem_logistics.settings import Settings
from tests.inventory.stock import make_definition, make_institution, receive
from tests.support import OPERATOR, acting_as, browser, make_person, sign_in

MOST = 8


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The statements that are sent meanwhile, but for transactions' beginnings and ends."""
    sent: list[str] = []
    inner = asyncpg.Connection._execute

    async def noted(self: Any, query: str, *args: Any, **more: Any) -> Any:
        sent.append(query)
        return await inner(self, query, *args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(asyncpg.Connection, "_execute", noted)
        yield sent


async def _school_with(kits: int) -> list[str]:
    """A school that holds so many kits, and grants of as many waves."""
    school = await make_institution()
    codes = await receive(await make_definition(), kits)
    place = await ledger.institution_place(school)
    for code in codes:
        kit = await stock.get_kit(code)
        moves = [
            ledger.Move(p["item_id"], p["quantity"], p["place_id"], place, kit["id"], p["device_id"])
            for p in kit["contents"]
        ]
        await ledger.post(moves, reason="transfer", key=code)
    await execute(
        """WITH waves AS (
             INSERT INTO wave (slug, title_el, title_en, year_from, year_to, state)
             SELECT 'stem-' || n, 'STEM', 'STEM', 2026, 2026, 'historic' FROM generate_series(1, $2) n RETURNING id)
           INSERT INTO award (wave_id, institution_id, kit_slug, units, source)
           SELECT id, $1, 'microbit-set', 1, 'historic' FROM waves""",
        school,
        kits,
    )
    return codes


async def test_pages_ask_no_more_than_eight_questions(app: Litestar, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kit's page, a school's with several kits and grants, a search, a wave's totals: at most eight statements."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            codes = await _school_with(4)
        await sign_in(client, await make_person("staff"))
        serial = await fetch_value("SELECT serial_number FROM device ORDER BY id LIMIT 1")
        for address, holds in (
            (f"/stock/kits/{codes[0]}", serial),
            ("/schools/0501659", codes[3]),
            (f"/stock/kits?q={serial}", codes[0]),
            ("/waves/stem-1", "STEM"),
        ):
            with counted(monkeypatch) as sent:
                page = await client.get(address)
            assert page.status_code == 200 and holds in page.text
            assert 2 < len(sent) <= MOST, (address, sent)


async def test_a_search_finds_a_kit_by_all_that_names_it(app: Litestar) -> None:
    """By its code's beginning, serial number, purchase, its school's code or name; by nothing else."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            (code,) = await _school_with(1)
            (other,) = await receive(await definitions.get_definition("microbit-set"), key="b")
            await execute("UPDATE kit SET batch = 'άλλη' WHERE code = $1", other)
        await sign_in(client, await make_person("staff"))
        serial = await fetch_value(
            "SELECT serial_number FROM device d JOIN kit k ON k.id = d.kit_id WHERE code = $1 LIMIT 1", code
        )
        at_school = (code, code[:7].lower(), f"{code[:4]}-{code[4:]}", serial, "2026-Α", "0501659", "κατερίνης")
        for typed in (*at_school, f"http://testserver.local/l/{code}"):
            rows = (await client.get("/stock/kits/export", params={"format": "json", "q": typed})).json()
            assert [row["code"] for row in rows] == [code], typed
        for typed in ("%", "_", "SN-", "ZZZZ", "'"):
            rows = (await client.get("/stock/kits/export", params={"format": "json", "q": typed})).json()
            assert rows == [], typed


async def test_a_search_is_planned_once_whatever_it_shows(app: Litestar, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kits that a search means are found by one statement that gives the page and the count; pages go on."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await receive(await make_definition(), 53)
        await sign_in(client, await make_person("staff"))
        for page, shown in ((1, 50), (2, 3)):
            with counted(monkeypatch) as sent:
                text = (await client.get(f"/stock/kits?q=2026-Α&page={page}")).text
            assert text.count('href="/stock/kits/K') == shown and '<p role="status">53 γραμμές' in text
            assert sum("serial_key = " in statement for statement in sent) == 1


async def test_the_places_of_a_consignment_have_an_index(service: Settings) -> None:
    """A school's parcels are found without reading every place, also those that are in a stop's hands."""
    async with unit_of_work():
        await execute("SET LOCAL enable_seqscan = off")
        plan = await fetch("EXPLAIN SELECT id FROM place WHERE consignment_id = 7")
    assert "place_of_consignment" in str(plan)

"""The book of movements: what is asked for is found, page by page and whole, and every row leads on."""

import re
from datetime import UTC, datetime, timedelta

from litestar import Litestar

from stem_logistics.accounts.policy import Grant, Principal
from stem_logistics.db.engine import fetch, fetch_value
from stem_logistics.inventory import book, ledger
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.ledger import Move
from stem_logistics.settings import Settings
from tests.inventory.stock import kit_id, make_definition, make_institution, receive
from tests.support import OPERATOR, acting_as, browser, make_person, sign_in, today
from tests.web.accessibility import faults

TODAY = today()


async def _move(
    code: str, to: int, key: str, *, days: int = 0, reason: ledger.Reason = "transfer", document: str = ""
) -> None:
    parts = await stock.contents_of([await kit_id(code)])
    moves = [Move(p["item_id"], p["quantity"], p["place_id"], to, p["kit_id"], p["device_id"]) for p in parts]
    when = datetime.now(UTC) - timedelta(days=days)
    await ledger.post(moves, reason=reason, key=key, document=document, occurred_at=when)


async def scene() -> tuple[list[str], int]:
    """Three kits in the store; one at a school for forty days, one lost and found again by a reversal."""
    kits = await receive(await make_definition(), 3)
    school = await ledger.institution_place(await make_institution())
    await _move(kits[0], school, "school", days=40, document="ΔΑ 99/2026")
    await _move(kits[1], await ledger.place(ledger.SCRAPPED), "gone", reason="scrap")
    await stock.reverse_posting(kits[1], "gone", why="λάθος σετ")
    return kits, school


async def _found(**asked: object) -> list[tuple[str, str]]:
    rows = await book.page(book.asked(**asked), None, limit=500)  # type: ignore[arg-type]
    assert rows == [row async for row in book.every(book.asked(**asked))]  # type: ignore[arg-type]
    return sorted({(row["kit"], row["reason"]) for row in rows})


async def test_every_filter_finds_its_movements_and_no_other(service: Settings) -> None:
    """Search and filters, alone and together; the same for the page and the file."""
    kits, _school = await scene()
    first, second, third = kits
    came = [(kit, "purchase") for kit in sorted(kits)]
    assert await _found(reason="purchase") == came == await _found(q="ΔΑ 4") == await _found(source="supplier")
    assert await _found(q=first) == [(first, "purchase"), (first, "transfer")]
    assert await _found(q="ΔΑ 99") == [(first, "transfer")] == await _found(target="institution")
    serial = await fetch_value("SELECT serial_number FROM device WHERE kit_id = $1", await kit_id(third))
    rows = await book.page(book.asked(serial), None, limit=9)
    assert [(row["kit"], row["serial_number"]) for row in rows] == [(third, serial)]
    assert await _found(institution="0501659") == [(first, "transfer")] == await _found(place="institution-0501659")
    assert await _found(target="scrapped") == [(second, "scrap")] == await _found(reason="scrap")
    assert await _found(source="scrapped") == [(second, "correction")]
    old = TODAY - timedelta(days=40)
    assert await _found(first=old, last=old) == [(first, "transfer")] == await _found(last=old)
    assert (first, "transfer") not in await _found(first=old + timedelta(days=1))
    assert {row["item"] for row in await book.page(book.asked(item="battery"), None, limit=99)} == {"battery"}
    for nothing in (
        {"q": "ΔΑ 7"},
        {"q": "%"},
        {"reason": "x"},
        {"institution": "0"},
        {"item": "x"},
        {"source": "repairer"},
    ):
        assert await _found(**nothing) == []


async def test_pages_by_key_give_every_row_once_either_way_round(service: Settings) -> None:
    """Page after page, newest or oldest day first, is the whole book in one order."""
    await scene()
    whole = await fetch("SELECT id FROM movement ORDER BY occurred_at DESC, id DESC")
    for descending in (True, False):
        after, found = None, []
        while rows := await book.page(book.asked(), after, descending=descending, limit=4):
            found += [row["id"] for row in rows]
            after = (rows[-1]["occurred_at"], rows[-1]["id"])
        expected = [row["id"] for row in whole]
        assert found == (expected if descending else expected[::-1])


async def test_a_region_reads_its_own_movements(service: Settings) -> None:
    """Whoever reads a region's stock sees what its schools were given or gave, and nothing else."""
    (first, *_others), _school = await scene()
    region = await fetch_value("SELECT regional_directorate_id FROM institution WHERE code = '0501659'")
    for known, seen in ((region, {(first, "transfer")}), (region + 1, set())):
        with acting_as(Principal("account", 1, grants=(Grant("ambassador", "region", known),))):
            assert set(await _found()) == seen


async def test_the_page_leads_on_from_every_row(app: Litestar) -> None:
    """Kit, school, document, serial number, what is taken back and by what: every door opens; the file is whole."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            kits, _school = await scene()
        await sign_in(client, await make_person("staff"))
        page = (await client.get("/stock/movements")).text
        assert faults(page) == [] and "παίρνει πίσω την κίνηση" in page
        assert 'href="/stock/movements"' in (await client.get("/stock")).text
        for door in sorted(set(re.findall(r'href="(/(?:stock|schools|consignments)[^"]*)"', page))):
            answer = await client.get(door.replace("&amp;", "&"))
            assert answer.status_code == 200, door
        total = await fetch_value("SELECT count(*) FROM movement")
        for query, rows in (("", total), (f"?q={kits[2]}", 4)):
            file = await client.get(f"/stock/movements/export{query}")
            assert file.text.count("\r\n") == rows + 1
        strange = ["q=ΔΑ&first=2999-01-01&after=1-x&movement=0", "after=9999999999999999-9&last=0001-01-01"]
        for each in (*strange, "first=0001-01-01&after=1-9&last=9999-12-31"):
            assert (await client.get(f"/stock/movements?{each}")).status_code == 200
        assert (
            await client.get("/stock/movements?last=9999-12-31&first=0001-01-01&after=1-999999999")
        ).status_code == 200

"""The stock at a past date, and periods whose books are closed."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from litestar import Litestar

from stem_logistics.db.engine import execute, fetch_value, unit_of_work
from stem_logistics.errors import Conflict, Invalid, NotFound
from stem_logistics.inventory import as_of, ledger
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.ledger import Move
from stem_logistics.settings import Settings
from stem_logistics.web import formats
from tests.inventory.stock import kit_id, make_definition, make_institution, tamper
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in, today

TODAY = today()


async def _old_kit(days: int = 40) -> str:
    """A kit that came so many days ago and went to a school ten days later."""
    came = datetime.now(UTC) - timedelta(days=days)
    definition = await make_definition()
    serials = [{"microbit": ["SN-1", "SN-2"]}]
    (code,) = await stock.receive_kits(definition, serials, key="a", reason="historic", occurred_at=came)
    parts = await stock.contents_of([await kit_id(code)])
    school = await ledger.institution_place(await make_institution())
    moves = [Move(p["item_id"], p["quantity"], p["place_id"], school, p["kit_id"], p["device_id"]) for p in parts]
    await ledger.post(moves, reason="transfer", key="b", occurred_at=came + timedelta(days=10))
    return code


async def _places(day: date) -> dict[str, int]:
    return {row["place"]: row["pieces"] for row in await as_of.totals(day, {})}


async def test_each_past_day_has_its_own_places(service: Settings) -> None:
    """Before it came a kit is nowhere, then in the store, then at the school; the day itself counts whole."""
    await _old_kit()
    assert await _places(TODAY - timedelta(days=41)) == {}
    assert await _places(TODAY - timedelta(days=40)) == {"store": 9}
    assert await _places(TODAY - timedelta(days=31)) == {"store": 9}
    assert await _places(TODAY - timedelta(days=30)) == {"institution": 9}
    assert await _places(TODAY) == {"institution": 9}
    rows, total = await as_of.pieces(TODAY, {"institution": "0501659"}, limit=10, offset=0)
    assert total == len(rows) == 4 and {row["serial_number"] for row in rows} == {None, "SN-1", "SN-2"}


async def test_a_closed_period_takes_no_movement(service: Settings) -> None:
    """A posting dated in a closed period is refused by the database; one beside it is not; reopened, it is taken."""
    code = await _old_kit()
    first, last = TODAY - timedelta(days=20), TODAY - timedelta(days=10)
    period = await as_of.close_period(first, last, why="Απογραφή 2026")
    part = (await stock.contents_of([await kit_id(code)]))[0]
    lost = await ledger.place(ledger.LOST)
    move = Move(part["item_id"], 1, part["place_id"], lost, part["kit_id"], part["device_id"])
    for inside in (as_of.start_of(first), as_of.end_of(last)):
        with pytest.raises(Conflict, match="period-closed"):
            await ledger.post([move], reason="missing", key=f"in {inside}", occurred_at=inside)
    beside = as_of.end_of(last) + timedelta(microseconds=1)
    posted = await ledger.post([move], reason="missing", key="beside", occurred_at=beside)
    await ledger.post(
        [Move(move.item_id, 1, lost, move.from_place_id, move.kit_id, move.device_id)], reason="found", key="back"
    )
    assert posted.is_new
    await as_of.reopen_period(period, why="Λάθος ημερομηνία")
    with pytest.raises(NotFound, match="period-not-found"):
        await as_of.reopen_period(period, why="πάλι")
    assert (await ledger.post([move], reason="missing", key="in", occurred_at=as_of.end_of(last))).is_new
    assert (await ledger.verify()).faults == ()


async def test_closing_is_refused_where_it_makes_no_sense(service: Settings) -> None:
    """Days that are not over, days the wrong way round, no reason, days that are closed already."""
    for first, last in ((TODAY, TODAY), (TODAY - timedelta(days=1), TODAY - timedelta(days=3))):
        with pytest.raises(Invalid, match="period-dates-unusable"):
            await as_of.close_period(first, last, why="x")
    with pytest.raises(Invalid, match="reason-missing"):
        await as_of.close_period(TODAY - timedelta(days=9), TODAY - timedelta(days=3), why=" ")
    await as_of.close_period(TODAY - timedelta(days=9), TODAY - timedelta(days=3), why="x")
    with pytest.raises(Conflict, match="period-overlaps"):
        await as_of.close_period(TODAY - timedelta(days=3), TODAY - timedelta(days=2), why="x")


async def test_a_closed_period_stays_on_record(service: Settings) -> None:
    """What was closed is neither deleted nor moved, whoever asks the database."""
    await as_of.close_period(TODAY - timedelta(days=9), TODAY - timedelta(days=3), why="x")
    for sql in ("DELETE FROM closed_period", "UPDATE closed_period SET ends_at = ends_at - interval '1 day'"):
        with pytest.raises(Conflict, match="history-is-append-only"):
            async with unit_of_work():
                await execute(sql)


async def test_closing_waits_for_a_posting_under_way(service: Settings) -> None:
    """A posting that was written before the period closed is committed before; none slips in behind it."""
    code = await _old_kit()
    part = (await stock.contents_of([await kit_id(code)]))[0]
    lost = await ledger.place(ledger.LOST)
    move = Move(part["item_id"], 1, part["place_id"], lost, part["kit_id"], part["device_id"])
    then = datetime.now(UTC) - timedelta(days=5)
    written, may_end = asyncio.Event(), asyncio.Event()

    async def post() -> None:
        async with unit_of_work():
            await ledger.post([move], reason="missing", key="slow", occurred_at=then)
            written.set()
            await may_end.wait()

    posting = asyncio.create_task(post())
    await written.wait()
    closing = asyncio.create_task(as_of.close_period(TODAY - timedelta(days=9), TODAY - timedelta(days=1), why="x"))
    await asyncio.sleep(0.2)
    assert not closing.done(), "it did not wait"
    may_end.set()
    await asyncio.gather(posting, closing)
    assert (await ledger.verify()).faults == ()


async def test_the_ledgers_proof_finds_what_went_round_the_trigger(service: Settings) -> None:
    """A movement written into a closed period behind the database's back is named."""
    code = await _old_kit()
    await as_of.close_period(TODAY - timedelta(days=20), TODAY - timedelta(days=10), why="x")
    async with unit_of_work():
        await tamper(
            f"""INSERT INTO movement (reason, item_id, kit_id, quantity, from_place_id, to_place_id, actor_kind,
                 idempotency_key, line, occurred_at)
               SELECT 'transfer', item_id, kit_id, 1, from_place_id, to_place_id, 'system', 'x', 1,
                 now() - interval '15 days' FROM movement WHERE kit_id = {await kit_id(code)} AND device_id IS NULL
               LIMIT 1"""
        )
    assert "recorded-in-closed-period" in {fault["fault"] for fault in (await ledger.verify()).faults}


async def test_the_page_shows_the_day_and_refuses_what_is_none(app: Litestar) -> None:
    """The page and its file agree; a date that is none is told with its remedy; periods are closed on their page."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            code = await _old_kit()
        await sign_in(client, await make_person("staff"))
        page = await client.get("/stock/as-of", params={"date": (TODAY - timedelta(days=35)).isoformat()})
        assert page.status_code == 200 and code in page.text and "Στην αποθήκη" in page.text
        day = TODAY - timedelta(days=35)
        file = await client.get("/stock/as-of/export", params={"date": day.isoformat(), "format": "csv"})
        assert file.text.count(code) == 4
        assert (await client.get("/stock/as-of?date=31-02-2026")).status_code == 422
        to_come = (TODAY + timedelta(days=1)).isoformat()
        page = await client.get("/stock/as-of", params={"date": to_come})
        assert page.status_code == 422 and "δεν έχει έρθει ακόμη" in page.text and f'value="{to_come}"' in page.text
        assert (await client.get("/stock/as-of/export", params={"date": to_come})).status_code == 422
        first = {"first": "2026-01-01", "last": "2026-01-31", "why": "Απογραφή"}
        assert (await post_form(client, "/stock/periods", first)).status_code == 303
        assert (await post_form(client, "/stock/periods", first)).status_code == 409
        period = await fetch_value("SELECT id FROM closed_period")
        assert (await post_form(client, f"/stock/periods/{period}/reopen", {"why": ""})).status_code == 422
        assert (await post_form(client, f"/stock/periods/{period}/reopen", {"why": "λάθος"})).status_code == 303
        assert "Άνοιξε ξανά" in (await client.get("/stock/periods")).text


async def test_without_a_day_the_page_takes_the_organisations(app: Litestar) -> None:
    """Today is the day of the zone in force, which for hours of each day is another one than UTC's."""
    zone = "Pacific/Kiritimati" if datetime.now(UTC).hour >= 10 else "Pacific/Pago_Pago"
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        formats.set_zone(zone)
        try:
            there = datetime.now(ZoneInfo(zone)).date()
            assert there != datetime.now(UTC).date()
            assert f'value="{there.isoformat()}"' in (await client.get("/stock/as-of")).text
        finally:
            formats.set_zone("Europe/Athens")

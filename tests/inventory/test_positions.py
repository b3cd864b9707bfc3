"""Where each kit is, kept beside the balances: by the movements alone, whoever else moves; a false one is found."""

import asyncio
import re
from pathlib import Path

import pytest
from litestar import Litestar

from stem_logistics import runtime
from stem_logistics.db import migrating
from stem_logistics.db.engine import execute, fetch, fetch_value, pool, unit_of_work
from stem_logistics.errors import Conflict
from stem_logistics.inventory import ledger
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.ledger import Move
from stem_logistics.settings import Settings
from tests.inventory.stock import (
    NOWHERE,
    Position,
    holdings,
    make_definition,
    make_institution,
    positions,
    receive,
    reckoned,
    stock_from_before,
    tamper,
)
from tests.inventory.test_queries import counted
from tests.support import OPERATOR, acting_as, browser, create_database, make_person, settings_for, sign_in

BEFORE = "2026-11-29T23:00:00:000091"


async def _kit() -> tuple[int, list[Move]]:
    """A kit in the store, and the moves that would bring each of its parts to a school."""
    (code,) = await receive(await make_definition())
    kit = await stock.get_kit(code)
    school = await ledger.institution_place(await make_institution(f"{kit['id']:07}"))
    moves = [
        Move(part["item_id"], part["quantity"], part["place_id"], school, kit["id"], part["device_id"])
        for part in kit["contents"]
    ]
    return kit["id"], moves


def _to(moves: list[Move], place: int) -> list[Move]:
    return [Move(m.item_id, m.quantity, m.from_place_id, place, m.kit_id, m.device_id) for m in moves]


async def test_a_kit_is_where_its_parts_are(service: Settings) -> None:
    """In the store, in two places at once, at a school, part lost, part at a repairer, all scrapped, back with the
    supplier: after every posting and every reversal the position kept is the one that the balances give."""
    kit, moves = await _kit()
    store, school = moves[0].from_place_id, moves[0].to_place_id
    lost, scrapped = await ledger.place(ledger.LOST), await ledger.place(ledger.SCRAPPED)
    supplier, repairer = await ledger.place(ledger.SUPPLIER), await ledger.repairer_place("ΕΡΓΑΣΤΗΡΙΟ")
    seen: list[Position] = []

    async def then(given: list[Move]) -> tuple[int, ...]:
        ids = (await ledger.post(given, reason="transfer", key=f"step-{len(seen)}")).movement_ids
        now = await positions()
        assert now == {kit: NOWHERE} | await reckoned(await holdings())
        seen.append(now[kit])
        return ids

    pieces = sum(move.quantity for move in moves)
    first, rest = moves[:1], moves[1:]
    away = await then(_to(first, lost))
    await then(rest)
    await ledger.reverse(away, why="βρέθηκε")
    assert (await positions())[kit] == (None, 0, 0, pieces)
    await then(first)
    moved = [Move(m.item_id, m.quantity, school, store, m.kit_id, m.device_id) for m in moves]
    await then(_to(moved, repairer)[:1])
    await then(_to(moved, scrapped)[1:])
    await then([Move(moved[0].item_id, 1, repairer, scrapped, kit, moved[0].device_id)])
    await then([Move(m.item_id, m.quantity, scrapped, supplier, kit, m.device_id) for m in moved])
    assert seen == [
        (store, 1, 0, pieces),
        (school, 1, 0, pieces),
        (school, 0, 0, pieces),
        (school, 0, 0, pieces),
        (repairer, 0, pieces - 1, pieces),
        (scrapped, 0, pieces, pieces),
        NOWHERE,
    ]
    assert (await ledger.verify()).faults == ()


async def test_two_postings_of_one_kits_parts_at_once(service: Settings) -> None:
    """Who moves other parts of the same kit waits for the first, and reckons with what it did: nobody's move is lost
    from the position, though the two have no balance in common, and the first one leaves the position as it was."""
    kit, moves = await _kit()
    school, begun = moves[0].to_place_id, asyncio.Event()
    await ledger.post(moves[:1], reason="transfer", key="before")

    async def first() -> None:
        async with unit_of_work():
            await ledger.post(moves[1:2], reason="transfer", key="first")
            assert (await positions())[kit][0] is None
            begun.set()
            await asyncio.sleep(0.3)

    async def second() -> None:
        await begun.wait()
        await ledger.post(moves[2:], reason="transfer", key="second")

    await asyncio.gather(first(), second())
    assert (await positions())[kit] == (school, 0, 0, sum(move.quantity for move in moves))
    assert (await ledger.verify()).faults == ()


async def test_a_position_is_not_written_by_hand(service: Settings) -> None:
    """The database refuses every way but a movement, and names the balance as what it follows from."""
    kit, _moves = await _kit()
    for by_hand in (
        "UPDATE kit_position SET place_id = NULL",
        "DELETE FROM kit_position",
        "TRUNCATE kit_position",
        "INSERT INTO kit_position (kit_id) SELECT id FROM kit",
    ):
        with pytest.raises(Conflict, match="balance-by-hand"):
            await execute(by_hand)
    assert await positions() == await reckoned(await holdings()) and kit in await positions()


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE kit_position SET place_id = (SELECT id FROM place WHERE code = 'scrapped') WHERE kit_id = $1",
        "UPDATE kit_position SET place_id = NULL WHERE kit_id = $1",
        "UPDATE kit_position SET lost = lost + 1 WHERE kit_id = $1",
        "UPDATE kit_position SET lost = 0, scrapped = scrapped + 1 WHERE kit_id = $1",
        "UPDATE kit_position SET pieces = pieces + 1 WHERE kit_id = $1",
        "DELETE FROM kit_position WHERE kit_id = $1",
    ],
)
async def test_verify_finds_a_false_position(service: Settings, forgery: str) -> None:
    """Whatever of a position somebody forges round the triggers, `stem ledger verify` names that kit and no other."""
    await _kit()
    kit, moves = await _kit()
    await ledger.post(_to(moves[:1], await ledger.place(ledger.LOST)), reason="missing", key="lost")
    assert (await ledger.verify()).faults == ()
    await tamper(forgery, kit)
    faults = (await ledger.verify()).faults
    code = await fetch_value("SELECT code FROM kit WHERE id = $1", kit)
    assert [(fault["fault"], fault["kit"]) for fault in faults] == [("kit-position-differs", code)]


async def test_lists_by_place_read_no_balances(app: Litestar, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chosen and ordered by place, region, school or what is missing, the lists hold the right kits, and no statement
    works a position out from the balances."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            (kit, moves), (split, parts), (stays, _) = [await _kit() for _ in range(3)]
            await ledger.post(moves[1:], reason="transfer", key="there")
            await ledger.post(_to(moves[:1], await ledger.place(ledger.SCRAPPED)), reason="scrap", key="broken")
            await ledger.post(parts[:1], reason="transfer", key="part")
            (gone, all_of_it) = await _kit()
            await ledger.post(_to(all_of_it, await ledger.place(ledger.SUPPLIER)), reason="reject", key="gone")
        await sign_in(client, await make_person("staff"))
        codes = {row["id"]: row["code"] for row in await fetch("SELECT id, code FROM kit")}
        for query, expected in (
            ("sort=code", {kit, split, stays, gone}),
            ("place=institution", {kit}),
            ("place=store", {stays}),
            ("place=several", {split}),
            ("place=supplier", {gone}),
            ("region=B&sort=-place", {kit}),
            ("state=incomplete", {kit}),
            ("state=incomplete&sort=school&place=institution&region=B", {kit}),
            (f"institution={kit:07}&sort=-created", {kit}),
            ("sort=school", {kit, split, stays, gone}),
        ):
            with counted(monkeypatch) as sent:
                page = await client.get(f"/stock/kits?{query}")
            listed = re.findall(r'href="/stock/kits/(K\w+)"', page.text)
            assert set(listed) == {codes[each] for each in expected}, query
            assert f'<p role="status">{len(expected)} ' in page.text, query
            if "institution=0" not in query:
                assert not [statement for statement in sent if "holding" in statement], query
        first = re.findall(r'href="/stock/kits/(K\w+)"', (await client.get("/stock/kits?sort=-lost")).text)[0]
        assert first == codes[kit], "the most missing first, whether lost or scrapped"
        await client.get("/stock")


async def test_the_migration_fills_positions_from_what_was_moved(postgres_server: str, tmp_path: Path) -> None:
    """A database with stock from before gets every kit's position, as the trigger would have kept it."""
    url = await create_database(postgres_server, "test_positions_before")
    runtime.start(settings_for(url, tmp_path))
    async with pool(url):
        await migrating.migrate(BEFORE)
        assert await fetch_value("SELECT to_regclass('kit_position')") is None
        with acting_as(OPERATOR):
            definition = await make_definition()
            await stock_from_before(definition, [(f"A{kit}", f"B{kit}") for kit in range(6)])
            await execute("INSERT INTO place (kind, code, title) VALUES ('repairer', 'repairer-x', 'X')")
            # the first stays, the second is lost, the third partly at a repairer, the fourth gone, the fifth scrapped
            await execute(
                """INSERT INTO movement (reason, item_id, kit_id, device_id, quantity, from_place_id, to_place_id,
                     actor_kind, idempotency_key, line)
                   SELECT 'transfer', h.item_id, h.kit_id, h.device_id, h.quantity, h.place_id, p.id, 'system',
                     'before', h.id
                   FROM holding h JOIN (VALUES (2, 'lost'), (3, 'repairer-x'), (4, 'supplier'), (5, 'scrapped'))
                     AS goes (kit_id, code) ON goes.kit_id = h.kit_id JOIN place p ON p.code = goes.code
                   WHERE h.kit_id <> 3 OR h.device_id IS NULL"""
            )
            await execute("INSERT INTO kit (code, kit_definition_id) VALUES ('KNEW2222', $1)", definition.id)
            assert await migrating.migrate()
            kept = await positions()
            assert kept == {4: NOWHERE} | await reckoned(await holdings())
            assert sorted(kept) == [1, 2, 3, 4, 5, 6]
            assert (await ledger.verify()).faults == ()
            # and what happens next is kept
            await receive(definition, 1)
            assert await positions() == {4: NOWHERE} | await reckoned(await holdings())

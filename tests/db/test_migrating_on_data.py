"""From the first migration to the last, on data: what a stock has lived through lives on.

`stock-at-0099.sql.gz` is the data of one life of the stateful test (`tests/inventory/life`) at migration 0099:
purchases, receipts, cases, loans, repairs, stocktakes, a case that is being sent again out of another kit.
"""

import gzip
from pathlib import Path

import asyncpg

from stem_logistics import runtime
from stem_logistics.db import migrating
from stem_logistics.db.engine import fetch, fetch_value, pool
from stem_logistics.deliveries import receipts
from stem_logistics.deliveries.expected import expected_lines
from stem_logistics.deliveries.rules import LineAnswer
from stem_logistics.inventory import ledger
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.life import life_of
from stem_logistics.web.i18n import use_locale
from tests.support import OPERATOR, acting_as, create_database, settings_for

BEFORE = "2026-11-29T23:55:00:000099"
DATA = Path(__file__).parent / "stock-at-0099.sql.gz"


async def _load(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        # as it was written: the triggers have done their work already
        await connection.execute("SET session_replication_role = replica; DELETE FROM place;")
        await connection.execute(gzip.decompress(DATA.read_bytes()).decode())
    finally:
        await connection.close()


async def test_a_lived_stock_is_carried_to_the_last_migration(postgres_server: str, tmp_path: Path) -> None:
    """Nothing is lost, the ledger holds, each kit tells its life, and what was under way ends as it would have."""
    url = await create_database(postgres_server, "test_lived")
    runtime.start(settings_for(url, tmp_path))
    async with pool(url):
        await migrating.migrate(BEFORE)
        await _load(url)
        before = await fetch("SELECT * FROM holding WHERE quantity > 0 ORDER BY id")
        assert await migrating.migrate(), "there are migrations after the data"
        assert await fetch("SELECT * FROM holding WHERE quantity > 0 ORDER BY id") == before
        assert (await ledger.verify()).faults == ()
        with acting_as(OPERATOR):
            for row in await fetch("SELECT id, code FROM kit"):
                found = await stock.get_kit(row["code"])
                with use_locale("el"):
                    assert life_of(found["history"], await stock.events_of_kit(row["id"])), row["code"]
            under_way = await fetch(
                "SELECT id FROM consignment WHERE discrepancy_id IS NOT NULL AND state = 'dispatched' ORDER BY id"
            )
            assert under_way
            for again in under_way:
                lines = await expected_lines(again["id"])
                assert lines and all(line.outstanding for line in lines)
                whole = {line.key: LineAnswer(received=line.outstanding) for line in lines}
                given = receipts.Confirmation(whole, "Μαρία", "Διευθύντρια", key=f"k{again['id']}", seen_parts=0)
                await receipts.confirm(again["id"], given)
                assert await fetch_value("SELECT state FROM consignment WHERE id = $1", again["id"]) == "received"
        assert (await ledger.verify()).faults == ()

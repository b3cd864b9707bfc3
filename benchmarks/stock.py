"""The stock at the country's size: four pages at 10,000 and at 1,000,000 devices, lists of all kits by where they are,
and serial numbers coming in.

A page is asked for through the whole service, in this process, by turns in the small and in the large stock. Its time
above its SQL is the time that this process works for it (asking, service, driver, template): the database works in
processes of its own, and what other programs take of the machine is left out. Medians; growth is that of the whole time
that the client waits, the database's part included, pair by pair.
STEM_BENCH_DEVICES makes the larger size smaller, STEM_BENCH_SHOW prints each statement's time.
"""

import asyncio
import logging
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
import httpx
from litestar import Litestar

from benchmarks._stock_data import LARGE, SMALL, Size, fill
from benchmarks._stock_holdings import taking
from benchmarks._stock_receiving import receiving
from benchmarks.row import Row
from stem_logistics import runtime
from stem_logistics.app import create_app
from stem_logistics.db import embedded
from stem_logistics.db.engine import ENGINE, pool
from stem_logistics.inventory import ledger
from tests.support import (
    OPERATOR,
    acting_as,
    client_of,
    create_database,
    make_person,
    migrate_database,
    settings_for,
    sign_in,
)

WARM, ROUNDS = 5, 150
SCHOOL = 51  # the school that is looked at, by its id; any other would do
QUERIES, ABOVE_MS, GROWTH = 8, 15.0, 1.2
# Lists for which it matters where each kit is, and those of all movements: what counts is their time at full size.
LISTS = {
    "kits at schools, by school": ("/stock/kits?place=institution&sort=school", "/stock/kits/K"),
    "kits of a region": ("/stock/kits?region=R3", "/stock/kits/K"),
    "the book of movements": ("/stock/movements", "/stock/kits/K"),
    "movements of a reason and a kind of place": ("/stock/movements?reason=transfer&source=store", "/stock/kits/K"),
    "movements of some days": ("/stock/movements?first=2020-01-01&sort=day", "/stock/kits/K"),
    "incomplete kits": ("/stock/kits?state=incomplete&sort=place", "/stock/kits"),
}
HELD = 10_000  # kits that schools have already, taken from one file
LIST_ROUNDS, LIST_MS = 15, 1_000.0
SHOW = bool(os.environ.get("STEM_BENCH_SHOW"))


@dataclass
class Watch:
    """The statements that were sent while it was on, and how long the client waited for each."""

    statements: list[tuple[str, float]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return sum(took for _, took in self.statements)


@contextmanager
def watching() -> Iterator[Watch]:
    """Note every statement with parameters or rows; beginning, ending and a pool's own resetting are not among them."""
    watch = Watch()
    inner = asyncpg.Connection._execute

    async def timed(self: Any, query: str, *args: Any, **more: Any) -> Any:
        begun = time.perf_counter()
        try:
            return await inner(self, query, *args, **more)
        finally:
            watch.statements.append((query, time.perf_counter() - begun))

    asyncpg.Connection._execute = timed
    try:
        yield watch
    finally:
        asyncpg.Connection._execute = inner


@dataclass(frozen=True)
class Asking:
    """One asking of a page, in milliseconds: as the client waits, of it its statements, and the processor's time of
    this process, the statements' sending and reading included."""

    queries: int
    whole: float
    sql: float
    processor: float


@dataclass(frozen=True)
class Stock:
    """A database of some size with its own connections, and a client who is signed in there."""

    pool: asyncpg.Pool
    client: httpx.AsyncClient
    pages: Mapping[str, tuple[str, str]]

    async def ask(self, page: str) -> Asking:
        """Ask for a page once. Ends the run where the answer is not the page."""
        ENGINE.pool = self.pool
        address, holds = self.pages[page]
        with watching() as watch:
            begun, worked = time.perf_counter(), time.process_time()
            answer = await self.client.get(address)
            took, processor = time.perf_counter() - begun, time.process_time() - worked
        if answer.status_code != 200 or holds not in answer.text:
            sys.exit(f"{address}: {answer.status_code}, without {holds}")
        if SHOW:
            for sql, seconds in watch.statements:
                print(f"  {seconds * 1000:8.2f} ms  {' '.join(sql.split())[:150]}", file=sys.stderr)
        return Asking(len(watch.statements), took * 1000, watch.seconds * 1000, processor * 1000)


async def addresses(connections: asyncpg.Pool, size: Size) -> dict[str, tuple[str, str]]:
    """The pages: for each its address, and what has to stand in it. Kit and school are made alike in both sizes."""
    kit, serial = await connections.fetchrow(
        "SELECT code, serial_number FROM kit k JOIN device d ON d.kit_id = k.id WHERE k.id = $1 ORDER BY d.id",
        SCHOOL + size.schools,  # the school's second kit; its first may lie in the store
    )
    school = await connections.fetchval("SELECT code FROM institution WHERE id = $1", SCHOOL)
    return {
        "a kit's page": (f"/stock/kits/{kit}", serial),
        "a school's page": (f"/schools/{school}", f"/stock/kits/{kit}"),
        "a search by serial number": (f"/stock/kits?q={serial}", kit),
        "a wave's totals": ("/waves/stem-1", "STEM 1"),
        **LISTS,
    }


async def made(server: str, folder: Path, size: Size) -> str:
    """A database of that size, proven by the product's own `stem ledger verify`."""
    url = await create_database(server, f"stock_{size.devices}")
    await migrate_database(url, folder)
    begun = time.perf_counter()
    await fill(url, size)
    filled = time.perf_counter()
    async with pool(url):
        found = await ledger.verify()
    if found.faults or found.movements != 5 * size.devices:
        sys.exit(f"the stock that was made does not hold: {found.movements} movements, {found.faults[:3]}")
    verified = time.perf_counter() - filled
    print(
        f"stock: {size.devices:,} devices made in {filled - begun:.0f} s, verified in {verified:.0f} s",
        file=sys.stderr,
        flush=True,
    )
    return url


@asynccontextmanager
async def signed_in(app: Litestar, url: str, size: Size) -> AsyncIterator[Stock]:
    """The app on a database, whatever other one it has been on."""
    async with asyncpg.create_pool(url, min_size=1, max_size=4) as connections, client_of(app) as client:
        ENGINE.pool = connections
        with acting_as(OPERATOR):
            address = await make_person("staff")
        await sign_in(client, address)
        yield Stock(connections, client, await addresses(connections, size))


async def in_turn(small: Stock, large: Stock, page: str) -> list[tuple[Asking, Asking]]:
    """Ask both for a page, again and again, first the one and then the other: whatever else the machine does, it does
    to both alike."""
    for stock in (small, large) * WARM:
        await stock.ask(page)
    return [(await small.ask(page), await large.ask(page)) for _ in range(ROUNDS)]


def rows_of(page: str, pairs: Sequence[tuple[Asking, Asking]], devices: int) -> list[Row]:
    """What a page took, and how it grew: medians."""
    queries = max(asking.queries for pair in pairs for asking in pair)
    small, whole = (median(pair[n].whole for pair in pairs) for n in (0, 1))
    sql = median(large.sql for _, large in pairs)
    above = median(large.processor for _, large in pairs)
    shown = f"{above:.1f} ms of work; {whole:.1f} ms waited, {sql:.1f} of them for SQL"
    grown = median(large.whole / small.whole for small, large in pairs)
    return [
        Row(f"{page} among {devices:,} devices", shown, above / ABOVE_MS, "15 ms above its SQL", 1.0),
        Row("… queries", str(queries), queries / QUERIES, "8", 1.0),
        Row("…", f"{whole:.1f} ms", grown, f"among 10,000 in turn: {small:.1f} ms", GROWTH),
    ]


async def list_row(stock: Stock, page: str, devices: int) -> Row:
    """What a list of kits took."""
    whole = median([(await stock.ask(page)).whole for _ in range(LIST_ROUNDS)])
    return Row(f"{page} among {devices:,} devices", f"{whole:.0f} ms", whole / LIST_MS, "1 s", 1.0)


async def _run(folder: Path, large: Size) -> list[Row]:
    logging.getLogger("httpx").setLevel(logging.WARNING)
    server = embedded.start(folder)
    runtime.start(settings_for(server, folder))
    small_url, large_url = await made(server, folder, SMALL), await made(server, folder, large)
    app = create_app(settings_for(large_url, folder))
    rows = []
    async with app.lifespan():
        own = ENGINE.pool
        try:
            async with signed_in(app, small_url, SMALL) as few, signed_in(app, large_url, large) as many:
                for page in [name for name in many.pages if name not in LISTS]:
                    rows += rows_of(page, await in_turn(few, many, page), large.devices)
                rows += [await list_row(many, page, large.devices) for page in LISTS]
        finally:
            ENGINE.pool = own
        with acting_as(OPERATOR):
            times = await receiving(large_url)
            taken = await taking(HELD)
    copied = f"COPY into the same tables, {times.copied:.2f} s"
    rows.append(Row("10,000 serial numbers received", f"{times.received:.2f} s", times.ratio, copied, 2.0))
    shown = f"{taken.seconds:.0f} s, {HELD / taken.seconds:,.0f} rows a second, {taken.grown:.0f} MB of memory more"
    rows.append(Row(f"{HELD:,} kits at schools, from a file of {taken.megabytes:.1f} MB", shown))
    return rows


def run() -> list[Row]:
    """The rows."""
    devices = int(os.environ.get("STEM_BENCH_DEVICES", LARGE.devices))
    large = Size(devices * LARGE.kits // LARGE.devices, devices)
    # A short path: a Unix socket's name is limited to about a hundred characters.
    with tempfile.TemporaryDirectory(prefix="stem-") as folder:
        return asyncio.run(_run(Path(folder), large))

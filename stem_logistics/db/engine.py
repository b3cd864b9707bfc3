"""The one engine, its pool, and the unit of work.

Tables name this engine (`class Wave(Table, db=ENGINE)`); where it points is decided at start-up by `configure`.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from asyncpg import Connection
from piccolo.engine.postgres import PostgresEngine

from stem_logistics.db.errors import translate_database_errors
from stem_logistics.db.transactions import Transaction

CLOSE_SECONDS = 10.0


class LateEngine(PostgresEngine):
    """An engine that connects to nothing until it is told where: Piccolo's own asks the server's version when made."""

    async def check_version(self) -> None:
        """Left to `configure`'s caller: the embedded server's version is the wheel's."""

    async def prep_database(self) -> None:
        """No extensions: the embedded server carries none."""

    def transaction(self, allow_nested: bool = True) -> Transaction:
        """A transaction that lets go of its connection however it ends."""
        return Transaction(engine=self, allow_nested=allow_nested)


ENGINE = LateEngine(config={})


def configure(url: str) -> None:
    """Point the engine at a database (`postgresql://…`). Takes effect for the next pool or connection."""
    ENGINE.config.clear()
    ENGINE.config["dsn"] = url


@asynccontextmanager
async def pool(url: str, *, min_size: int = 1, max_size: int = 10) -> AsyncIterator[None]:
    """Hold a connection pool open. Without one Piccolo connects anew for every query (50 times slower)."""
    configure(url)
    await ENGINE.start_connection_pool(min_size=min_size, max_size=max_size)
    try:
        yield
    finally:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await ENGINE.close_connection_pool()
        except TimeoutError:
            # a connection that nobody gives back must not keep a process from ending
            if ENGINE.pool is not None:
                ENGINE.pool.terminate()
                ENGINE.pool = None


@asynccontextmanager
async def unit_of_work() -> AsyncIterator[None]:
    """One transaction: all of a use case or nothing. Opened by services only; nests into the outer one.

    Raises:
        Conflict: a constraint was violated (see `db/errors.py`).
    """
    with translate_database_errors():
        async with ENGINE.transaction(allow_nested=True):
            yield


@asynccontextmanager
async def connection() -> AsyncIterator[Connection]:
    """The asyncpg connection of the running unit of work, or one of the pool's: for COPY, and for SQL that
    the query builder does not reach. What the database refuses comes out as a domain error, for reading too:
    a character or a number in an address that no column can hold is the sender's fault, not ours.
    """
    current = ENGINE.current_transaction.get()
    with translate_database_errors():
        if current is not None:
            yield current.connection
        elif ENGINE.pool is not None:
            async with ENGINE.pool.acquire() as pooled:
                yield pooled
        else:
            single = await ENGINE.get_new_connection()
            try:
                yield single
            finally:
                await single.close()


async def fetch(sql: str, *args: Any) -> list[dict[str, Any]]:
    """Rows of one SQL statement (`$1` parameters), as dictionaries. For `queries.py` modules only."""
    async with connection() as conn:
        return [dict(row) for row in await conn.fetch(sql, *args)]


async def stream(sql: str, *args: Any) -> AsyncIterator[dict[str, Any]]:
    """Rows of one statement, however many, some at a time. On a connection of its own: whoever reads them slowly keeps
    nobody else waiting for one of the pool's."""
    with translate_database_errors():
        own = await ENGINE.get_new_connection()
        try:
            async with own.transaction(readonly=True):
                async for row in own.cursor(sql, *args, prefetch=1_000):
                    yield dict(row)
        finally:
            await own.close()


async def fetch_one(sql: str, *args: Any) -> dict[str, Any] | None:
    """The first row of a statement, or None."""
    async with connection() as conn:
        row = await conn.fetchrow(sql, *args)
    return None if row is None else dict(row)


async def fetch_value(sql: str, *args: Any) -> Any:
    """The first column of the first row, or None."""
    async with connection() as conn:
        return await conn.fetchval(sql, *args)


async def execute(sql: str, *args: Any) -> int:
    """Run a statement; returns the number of rows it touched."""
    async with connection() as conn:
        status: str = await conn.execute(sql, *args)
    last = status.rsplit(" ", 1)[-1]
    return int(last) if last.isdigit() else 0


async def execute_many(sql: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run a statement for each row of parameters, pipelined."""
    async with connection() as conn:
        await conn.executemany(sql, rows)

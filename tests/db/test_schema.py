"""The schema: from nothing to now, tables as declared, history that the database itself keeps."""

import asyncio
import os
import signal
import time
from pathlib import Path

import asyncpg
import pytest
from piccolo.table import Table

from stem_logistics import nouns
from stem_logistics.db import migrating
from stem_logistics.db.engine import connection, fetch, fetch_value, pool, unit_of_work
from stem_logistics.db.errors import is_away
from stem_logistics.errors import Unavailable
from stem_logistics.settings import Settings
from tests.support import create_database, migrate_database


async def test_migrating_twice_runs_nothing_the_second_time(postgres_server: str, tmp_path: Path) -> None:
    """Migrations run once each, in order, and a second run finds nothing to do."""
    url = await create_database(postgres_server, "test_twice")
    await migrate_database(url, tmp_path)
    async with pool(url):
        assert await migrating.migrate() == []
        assert await migrating.pending_ids() == []


def declared_tables() -> list[type[Table]]:
    found: list[type[Table]] = []
    for module in nouns.load("tables"):
        found += [
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, Table) and value.__module__ == module.__name__
        ]
    return found


async def test_tables_match_the_migrated_schema(service: Settings) -> None:
    """Every column that a table declares is in the database, nullable as declared, and none is left out."""
    rows = await fetch(
        """SELECT table_name, column_name, is_nullable, is_generated FROM information_schema.columns
           WHERE table_schema = 'public'"""
    )
    actual: dict[str, dict[str, bool]] = {}
    for row in rows:
        if row["is_generated"] == "NEVER":
            actual.setdefault(row["table_name"], {})[row["column_name"]] = row["is_nullable"] == "YES"
    for table in declared_tables():
        name = table._meta.tablename
        declared = {column._meta.db_column_name: column._meta.null for column in table._meta.columns}
        assert declared == actual[name], name


@pytest.mark.parametrize("table", ["audit_entry", "audit_seal", "movement", "receipt_line", "check_report"])
async def test_history_refuses_change(service: Settings, table: str) -> None:
    """The database refuses an update, a delete and a truncate of what is history, whoever asks."""
    column = await fetch_value(
        """SELECT column_name FROM information_schema.columns
           WHERE table_name = $1 AND column_name <> 'id' ORDER BY ordinal_position LIMIT 1""",
        table,
    )
    connection = await asyncpg.connect((service.database_url or pytest.fail("no url")).get_secret_value())
    try:
        changes = (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE")
        for statement in changes:
            with pytest.raises(asyncpg.RestrictViolationError):
                await connection.execute(statement)
    finally:
        await connection.close()
    assert await fetch_value("SELECT 1") == 1


def test_a_rollback_on_a_lost_connection_means_that_the_database_is_away() -> None:
    """What asyncpg says of the transaction, after the connection was lost under it, is told as 503, not as a fault."""

    def rolled_back() -> None:
        try:
            raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
        except asyncpg.PostgresConnectionError:
            raise asyncpg.InterfaceError("cannot rollback; the transaction is in error state")  # noqa: B904

    with pytest.raises(asyncpg.InterfaceError) as lost:
        rolled_back()
    assert is_away(lost.value)
    assert not is_away(asyncpg.InterfaceError("cannot rollback; the transaction is in error state"))


async def test_a_task_works_on_after_its_connection_died_in_a_transaction(database_url: str) -> None:
    """A transaction whose connection is killed, at its start, its middle or its commit, neither keeps the pool's
    connection nor stays in force: the same task goes on with the next."""
    async with pool(database_url, min_size=1, max_size=1):
        for moment in ("query", "commit", "begin"):
            with pytest.raises(Unavailable):
                await _die_in_a_transaction(database_url, moment)
            async with asyncio.timeout(10), unit_of_work():
                assert await fetch_value("SELECT 1") == 1


async def _die_in_a_transaction(database_url: str, moment: str) -> None:
    async def kill(pid: int) -> None:
        other = await asyncpg.connect(database_url)
        try:
            assert await other.fetchval("SELECT pg_terminate_backend($1, 5000)", pid)
        finally:
            await other.close()

    if moment == "begin":
        # killed while it lies in the pool: the pool has not heard of it when it is taken
        async with connection() as mine:
            pid = mine.get_server_pid()
            os.kill(pid, signal.SIGTERM)
            time.sleep(0.3)  # noqa: ASYNC251 - the loop stands still, so that the pool hears nothing
    async with unit_of_work():
        pid = await fetch_value("SELECT pg_backend_pid()")
        await kill(pid)
        if moment == "query":
            await fetch_value("SELECT 1")

"""Migrations: raw SQL in Piccolo's chain, run once, in order, by one process at a time."""

import contextlib
import importlib
import io
import os
import pkgutil
from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.apps.migrations.commands.forwards import run_forwards

from stem_logistics.db.engine import ENGINE, fetch, fetch_value
from stem_logistics.errors import SchemaBehind

APP_NAME = "stem_logistics"
FOLDER = Path(__file__).parent / "migrations"
# One number for all who migrate this product's database, so that two of them wait for each other.
LOCK = 0x57E4_0001


def sql_migration(migration_id: str, description: str, sql: str) -> MigrationManager:
    """A forward migration that runs a script of SQL in one transaction."""
    manager = MigrationManager(migration_id=migration_id, app_name=APP_NAME, description=description)

    async def run() -> None:
        transaction = ENGINE.current_transaction.get()
        assert transaction is not None, "Piccolo runs a migration inside a transaction"
        await transaction.connection.execute(sql)

    manager.add_raw(run)
    return manager


def known_ids() -> list[str]:
    """The ids of the migrations in the source, in their order."""
    from stem_logistics.db import migrations

    names = [module.name for module in pkgutil.iter_modules(migrations.__path__)]
    return sorted(importlib.import_module(f"{migrations.__name__}.{name}").ID for name in names)


async def pending_ids() -> list[str]:
    """The migrations that this database has not seen."""
    if await fetch_value("SELECT to_regclass('migration')") is None:
        return known_ids()
    rows = await fetch("SELECT name FROM migration WHERE app_name = $1", APP_NAME)
    done = {row["name"] for row in rows}
    return [migration for migration in known_ids() if migration not in done]


async def require_current_schema() -> None:
    """Raises SchemaBehind, naming what is missing, unless every migration has run."""
    pending = await pending_ids()
    if pending:
        raise SchemaBehind(pending=", ".join(pending))


async def migrate(up_to: str = "all") -> list[str]:
    """Run what has not run. Returns the ids that ran. Safe to call from several processes at once."""
    os.environ.setdefault("PICCOLO_CONF", "piccolo_conf")
    guard = await ENGINE.get_new_connection()
    try:
        await guard.execute("SELECT pg_advisory_lock($1)", LOCK)
        before = await pending_ids()
        if before:
            # Piccolo reports on standard output, which belongs to the command's own answer.
            with contextlib.redirect_stdout(io.StringIO()) as said:
                result = await run_forwards(APP_NAME, migration_id=up_to)
            if not result.success:
                raise RuntimeError(f"migration failed: {result.message}\n{said.getvalue()}")
        after = await pending_ids()
    finally:
        await guard.close()
    return [migration for migration in before if migration not in after]

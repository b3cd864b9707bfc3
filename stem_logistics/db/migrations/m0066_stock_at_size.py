"""Indexes for a stock of the country's size: searches and totals that do not grow with what they do not show."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T09:00:00:000066"
VERSION = "1.38.0"
DESCRIPTION = "stock at size"

SQL = """
-- The first characters of a code, compared byte by byte, so that a prefix is a range whatever the database's language.
CREATE INDEX kit_code_prefix ON kit (code COLLATE "C");
CREATE INDEX kit_batch ON kit (batch, id);
CREATE INDEX score_run_wave ON score_run (wave_id, id);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

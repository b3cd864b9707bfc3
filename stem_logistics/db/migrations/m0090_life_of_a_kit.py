"""Indexes for a kit's whole life: what refers to a kit is found by the kit, however many kits there are."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-29T16:00:00:000090"
VERSION = "1.38.0"
DESCRIPTION = "life of a kit"

SQL = """
CREATE INDEX consignment_kit_of ON consignment_kit (kit_id);
CREATE INDEX label_kit ON label (kit_id) WHERE kit_id IS NOT NULL;
CREATE INDEX stocktake_line_kit ON stocktake_line (kit_id);
CREATE INDEX idle_kit_of ON idle_kit (kit_id);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

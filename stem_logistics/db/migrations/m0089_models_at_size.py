"""Where a model's pieces are, found among millions."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-29T10:00:00:000089"
VERSION = "1.38.0"
DESCRIPTION = "models at size"

SQL = """
CREATE INDEX holding_item ON holding (item_id, place_id) WHERE quantity > 0;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

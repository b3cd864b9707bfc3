"""A consignment's places are found by the consignment: since one may have several, no index had them all."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-29T23:00:00:000091"
VERSION = "1.38.0"
DESCRIPTION = "places of consignments"

SQL = """
CREATE INDEX place_of_consignment ON place (consignment_id) WHERE consignment_id IS NOT NULL;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

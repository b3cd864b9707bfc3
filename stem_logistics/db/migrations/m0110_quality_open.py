"""Receipts whose quality is to follow are few among many: found without reading the others."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-30T08:45:00:000110"
VERSION = "1.38.0"
DESCRIPTION = "quality open"

SQL = """
CREATE INDEX receipt_quality_later ON receipt (consignment_id) WHERE quality = 'later';
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

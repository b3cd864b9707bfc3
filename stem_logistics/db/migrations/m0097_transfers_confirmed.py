"""Kits that go from school to school travel as a consignment, from the giving school's place."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-29T23:20:00:000097"
VERSION = "1.38.0"
DESCRIPTION = "transfers confirmed"

SQL = """
ALTER TABLE consignment DROP CONSTRAINT consignment_of_case,
  ADD CONSTRAINT consignment_of_case CHECK (num_nonnulls(discrepancy_id, for_kit_id) IN (0, 2)
    AND (discrepancy_id IS NULL OR from_place_id IS NOT NULL));
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

"""Papers of the stock: the note of a rejection, of a loss, of an internal movement, each in its own series."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-30T08:10:00:000106"
VERSION = "1.38.0"
DESCRIPTION = "papers of stock"

SQL = """
DO $$
DECLARE
  was text;
BEGIN
  SELECT pg_get_expr(conbin, conrelid) INTO was FROM pg_constraint
    WHERE conrelid = 'paper'::regclass AND conname = 'paper_kind_check';
  ALTER TABLE paper DROP CONSTRAINT paper_kind_check;
  EXECUTE format('ALTER TABLE paper ADD CONSTRAINT paper_kind_check CHECK (%s OR kind IN (%L, %L, %L))',
    was, 'rejection', 'write-off', 'movement');
END $$;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

"""The ledger as a list: by day, by what is rare, by document. A stop of the last mile can bear a label."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-30T08:10:00:000108"
VERSION = "1.38.0"
DESCRIPTION = "book of movements"

SQL = """
-- The book is read by day, from either end. Movements of earlier years are written in any order, so that a summary of
-- blocks does not find their days.
DROP INDEX movement_occurred;
CREATE INDEX movement_occurred ON movement (occurred_at, id);
CREATE INDEX movement_reason ON movement (reason, occurred_at, id);
CREATE INDEX movement_document ON movement (document COLLATE "C", occurred_at, id) WHERE document <> '';

-- A regional store or an ambassador as such; what each holds of a consignment is a place of the consignment's.
DO $$
DECLARE
  known record;
BEGIN
  FOR known IN SELECT conname, pg_get_expr(conbin, conrelid) AS was FROM pg_constraint
    WHERE conrelid = 'place'::regclass AND contype = 'c'
      AND (conname = 'place_kind_check' OR pg_get_expr(conbin, conrelid) LIKE '%stop_id%')
  LOOP
    EXECUTE format('ALTER TABLE place DROP CONSTRAINT %I', known.conname);
    EXECUTE format('ALTER TABLE place ADD CONSTRAINT %I CHECK (%s OR kind = %L)', known.conname, known.was, 'stop');
  END LOOP;
END $$;
ALTER TABLE place ADD CONSTRAINT place_of_stop CHECK (kind <> 'stop' OR stop_id IS NOT NULL);
CREATE UNIQUE INDEX place_stop ON place (stop_id) WHERE kind = 'stop';
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

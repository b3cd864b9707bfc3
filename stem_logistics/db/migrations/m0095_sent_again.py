"""What is sent again has a consignment of its own, which leads to its case; the case ends when the school confirms."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-29T23:00:00:000095"
VERSION = "1.38.0"
DESCRIPTION = "sent again"

SQL = """
ALTER TABLE consignment
  ADD COLUMN discrepancy_id bigint REFERENCES discrepancy,
  -- the kit of which the school lacks something: its pieces come out of other kits
  ADD COLUMN for_kit_id bigint REFERENCES kit,
  ADD COLUMN from_place_id bigint REFERENCES place,
  ADD CONSTRAINT consignment_of_case CHECK (num_nonnulls(discrepancy_id, for_kit_id, from_place_id) IN (0, 3)),
  ADD CONSTRAINT consignment_of_case_or_wave CHECK (num_nonnulls(discrepancy_id, wave_id) < 2);
-- a case is sent again once at a time
CREATE UNIQUE INDEX consignment_once_for_case ON consignment (discrepancy_id)
  WHERE discrepancy_id IS NOT NULL AND state <> 'cancelled';
CREATE INDEX consignment_for_kit ON consignment (for_kit_id) WHERE for_kit_id IS NOT NULL;

ALTER TABLE discrepancy_note DROP CONSTRAINT discrepancy_note_kind_check,
  ADD CONSTRAINT discrepancy_note_kind_check CHECK (kind IN ('note', 'owner', 'deadline', 'sender', 're-sent'));
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

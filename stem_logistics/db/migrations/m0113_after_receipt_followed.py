"""What happens after the receipt is followed to its end: offers lapse, a repaired device is confirmed, cases remind."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-30T08:05:00:000113"
VERSION = "1.38.0"
DESCRIPTION = "after receipt followed"

SQL = """
-- why a kit was not offered to the next in order; and who let an offer pass without a word
ALTER TABLE idle_kit ADD COLUMN out_of_order text NOT NULL DEFAULT '';
ALTER TABLE idle_refusal ADD COLUMN lapsed boolean NOT NULL DEFAULT false;

ALTER TABLE repair
  -- the school said that it has the device again: the first word counts
  ADD COLUMN arrived_at timestamptz,
  -- the case of a receipt from which it was opened
  ADD COLUMN discrepancy_id bigint REFERENCES discrepancy;
CREATE UNIQUE INDEX repair_of_case ON repair (discrepancy_id) WHERE discrepancy_id IS NOT NULL;
-- what went back before anybody was asked is there
UPDATE repair SET arrived_at = closed_at WHERE state = 'returned';
CREATE INDEX repair_awaited ON repair (institution_id) WHERE state = 'returned' AND arrived_at IS NULL;

ALTER TABLE discrepancy_note DROP CONSTRAINT discrepancy_note_kind_check,
  ADD CONSTRAINT discrepancy_note_kind_check
    CHECK (kind IN ('note', 'owner', 'deadline', 'sender', 're-sent', 'reminder', 'repair'));
-- where a supplier was last written to; '' stands for kits of which no supplier is known
CREATE TABLE supplier_contact (supplier text PRIMARY KEY, email text NOT NULL CHECK (email <> ''));
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

"""What a file said of kits that were at schools before they came into the ledger."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-30T08:00:00:000107"
VERSION = "1.38.0"
DESCRIPTION = "kit records"

SQL = """
-- By it the same file is known again, and a corrected one adds what is new. The institution is the one that the file
-- named: what it stands for may change by a merge.
CREATE TABLE kit_record (
  kit_id bigint PRIMARY KEY REFERENCES kit,
  institution_id bigint NOT NULL REFERENCES institution,
  since date NOT NULL,
  source text NOT NULL DEFAULT '',
  inventory_number text NOT NULL DEFAULT '',
  -- nothing tells the kit from others of its kind
  by_count boolean NOT NULL,
  file_digest bytea NOT NULL,
  row integer NOT NULL,
  CHECK (NOT by_count OR inventory_number = '')
);
CREATE INDEX kit_record_institution ON kit_record (institution_id);
CREATE INDEX kit_record_number ON kit_record (inventory_number, institution_id) WHERE inventory_number <> '';
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

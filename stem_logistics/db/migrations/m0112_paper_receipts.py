"""A school that receives on paper sends the paper; staff enter the receipt from it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-30T08:10:00:000112"
VERSION = "1.38.0"
DESCRIPTION = "paper receipts"

SQL = """
CREATE TABLE receipt_paper (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  consignment_id bigint NOT NULL REFERENCES consignment,
  digest bytea NOT NULL REFERENCES stored_file,
  filed_at timestamptz NOT NULL DEFAULT now(),
  link_id bigint REFERENCES school_link,
  -- what was entered from it, or why nothing can be
  receipt_id bigint REFERENCES receipt,
  refused_at timestamptz,
  refused_because text NOT NULL DEFAULT '',
  UNIQUE (consignment_id, digest),
  CHECK (num_nonnulls(receipt_id, refused_at) < 2),
  CHECK ((refused_at IS NULL) = (refused_because = ''))
);
CREATE INDEX receipt_paper_open ON receipt_paper (consignment_id) WHERE receipt_id IS NULL AND refused_at IS NULL;

-- why parcels were closed without a scan of everything in them
ALTER TABLE consignment ADD COLUMN unscanned_reason text NOT NULL DEFAULT '';
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

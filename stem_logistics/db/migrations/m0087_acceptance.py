"""Acceptance of a batch: how many faults its sample may have, and what was decided."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-29T10:00:00:000087"
VERSION = "1.38.0"
DESCRIPTION = "acceptance of batches"

SQL = """
ALTER TABLE purchase_batch
  -- of the devices that are checked, so many may be faulty for the batch to be accepted
  ADD COLUMN most_faulty integer NOT NULL DEFAULT 0 CHECK (most_faulty >= 0),
  ADD COLUMN decision text CHECK (decision IN ('accepted', 'rejected')),
  ADD COLUMN decided_at timestamptz,
  ADD COLUMN decided_by bigint REFERENCES account,
  ADD COLUMN decided_why text NOT NULL DEFAULT '',
  ADD CONSTRAINT batch_decided CHECK ((decision IS NULL) = (decided_at IS NULL)),
  ADD CONSTRAINT batch_rejected_with_reason CHECK (decision IS DISTINCT FROM 'rejected' OR decided_why <> '');
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

"""What became of a piece of evidence when staff looked at it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T06:00:00:000052"
VERSION = "1.38.0"
DESCRIPTION = "evidence checks"

SQL = """
ALTER TABLE evidence
  ADD outcome text CHECK (outcome IN ('accepted', 'rejected')),
  ADD outcome_why text NOT NULL DEFAULT '',
  ADD checked_by bigint REFERENCES account,
  ADD checked_at timestamptz,
  ADD CONSTRAINT evidence_rejection_has_reason CHECK (outcome <> 'rejected' OR outcome_why <> '');
UPDATE evidence SET outcome = 'accepted', checked_by = vouched_by, checked_at = created_at
  WHERE source = 'link' AND vouched_by IS NOT NULL;
CREATE INDEX evidence_waiting ON evidence (id) WHERE outcome IS NULL AND source = 'link' AND withdrawn_at IS NULL;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

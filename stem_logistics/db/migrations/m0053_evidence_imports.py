"""Files of evidence, and how their columns were matched."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T06:00:00:000053"
VERSION = "1.38.0"
DESCRIPTION = "evidence imports"

SQL = """
CREATE TABLE evidence_import (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  file_digest bytea NOT NULL REFERENCES stored_file,
  file_name text NOT NULL,
  created_by bigint REFERENCES account,
  created_at timestamptz NOT NULL DEFAULT now(),
  job_id bigint REFERENCES job
);

-- How the columns of files with these headings are read: remembered for the next file of the kind.
CREATE TABLE column_matching (
  signature text PRIMARY KEY,
  matching jsonb NOT NULL,
  decided_by bigint REFERENCES account,
  decided_at timestamptz NOT NULL DEFAULT now()
);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

"""Applications sent back for correction, withdrawn with a reason, and what staff note beside them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T06:00:00:000051"
VERSION = "1.38.0"
DESCRIPTION = "application handling"

SQL = """
ALTER TABLE application
  ADD withdrawn_at timestamptz,
  ADD withdrawn_why text NOT NULL DEFAULT '';

-- A school is asked to correct its application; until then what it sent counts.
CREATE TABLE application_return (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  wave_id bigint NOT NULL REFERENCES wave,
  institution_id bigint NOT NULL REFERENCES institution,
  application_id bigint NOT NULL REFERENCES application,
  why text NOT NULL CHECK (why <> ''),
  until_at timestamptz NOT NULL,
  created_by bigint REFERENCES account,
  created_at timestamptz NOT NULL DEFAULT now(),
  answered_at timestamptz
);
CREATE UNIQUE INDEX application_return_open ON application_return (wave_id, institution_id)
  WHERE answered_at IS NULL;

CREATE TABLE application_comment (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  wave_id bigint NOT NULL REFERENCES wave,
  institution_id bigint NOT NULL REFERENCES institution,
  body text NOT NULL CHECK (body <> ''),
  created_by bigint REFERENCES account,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX application_comment_of ON application_comment (wave_id, institution_id);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

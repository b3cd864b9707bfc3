"""Prizes and direct grants: fixed lists that go the way of a wave's results."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T10:00:00:000075"
VERSION = "1.38.0"
DESCRIPTION = "grant lists"

SQL = """
-- A list has neither call nor points, but its awards are shipped and received as a wave's are: it is a row beside them.
ALTER TABLE wave ADD kind text NOT NULL DEFAULT 'wave' CHECK (kind IN ('wave', 'list'));

CREATE TABLE grant_list (
  wave_id bigint PRIMARY KEY REFERENCES wave,
  reason text NOT NULL CHECK (reason IN ('contest', 'direct')),
  -- the contest, or why it is granted directly: what everybody reads beside a recipient
  ground text NOT NULL CHECK (ground <> ''),
  -- given out before it was entered here: nothing is left to send
  delivered boolean NOT NULL DEFAULT false,
  -- how many of each kit there are to give, by slug
  stock jsonb NOT NULL DEFAULT '{}',
  published_file bytea REFERENCES stored_file,
  published_by bigint REFERENCES account
);

CREATE TABLE grant_entry (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  wave_id bigint NOT NULL REFERENCES grant_list,
  -- its row in the file that it came from; entered by hand, what follows
  position integer NOT NULL,
  institution_id bigint NOT NULL REFERENCES institution,
  kit_slug text NOT NULL,
  units integer NOT NULL DEFAULT 1 CHECK (units > 0),
  category text NOT NULL DEFAULT '',
  rank text NOT NULL DEFAULT '',
  project text NOT NULL DEFAULT '',
  note text NOT NULL DEFAULT '',
  created_by bigint REFERENCES account,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT grant_entry_once UNIQUE (wave_id, institution_id, kit_slug)
);
CREATE INDEX grant_entry_institution ON grant_entry (institution_id);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

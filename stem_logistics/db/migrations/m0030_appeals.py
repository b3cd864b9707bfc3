"""Provisional results, appeals, committees and their minutes, and runs that follow from runs."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T10:00:00:000030"
VERSION = "1.38.0"
DESCRIPTION = "appeals"

SQL = """
ALTER TABLE wave DROP CONSTRAINT wave_state_check;
ALTER TABLE wave ADD CONSTRAINT wave_state_check
  CHECK (state IN ('draft', 'open', 'allocated', 'provisional', 'published', 'historic'));
ALTER TABLE wave
  ADD COLUMN provisional_at timestamptz,
  ADD COLUMN provisional_protocol text NOT NULL DEFAULT '',
  ADD COLUMN provisional_ada text NOT NULL DEFAULT '',
  -- appeals are taken before this moment
  ADD COLUMN appeals_until timestamptz,
  ADD CONSTRAINT wave_appeals_window CHECK (appeals_until > provisional_at);

-- A run that follows from another by an appeal or a kit given back; the final file chains them.
ALTER TABLE allocation_run
  ADD COLUMN previous_id bigint REFERENCES allocation_run,
  ADD COLUMN step text NOT NULL DEFAULT 'run'
    CHECK (step IN ('run', 'supernumerary', 'rerun', 'given_back', 'withdrawn')),
  ADD COLUMN final_file bytea REFERENCES stored_file,
  ADD CONSTRAINT allocation_run_chain CHECK ((previous_id IS NULL) = (step = 'run'));
CREATE UNIQUE INDEX allocation_run_follows_once ON allocation_run (previous_id);
DROP INDEX allocation_run_published;
CREATE UNIQUE INDEX allocation_run_published ON allocation_run (wave_id)
  WHERE published_at IS NOT NULL AND previous_id IS NULL;

CREATE TABLE committee (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  wave_id bigint NOT NULL REFERENCES wave,
  kind text NOT NULL CHECK (kind IN ('evaluation', 'appeals')),
  act_number text NOT NULL CHECK (act_number <> ''),
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (wave_id, kind)
);
CREATE TABLE committee_member (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  committee_id bigint NOT NULL REFERENCES committee ON DELETE CASCADE,
  wave_id bigint NOT NULL REFERENCES wave,
  position integer NOT NULL,
  name text NOT NULL CHECK (name <> ''),
  post text NOT NULL CHECK (post <> ''),
  -- the name folded: one person sits in one committee of a wave
  name_key text NOT NULL,
  CONSTRAINT committee_member_once UNIQUE (wave_id, name_key)
);
CREATE INDEX committee_member_committee ON committee_member (committee_id);
CREATE TABLE committee_minutes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  committee_id bigint NOT NULL REFERENCES committee,
  number integer NOT NULL,
  session_on date NOT NULL,
  remarks text NOT NULL DEFAULT '',
  file_digest bytea NOT NULL REFERENCES stored_file,
  created_by bigint REFERENCES account,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (committee_id, number)
);

CREATE TABLE appeal (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  wave_id bigint NOT NULL REFERENCES wave,
  institution_id bigint NOT NULL REFERENCES institution,
  number integer NOT NULL,
  point text NOT NULL CHECK (point IN ('criterion', 'exclusion', 'admission', 'category', 'preference')),
  -- which criterion, condition, category or kit
  detail text NOT NULL DEFAULT '',
  body text NOT NULL CHECK (body <> ''),
  channel text NOT NULL CHECK (channel IN ('link', 'form')),
  filed_by bigint REFERENCES account,
  filed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  state text NOT NULL DEFAULT 'filed' CHECK (state IN ('filed', 'withdrawn', 'decided')),
  decision text CHECK (decision IN ('accepted', 'partly', 'rejected', 'out-of-time')),
  reason text NOT NULL DEFAULT '',
  -- the application as the committee finds it should have been
  correction jsonb,
  effect text CHECK (effect IN ('none', 'supernumerary', 'rerun')),
  decided_at timestamptz,
  decided_by bigint REFERENCES account,
  committee_id bigint REFERENCES committee,
  run_id bigint REFERENCES allocation_run,
  UNIQUE (wave_id, number),
  CHECK ((state = 'decided') = (decision IS NOT NULL)),
  CHECK (decision IS NULL OR (reason <> '' AND decided_at IS NOT NULL))
);
CREATE UNIQUE INDEX appeal_once ON appeal (wave_id, institution_id, point, detail) WHERE state <> 'withdrawn';
CREATE INDEX appeal_institution ON appeal (institution_id);
CREATE TABLE appeal_document (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  appeal_id bigint NOT NULL REFERENCES appeal,
  name text NOT NULL,
  file_digest bytea NOT NULL REFERENCES stored_file,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (appeal_id, file_digest)
);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

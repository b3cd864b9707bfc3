"""Waves: rules, applications, evidence, scores, allocation and awards."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T06:00:00:000003"
VERSION = "1.38.0"
DESCRIPTION = "waves and allocation"

SQL = """
CREATE TABLE wave (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  title_el text NOT NULL,
  title_en text NOT NULL,
  year_from smallint NOT NULL,
  year_to smallint NOT NULL,
  state text NOT NULL DEFAULT 'draft'
    CHECK (state IN ('draft', 'open', 'allocated', 'published', 'historic')),
  opens_at timestamptz,
  deadline_at timestamptz,
  -- the lottery: committed to when the call opens, drawn in public after the deadline
  seed_commitment text CHECK (seed_commitment ~ '^[0-9a-f]{64}$'),
  nonce_sealed bytea,
  nonce text,
  draw_description text NOT NULL DEFAULT '',
  draw_on date,
  draw_numbers text,
  seed text CHECK (seed ~ '^[0-9a-f]{64}$'),
  call_protocol text NOT NULL DEFAULT '',
  call_ada text NOT NULL DEFAULT '',
  decision_protocol text NOT NULL DEFAULT '',
  decision_ada text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  published_at timestamptz,
  CHECK (year_from <= year_to),
  CHECK (opens_at < deadline_at),
  CHECK ((seed IS NULL) = (nonce IS NULL))
);

CREATE TABLE wave_rules (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  wave_id bigint NOT NULL REFERENCES wave,
  version integer NOT NULL CHECK (version > 0),
  document jsonb NOT NULL,
  created_by bigint REFERENCES account,
  created_at timestamptz NOT NULL DEFAULT now(),
  frozen_at timestamptz,
  UNIQUE (wave_id, version)
);

CREATE TABLE teacher (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE,
  name text,
  email text,
  last_signed_in_on date,
  service_institution_id bigint REFERENCES institution,
  created_at timestamptz NOT NULL DEFAULT now(),
  erased_at timestamptz
);

CREATE TABLE application (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  wave_id bigint NOT NULL REFERENCES wave,
  institution_id bigint NOT NULL REFERENCES institution,
  submission integer NOT NULL DEFAULT 1 CHECK (submission > 0),
  preferences text[] NOT NULL DEFAULT '{}',
  -- answers to the wave's conditions of admission, by condition
  declarations jsonb NOT NULL DEFAULT '{}',
  project_title text NOT NULL DEFAULT '',
  state text NOT NULL DEFAULT 'submitted' CHECK (state IN ('submitted', 'withdrawn')),
  channel text NOT NULL CHECK (channel IN ('form', 'file', 'link')),
  submitted_by bigint REFERENCES account,
  submitted_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (wave_id, institution_id, submission)
);
CREATE INDEX application_institution ON application (institution_id);

CREATE TABLE evidence (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- the school of the project, or the school itself
  institution_id bigint NOT NULL REFERENCES institution,
  -- prizes and labels are a teacher's
  teacher_id bigint REFERENCES teacher,
  kind text NOT NULL,
  -- what makes it the same thing when it is entered twice: a project's or a course's number
  reference text NOT NULL,
  title text NOT NULL DEFAULT '',
  awarded_on date,
  year smallint NOT NULL,
  details jsonb NOT NULL DEFAULT '{}',
  source text NOT NULL DEFAULT '',
  document_digest bytea REFERENCES stored_file,
  vouched_by bigint REFERENCES account,
  created_at timestamptz NOT NULL DEFAULT now(),
  withdrawn_at timestamptz
);
CREATE UNIQUE INDEX evidence_once ON evidence (kind, reference, institution_id, teacher_id, year)
  NULLS NOT DISTINCT WHERE withdrawn_at IS NULL;
CREATE INDEX evidence_institution ON evidence (institution_id);
CREATE INDEX evidence_teacher ON evidence (teacher_id);

CREATE TABLE score_run (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  wave_id bigint NOT NULL REFERENCES wave,
  rules_id bigint NOT NULL REFERENCES wave_rules,
  created_by bigint REFERENCES account,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE application_score (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  score_run_id bigint NOT NULL REFERENCES score_run,
  application_id bigint NOT NULL REFERENCES application,
  admitted boolean NOT NULL,
  exclusions jsonb NOT NULL DEFAULT '[]',
  total numeric(15, 6) NOT NULL CHECK (total >= 0),
  parts jsonb NOT NULL,
  UNIQUE (score_run_id, application_id)
);
CREATE INDEX application_score_application ON application_score (application_id);

CREATE TABLE allocation_run (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  wave_id bigint NOT NULL REFERENCES wave,
  score_run_id bigint NOT NULL REFERENCES score_run,
  seed text NOT NULL,
  -- the two files as they are published
  input_file bytea NOT NULL REFERENCES stored_file,
  outcome_file bytea NOT NULL REFERENCES stored_file,
  created_by bigint REFERENCES account,
  created_at timestamptz NOT NULL DEFAULT now(),
  published_by bigint REFERENCES account,
  published_at timestamptz
);
CREATE UNIQUE INDEX allocation_run_published ON allocation_run (wave_id) WHERE published_at IS NOT NULL;

CREATE TABLE allocation_row (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id bigint NOT NULL REFERENCES allocation_run,
  position integer NOT NULL,
  institution_id bigint NOT NULL REFERENCES institution,
  kit_slug text,
  code text NOT NULL,
  line text,
  units integer NOT NULL DEFAULT 0,
  score numeric(15, 6) NOT NULL,
  ticket text NOT NULL,
  cutoff jsonb,
  needed jsonb,
  UNIQUE (run_id, position)
);
CREATE INDEX allocation_row_institution ON allocation_row (institution_id, run_id);

CREATE TABLE award (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  wave_id bigint NOT NULL REFERENCES wave,
  institution_id bigint NOT NULL REFERENCES institution,
  kit_slug text NOT NULL,
  line text NOT NULL DEFAULT '',
  units integer NOT NULL DEFAULT 1 CHECK (units > 0),
  source text NOT NULL CHECK (source IN ('allocation', 'historic', 'direct')),
  run_id bigint REFERENCES allocation_run,
  note text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (wave_id, institution_id, kit_slug),
  CHECK ((source = 'allocation') = (run_id IS NOT NULL))
);
CREATE INDEX award_institution ON award (institution_id);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

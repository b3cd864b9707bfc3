"""The registry: regional directorates, directorates, schools and university departments; links for schools."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T06:00:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "registry"

SQL = """
CREATE TABLE regional_directorate (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE,
  name_el text NOT NULL UNIQUE,
  name_en text NOT NULL
);

CREATE TABLE directorate (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE,
  name text NOT NULL UNIQUE,
  stage text CHECK (stage IN ('primary', 'secondary')),
  regional_directorate_id bigint NOT NULL REFERENCES regional_directorate
);
CREATE INDEX directorate_region ON directorate (regional_directorate_id);

CREATE TABLE institution (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE CHECK (code = btrim(code) AND length(code) BETWEEN 1 AND 20),
  kind text NOT NULL DEFAULT 'school' CHECK (kind IN ('school', 'department')),
  name text NOT NULL CHECK (name <> ''),
  level text NOT NULL,
  unit_type text NOT NULL DEFAULT '',
  special_type text NOT NULL DEFAULT '',
  orientation_type text NOT NULL DEFAULT '',
  operation_shift text NOT NULL DEFAULT '',
  legal_character text NOT NULL DEFAULT '',
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended', 'closed')),
  categories text[] NOT NULL DEFAULT '{}'
    CHECK (categories <@ ARRAY['special', 'minority', 'second-chance']),
  -- no source has it: the NSO's own flag
  remote boolean NOT NULL DEFAULT false,
  regional_directorate_id bigint NOT NULL REFERENCES regional_directorate,
  directorate_id bigint REFERENCES directorate,
  municipality text NOT NULL DEFAULT '',
  address text NOT NULL DEFAULT '',
  postcode text NOT NULL DEFAULT '',
  phone text NOT NULL DEFAULT '',
  email text NOT NULL DEFAULT '',
  latitude numeric(9, 6) CHECK (latitude BETWEEN -90 AND 90),
  longitude numeric(9, 6) CHECK (longitude BETWEEN -180 AND 180),
  pupils integer CHECK (pupils >= 0),
  search_key text NOT NULL DEFAULT '',
  search_vector tsvector GENERATED ALWAYS AS (to_tsvector('simple', search_key)) STORED,
  source text NOT NULL DEFAULT '',
  source_updated_on date,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX institution_search ON institution USING gin (search_vector);
CREATE INDEX institution_region ON institution (regional_directorate_id, id);
CREATE INDEX institution_directorate ON institution (directorate_id);

ALTER TABLE mail_message ADD FOREIGN KEY (institution_id) REFERENCES institution;

CREATE TABLE registry_import (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  file_digest bytea NOT NULL REFERENCES stored_file,
  file_name text NOT NULL,
  column_set text NOT NULL DEFAULT '',
  state text NOT NULL DEFAULT 'uploaded'
    CHECK (state IN ('uploaded', 'previewed', 'importing', 'imported', 'refused')),
  created integer NOT NULL DEFAULT 0,
  updated integer NOT NULL DEFAULT 0,
  unchanged integer NOT NULL DEFAULT 0,
  errors jsonb NOT NULL DEFAULT '[]',
  changes jsonb NOT NULL DEFAULT '[]',
  job_id bigint REFERENCES job,
  created_by bigint REFERENCES account,
  created_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz
);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

"""Double registrations: which school a code stands for, and the decisions about pairs."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T06:00:00:000040"
VERSION = "1.38.0"
DESCRIPTION = "registry merges"

SQL = """
-- A double registration keeps its row and its history; `root_id` is the school that it stands for (itself, mostly).
ALTER TABLE institution
  ADD merged_into bigint REFERENCES institution,
  ADD root_id bigint REFERENCES institution;
UPDATE institution SET root_id = id;
CREATE FUNCTION institution_is_its_own_root() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.root_id := coalesce(NEW.root_id, NEW.id);
  RETURN NEW;
END $$;
CREATE TRIGGER institution_root BEFORE INSERT ON institution
  FOR EACH ROW EXECUTE FUNCTION institution_is_its_own_root();
ALTER TABLE institution
  ALTER root_id SET NOT NULL,
  ADD CONSTRAINT institution_merged_elsewhere CHECK (merged_into <> id),
  ADD CONSTRAINT institution_root_follows CHECK ((merged_into IS NULL) = (root_id = id));
CREATE INDEX institution_root ON institution (root_id);

CREATE TABLE institution_merge (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  duplicate_id bigint NOT NULL REFERENCES institution,
  kept_id bigint NOT NULL REFERENCES institution,
  why text NOT NULL DEFAULT '',
  -- what other nouns took along, so that it can be put back
  moved jsonb NOT NULL DEFAULT '{}',
  merged_at timestamptz NOT NULL DEFAULT now(),
  merged_by bigint REFERENCES account,
  undone_at timestamptz,
  undone_by bigint REFERENCES account,
  CHECK (duplicate_id <> kept_id)
);
CREATE UNIQUE INDEX institution_merged_once ON institution_merge (duplicate_id) WHERE undone_at IS NULL;
CREATE INDEX institution_merge_kept ON institution_merge (kept_id);

-- What the last look found; renewed as a whole.
CREATE TABLE institution_suspicion (
  first_id bigint NOT NULL REFERENCES institution,
  second_id bigint NOT NULL REFERENCES institution,
  grounds text[] NOT NULL,
  weight integer NOT NULL,
  PRIMARY KEY (first_id, second_id),
  CHECK (first_id < second_id)
);

-- Two rows that look alike and are two schools, by somebody's word.
CREATE TABLE institution_distinct (
  first_id bigint NOT NULL REFERENCES institution,
  second_id bigint NOT NULL REFERENCES institution,
  why text NOT NULL DEFAULT '',
  decided_at timestamptz NOT NULL DEFAULT now(),
  decided_by bigint REFERENCES account,
  PRIMARY KEY (first_id, second_id),
  CHECK (first_id < second_id)
);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

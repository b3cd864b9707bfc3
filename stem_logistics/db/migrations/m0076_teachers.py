"""Teachers: contacts by consent, several schools, double registrations that are merged and parted again."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T10:00:00:000076"
VERSION = "1.38.0"
DESCRIPTION = "teachers"

# The same code however it is typed: capitals, Greek letters that look Latin, signs and leading zeros apart.
CODE_KEY = """regexp_replace(translate(upper(code), 'ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ', 'ABEZHIKMNOPTYX'), '[^0-9A-ZΑ-Ω]|^0+', '', 'g')"""

SQL = f"""
-- As with schools: a double registration keeps its row and what names it; `root_id` is the teacher that it stands for.
ALTER TABLE teacher
  ADD merged_into bigint REFERENCES teacher,
  ADD root_id bigint REFERENCES teacher,
  -- the name folded, its words in order: a personal value, erased with the name
  ADD name_key text,
  ADD updated_at timestamptz NOT NULL DEFAULT now();
UPDATE teacher SET root_id = id;
CREATE TRIGGER teacher_root BEFORE INSERT ON teacher
  FOR EACH ROW EXECUTE FUNCTION institution_is_its_own_root();
ALTER TABLE teacher
  ALTER root_id SET NOT NULL,
  ADD CONSTRAINT teacher_merged_elsewhere CHECK (merged_into <> id),
  ADD CONSTRAINT teacher_root_follows CHECK ((merged_into IS NULL) = (root_id = id));
CREATE INDEX teacher_root ON teacher (root_id);
CREATE INDEX teacher_service ON teacher (service_institution_id);
CREATE INDEX teacher_name ON teacher (name_key) WHERE name_key IS NOT NULL;
CREATE INDEX teacher_email ON teacher (lower(email)) WHERE email IS NOT NULL;
CREATE INDEX teacher_code_folded ON teacher (({CODE_KEY}));

-- points depend on where a teacher serves and on the last sign-in
CREATE FUNCTION teacher_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := clock_timestamp();
  RETURN NEW;
END $$;
CREATE TRIGGER teacher_touched BEFORE UPDATE ON teacher FOR EACH ROW
  WHEN ((OLD.service_institution_id, OLD.last_signed_in_on, OLD.root_id)
    IS DISTINCT FROM (NEW.service_institution_id, NEW.last_signed_in_on, NEW.root_id))
  EXECUTE FUNCTION teacher_touched();

-- Name and address are kept for a purpose that the teacher agreed to: when, how; and when, how it was taken back.
CREATE TABLE teacher_consent (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  teacher_id bigint NOT NULL REFERENCES teacher,
  purpose text NOT NULL CHECK (purpose IN ('contact', 'training', 'news')),
  given_on date NOT NULL,
  how text NOT NULL CHECK (how <> ''),
  noted_by bigint REFERENCES account,
  noted_at timestamptz NOT NULL DEFAULT now(),
  withdrawn_on date,
  withdrawn_how text NOT NULL DEFAULT '',
  withdrawn_by bigint REFERENCES account,
  CHECK (withdrawn_on >= given_on),
  CHECK (withdrawn_on IS NULL OR withdrawn_how <> '')
);
CREATE UNIQUE INDEX teacher_consent_once ON teacher_consent (teacher_id, purpose) WHERE withdrawn_on IS NULL;

-- The schools where a teacher serves beside the one of service.
CREATE TABLE teacher_post (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  teacher_id bigint NOT NULL REFERENCES teacher,
  institution_id bigint NOT NULL REFERENCES institution,
  since_on date NOT NULL DEFAULT CURRENT_DATE,
  until_on date CHECK (until_on >= since_on)
);
CREATE UNIQUE INDEX teacher_post_once ON teacher_post (teacher_id, institution_id) WHERE until_on IS NULL;
CREATE INDEX teacher_post_institution ON teacher_post (institution_id);

CREATE TABLE teacher_merge (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  duplicate_id bigint NOT NULL REFERENCES teacher,
  kept_id bigint NOT NULL REFERENCES teacher,
  why text NOT NULL DEFAULT '',
  merged_at timestamptz NOT NULL DEFAULT now(),
  merged_by bigint REFERENCES account,
  undone_at timestamptz,
  undone_by bigint REFERENCES account,
  CHECK (duplicate_id <> kept_id)
);
CREATE UNIQUE INDEX teacher_merged_once ON teacher_merge (duplicate_id) WHERE undone_at IS NULL;

-- Two that look alike and are two people, by somebody's word.
CREATE TABLE teacher_distinct (
  first_id bigint NOT NULL REFERENCES teacher,
  second_id bigint NOT NULL REFERENCES teacher,
  decided_at timestamptz NOT NULL DEFAULT now(),
  decided_by bigint REFERENCES account,
  PRIMARY KEY (first_id, second_id),
  CHECK (first_id < second_id)
);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

"""The receiving committee, its signatures, signed papers, surplus; and every edition of a protocol."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T11:10:00:000061"
VERSION = "1.38.0"
DESCRIPTION = "committees and signatures"

SQL = """
ALTER TABLE receipt
  ADD COLUMN quality text NOT NULL DEFAULT 'looked' CHECK (quality IN ('looked', 'tried', 'later')),
  ADD COLUMN committee_act text NOT NULL DEFAULT '',
  ADD COLUMN appointed_by text NOT NULL DEFAULT '' CHECK (appointed_by IN ('', 'school', 'directorate')),
  ADD COLUMN signed_digest bytea REFERENCES stored_file,
  ADD COLUMN signed_at timestamptz,
  ADD COLUMN signed_by bigint REFERENCES account,
  ADD CONSTRAINT signed_file_has_its_moment CHECK ((signed_digest IS NULL) = (signed_at IS NULL));

-- The members of a receiving committee (τριμελής επιτροπή παραλαβής). A name can be erased; that they confirmed stays.
CREATE TABLE receipt_member (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  receipt_id bigint NOT NULL REFERENCES receipt,
  position smallint NOT NULL CHECK (position BETWEEN 1 AND 3),
  name text,
  post text NOT NULL,
  confirmed_at timestamptz,
  -- a drawn signature: strokes of points, "x,y x,y;x,y x,y"
  signature text NOT NULL DEFAULT '' CHECK (length(signature) <= 20000),
  UNIQUE (receipt_id, position)
);

CREATE TABLE receipt_surplus (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  receipt_id bigint NOT NULL REFERENCES receipt,
  kind text NOT NULL CHECK (kind IN ('surplus', 'wrong')),
  what text NOT NULL CHECK (what <> ''),
  serial_number text NOT NULL DEFAULT '',
  quantity integer NOT NULL CHECK (quantity BETWEEN 1 AND 100000)
);
CREATE INDEX receipt_surplus_receipt ON receipt_surplus (receipt_id);

CREATE TABLE protocol_issue (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  receipt_id bigint NOT NULL REFERENCES receipt,
  issue integer NOT NULL CHECK (issue > 0),
  digest bytea NOT NULL REFERENCES stored_file,
  why text NOT NULL DEFAULT '',
  issued_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (receipt_id, issue)
);
INSERT INTO protocol_issue (receipt_id, issue, digest, issued_at)
  SELECT id, 1, protocol_digest, confirmed_at FROM receipt WHERE protocol_digest IS NOT NULL;
CREATE TRIGGER protocol_issue_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON protocol_issue
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A discrepancy is of a line that was sent, or of something that came without having been sent.
ALTER TABLE discrepancy
  ALTER COLUMN receipt_line_id DROP NOT NULL,
  ADD COLUMN surplus_id bigint UNIQUE REFERENCES receipt_surplus,
  ADD COLUMN owner_id bigint REFERENCES account,
  ADD COLUMN sender_told_at timestamptz,
  ADD COLUMN replacement text NOT NULL DEFAULT '',
  ADD CONSTRAINT discrepancy_of_one_thing CHECK (num_nonnulls(receipt_line_id, surplus_id) = 1),
  DROP CONSTRAINT discrepancy_kind_check,
  ADD CONSTRAINT discrepancy_kind_check CHECK (kind IN ('missing', 'damaged', 'surplus', 'wrong')),
  DROP CONSTRAINT discrepancy_outcome_check,
  ADD CONSTRAINT discrepancy_outcome_check CHECK (outcome IN
    ('re-sent', 'credited', 'found', 'repaired', 'written-off', 'taken-back', 'kept'));

CREATE TABLE discrepancy_note (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  discrepancy_id bigint NOT NULL REFERENCES discrepancy,
  at timestamptz NOT NULL DEFAULT now(),
  account_id bigint REFERENCES account,
  kind text NOT NULL CHECK (kind IN ('note', 'owner', 'deadline', 'sender')),
  said text NOT NULL CHECK (said <> '')
);
CREATE INDEX discrepancy_note_of ON discrepancy_note (discrepancy_id, id);
CREATE TRIGGER discrepancy_note_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON discrepancy_note
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Who was reminded of what is late: each step of the rule once.
CREATE TABLE delivery_reminder (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  consignment_id bigint NOT NULL REFERENCES consignment,
  step text NOT NULL CHECK (step IN ('school', 'directorate', 'ambassador')),
  expected_on date NOT NULL,
  sent_at timestamptz NOT NULL DEFAULT now(),
  to_address text NOT NULL,
  UNIQUE (consignment_id, step, expected_on)
);

-- Who is written to when a school does not answer: its directorate, then its region's ambassador.
CREATE TABLE delivery_contact (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  step text NOT NULL CHECK (step IN ('directorate', 'ambassador')),
  regional_directorate_id bigint NOT NULL REFERENCES regional_directorate,
  directorate_id bigint REFERENCES directorate,
  name text NOT NULL DEFAULT '',
  email text NOT NULL CHECK (email LIKE '%@%'),
  CHECK ((step = 'directorate') = (directorate_id IS NOT NULL)),
  CONSTRAINT delivery_contact_once UNIQUE NULLS NOT DISTINCT (step, regional_directorate_id, directorate_id)
);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

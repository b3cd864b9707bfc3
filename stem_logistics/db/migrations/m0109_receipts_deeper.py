"""A receipt's quality as a step of its own, photographs of every part of it, things that came unasked recognised, and
editions of a protocol that can each be verified."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-30T07:45:00:000109"
VERSION = "1.38.0"
DESCRIPTION = "receipts deeper"

SQL = """
-- What an edition was printed with: the letters of its code, and a digest of those facts that nothing may change
-- afterwards. Editions made before have neither; their code is computed as it was then.
ALTER TABLE protocol_issue
  ADD COLUMN verification text NOT NULL DEFAULT '',
  ADD COLUMN facts bytea,
  ADD CONSTRAINT protocol_issue_verifiable CHECK ((verification = '') = (facts IS NULL));

ALTER TABLE receipt
  -- drawn by the person who received: strokes of points, as a member's
  ADD COLUMN signature text NOT NULL DEFAULT '' CHECK (length(signature) <= 20000);

-- The quality of what a receipt said had come, where it was looked at later: once, by whom, with what came of it. A
-- line that is not named was in order.
CREATE TABLE receipt_quality (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  receipt_id bigint NOT NULL UNIQUE REFERENCES receipt,
  quality text NOT NULL CHECK (quality IN ('looked', 'tried')),
  name text,
  role text NOT NULL,
  signature text NOT NULL DEFAULT '' CHECK (length(signature) <= 20000),
  note text NOT NULL DEFAULT '',
  channel text NOT NULL CHECK (channel IN ('link', 'staff')),
  link_id bigint REFERENCES school_link,
  account_id bigint REFERENCES account,
  done_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE receipt_quality_line (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  receipt_quality_id bigint NOT NULL REFERENCES receipt_quality,
  receipt_line_id bigint NOT NULL UNIQUE REFERENCES receipt_line,
  damaged integer NOT NULL CHECK (damaged > 0),
  damage_reason text NOT NULL CHECK (damage_reason IN ('transport', 'opened', 'defective', 'incomplete', 'other')),
  note text NOT NULL DEFAULT ''
);
CREATE INDEX receipt_quality_line_of ON receipt_quality_line (receipt_quality_id);
CREATE TRIGGER receipt_quality_line_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON receipt_quality_line
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- a line has a case for what was seen at once, and one for what was found when its quality was looked at
ALTER TABLE discrepancy
  ADD COLUMN quality_line_id bigint UNIQUE REFERENCES receipt_quality_line,
  ADD CONSTRAINT discrepancy_of_quality_of_its_line CHECK (quality_line_id IS NULL OR receipt_line_id IS NOT NULL),
  DROP CONSTRAINT discrepancy_receipt_line_id_kind_key;
CREATE UNIQUE INDEX discrepancy_once ON discrepancy (receipt_line_id, kind, coalesce(quality_line_id, 0))
  WHERE receipt_line_id IS NOT NULL;

CREATE TABLE receipt_photo (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  receipt_line_id bigint REFERENCES receipt_line,
  surplus_id bigint REFERENCES receipt_surplus,
  quality_line_id bigint REFERENCES receipt_quality_line,
  position smallint NOT NULL CHECK (position BETWEEN 1 AND 5),
  digest bytea NOT NULL REFERENCES stored_file,
  CONSTRAINT receipt_photo_of_one_thing CHECK (num_nonnulls(receipt_line_id, surplus_id, quality_line_id) = 1),
  CONSTRAINT receipt_photo_once UNIQUE NULLS NOT DISTINCT (receipt_line_id, surplus_id, quality_line_id, position)
);
CREATE INDEX receipt_photo_surplus ON receipt_photo (surplus_id) WHERE surplus_id IS NOT NULL;
CREATE INDEX receipt_photo_quality ON receipt_photo (quality_line_id) WHERE quality_line_id IS NOT NULL;
INSERT INTO receipt_photo (receipt_line_id, position, digest)
  SELECT id, 1, photo_digest FROM receipt_line WHERE photo_digest IS NOT NULL ORDER BY id;
CREATE TRIGGER receipt_photo_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON receipt_photo
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE receipt_line DROP COLUMN photo_digest;

-- What came without having been sent, where its number is one of ours: which kit or device, and where the ledger had it
-- when the school reported it.
ALTER TABLE receipt_surplus
  ADD COLUMN kit_id bigint REFERENCES kit,
  ADD COLUMN device_id bigint REFERENCES device,
  ADD COLUMN found_place_id bigint REFERENCES place,
  ADD CONSTRAINT receipt_surplus_is_one_thing CHECK (num_nonnulls(kit_id, device_id) < 2);
CREATE INDEX receipt_surplus_kit ON receipt_surplus (kit_id) WHERE kit_id IS NOT NULL;
CREATE INDEX receipt_surplus_device ON receipt_surplus (device_id) WHERE device_id IS NOT NULL;

-- A serial number as it looks: Greek and Cyrillic letters that look Latin are Latin, O is 0, I and l are 1; case,
-- blanks and hyphens do not count. Two different numbers may have one shape: then it is asked which.
CREATE FUNCTION serial_shape(serial text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT translate(regexp_replace(normalize(serial, NFKC), '[[:space:]._/-]+', '', 'g'),
    'abcdefghijklmnopqrstuvwxyzΑΒΕΖΗΙΚΜΝΟΡΤΥΧαβεζηικμνορτυχАВЕКМНОРСТХаеорсухІіЅѕЈј' || 'OILQ',
    'ABCDEFGH1JK1MN0P0RSTUVWXYZABEZH1KMN0PTYXABEZH1KMN0PTYXABEKMH0PCTXAE0PCYX11SSJJ' || '0110')
$$;
CREATE INDEX device_serial_shape ON device (serial_shape(serial_number));
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

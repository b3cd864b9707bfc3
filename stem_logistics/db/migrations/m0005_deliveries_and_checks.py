"""Deliveries (lines, receipts, discrepancies, links) and the device checker's laptops and reports."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T06:00:00:000005"
VERSION = "1.38.0"
DESCRIPTION = "deliveries and checks"

SQL = """
CREATE TABLE consignment_kit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  consignment_id bigint NOT NULL REFERENCES consignment,
  kit_id bigint NOT NULL REFERENCES kit,
  award_id bigint REFERENCES award,
  released_at timestamptz,
  UNIQUE (consignment_id, kit_id)
);
-- a kit travels in one consignment at a time
CREATE UNIQUE INDEX consignment_kit_active ON consignment_kit (kit_id) WHERE released_at IS NULL;

CREATE TABLE consignment_line (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  consignment_id bigint NOT NULL REFERENCES consignment,
  kit_id bigint NOT NULL REFERENCES kit,
  item_id bigint NOT NULL REFERENCES item,
  quantity integer NOT NULL CHECK (quantity > 0),
  UNIQUE (consignment_id, kit_id, item_id)
);

CREATE TABLE school_link (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  token_digest bytea NOT NULL UNIQUE CHECK (octet_length(token_digest) = 32),
  -- a short code to type instead of the link, keyed with the server's secret
  code_digest bytea CHECK (octet_length(code_digest) = 32),
  purpose text NOT NULL CHECK (purpose IN ('receipt', 'application', 'result')),
  institution_id bigint NOT NULL REFERENCES institution,
  consignment_id bigint REFERENCES consignment,
  wave_id bigint REFERENCES wave,
  created_by bigint REFERENCES account,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  last_used_at timestamptz,
  CHECK ((purpose = 'receipt') = (consignment_id IS NOT NULL)),
  CHECK ((purpose IN ('application', 'result')) = (wave_id IS NOT NULL))
);
CREATE INDEX school_link_consignment ON school_link (consignment_id);

CREATE TABLE protocol_series (
  year smallint PRIMARY KEY,
  last integer NOT NULL CHECK (last > 0)
);

CREATE TABLE receipt (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE,
  consignment_id bigint NOT NULL REFERENCES consignment,
  part integer NOT NULL CHECK (part > 0),
  protocol_number text NOT NULL UNIQUE,
  protocol_digest bytea REFERENCES stored_file,
  receiver_name text,
  receiver_role text NOT NULL,
  channel text NOT NULL CHECK (channel IN ('link', 'code', 'staff')),
  link_id bigint REFERENCES school_link,
  account_id bigint REFERENCES account,
  idempotency_key text NOT NULL UNIQUE,
  confirmed_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (consignment_id, part)
);

CREATE TABLE receipt_line (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  receipt_id bigint NOT NULL REFERENCES receipt,
  consignment_line_id bigint NOT NULL REFERENCES consignment_line,
  received integer NOT NULL CHECK (received >= 0),
  damaged integer NOT NULL CHECK (damaged >= 0),
  missing integer NOT NULL CHECK (missing >= 0),
  reason text NOT NULL DEFAULT '',
  photo_digest bytea REFERENCES stored_file,
  UNIQUE (receipt_id, consignment_line_id),
  CHECK (received + damaged + missing > 0),
  CONSTRAINT shortfall_has_reason CHECK (damaged + missing = 0 OR reason <> '')
);
CREATE TRIGGER receipt_line_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON receipt_line
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- All receipts of a line together never exceed what was shipped.
CREATE FUNCTION receipt_within_shipped() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  shipped integer;
  counted integer;
BEGIN
  SELECT quantity INTO shipped FROM consignment_line WHERE id = NEW.consignment_line_id FOR NO KEY UPDATE;
  SELECT sum(received + damaged + missing) INTO counted
    FROM receipt_line WHERE consignment_line_id = NEW.consignment_line_id;
  IF counted > shipped THEN
    RAISE EXCEPTION 'line %: % counted of % shipped', NEW.consignment_line_id, counted, shipped
      USING ERRCODE = 'check_violation', CONSTRAINT = 'receipt_within_shipped', TABLE = 'receipt_line';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER receipt_line_within_shipped AFTER INSERT ON receipt_line
  FOR EACH ROW EXECUTE FUNCTION receipt_within_shipped();

CREATE TABLE discrepancy (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE,
  receipt_line_id bigint NOT NULL REFERENCES receipt_line,
  kind text NOT NULL CHECK (kind IN ('missing', 'damaged')),
  quantity integer NOT NULL CHECK (quantity > 0),
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
  outcome text CHECK (outcome IN ('re-sent', 'credited', 'found', 'repaired', 'written-off')),
  outcome_reason text NOT NULL DEFAULT '',
  opened_at timestamptz NOT NULL DEFAULT now(),
  due_on date NOT NULL,
  closed_at timestamptz,
  closed_by bigint REFERENCES account,
  UNIQUE (receipt_line_id, kind),
  CONSTRAINT closed_with_reason CHECK (
    (state = 'open' AND outcome IS NULL AND closed_at IS NULL)
    OR (state = 'closed' AND outcome IS NOT NULL AND closed_at IS NOT NULL AND outcome_reason <> ''))
);

CREATE TABLE agent (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE,
  name text NOT NULL,
  public_key bytea NOT NULL UNIQUE CHECK (octet_length(public_key) = 32),
  version text NOT NULL DEFAULT '',
  enrolled_at timestamptz NOT NULL DEFAULT now(),
  enrolled_by bigint REFERENCES account,
  last_seen_at timestamptz,
  revoked_at timestamptz,
  revoked_by bigint REFERENCES account
);

CREATE TABLE enrolment_code (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code_digest bytea NOT NULL UNIQUE CHECK (octet_length(code_digest) = 32),
  label text NOT NULL DEFAULT '',
  created_by bigint REFERENCES account,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  agent_id bigint REFERENCES agent,
  CHECK ((used_at IS NULL) = (agent_id IS NULL))
);

CREATE TABLE check_report (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  report_id uuid NOT NULL UNIQUE,
  agent_id bigint NOT NULL REFERENCES agent,
  sequence bigint NOT NULL CHECK (sequence > 0),
  previous_digest bytea,
  digest bytea NOT NULL CHECK (octet_length(digest) = 32),
  signature bytea NOT NULL CHECK (octet_length(signature) = 64),
  schema_name text NOT NULL,
  kit_id bigint REFERENCES kit,
  device_id bigint REFERENCES device,
  device_kind text NOT NULL,
  serial_number text NOT NULL DEFAULT '',
  verdict text NOT NULL CHECK (verdict IN
    ('PASS', 'FAIL', 'OUTDATED', 'UNKNOWN', 'MISMATCH', 'DAMAGED', 'INCONCLUSIVE')),
  -- whether the agent's chain was whole up to here when it arrived
  chain text NOT NULL CHECK (chain IN ('whole', 'gap', 'fork')),
  operator text NOT NULL DEFAULT '',
  observed_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  envelope bytea NOT NULL
);
CREATE INDEX check_report_agent ON check_report (agent_id, sequence);
CREATE INDEX check_report_kit ON check_report (kit_id, observed_at);
CREATE INDEX check_report_device ON check_report (device_id, observed_at);
CREATE TRIGGER check_report_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON check_report
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

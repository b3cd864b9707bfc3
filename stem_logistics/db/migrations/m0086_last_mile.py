"""The last mile: regional stores and ambassadors through whom a consignment goes, each hand-over signed."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-29T10:00:00:000086"
VERSION = "1.38.0"
DESCRIPTION = "last mile"

SQL = """
-- A regional store, or an ambassador who brings parcels to the schools of a region.
CREATE TABLE stop (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE CHECK (length(code) = 8),
  kind text NOT NULL CHECK (kind IN ('regional-store', 'ambassador')),
  regional_directorate_id bigint NOT NULL REFERENCES regional_directorate,
  -- a person's name, mailbox and telephone: they can be erased, the code stays
  title text,
  email text NOT NULL DEFAULT '',
  phone text NOT NULL DEFAULT '',
  address text NOT NULL DEFAULT '',
  account_id bigint REFERENCES account,
  active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX stop_region ON stop (regional_directorate_id);

-- An ambassador is one of a region.
ALTER TABLE role_grant ADD CONSTRAINT ambassador_of_a_region CHECK (role <> 'ambassador' OR scope_kind = 'region');

-- A leg of a consignment's way: from whoever holds it to a stop. What happened stays.
CREATE TABLE consignment_leg (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  consignment_id bigint NOT NULL REFERENCES consignment,
  position smallint NOT NULL CHECK (position BETWEEN 1 AND 3),
  stop_id bigint NOT NULL REFERENCES stop,
  state text NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'sent', 'taken', 'skipped')),
  sent_at timestamptz,
  taken_at timestamptz,
  -- who signed: the name can be erased
  taken_by text,
  taken_as text NOT NULL DEFAULT '',
  channel text CHECK (channel IN ('link', 'account')),
  account_id bigint REFERENCES account,
  remark text NOT NULL DEFAULT '',
  UNIQUE (consignment_id, position),
  UNIQUE (consignment_id, stop_id),
  CHECK ((state = 'taken') = (taken_at IS NOT NULL AND channel IS NOT NULL))
);
CREATE INDEX consignment_leg_stop ON consignment_leg (stop_id, state);
CREATE FUNCTION refuse_change_of_taken_leg() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = 'taken' AND (TG_OP = 'DELETE' OR (NEW.state, NEW.stop_id, NEW.taken_at, NEW.channel, NEW.remark)
      IS DISTINCT FROM (OLD.state, OLD.stop_id, OLD.taken_at, OLD.channel, OLD.remark)) THEN
    RAISE EXCEPTION 'a hand-over that was signed does not change'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'append_only', TABLE = 'consignment_leg';
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER consignment_leg_signed BEFORE UPDATE OR DELETE ON consignment_leg
  FOR EACH ROW EXECUTE FUNCTION refuse_change_of_taken_leg();

ALTER TABLE consignment ADD COLUMN held_by_stop_id bigint REFERENCES stop;
CREATE INDEX consignment_held ON consignment (held_by_stop_id) WHERE held_by_stop_id IS NOT NULL;

-- A consignment is a place on its way, and another one in the hands of each stop.
ALTER TABLE place ADD COLUMN stop_id bigint REFERENCES stop CHECK (stop_id IS NULL OR kind = 'consignment');
ALTER TABLE place DROP CONSTRAINT place_consignment_id_key;
CREATE UNIQUE INDEX place_consignment ON place (consignment_id) WHERE stop_id IS NULL;
CREATE UNIQUE INDEX place_consignment_at_stop ON place (consignment_id, stop_id) WHERE stop_id IS NOT NULL;

ALTER TABLE school_link ALTER COLUMN institution_id DROP NOT NULL;
ALTER TABLE school_link ADD COLUMN stop_id bigint REFERENCES stop;
ALTER TABLE school_link ADD CONSTRAINT school_link_of_one CHECK (num_nonnulls(institution_id, stop_id) = 1);
ALTER TABLE school_link ADD CONSTRAINT school_link_of_stop CHECK ((purpose = 'hand-over') = (stop_id IS NOT NULL));

DO $$
DECLARE
  was text;
BEGIN
  SELECT pg_get_expr(conbin, conrelid) INTO was FROM pg_constraint
    WHERE conrelid = 'role_grant'::regclass AND conname = 'role_grant_role_check';
  ALTER TABLE role_grant DROP CONSTRAINT role_grant_role_check;
  EXECUTE format('ALTER TABLE role_grant ADD CONSTRAINT role_grant_role_check CHECK (%s OR role = %L)',
    was, 'ambassador');
  SELECT pg_get_expr(conbin, conrelid) INTO was FROM pg_constraint
    WHERE conrelid = 'movement'::regclass AND conname = 'movement_reason_check';
  ALTER TABLE movement DROP CONSTRAINT movement_reason_check;
  EXECUTE format('ALTER TABLE movement ADD CONSTRAINT movement_reason_check CHECK (%s OR reason = %L)',
    was, 'hand-over');
  SELECT pg_get_expr(conbin, conrelid) INTO was FROM pg_constraint
    WHERE conrelid = 'school_link'::regclass AND conname = 'school_link_purpose_check';
  ALTER TABLE school_link DROP CONSTRAINT school_link_purpose_check;
  EXECUTE format('ALTER TABLE school_link ADD CONSTRAINT school_link_purpose_check CHECK (%s OR purpose = %L)',
    was, 'hand-over');
END $$;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

"""The ledger after receipt: repairs and loans as reasons, repairers as places, periods that are closed."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T09:00:00:000070"
VERSION = "1.38.0"
DESCRIPTION = "ledger after receipt"

SQL = """
-- What was allowed before stays allowed, whichever migrations came before this one.
DO $$
DECLARE
  was text;
BEGIN
  SELECT pg_get_expr(conbin, conrelid) INTO was FROM pg_constraint
    WHERE conrelid = 'movement'::regclass AND conname = 'movement_reason_check';
  ALTER TABLE movement DROP CONSTRAINT movement_reason_check;
  EXECUTE format('ALTER TABLE movement ADD CONSTRAINT movement_reason_check CHECK (%s OR reason IN (%s))', was,
    $list$'repair', 'repaired', 'replacement', 'loan', 'loan-return'$list$);
  SELECT pg_get_expr(conbin, conrelid) INTO was FROM pg_constraint
    WHERE conrelid = 'place'::regclass AND conname = 'place_kind_check';
  ALTER TABLE place DROP CONSTRAINT place_kind_check;
  EXECUTE format('ALTER TABLE place ADD CONSTRAINT place_kind_check CHECK (%s OR kind = %L)', was, 'repairer');
  SELECT pg_get_expr(conbin, conrelid) INTO was FROM pg_constraint
    WHERE conrelid = 'school_link'::regclass AND conname = 'school_link_purpose_check';
  ALTER TABLE school_link DROP CONSTRAINT school_link_purpose_check;
  EXECUTE format('ALTER TABLE school_link ADD CONSTRAINT school_link_purpose_check CHECK (%s OR purpose IN (%s))', was,
    $list$'custody', 'stocktake'$list$);
END $$;

-- What was where at a past moment is the balance of now less what came after: found by the moment, in order.
CREATE INDEX movement_occurred ON movement USING brin (occurred_at) WITH (autosummarize = on);

CREATE TABLE closed_period (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  why text NOT NULL CHECK (why <> ''),
  closed_at timestamptz NOT NULL DEFAULT now(),
  closed_by bigint REFERENCES account,
  reopened_at timestamptz,
  reopened_by bigint REFERENCES account,
  reopened_why text NOT NULL DEFAULT '',
  CHECK (starts_at < ends_at),
  CHECK (ends_at <= closed_at),
  CHECK ((reopened_at IS NULL) = (reopened_why = '')),
  EXCLUDE USING gist (tstzrange(starts_at, ends_at) WITH &&) WHERE (reopened_at IS NULL)
);

-- Closing waits for postings under way, and postings see what was closed before they were written.
CREATE FUNCTION closing_waits_for_postings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  LOCK TABLE movement IN SHARE ROW EXCLUSIVE MODE;
  RETURN NULL;
END $$;
CREATE TRIGGER closed_period_waits BEFORE INSERT ON closed_period
  FOR EACH STATEMENT EXECUTE FUNCTION closing_waits_for_postings();

-- A closed period may be reopened, once and with a reason; nothing else of it changes.
CREATE FUNCTION closed_period_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.reopened_at IS NOT NULL
     OR (OLD.starts_at, OLD.ends_at, OLD.why, OLD.closed_at, OLD.closed_by)
        IS DISTINCT FROM (NEW.starts_at, NEW.ends_at, NEW.why, NEW.closed_at, NEW.closed_by) THEN
    RAISE EXCEPTION 'a closed period stays on record'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'append_only', TABLE = 'closed_period';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER closed_period_kept BEFORE UPDATE OR DELETE ON closed_period
  FOR EACH ROW EXECUTE FUNCTION closed_period_keeps();

CREATE FUNCTION refuse_closed_period() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  shut record;
BEGIN
  SELECT p.starts_at, p.ends_at INTO shut FROM closed_period p
    WHERE p.reopened_at IS NULL AND EXISTS (
      SELECT FROM added a WHERE a.occurred_at >= p.starts_at AND a.occurred_at < p.ends_at)
    LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION '% to %', shut.starts_at::date, shut.ends_at::date
      USING ERRCODE = 'check_violation', CONSTRAINT = 'movement_in_closed_period', TABLE = 'movement';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER movement_period_open AFTER INSERT ON movement
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION refuse_closed_period();
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

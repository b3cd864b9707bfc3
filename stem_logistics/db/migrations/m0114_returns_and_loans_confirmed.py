"""What goes back to the store, and what one school lends another, is on its way until the one who gets it says so."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-30T08:06:00:000114"
VERSION = "1.38.0"
DESCRIPTION = "returns and loans confirmed"

SQL = """
DO $$
DECLARE
  was text;
BEGIN
  SELECT pg_get_expr(conbin, conrelid) INTO was FROM pg_constraint
    WHERE conrelid = 'place'::regclass AND conname = 'place_kind_check';
  ALTER TABLE place DROP CONSTRAINT place_kind_check;
  EXECUTE format('ALTER TABLE place ADD CONSTRAINT place_kind_check CHECK (%s OR kind = %L)', was, 'returning');
END $$;

-- What a school gave back, in a place of its own until the store has counted it: it is under way while that place
-- holds something.
CREATE TABLE kit_return (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE,
  institution_id bigint NOT NULL REFERENCES institution,
  paper_id bigint NOT NULL REFERENCES paper,
  place_id bigint NOT NULL UNIQUE REFERENCES place,
  why text NOT NULL CHECK (why <> ''),
  due_on date NOT NULL,
  sent_at timestamptz NOT NULL DEFAULT now(),
  arrived_at timestamptz,
  note text NOT NULL DEFAULT ''
);
CREATE INDEX kit_return_school ON kit_return (institution_id);

ALTER TABLE loan
  -- by which the kit goes to the borrower, whose receipt begins the loan; loans of earlier days have none
  ADD COLUMN consignment_id bigint UNIQUE REFERENCES consignment,
  -- the borrower's word that it went back; the lender's or the store's ends the loan
  ADD COLUMN sent_back_at timestamptz;

-- A loan whose consignment is called off does not take place, whoever calls it off.
CREATE FUNCTION loan_is_called_off() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE loan SET returned_at = now(), return_note = NEW.cancel_reason
    WHERE consignment_id = NEW.id AND returned_at IS NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER consignment_of_a_loan AFTER UPDATE OF state ON consignment
  FOR EACH ROW WHEN (NEW.cancelled_at IS NOT NULL AND OLD.cancelled_at IS NULL) EXECUTE FUNCTION loan_is_called_off();

CREATE TABLE loan_request (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  institution_id bigint NOT NULL REFERENCES institution,
  definition text NOT NULL,
  until date NOT NULL,
  why text NOT NULL CHECK (why <> ''),
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'lent', 'refused')),
  answer text NOT NULL DEFAULT '',
  asked_at timestamptz NOT NULL DEFAULT now(),
  decided_at timestamptz,
  CHECK ((state = 'open') = (decided_at IS NULL))
);
-- asked twice it is one request
CREATE UNIQUE INDEX loan_request_once ON loan_request (institution_id, definition) WHERE state = 'open';

-- a school says that nobody uses a kit: staff decide
ALTER TABLE idle_kit DROP CONSTRAINT idle_kit_state_check,
  ADD CONSTRAINT idle_kit_state_check
    CHECK (state IN ('requested', 'idle', 'offered', 'accepted', 'given', 'in-use'));
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

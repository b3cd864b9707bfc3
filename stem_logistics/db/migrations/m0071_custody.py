"""Custody: who has a kit in a school, repairs, loans, kits offered on, recalls, and the papers of all these."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T09:00:00:000071"
VERSION = "1.38.0"
DESCRIPTION = "custody"

SQL = """
CREATE TABLE paper_series (
  kind text NOT NULL,
  year smallint NOT NULL,
  last integer NOT NULL CHECK (last > 0),
  PRIMARY KEY (kind, year)
);

CREATE TABLE paper (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('custody', 'repair', 'loan', 'transfer', 'disposal', 'stocktake')),
  number text NOT NULL UNIQUE,
  institution_id bigint REFERENCES institution,
  digest bytea NOT NULL REFERENCES stored_file,
  made_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE paper_kit (
  paper_id bigint NOT NULL REFERENCES paper,
  kit_id bigint NOT NULL REFERENCES kit,
  PRIMARY KEY (kit_id, paper_id)
);
CREATE TRIGGER paper_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON paper
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Who has a kit inside a school. A hand-over ends a row and begins the next; rows stay.
CREATE TABLE custody (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kit_id bigint NOT NULL REFERENCES kit,
  institution_id bigint NOT NULL REFERENCES institution,
  room text NOT NULL DEFAULT '',
  holder_name text NOT NULL CHECK (holder_name <> ''),
  holder_post text NOT NULL CHECK (holder_post <> ''),
  note text NOT NULL DEFAULT '',
  -- the moment itself: transactions that wait for each other begin in another order than they end
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  until timestamptz,
  ended_by text NOT NULL DEFAULT '' CHECK (ended_by IN ('', 'hand-over', 'moved-away')),
  paper_id bigint NOT NULL REFERENCES paper,
  actor_kind text NOT NULL,
  actor_id bigint,
  CHECK ((until IS NULL) = (ended_by = '')),
  CHECK (until IS NULL OR until >= since)
);
CREATE UNIQUE INDEX custody_one_holder ON custody (kit_id) WHERE until IS NULL;
CREATE INDEX custody_kit ON custody (kit_id, id);
CREATE INDEX custody_institution ON custody (institution_id) WHERE until IS NULL;

CREATE TABLE repair (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE,
  kit_id bigint NOT NULL REFERENCES kit,
  item_id bigint NOT NULL REFERENCES item,
  device_id bigint REFERENCES device,
  institution_id bigint REFERENCES institution,
  state text NOT NULL DEFAULT 'reported' CHECK (state IN
    ('reported', 'sent', 'at-repairer', 'back', 'replaced', 'not-repairable', 'disposed', 'withdrawn',
     'returned', 'kept')),
  fault text NOT NULL CHECK (fault <> ''),
  under_warranty boolean NOT NULL DEFAULT false,
  repairer text NOT NULL DEFAULT '',
  repairer_number text NOT NULL DEFAULT '',
  place_id bigint REFERENCES place,
  replacement_device_id bigint REFERENCES device,
  due_on date,
  reported_at timestamptz NOT NULL DEFAULT now(),
  closed_at timestamptz
);
CREATE UNIQUE INDEX repair_open_once ON repair (device_id) WHERE device_id IS NOT NULL AND closed_at IS NULL;
CREATE INDEX repair_kit ON repair (kit_id);
CREATE INDEX repair_state ON repair (state, id);

-- Each step of a repair, with what proves it.
CREATE TABLE repair_step (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  repair_id bigint NOT NULL REFERENCES repair,
  state text NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  note text NOT NULL DEFAULT '',
  posting text NOT NULL DEFAULT '',
  paper_id bigint REFERENCES paper,
  actor_kind text NOT NULL,
  actor_id bigint
);
CREATE INDEX repair_step_of ON repair_step (repair_id, id);
CREATE TRIGGER repair_step_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON repair_step
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE loan (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE,
  kit_id bigint NOT NULL REFERENCES kit,
  lender_id bigint NOT NULL REFERENCES institution,
  borrower_id bigint NOT NULL REFERENCES institution,
  due_on date NOT NULL,
  note text NOT NULL DEFAULT '',
  paper_id bigint NOT NULL REFERENCES paper,
  lent_at timestamptz NOT NULL DEFAULT now(),
  returned_at timestamptz,
  return_note text NOT NULL DEFAULT '',
  reminders integer NOT NULL DEFAULT 0,
  reminded_at timestamptz,
  CHECK (lender_id <> borrower_id)
);
CREATE UNIQUE INDEX loan_one_out ON loan (kit_id) WHERE returned_at IS NULL;
CREATE INDEX loan_due ON loan (due_on) WHERE returned_at IS NULL;
CREATE INDEX loan_kit ON loan (kit_id);

-- A kit that nobody uses where it is, and to whom it was offered.
CREATE TABLE idle_kit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kit_id bigint NOT NULL REFERENCES kit,
  why text NOT NULL CHECK (why <> ''),
  state text NOT NULL DEFAULT 'idle' CHECK (state IN ('idle', 'offered', 'accepted', 'given', 'in-use')),
  offered_to bigint REFERENCES institution,
  answer_by date,
  since timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  CHECK ((state IN ('offered', 'accepted', 'given')) = (offered_to IS NOT NULL)),
  CHECK ((state IN ('given', 'in-use')) = (ended_at IS NOT NULL))
);
CREATE UNIQUE INDEX idle_kit_once ON idle_kit (kit_id) WHERE ended_at IS NULL;
CREATE TABLE idle_refusal (
  idle_kit_id bigint NOT NULL REFERENCES idle_kit,
  institution_id bigint NOT NULL REFERENCES institution,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (idle_kit_id, institution_id)
);

CREATE TABLE recall (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE,
  title text NOT NULL CHECK (title <> ''),
  instructions text NOT NULL CHECK (instructions <> ''),
  criterion jsonb NOT NULL,
  due_on date NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT now(),
  closed_at timestamptz,
  outcome text NOT NULL DEFAULT '',
  CHECK ((closed_at IS NULL) = (outcome = ''))
);
CREATE TABLE recall_target (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  recall_id bigint NOT NULL REFERENCES recall,
  institution_id bigint REFERENCES institution,
  kit_id bigint NOT NULL REFERENCES kit,
  device_id bigint REFERENCES device,
  item_id bigint REFERENCES item,
  version text NOT NULL DEFAULT '',
  answer text NOT NULL DEFAULT '' CHECK (answer IN ('', 'done', 'not-here', 'cannot')),
  note text NOT NULL DEFAULT '',
  answered_at timestamptz,
  answered_kind text NOT NULL DEFAULT '',
  UNIQUE NULLS NOT DISTINCT (recall_id, kit_id, device_id),
  CHECK ((answer = '') = (answered_at IS NULL))
);
CREATE INDEX recall_target_school ON recall_target (institution_id);
CREATE INDEX recall_target_kit ON recall_target (kit_id);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

"""Stocktakes: a school's yearly count, piece by piece, by as many people as like to count."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T09:00:00:000072"
VERSION = "1.38.0"
DESCRIPTION = "stocktakes"

SQL = """
CREATE TABLE stocktake (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE,
  year smallint NOT NULL CHECK (year BETWEEN 2000 AND 2200),
  institution_id bigint NOT NULL REFERENCES institution,
  due_on date NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT now(),
  signed_at timestamptz,
  signer_name text NOT NULL DEFAULT '',
  signer_post text NOT NULL DEFAULT '',
  remarks text NOT NULL DEFAULT '',
  paper_id bigint REFERENCES paper,
  UNIQUE (year, institution_id),
  CHECK ((signed_at IS NULL) = (signer_name = '')),
  CHECK ((signed_at IS NULL) = (paper_id IS NULL))
);

-- What the ledger said was there when the stocktake opened.
CREATE TABLE stocktake_line (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  stocktake_id bigint NOT NULL REFERENCES stocktake,
  kit_id bigint NOT NULL REFERENCES kit,
  item_id bigint NOT NULL REFERENCES item,
  device_id bigint REFERENCES device,
  expected integer NOT NULL CHECK (expected > 0),
  -- what came of the shortfall, by the staff's word
  decision text NOT NULL DEFAULT '' CHECK (decision IN ('', 'lost', 'found', 'repair', 'nothing')),
  decided_at timestamptz,
  posting text NOT NULL DEFAULT '',
  UNIQUE NULLS NOT DISTINCT (stocktake_id, kit_id, item_id, device_id),
  CHECK ((decision = '') = (decided_at IS NULL))
);

-- Every answer as it came; the last one for a line counts. Two people's answers stand one above the other.
CREATE TABLE stocktake_answer (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  line_id bigint NOT NULL REFERENCES stocktake_line,
  answer_key text NOT NULL,
  found integer NOT NULL CHECK (found >= 0),
  broken integer NOT NULL DEFAULT 0 CHECK (broken >= 0),
  missing integer NOT NULL DEFAULT 0 CHECK (missing >= 0),
  note text NOT NULL DEFAULT '',
  photo_digest bytea REFERENCES stored_file,
  counter text NOT NULL,
  by_scan boolean NOT NULL DEFAULT false,
  answered_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (line_id, answer_key)
);
CREATE INDEX stocktake_answer_latest ON stocktake_answer (line_id, id DESC);
CREATE TRIGGER stocktake_answer_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON stocktake_answer
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What was scanned and is not on the school's list.
CREATE TABLE stocktake_stranger (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  stocktake_id bigint NOT NULL REFERENCES stocktake,
  typed text NOT NULL CHECK (typed <> ''),
  device_id bigint REFERENCES device,
  kit_id bigint REFERENCES kit,
  problem text NOT NULL CHECK (problem IN ('unknown', 'elsewhere', 'ambiguous')),
  counter text NOT NULL,
  note text NOT NULL DEFAULT '',
  at timestamptz NOT NULL DEFAULT now(),
  decision text NOT NULL DEFAULT '' CHECK (decision IN ('', 'moved-here', 'nothing')),
  UNIQUE (stocktake_id, typed)
);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

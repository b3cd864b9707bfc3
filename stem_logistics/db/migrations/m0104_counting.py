"""Stocktakes follow the ledger until they are signed, can be opened again, and tell apart what was found besides."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-30T08:00:00:000104"
VERSION = "1.38.0"
DESCRIPTION = "counting"

SQL = """
-- What is expected follows the ledger until the school signs: none where it has left; beside it, what it was at first.
ALTER TABLE stocktake_line ADD at_opening integer CHECK (at_opening >= 0);
UPDATE stocktake_line SET at_opening = expected;
ALTER TABLE stocktake_line ALTER at_opening SET NOT NULL,
  DROP CONSTRAINT stocktake_line_expected_check, ADD CHECK (expected >= 0);

-- What came of what was missing, and of what was broken, each once by the staff's word.
CREATE TABLE stocktake_decision (
  line_id bigint NOT NULL REFERENCES stocktake_line,
  about text NOT NULL CHECK (about IN ('missing', 'broken')),
  decision text NOT NULL,
  posting text NOT NULL DEFAULT '',
  decided_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (line_id, about),
  CHECK (decision = ANY (CASE about WHEN 'missing' THEN '{lost,found,nothing}'::text[] ELSE '{repair,nothing}' END))
);
INSERT INTO stocktake_decision (line_id, about, decision, posting, decided_at)
  SELECT l.id, CASE WHEN l.decision IN ('lost', 'found') OR a.missing > 0 THEN 'missing' ELSE 'broken' END, l.decision,
    l.posting, l.decided_at
  FROM stocktake_line l LEFT JOIN LATERAL (
    SELECT missing FROM stocktake_answer x WHERE x.line_id = l.id ORDER BY x.id DESC LIMIT 1) a ON true
  WHERE l.decision <> '';
ALTER TABLE stocktake_line DROP decision, DROP decided_at, DROP posting;
CREATE TRIGGER stocktake_decision_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON stocktake_decision
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What was found besides stands once, however it was typed; what was noted by mistake is taken off and stays on record.
ALTER TABLE stocktake_stranger ADD read_as text, ADD taken_off_at timestamptz,
  ADD taken_off_by text NOT NULL DEFAULT '', DROP CONSTRAINT stocktake_stranger_stocktake_id_typed_key;
UPDATE stocktake_stranger SET read_as = coalesce('device:' || device_id,
  translate(upper(typed), 'OILQ -_./', '0110'));
UPDATE stocktake_stranger x SET taken_off_at = at, taken_off_by = counter
  WHERE EXISTS (SELECT FROM stocktake_stranger o
    WHERE o.stocktake_id = x.stocktake_id AND o.read_as = x.read_as AND o.id < x.id);
ALTER TABLE stocktake_stranger ALTER read_as SET NOT NULL,
  ADD CHECK ((taken_off_at IS NULL) = (taken_off_by = ''));
CREATE UNIQUE INDEX stocktake_stranger_once ON stocktake_stranger (stocktake_id, read_as) WHERE taken_off_at IS NULL;

-- What was signed and had to be opened again: the former signature and its statement stay.
CREATE TABLE stocktake_reopening (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  stocktake_id bigint NOT NULL REFERENCES stocktake,
  signed_at timestamptz NOT NULL,
  signer_name text NOT NULL,
  signer_post text NOT NULL,
  remarks text NOT NULL,
  paper_id bigint NOT NULL REFERENCES paper,
  why text NOT NULL CHECK (why <> ''),
  reopened_by bigint REFERENCES account,
  reopened_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX stocktake_reopening_of ON stocktake_reopening (stocktake_id, id);
CREATE TRIGGER stocktake_reopening_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON stocktake_reopening
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A serial number as it looks: letters that look alike in three alphabets are one, O is 0, I and L are 1.
CREATE FUNCTION serial_as_it_looks(serial text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT translate(upper(serial), 'ΑΒΕΖΗΙΚΜΝΟΡΤΥΧАВЕКМНОРСТУХІЅЈOILQ -_./:', 'ABEZH1KMN0PTYXABEKMH0PCTYX1SJ0110')
$$;
CREATE INDEX device_as_it_looks ON device (serial_as_it_looks(serial_number));
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

"""What is cancelled under way is on its way back until somebody confirms the return; its link says why."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-30T08:00:00:000111"
VERSION = "1.38.0"
DESCRIPTION = "on its way back"

SQL = """
ALTER TABLE consignment DROP CONSTRAINT consignment_state_check,
  ADD CONSTRAINT consignment_state_check CHECK (state IN
    ('packing', 'packed', 'dispatched', 'partially-received', 'received', 'returning', 'cancelled')),
  ADD COLUMN return_due_on date,
  ADD COLUMN returned_at timestamptz,
  ADD COLUMN return_note text NOT NULL DEFAULT '';

-- the mails by which its school is told of it: one may tell of several consignments
CREATE TABLE consignment_mail (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  consignment_id bigint NOT NULL REFERENCES consignment,
  mail_id bigint NOT NULL REFERENCES mail_message ON DELETE CASCADE,
  UNIQUE (consignment_id, mail_id)
);
CREATE INDEX consignment_mail_mail ON consignment_mail (mail_id);
INSERT INTO consignment_mail (consignment_id, mail_id) SELECT about_id, id FROM mail_message
  WHERE about_kind = 'consignment' AND institution_id IS NOT NULL;

DROP INDEX consignment_once_for_case;
CREATE UNIQUE INDEX consignment_once_for_case ON consignment (discrepancy_id)
  WHERE discrepancy_id IS NOT NULL AND state NOT IN ('returning', 'cancelled');

CREATE OR REPLACE FUNCTION award_covers_what_was_sent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.units < (SELECT count(*) FROM consignment_kit k JOIN consignment c ON c.id = k.consignment_id
      WHERE k.award_id = NEW.id AND c.state NOT IN ('returning', 'cancelled')) THEN
    RAISE EXCEPTION 'more kits were sent' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'award_covers_sent';
  END IF;
  RETURN NEW;
END $$;

-- the link of a cancelled consignment opens its page again, which says what became of it
UPDATE school_link l SET revoked_at = NULL FROM consignment c
  WHERE c.id = l.consignment_id AND c.state = 'cancelled' AND l.revoked_at = c.cancelled_at;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

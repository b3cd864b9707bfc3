"""Corrections of published lists: a new row with its reason; the old one stays."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-29T23:55:00:000099"
VERSION = "1.38.0"
DESCRIPTION = "grant corrections"

SQL = """
-- A row that was corrected stays on record and stands no more; of those that stand a kit is a recipient's once.
ALTER TABLE grant_entry ADD corrected boolean NOT NULL DEFAULT false, DROP CONSTRAINT grant_entry_once;
CREATE UNIQUE INDEX grant_entry_once ON grant_entry (wave_id, institution_id, kit_slug) WHERE NOT corrected;

CREATE TABLE grant_correction (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  wave_id bigint NOT NULL REFERENCES grant_list,
  -- what stood, and what stands since: one of them is missing where a recipient was left out, or was none
  was_id bigint UNIQUE REFERENCES grant_entry,
  is_id bigint UNIQUE REFERENCES grant_entry,
  why text NOT NULL CHECK (why <> ''),
  -- the list as it was published before and since
  former_file bytea NOT NULL REFERENCES stored_file,
  published_file bytea NOT NULL REFERENCES stored_file,
  corrected_by bigint REFERENCES account,
  corrected_at timestamptz NOT NULL DEFAULT now(),
  CHECK (num_nonnulls(was_id, is_id) > 0)
);
CREATE INDEX grant_correction_of ON grant_correction (wave_id, id);

CREATE TRIGGER grant_correction_stays BEFORE UPDATE OR DELETE ON grant_correction
  FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- what a published list said is said for good; that it was corrected is all that may be noted on it
CREATE FUNCTION grant_entry_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT published_file FROM grant_list WHERE wave_id = OLD.wave_id) IS NULL THEN
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
  END IF;
  IF TG_OP = 'UPDATE' AND NOT OLD.corrected AND NEW.corrected
      AND to_jsonb(NEW) - 'corrected' = to_jsonb(OLD) - 'corrected' THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a published row stays' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER grant_entry_stays BEFORE UPDATE OR DELETE ON grant_entry
  FOR EACH ROW EXECUTE FUNCTION grant_entry_stays();

-- an award is never less than what is under way or received of it
CREATE FUNCTION award_covers_what_was_sent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.units < (SELECT count(*) FROM consignment_kit k JOIN consignment c ON c.id = k.consignment_id
      WHERE k.award_id = NEW.id AND c.state <> 'cancelled') THEN
    RAISE EXCEPTION 'more kits were sent' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'award_covers_sent';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER award_covers_what_was_sent BEFORE UPDATE OF units ON award
  FOR EACH ROW EXECUTE FUNCTION award_covers_what_was_sent();
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

"""Rules with the reason of each version; what a call promised and what was frozen cannot be changed by anybody."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T10:30:00:000055"
VERSION = "1.38.0"
DESCRIPTION = "criteria as a published document"

SQL = """
ALTER TABLE wave_rules ADD COLUMN why text NOT NULL DEFAULT '';

-- whoever applies relies on these: the database itself refuses what the services refuse
CREATE FUNCTION frozen_rules_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF EXISTS (SELECT 1 FROM wave_rules WHERE wave_id = NEW.wave_id AND frozen_at IS NOT NULL) THEN
      RAISE EXCEPTION 'the rules of this wave are frozen' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.frozen_at IS NOT NULL OR (TG_OP = 'UPDATE' AND NEW.document IS DISTINCT FROM OLD.document) THEN
    RAISE EXCEPTION 'a version of rules is never changed' USING ERRCODE = 'restrict_violation';
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER wave_rules_frozen BEFORE INSERT OR UPDATE OR DELETE ON wave_rules
  FOR EACH ROW EXECUTE FUNCTION frozen_rules_stay();

CREATE FUNCTION promised_seed_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.seed_commitment IS NOT NULL AND NEW.seed_commitment IS DISTINCT FROM OLD.seed_commitment
     OR OLD.seed IS NOT NULL AND (NEW.seed, NEW.nonce, NEW.draw_numbers)
       IS DISTINCT FROM (OLD.seed, OLD.nonce, OLD.draw_numbers) THEN
    RAISE EXCEPTION 'the promise of the seed and the seed stay as they are' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER wave_seed_stays BEFORE UPDATE ON wave FOR EACH ROW EXECUTE FUNCTION promised_seed_stays();
ALTER TABLE wave
  ADD CONSTRAINT wave_nonce_as_promised
    CHECK (nonce IS NULL OR encode(sha256(convert_to(nonce, 'UTF8')), 'hex') = seed_commitment),
  ADD CONSTRAINT wave_seed_follows
    CHECK (seed IS NULL OR seed = encode(sha256(convert_to(nonce || ':' || draw_numbers, 'UTF8')), 'hex'));
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

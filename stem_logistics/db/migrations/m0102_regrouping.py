"""Stock outside of kits, and pieces that pass from one kit to another."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-30T08:00:00:000102"
VERSION = "1.38.0"
DESCRIPTION = "regrouping"

SQL = """
-- A device may lie in the store without a kit: a spare, an accessory.
ALTER TABLE device ALTER COLUMN kit_id DROP NOT NULL;
ALTER TABLE recall_target ALTER COLUMN kit_id DROP NOT NULL;

-- A piece changes its kit by way of this place, which stands outside as the suppliers do: out of the one, into the
-- other, in one transaction, so that it holds nothing afterwards.
INSERT INTO place (kind, code, title) VALUES ('supplier', 'regrouping', 'Ανασύνθεση σετ');

DO $$
DECLARE
  was text;
  regrouping bigint := (SELECT id FROM place WHERE code = 'regrouping');
BEGIN
  SELECT pg_get_expr(conbin, conrelid) INTO was FROM pg_constraint
    WHERE conrelid = 'movement'::regclass AND conname = 'movement_reason_check';
  ALTER TABLE movement DROP CONSTRAINT movement_reason_check;
  EXECUTE format('ALTER TABLE movement ADD CONSTRAINT movement_reason_check CHECK (%s OR reason = %L)',
    was, 'regroup');
  EXECUTE format('ALTER TABLE movement ADD CONSTRAINT movement_regroups
    CHECK ((reason = %L) = (from_place_id = %s OR to_place_id = %s))', 'regroup', regrouping, regrouping);
END $$;

CREATE INDEX holding_loose ON holding (place_id, item_id) WHERE kit_id IS NULL AND quantity > 0;
CREATE INDEX movement_regrouped_for ON movement (document) WHERE reason = 'regroup';
CREATE INDEX movement_regrouping ON movement (recorded_at, item_id) WHERE reason = 'regroup';

CREATE FUNCTION refuse_half_regrouping() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT sum(CASE WHEN p.code = 'regrouping' THEN m.quantity ELSE -m.quantity END)
      FROM movement m JOIN place p ON p.id = m.to_place_id
      WHERE m.reason = 'regroup' AND m.recorded_at = NEW.recorded_at AND m.item_id = NEW.item_id
        AND m.device_id IS NOT DISTINCT FROM NEW.device_id) <> 0 THEN
    RAISE EXCEPTION 'what leaves one kit enters another'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'regrouping_is_whole', TABLE = 'movement';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER regrouping_is_whole AFTER INSERT ON movement DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.reason = 'regroup') EXECUTE FUNCTION refuse_half_regrouping();

-- What a device is never changes, and its kit only while it lies nowhere.
CREATE FUNCTION refuse_device_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.item_id <> OLD.item_id
      OR (NEW.kit_id IS DISTINCT FROM OLD.kit_id
        AND EXISTS (SELECT FROM holding WHERE device_id = NEW.id AND quantity > 0)) THEN
    RAISE EXCEPTION 'a device changes its kit by movements'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'device_changes_kit_by_movements', TABLE = 'device';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER device_keeps_its_kit BEFORE UPDATE OF item_id, kit_id ON device
  FOR EACH ROW EXECUTE FUNCTION refuse_device_change();

-- What is sent for a kit that a school has: for a case, in place of something broken, or because it needs more.
ALTER TABLE consignment DROP CONSTRAINT consignment_of_case,
  ADD COLUMN repair_id bigint REFERENCES repair,
  ADD CONSTRAINT consignment_of_case CHECK (discrepancy_id IS NULL OR for_kit_id IS NOT NULL),
  ADD CONSTRAINT consignment_for_kit CHECK (for_kit_id IS NULL OR from_place_id IS NOT NULL),
  ADD CONSTRAINT consignment_of_repair CHECK (repair_id IS NULL OR (for_kit_id IS NOT NULL AND discrepancy_id IS NULL));
CREATE INDEX consignment_for_repair ON consignment (repair_id) WHERE repair_id IS NOT NULL;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

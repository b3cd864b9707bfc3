"""What nobody may write into the ledger, whatever tool they use: a false moment, a false reversal, a false balance."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-29T10:00:00:000088"
VERSION = "1.38.0"
DESCRIPTION = "honest ledger"

SQL = """
CREATE FUNCTION refuse_dishonest_movement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- the moment of recording is the database's: a later one would let a movement be dated in the future
  IF EXISTS (SELECT FROM added WHERE recorded_at <> now()) THEN
    RAISE EXCEPTION 'a movement is recorded now'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'movement_recorded_now', TABLE = 'movement';
  END IF;
  IF EXISTS (SELECT FROM added a JOIN movement o ON o.id = a.reverses_id
      WHERE o.reverses_id IS NOT NULL
        OR (a.item_id, a.quantity, a.from_place_id, a.to_place_id)
           IS DISTINCT FROM (o.item_id, o.quantity, o.to_place_id, o.from_place_id)
        OR (a.kit_id, a.device_id) IS DISTINCT FROM (o.kit_id, o.device_id)) THEN
    RAISE EXCEPTION 'a reversal is the opposite of one movement that is none itself'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'movement_reverses_its_opposite', TABLE = 'movement';
  END IF;
  IF EXISTS (SELECT FROM added a JOIN device d ON d.id = a.device_id
      WHERE a.item_id <> d.item_id OR a.kit_id IS DISTINCT FROM d.kit_id) THEN
    RAISE EXCEPTION 'a device moves as what it is and with its own kit'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'movement_of_its_own_device', TABLE = 'movement';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER movement_honest AFTER INSERT ON movement
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION refuse_dishonest_movement();

-- The balance is written by the movements' trigger and by nothing else.
CREATE FUNCTION refuse_balance_by_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION 'a balance follows from movements'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'holding_by_movements_only', TABLE = 'holding';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER holding_by_movements BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON holding
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_balance_by_hand();
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

"""The ledger finds the holdings of a batch by an index, however many kits a store holds."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T08:00:00:000012"
VERSION = "1.38.0"
DESCRIPTION = "ledger matching"

SQL = """
CREATE INDEX holding_key ON holding (place_id, item_id, coalesce(kit_id, 0), coalesce(device_id, 0));

-- A batch is applied as a whole: its net change for each holding, decreases before increases (so that a
-- device leaves one place before it enters the next), rows locked in one order (so that two batches cannot
-- deadlock). Rows are matched by coalesce, for which there is an index: IS NOT DISTINCT FROM has none, and every
-- movement would read all holdings of its item in its place. Suppliers stand outside and have no holding.
CREATE OR REPLACE FUNCTION apply_movements() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changes holding_change[];
  short record;
BEGIN
  SELECT array_agg((place_id, item_id, kit_id, device_id, delta)::holding_change) INTO changes FROM (
    SELECT m.place_id, m.item_id, m.kit_id, m.device_id, sum(m.delta)::integer AS delta
    FROM (
      SELECT from_place_id AS place_id, item_id, kit_id, device_id, -quantity AS delta FROM added
      UNION ALL
      SELECT to_place_id, item_id, kit_id, device_id, quantity FROM added
    ) m JOIN place p ON p.id = m.place_id AND p.kind <> 'supplier'
    GROUP BY 1, 2, 3, 4 HAVING sum(m.delta) <> 0) net;

  PERFORM 1 FROM holding h JOIN unnest(changes) d
    ON h.place_id = d.place_id AND h.item_id = d.item_id
      AND coalesce(h.kit_id, 0) = coalesce(d.kit_id, 0)
      AND coalesce(h.device_id, 0) = coalesce(d.device_id, 0)
    ORDER BY h.id FOR NO KEY UPDATE OF h;

  SELECT d.*, coalesce(h.quantity, 0) AS held INTO short FROM unnest(changes) d LEFT JOIN holding h
    ON h.place_id = d.place_id AND h.item_id = d.item_id
      AND coalesce(h.kit_id, 0) = coalesce(d.kit_id, 0)
      AND coalesce(h.device_id, 0) = coalesce(d.device_id, 0)
    WHERE coalesce(h.quantity, 0) + d.delta < 0 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'place % holds % of item %, not %', short.place_id, short.held, short.item_id, -short.delta
      USING ERRCODE = 'check_violation', CONSTRAINT = 'holding_not_overdrawn', TABLE = 'holding';
  END IF;

  UPDATE holding h SET quantity = h.quantity + d.delta FROM unnest(changes) d
    WHERE d.delta < 0 AND h.place_id = d.place_id AND h.item_id = d.item_id
      AND coalesce(h.kit_id, 0) = coalesce(d.kit_id, 0)
      AND coalesce(h.device_id, 0) = coalesce(d.device_id, 0);

  INSERT INTO holding (place_id, item_id, kit_id, device_id, quantity)
    SELECT place_id, item_id, kit_id, device_id, delta FROM unnest(changes) WHERE delta > 0
    ORDER BY place_id, item_id, kit_id, device_id
    ON CONFLICT ON CONSTRAINT holding_once DO UPDATE SET quantity = holding.quantity + excluded.quantity;
  RETURN NULL;
END $$;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

"""Where each kit is, kept beside the balances: lists of kits do not work it out for every kit anew."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-29T23:30:00:000092"
VERSION = "1.38.0"
DESCRIPTION = "kit positions"

SQL = """
-- Nothing is posted between the filling below and the trigger that keeps what was filled.
LOCK TABLE movement IN SHARE ROW EXCLUSIVE MODE;

-- Where a kit is: the one place that holds its parts, those lost, scrapped or at a repairer aside; none if several do,
-- or nobody. Kept by the movements' trigger and by nobody else, as the balances are.
CREATE TABLE kit_position (
  kit_id bigint PRIMARY KEY REFERENCES kit,
  place_id bigint REFERENCES place,
  lost bigint NOT NULL DEFAULT 0 CHECK (lost >= 0),
  scrapped bigint NOT NULL DEFAULT 0 CHECK (scrapped >= 0),
  pieces bigint NOT NULL DEFAULT 0 CHECK (pieces >= lost + scrapped)
);
CREATE INDEX kit_position_place ON kit_position (place_id);
CREATE INDEX kit_position_incomplete ON kit_position (kit_id) WHERE lost + scrapped > 0;

-- The positions of kits, out of the balances.
CREATE FUNCTION positions_of(kits bigint[])
  RETURNS TABLE (kit_id bigint, place_id bigint, lost bigint, scrapped bigint, pieces bigint)
LANGUAGE sql STABLE AS $$
  SELECT k.id,
    CASE WHEN min(p.id) FILTER (WHERE p.kind NOT IN ('lost', 'scrapped', 'repairer'))
        <> max(p.id) FILTER (WHERE p.kind NOT IN ('lost', 'scrapped', 'repairer')) THEN NULL
      ELSE coalesce(min(p.id) FILTER (WHERE p.kind NOT IN ('lost', 'scrapped', 'repairer')),
        min(p.id) FILTER (WHERE p.kind = 'repairer'), min(p.id) FILTER (WHERE p.kind = 'scrapped'), min(p.id)) END,
    coalesce(sum(h.quantity) FILTER (WHERE p.kind = 'lost'), 0),
    coalesce(sum(h.quantity) FILTER (WHERE p.kind = 'scrapped'), 0),
    coalesce(sum(h.quantity), 0)
  FROM unnest(kits) AS k (id)
  LEFT JOIN holding h ON h.kit_id = k.id AND h.quantity > 0
  LEFT JOIN place p ON p.id = h.place_id
  GROUP BY k.id
$$;

INSERT INTO kit_position
  SELECT * FROM positions_of(ARRAY(SELECT id FROM kit k WHERE EXISTS (SELECT FROM movement m WHERE m.kit_id = k.id)));
ANALYZE kit_position;

-- As before, and the kits' positions with it. They are locked first, in the kits' order: two batches that move
-- different parts of one kit wait for each other, and the second reads the balances that the first has left.
CREATE OR REPLACE FUNCTION apply_movements() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changes holding_change[];
  kits bigint[];
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

  kits := ARRAY(SELECT DISTINCT kit_id FROM added WHERE kit_id IS NOT NULL ORDER BY kit_id);
  INSERT INTO kit_position (kit_id) SELECT unnest(kits) ON CONFLICT DO NOTHING;
  PERFORM 1 FROM kit_position WHERE kit_id = ANY(kits) ORDER BY kit_id FOR NO KEY UPDATE;

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

  UPDATE kit_position was
    SET place_id = now.place_id, lost = now.lost, scrapped = now.scrapped, pieces = now.pieces
    FROM positions_of(kits) now WHERE was.kit_id = now.kit_id
      AND (was.place_id, was.lost, was.scrapped, was.pieces)
        IS DISTINCT FROM (now.place_id, now.lost, now.scrapped, now.pieces);
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION refuse_balance_by_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION 'a balance follows from movements'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_by_movements_only', TABLE = TG_TABLE_NAME;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER kit_position_by_movements BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON kit_position
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_balance_by_hand();
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

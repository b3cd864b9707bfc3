"""Inventory: items, kits, devices, places, and the ledger that the database itself keeps straight."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T06:00:00:000004"
VERSION = "1.38.0"
DESCRIPTION = "inventory and ledger"

SQL = """
CREATE TABLE item (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  slug text NOT NULL UNIQUE,
  name_el text NOT NULL,
  name_en text NOT NULL,
  -- slug of the device checker's kind, where the item can be checked
  device_kind text,
  serialised boolean NOT NULL DEFAULT false,
  consumable boolean NOT NULL DEFAULT false
);

CREATE TABLE kit_definition (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  slug text NOT NULL,
  version integer NOT NULL DEFAULT 1 CHECK (version > 0),
  title_el text NOT NULL,
  title_en text NOT NULL,
  levels text[] NOT NULL DEFAULT '{}',
  active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (slug, version)
);

CREATE TABLE bom_line (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kit_definition_id bigint NOT NULL REFERENCES kit_definition,
  position integer NOT NULL,
  item_id bigint NOT NULL REFERENCES item,
  quantity integer NOT NULL CHECK (quantity > 0),
  optional boolean NOT NULL DEFAULT false,
  UNIQUE (kit_definition_id, item_id),
  UNIQUE (kit_definition_id, position)
);

CREATE TABLE kit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE,
  kit_definition_id bigint NOT NULL REFERENCES kit_definition,
  batch text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX kit_definition_of ON kit (kit_definition_id);

CREATE TABLE device (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  item_id bigint NOT NULL REFERENCES item,
  kit_id bigint NOT NULL REFERENCES kit,
  serial_number text NOT NULL CHECK (serial_number <> ''),
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (item_id, serial_number)
);
CREATE INDEX device_kit ON device (kit_id);
CREATE INDEX device_serial ON device (serial_number);

CREATE TABLE consignment (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE,
  wave_id bigint REFERENCES wave,
  institution_id bigint NOT NULL REFERENCES institution,
  state text NOT NULL DEFAULT 'packing'
    CHECK (state IN ('packing', 'packed', 'dispatched', 'partially-received', 'received', 'cancelled')),
  courier text NOT NULL DEFAULT '',
  tracking_number text NOT NULL DEFAULT '',
  supplier_document text NOT NULL DEFAULT '',
  expected_on date,
  created_at timestamptz NOT NULL DEFAULT now(),
  packed_at timestamptz,
  dispatched_at timestamptz,
  completed_at timestamptz,
  cancelled_at timestamptz,
  cancel_reason text NOT NULL DEFAULT ''
);
CREATE INDEX consignment_institution ON consignment (institution_id);
CREATE INDEX consignment_state ON consignment (state, id);

CREATE TABLE place (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('supplier', 'store', 'consignment', 'institution', 'lost', 'scrapped')),
  code text NOT NULL UNIQUE,
  title text NOT NULL,
  institution_id bigint UNIQUE REFERENCES institution,
  consignment_id bigint UNIQUE REFERENCES consignment,
  CHECK ((kind = 'institution') = (institution_id IS NOT NULL)),
  CHECK ((kind = 'consignment') = (consignment_id IS NOT NULL))
);

CREATE TABLE movement (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  occurred_at timestamptz NOT NULL DEFAULT now(),
  recorded_at timestamptz NOT NULL DEFAULT now(),
  reason text NOT NULL CHECK (reason IN
    ('purchase', 'historic', 'pack', 'unpack', 'receive', 'receive-damaged', 'missing', 'found', 'return',
     'transfer', 'scrap', 'correction')),
  item_id bigint NOT NULL REFERENCES item,
  kit_id bigint REFERENCES kit,
  device_id bigint REFERENCES device,
  quantity integer NOT NULL CHECK (quantity > 0),
  from_place_id bigint NOT NULL REFERENCES place,
  to_place_id bigint NOT NULL REFERENCES place,
  document text NOT NULL DEFAULT '',
  note text NOT NULL DEFAULT '',
  actor_kind text NOT NULL,
  actor_id bigint,
  request_id text NOT NULL DEFAULT '',
  idempotency_key text NOT NULL,
  line integer NOT NULL,
  reverses_id bigint UNIQUE REFERENCES movement,
  UNIQUE (idempotency_key, line),
  CHECK (from_place_id <> to_place_id),
  CHECK (device_id IS NULL OR quantity = 1),
  CONSTRAINT movement_not_in_future CHECK (occurred_at <= recorded_at + interval '5 minutes'),
  CHECK ((reason = 'correction') = (reverses_id IS NOT NULL))
);
CREATE INDEX movement_kit ON movement (kit_id, id);
CREATE INDEX movement_device ON movement (device_id, id) WHERE device_id IS NOT NULL;
CREATE INDEX movement_from ON movement (from_place_id, id);
CREATE INDEX movement_to ON movement (to_place_id, id);
CREATE TRIGGER movement_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON movement
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The balance, kept by the trigger below and by nobody else.
CREATE TABLE holding (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  place_id bigint NOT NULL REFERENCES place,
  item_id bigint NOT NULL REFERENCES item,
  kit_id bigint REFERENCES kit,
  device_id bigint REFERENCES device,
  quantity integer NOT NULL CONSTRAINT holding_not_overdrawn CHECK (quantity >= 0),
  CONSTRAINT holding_once UNIQUE NULLS NOT DISTINCT (place_id, item_id, kit_id, device_id)
);
CREATE UNIQUE INDEX device_in_one_place ON holding (device_id) WHERE device_id IS NOT NULL AND quantity > 0;
CREATE INDEX holding_kit ON holding (kit_id) WHERE quantity > 0;

-- What a batch of movements changes in one holding.
CREATE TYPE holding_change AS (place_id bigint, item_id bigint, kit_id bigint, device_id bigint, delta integer);

-- A batch is applied as a whole: its net change for each holding, decreases before increases (so that a
-- device leaves one place before it enters the next), rows locked in one order (so that two batches cannot
-- deadlock). Suppliers stand outside and have no holding.
CREATE FUNCTION apply_movements() RETURNS trigger LANGUAGE plpgsql AS $$
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
      AND h.kit_id IS NOT DISTINCT FROM d.kit_id AND h.device_id IS NOT DISTINCT FROM d.device_id
    ORDER BY h.id FOR NO KEY UPDATE OF h;

  SELECT d.*, coalesce(h.quantity, 0) AS held INTO short FROM unnest(changes) d LEFT JOIN holding h
    ON h.place_id = d.place_id AND h.item_id = d.item_id
      AND h.kit_id IS NOT DISTINCT FROM d.kit_id AND h.device_id IS NOT DISTINCT FROM d.device_id
    WHERE coalesce(h.quantity, 0) + d.delta < 0 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'place % holds % of item %, not %', short.place_id, short.held, short.item_id, -short.delta
      USING ERRCODE = 'check_violation', CONSTRAINT = 'holding_not_overdrawn', TABLE = 'holding';
  END IF;

  UPDATE holding h SET quantity = h.quantity + d.delta FROM unnest(changes) d
    WHERE d.delta < 0 AND h.place_id = d.place_id AND h.item_id = d.item_id
      AND h.kit_id IS NOT DISTINCT FROM d.kit_id AND h.device_id IS NOT DISTINCT FROM d.device_id;

  INSERT INTO holding (place_id, item_id, kit_id, device_id, quantity)
    SELECT place_id, item_id, kit_id, device_id, delta FROM unnest(changes) WHERE delta > 0
    ORDER BY place_id, item_id, kit_id, device_id
    ON CONFLICT ON CONSTRAINT holding_once DO UPDATE SET quantity = holding.quantity + excluded.quantity;
  RETURN NULL;
END $$;
CREATE TRIGGER movement_applied AFTER INSERT ON movement
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION apply_movements();

INSERT INTO place (kind, code, title) VALUES
  ('supplier', 'supplier', 'Προμηθευτές'),
  ('store', 'central-store', 'Κεντρική αποθήκη'),
  ('lost', 'lost', 'Απώλειες'),
  ('scrapped', 'scrapped', 'Αποσυρμένα');
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

"""Purchasing: who pays, contracts, orders, batches as they arrive, serial numbers scanned until they are received."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T09:00:00:000067"
VERSION = "1.38.0"
DESCRIPTION = "purchasing"

SQL = """
CREATE TABLE funding_source (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('wave', 'budget-line', 'erasmus-plus')),
  -- the wave's short name, the budget's line, the grant agreement's number
  reference text NOT NULL CHECK (reference <> ''),
  UNIQUE (kind, reference)
);

CREATE TABLE contract (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  number text NOT NULL UNIQUE CHECK (number <> ''),
  supplier text NOT NULL CHECK (supplier <> ''),
  funding_source_id bigint NOT NULL REFERENCES funding_source,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE purchase_order (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE CHECK (length(code) = 8),
  contract_id bigint NOT NULL REFERENCES contract,
  kit_definition_id bigint NOT NULL REFERENCES kit_definition,
  kits integer NOT NULL CHECK (kits > 0),
  unit_cents bigint NOT NULL CHECK (unit_cents >= 0),
  -- what the books call it: the organisation's own, or given to it for use
  title text NOT NULL CHECK (title IN ('ownership', 'use')),
  due_on date,
  ordered_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX purchase_order_contract ON purchase_order (contract_id);

CREATE TABLE purchase_batch (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE CHECK (length(code) = 8),
  purchase_order_id bigint NOT NULL REFERENCES purchase_order,
  -- the name that its kits bear (kit.batch)
  name text NOT NULL UNIQUE CHECK (name <> ''),
  document text NOT NULL DEFAULT '',
  -- how many of its devices have to be checked before it counts as accepted
  to_check integer NOT NULL DEFAULT 0 CHECK (to_check >= 0),
  opened_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX purchase_batch_order ON purchase_batch (purchase_order_id);

-- Serial numbers scanned and not received yet; they go into kits in the order of their ids.
CREATE TABLE batch_scan (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  purchase_batch_id bigint NOT NULL REFERENCES purchase_batch,
  item_id bigint NOT NULL REFERENCES item,
  serial_number text NOT NULL CHECK (serial_number <> ''),
  scanned_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (item_id, serial_number)
);
CREATE INDEX batch_scan_batch ON batch_scan (purchase_batch_id, id);

DO $$
DECLARE
  was text;
BEGIN
  SELECT pg_get_expr(conbin, conrelid) INTO was FROM pg_constraint
    WHERE conrelid = 'movement'::regclass AND conname = 'movement_reason_check';
  ALTER TABLE movement DROP CONSTRAINT movement_reason_check;
  EXECUTE format('ALTER TABLE movement ADD CONSTRAINT movement_reason_check CHECK (%s OR reason = %L)', was, 'reject');
END $$;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

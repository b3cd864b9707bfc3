"""A batch's sample is drawn once and kept; an order ends, is corrected, and names which source of its contract pays."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-30T08:00:00:000105"
VERSION = "1.38.0"
DESCRIPTION = "orders and samples"

SQL = """
-- Drawing the sample closes the batch for arrival: what came later could not have been drawn.
ALTER TABLE purchase_batch
  ADD COLUMN sample_seed text,
  ADD COLUMN sampled_at timestamptz,
  ADD COLUMN sampled_by bigint REFERENCES account,
  ADD CONSTRAINT batch_sampled CHECK ((sample_seed IS NULL) = (sampled_at IS NULL));

-- The devices that were drawn, in the order of the draw; one that cannot be checked gives its place to the next.
CREATE TABLE batch_sample (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  purchase_batch_id bigint NOT NULL REFERENCES purchase_batch,
  device_id bigint NOT NULL REFERENCES device,
  position integer NOT NULL CHECK (position > 0),
  replaced_at timestamptz,
  replaced_by bigint REFERENCES account,
  replaced_why text NOT NULL DEFAULT '',
  UNIQUE (purchase_batch_id, device_id),
  UNIQUE (purchase_batch_id, position),
  CHECK ((replaced_at IS NULL) = (replaced_why = ''))
);
CREATE INDEX batch_sample_device ON batch_sample (device_id);

-- A contract may be paid from several sources; each order names one of them.
CREATE TABLE contract_funding (
  contract_id bigint NOT NULL REFERENCES contract,
  funding_source_id bigint NOT NULL REFERENCES funding_source,
  cents bigint CHECK (cents > 0),
  PRIMARY KEY (contract_id, funding_source_id)
);
INSERT INTO contract_funding (contract_id, funding_source_id) SELECT id, funding_source_id FROM contract;
ALTER TABLE purchase_order ADD COLUMN funding_source_id bigint;
UPDATE purchase_order o SET funding_source_id = c.funding_source_id FROM contract c WHERE c.id = o.contract_id;
ALTER TABLE purchase_order
  ALTER COLUMN funding_source_id SET NOT NULL,
  ADD CONSTRAINT order_funding FOREIGN KEY (contract_id, funding_source_id) REFERENCES contract_funding,
  ADD COLUMN ended text CHECK (ended IN ('cancelled', 'closed'));
ALTER TABLE contract DROP COLUMN funding_source_id;

-- What was changed of an order after it was placed: history that stays.
CREATE TABLE purchase_order_change (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  purchase_order_id bigint NOT NULL REFERENCES purchase_order,
  at timestamptz NOT NULL DEFAULT now(),
  account_id bigint REFERENCES account,
  what text NOT NULL CHECK (what IN ('kits', 'price', 'title', 'due', 'state')),
  was text NOT NULL,
  becomes text NOT NULL,
  why text NOT NULL CHECK (why <> '')
);
CREATE INDEX purchase_order_change_of ON purchase_order_change (purchase_order_id, id);
CREATE TRIGGER purchase_order_change_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON purchase_order_change
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

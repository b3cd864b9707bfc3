"""Many consignments at once: what was asked, what became of each, and the way back; a parcel's weight."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T11:00:00:000060"
VERSION = "1.38.0"
DESCRIPTION = "consignments in bulk"

SQL = """
ALTER TABLE consignment ADD COLUMN weight_grams integer CHECK (weight_grams BETWEEN 1 AND 2000000);

CREATE TABLE consignment_batch (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE,
  action text NOT NULL CHECK (action IN ('pack', 'dispatch', 'lists', 'labels', 'pick-list')),
  courier text NOT NULL DEFAULT '',
  expected_on date,
  file_digest bytea REFERENCES stored_file,
  job_id bigint REFERENCES job,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by bigint REFERENCES account,
  finished_at timestamptz,
  undone_at timestamptz,
  undone_by bigint REFERENCES account
);

CREATE TABLE consignment_batch_item (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  batch_id bigint NOT NULL REFERENCES consignment_batch,
  consignment_id bigint NOT NULL REFERENCES consignment,
  position integer NOT NULL,
  tracking_number text NOT NULL DEFAULT '',
  outcome text NOT NULL DEFAULT 'waiting' CHECK (outcome IN ('waiting', 'done', 'refused', 'undone')),
  refusal jsonb,
  UNIQUE (batch_id, consignment_id),
  CHECK ((outcome = 'refused') = (refusal IS NOT NULL))
);
CREATE INDEX consignment_batch_item_consignment ON consignment_batch_item (consignment_id);

-- What a packer's scanner saw going into the parcels: the kit's own label, or a device of it.
CREATE TABLE consignment_scan (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  consignment_id bigint NOT NULL REFERENCES consignment,
  kit_id bigint NOT NULL REFERENCES kit,
  device_id bigint REFERENCES device,
  scanned_at timestamptz NOT NULL DEFAULT now(),
  scanned_by bigint REFERENCES account,
  CONSTRAINT consignment_scan_once UNIQUE NULLS NOT DISTINCT (consignment_id, kit_id, device_id)
);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

"""Labels: a code that leads to a kit, a device, a consignment or a place, and stays known after it was replaced."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T09:00:00:000065"
VERSION = "1.38.0"
DESCRIPTION = "labels"

SQL = """
CREATE TABLE label (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE CHECK (length(code) = 8),
  kit_id bigint REFERENCES kit,
  device_id bigint REFERENCES device,
  consignment_id bigint REFERENCES consignment,
  place_id bigint REFERENCES place,
  issued_at timestamptz NOT NULL DEFAULT now(),
  -- when another took its place, and why; its code goes on leading to the thing
  withdrawn_at timestamptz,
  withdrawn_why text NOT NULL DEFAULT '',
  CHECK (num_nonnulls(kit_id, device_id, consignment_id, place_id) = 1),
  CHECK ((withdrawn_at IS NULL) = (withdrawn_why = ''))
);
-- A thing has one label in force.
CREATE UNIQUE INDEX label_of_kit ON label (kit_id) WHERE kit_id IS NOT NULL AND withdrawn_at IS NULL;
CREATE UNIQUE INDEX label_of_device ON label (device_id) WHERE device_id IS NOT NULL AND withdrawn_at IS NULL;
CREATE UNIQUE INDEX label_of_consignment ON label (consignment_id)
  WHERE consignment_id IS NOT NULL AND withdrawn_at IS NULL;
CREATE UNIQUE INDEX label_of_place ON label (place_id) WHERE place_id IS NOT NULL AND withdrawn_at IS NULL;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

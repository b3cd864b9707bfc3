"""A receipt names each device by its serial number, and a shortfall each of its reasons."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T07:00:00:000010"
VERSION = "1.38.0"
DESCRIPTION = "receipts by device"

SQL = """
ALTER TABLE consignment
  ADD COLUMN parcels smallint NOT NULL DEFAULT 1 CHECK (parcels BETWEEN 1 AND 99),
  ADD COLUMN created_by bigint REFERENCES account;
CREATE INDEX consignment_wave ON consignment (wave_id);
CREATE INDEX consignment_kit_award ON consignment_kit (award_id) WHERE released_at IS NULL;

ALTER TABLE receipt
  ADD COLUMN note text NOT NULL DEFAULT '',
  ADD COLUMN is_final boolean NOT NULL DEFAULT false;

-- A device with a serial number has its own line; pieces without one share a line.
ALTER TABLE receipt_line
  DROP CONSTRAINT receipt_line_receipt_id_consignment_line_id_key,
  DROP CONSTRAINT shortfall_has_reason,
  DROP COLUMN reason,
  ADD COLUMN device_id bigint REFERENCES device,
  ADD COLUMN not_yet integer NOT NULL DEFAULT 0 CHECK (not_yet >= 0),
  ADD COLUMN damage_reason text NOT NULL DEFAULT ''
    CHECK (damage_reason IN ('', 'transport', 'opened', 'defective', 'incomplete', 'other')),
  ADD COLUMN missing_reason text NOT NULL DEFAULT ''
    CHECK (missing_reason IN ('', 'not-in-parcel', 'parcel-lost', 'opened', 'wrong-item', 'other')),
  ADD COLUMN note text NOT NULL DEFAULT '',
  ADD CONSTRAINT receipt_line_once UNIQUE NULLS NOT DISTINCT (receipt_id, consignment_line_id, device_id),
  ADD CONSTRAINT receipt_line_device_counts_one CHECK (device_id IS NULL OR received + damaged + missing = 1),
  ADD CONSTRAINT shortfall_has_reason CHECK (
    (damaged > 0) = (damage_reason <> '') AND (missing > 0) = (missing_reason <> ''));
-- whatever the receipts of a consignment say, they say it of a device once
CREATE UNIQUE INDEX receipt_line_device_once ON receipt_line (consignment_line_id, device_id)
  WHERE device_id IS NOT NULL;
CREATE INDEX receipt_line_of ON receipt_line (consignment_line_id);
CREATE INDEX discrepancy_open ON discrepancy (due_on, id) WHERE state = 'open';
CREATE INDEX movement_item ON movement (item_id, id);
CREATE INDEX holding_place ON holding (place_id) WHERE quantity > 0;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

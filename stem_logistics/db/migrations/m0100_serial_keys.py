"""One device has one serial number, however it is written: the key by which serial numbers are compared and found."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-30T08:00:00:000100"
VERSION = "1.38.0"
DESCRIPTION = "serial keys"

SQL = """
-- As `serial_rules.serial_key`: capitals, Latin ones where the Greek or Cyrillic ones look so, no blanks.
CREATE FUNCTION serial_key(serial text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT translate(serial,
    'abcdefghijklmnopqrstuvwxyz'
    'ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαβγδεζηθικλμνξοπρσςτυφχψω'
    'АВЕКМНОРСТХУавекмнорстху'
    || E' \\t\\u00A0',
    'ABCDEFGHIJKLMNOPQRSTUVWXYZABEZHIKMNOPTYXABΓΔEZHΘIKΛMNΞOΠPΣΣTYΦXΨΩABEKMHOPCTXYABEKMHOPCTXY')
$$;

ALTER TABLE device
  ADD COLUMN serial_key text NOT NULL GENERATED ALWAYS AS (serial_key(serial_number)) STORED,
  -- entered a second time before the keys were compared; none is added
  ADD COLUMN twin boolean NOT NULL DEFAULT false;
UPDATE device d SET twin = true WHERE EXISTS (
  SELECT FROM device o WHERE o.item_id = d.item_id AND o.serial_key = d.serial_key AND o.id < d.id);
ALTER TABLE device DROP CONSTRAINT device_item_id_serial_number_key;
CREATE UNIQUE INDEX device_once ON device (item_id, serial_key) WHERE NOT twin;
DROP INDEX device_serial;
CREATE INDEX device_serial_key ON device (serial_key);

ALTER TABLE batch_scan ADD COLUMN serial_key text NOT NULL GENERATED ALWAYS AS (serial_key(serial_number)) STORED;
DELETE FROM batch_scan s WHERE EXISTS (
  SELECT FROM batch_scan o WHERE o.item_id = s.item_id AND o.serial_key = s.serial_key AND o.id < s.id);
ALTER TABLE batch_scan DROP CONSTRAINT batch_scan_item_id_serial_number_key;
CREATE UNIQUE INDEX batch_scan_once ON batch_scan (item_id, serial_key);
CREATE INDEX batch_scan_key ON batch_scan (serial_key);

-- Kits of which nothing is here: lists of what went back to a supplier look among them.
CREATE INDEX kit_position_empty ON kit_position (kit_id) WHERE pieces = 0;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

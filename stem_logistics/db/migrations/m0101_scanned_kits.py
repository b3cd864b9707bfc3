"""A scan says of which kit it is: any single one can be forgotten, and an optional part is scanned with its kit."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-30T08:00:00:000101"
VERSION = "1.38.0"
DESCRIPTION = "scanned kits"

SQL = """
ALTER TABLE batch_scan
  -- which of the batch's kits that are not received yet, by the order in which they were begun
  ADD COLUMN kit_no integer NOT NULL DEFAULT 1 CHECK (kit_no > 0),
  -- the optional parts (item) that the kit has too, as the person said at its last scan
  ADD COLUMN also bigint[] NOT NULL DEFAULT '{}';
UPDATE batch_scan s SET kit_no = n.kit_no FROM (
  SELECT x.id,
    ((row_number() OVER (PARTITION BY x.purchase_batch_id ORDER BY x.id) - 1) / e.pieces + 1)::integer AS kit_no
  FROM batch_scan x JOIN purchase_batch b ON b.id = x.purchase_batch_id
  JOIN purchase_order o ON o.id = b.purchase_order_id
  JOIN LATERAL (SELECT sum(l.quantity)::bigint AS pieces FROM bom_line l JOIN item i ON i.id = l.item_id
    WHERE l.kit_definition_id = o.kit_definition_id AND i.serialised AND NOT l.optional) e ON e.pieces > 0) n
  WHERE n.id = s.id;
ALTER TABLE batch_scan ALTER COLUMN kit_no DROP DEFAULT;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

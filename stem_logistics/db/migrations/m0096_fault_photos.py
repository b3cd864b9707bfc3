"""Photographs of a fault that a school reports, kept with its repair."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-29T23:10:00:000096"
VERSION = "1.38.0"
DESCRIPTION = "fault photos"

SQL = """
CREATE TABLE repair_photo (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  repair_id bigint NOT NULL REFERENCES repair,
  position smallint NOT NULL CHECK (position BETWEEN 1 AND 5),
  digest bytea NOT NULL REFERENCES stored_file,
  UNIQUE (repair_id, position)
);
CREATE TRIGGER repair_photo_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON repair_photo
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

"""What is known of a device model in one place, and kit definitions with substitutes, a photograph and lessons."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-29T10:00:00:000085"
VERSION = "1.38.0"
DESCRIPTION = "models and kits"

SQL = """
ALTER TABLE item
  ADD COLUMN manufacturer text NOT NULL DEFAULT '',
  ADD COLUMN model_number text NOT NULL DEFAULT '',
  -- VID:PID as the operating system shows them, capital hexadecimal figures
  ADD COLUMN usb_ids text[] NOT NULL DEFAULT '{}',
  -- slug of a board or model in the baseline of the item's device kind; what is known of it stays there
  ADD COLUMN baseline text NOT NULL DEFAULT '',
  ADD COLUMN warranty_months smallint CHECK (warranty_months BETWEEN 0 AND 240),
  ADD COLUMN battery text NOT NULL DEFAULT '';

CREATE TABLE item_spare (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  item_id bigint NOT NULL REFERENCES item,
  spare_item_id bigint NOT NULL REFERENCES item,
  UNIQUE (item_id, spare_item_id),
  CHECK (item_id <> spare_item_id)
);

CREATE TABLE item_document (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  item_id bigint NOT NULL REFERENCES item,
  title text NOT NULL CHECK (title <> ''),
  -- either a file of ours or an address
  digest bytea REFERENCES stored_file,
  url text NOT NULL DEFAULT '',
  added_at timestamptz NOT NULL DEFAULT now(),
  removed_at timestamptz,
  CHECK ((digest IS NULL) <> (url = ''))
);
CREATE INDEX item_document_item ON item_document (item_id);

ALTER TABLE bom_line
  -- what may stand in its place: a kit that has it instead is as whole
  ADD COLUMN substitute_item_id bigint REFERENCES item CHECK (substitute_item_id <> item_id);

ALTER TABLE kit_definition ADD COLUMN photo_digest bytea REFERENCES stored_file;

CREATE TABLE kit_lesson (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kit_definition_id bigint NOT NULL REFERENCES kit_definition,
  position smallint NOT NULL,
  title text NOT NULL CHECK (title <> ''),
  url text NOT NULL CHECK (url ~ '^https?://'),
  UNIQUE (kit_definition_id, position)
);

-- A kit was made by a version of its definition: what that version says is no longer changed once there are kits.
CREATE FUNCTION refuse_change_of_used_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  touched bigint;
BEGIN
  touched := CASE WHEN TG_OP = 'INSERT' THEN NEW.kit_definition_id ELSE OLD.kit_definition_id END;
  IF EXISTS (SELECT 1 FROM kit WHERE kit_definition_id = touched) THEN
    RAISE EXCEPTION 'kits were made by version % of a definition', touched
      USING ERRCODE = 'check_violation', CONSTRAINT = 'version_in_use', TABLE = 'bom_line';
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER bom_line_of_used_version BEFORE INSERT OR UPDATE OR DELETE ON bom_line
  FOR EACH ROW EXECUTE FUNCTION refuse_change_of_used_version();
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

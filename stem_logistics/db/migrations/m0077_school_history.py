"""What a school was before: its name, level, state, directorate and region, each with the day of the change."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T10:00:00:000077"
VERSION = "1.38.0"
DESCRIPTION = "school history"

SQL = """
CREATE TABLE institution_change (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  institution_id bigint NOT NULL REFERENCES institution,
  changed_at timestamptz NOT NULL DEFAULT now(),
  -- as the source dates its row
  source_on date,
  field text NOT NULL CHECK (field IN ('name', 'level', 'state', 'directorate', 'region')),
  before text NOT NULL,
  after text NOT NULL
);
CREATE INDEX institution_change_of ON institution_change (institution_id, id);

-- kept by the database, whoever changes the row
CREATE FUNCTION institution_remembers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO institution_change (institution_id, source_on, field, before, after)
  SELECT NEW.id, CASE WHEN NEW.source_updated_on IS DISTINCT FROM OLD.source_updated_on THEN NEW.source_updated_on END,
    c.field, coalesce(c.before, ''), coalesce(c.after, '')
  FROM (VALUES
    ('name', OLD.name, NEW.name), ('level', OLD.level, NEW.level), ('state', OLD.state, NEW.state),
    ('directorate', (SELECT name FROM directorate WHERE id = OLD.directorate_id),
      (SELECT name FROM directorate WHERE id = NEW.directorate_id)),
    ('region', (SELECT name_el FROM regional_directorate WHERE id = OLD.regional_directorate_id),
      (SELECT name_el FROM regional_directorate WHERE id = NEW.regional_directorate_id))
  ) AS c (field, before, after) WHERE c.before IS DISTINCT FROM c.after;
  RETURN NULL;
END $$;
CREATE TRIGGER institution_remembers AFTER UPDATE ON institution FOR EACH ROW
  WHEN ((OLD.name, OLD.level, OLD.state, OLD.directorate_id, OLD.regional_directorate_id)
    IS DISTINCT FROM (NEW.name, NEW.level, NEW.state, NEW.directorate_id, NEW.regional_directorate_id))
  EXECUTE FUNCTION institution_remembers();
CREATE TRIGGER institution_change_append_only BEFORE UPDATE OR DELETE ON institution_change
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

"""Known firmware and expectations that the service sends to its laptops, signed; the key that signs them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T09:00:00:000020"
VERSION = "1.38.0"
DESCRIPTION = "known firmware"

SQL = """
-- The key that signs what laptops take; the newest row is in force. The private half is sealed with the server's
-- secret, so that the database alone cannot sign. `succession` is the former key's signature over this one.
CREATE TABLE service_key (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  public_key bytea NOT NULL UNIQUE CHECK (octet_length(public_key) = 32),
  sealed_key bytea NOT NULL,
  succession bytea CHECK (octet_length(succession) = 64),
  made_at timestamptz NOT NULL DEFAULT now(),
  made_by bigint REFERENCES account
);
CREATE TRIGGER service_key_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON service_key
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Each change of what is sent is a row and makes a new bundle; the newest of a sort and slug rules. No content: it
-- was retired.
CREATE TABLE check_document (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  bundle_version bigint NOT NULL UNIQUE CHECK (bundle_version > 0),
  sort text NOT NULL CHECK (sort IN ('baseline', 'kind')),
  slug text NOT NULL CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9.]+)*$'),
  edition integer NOT NULL CHECK (edition > 0),
  content text,
  why text NOT NULL DEFAULT '',
  added_by bigint REFERENCES account,
  added_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (sort, slug, edition)
);
CREATE TRIGGER check_document_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON check_document
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What a definition of a kit, a wave, or every kit (both null) expects of a product; the newest row of the same
-- place, kind and product rules. No minimum: it was withdrawn.
CREATE TABLE firmware_expectation (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kit_definition_slug text,
  wave_id bigint REFERENCES wave,
  device_kind text NOT NULL,
  product text NOT NULL CHECK (product <> ''),
  minimum text,
  reason text NOT NULL DEFAULT '',
  added_by bigint REFERENCES account,
  added_at timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER firmware_expectation_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON firmware_expectation
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE agent ADD COLUMN bundle_version bigint;
-- How many seconds the laptop's clock was ahead of the service's (negative: behind), where that was learnt.
ALTER TABLE check_report ADD COLUMN clock_skew_s bigint;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

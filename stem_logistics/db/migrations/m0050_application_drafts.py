"""Applications that save as they go, the head's signature, and a receipt for each submission."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T06:00:00:000050"
VERSION = "1.38.0"
DESCRIPTION = "application drafts"

SQL = """
-- What a kit is for, as the application's form tells it; empty where nobody has written it.
ALTER TABLE kit_definition
  ADD purpose_el text NOT NULL DEFAULT '',
  ADD purpose_en text NOT NULL DEFAULT '';

-- An application that is being filled in: the answers so far, by the fields of its steps. Gone when it is sent.
CREATE TABLE application_draft (
  wave_id bigint NOT NULL REFERENCES wave,
  institution_id bigint NOT NULL REFERENCES institution,
  answers jsonb NOT NULL DEFAULT '{}',
  started_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (wave_id, institution_id)
);

-- Who signed a submission for the school, and the act of the Teachers' Assembly. The name can be erased.
CREATE TABLE application_signature (
  application_id bigint PRIMARY KEY REFERENCES application,
  name text,
  post text NOT NULL DEFAULT '',
  act_number text NOT NULL DEFAULT '',
  act_on date,
  act_digest bytea REFERENCES stored_file,
  signed_at timestamptz NOT NULL DEFAULT now()
);

-- What the school was sent: the facts as a file, whose digest the document names, and the document.
CREATE TABLE application_receipt (
  application_id bigint PRIMARY KEY REFERENCES application,
  facts_digest bytea NOT NULL REFERENCES stored_file,
  document_digest bytea NOT NULL REFERENCES stored_file,
  -- of the answers that were sent: the same form sent twice is told by it
  answers_digest text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

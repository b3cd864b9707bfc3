"""Accounts, sessions, audit, jobs, mail, files: what every noun stands on."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from stem_logistics.db.migrating import sql_migration

ID = "2026-11-21T06:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "people and work"

SQL = """
-- Refuses any change of a row that is history. A correction is a new row.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'restrict_violation', CONSTRAINT = 'append_only', TABLE = TG_TABLE_NAME;
END $$;

CREATE TABLE account (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE,
  email text CHECK (email = lower(email)),
  name text,
  password_hash text,
  locale text NOT NULL DEFAULT 'el' CHECK (locale IN ('el', 'en')),
  active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  erased_at timestamptz
);
CREATE UNIQUE INDEX account_email_key ON account (email) WHERE email IS NOT NULL;

CREATE TABLE role_grant (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES account,
  role text NOT NULL CHECK (role IN ('staff', 'technician', 'auditor')),
  scope_kind text NOT NULL CHECK (scope_kind IN ('country', 'region', 'institution')),
  scope_id bigint,
  granted_at timestamptz NOT NULL DEFAULT now(),
  granted_by bigint REFERENCES account,
  revoked_at timestamptz,
  CHECK ((scope_kind = 'country') = (scope_id IS NULL))
);
CREATE UNIQUE INDEX role_grant_once ON role_grant (account_id, role, scope_kind, scope_id)
  NULLS NOT DISTINCT WHERE revoked_at IS NULL;

CREATE TABLE session (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  token_digest bytea NOT NULL UNIQUE CHECK (octet_length(token_digest) = 32),
  account_id bigint NOT NULL REFERENCES account,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE INDEX session_account ON session (account_id);

-- Counts of attempts (sign-in, typed codes) in a window; the bucket is a salted digest.
CREATE TABLE throttle (
  bucket text PRIMARY KEY,
  attempts integer NOT NULL,
  window_started_at timestamptz NOT NULL
);

CREATE TABLE stored_file (
  digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
  media_type text NOT NULL,
  size integer NOT NULL,
  content bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK (size = octet_length(content))
);

CREATE TABLE job (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL,
  payload jsonb NOT NULL DEFAULT '{}',
  state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed')),
  done integer NOT NULL DEFAULT 0,
  total integer NOT NULL DEFAULT 0,
  result jsonb,
  error jsonb,
  attempts integer NOT NULL DEFAULT 0,
  max_attempts integer NOT NULL DEFAULT 3,
  run_after timestamptz NOT NULL DEFAULT now(),
  locked_until timestamptz,
  created_by bigint REFERENCES account,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz,
  idempotency_key text UNIQUE
);
CREATE INDEX job_waiting ON job (run_after, id) WHERE state IN ('queued', 'running');

CREATE TABLE mail_message (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  to_address text NOT NULL,
  subject text NOT NULL,
  body text NOT NULL,
  attachments jsonb NOT NULL DEFAULT '[]',
  state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'stored', 'failed')),
  attempts integer NOT NULL DEFAULT 0,
  run_after timestamptz NOT NULL DEFAULT now(),
  about_kind text NOT NULL DEFAULT '',
  about_id bigint,
  institution_id bigint,
  created_at timestamptz NOT NULL DEFAULT now(),
  sent_at timestamptz,
  error text,
  idempotency_key text UNIQUE
);
CREATE INDEX mail_waiting ON mail_message (run_after, id) WHERE state = 'queued';

-- Who, when, what, why, from where. References and salted digests only: no personal values.
CREATE TABLE audit_entry (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  actor_kind text NOT NULL CHECK (actor_kind IN ('account', 'link', 'agent', 'system', 'operator')),
  actor_id bigint,
  action text NOT NULL,
  subject_kind text NOT NULL,
  subject_id text NOT NULL,
  why text NOT NULL DEFAULT '',
  channel text NOT NULL CHECK (channel IN ('web', 'api', 'cli', 'job')),
  origin_digest bytea,
  request_id text NOT NULL DEFAULT '',
  details jsonb NOT NULL DEFAULT '{}',
  -- lets the sealing job take only what no open transaction can still add to
  xid bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint)
);
CREATE INDEX audit_entry_subject ON audit_entry (subject_kind, subject_id, id);
CREATE INDEX audit_entry_xid ON audit_entry (xid, id);
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE audit_seal (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  from_xid bigint NOT NULL,
  to_xid bigint NOT NULL,
  entries integer NOT NULL,
  previous bytea NOT NULL,
  digest bytea NOT NULL UNIQUE,
  sealed_at timestamptz NOT NULL DEFAULT now(),
  CHECK (from_xid < to_xid)
);
CREATE UNIQUE INDEX audit_seal_chain ON audit_seal (from_xid);
CREATE TRIGGER audit_seal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seal
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What a client's Idempotency-Key was answered with.
CREATE TABLE idempotent_answer (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  owner text NOT NULL,
  key text NOT NULL,
  request_digest bytea NOT NULL,
  status integer NOT NULL,
  body jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (owner, key)
);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, DESCRIPTION, SQL)

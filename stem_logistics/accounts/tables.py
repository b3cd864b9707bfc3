"""Tables of accounts. The schema itself is `db/migrations`; a test holds the two together."""

from piccolo.columns import BigInt, Boolean, Bytea, Text, Timestamptz
from piccolo.table import Table

from stem_logistics.db.engine import ENGINE


class Account(Table, db=ENGINE, tablename="account"):
    id = BigInt(primary_key=True)
    code = Text()
    email = Text(null=True, default=None)
    name = Text(null=True, default=None)
    password_hash = Text(null=True, default=None)
    locale = Text(default="el")
    active = Boolean(default=True)
    created_at = Timestamptz()
    erased_at = Timestamptz(null=True, default=None)


class RoleGrant(Table, db=ENGINE, tablename="role_grant"):
    id = BigInt(primary_key=True)
    account_id = BigInt()
    role = Text()
    scope_kind = Text()
    scope_id = BigInt(null=True, default=None)
    granted_at = Timestamptz()
    granted_by = BigInt(null=True, default=None)
    revoked_at = Timestamptz(null=True, default=None)


class Session(Table, db=ENGINE, tablename="session"):
    id = BigInt(primary_key=True)
    token_digest = Bytea()
    account_id = BigInt()
    created_at = Timestamptz()
    last_seen_at = Timestamptz()
    expires_at = Timestamptz()
    revoked_at = Timestamptz(null=True, default=None)


class SchoolLink(Table, db=ENGINE, tablename="school_link"):
    id = BigInt(primary_key=True)
    token_digest = Bytea()
    code_digest = Bytea(null=True, default=None)
    purpose = Text()
    institution_id = BigInt(null=True, default=None)
    stop_id = BigInt(null=True, default=None)
    consignment_id = BigInt(null=True, default=None)
    wave_id = BigInt(null=True, default=None)
    created_by = BigInt(null=True, default=None)
    created_at = Timestamptz()
    expires_at = Timestamptz()
    revoked_at = Timestamptz(null=True, default=None)
    last_used_at = Timestamptz(null=True, default=None)

"""Every query of accounts: people, grants, sessions, links, attempts."""

from datetime import datetime
from typing import Any

from stem_logistics.accounts.policy import Grant
from stem_logistics.accounts.tables import Account, RoleGrant, SchoolLink, Session
from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value


async def account_by_email(email: str) -> dict[str, Any] | None:
    """The active account of an address (lower case), with its password hash."""
    found: dict[str, Any] | None = (
        await Account.select(Account.id, Account.code, Account.name, Account.password_hash)
        .where(Account.email == email, Account.active.eq(True))
        .first()
    )
    return found


async def account_by_id(account_id: int) -> dict[str, Any] | None:
    """An active account."""
    found: dict[str, Any] | None = (
        await Account.select(Account.id, Account.code, Account.name)
        .where(Account.id == account_id, Account.active.eq(True))
        .first()
    )
    return found


async def active_accounts() -> list[tuple[int, str]]:
    """Every active account that holds a role: its id and address."""
    rows = await fetch(
        """SELECT a.id, a.email FROM account a WHERE a.active
             AND EXISTS (SELECT FROM role_grant g WHERE g.account_id = a.id AND g.revoked_at IS NULL) ORDER BY a.id"""
    )
    return [(row["id"], row["email"]) for row in rows]


async def add_account(code: str, email: str, name: str, password_hash: str) -> int:
    """A new account; returns its id."""
    return int(
        await fetch_value(
            "INSERT INTO account (code, email, name, password_hash) VALUES ($1, $2, $3, $4) RETURNING id",
            code,
            email,
            name,
            password_hash,
        )
    )


async def set_password(account_id: int, password_hash: str) -> None:
    """Replace the hash."""
    await Account.update({Account.password_hash: password_hash}).where(Account.id == account_id)


async def shut(account_id: int) -> None:
    """Make an account inactive and take away its grants."""
    await execute("UPDATE account SET active = false WHERE id = $1", account_id)
    await execute("UPDATE role_grant SET revoked_at = now() WHERE account_id = $1 AND revoked_at IS NULL", account_id)


async def region_id(code: str) -> int | None:
    """The regional directorate of a code."""
    found: int | None = await fetch_value("SELECT id FROM regional_directorate WHERE code = $1", code)
    return found


async def grants_of(account_id: int) -> tuple[Grant, ...]:
    """The grants in force."""
    rows = await RoleGrant.select(RoleGrant.role, RoleGrant.scope_kind, RoleGrant.scope_id).where(
        RoleGrant.account_id == account_id, RoleGrant.revoked_at.is_null()
    )
    return tuple(Grant(row["role"], row["scope_kind"], row["scope_id"]) for row in rows)


async def add_grant(account_id: int, grant: Grant, granted_by: int | None) -> None:
    """Give a role in a scope; giving it twice changes nothing."""
    await execute(
        """INSERT INTO role_grant (account_id, role, scope_kind, scope_id, granted_by) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT DO NOTHING""",
        account_id,
        grant.role,
        grant.scope_kind,
        grant.scope_id,
        granted_by,
    )


async def add_session(account_id: int, token_digest: bytes, hours: int) -> int:
    """A new session; returns its id."""
    return int(
        await fetch_value(
            """INSERT INTO session (token_digest, account_id, expires_at)
               VALUES ($1, $2, now() + make_interval(hours => $3)) RETURNING id""",
            token_digest,
            account_id,
            hours,
        )
    )


async def session_by_token(token_digest: bytes) -> dict[str, Any] | None:
    """The live session of a token with its account and `grants`, seen now (noted once a minute, not each time)."""
    row = await fetch_one(
        """SELECT s.id AS session_id, s.last_seen_at < now() - interval '1 minute' AS stale,
             a.id, a.code, a.name,
             ARRAY(SELECT (g.role, g.scope_kind, g.scope_id) FROM role_grant g
               WHERE g.account_id = a.id AND g.revoked_at IS NULL) AS grants
           FROM session s JOIN account a ON a.id = s.account_id
           WHERE s.token_digest = $1 AND s.revoked_at IS NULL AND s.expires_at > now() AND a.active""",
        token_digest,
    )
    if row is not None and row["stale"]:
        await execute("UPDATE session SET last_seen_at = now() WHERE id = $1", row["session_id"])
    if row is not None:
        row["grants"] = tuple(Grant(*each) for each in row["grants"])
    return row


async def revoke_session(session_id: int) -> None:
    """End a session for good."""
    await execute("UPDATE session SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL", session_id)


async def revoke_sessions_of(account_id: int) -> None:
    """End every session of an account."""
    await Session.delete().where(Session.account_id == account_id, Session.expires_at < datetime.now().astimezone())
    await execute("UPDATE session SET revoked_at = now() WHERE account_id = $1 AND revoked_at IS NULL", account_id)


async def count_attempt(bucket: str, window_seconds: int) -> int:
    """Count one attempt; returns how many there were in the running window, this one included."""
    return int(
        await fetch_value(
            """INSERT INTO throttle AS t (bucket, attempts, window_started_at) VALUES ($1, 1, now())
               ON CONFLICT (bucket) DO UPDATE SET
                 attempts = CASE WHEN t.window_started_at < now() - make_interval(secs => $2)
                   THEN 1 ELSE t.attempts + 1 END,
                 window_started_at = CASE WHEN t.window_started_at < now() - make_interval(secs => $2)
                   THEN now() ELSE t.window_started_at END
               RETURNING attempts""",
            bucket,
            window_seconds,
        )
    )


async def clear_attempts(bucket: str) -> None:
    """Forget a bucket's attempts, after a success."""
    await execute("DELETE FROM throttle WHERE bucket = $1", bucket)


async def add_link(
    *,
    token_digest: bytes,
    code_digest: bytes | None,
    purpose: str,
    institution_id: int | None,
    consignment_id: int | None,
    wave_id: int | None,
    created_by: int | None,
    days: int,
    stop_id: int | None = None,
) -> int:
    """A new link of a school, or of a stop of the last mile; returns its id."""
    return int(
        await fetch_value(
            """INSERT INTO school_link (token_digest, code_digest, purpose, institution_id, consignment_id, wave_id,
                 created_by, expires_at, stop_id)
               VALUES ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(days => $8), $9) RETURNING id""",
            token_digest,
            code_digest,
            purpose,
            institution_id,
            consignment_id,
            wave_id,
            created_by,
            days,
            stop_id,
        )
    )


async def link_by_token(token_digest: bytes) -> dict[str, Any] | None:
    """A link, whatever its state: the caller says why it does not open."""
    found: dict[str, Any] | None = await SchoolLink.select().where(SchoolLink.token_digest == token_digest).first()
    return found


async def link_by_code(consignment_id: int, code_digest: bytes) -> dict[str, Any] | None:
    """The receipt link of a consignment for a typed code."""
    found: dict[str, Any] | None = (
        await SchoolLink.select()
        .where(SchoolLink.consignment_id == consignment_id, SchoolLink.code_digest == code_digest)
        .order_by(SchoolLink.id, ascending=False)
        .first()
    )
    return found


async def revoke_links(*, consignment_id: int) -> int:
    """Revoke a consignment's links; returns how many were still open."""
    return await execute(
        "UPDATE school_link SET revoked_at = now() WHERE consignment_id = $1 AND revoked_at IS NULL", consignment_id
    )


async def touch_link(link_id: int) -> None:
    """Note that the link was used."""
    await execute("UPDATE school_link SET last_used_at = now() WHERE id = $1", link_id)

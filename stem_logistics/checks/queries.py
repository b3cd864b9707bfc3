"""Every query of the checks: agents and their codes."""

from datetime import datetime
from typing import Any

from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value


async def add_code(digest: bytes, label: str, created_by: int | None, expires_at: datetime) -> int:
    """Keep an enrolment code's digest; returns its id."""
    code_id: int = await fetch_value(
        """INSERT INTO enrolment_code (code_digest, label, created_by, expires_at)
           VALUES ($1, $2, $3, $4) RETURNING id""",
        digest,
        label,
        created_by,
        expires_at,
    )
    return code_id


async def lock_code(digest: bytes) -> dict[str, Any] | None:
    """An enrolment code by its digest, locked for the unit of work, with the key of the agent that used it."""
    return await fetch_one(
        """SELECT c.*, a.public_key, a.code AS agent_code, a.name AS agent_name
           FROM enrolment_code c LEFT JOIN agent a ON a.id = c.agent_id
           WHERE c.code_digest = $1 FOR NO KEY UPDATE OF c""",
        digest,
    )


async def open_codes(own: int | None) -> list[dict[str, Any]]:
    """The codes that can still be used, newest first; of one account, or of all."""
    return await fetch(
        """SELECT c.id, c.label, c.created_at, c.expires_at, coalesce(a.name, '') AS created_by
           FROM enrolment_code c LEFT JOIN account a ON a.id = c.created_by
           WHERE c.used_at IS NULL AND c.expires_at > now() AND ($1::bigint IS NULL OR c.created_by = $1)
           ORDER BY c.id DESC LIMIT 200""",
        own,
    )


async def withdraw_code(code_id: int, own: int | None) -> bool:
    """Let an unused code expire now; False where there was none to withdraw."""
    return bool(
        await execute(
            """UPDATE enrolment_code SET expires_at = now() WHERE id = $1 AND used_at IS NULL AND expires_at > now()
               AND ($2::bigint IS NULL OR created_by = $2)""",
            code_id,
            own,
        )
    )


async def add_agent(code: str, name: str, public_key: bytes, version: str, enrolled_by: int | None) -> int:
    """Add an agent; returns its id."""
    agent_id: int = await fetch_value(
        """INSERT INTO agent (code, name, public_key, version, enrolled_by)
           VALUES ($1, $2, $3, $4, $5) RETURNING id""",
        code,
        name,
        public_key,
        version,
        enrolled_by,
    )
    return agent_id


async def use_code(code_id: int, agent_id: int) -> None:
    """Mark a code as used by an agent."""
    await execute("UPDATE enrolment_code SET used_at = now(), agent_id = $2 WHERE id = $1", code_id, agent_id)


async def agent_by_code(code: str) -> dict[str, Any] | None:
    """An agent, revoked or not."""
    return await fetch_one("SELECT * FROM agent WHERE code = $1", code)


async def lock_agent(agent_id: int) -> dict[str, Any]:
    """An agent, locked: its reports are taken one after the other."""
    row = await fetch_one("SELECT * FROM agent WHERE id = $1 FOR NO KEY UPDATE", agent_id)
    assert row is not None
    return row


async def agents(own: int | None) -> list[dict[str, Any]]:
    """Every agent, or those that one account enrolled, with what it has filed."""
    return await fetch(
        """SELECT a.id, a.code, a.name, a.version, a.bundle_version, a.enrolled_at, a.last_seen_at, a.revoked_at,
             coalesce(w.name, '') AS enrolled_by, r.reports, r.gaps, r.forks,
             (SELECT clock_skew_s FROM check_report WHERE agent_id = a.id AND clock_skew_s IS NOT NULL
              ORDER BY id DESC LIMIT 1) AS clock_skew_s
           FROM agent a LEFT JOIN account w ON w.id = a.enrolled_by
           CROSS JOIN LATERAL (
             SELECT count(*) AS reports, coalesce(max(sequence), 0) - count(DISTINCT sequence) AS gaps,
               count(*) FILTER (WHERE chain = 'fork') AS forks
             FROM check_report WHERE agent_id = a.id) r
           WHERE $1::bigint IS NULL OR a.enrolled_by = $1
           ORDER BY a.revoked_at IS NOT NULL, a.id DESC""",
        own,
    )


async def revoke_agent(code: str, by: int | None, own: int | None) -> bool:
    """Revoke an agent; False where there is none that is not revoked."""
    return bool(
        await execute(
            """UPDATE agent SET revoked_at = now(), revoked_by = $2 WHERE code = $1 AND revoked_at IS NULL
               AND ($3::bigint IS NULL OR enrolled_by = $3)""",
            code,
            by,
            own,
        )
    )


async def seen(agent_id: int, version: str = "") -> None:
    """Note that an agent was heard of, and its program's version where it told it. At most once a minute while that
    stays the same, so that a list costs no write each time."""
    await execute(
        """UPDATE agent SET last_seen_at = now(), version = coalesce(nullif($2, ''), version)
           WHERE id = $1 AND (last_seen_at IS NULL OR last_seen_at < now() - interval '1 minute'
             OR ($2 <> '' AND version <> $2))""",
        agent_id,
        version,
    )

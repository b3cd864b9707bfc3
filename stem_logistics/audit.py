"""The record of every change: who, when, what, why, from where. Append-only, sealed in a chain of digests.

Entries carry references (kinds, ids, codes) and salted digests, never a personal value, so that the chain outlives an
erasure. Sealing is a background task: a writer's transaction never waits for the chain. A seal covers a range of
transaction ids below the oldest one still running, so nothing can slip in behind it.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from stem_logistics import runtime
from stem_logistics.db.engine import ENGINE, execute, fetch, fetch_one, fetch_value, unit_of_work

FIRST = bytes(32)


async def record(action: str, subject_kind: str, subject_id: object, *, why: str = "", **details: Any) -> None:
    """Write one entry, inside the unit of work that makes the change.

    Args:
        action: past tense, kebab-case: `receipt-confirmed`.
        subject_kind: the noun's table, and `subject_id` its id or public code.
        why: the reason a person gave.
        details: JSON values; no names, addresses or e-mail.
    """
    assert ENGINE.current_transaction.get() is not None, "an audit entry belongs to the change's own transaction"
    who = runtime.actor()
    kind = "system" if who.principal.kind == "anonymous" else who.principal.kind
    await execute(
        """INSERT INTO audit_entry (actor_kind, actor_id, action, subject_kind, subject_id, why, channel,
             origin_digest, request_id, details) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb)""",
        kind,
        who.principal.id,
        action,
        subject_kind,
        str(subject_id),
        why,
        who.channel,
        who.origin_digest,
        who.request_id,
        json.dumps(details, ensure_ascii=False, default=str),
    )


async def record_each(action: str, subject_kind: str, subjects: Sequence[tuple[object, dict[str, Any]]]) -> None:
    """Write one entry for each of many subjects (id or code, details): for changes in bulk, in one statement."""
    assert ENGINE.current_transaction.get() is not None, "an audit entry belongs to the change's own transaction"
    who = runtime.actor()
    await execute(
        """INSERT INTO audit_entry (actor_kind, actor_id, action, subject_kind, subject_id, channel, origin_digest,
             request_id, details)
           SELECT $1, $2, $3, $4, s.id, $5, $6, $7, s.details::jsonb
           FROM unnest($8::text[], $9::text[]) AS s(id, details)""",
        "system" if who.principal.kind == "anonymous" else who.principal.kind,
        who.principal.id,
        action,
        subject_kind,
        who.channel,
        who.origin_digest,
        who.request_id,
        [str(subject) for subject, _ in subjects],
        [json.dumps(details, ensure_ascii=False, default=str) for _, details in subjects],
    )


_COVERED = """SELECT id, at, actor_kind, actor_id, action, subject_kind, subject_id, why, channel,
  encode(origin_digest, 'hex') AS origin, request_id, details::text AS details
  FROM audit_entry WHERE xid >= $1 AND xid < $2 ORDER BY id"""


def _chain(previous: bytes, rows: list[dict[str, Any]]) -> bytes:
    state = hashlib.sha256(previous)
    for row in rows:
        row = {**row, "at": row["at"].isoformat(), "details": json.loads(row["details"])}
        state.update(json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode())
    return state.digest()


async def seal() -> int:
    """Seal what no running transaction can still add to. Returns the number of entries sealed."""
    async with unit_of_work():
        await execute("LOCK TABLE audit_seal IN SHARE ROW EXCLUSIVE MODE")
        last = await fetch_one("SELECT to_xid, digest FROM audit_seal ORDER BY id DESC LIMIT 1")
        start = last["to_xid"] if last else 0
        previous = last["digest"] if last else FIRST
        end = await fetch_value("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        rows = await fetch(_COVERED, start, end) if end > start else []
        if not rows:
            return 0
        await execute(
            "INSERT INTO audit_seal (from_xid, to_xid, entries, previous, digest) VALUES ($1, $2, $3, $4, $5)",
            start,
            end,
            len(rows),
            previous,
            _chain(previous, rows),
        )
        return len(rows)


async def verify() -> tuple[int, int | None]:
    """Recompute the chain. Returns how many seals hold, and the id of the first that does not (or None)."""
    previous, end, good = FIRST, 0, 0
    for sealed in await fetch("SELECT * FROM audit_seal ORDER BY id"):
        rows = await fetch(_COVERED, sealed["from_xid"], sealed["to_xid"])
        whole = sealed["from_xid"] == end and sealed["previous"] == previous and len(rows) == sealed["entries"]
        if not whole or _chain(previous, rows) != sealed["digest"]:
            return good, int(sealed["id"])
        previous, end, good = sealed["digest"], sealed["to_xid"], good + 1
    return good, None


async def history(subject_kind: str, subject_id: object, *, limit: int = 200) -> list[dict[str, Any]]:
    """The entries about one thing, newest first, with the actor's name where one is still known."""
    return await fetch(
        """SELECT e.id, e.at, e.actor_kind, e.actor_id, e.action, e.why, e.channel, e.details,
             coalesce(a.name, '') AS actor_name
           FROM audit_entry e LEFT JOIN account a ON e.actor_kind = 'account' AND a.id = e.actor_id
           WHERE e.subject_kind = $1 AND e.subject_id = $2 ORDER BY e.id DESC LIMIT $3""",
        subject_kind,
        str(subject_id),
        limit,
    )


_LISTED = """FROM audit_entry e LEFT JOIN account a ON e.actor_kind = 'account' AND a.id = e.actor_id
  WHERE ($1 = '' OR e.action = $1) AND ($2 = '' OR e.subject_kind = $2) AND ($3 = '' OR e.subject_id = $3)
    AND ($4 = '' OR e.actor_kind = $4)"""


async def entries(filters: dict[str, str], *, before: int | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Entries, newest first.

    Args:
        filters: by `action`, `subject` (kind), `id` (the subject's) and `actor` (kind); a missing one does not narrow.
        before: only entries with a smaller id: the key of the next page.
    """
    return await fetch(
        f"""SELECT e.id, e.at, e.actor_kind, e.actor_id, e.action, e.subject_kind, e.subject_id, e.why, e.channel,
              e.request_id, e.details::text AS details, coalesce(a.name, '') AS actor_name {_LISTED}
            AND ($5::bigint IS NULL OR e.id < $5) ORDER BY e.id DESC LIMIT $6""",
        *(filters.get(name, "") for name in ("action", "subject", "id", "actor")),
        before,
        limit,
    )


async def every_entry(filters: dict[str, str]) -> AsyncIterator[dict[str, Any]]:
    """All entries that the filters let through, newest first, a batch at a time."""
    before: int | None = None
    while batch := await entries(filters, before=before, limit=1000):
        for entry in batch:
            yield entry
        before = batch[-1]["id"]


async def vocabulary() -> tuple[list[str], list[str]]:
    """The actions and the kinds of subject that occur, for a list's filters."""
    rows = await fetch("SELECT DISTINCT action, subject_kind FROM audit_entry")
    return sorted({row["action"] for row in rows}), sorted({row["subject_kind"] for row in rows})


async def seals() -> dict[str, Any]:
    """How much of the record is sealed: seals, entries in them, when the last one was made and its digest."""
    row = await fetch_one(
        """SELECT count(*) AS seals, coalesce(sum(entries), 0)::bigint AS entries, max(sealed_at) AS last,
             (SELECT encode(digest, 'hex') FROM audit_seal ORDER BY id DESC LIMIT 1) AS digest FROM audit_seal"""
    )
    assert row is not None
    return row

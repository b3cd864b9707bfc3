"""`Idempotency-Key`: what creates through the API answers a repeated request with the first answer."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

from stem_logistics import runtime
from stem_logistics.db.engine import execute, fetch_one, fetch_value, unit_of_work
from stem_logistics.errors import Conflict

Body = dict[str, Any]


async def answer_once(
    key: str | None, request: object, make: Callable[[], Awaitable[tuple[int, Body]]]
) -> tuple[int, Body]:
    """Run `make` once for a key: its change and its answer are kept in one unit of work.

    Args:
        key: the header's value; without one `make` simply runs.
        request: what was asked, JSON-able; the same key with another request is refused.
        make: makes the change; returns status and body (JSON values).

    Raises:
        Conflict: the key was used for another request.
    """
    if not key:
        return await make()
    who = runtime.actor().principal
    owner = f"{who.kind}:{who.id}"
    digest = hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).digest()
    async with unit_of_work():
        # A second request with the key waits here until the first one's unit of work ends.
        mine = await fetch_value(
            """INSERT INTO idempotent_answer (owner, key, request_digest, status) VALUES ($1, $2, $3, 0)
               ON CONFLICT (owner, key) DO NOTHING RETURNING id""",
            owner,
            key[:200],
            digest,
        )
        if mine is None:
            kept = await fetch_one(
                """SELECT request_digest, status, body::text AS body FROM idempotent_answer
                   WHERE owner = $1 AND key = $2""",
                owner,
                key[:200],
            )
            assert kept is not None
            if kept["request_digest"] != digest:
                raise Conflict("idempotency-key-reused")
            return int(kept["status"]), json.loads(kept["body"])
        status, body = await make()
        await execute(
            "UPDATE idempotent_answer SET status = $2, body = $3::jsonb WHERE id = $1",
            mine,
            status,
            json.dumps(body, ensure_ascii=False, default=str),
        )
        return status, body

"""Queries of applications that are being filled in, of who signed them, and of their receipts."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from stem_logistics.db.engine import execute, fetch_one, fetch_value


async def draft(wave_id: int, institution_id: int) -> dict[str, Any] | None:
    """The answers of a school so far, with when they were started and last changed."""
    row = await fetch_one(
        """SELECT answers::text AS answers, started_at, updated_at FROM application_draft
           WHERE wave_id = $1 AND institution_id = $2""",
        wave_id,
        institution_id,
    )
    return None if row is None else {**row, "answers": json.loads(row["answers"])}


async def put_draft(wave_id: int, institution_id: int, answers: Mapping[str, str]) -> None:
    """Keep a school's answers."""
    await execute(
        """INSERT INTO application_draft (wave_id, institution_id, answers) VALUES ($1, $2, $3::jsonb)
           ON CONFLICT (wave_id, institution_id) DO UPDATE SET answers = excluded.answers, updated_at = now()""",
        wave_id,
        institution_id,
        json.dumps(dict(answers), ensure_ascii=False),
    )


async def drop_draft(wave_id: int, institution_id: int) -> int:
    """Forget a school's answers; returns how many drafts there were."""
    return await execute(
        "DELETE FROM application_draft WHERE wave_id = $1 AND institution_id = $2", wave_id, institution_id
    )


async def add_signature(
    application_id: int, name: str, post: str, act_number: str, act_on: date | None, act: bytes | None
) -> None:
    """Who signed a submission, with which act."""
    await execute(
        """INSERT INTO application_signature (application_id, name, post, act_number, act_on, act_digest)
           VALUES ($1, $2, $3, $4, $5, $6)""",
        application_id,
        name,
        post,
        act_number,
        act_on,
        act,
    )


async def signature(application_id: int) -> dict[str, Any] | None:
    """Who signed a submission; `act` is the digest of the act's file in hex."""
    return await fetch_one(
        """SELECT name, post, act_number, act_on, encode(act_digest, 'hex') AS act, signed_at
           FROM application_signature WHERE application_id = $1""",
        application_id,
    )


async def add_receipt(application_id: int, facts: bytes, document: bytes, answers_digest: str) -> None:
    """The files of a submission's receipt."""
    await execute(
        """INSERT INTO application_receipt (application_id, facts_digest, document_digest, answers_digest)
           VALUES ($1, $2, $3, $4)""",
        application_id,
        facts,
        document,
        answers_digest,
    )


async def receipt(application_id: int) -> dict[str, Any] | None:
    """The files of a submission's receipt, by digest."""
    return await fetch_one(
        """SELECT facts_digest, document_digest, answers_digest, created_at FROM application_receipt
           WHERE application_id = $1""",
        application_id,
    )


async def submitted_at(application_id: int) -> Any:
    """When a submission was taken."""
    return await fetch_value("SELECT submitted_at FROM application WHERE id = $1", application_id)


async def root_of(institution_id: int) -> int:
    """The school that a registration stands for."""
    return int(await fetch_value("SELECT root_id FROM institution WHERE id = $1", institution_id))


async def move_draft(institution_id: int, to_institution_id: int, wave_id: int | None = None) -> list[int]:
    """Let a school's drafts (or that of one wave) be another's, where that one has none; returns the waves."""
    rows = await fetch_value(
        """WITH moved AS (UPDATE application_draft d SET institution_id = $2 WHERE institution_id = $1
             AND ($3::bigint IS NULL OR wave_id = $3) AND NOT EXISTS (SELECT 1 FROM application_draft o
               WHERE o.wave_id = d.wave_id AND o.institution_id = $2) RETURNING wave_id)
           SELECT coalesce(array_agg(wave_id), '{}') FROM moved""",
        institution_id,
        to_institution_id,
        wave_id,
    )
    return [int(wave) for wave in rows]

"""Queries of what a merge of two registrations does to applications."""

from collections.abc import Sequence
from typing import Any

from stem_logistics.db.engine import execute, fetch, fetch_value

# A wave with published results is decided; so is one that was entered as history.
_UNDECIDED = """w.state <> 'historic'
  AND NOT EXISTS (SELECT 1 FROM allocation_run r WHERE r.wave_id = w.id AND r.published_at IS NOT NULL)"""


async def undecided_submissions(institution_id: int, wave_id: int | None = None) -> list[dict[str, Any]]:
    """What a school submitted to waves that are still being decided, by wave and moment; withdrawn ones apart."""
    return await fetch(
        f"""SELECT a.id, a.wave_id, a.submission, a.submitted_at FROM application a JOIN wave w ON w.id = a.wave_id
            WHERE a.institution_id = $1 AND ($2::bigint IS NULL OR w.id = $2) AND a.state = 'submitted'
              AND {_UNDECIDED} ORDER BY a.wave_id, a.submission FOR NO KEY UPDATE OF a""",  # noqa: S608 - a constant
        institution_id,
        wave_id,
    )


async def next_submission(wave_id: int, institution_id: int) -> int:
    """The number that a school's next submission to a wave gets."""
    return int(
        await fetch_value(
            "SELECT coalesce(max(submission), 0) + 1 FROM application WHERE wave_id = $1 AND institution_id = $2",
            wave_id,
            institution_id,
        )
    )


async def move(application_id: int, institution_id: int, submission: int) -> None:
    """Let an application be a school's, as its submission of that number."""
    await execute(
        "UPDATE application SET institution_id = $2, submission = $3 WHERE id = $1",
        application_id,
        institution_id,
        submission,
    )


async def set_states(application_ids: Sequence[int], state: str) -> None:
    """Let applications be in a state."""
    await execute("UPDATE application SET state = $2 WHERE id = ANY($1::bigint[])", list(application_ids), state)


async def still_undecided(application_ids: Sequence[int]) -> set[int]:
    """Those of the applications whose wave is still being decided."""
    rows = await fetch(
        f"""SELECT a.id FROM application a JOIN wave w ON w.id = a.wave_id
            WHERE a.id = ANY($1::bigint[]) AND {_UNDECIDED}""",  # noqa: S608 - a constant
        list(application_ids),
    )
    return {row["id"] for row in rows}

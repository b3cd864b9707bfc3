"""Queries of what staff do with applications: send back, withdraw, note."""

from datetime import datetime
from typing import Any

from stem_logistics.db.engine import execute, fetch, fetch_one


async def open_return(wave_id: int, institution_id: int) -> dict[str, Any] | None:
    """The correction that a school was asked for and has not made."""
    return await fetch_one(
        """SELECT id, why, until_at, created_at FROM application_return
           WHERE wave_id = $1 AND institution_id = $2 AND answered_at IS NULL""",
        wave_id,
        institution_id,
    )


async def put_return(
    wave_id: int, institution_id: int, application_id: int, why: str, until: datetime, account_id: int | None
) -> None:
    """Ask a school for a correction; another request takes the place of one that waits."""
    await close_returns(wave_id, institution_id)
    await execute(
        """INSERT INTO application_return (wave_id, institution_id, application_id, why, until_at, created_by)
           VALUES ($1, $2, $3, $4, $5, $6)""",
        wave_id,
        institution_id,
        application_id,
        why,
        until,
        account_id,
    )


async def close_returns(wave_id: int, institution_id: int) -> int:
    """A school has answered, or need not any more; returns how many requests waited."""
    return await execute(
        """UPDATE application_return SET answered_at = now()
           WHERE wave_id = $1 AND institution_id = $2 AND answered_at IS NULL""",
        wave_id,
        institution_id,
    )


async def withdraw(wave_id: int, institution_id: int, why: str) -> list[int]:
    """Withdraw every submission of a school; returns them."""
    rows = await fetch(
        """UPDATE application SET state = 'withdrawn', withdrawn_at = now(), withdrawn_why = $3
           WHERE wave_id = $1 AND institution_id = $2 AND state = 'submitted' RETURNING id""",
        wave_id,
        institution_id,
        why,
    )
    return sorted(row["id"] for row in rows)


async def withdrawal(application_id: int) -> dict[str, Any] | None:
    """When and why an application was withdrawn, where it was with a reason."""
    return await fetch_one(
        "SELECT withdrawn_at, withdrawn_why FROM application WHERE id = $1 AND withdrawn_at IS NOT NULL", application_id
    )


async def last_withdrawal(wave_id: int, institution_id: int) -> dict[str, Any] | None:
    """When and why a school's newest application was withdrawn, where it was."""
    return await fetch_one(
        """SELECT withdrawn_at, withdrawn_why FROM application
           WHERE wave_id = $1 AND institution_id = $2 AND withdrawn_at IS NOT NULL ORDER BY submission DESC LIMIT 1""",
        wave_id,
        institution_id,
    )


async def add_comment(wave_id: int, institution_id: int, body: str, account_id: int | None) -> None:
    """A note of staff beside a school's application."""
    await execute(
        "INSERT INTO application_comment (wave_id, institution_id, body, created_by) VALUES ($1, $2, $3, $4)",
        wave_id,
        institution_id,
        body,
        account_id,
    )


async def comments(wave_id: int, institution_id: int) -> list[dict[str, Any]]:
    """The notes beside a school's application, oldest first, with who wrote them."""
    return await fetch(
        """SELECT c.id, c.body, c.created_at, coalesce(a.name, '') AS author FROM application_comment c
           LEFT JOIN account a ON a.id = c.created_by WHERE c.wave_id = $1 AND c.institution_id = $2 ORDER BY c.id""",
        wave_id,
        institution_id,
    )

"""Custody's jobs."""

from typing import Any

from stem_logistics.custody import idle, loans
from stem_logistics.jobs import Progress, job_handler, recurring

REMIND_JOB = "loan-reminders"
LAPSE_JOB = "idle-offers"


@job_handler(REMIND_JOB)
async def remind(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Remind borrowers of what is due."""
    return {"sent": await loans.remind()}


@job_handler(LAPSE_JOB)
async def lapse(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """End offers that nobody answered in time."""
    return {"lapsed": await idle.lapse()}


recurring(LAPSE_JOB, lambda settings: 1)
recurring(REMIND_JOB, lambda settings: 24)

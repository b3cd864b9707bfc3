"""Custody's jobs."""

from typing import Any

from stem_logistics.custody import loans
from stem_logistics.jobs import Progress, job_handler, recurring

REMIND_JOB = "loan-reminders"


@job_handler(REMIND_JOB)
async def remind(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Remind borrowers of what is due."""
    return {"sent": await loans.remind()}


recurring(REMIND_JOB, lambda settings: 24)

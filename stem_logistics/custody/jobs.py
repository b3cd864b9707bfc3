"""Custody's jobs."""

from typing import Any

from stem_logistics.custody import idle, loans, recalls, repairs
from stem_logistics.jobs import Progress, job_handler, recurring

REMIND_JOB = "loan-reminders"
LAPSE_JOB = "idle-offers"
ASK_JOB = "repair-arrivals"
RECALL_JOB = "recall-reminders"


@job_handler(REMIND_JOB)
async def remind(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Remind borrowers of what is due."""
    return {"sent": await loans.remind()}


@job_handler(LAPSE_JOB)
async def lapse(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """End offers that nobody answered in time."""
    return {"lapsed": await idle.lapse()}


@job_handler(ASK_JOB)
async def ask(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Ask schools whether their repaired devices came."""
    return {"sent": await repairs.ask_for_arrival()}


@job_handler(RECALL_JOB)
async def remind_of_recalls(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Remind schools of recalls that they have not answered."""
    return {"sent": await recalls.remind_due()}


recurring(RECALL_JOB, lambda settings: 24)
recurring(ASK_JOB, lambda settings: 24)
recurring(LAPSE_JOB, lambda settings: 1)
recurring(REMIND_JOB, lambda settings: 24)

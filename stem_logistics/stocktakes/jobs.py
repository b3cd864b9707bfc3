"""The stocktakes' jobs."""

from datetime import date
from typing import Any

from stem_logistics.jobs import Progress, job_handler, recurring
from stem_logistics.stocktakes import service

REMIND_JOB = "stocktake-reminders"


@job_handler(service.OPEN_JOB)
async def open_year(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Open a year's stocktakes and write to the schools."""
    due_on = date.fromisoformat(payload["due_on"])
    return {"opened": await service.open_year(int(payload["year"]), due_on, payload["region"])}


@job_handler(REMIND_JOB)
async def remind(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Remind schools that have not signed."""
    return {"sent": await service.remind()}


recurring(REMIND_JOB, lambda settings: 24)

"""The stock's work that takes longer than a request."""

from typing import Any

from stem_logistics.inventory import holdings
from stem_logistics.jobs import Progress, job_handler


@job_handler(holdings.HOLDINGS_JOB)
async def import_holdings(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Look at a file of equipment at schools, or write it."""
    return await holdings.run(payload, progress.report)

"""The stock's work that takes longer than a request."""

from typing import Any
from urllib.parse import urlencode

from stem_logistics.inventory import holdings
from stem_logistics.inventory.receiving import RECEIVE_JOB, receive_queued
from stem_logistics.jobs import Progress, job_handler


@job_handler(holdings.HOLDINGS_JOB)
async def import_holdings(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Look at a file of equipment at schools, or write it."""
    return await holdings.run(payload, progress.report)


@job_handler(RECEIVE_JOB)
async def receive(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Take in a long list of kits."""
    codes = await receive_queued(payload, progress.report)
    batch = payload["batch"].strip()
    return {"kits": len(codes), "href": f"/stock/kits?{urlencode({'batch': batch})}" if batch else "/stock/kits"}

"""The registry's jobs."""

from typing import Any

from stem_logistics.jobs import Progress, job_handler, recurring
from stem_logistics.registry import import_service, merging, refreshing


@job_handler(import_service.PREVIEW_JOB)
async def preview(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Say what an uploaded file would change."""
    return await import_service.run_preview(int(payload["import"]), progress.report)


@job_handler(import_service.IMPORT_JOB)
async def run(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Import a confirmed file."""
    return await import_service.run_import(int(payload["import"]), progress.report)


@job_handler(merging.LOOK_JOB)
async def look_for_duplicates(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Compare the whole registry with itself."""
    return {"pairs": await merging.look_for_duplicates()}


@job_handler(refreshing.REFRESH_JOB)
async def refresh(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Read the registry's source anew."""
    return await refreshing.refresh()


recurring(refreshing.REFRESH_JOB, lambda settings: settings.registry_refresh_hours if settings.registry_source else 0)

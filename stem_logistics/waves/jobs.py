"""The waves' work that takes longer than a request. Handlers register themselves when this module is imported."""

from typing import Any

from stem_logistics import files
from stem_logistics.jobs import Progress, job_handler
from stem_logistics.waves import historic, trials
from stem_logistics.waves.evidence_importing import EVIDENCE_IMPORT_JOB, import_rows
from stem_logistics.waves.importing import IMPORT_JOB, import_file
from stem_logistics.waves.scores import SCORE_JOB, score_applications
from stem_logistics.waves.service import get_wave_by_id


@job_handler(SCORE_JOB)
async def score(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Score a wave's applications."""
    wave = await get_wave_by_id(int(payload["wave_id"]))
    return await score_applications(wave.slug, progress.report)


@job_handler(IMPORT_JOB)
async def import_applications(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Take a file's applications."""
    return await import_file(int(payload["wave_id"]), bytes.fromhex(payload["file"]), progress.report)


@job_handler(historic.HISTORIC_JOB)
async def import_historic(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Read a file of earlier waves, or write it."""
    return await historic.run(payload, progress.report)


@job_handler(trials.TRIAL_JOB)
async def try_rules(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Try changed rules on the last wave's applicants."""
    return await trials.run(payload, progress.report)


@job_handler(EVIDENCE_IMPORT_JOB)
async def import_evidence(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Take a file of evidence."""
    content = (await files.load(bytes.fromhex(payload["file"]))).content
    return await import_rows(content, payload["matching"], payload["mode"], progress.report)

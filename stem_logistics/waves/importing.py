"""Applications from a file, as a job: read, checked row by row, taken all or none, with progress."""

import hashlib
from typing import Any

from stem_logistics import audit, files, jobs
from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import FieldErrors, Forbidden
from stem_logistics.waves import queries
from stem_logistics.waves.application_file import ParsedApplications, parse_applications
from stem_logistics.waves.applications import Report, take_applications
from stem_logistics.waves.service import get_wave, get_wave_by_id, lock_wave, require_rules, require_time
from stem_logistics.waves.table_file import read_table

IMPORT_JOB = "applications-import"
MOST_FAULTS = 1000


async def start_import(slug: str, file_name: str, content: bytes, principal: Principal) -> int:
    """Keep the file and put its import into the queue; returns the job's id.

    Raises:
        Conflict: the wave takes no applications now.
        Forbidden: not for this principal.
    """
    if not principal.scope(Permission.WAVES_WRITE).country:
        raise Forbidden("not-allowed")
    wave = await get_wave(slug)
    require_time(wave)
    async with unit_of_work():
        digest = await files.store(content, "application/octet-stream")
        payload = {"wave_id": wave.id, "file": digest.hex(), "name": file_name[:200]}
        job_id = await jobs.enqueue(IMPORT_JOB, payload)
        await audit.record("applications-import-started", "wave", wave.id, file=digest.hex(), job=job_id)
    return job_id


async def no_report(done: int, total: int) -> None:
    """Nobody watches."""


async def import_file(wave_id: int, digest: bytes, report: Report) -> dict[str, int]:
    """Take a stored file's applications, all or none; see `import_content`."""
    return await import_content(wave_id, (await files.load(digest)).content, report)


async def import_content(wave_id: int, content: bytes, report: Report) -> dict[str, int]:
    """Take a file's applications, all or none.

    Returns:
        ``applications``, ``created``, ``updated``, ``unchanged``, ``evidence``.

    Raises:
        FieldErrors: every fault, with ``row`` as the spreadsheet numbers it and ``column``.
        Conflict: the wave takes no applications (any more).
    """
    wave = await get_wave_by_id(wave_id)
    stored = await require_rules(wave.id)
    headings, rows = read_table(content)
    parsed = parse_applications(headings, rows, stored.rules)
    schools = await queries.institutions_by_code(_codes(parsed))
    errors = _errors(parsed, schools)
    if errors:
        raise FieldErrors("applications-file-invalid", errors=errors[:MOST_FAULTS], found=len(errors))
    async with unit_of_work():
        # the deadline holds at the moment of writing, whenever the file was sent
        wave = await lock_wave(wave.slug, change=False)
        require_time(wave)
        counts = await take_applications(wave, parsed.applications, schools, "file", report)
        await audit.record(
            "applications-imported", "wave", wave.id, file=hashlib.sha256(content).hexdigest(), counts=counts
        )
    await report(len(parsed.applications), len(parsed.applications))
    pieces = sum(len(entry.evidence) for entry in parsed.applications)
    return {"applications": len(parsed.applications), **counts, "evidence": pieces}


def _codes(parsed: ParsedApplications) -> list[str]:
    codes: set[str] = set()
    for entry in parsed.applications:
        codes.add(entry.school_code)
        codes |= {piece.school_code for piece in entry.evidence}
        codes |= {t.service_school_code for t in entry.teachers if t.service_school_code}
    return sorted(codes)


def _errors(parsed: ParsedApplications, schools: dict[str, Any]) -> list[dict[str, Any]]:
    errors = [
        {"row": fault.row, "column": fault.column, "slug": fault.message.text, "params": dict(fault.message.params)}
        for fault in parsed.faults
    ]
    for entry in parsed.applications:
        named = [(entry.row, "school_code", entry.school_code)]
        named += [(e.row, "evidence_school_code", e.school_code) for e in entry.evidence]
        named += [
            (t.row, "teacher_service_school_code", t.service_school_code)
            for t in entry.teachers
            if t.service_school_code
        ]
        own = entry.school_code
        for row, column, code in named:
            if code not in schools and (column == "school_code" or code != own):
                errors.append({"row": row, "column": column, "slug": "school-code-unknown", "params": {"code": code}})
    return sorted(errors, key=lambda e: (e["row"], e["column"]))

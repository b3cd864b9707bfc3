"""Evidence from the NSO's spreadsheets: columns matched and remembered, rows checked, taken all or the right ones."""

import asyncio
import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stem_logistics import audit, files, jobs
from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, FieldErrors, Forbidden, Invalid, NotFound
from stem_logistics.much import no_search_for_circles
from stem_logistics.waves import checking_queries, queries
from stem_logistics.waves import evidence_import_queries as import_queries
from stem_logistics.waves.applications import Report
from stem_logistics.waves.evidence import put_pieces
from stem_logistics.waves.evidence_columns import FIELDS, REQUIRED, propose, signature_of
from stem_logistics.waves.evidence_file import EvidenceRow, ParsedEvidence, parse_evidence
from stem_logistics.waves.service import account_id
from stem_logistics.waves.table_file import read_table

EVIDENCE_IMPORT_JOB = "evidence-import"
MOST_FAULTS = 1000
MODES = ("all", "right")
AT_ONCE = 5000


def _may(principal: Principal) -> None:
    if not principal.scope(Permission.WAVES_WRITE).country:
        raise Forbidden("not-allowed")


async def upload(file_name: str, content: bytes, principal: Principal) -> int:
    """Keep a file of evidence; returns the import's id. Nothing is taken yet.

    Raises:
        FieldErrors: the file cannot be read, with the place where.
        Invalid: it has no rows.
    """
    _may(principal)
    headings, rows = read_table(content)
    if not rows or not any(headings):
        raise Invalid("evidence-file-empty")
    async with unit_of_work():
        digest = await files.store(content, "application/octet-stream")
        number = await import_queries.add_import(digest, file_name[:200], account_id())
        await audit.record("evidence-uploaded", "evidence-import", number, file=digest.hex())
    return number


@dataclass(frozen=True)
class Preview:
    """A file before it is taken: its headings with what they mean, a few rows, how many there are.

    `remembered` says that somebody matched such a file before.
    """

    id: int
    file_name: str
    headings: list[str]
    matching: dict[str, str]
    remembered: bool
    examples: list[Mapping[str, str]]
    rows: int
    job_id: int | None


async def preview(import_id: int, principal: Principal) -> Preview:
    """How a file's columns are understood, or were matched when such a file came before. Raises NotFound."""
    _may(principal)
    row = await _import(import_id)
    headings, rows = read_table((await files.load(row["file_digest"])).content)
    headings = [heading for heading in headings if heading.strip()]
    kept = await import_queries.matching(signature_of(headings))
    found = {h: kept[h] for h in headings if kept.get(h) in FIELDS} if kept is not None else propose(headings)
    examples = [cells for _number, cells in rows[:3]]
    return Preview(import_id, row["file_name"], headings, found, kept is not None, examples, len(rows), row["job_id"])


async def _import(import_id: int) -> dict[str, Any]:
    row = await import_queries.evidence_import(import_id)
    if row is None:
        raise NotFound("evidence-import-not-found")
    return row


async def start(import_id: int, matching: Mapping[str, str], mode: str, principal: Principal) -> int:
    """Put the taking of a file to work, its columns matched so; the matching is remembered. Returns the job's id.

    Args:
        import_id: from `upload`.
        matching: the field of each heading; headings without one are left out.
        mode: ``all`` (all rows or none) or ``right`` (the rows without fault).

    Raises:
        FieldErrors: a field that is needed is matched to no column, one to two, or to none that exists.
        Conflict: this file was started before.
    """
    _may(principal)
    row = await _import(import_id)
    errors = [
        {"field": "matching", "slug": "evidence-column-missing", "params": {"column": FIELDS[name][0]}}
        for name in REQUIRED
        if name not in matching.values()
    ]
    for name in sorted({f for f in matching.values() if list(matching.values()).count(f) > 1}):
        errors.append({"field": "matching", "slug": "evidence-column-twice", "params": {"column": FIELDS[name][0]}})
    if mode not in MODES:
        errors.append({"field": "mode", "slug": "evidence-mode-missing", "params": {}})
    if errors:
        raise FieldErrors(errors=errors)
    headings, _rows = read_table((await files.load(row["file_digest"])).content)
    async with unit_of_work():
        await import_queries.remember(signature_of(headings), dict(matching), account_id())
        payload = {"import_id": import_id, "file": row["file_digest"].hex(), "matching": dict(matching), "mode": mode}
        job_id = await jobs.enqueue(EVIDENCE_IMPORT_JOB, payload)
        if not await import_queries.set_job(import_id, job_id):
            raise Conflict("evidence-import-started")
        await audit.record("evidence-import-started", "evidence-import", import_id, mode=mode, job=job_id)
    return job_id


async def import_rows(content: bytes, matching: Mapping[str, str], mode: str, report: Report) -> dict[str, Any]:
    """Take a file's rows.

    Returns:
        ``read``, ``taken``, ``wrong`` (rows left out), ``faults`` (the first thousand: row, column, slug, params),
        ``found`` (how many there are), ``faults_file`` (the digest of all of them, see `every_fault`).

    Raises:
        FieldErrors: with mode ``all``, the same of the faults; nothing is taken then.
    """
    parsed = await asyncio.to_thread(_parsed, content, matching)
    await report(0, parsed.read)
    async with unit_of_work():
        rows, faults, schools = await _checked(parsed, matching)
    wrong = len({fault["row"] for fault in faults})
    told: dict[str, Any] = {"found": len(faults), "faults_file": await _keep_faults(faults)}
    if faults and mode == "all":
        raise FieldErrors("evidence-file-invalid", errors=faults[:MOST_FAULTS], rows=wrong, **told)
    async with unit_of_work():
        for begin in range(0, len(rows), AT_ONCE):
            part = rows[begin : begin + AT_ONCE]
            extra = [{"score": row.score, "origin": row.origin} for row in part]
            teachers = [row.teacher for row in part if row.teacher is not None]
            await put_pieces([row.piece for row in part], teachers, schools, "import", extra)
            await report(min(begin + AT_ONCE, len(rows)), len(rows))
        digest = hashlib.sha256(content).hexdigest()
        counts: dict[str, Any] = {"read": parsed.read, "taken": len(rows), "wrong": wrong}
        await audit.record("evidence-imported", "evidence-import", digest[:16], file=digest, **counts)
    return {**counts, "faults": faults[:MOST_FAULTS], **told}


def _parsed(content: bytes, matching: Mapping[str, str]) -> ParsedEvidence:
    with no_search_for_circles():
        return parse_evidence(read_table(content)[1], matching)


async def _keep_faults(faults: Sequence[Mapping[str, Any]]) -> str:
    """Keep every fault, for whoever downloads them; the digest of the file, empty where the first thousand are all."""
    if len(faults) <= MOST_FAULTS:
        return ""
    content = gzip.compress(json.dumps(faults, ensure_ascii=False).encode(), compresslevel=1, mtime=0)
    return (await files.store(content, "application/gzip")).hex()


def some_faults(job: jobs.Job) -> tuple[list[dict[str, Any]], int]:
    """The first faults that a job has found, as many as a page lists, and how many there are in all."""
    error = job.error or {}
    if job.state == "failed":
        listed, told = error.get("errors", []), error.get("params", {})
    else:
        told = job.result or {}
        listed = told.get("faults", [])
    return listed, int(told.get("found", len(listed)))


async def every_fault(job: jobs.Job) -> list[dict[str, Any]]:
    """Every fault that a job has found."""
    told = (job.error or {}).get("params", {}) if job.state == "failed" else job.result or {}
    if not told.get("faults_file"):
        return some_faults(job)[0]
    content = (await files.load(bytes.fromhex(told["faults_file"]))).content
    found: list[dict[str, Any]] = await asyncio.to_thread(lambda: json.loads(gzip.decompress(content)))
    return found


async def _checked(
    parsed: ParsedEvidence, matching: Mapping[str, str]
) -> tuple[list[EvidenceRow], list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """The rows that hold against the registry, every fault by row, and the schools by code."""
    heading_of = {name: heading for heading, name in matching.items()}
    codes = {row.piece.school_code for row in parsed.rows}
    codes |= {row.teacher.service_school_code for row in parsed.rows if row.teacher and row.teacher.service_school_code}
    schools = await queries.institutions_by_code(sorted(codes))
    strangers = await _strangers(parsed.rows, schools)
    faults = [
        {"row": f.row, "column": f.column, "slug": f.message.text, "params": dict(f.message.params)}
        for f in parsed.faults
    ]
    good: list[EvidenceRow] = []
    for row in parsed.rows:
        service = row.teacher.service_school_code if row.teacher else ""
        found: tuple[str, str, dict[str, Any]] | None = None
        if row.piece.school_code not in schools:
            found = ("school_code", "school-code-unknown", {"code": row.piece.school_code})
        elif service and service not in schools:
            found = ("service_code", "school-code-unknown", {"code": service})
        elif not service and (row.piece.teacher_code, schools[row.piece.school_code]["id"]) in strangers:
            other = strangers[row.piece.teacher_code, schools[row.piece.school_code]["id"]]
            params = {"teacher": row.piece.teacher_code, "school": other, "column": FIELDS["service_code"][0]}
            found = ("teacher_code", "row-teacher-of-another-school", params)
        if found is None:
            good.append(row)
        else:
            column, slug, params = found
            faults.append(
                {"row": row.piece.row, "column": heading_of.get(column, column), "slug": slug, "params": params}
            )
    return good, sorted(faults, key=lambda fault: (fault["row"], fault["column"])), schools


async def _strangers(
    rows: Sequence[EvidenceRow], schools: Mapping[str, Mapping[str, Any]]
) -> dict[tuple[str, int], str]:
    pairs = {
        (row.piece.teacher_code, int(schools[row.piece.school_code]["id"]))
        for row in rows
        if row.piece.teacher_code and row.piece.school_code in schools
    }
    return await checking_queries.strangers(sorted(pairs))


def matching_of(values: Mapping[str, str]) -> dict[str, str]:
    """The matching that a form holds: headings with a field that there is."""
    return {heading: name for heading, name in values.items() if name in FIELDS}


__all__ = [
    "EVIDENCE_IMPORT_JOB",
    "every_fault",
    "import_rows",
    "matching_of",
    "preview",
    "some_faults",
    "start",
    "upload",
]

"""A file of evidence by pages: given, its columns matched with examples beside them, taken, its faults by row."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError, FieldErrors, NotFound
from stem_logistics.waves import evidence_importing
from stem_logistics.waves.evidence_columns import FIELDS, REQUIRED
from stem_logistics.waves.page_tools import AnyRequest, file_of_form, page, text_of, who
from stem_logistics.web.api import job_of
from stem_logistics.web.exports import Column, Format, export_response
from stem_logistics.web.i18n import _
from stem_logistics.web.pages import job_view
from stem_logistics.web.sentences import sentence, sentence_of

WRITE = page(Permission.WAVES_WRITE)
READ = page(Permission.WAVES_READ)
FORMATS: dict[str, Format] = {"csv": "csv", "xlsx": "xlsx", "json": "json"}


@get("/evidence/imports", opt=WRITE, include_in_schema=False, operation_id="EvidenceImportPage")
async def import_page() -> Template:
    """Where a file of evidence is given."""
    return Template("waves/evidence_import.html", context={"errors": {}, "faults": [], "fields": FIELDS})


@post("/evidence/imports", opt=WRITE, include_in_schema=False, operation_id="UploadEvidence", status_code=303)
async def upload(request: AnyRequest) -> Response[Any]:
    """Keep the file, and go on to its columns."""
    form = await request.form()
    name, content = await file_of_form(form, "file")
    faults: list[dict[str, Any]] = []
    error, status = str(_("Choose a file.")), 422
    if content:
        try:
            number = await evidence_importing.upload(name, content, who(request))
            return Redirect(f"/evidence/imports/{number}", status_code=303)
        except FieldErrors as refused:
            error, status = sentence_of(refused), refused.status
            faults = [{**each, "detail": sentence(each["slug"], each.get("params", {}))} for each in refused.errors]
        except DomainError as refused:
            error, status = sentence_of(refused), refused.status
    context = {"errors": {"file": error}, "faults": faults[:200], "fields": FIELDS}
    return Template("waves/evidence_import.html", context=context, status_code=status)


async def _matching(
    request: AnyRequest, number: int, *, typed: Any = None, errors: Any = None, mode: str = ""
) -> Template:
    shown = await evidence_importing.preview(number, who(request))
    context = {
        "shown": shown,
        "matching": shown.matching if typed is None else typed,
        "fields": [(name, words[0]) for name, words in FIELDS.items()],
        "needed": [FIELDS[name][0] for name in REQUIRED],
        "mode": mode,
        "errors": errors or {},
    }
    return Template("waves/evidence_matching.html", context=context, status_code=422 if errors else 200)


@get("/evidence/imports/{import_id:int}", opt=WRITE, include_in_schema=False, operation_id="EvidenceMatchingPage")
async def matching_page(request: AnyRequest, import_id: FromPath[int]) -> Template:
    """How the file's columns are understood."""
    return await _matching(request, import_id)


@post(
    "/evidence/imports/{import_id:int}",
    opt=WRITE,
    include_in_schema=False,
    operation_id="ImportEvidence",
    status_code=303,
)
async def take(request: AnyRequest, import_id: FromPath[int]) -> Response[Any]:
    """Take the file, its columns matched as the form says."""
    form = await request.form()
    shown = await evidence_importing.preview(import_id, who(request))
    values = {heading: text_of(form, f"column-{at}") for at, heading in enumerate(shown.headings, 1)}
    matching, mode = evidence_importing.matching_of(values), text_of(form, "mode")
    try:
        job = await evidence_importing.start(import_id, matching, mode, who(request))
    except FieldErrors as refused:
        errors: dict[str, str] = {}
        for each in refused.errors:
            field = "column-1" if each["field"] == "matching" else "mode"
            told = sentence(each["slug"], each.get("params", {}))
            errors[field] = f"{errors[field]} {told}" if field in errors else told
        return await _matching(request, import_id, typed=matching, errors=errors, mode=mode)
    return Redirect(f"/evidence/work/{job}", status_code=303)


@get("/evidence/work/{job_id:int}", opt=READ, include_in_schema=False, operation_id="EvidenceWorkPage")
async def work_page(request: AnyRequest, job_id: FromPath[int]) -> Response[Any]:
    """How far the file is, with what result, what is wrong in which row (also as a file)."""
    job = await job_of(request, job_id)
    if job.kind != evidence_importing.EVIDENCE_IMPORT_JOB:
        raise NotFound("job-not-found", id=job_id)
    format = FORMATS.get(request.query_params.get("format", ""))
    if format is not None:
        columns = (Column("row", _("Row")), Column("column", _("Column")), Column("message", _("What is wrong")))
        rows = [
            (fault.get("row"), fault.get("column"), sentence(fault["slug"], fault.get("params", {})))
            for fault in await evidence_importing.every_fault(job)
        ]
        return export_response(format, f"evidence-faults-{job_id}", columns, rows)
    listed, found = evidence_importing.some_faults(job)
    faults = [{**each, "detail": sentence(each["slug"], each.get("params", {}))} for each in listed]
    refusal = sentence(job.error["slug"], job.error.get("params", {})) if job.error and job.state == "failed" else ""
    context = {
        "job": job,
        "view": job_view(job),
        "faults": faults,
        "found": found,
        "refusal": refusal,
        "result": job.result or {},
    }
    return Template("waves/evidence_work.html", context=context)


ROUTES: list[ControllerRouterHandler] = [import_page, upload, matching_page, take, work_page]

"""The pages of an import: choose a file, see what it would change, confirm, watch, see what is wrong."""

from typing import Any

from litestar import Request, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Stream, Template
from litestar.types import ControllerRouterHandler

from stem_logistics import jobs
from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import FieldErrors
from stem_logistics.registry import import_service, words
from stem_logistics.registry.import_service import Import
from stem_logistics.registry.importing.faults import Fault
from stem_logistics.web.exports import Column, Format, export_response
from stem_logistics.web.formats import number
from stem_logistics.web.i18n import _, gettext
from stem_logistics.web.pages import job_view
from stem_logistics.web.sentences import sentence

AnyRequest = Request[Any, Any, Any]
ERROR_COLUMNS = (Column("row", _("Row")), Column("column", _("Column")), Column("message", _("What is wrong")))
# On the page; the file has all of them.
SHOWN_FAULTS = 200


async def _form(request: AnyRequest, errors: dict[str, str], faults: list[Fault], status: int = 200) -> Template:
    return Template(
        "registry/import.html",
        context={
            "errors": errors,
            "faults": faults,
            "imports": await import_service.latest_imports(request.scope["user"]),
            "words": words,
        },
        status_code=status,
    )


@get(
    "/schools/import",
    opt={"permission": Permission.REGISTRY_WRITE},
    include_in_schema=False,
    operation_id="RegistryImportPage",
)
async def import_page(request: AnyRequest) -> Template:
    """Choose a file; the latest imports."""
    return await _form(request, {}, [])


@post(
    "/schools/import",
    opt={"permission": Permission.REGISTRY_WRITE},
    include_in_schema=False,
    operation_id="UploadRegistry",
    status_code=303,
)
async def upload(request: AnyRequest) -> Redirect | Template:
    """Keep the file and send the person to its preview; one that cannot be read is refused at once."""
    form = await request.form()
    file = form.get("file")
    content = await file.read() if isinstance(file, UploadFile) else b""
    if not isinstance(file, UploadFile) or not content:
        return await _form(request, {"file": sentence("registry-no-file", {})}, [], 422)
    try:
        import_id = await import_service.upload(request.scope["user"], file.filename, content)
    except FieldErrors as refused:
        faults = import_service.faults_of(refused)
        return await _form(request, {"file": sentence(refused.slug, {})}, faults, refused.status)
    return Redirect(f"/schools/imports/{import_id}", status_code=303)


@get(
    "/schools/imports/{import_id:int}",
    opt={"permission": Permission.REGISTRY_WRITE},
    include_in_schema=False,
    operation_id="RegistryImportStatusPage",
)
async def import_status(request: AnyRequest, import_id: FromPath[int]) -> Template:
    """An import: under way, waiting for a confirmation, done or refused. Survives a reload, needs no JavaScript."""
    found = await import_service.get_import(request.scope["user"], import_id)
    job = await jobs.get(found.job_id) if found.job_id is not None else None
    failed = job is not None and job.state == "failed"
    busy = found.state in ("uploaded", "importing") and not failed
    refusal = sentence(job.error["slug"], job.error["params"]) if job and failed and job.error else ""
    return Template(
        "registry/import_status.html",
        context={
            "it": found,
            "lead": _lead(found),
            "job": job,
            "view": job_view(job) if job and busy else None,
            "refusal": refusal,
            "words": words,
            "faults": found.outcome.faults[:SHOWN_FAULTS],
            "may_confirm": found.state == "previewed" or (found.state == "importing" and failed),
        },
    )


def _lead(found: Import) -> str:
    numbers = {
        "created": number(found.outcome.created),
        "updated": number(found.outcome.updated),
        "unchanged": number(found.outcome.unchanged),
    }
    if found.state == "uploaded":
        return gettext("The file is being read. Nothing is written before you confirm.")
    if found.state == "previewed":
        return gettext(
            "The file would create %(created)s, change %(updated)s and leave %(unchanged)s unchanged.", **numbers
        )
    if found.state == "importing":
        return gettext("The file is being imported: all of it, or nothing.")
    if found.state == "imported":
        return gettext("%(created)s created, %(updated)s changed, %(unchanged)s unchanged.", **numbers)
    return gettext("Nothing was written. Correct what is listed and send the file again.")


@post(
    "/schools/imports/{import_id:int}/confirm",
    opt={"permission": Permission.REGISTRY_WRITE},
    include_in_schema=False,
    operation_id="ConfirmImport",
    status_code=303,
)
async def confirm(request: AnyRequest, import_id: FromPath[int]) -> Redirect:
    """Let the import run."""
    await import_service.confirm(request.scope["user"], import_id)
    return Redirect(f"/schools/imports/{import_id}", status_code=303)


@get(
    "/schools/imports/{import_id:int}/errors",
    opt={"permission": Permission.REGISTRY_WRITE},
    include_in_schema=False,
    operation_id="RegistryImportErrors",
)
async def errors_file(request: AnyRequest, import_id: FromPath[int], format: FromQuery[Format] = "csv") -> Stream:
    """Everything that is wrong with the file, as a file."""
    found = await import_service.get_import(request.scope["user"], import_id)
    rows = [(fault.row, fault.column, fault.sentence()) for fault in found.outcome.faults]
    return export_response(format, gettext("import-%(id)s-errors", id=import_id), ERROR_COLUMNS, rows)


ROUTES: list[ControllerRouterHandler] = [import_page, upload, import_status, confirm, errors_file]

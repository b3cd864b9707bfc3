"""Pages of the import of earlier waves: choose a file, see what its rows mean, settle the uncertain ones, write."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError, NotFound
from stem_logistics.waves import historic
from stem_logistics.waves.page_tools import AnyRequest, errors_of, file_of_form, page, text_of
from stem_logistics.web.api import job_of
from stem_logistics.web.i18n import _
from stem_logistics.web.pages import job_view
from stem_logistics.web.sentences import sentence

WRITE = page(Permission.WAVES_WRITE)
HOW = {
    "code": _("by its code"),
    "zeros": _("by its code, with the zeros that were lost"),
    "merged": _("by the code of a double registration"),
    "name": _("by its name"),
    "chosen": _("as you chose"),
}
COLUMN_WORDS = {
    "wave": _("Wave"),
    "code": _("Code"),
    "name": _("School"),
    "kit": _("Kit"),
    "pieces": _("Pieces"),
    "year": _("Year"),
    "notes": _("Notes"),
}


@get("/waves/import-historic", opt=WRITE, include_in_schema=False, operation_id="HistoricPage")
async def historic_page() -> Template:
    """Where the file is given."""
    return Template("waves/historic.html", context={"errors": {}})


@post("/waves/import-historic", opt=WRITE, include_in_schema=False, operation_id="HistoricUpload", status_code=303)
async def upload(request: AnyRequest) -> Response[Any]:
    """Keep the file and read it; nothing is written before it is confirmed."""
    name, content = await file_of_form(await request.form(), "file")
    errors, status = {"file": str(_("Choose a file."))}, 422
    if content:
        try:
            return Redirect(f"/waves/import-historic/{await historic.start(name, content)}", status_code=303)
        except DomainError as error:
            errors, status = {"file": errors_of(error)[""]}, error.status
    return Template("waves/historic.html", context={"errors": errors}, status_code=status)


@get("/waves/import-historic/{job_id:int}", opt=WRITE, include_in_schema=False, operation_id="HistoricWorkPage")
async def work_page(request: AnyRequest, job_id: FromPath[int]) -> Template:
    """How far it is; then what the rows mean and what is uncertain; then what was written."""
    job = await job_of(request, job_id)
    if job.kind != historic.HISTORIC_JOB:
        raise NotFound("job-not-found", id=job_id)
    error = job.error if job.state == "failed" else None
    faults = [
        {**each, "detail": sentence(each["slug"], each.get("params", {}))} for each in (error or {}).get("errors", [])
    ]
    context = {
        "job": job,
        "view": job_view(job),
        "result": job.result if job.state == "done" else None,
        "faults": faults,
        "refusal": sentence(error["slug"], error.get("params", {})) if error else "",
        "how": HOW,
        "column_words": COLUMN_WORDS,
    }
    return Template("waves/historic_work.html", context=context)


@post(
    "/waves/import-historic/{job_id:int}",
    opt=WRITE,
    include_in_schema=False,
    operation_id="HistoricConfirm",
    status_code=303,
)
async def confirm(request: AnyRequest, job_id: FromPath[int]) -> Redirect:
    """Write the file with what was chosen; what is still uncertain comes back as a fault of its row."""
    await job_of(request, job_id)
    form = await request.form()
    names = [name for name in form if name.startswith("row-") and name[4:].isascii() and name[4:].isdigit()]
    choices = {int(name[4:]): text_of(form, name) for name in names if len(name) < 12}
    job = await historic.confirm(job_id, {row: code for row, code in choices.items() if code})
    return Redirect(f"/waves/import-historic/{job}", status_code=303)


ROUTES: list[ControllerRouterHandler] = [historic_page, upload, work_page, confirm]

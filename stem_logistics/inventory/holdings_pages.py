"""Pages of the import of equipment at schools: choose a file, look at what it would add, write it."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError, NotFound
from stem_logistics.inventory import definitions, holdings
from stem_logistics.inventory.holdings_file import FIELDS, REQUIRED
from stem_logistics.web.api import job_of
from stem_logistics.web.exports import FORMATS, Column, export_response
from stem_logistics.web.i18n import _, current_locale
from stem_logistics.web.pages import job_view
from stem_logistics.web.sentences import sentence, sentence_of

AnyRequest = Request[Any, Any, Any]
WRITE = {"permission": Permission.STOCK_WRITE}
COLUMNS = (Column("row", _("Row")), Column("column", _("Column")), Column("message", _("What is wrong")))


def _page(errors: dict[str, str], status: int = 200) -> Template:
    context = {
        "errors": errors,
        "needed": [FIELDS[name][0] for name in REQUIRED],
        "other": [words[0] for name, words in FIELDS.items() if name not in REQUIRED],
    }
    return Template("inventory/holdings.html", context=context, status_code=status)


@get("/stock/holdings", opt=WRITE, include_in_schema=False, operation_id="HoldingsPage")
async def holdings_page() -> Template:
    """Where the file is given."""
    return _page({})


@post("/stock/holdings", opt=WRITE, include_in_schema=False, operation_id="UploadHoldings", status_code=303)
async def upload(request: AnyRequest) -> Response[Any]:
    """Keep the file and look at it; nothing is written before it is confirmed."""
    given = (await request.form()).get("file")
    content = await given.read() if isinstance(given, UploadFile) else b""
    if not isinstance(given, UploadFile) or not content:
        return _page({"file": str(_("Choose a file."))}, 422)
    try:
        job = await holdings.start(given.filename, content)
    except DomainError as refused:
        return _page({"file": sentence_of(refused)}, refused.status)
    return Redirect(f"/stock/holdings/{job}", status_code=303)


async def _job(request: AnyRequest, job_id: int) -> Any:
    job = await job_of(request, job_id)
    if job.kind != holdings.HOLDINGS_JOB:
        raise NotFound("job-not-found", id=job_id)
    return job


def _told(faults: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**each, "detail": sentence(each["slug"], each.get("params", {}))} for each in faults]


@get("/stock/holdings/{job_id:int}", opt=WRITE, include_in_schema=False, operation_id="HoldingsWorkPage")
async def work_page(request: AnyRequest, job_id: FromPath[int]) -> Response[Any]:
    """How far it is; then what the file would add and what is refused (also as a file); then what was written."""
    job = await _job(request, job_id)
    result, error = job.result if job.state == "done" else None, job.error if job.state == "failed" else None
    chosen = request.query_params.get("format", "")
    if chosen in FORMATS and result:
        faults = await holdings.every_fault(result["faults_file"])
        rows = [(each["row"], each["column"], sentence(each["slug"], each["params"])) for each in faults]
        return export_response(chosen, f"refused-{job_id}", COLUMNS, rows)  # type: ignore[arg-type]
    titles = {row["slug"]: row[f"title_{current_locale.get()}"] for row in await definitions.definition_titles()}
    context = {
        "job": job,
        "view": job_view(job),
        "result": result,
        "writes": bool(job.payload.get("write")),
        "faults": _told((result or error or {}).get("faults") or (error or {}).get("errors") or []),
        "refusal": sentence(error["slug"], error.get("params", {})) if error else "",
        "titles": titles,
        "meanings": await holdings.offered_meanings(),
        "needed": [FIELDS[name][0] for name in REQUIRED],
    }
    return Template("inventory/holdings_work.html", context=context)


@post(
    "/stock/holdings/{job_id:int}/columns",
    opt=WRITE,
    include_in_schema=False,
    operation_id="MatchHoldings",
    status_code=303,
)
async def match(request: AnyRequest, job_id: FromPath[int]) -> Redirect:
    """Look at the file again, its columns understood as the form says."""
    job = await _job(request, job_id)
    form = await request.form()
    headings = (job.result or {}).get("headings", [])
    meant = {heading: str(form.get(f"column-{at}", "")) for at, heading in enumerate(headings, 1)}
    again = await holdings.look_again(job_id, {heading: name for heading, name in meant.items() if name})
    return Redirect(f"/stock/holdings/{again}", status_code=303)


@post("/stock/holdings/{job_id:int}", opt=WRITE, include_in_schema=False, operation_id="WriteHoldings", status_code=303)
async def confirm(request: AnyRequest, job_id: FromPath[int]) -> Redirect:
    """Write what was previewed."""
    await _job(request, job_id)
    return Redirect(f"/stock/holdings/{await holdings.confirm(job_id)}", status_code=303)


ROUTES: list[ControllerRouterHandler] = [holdings_page, upload, work_page, match, confirm]

"""Staff's pages for many consignments at once: choose, look at what would happen, let it happen, take it back."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics import jobs
from stem_logistics.accounts.policy import Permission
from stem_logistics.deliveries import bulk, service, telling
from stem_logistics.deliveries.reasons import STATE_TONES, STATE_WORDS
from stem_logistics.deliveries.receipt_pages import pdf_response
from stem_logistics.deliveries.staff_pages import CONSIGNMENT_LIST, typed_day
from stem_logistics.errors import DomainError, Invalid
from stem_logistics.inventory import definitions
from stem_logistics.inventory.rules import decode
from stem_logistics.registry import service as registry
from stem_logistics.web.i18n import _, current_locale
from stem_logistics.web.pages import job_view
from stem_logistics.web.sentences import sentence, sentence_of

AnyRequest = Request[Any, Any, Any]
READ = {"permission": Permission.DELIVERIES_READ}
WRITE = {"permission": Permission.DELIVERIES_WRITE}
DOING_WORDS = {
    "pack": _("Mark as packed"),
    "lists": _("Packing lists"),
    "labels": _("Labels"),
    "pick-list": _("Pick list for the store"),
    "dispatch": _("Send"),
}
OUTCOME_WORDS = {
    "waiting": _("Waiting"),
    "done": _("Done"),
    "refused": _("Refused"),
    "undone": _("Taken back"),
}
OUTCOME_TONES = {"waiting": "wait", "done": "good", "refused": "bad", "undone": "off"}


@get("/consignments/bulk", opt=READ, include_in_schema=False, operation_id="BulkConsignmentsPage")
async def choose_page(request: AnyRequest) -> Template:
    """Choose consignments by region, directorate, kit, state or lateness, in the order in which a van is loaded."""
    return await _choose(request)


async def _choose(request: AnyRequest, error: str = "") -> Template:
    query = CONSIGNMENT_LIST.parse("/consignments/bulk", request.query_params)
    sort, descending = (query.sort, query.descending) if query.is_sorted else ("destination", False)
    rows, total = await service.list_consignments(
        query.q, query.filters, sort=sort, descending=descending, limit=bulk.MOST, offset=0
    )
    language = current_locale.get()
    who = request.scope["user"]
    titles = {row["slug"]: row[f"title_{language}"] for row in await definitions.list_definitions()}
    context = {
        "query": query,
        "rows": rows,
        "total": total,
        "most": bulk.MOST,
        "states": STATE_WORDS,
        "tones": STATE_TONES,
        "regions": [
            (office.code, office.name_el if language == "el" else office.name_en)
            for office in await registry.regions(who)
        ],
        "directorates": [
            (office.code, office.name_el)
            for office in await registry.directorates(who, query.filters.get("region", ""))
        ],
        "kits": sorted(titles.items()),
        "waves": [(wave["slug"], wave[f"title_{language}"]) for wave in await service.waves_sent()],
        "doings": [(doing, DOING_WORDS[doing]) for doing in bulk.DOINGS],
        "newest": await bulk.newest(),
        "doing_words": DOING_WORDS,
        "error": error,
    }
    return Template("deliveries/bulk.html", context=context, status_code=422 if error else 200)


async def _typed(request: AnyRequest) -> tuple[dict[str, str], list[str]]:
    """What was typed, and the codes that were chosen; an uploaded list joins the pasted one."""
    data = await request.form()
    typed = {name: value for name, value in data.items() if isinstance(value, str)}
    upload = data.get("file")
    if isinstance(upload, UploadFile) and upload.filename:
        content = await upload.read(1_000_001)
        if len(content) > 1_000_000:
            raise Invalid("tracking-file-too-large")
        typed["tracking"] = decode(content).replace("\x00", "")
    return typed, [str(code) for code in data.getall("code", [])]


async def _preview(request: AnyRequest, error: str = "") -> Template:
    typed, codes = await _typed(request)
    doing = bulk.doing_of(typed.get("doing", ""))
    asked = await bulk.preview(doing, codes, typed.get("tracking", "") if doing == "dispatch" else "")
    context = {
        "preview": asked,
        "typed": typed,
        "title": DOING_WORDS[doing],
        "states": STATE_WORDS,
        "tones": STATE_TONES,
        "refusals": {item.row["code"]: sentence_of(item.refusal) for item in asked.items if item.refusal},
        "faults": [sentence(fault.slug, fault.figures) for fault in asked.faults],
        "minutes": telling.UNDO_MINUTES,
        "error": error,
    }
    return Template("deliveries/bulk_preview.html", context=context, status_code=422 if error else 200)


@post("/consignments/bulk/preview", opt=WRITE, include_in_schema=False, operation_id="PreviewBulk", status_code=200)
async def preview_page(request: AnyRequest) -> Template:
    """What would happen to those chosen, and to which it would not, and why. Changes nothing."""
    try:
        return await _preview(request)
    except DomainError as refused:
        return await _choose(request, sentence_of(refused))


@post("/consignments/bulk", opt=WRITE, include_in_schema=False, operation_id="StartBulk", status_code=303)
async def start(request: AnyRequest) -> Redirect | Template:
    """Let it happen; the batch's page shows how far it is."""
    try:
        typed, codes = await _typed(request)
        code = await bulk.start(
            bulk.doing_of(typed.get("doing", "")),
            codes,
            courier=typed.get("courier", ""),
            expected_on=typed_day(typed.get("expected_on", "").strip()),
            tracking=typed.get("tracking", ""),
        )
    except DomainError as refused:
        try:
            return await _preview(request, sentence_of(refused))
        except DomainError:
            return await _choose(request, sentence_of(refused))
    return Redirect(f"/consignments/batches/{code}", status_code=303)


async def _batch_view(code: str, *, error: str = "", done: str = "") -> Template:
    batch = await bulk.get_batch(code)
    job = await jobs.get(batch["job_id"]) if batch["job_id"] else None
    outcomes = [item["outcome"] for item in batch["items"]]
    context = {
        "batch": batch,
        "title": DOING_WORDS[batch["action"]],
        "view": job_view(job) if job else None,
        "job": job,
        "counts": {outcome: outcomes.count(outcome) for outcome in OUTCOME_WORDS},
        "outcomes": OUTCOME_WORDS,
        "tones": OUTCOME_TONES,
        "refusals": {
            item["code"]: sentence(item["refusal"]["slug"], item["refusal"]["params"])
            for item in batch["items"]
            if item["refusal"]
        },
        "error": error,
        "done": done,
    }
    return Template("deliveries/batch.html", context=context, status_code=409 if error else 200)


@get("/consignments/batches/{code:str}", opt=READ, include_in_schema=False, operation_id="BatchPage")
async def batch_page(request: AnyRequest, code: FromPath[str]) -> Template:
    """How far a batch is, what became of each, its papers, and the way back."""
    return await _batch_view(code)


@get("/consignments/batches/{code:str}/papers.pdf", opt=READ, include_in_schema=False, operation_id="BatchPapers")
async def papers(request: AnyRequest, code: FromPath[str]) -> Response[bytes]:
    """The papers that a batch made, one file."""
    batch, content = await bulk.papers_of(code)
    return pdf_response(content, f"{batch['action']}-{batch['code']}")


@post(
    "/consignments/batches/{code:str}/undo",
    opt=WRITE,
    include_in_schema=False,
    operation_id="UndoBatch",
    status_code=303,
)
async def undo(request: AnyRequest, code: FromPath[str]) -> Redirect | Template:
    """Take it back, as far as that is still possible."""
    try:
        await bulk.undo(code)
    except DomainError as refused:
        if refused.status == 404:
            raise
        return await _batch_view(code, error=sentence_of(refused))
    return Redirect(f"/consignments/batches/{code}", status_code=303)


ROUTES: list[ControllerRouterHandler] = [choose_page, preview_page, start, batch_page, papers, undo]

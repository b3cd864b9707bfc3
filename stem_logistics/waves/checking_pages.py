"""Pages of the evidence that staff check: the queue, one piece with its document, many at once after a preview."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError
from stem_logistics.waves import checking, service
from stem_logistics.waves.counting import LABELS_A_YEAR
from stem_logistics.waves.criterion import EVIDENCE_KINDS
from stem_logistics.waves.page_tools import AnyRequest, page, region_names, text_of, who
from stem_logistics.waves.words import EVIDENCE, EVIDENCE_STATES, SOURCES, word
from stem_logistics.web.exports import Column, Format, export_response
from stem_logistics.web.i18n import _, current_locale
from stem_logistics.web.listing import Choice, ListSpec, Words
from stem_logistics.web.sentences import sentence_of

READ, WRITE = page(Permission.WAVES_READ), page(Permission.WAVES_WRITE)
LIST = ListSpec(
    sorts=("id",),
    default_sort="id",
    filters={
        "state": Choice.of("waiting", "accepted", "rejected", "vouched"),
        "kind": Choice.of(*EVIDENCE_KINDS),
        "region": Words(60),
    },
)
COLUMNS = (
    Column("id", _("Number")),
    Column("code", _("Code")),
    Column("name", _("School")),
    Column("kind", _("What it is")),
    Column("reference", _("Number of the project or name of the course")),
    Column("year", _("Year")),
    Column("teacher", _("Code of the teacher")),
    Column("source", _("Source")),
    Column("voucher", _("Who vouched")),
    Column("state", _("Outcome")),
    Column("why", _("Why")),
)
FORMATS: dict[str, Format] = {"csv": "csv", "xlsx": "xlsx", "json": "json"}


def _shown() -> dict[str, Any]:
    return {
        "evidence_words": EVIDENCE,
        "states": EVIDENCE_STATES,
        "sources": SOURCES,
        "word": word,
        "most_labels": LABELS_A_YEAR,
        "language": current_locale.get(),
    }


@get("/evidence", opt=READ, include_in_schema=False, operation_id="EvidencePage")
async def evidence_page(request: AnyRequest) -> Response[Any]:
    """The evidence, what waits first; searched, filtered, paged, or whole as a file."""
    query = LIST.parse(request.url.path, request.query_params)
    asked = {"q": query.q, **query.filters}
    format = FORMATS.get(request.query_params.get("format", ""))
    if format is not None:
        rows, _total = await checking.list_evidence(who(request), **asked)
        return export_response(format, "evidence", COLUMNS, [_export_row(row) for row in rows])
    rows, total = await checking.list_evidence(who(request), **asked, limit=query.limit, offset=query.offset)
    context = {
        **_shown(),
        "query": query,
        "rows": rows,
        "total": total,
        "waiting": await checking.waiting_count(),
        "first": await checking.next_waiting(0),
        "regions": list(region_names(await service.regions()).items()),
        "done": request.query_params.get("done", ""),
    }
    return Template("waves/evidence_list.html", context=context)


def _export_row(row: dict[str, Any]) -> tuple[object, ...]:
    return (
        row["id"],
        row["code"],
        row["name"],
        str(word(EVIDENCE, row["kind"])),
        row["reference"],
        row["year"],
        row["teacher"],
        str(word(SOURCES, row["source"])),
        row["voucher"],
        str(EVIDENCE_STATES[row["state"]][0]),
        row["outcome_why"],
    )


async def _piece(request: AnyRequest, number: int, *, typed: str = "", error: str = "", status: int = 200) -> Template:
    context = {
        **_shown(),
        "piece": await checking.piece_of(number, who(request)),
        "following": await checking.next_waiting(number),
        "waiting": await checking.waiting_count(),
        "typed": typed,
        "errors": {"why": error} if error else {},
    }
    return Template("waves/evidence_piece.html", context=context, status_code=status)


@get("/evidence/{evidence_id:int}", opt=READ, include_in_schema=False, operation_id="EvidencePiecePage")
async def piece_page(request: AnyRequest, evidence_id: FromPath[int]) -> Template:
    """One piece: what it says, who says so, its document, what became of it."""
    return await _piece(request, evidence_id)


@post("/evidence/{evidence_id:int}", opt=WRITE, include_in_schema=False, operation_id="CheckEvidence", status_code=303)
async def check_piece(request: AnyRequest, evidence_id: FromPath[int]) -> Response[Any]:
    """Accept or reject a piece, or take the outcome back; then on to the next that waits."""
    form = await request.form()
    outcome, why = text_of(form, "outcome"), text_of(form, "why")
    try:
        await checking.check_evidence([evidence_id], outcome if outcome != "back" else None, why, who(request))
    except DomainError as error:
        if error.status != 422:
            raise
        return await _piece(request, evidence_id, typed=why, error=sentence_of(error), status=422)
    following = await checking.next_waiting(evidence_id)
    if outcome == "back":
        return Redirect(f"/evidence/{evidence_id}", status_code=303)
    return Redirect(f"/evidence/{following}" if following else "/evidence?done=1", status_code=303)


@post("/evidence/accept", opt=WRITE, include_in_schema=False, operation_id="AcceptEvidence", status_code=303)
async def accept_many(request: AnyRequest) -> Response[Any]:
    """Accept the ticked pieces: first shown as they stand, then done."""
    form = await request.form()
    ids = [int(each) for each in form.getall("piece", []) if str(each).isdigit() and len(str(each)) < 19]
    errors: dict[str, str] = {}
    status = 200
    if text_of(form, "sure") == "yes" or not ids:
        try:
            done = await checking.check_evidence(ids, "accepted", "", who(request))
            return Redirect(f"/evidence?state=waiting&done={done}", status_code=303)
        except DomainError as error:
            errors, status = {"": sentence_of(error)}, error.status
    rows, _total = await checking.list_evidence(who(request), ids=ids[: checking.MOST_AT_ONCE])
    context = {**_shown(), "rows": rows, "errors": errors}
    return Template("waves/evidence_accept.html", context=context, status_code=status)


@get("/evidence/{evidence_id:int}/document", opt=READ, include_in_schema=False, operation_id="EvidenceCheckDocument")
async def piece_document(request: AnyRequest, evidence_id: FromPath[int]) -> Response[bytes]:
    """The document behind a piece, as a download."""
    stored = await checking.document_of_piece(evidence_id, who(request))
    ending = "pdf" if stored.media_type == "application/pdf" else "jpg"
    headers = {
        "content-disposition": f'attachment; filename="evidence-{evidence_id}.{ending}"',
        "content-security-policy": "sandbox",
    }
    return Response(stored.content, media_type=stored.media_type, headers=headers)


ROUTES: list[ControllerRouterHandler] = [evidence_page, accept_many, piece_page, check_piece, piece_document]

"""Pages of repairs: the board, and one repair with its next step."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.custody import case_repairs, repairs
from stem_logistics.custody.page_tools import READ, WRITE, AnyRequest, date_of, texts
from stem_logistics.custody.repairs import Given
from stem_logistics.custody.rules import REPAIR_STEPS
from stem_logistics.custody.words import REPAIR_STATES, REPAIR_STEP_STATES, REPAIR_STEP_TONES, REPAIR_TONES, STEP_WORDS
from stem_logistics.deliveries.discrepancy_pages import view as discrepancy_view
from stem_logistics.errors import DomainError
from stem_logistics.web.i18n import Text
from stem_logistics.web.listing import Choice, ListSpec
from stem_logistics.web.sentences import sentence_of

LIST = ListSpec(
    sorts=("reported", "due", "state", "school", "item"),
    default_sort="-reported",
    filters={"state": Choice.of("open", "late", "unconfirmed", *REPAIR_STATES)},
)


@get("/repairs", opt=READ, include_in_schema=False, operation_id="RepairsPage")
async def repairs_page(request: AnyRequest) -> Template:
    """The repairs, by state."""
    query = LIST.parse("/repairs", request.query_params)
    rows, total = await repairs.list_repairs(
        query.q,
        dict(query.filters),
        sort=query.sort,
        descending=query.descending,
        limit=query.limit,
        offset=query.offset,
    )
    context = {
        "query": query,
        "rows": rows,
        "total": total,
        "counts": await repairs.counts(),
        "words": REPAIR_STATES,
        "tones": REPAIR_TONES,
    }
    return Template("custody/repairs.html", context=context)


async def _view(request: AnyRequest, code: str, error: Text = "", typed: dict[str, str] | None = None) -> Template:
    repair = await repairs.get_repair(code)
    steps = list(REPAIR_STEPS[repair["state"]])
    if repair["institution_id"] is None:
        steps = [step for step in steps if step not in ("replace", "return")]
    may = request.user.may(Permission.STOCK_WRITE)
    context: dict[str, Any] = {
        "repair": repair,
        "steps": [(step, STEP_WORDS[step]) for step in steps],
        "spares": await repairs.spares_for(repair) if may and "replace" in steps else [],
        "words": REPAIR_STEP_STATES,
        "tones": REPAIR_STEP_TONES,
        "error": error,
        "typed": typed or {},
    }
    return Template("custody/repair.html", context=context, status_code=422 if error else 200)


@get("/repairs/{code:str}", opt=READ, include_in_schema=False, operation_id="RepairPage")
async def repair_page(request: AnyRequest, code: FromPath[str]) -> Template:
    """One repair: where it stands, what happened, what can come next."""
    return await _view(request, code)


@get("/repairs/{code:str}/photos/{number:int}", opt=READ, include_in_schema=False, operation_id="RepairPhoto")
async def photo(code: FromPath[str], number: FromPath[int]) -> Response[bytes]:
    """A photograph that was sent with the report of a fault."""
    return Response(await repairs.photo_of(code, number), media_type="image/jpeg")


@post("/repairs/{code:str}", opt=WRITE, include_in_schema=False, operation_id="TakeRepairStep", status_code=303)
async def take_step(request: AnyRequest, code: FromPath[str]) -> Redirect | Template:
    """Take a repair's next step."""
    form = await texts(request)
    try:
        given = Given(
            note=form.get("note", ""),
            repairer=form.get("repairer", ""),
            repairer_number=form.get("repairer_number", ""),
            due_on=date_of(form.get("due_on", "")),
            under_warranty="under_warranty" in form,
            spare=form.get("spare", ""),
            method=form.get("method", ""),
        )
        await repairs.take_step(code, form.get("step", ""), given)
    except DomainError as refused:
        return await _view(request, code, sentence_of(refused), form)
    return Redirect(f"/repairs/{code}", status_code=303)


@post("/repairs/{code:str}/arrived", opt=WRITE, include_in_schema=False, operation_id="NoteArrival", status_code=303)
async def arrived(request: AnyRequest, code: FromPath[str]) -> Redirect | Template:
    """Note that a school has its repaired device again."""
    try:
        await repairs.confirm_arrival(code)
    except DomainError as refused:
        return await _view(request, code, sentence_of(refused))
    return Redirect(f"/repairs/{code}", status_code=303)


@post(
    "/discrepancies/{code:str}/repair",
    opt=WRITE,
    include_in_schema=False,
    operation_id="RepairOfDiscrepancy",
    status_code=303,
)
async def repair_of_case(request: AnyRequest, code: FromPath[str]) -> Redirect | Template:
    """Open the repair of what a school reported damaged at its receipt."""
    form = await texts(request)
    try:
        made = await case_repairs.start(code, why=form.get("repair_why", ""))
    except DomainError as refused:
        return await discrepancy_view(code, error=sentence_of(refused), typed=form)
    return Redirect(f"/repairs/{made}", status_code=303)


ROUTES: list[ControllerRouterHandler] = [repairs_page, repair_page, photo, take_step, arrived, repair_of_case]

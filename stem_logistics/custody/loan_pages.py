"""Pages of loans, of kits whose school is no more, and of kits that nobody uses."""

from typing import Any

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.custody import idle, loan_requests, loans, moving, returns
from stem_logistics.custody.page_tools import READ, WRITE, AnyRequest, date_of, texts
from stem_logistics.custody.words import IDLE_STATES, IDLE_TONES, LOAN_STATES, LOAN_TONES
from stem_logistics.errors import DomainError, Invalid
from stem_logistics.web.i18n import Text
from stem_logistics.web.sentences import sentence_of


async def _loans(request: AnyRequest, state: str, error: Text = "", typed: dict[str, str] | None = None) -> Template:
    chosen = state if state in ("out", "late", "all") else "out"
    may = request.user.may(Permission.STOCK_WRITE)
    context = {
        "rows": await loans.list_loans(chosen),
        "requests": await loan_requests.waiting() if may else [],
        "words": LOAN_STATES,
        "tones": LOAN_TONES,
        "state": chosen,
        "error": error,
        "typed": typed or {},
    }
    return Template("custody/loans.html", context=context, status_code=422 if error else 200)


@get("/loans", opt=READ, include_in_schema=False, operation_id="LoansPage")
async def loans_page(request: AnyRequest) -> Template:
    """Who has whose kit, until when."""
    return await _loans(request, request.query_params.get("state", "out"))


@post("/loans/{code:str}/return", opt=WRITE, include_in_schema=False, operation_id="EndLoan", status_code=303)
async def end_loan(request: AnyRequest, code: FromPath[str]) -> Redirect | Template:
    """A kit was given back."""
    try:
        await loans.give_back(code, note=(await texts(request)).get("note", ""))
    except DomainError as refused:
        return await _loans(request, "out", sentence_of(refused))
    return Redirect("/loans", status_code=303)


@post(
    "/loans/requests/{number:int}/{step:str}",
    opt=WRITE,
    include_in_schema=False,
    operation_id="DecideLoanRequest",
    status_code=303,
)
async def decide_request(request: AnyRequest, number: FromPath[int], step: FromPath[str]) -> Redirect | Template:
    """Lend a kit to a school that asked, or say why not."""
    form = await texts(request)
    try:
        if step == "lend":
            await loan_requests.grant(number, form.get("kit", ""))
        else:
            await loan_requests.refuse(number, why=form.get("why", ""))
    except DomainError as refused:
        return await _loans(request, "out", sentence_of(refused), {**form, "number": str(number)})
    return Redirect("/loans", status_code=303)


async def _moves(
    request: AnyRequest,
    *,
    error: Text = "",
    chosen: tuple[str, ...] = (),
    status: int = 200,
    typed: dict[str, str] | None = None,
) -> Template:
    rows = await moving.homeless()
    context: dict[str, Any] = {
        "rows": rows,
        "returns": await returns.list_returns(),
        "chosen": chosen,
        "idle": await idle.list_idle() if request.user.may(Permission.STOCK_WRITE) else [],
        "idle_words": IDLE_STATES,
        "idle_tones": IDLE_TONES,
        "answer_day": idle.answer_day(),
        "typed": typed or {},
        "error": error,
    }
    return Template("custody/moves.html", context=context, status_code=status)


@get("/moves", opt=READ, include_in_schema=False, operation_id="MovesPage")
async def moves_page(request: AnyRequest) -> Template:
    """Kits whose school is closed or merged, and kits that nobody uses."""
    return await _moves(request)


@post("/moves", opt=WRITE, include_in_schema=False, operation_id="MoveKits", status_code=303)
async def move_kits(request: AnyRequest) -> Redirect | Template:
    """Show what would be moved where; with `sure`, move it."""
    form = await request.form()
    codes = tuple(str(code) for code in form.getall("kit", []))
    rows = [row for row in await moving.homeless() if row.kit["code"] in codes]
    if not rows:
        return await _moves(request, error=sentence_of(Invalid("no-kits-chosen")), status=422)
    groups: dict[str, list[str]] = {}
    for row in rows:
        groups.setdefault(row.target, []).append(row.kit["code"])
    if "sure" not in form:
        return Template("custody/moves_preview.html", context={"rows": rows, "why": "", "error": ""})
    why = str(form.get("why", ""))
    try:
        await moving.transfer_groups(groups, why=why)
    except DomainError as refused:
        context = {"rows": rows, "why": why, "error": sentence_of(refused)}
        return Template("custody/moves_preview.html", context=context, status_code=422)
    return Redirect("/moves", status_code=303)


@post(
    "/moves/idle/{number:int}/{step:str}",
    opt=WRITE,
    include_in_schema=False,
    operation_id="ActOnIdleKit",
    status_code=303,
)
async def act_on_idle(request: AnyRequest, number: FromPath[int], step: FromPath[str]) -> Redirect | Template:
    """Offer an idle kit, note an answer, give it, or say that it is in use again."""
    form = await texts(request)
    try:
        if step == "offer":
            day = date_of(form.get("answer_by", ""))
            if day is None:
                raise Invalid("answer-day-unusable")
            await idle.offer(number, form.get("school", ""), day, why=form.get("why", ""))
        elif step in ("accept", "refuse"):
            await idle.answer_offer(number, accept=step == "accept")
        elif step == "give":
            await idle.give(number)
        elif step == "agree":
            await idle.agree(number)
        else:
            await idle.end_idle(number)
    except DomainError as refused:
        typed = {**form, "number": str(number)}
        return await _moves(request, error=sentence_of(refused), status=422, typed=typed)
    return Redirect("/moves", status_code=303)


async def _return(code: str, error: Text = "", typed: dict[str, str] | None = None) -> Template:
    found = await returns.get_return(code)
    parts = [{**part, "key": returns.part_key(part)} for part in found["parts"]]
    context = {"row": found, "parts": parts, "error": error, "typed": typed or {}}
    return Template("custody/return.html", context=context, status_code=422 if error else 200)


@get("/returns", opt=READ, include_in_schema=False, operation_id="ReturnsPage")
async def returns_page() -> Template:
    """What goes back to the store, and what has come."""
    return Template("custody/returns.html", context={"rows": await returns.list_returns(under_way=False)})


@get("/returns/{code:str}", opt=READ, include_in_schema=False, operation_id="ReturnPage")
async def return_page(code: FromPath[str]) -> Template:
    """One return: what is on its way, to be counted."""
    return await _return(code)


@post("/returns/{code:str}", opt=WRITE, include_in_schema=False, operation_id="ConfirmReturn", status_code=303)
async def confirm_return(request: AnyRequest, code: FromPath[str]) -> Redirect | Template:
    """The store has counted what came."""
    form = await texts(request)
    try:
        counts = {}
        for name, value in form.items():
            if name.startswith("came-") and value.strip():
                if not value.strip().isdecimal() or len(value.strip()) > 6:
                    raise Invalid("return-count-unreadable", typed=value[:20])
                counts[name.removeprefix("came-")] = int(value)
        await returns.confirm(code, counts, note=form.get("note", ""))
    except DomainError as refused:
        return await _return(code, sentence_of(refused), form)
    return Redirect(f"/returns/{code}", status_code=303)


ROUTES: list[ControllerRouterHandler] = [
    decide_request,
    returns_page,
    return_page,
    confirm_return,
    loans_page,
    end_loan,
    moves_page,
    move_kits,
    act_on_idle,
]

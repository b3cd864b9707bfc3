"""The school's own page behind its custody link: who has what, what does not work, what is asked. For telephones."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts import links
from stem_logistics.custody import fault_photos, idle, loan_requests, loans, papers, recalls, repairs, service
from stem_logistics.custody.page_tools import LINK, AnyRequest, date_of, pdf, texts
from stem_logistics.custody.words import (
    ANSWER_TONES,
    ANSWER_WORDS,
    LOAN_STATES,
    LOAN_TONES,
    REPAIR_STEP_STATES,
    REPAIR_STEP_TONES,
)
from stem_logistics.errors import DomainError, Invalid, NotFound
from stem_logistics.inventory import definitions
from stem_logistics.web.forms import once
from stem_logistics.web.i18n import Text, _, current_locale
from stem_logistics.web.sentences import sentence_of

DONE = {
    "custody": _("The custody is entered. The hand-over's paper can be opened below."),
    "repair": _("The fault is reported. You get a message at each step of the repair, and see it below."),
    "arrived": _("Thank you: the repair is closed."),
    "returned": _("Thank you: your word is noted."),
    "asked": _("Your request is with the NSO; you get an answer by mail, and see it below."),
    "idle": _("Thank you: the NSO decides where the kit goes, and writes to you."),
    "answer": _("Thank you: your answer is kept."),
}


async def _front(
    token: str, *, done: str = "", error: Text = "", status: int = 200, typed: dict[str, str] | None = None
) -> Template:
    school = await service.school_of_link()
    context: dict[str, Any] = {
        "token": token,
        "school": school,
        "kits": await service.kits_in_custody(school["id"]),
        "loans": await loans.loans_of_school(school["id"]),
        "asked": await recalls.asked_of(school["id"]),
        "repairs": await repairs.repairs_of_school(school["id"]),
        "repair_words": REPAIR_STEP_STATES,
        "repair_tones": REPAIR_STEP_TONES,
        "requests": await loan_requests.asked_by(school["id"]),
        "kinds": [(row["slug"], row[f"title_{current_locale.get()}"]) for row in await definitions.definition_titles()],
        "loan_words": LOAN_STATES,
        "loan_tones": LOAN_TONES,
        "typed": typed or {},
        "offers": await idle.offers_to(school["id"]),
        "answer_words": ANSWER_WORDS,
        "answer_tones": ANSWER_TONES,
        "done": DONE.get(done, ""),
        "error": error,
    }
    return Template("custody/link.html", context=context, status_code=status)


async def _kit(
    token: str, code: str, *, error: Text = "", typed: dict[str, str] | None = None, kept: Sequence[str] = ()
) -> Template:
    school = await service.school_of_link()
    kits = {kit["code"]: kit for kit in await service.kits_in_custody(school["id"])}
    if code not in kits:
        raise NotFound("kit-not-found", code=code[:20])
    context = {
        "token": token,
        "school": school,
        "kit": kits[code],
        "history": [
            row for row in await service.custody_of_kit(kits[code]["id"]) if row["institution_id"] == school["id"]
        ],
        "idle": await idle.idle_of_kit(kits[code]["id"]),
        "kept": kept,
        "most": repairs.MOST_PHOTOS,
        "error": error,
        "typed": typed or {},
    }
    return Template("custody/link_kit.html", context=context, status_code=422 if error else 200)


@get("/k/{token:str}", opt=LINK, include_in_schema=False, operation_id="SchoolCustodyPage")
async def front(request: AnyRequest, token: FromPath[str]) -> Template:
    """What the school has, and who has it."""
    return await _front(token, done=request.query_params.get("done", ""))


@get("/k/{token:str}/kit/{code:str}", opt=LINK, include_in_schema=False, operation_id="SchoolCustodyKitPage")
async def kit_page(token: FromPath[str], code: FromPath[str]) -> Template:
    """One kit: hand it over, or report what does not work."""
    return await _kit(token, code)


@post(
    "/k/{token:str}/kit/{code:str}/{step:str}",
    opt=LINK,
    include_in_schema=False,
    operation_id="SchoolActsOnKit",
    status_code=303,
    request_max_body_size=fault_photos.LARGEST_FORM_BYTES,
)
async def act_on_kit(
    request: AnyRequest, token: FromPath[str], code: FromPath[str], step: FromPath[str]
) -> Redirect | Template:
    """Hand a kit over, report a fault, or say that nobody uses it."""
    form = await texts(request)
    kept: list[str] = []
    try:
        if step == "repair":
            await service.require_kit(code, by_school=True)
            await fault_photos.take(request, code, kept)
            photos = fault_photos.digests(kept, code)
            work: Callable[[], Awaitable[object]] = partial(
                repairs.report, code, form.get("part", ""), fault=form.get("fault", ""), photos=photos
            )
        elif step == "idle":
            work = partial(idle.mark_idle, code, why=form.get("idle_why", ""))
        else:
            step = "custody"
            work = partial(
                service.hand_over,
                code,
                name=form.get("name", ""),
                post=form.get("post", ""),
                room=form.get("room", ""),
                note=form.get("note", ""),
            )
        await once(request, form, work)
        await links.note_use(request.user)
    except NotFound:
        raise
    except DomainError as refused:
        return await _kit(token, code, error=sentence_of(refused), typed=form, kept=kept)
    return Redirect(f"/k/{token}", query_params={"done": step}, status_code=303)


@post("/k/{token:str}/answer", opt=LINK, include_in_schema=False, operation_id="SchoolAnswers", status_code=303)
async def answer(request: AnyRequest, token: FromPath[str]) -> Redirect | Template:
    """Answer a recall or an offer, ask for a loan, say that a repaired device came or a borrowed kit went back."""
    form = await texts(request)
    done = "answer"
    try:
        number = form.get("number", "")
        which = int(number) if number.isdecimal() and len(number) < 18 else 0
        if form.get("what") == "recall":
            await recalls.answer(which, form.get("answer", ""), note=form.get("note", ""))
        elif form.get("what") == "offer":
            await idle.answer_offer(which, accept=form.get("answer") == "yes")
        elif form.get("what") == "ask":
            until = date_of(form.get("until", ""))
            if until is None:
                raise Invalid("loan-day-unusable", days=loans.LONGEST_DAYS)
            await loan_requests.ask(form.get("kind", ""), until, why=form.get("ask_why", ""))
            done = "asked"
        elif form.get("what") == "repair":
            await repairs.confirm_arrival(form.get("repair", ""))
            done = "arrived"
        else:
            await loans.give_back(form.get("loan", ""), note=form.get("note", ""))
            done = "returned"
        await links.note_use(request.user)
    except DomainError as refused:
        return await _front(token, error=sentence_of(refused), status=refused.status, typed=form)
    return Redirect(f"/k/{token}", query_params={"done": done}, status_code=303)


@get("/k/{token:str}/paper/{number:int}", opt=LINK, include_in_schema=False, operation_id="SchoolPaperFile")
async def paper(token: FromPath[str], number: FromPath[int]) -> Response[bytes]:
    """One of the school's papers."""
    name, content = await papers.read(number)
    return pdf(name, content)


ROUTES: list[ControllerRouterHandler] = [front, kit_page, act_on_kit, answer, paper]

"""What staff do with one kit after its receipt, on a page of its own beside its timeline."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.custody import (
    disposal,
    fault_photos,
    idle,
    loans,
    moving,
    papers,
    recalls,
    repairs,
    service,
    supplies,
    writing_off,
)
from stem_logistics.custody.page_tools import READ, WRITE, AnyRequest, date_of, pdf, texts
from stem_logistics.custody.words import ANSWER_TONES, ANSWER_WORDS, PAPER_WORDS, REPAIR_STATES, REPAIR_TONES
from stem_logistics.errors import DomainError, Invalid
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.loose_pages import whole_number
from stem_logistics.web.i18n import Text, _
from stem_logistics.web.sentences import sentence_of

DONE = {
    "custody": _("The custody is entered; the hand-over's paper stands below."),
    "repair": _("The fault is reported."),
    "loan": _("The kit is on its way to the borrower; both schools have been written to."),
    "supply": _("It is in a consignment for this kit, which is still to be packed and sent; see the kit's timeline."),
    "idle": _("The kit is marked as not in use."),
    "lost": _("It is entered as lost; the write-off note stands below."),
    "store": _("It is back in the store; the note of the movement stands below."),
    "disposal": _("It is withdrawn; the disposal protocol stands below."),
    "transfer": _(
        "The transfer is entered; its paper stands below. It is on its way until the other school confirms it by the "
        "link of its mail, or the store on the page of returns."
    ),
}


async def _view(
    code: str, *, done: str = "", error: Text = "", typed: dict[str, str] | None = None, kept: Sequence[str] = ()
) -> Template:
    kit = await stock.get_kit(code)
    context: dict[str, Any] = {
        "kit": kit,
        "history": await service.custody_of_kit(kit["id"]),
        "repairs": await repairs.repairs_of_kit(kit["id"]),
        "loans": await loans.loans_of_kit(kit["id"]),
        "recalls": await recalls.recalls_of_kit(kit["id"]),
        "idle": await idle.idle_of_kit(kit["id"]),
        "papers": await service.papers_of_kit(kit["id"]),
        "paper_words": PAPER_WORDS,
        "repair_words": REPAIR_STATES,
        "repair_tones": REPAIR_TONES,
        "answer_words": ANSWER_WORDS,
        "answer_tones": ANSWER_TONES,
        "loose": await supplies.offered(),
        "kept": kept,
        "most": repairs.MOST_PHOTOS,
        "done": DONE.get(done, ""),
        "error": error,
        "typed": typed or {},
    }
    return Template("custody/kit.html", context=context, status_code=422 if error else 200)


@get("/stock/kits/{code:str}/custody", opt=READ, include_in_schema=False, operation_id="KitCustodyPage")
async def kit_custody(request: AnyRequest, code: FromPath[str]) -> Template:
    """Who has a kit, who had it, its repairs, loans, recalls and papers."""
    opened = {"step": request.query_params.get("step", "")}
    return await _view(code, done=request.query_params.get("done", ""), typed=opened)


@post(
    "/stock/kits/{code:str}/custody/{step:str}",
    opt=WRITE,
    include_in_schema=False,
    operation_id="ActOnKit",
    status_code=303,
    request_max_body_size=fault_photos.LARGEST_FORM_BYTES,
)
async def act(request: AnyRequest, code: FromPath[str], step: FromPath[str]) -> Redirect | Template:
    """Hand over, report a fault, lend, transfer, mark as not in use, write off, take back, or dispose of."""
    form = await texts(request)
    kept: list[str] = []
    try:
        if step == "repair":
            await service.require_kit(code)
            await fault_photos.take(request, code, kept)
        await _act(code, step, form, fault_photos.digests(kept, code))
    except DomainError as refused:
        return await _view(code, error=sentence_of(refused), typed={**form, "step": step}, kept=kept)
    return Redirect(f"/stock/kits/{code}/custody", query_params={"done": step}, status_code=303)


async def _act(code: str, step: str, form: dict[str, str], photos: Sequence[bytes]) -> None:
    if step == "custody":
        await service.hand_over(
            code,
            name=form.get("name", ""),
            post=form.get("post", ""),
            room=form.get("room", ""),
            note=form.get("note", ""),
        )
    elif step == "repair":
        await repairs.report(
            code,
            form.get("part", ""),
            fault=form.get("fault", ""),
            under_warranty="under_warranty" in form,
            photos=photos,
        )
    elif step == "loan":
        due_on = date_of(form.get("due_on", ""))
        if due_on is None:
            raise Invalid("loan-day-unusable", days=loans.LONGEST_DAYS)
        await loans.lend(code, form.get("borrower", ""), due_on, note=form.get("loan_note", ""))
    elif step == "supply":
        serial, count = form.get("supply_serial", ""), whole_number(form.get("supply_quantity", ""))
        await supplies.send(code, form.get("supply_item", ""), count, serial, why=form.get("supply_why", ""))
    elif step == "transfer":
        await moving.transfer([code], form.get("target", "").strip() or moving.STORE, why=form.get("transfer_why", ""))
    elif step == "idle":
        await idle.mark_idle(code, why=form.get("idle_why", ""))
    elif step == "lost":
        await writing_off.write_off(code, why=form.get("lost_why", ""))
    elif step == "store":
        await writing_off.take_back(code, why=form.get("store_why", ""))
    elif step == "disposal":
        serials = [each for each in form.get("serials", "").split() if each]
        await disposal.dispose(code, serials, method=form.get("method", ""), why=form.get("disposal_why", ""))
    else:
        raise Invalid("not-found")


@get("/papers/{number:int}", opt=READ, include_in_schema=False, operation_id="PaperFile")
async def paper(number: FromPath[int]) -> Response[bytes]:
    """A paper of custody as PDF."""
    name, content = await papers.read(number)
    return pdf(name, content)


@post("/schools/{code:str}/custody-link", opt=WRITE, include_in_schema=False, operation_id="SendCustodyLink")
async def send_link(code: FromPath[str]) -> Redirect:
    """Send a school its custody link."""
    await service.send_link(code)
    return Redirect(f"/schools/{code}", status_code=303)


ROUTES: list[ControllerRouterHandler] = [kit_custody, act, paper, send_link]

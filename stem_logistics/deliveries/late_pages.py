"""The board of what is late: how late, who was reminded, who is next, and whom to write to."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Request, get, post
from litestar.datastructures import UploadFile
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics import jobs
from stem_logistics.accounts.policy import Permission
from stem_logistics.deliveries import contact_file, reminding, returning
from stem_logistics.errors import DomainError, FieldErrors
from stem_logistics.registry import service as registry
from stem_logistics.web.i18n import Text, _, current_locale, ngettext
from stem_logistics.web.sentences import sentence, sentence_of

AnyRequest = Request[Any, Any, Any]
READ = {"permission": Permission.DELIVERIES_READ}
WRITE = {"permission": Permission.DELIVERIES_WRITE}
STEP_WORDS = {"school": _("School"), "directorate": _("Directorate"), "ambassador": _("Ambassador")}


async def _view(
    request: AnyRequest,
    *,
    error: str = "",
    typed: dict[str, str] | None = None,
    faults: Sequence[Mapping[str, Any]] = (),
    said: Text = "",
) -> Template:
    who = request.scope["user"]
    language = current_locale.get()
    rows = await reminding.board()
    offices = [
        (f"ambassador:{each.code}", each.name_el if language == "el" else each.name_en)
        for each in await registry.regions(who)
    ] + [(f"directorate:{each.code}", each.name_el) for each in await registry.directorates(who)]
    context = {
        "rows": rows,
        "back": await returning.on_their_way_back(),
        "rule": reminding.rule(),
        "steps": STEP_WORDS,
        "contacts": await reminding.contacts(),
        "offices": offices,
        "faults": [{"row": each["row"], "detail": sentence(each["slug"], each["params"])} for each in faults[:200]],
        "said": said,
        "error": error,
        "typed": typed or {},
    }
    return Template("deliveries/late.html", context=context, status_code=422 if error else 200)


@get("/consignments/late", opt=READ, include_in_schema=False, operation_id="LatePage")
async def page(request: AnyRequest) -> Template:
    """What should have been confirmed and was not, the latest first."""
    return await _view(request)


@post("/consignments/late/remind", opt=WRITE, include_in_schema=False, operation_id="RemindNow", status_code=303)
async def remind_now(request: AnyRequest) -> Redirect:
    """Take the steps that are due now instead of at the next turn; none is taken twice."""
    job_id = await jobs.enqueue(reminding.JOB, {})
    return Redirect(f"/jobs/{job_id}", status_code=303)


@post("/consignments/late/contacts", opt=WRITE, include_in_schema=False, operation_id="SaveContact", status_code=303)
async def save_contact(request: AnyRequest) -> Redirect | Template:
    """Say who is written to for a directorate or a region."""
    typed = {name: str(value) for name, value in (await request.form()).items()}
    step, _colon, office = typed.get("office", "").partition(":")
    try:
        await reminding.save_contact(step, office, typed.get("name", ""), typed.get("email", ""))
    except DomainError as refused:
        return await _view(request, error=sentence_of(refused), typed=typed)
    return Redirect("/consignments/late", status_code=303)


@post(
    "/consignments/late/contacts/file",
    opt=WRITE,
    include_in_schema=False,
    operation_id="ContactsFile",
    status_code=200,
)
async def take_file(request: AnyRequest) -> Template:
    """Take the contacts of a file, or say what is wrong in each row."""
    given = (await request.form()).get("file")
    content = await given.read() if isinstance(given, UploadFile) else b""
    if not content:
        return await _view(request, error=str(_("Choose a file.")))
    try:
        taken = await contact_file.take(content)
    except FieldErrors as refused:
        return await _view(request, error=sentence_of(refused), faults=refused.errors)
    except DomainError as refused:
        return await _view(request, error=sentence_of(refused))
    return await _view(request, said=ngettext("%(num)s contact is entered.", "%(num)s contacts are entered.", taken))


ROUTES: list[ControllerRouterHandler] = [page, remind_now, save_contact, take_file]

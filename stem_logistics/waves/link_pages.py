"""The school's own pages, by its signed link, on a telephone: apply, change, add evidence."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts import links
from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError
from stem_logistics.waves import drafts, evidence, handling
from stem_logistics.waves.application_form import piece_of_form
from stem_logistics.waves.application_steps import missing_of
from stem_logistics.waves.page_tools import AnyRequest, errors_of, file_of_form, page, text_of, who
from stem_logistics.waves.words import EVIDENCE, POSTS, missing_words, word
from stem_logistics.web.i18n import current_locale

LINK = page(Permission.LINK_APPLICATION)


async def _context(request: AnyRequest, token: str) -> dict[str, Any]:
    now = await drafts.draft_of(who(request))
    wave, school, current = now.wave, now.school, now.current
    language = current_locale.get()
    returned = await handling.returned_of(wave.id, school["id"])
    waited_for = returned is not None and wave.phase == "closed" and wave.now < returned["until_at"]
    may_change = wave.phase == "open" or waited_for
    lacking = [] if current is None else missing_of(now.rules, current["preferences"], current["declarations"])
    return {
        "token": token,
        "wave": wave,
        "title": wave.title(language),
        "school": school,
        "rules": now.rules,
        "current": current,
        "draft": now,
        "returned": returned,
        "withdrawn": None if current else await handling.withdrawn_of(wave.id, school["id"]),
        "may_change": may_change,
        "missing": missing_words(now.rules, lacking, language),
        "receipt": await drafts.receipt_of(current["id"]) if current else None,
        "posts": POSTS,
        "sent": request.query_params.get("sent") == "yes",
        "pieces": await evidence.evidence_of(school["id"]),
        "evidence_words": EVIDENCE,
        "evidence_kinds": list(EVIDENCE.items()),
        "word": word,
        "language": language,
        "errors": {},
        "form": {},
    }


@get("/application/{token:str}", opt=LINK, include_in_schema=False, operation_id="SchoolApplicationPage")
async def school_page(request: AnyRequest, token: FromPath[str]) -> Template:
    """Where the school stands: nothing sent yet, or what was sent and what may be added."""
    return await school_template(request, token)


async def school_template(
    request: AnyRequest, token: str, *, errors: dict[str, str] | None = None, status: int = 200
) -> Template:
    """The school's page, again with what is wrong."""
    context = {**await _context(request, token), "errors": errors or {}}
    return Template("waves/school.html", context=context, status_code=status)


@get("/application/{token:str}/evidence", opt=LINK, include_in_schema=False, operation_id="SchoolEvidenceForm")
async def school_evidence_form(request: AnyRequest, token: FromPath[str]) -> Template:
    """The form of one piece of evidence."""
    return Template("waves/school_evidence.html", context=await _context(request, token))


@post(
    "/application/{token:str}/evidence",
    opt=LINK,
    include_in_schema=False,
    operation_id="SchoolEvidence",
    status_code=303,
)
async def school_evidence(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """Take a piece of evidence from the school, with its document where it has one."""
    context = await _context(request, token)
    form = await request.form()
    piece = piece_of_form(form, context["school"]["code"])
    _name, document = await file_of_form(form, "document")
    try:
        await evidence.add_evidence(context["wave"], piece, principal=who(request), document=document or None)
    except DomainError as error:
        context = {**context, "form": form, "errors": {"kind": errors_of(error).get("", text_of(form, "kind"))}}
        return Template("waves/school_evidence.html", context=context, status_code=error.status)
    await links.note_use(who(request))
    return Redirect(f"/application/{token}#evidence", status_code=303)


ROUTES: list[ControllerRouterHandler] = [school_page, school_evidence_form, school_evidence]

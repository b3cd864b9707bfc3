"""The school's own pages after the results, by its link: the letter, and an appeal on a telephone."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics import runtime
from stem_logistics.accounts import links
from stem_logistics.accounts.policy import Permission
from stem_logistics.allocation.service import published_run
from stem_logistics.allocation.standing import give_back
from stem_logistics.appeals import forms, service
from stem_logistics.appeals.letters import letter_of
from stem_logistics.appeals.words import POINTS
from stem_logistics.errors import DomainError, FieldErrors
from stem_logistics.waves import applications, scores
from stem_logistics.waves.page_tools import AnyRequest, errors_of, page, text_of, who
from stem_logistics.waves.service import require_rules
from stem_logistics.waves.words import CATEGORIES, criterion_title
from stem_logistics.web.i18n import current_locale, gettext

LINK = page(Permission.LINK_RESULT)


async def _context(request: AnyRequest, token: str) -> dict[str, Any]:
    wave, school = await applications.school_of_link(who(request))
    rules = (await require_rules(wave.id)).rules
    run = await published_run(wave)
    scored = await scores.scores_of_institution(run.score_run_id, school["id"])
    language = current_locale.get()
    options: list[tuple[str, str]] = []
    excluded = scored[-1].exclusions if scored else []
    for condition in rules.conditions:
        if condition.slug in excluded:
            title = condition.title.in_language(language)
            options.append((f"exclusion:{condition.slug}", gettext("Our exclusion: %(what)s", what=title)))
    for figures in rules.criteria:
        title = criterion_title(figures.slug)
        options.append((f"criterion:{figures.slug}", gettext("Points: %(what)s", what=title)))
    for slug, words in CATEGORIES.items():
        options.append((f"category:{slug}", gettext("Priority category: %(what)s", what=str(words))))
    for kit in rules.kits:
        name = kit.title.in_language(language)
        options.append((f"preference:{kit.slug}", gettext("Our preference for: %(what)s", what=name)))
    for condition in rules.conditions:
        title = condition.title.in_language(language)
        options.append((f"admission:{condition.slug}", gettext("Condition of admission: %(what)s", what=title)))
    return {
        "token": token,
        "wave": wave,
        "title": wave.title(language),
        "school": school,
        "options": options,
        "points": POINTS,
        "errors": {},
        "form": {},
    }


@get("/result/{token:str}/appeal", opt=LINK, include_in_schema=False, operation_id="SchoolAppealForm")
async def appeal_form(request: AnyRequest, token: FromPath[str]) -> Template:
    """The form of an appeal."""
    return Template("appeals/school_form.html", context=await _context(request, token))


@post("/result/{token:str}/appeal", opt=LINK, include_in_schema=False, operation_id="SchoolAppeal", status_code=303)
async def appeal(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """Take the school's appeal."""
    context = await _context(request, token)
    form = await request.form()
    point, detail = forms.point_of(text_of(form, "point"))
    try:
        await service.file_appeal(
            context["wave"].slug,
            context["school"]["code"],
            point=point,
            detail=detail,
            body=text_of(form, "body"),
            documents=await forms.documents_of(form),
            principal=who(request),
        )
    except DomainError as error:
        errors = errors_of(error)
        if error.slug.startswith("document-"):
            errors = {"documents": errors[""]}
        context = {**context, "form": form, "errors": errors}
        return Template("appeals/school_form.html", context=context, status_code=error.status)
    await links.note_use(who(request))
    return Redirect(f"/result/{token}#appeals", status_code=303)


@post(
    "/result/{token:str}/appeal/{number:int}/withdraw",
    opt=LINK,
    include_in_schema=False,
    operation_id="SchoolWithdrawsAppeal",
    status_code=303,
)
async def withdraw(request: AnyRequest, token: FromPath[str], number: FromPath[int]) -> Redirect:
    """Take the school's own appeal back."""
    wave, _school = await applications.school_of_link(who(request))
    await service.withdraw_appeal(wave.slug, number, who(request))
    return Redirect(f"/result/{token}#appeals", status_code=303)


@get("/result/{token:str}/give-back", opt=LINK, include_in_schema=False, operation_id="SchoolGivesBackPage")
async def give_back_page(request: AnyRequest, token: FromPath[str]) -> Template:
    """The school gives its kit back, or stops waiting for one: what that means, and the question."""
    context = await _context(request, token)
    return Template("appeals/school_give_back.html", context=context)


@post(
    "/result/{token:str}/give-back",
    opt=LINK,
    include_in_schema=False,
    operation_id="SchoolGivesBack",
    status_code=303,
)
async def gives_back(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """Take the school's kit back; it goes to the next in order."""
    context = await _context(request, token)
    form = await request.form()
    try:
        if text_of(form, "sure") != "yes":
            raise FieldErrors(errors=[{"field": "sure", "slug": "giving-back-unsure", "params": {}}])
        await give_back(context["wave"].slug, context["school"]["code"], text_of(form, "why")[:1000])
    except DomainError as error:
        errors = {name or "why": text for name, text in errors_of(error).items()}
        context = {**context, "form": form, "errors": errors}
        return Template("appeals/school_give_back.html", context=context, status_code=error.status)
    await links.note_use(who(request))
    return Redirect(f"/result/{token}", status_code=303)


@get("/result/{token:str}/letter", opt=LINK, include_in_schema=False, operation_id="SchoolLetter")
async def letter(request: AnyRequest, token: FromPath[str]) -> Response[bytes]:
    """The letter to the school as PDF, as it was mailed."""
    wave, school = await applications.school_of_link(who(request))
    address = f"{runtime.settings().base_url}/result/{token}"
    content = await letter_of(wave, await published_run(wave), school["code"], address)
    name = f"apotelesma-{school['code']}.pdf"
    return Response(
        content, media_type="application/pdf", headers={"content-disposition": f'inline; filename="{name}"'}
    )


ROUTES: list[ControllerRouterHandler] = [appeal_form, appeal, withdraw, give_back_page, gives_back, letter]

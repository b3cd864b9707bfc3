"""Pages of appeals for staff: the list, one appeal with its effect before it is decided, committees, giving back."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.allocation.standing import give_back
from stem_logistics.appeals import committees, forms, school_pages, service
from stem_logistics.appeals.rules import DECISIONS, GRANTING, members_of
from stem_logistics.appeals.words import COMMITTEES, DECISION_TONES, EFFECTS, POINTS, STATES, WHY
from stem_logistics.appeals.words import DECISIONS as DECISION_WORDS
from stem_logistics.errors import DomainError, Forbidden
from stem_logistics.waves.page_tools import AnyRequest, day_of, errors_of, page, text_of, who
from stem_logistics.waves.service import Wave, get_wave, kit_titles, require_rules
from stem_logistics.waves.words import CATEGORIES, criterion_title
from stem_logistics.web.formats import number as number_text
from stem_logistics.web.i18n import current_locale
from stem_logistics.web.sentences import sentence_of

READ, WRITE, PUBLISH = page(Permission.WAVES_READ), page(Permission.WAVES_WRITE), page(Permission.WAVES_PUBLISH)
MOST_MOVED = 200


def _wave_context(wave: Wave) -> dict[str, Any]:
    return {"wave": wave, "title": wave.title(current_locale.get())}


async def _titles(wave: Wave) -> dict[str, str]:
    position = 1 if current_locale.get() == "en" else 0
    return {slug: pair[position] or pair[0] for slug, pair in (await kit_titles(wave.id)).items()}


@get("/waves/{slug:str}/appeals", opt=READ, include_in_schema=False, operation_id="AppealsPage")
async def appeals_page(request: AnyRequest, slug: FromPath[str]) -> Template:
    """A wave's appeals: what is to be decided, what was, and what comes next."""
    return await _list(request, slug)


async def _list(request: AnyRequest, slug: str, refusal: str = "", status: int = 200) -> Template:
    wave = await get_wave(slug)
    rows = await service.list_appeals(wave, who(request))
    context = {
        **_wave_context(wave),
        "rows": rows,
        "waiting": sum(row["state"] == "filed" for row in rows),
        "committees": await committees.committees_of(wave),
        "points": POINTS,
        "states": STATES,
        "decisions": DECISION_WORDS,
        "tones": DECISION_TONES,
        "effects": EFFECTS,
        "detail": await details_of(wave),
        "protocol": service.protocol_of,
        "refusal": refusal,
    }
    return Template("appeals/list.html", context=context, status_code=status)


async def details_of(wave: Wave) -> dict[tuple[str, str], str]:
    """What each point of an appeal is about, in the reader's language."""
    rules = (await require_rules(wave.id)).rules
    language = current_locale.get()
    found = {("criterion", figures.slug): criterion_title(figures.slug) for figures in rules.criteria}
    for condition in rules.conditions:
        for point in ("exclusion", "admission"):
            found[point, condition.slug] = condition.title.in_language(language)
    found |= {("category", slug): str(title) for slug, title in CATEGORIES.items()}
    return found | {("preference", kit.slug): kit.title.in_language(language) for kit in rules.kits}


@get("/waves/{slug:str}/appeals/new", opt=WRITE, include_in_schema=False, operation_id="NewAppealPage")
async def new_page(slug: FromPath[str]) -> Template:
    """An appeal that came on paper or by mail: the form by which staff enter it."""
    return await _new(slug, {}, {})


async def _new(slug: str, form: Any, errors: dict[str, str], status: int = 200) -> Template:
    wave = await get_wave(slug)
    known = (await details_of(wave)).items()
    options = [(f"{point}:{detail}", f"{POINTS[point]}: {title}") for (point, detail), title in known]
    context = {**_wave_context(wave), "options": options, "form": form, "errors": errors}
    return Template("appeals/new.html", context=context, status_code=status)


@post("/waves/{slug:str}/appeals/new", opt=WRITE, include_in_schema=False, operation_id="EnterAppeal", status_code=303)
async def enter(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """Take an appeal for a school."""
    form = await request.form()
    point, detail = forms.point_of(text_of(form, "point"))
    try:
        filed = await service.file_appeal(
            slug,
            text_of(form, "code"),
            point=point,
            detail=detail,
            body=text_of(form, "body"),
            documents=await forms.documents_of(form),
            principal=who(request),
        )
    except DomainError as error:
        if error.slug == "wave-not-found":
            raise
        place = "documents" if error.slug.startswith("document-") else "code"
        errors = {name or place: text for name, text in errors_of(error).items()}
        return await _new(slug, form, errors, error.status)
    return Redirect(f"/waves/{slug}/appeals/{filed.number}", status_code=303)


@get("/waves/{slug:str}/appeals/{number:int}", opt=READ, include_in_schema=False, operation_id="AppealPage")
async def appeal_page(request: AnyRequest, slug: FromPath[str], number: FromPath[int]) -> Template:
    """One appeal; with a correction in the address, what it would do."""
    return await _appeal(request, slug, number, request.query_params, {})


async def _appeal(
    request: AnyRequest, slug: str, number: int, form: Any, errors: dict[str, str], status: int = 200
) -> Template:
    wave = await get_wave(slug)
    appeal = await service.get_appeal(wave, number, who(request))
    rules = (await require_rules(wave.id)).rules
    before = await service.parts_of(wave, appeal)
    weighed, correction = None, None
    if appeal["state"] == "filed" and (text_of(form, "look") or text_of(form, "seen")):
        try:
            correction = forms.correction_of(form, rules, before)
            if correction is None:
                errors = {**errors, "criterion": sentence_of(_missing())}
            else:
                weighed = await service.weigh(wave, appeal, correction)
        except DomainError as error:
            errors = {**errors, "points": sentence_of(error)}
            status = max(status, 422)
    titles = await _titles(wave)
    moved = weighed.effect.moved[:MOST_MOVED] if weighed else ()
    context = {
        **_wave_context(wave),
        "appeal": appeal,
        "before": before,
        "rules": rules,
        "kits": titles,
        "kit_options": [(kit.slug, titles.get(kit.slug, kit.slug)) for kit in rules.kits],
        "criteria": [
            (slug, f"{criterion_title(slug)}: {number_text(value)}") for slug, value in before["parts"].items()
        ],
        "weighed": weighed,
        "moved": moved,
        "names": await service.names_of([m.id for m in moved]),
        "fields": forms.fields_of(correction) if correction is not None else {},
        "form": form,
        "chosen_categories": form.getall("categories", []) if text_of(form, "recategorise") else before["categories"],
        "errors": errors,
        "points": POINTS,
        "states": STATES,
        "decisions": DECISION_WORDS,
        "granting": [(slug, DECISION_WORDS[slug]) for slug in GRANTING],
        "refusing": [(slug, DECISION_WORDS[slug]) for slug in DECISIONS if slug not in GRANTING],
        "tones": DECISION_TONES,
        "effects": EFFECTS,
        "why": WHY,
        "detail": await details_of(wave),
        "categories": CATEGORIES,
        "criterion_title": criterion_title,
        "protocol": service.protocol_of,
        "committee": (await committees.committees_of(wave)).get("appeals"),
    }
    return Template("appeals/appeal.html", context=context, status_code=status)


def _missing() -> DomainError:
    return DomainError("appeal-correction-missing")


@post(
    "/waves/{slug:str}/appeals/{number:int}",
    opt=PUBLISH,
    include_in_schema=False,
    operation_id="DecideAppeal",
    status_code=303,
)
async def decide(request: AnyRequest, slug: FromPath[str], number: FromPath[int]) -> Response[Any]:
    """Take the committee's decision, with the effect that was shown."""
    form = await request.form()
    wave = await get_wave(slug)
    rules = (await require_rules(wave.id)).rules
    decision = text_of(form, "decision")
    try:
        appeal = await service.get_appeal(wave, number, who(request))
        before = await service.parts_of(wave, appeal)
        correction = forms.correction_of(form, rules, before) if decision in GRANTING else None
        await service.decide(
            slug,
            number,
            decision=decision,
            reason=text_of(form, "reason"),
            correction=correction,
            seen=text_of(form, "seen"),
        )
    except DomainError as error:
        if error.status == 404:
            raise
        return await _appeal(request, slug, number, form, errors_of(error), error.status)
    return Redirect(f"/waves/{slug}/appeals/{number}", status_code=303)


@get(
    "/waves/{slug:str}/appeals/{number:int}/documents/{document_id:int}",
    opt=READ,
    include_in_schema=False,
    operation_id="AppealDocument",
)
async def document(
    request: AnyRequest, slug: FromPath[str], number: FromPath[int], document_id: FromPath[int]
) -> Response[bytes]:
    """A document of an appeal, as it was sent."""
    stored = await service.document_of(await get_wave(slug), number, document_id, who(request))
    return Response(stored.content, media_type=stored.media_type, headers={"content-disposition": "attachment"})


@post("/waves/{slug:str}/final", opt=PUBLISH, include_in_schema=False, operation_id="PublishFinal", status_code=303)
async def publish_final(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """Publish the final results."""
    try:
        await service.publish_final_results(slug)
    except DomainError as error:
        if error.status == 404:
            raise
        return await _list(request, slug, sentence_of(error), error.status)
    return Redirect(f"/results/{slug}", status_code=303)


@get("/waves/{slug:str}/committees", opt=READ, include_in_schema=False, operation_id="CommitteesPage")
async def committees_page(slug: FromPath[str]) -> Template:
    """The two committees of a wave, and their minutes."""
    return await _committees(slug, {}, {})


async def _committees(slug: str, form: Any, errors: dict[str, str], status: int = 200) -> Template:
    wave = await get_wave(slug)
    known = await committees.committees_of(wave)
    shown = []
    for kind in committees.KINDS:
        committee = known.get(kind)
        typed = form.get("kind") == kind
        members = "\n".join(f"{m.name}, {m.post}" for m in committee.members) if committee else ""
        shown.append(
            {
                "kind": kind,
                "title": COMMITTEES[kind],
                "known": committee,
                "act": text_of(form, f"{kind}_act") if typed else committee.act_number if committee else "",
                "members": text_of(form, f"{kind}_members") if typed else members,
            }
        )
    context = {
        **_wave_context(wave),
        "committees": shown,
        "titles": COMMITTEES,
        "minutes": await committees.minutes_of(wave),
        "errors": errors,
        "form": form,
    }
    return Template("appeals/committees.html", context=context, status_code=status)


@post("/waves/{slug:str}/committees", opt=WRITE, include_in_schema=False, operation_id="Appoint", status_code=303)
async def appoint(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """Write down a committee."""
    form = await request.form()
    kind = text_of(form, "kind")
    try:
        await committees.appoint(slug, kind, text_of(form, f"{kind}_act"), members_of(text_of(form, f"{kind}_members")))
    except DomainError as error:
        if error.status == 404:
            raise
        return await _committees(slug, form, errors_of(error), error.status)
    return Redirect(f"/waves/{slug}/committees", status_code=303)


@post("/waves/{slug:str}/minutes", opt=WRITE, include_in_schema=False, operation_id="WriteMinutes", status_code=303)
async def write_minutes(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """Write a session's minutes."""
    form = await request.form()
    day = day_of(form, "session_on")
    wave = await get_wave(slug)
    if day is None:
        missing = {"session_on": sentence_of(DomainError("session-day-missing"))}
        return await _committees(slug, form, missing, 422)
    try:
        ident = await committees.write_minutes(slug, text_of(form, "minutes_of"), day, text_of(form, "remarks")[:4000])
    except DomainError as error:
        if error.status == 404:
            raise
        return await _committees(slug, form, {"session_on": sentence_of(error)}, error.status)
    return Redirect(f"/waves/{wave.slug}/minutes/{ident}", status_code=303)


@get("/waves/{slug:str}/minutes/{number:int}", opt=READ, include_in_schema=False, operation_id="MinutesFile")
async def minutes_file(request: AnyRequest, slug: FromPath[str], number: FromPath[int]) -> Response[bytes]:
    """A session's minutes as PDF, for those who read the whole country's waves: they name every appeal."""
    wave = await get_wave(slug)
    if not who(request).scope(Permission.WAVES_READ).country:
        raise Forbidden("not-allowed")
    content = await committees.minutes_file(wave, number)
    name = f"praktiko-{slug}-{number}.pdf"
    return Response(
        content, media_type="application/pdf", headers={"content-disposition": f'inline; filename="{name}"'}
    )


@get("/waves/{slug:str}/give-back", opt=WRITE, include_in_schema=False, operation_id="GiveBackPage")
async def give_back_page(slug: FromPath[str]) -> Template:
    """A school that gives its kit back or stops waiting: the form."""
    wave = await get_wave(slug)
    return Template("appeals/give_back.html", context={**_wave_context(wave), "form": {}, "errors": {}})


@post("/waves/{slug:str}/give-back", opt=WRITE, include_in_schema=False, operation_id="GiveBack", status_code=303)
async def take_back(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """Take a kit back and give it to the next in order."""
    form = await request.form()
    wave = await get_wave(slug)
    code = text_of(form, "code")
    try:
        await give_back(slug, code, text_of(form, "why"))
    except DomainError as error:
        field = "why" if error.slug == "giving-back-needs-reason" else "code"
        context = {**_wave_context(wave), "form": form, "errors": {field: sentence_of(error)}}
        return Template("appeals/give_back.html", context=context, status_code=error.status)
    return Redirect(f"/waves/{slug}/allocation", status_code=303)


ROUTES: list[ControllerRouterHandler] = [
    appeals_page,
    new_page,
    enter,
    appeal_page,
    decide,
    document,
    publish_final,
    committees_page,
    appoint,
    write_minutes,
    minutes_file,
    give_back_page,
    take_back,
    *school_pages.ROUTES,
]

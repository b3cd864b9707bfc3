"""Pages of waves for staff: the list, a wave, its rules, its call."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics import audit
from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError, FieldErrors, NotFound
from stem_logistics.registry.words import LEVELS
from stem_logistics.waves import (
    application_pages,
    calls,
    checking_pages,
    criteria_pages,
    evidence_import_pages,
    handling_pages,
    link_pages,
    scores,
    service,
    step_pages,
)
from stem_logistics.waves.criteria import all_criteria
from stem_logistics.waves.criterion import PRIORITY_CATEGORIES
from stem_logistics.waves.page_tools import (
    AnyRequest,
    day_of,
    end_of,
    errors_of,
    moment_of,
    page,
    text_of,
    who,
    whole_of,
)
from stem_logistics.waves.rules_checks import registry_findings
from stem_logistics.waves.rules_document import KNOWN_LEVELS
from stem_logistics.waves.rules_form import document_of_form, field_of_place
from stem_logistics.waves.rules_reading import starting_rules
from stem_logistics.waves.words import CATEGORIES, PHASES, criterion_title, key_title, word
from stem_logistics.web.charts import Bar, bars
from stem_logistics.web.i18n import _, current_locale
from stem_logistics.web.record_words import action_words

READ, WRITE = page(Permission.WAVES_READ), page(Permission.WAVES_WRITE)


@get("/waves", opt=READ, include_in_schema=False, operation_id="WavesPage")
async def waves_page() -> Template:
    """All waves, historic ones too, with their totals."""
    return Template("waves/list.html", context={"lines": await service.list_waves(), "phases": PHASES})


@get("/waves/new", opt=WRITE, include_in_schema=False, operation_id="NewWavePage")
async def new_wave_page() -> Template:
    """The form of a new wave."""
    return Template("waves/new.html", context={"form": {}, "errors": {}})


@post("/waves/new", opt=WRITE, include_in_schema=False, operation_id="NewWave", status_code=303)
async def new_wave(request: AnyRequest) -> Response[Any]:
    """Make a wave; a refusal shows the form again as it was filled in."""
    form = await request.form()
    slug = text_of(form, "slug").lower()
    first = whole_of(form, "year_from")
    try:
        await service.create_wave(
            slug,
            text_of(form, "title_el"),
            text_of(form, "title_en"),
            first,
            whole_of(form, "year_to") if text_of(form, "year_to") else first,
        )
    except DomainError as error:
        errors = errors_of(error)
        if error.slug == "wave-slug-taken":
            errors = {"slug": errors[""]}
        return Template("waves/new.html", context={"form": dict(form), "errors": errors}, status_code=error.status)
    return Redirect(f"/waves/{slug}/rules", status_code=303)


@get("/waves/{slug:str}", opt=READ, include_in_schema=False, operation_id="WavePage")
async def wave_page(request: AnyRequest, slug: FromPath[str]) -> Template | Redirect:
    """A wave: what stands next, its funnel, its rules, its history."""
    try:
        return await _wave_page(request, slug)
    except NotFound:
        if not await service.is_list(slug):
            raise
        return Redirect(f"/grants/{slug}", status_code=303)


async def _wave_page(
    request: AnyRequest, slug: str, errors: dict[str, str] | None = None, form: Any = None, status: int = 200
) -> Template:
    wave = await service.get_wave(slug)
    stored = await service.rules_of(wave.id)
    run = await scores.latest_run(wave.id)
    counts = await service.funnel_of_run(wave, run)
    base = f"/waves/{slug}/applications"
    steps = [
        Bar(_("Applied"), counts["applied"], base),
        Bar(_("Admitted"), counts["admitted"], f"{base}?admitted=yes"),
        Bar(_("Received a kit in the allocation"), counts["allocated"], f"/waves/{slug}/allocation"),
        Bar(_("Confirmed the receipt"), counts["received"], f"/consignments?wave={slug}"),
    ]
    # what has not been found out yet is not shown as none
    known = 1 if run is None else 4 if wave.is_over else 2
    context = {
        "wave": wave,
        "title": wave.title(current_locale.get()),
        "phase": PHASES[wave.phase],
        "stored": stored,
        "counts": counts,
        "funnel": bars(steps[:known]) if wave.phase != "historic" else [],
        "kits": await service.awards_by_kit(wave),
        "kit_titles": await _kit_titles(stored),
        "score_run": run,
        "history": await audit.history("wave", wave.id, limit=50) if who(request).may(Permission.AUDIT_READ) else [],
        "errors": errors or {},
        "form": form or {},
        "levels": LEVELS,
        "categories": CATEGORIES,
        "word": word,
        "criterion_title": criterion_title,
        "key_title": key_title,
        "action_words": action_words,
    }
    return Template("waves/wave.html", context=context, status_code=status)


async def _kit_titles(stored: service.StoredRules | None) -> dict[str, str]:
    position = 1 if current_locale.get() == "en" else 0
    return {slug: titles[position] or titles[0] for slug, titles in (await service.kit_titles_by(stored)).items()}


@get("/waves/{slug:str}/rules", opt=READ, include_in_schema=False, operation_id="WaveRulesPage")
async def rules_page(request: AnyRequest, slug: FromPath[str]) -> Template:
    """The rules: a form in a draft, the frozen document afterwards."""
    wave = await service.get_wave(slug)
    stored = await service.rules_of(wave.id)
    document = stored.rules.as_json() if stored else starting_rules()
    return await _rules_template(request, wave, document, stored.version if stored else None)


async def _rules_template(
    request: AnyRequest,
    wave: service.Wave,
    document: dict[str, Any],
    version: int | None,
    errors: dict[str, str] | None = None,
    status: int = 200,
    why: str = "",
) -> Template:
    definitions = await service.kit_definitions()
    english = current_locale.get() == "en"
    stored = await service.rules_of(wave.id)
    context = {
        "wave": wave,
        "title": wave.title(current_locale.get()),
        "document": document,
        "used": {criterion["slug"]: criterion for criterion in document["criteria"]},
        "criteria": all_criteria(),
        "version": version,
        "why": why,
        "found": await registry_findings(stored.rules) if stored and wave.state == "draft" else [],
        "errors": errors or {},
        "editable": wave.state == "draft" and who(request).may(Permission.WAVES_WRITE),
        "definitions": definitions,
        "definition_options": [(d["slug"], d["title_en" if english else "title_el"]) for d in definitions],
        "read_rules": stored.rules if stored else None,
        "regions": await service.regions(),
        "levels": [(level, LEVELS[level]) for level in KNOWN_LEVELS],
        "categories": [(category, CATEGORIES[category]) for category in PRIORITY_CATEGORIES],
        "level_words": LEVELS,
        "category_words": CATEGORIES,
        "word": word,
        "criterion_title": criterion_title,
        "key_title": key_title,
    }
    return Template("waves/rules.html", context=context, status_code=status)


@post("/waves/{slug:str}/rules", opt=WRITE, include_in_schema=False, operation_id="SaveWaveRules", status_code=303)
async def save_rules(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """Keep the rules, or add a part to the form; what was typed is never lost."""
    wave = await service.get_wave(slug)
    form = await request.form()
    document = document_of_form(form)
    if text_of(form, "action").startswith("add-"):
        return await _rules_template(request, wave, document, None, why=text_of(form, "why"))
    try:
        await service.save_rules(slug, document, why=text_of(form, "why"))
    except FieldErrors as error:
        errors = {field_of_place(place, document): text for place, text in errors_of(error).items()}
        return await _rules_template(request, wave, document, None, errors, error.status, text_of(form, "why"))
    return Redirect(f"/waves/{slug}", status_code=303)


@get("/waves/{slug:str}/open", opt=WRITE, include_in_schema=False, operation_id="OpenCallPage")
async def open_page(slug: FromPath[str]) -> Template:
    """The form that opens the call."""
    wave = await service.get_wave(slug)
    stored = await service.require_rules(wave.id)
    return Template("waves/open.html", context={"wave": wave, "stored": stored, "form": {}, "errors": {}})


@post("/waves/{slug:str}/open", opt=WRITE, include_in_schema=False, operation_id="OpenCall", status_code=303)
async def open_call(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """Open the call."""
    form = await request.form()
    opens, deadline, draw = moment_of(form, "opens_at"), end_of(form, "deadline_at"), day_of(form, "draw_on")
    wave = await service.get_wave(slug)
    missing = {
        name: str(_("Give a date and a time."))
        for name, value in (("opens_at", opens), ("deadline_at", deadline), ("draw_on", draw))
        if value is None
    }
    errors, status = missing, 422
    if opens is not None and deadline is not None and draw is not None:
        try:
            await calls.open_call(
                slug,
                opens_at=opens,
                deadline_at=deadline,
                draw_description=text_of(form, "draw_description"),
                draw_on=draw,
                call_protocol=text_of(form, "call_protocol"),
                call_ada=text_of(form, "call_ada"),
            )
            return Redirect(f"/waves/{slug}", status_code=303)
        except DomainError as error:
            errors, status = errors_of(error), error.status
    stored = await service.require_rules(wave.id)
    # what is wrong with the rules has no field here: it stands above the form, whole
    of_rules = " ".join(text for place, text in errors.items() if place.startswith("kits."))
    errors = {place: text for place, text in errors.items() if not place.startswith("kits.")}
    if of_rules:
        errors[""] = of_rules
    context = {"wave": wave, "stored": stored, "form": dict(form), "errors": errors}
    return Template("waves/open.html", context=context, status_code=status)


@post("/waves/{slug:str}/deadline", opt=WRITE, include_in_schema=False, operation_id="ChangeDeadline", status_code=303)
async def change_deadline(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """Move the deadline, or close now; both with a reason."""
    form = await request.form()
    deadline = None if text_of(form, "action") == "close" else end_of(form, "deadline_at")
    if deadline is None and text_of(form, "action") != "close":
        errors = {"deadline_at": str(_("Give a date and a time."))}
        return await _wave_page(request, slug, errors, dict(form), 422)
    try:
        await calls.change_deadline(slug, deadline, text_of(form, "why"))
    except DomainError as error:
        field = "why" if error.slug == "deadline-needs-reason" else "deadline_at"
        return await _wave_page(request, slug, {field: errors_of(error)[""]}, dict(form), error.status)
    return Redirect(f"/waves/{slug}", status_code=303)


@post("/waves/{slug:str}/seed", opt=WRITE, include_in_schema=False, operation_id="RevealSeed", status_code=303)
async def reveal_seed(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """Enter the numbers of the public draw."""
    form = await request.form()
    if text_of(form, "sure") != "yes":
        missing = {"sure": str(_("Compare the numbers with what the organiser published, then tick this box."))}
        return await _wave_page(request, slug, missing, dict(form), 422)
    try:
        await calls.reveal_seed(slug, text_of(form, "draw_numbers"))
    except DomainError as error:
        return await _wave_page(request, slug, {"draw_numbers": errors_of(error)[""]}, dict(form), error.status)
    return Redirect(f"/waves/{slug}", status_code=303)


@post("/waves/{slug:str}/decision", opt=WRITE, include_in_schema=False, operation_id="SetDecision", status_code=303)
async def set_decision(request: AnyRequest, slug: FromPath[str]) -> Redirect:
    """Protocol number and ΑΔΑ of the decision."""
    form = await request.form()
    await calls.set_decision(slug, text_of(form, "decision_protocol"), text_of(form, "decision_ada"))
    return Redirect(f"/waves/{slug}", status_code=303)


@post("/waves/{slug:str}/score", opt=WRITE, include_in_schema=False, operation_id="ScoreWave", status_code=303)
async def score_wave(slug: FromPath[str]) -> Redirect:
    """Score the applications, as a job."""
    job = await scores.start_scoring(slug)
    return Redirect(f"/waves/{slug}/work/{job}", status_code=303)


ROUTES: list[ControllerRouterHandler] = [
    waves_page,
    new_wave_page,
    new_wave,
    wave_page,
    rules_page,
    save_rules,
    open_page,
    open_call,
    change_deadline,
    reveal_seed,
    set_decision,
    score_wave,
    *application_pages.ROUTES,
    *link_pages.ROUTES,
    *step_pages.ROUTES,
    *handling_pages.ROUTES,
    *criteria_pages.ROUTES,
    *checking_pages.ROUTES,
    *evidence_import_pages.ROUTES,
]

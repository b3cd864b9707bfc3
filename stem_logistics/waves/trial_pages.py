"""Pages of a trial: change figures, see who of the last wave's applicants would have moved."""

from decimal import Decimal
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError, NotFound
from stem_logistics.registry.words import LEVELS
from stem_logistics.waves import trials
from stem_logistics.waves.call_document import region_words
from stem_logistics.waves.page_tools import AnyRequest, errors_of, page, text_of
from stem_logistics.waves.rules_document import WaveRules
from stem_logistics.waves.rules_form import decimal_as_typed
from stem_logistics.waves.service import get_wave, kit_titles
from stem_logistics.waves.words import CATEGORIES, criterion_title, key_title, word
from stem_logistics.web.api import job_of
from stem_logistics.web.exports import Column, export_response
from stem_logistics.web.i18n import _, current_locale
from stem_logistics.web.pages import job_view
from stem_logistics.web.sentences import sentence

WRITE = page(Permission.WAVES_WRITE)
COLUMNS = (
    Column("code", _("Code")),
    Column("name", _("School")),
    Column("level", _("Level")),
    Column("region", _("Region")),
    Column("before", _("Kit before")),
    Column("after", _("Kit after")),
    Column("points_before", _("Points before")),
    Column("points_after", _("Points after")),
)


@get("/waves/{slug:str}/what-if", opt=WRITE, include_in_schema=False, operation_id="TrialPage")
async def trial_page(request: AnyRequest, slug: FromPath[str]) -> Template:
    """The figures that may be changed, as they stand."""
    use_draft = request.query_params.get("start") == "draft"
    return await _form(slug, use_draft, {}, {})


async def _form(
    slug: str, use_draft: bool, typed: dict[str, str], errors: dict[str, str], status: int = 200
) -> Template:
    wave = await get_wave(slug)
    try:
        base, document = await trials.starting_document(slug, use_draft=use_draft)
    except DomainError as error:
        context = {"wave": wave, "title": wave.title(current_locale.get()), "base": None, "errors": errors_of(error)}
        return Template("waves/what_if.html", context=context, status_code=status)
    context = {
        "wave": wave,
        "title": wave.title(current_locale.get()),
        "base": base,
        "base_title": base.title(current_locale.get()),
        "rules": WaveRules.model_validate(document),
        "use_draft": use_draft,
        "typed": typed,
        "errors": errors,
        "criterion_title": criterion_title,
        "key_title": key_title,
    }
    return Template("waves/what_if.html", context=context, status_code=status)


@post("/waves/{slug:str}/what-if", opt=WRITE, include_in_schema=False, operation_id="StartTrial", status_code=303)
async def start_trial(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """Try the changed figures, as a job."""
    form = await request.form()
    use_draft = text_of(form, "start") == "draft"
    _base, document = await trials.starting_document(slug, use_draft=use_draft)
    typed = {name: text_of(form, name) for name in form if name.startswith(("criteria.", "kits."))}
    known = _figures(WaveRules.model_validate(document))
    changes = {
        name: value
        for name, text in typed.items()
        if name in known and (value := decimal_as_typed(text)) and not _same(value, known[name])
    }
    try:
        job = await trials.start(slug, changes, use_draft=use_draft)
    except DomainError as error:
        return await _form(slug, use_draft, typed, errors_of(error), error.status)
    return Redirect(f"/waves/{slug}/what-if/{job}", status_code=303)


def _same(value: str, known: Decimal) -> bool:
    try:
        return Decimal(value) == known
    except ArithmeticError:
        return False


def _figures(rules: WaveRules) -> dict[str, Decimal]:
    """The figures that the form offers, by the names of its fields."""
    found: dict[str, Decimal] = {}
    for criterion in rules.criteria:
        found[f"criteria.{criterion.slug}.ceiling"] = criterion.ceiling
        found |= {f"criteria.{criterion.slug}.points.{key}": worth for key, worth in criterion.points.items()}
    for kit in rules.kits:
        found[f"kits.{kit.slug}.stock"] = Decimal(kit.stock)
        found |= {f"kits.{kit.slug}.reserves.{line.id}": Decimal(line.places) for line in kit.reserves}
    return found


@get("/waves/{slug:str}/what-if/{job_id:int}", opt=WRITE, include_in_schema=False, operation_id="TrialResultPage")
async def result_page(request: AnyRequest, slug: FromPath[str], job_id: FromPath[int]) -> Response[Any]:
    """How far the trial is; then who would have moved, also as a file."""
    wave = await get_wave(slug)
    job = await job_of(request, job_id)
    if job.kind != trials.TRIAL_JOB or job.payload.get("wave_id") != wave.id:
        raise NotFound("job-not-found", id=job_id)
    result = job.result if job.state == "done" else None
    regions = await region_words()
    titles: dict[str, str] = {}
    if result is not None:
        english = 1 if current_locale.get() == "en" else 0
        known = await kit_titles((await get_wave(result["base"])).id)
        titles = {kit: names[english] or names[0] for kit, names in known.items()}
    format = request.query_params.get("format", "")
    if result is not None and format in ("csv", "xlsx", "json"):
        rows = [
            (
                row["code"],
                row["name"],
                str(word(LEVELS, row["level"])),
                regions.get(row["region"], row["region"]),
                titles.get(row["before"], row["before"]),
                titles.get(row["after"], row["after"]),
                row["points_before"],
                row["points_after"],
            )
            for row in result["moved"]
        ]
        kind: Any = format
        return export_response(kind, f"{slug}-what-if-{job_id}", COLUMNS, rows)
    context = {
        "wave": wave,
        "title": wave.title(current_locale.get()),
        "job": job,
        "view": job_view(job),
        "result": result,
        "base_title": (await get_wave(result["base"])).title(current_locale.get()) if result else "",
        "refusal": sentence(job.error["slug"], job.error.get("params", {})) if job.error else "",
        "titles": titles,
        "groups": [
            ("region", _("Region"), regions),
            ("level", _("Level"), LEVELS),
            ("category", _("Category"), {**CATEGORIES, trials.NO_CATEGORY: _("no category")}),
        ],
        "level_words": LEVELS,
        "regions": regions,
        "word": word,
    }
    return Template("waves/what_if_result.html", context=context)


ROUTES: list[ControllerRouterHandler] = [trial_page, start_trial, result_page]

"""Pages of the allocation: run, look and publish for staff; results, files and each school's page for everybody."""

import re
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.allocation import (
    checking_pages,
    checklist,
    map_pages,
    publication,
    results,
    run_pages,
    school_pages,
    service,
    standing,
)
from stem_logistics.allocation.reason_words import CODE_WORDS
from stem_logistics.allocation.school_pages import public_wave
from stem_logistics.appeals.service import published_appeals
from stem_logistics.appeals.words import DECISIONS, EFFECTS, POINTS
from stem_logistics.errors import DomainError, NotFound
from stem_logistics.grants import service as grants
from stem_logistics.registry.words import LEVELS
from stem_logistics.waves.page_tools import AnyRequest, page, region_names, text_of, who, whole_of
from stem_logistics.waves.rules_document import KNOWN_LEVELS
from stem_logistics.waves.service import (
    Wave,
    awards_by_kit,
    funnel,
    get_wave,
    is_list,
    kit_titles,
    list_waves,
    regions,
    rules_of,
)
from stem_logistics.waves.words import CATEGORIES, PHASES, criterion_title, key_title, word
from stem_logistics.web.charts import Bar, bars
from stem_logistics.web.exports import Column, Format, export_response
from stem_logistics.web.i18n import _, current_locale
from stem_logistics.web.listing import Choice, ListQuery, ListSpec, Words
from stem_logistics.web.sentences import sentence_of

READ, WRITE, PUBLISH = page(Permission.WAVES_READ), page(Permission.WAVES_WRITE), page(Permission.WAVES_PUBLISH)
PUBLIC = page(Permission.PUBLIC)
LIST = ListSpec(
    sorts=("score", "code", "name", "region", "kit"),
    default_sort="-score",
    filters={
        "region": Words(60),
        "level": Choice.of(*KNOWN_LEVELS, "university"),
        "kit": Words(60),
        "outcome": Choice.of("received", "not", "excluded"),
    },
)
COLUMNS = (
    Column("code", _("Code")),
    Column("name", _("School")),
    Column("level", _("Level")),
    Column("region", _("Region")),
    Column("points", _("Points")),
    Column("ticket", _("Lottery ticket")),
    Column("preferences", _("Preferences")),
    Column("kit", _("Receives")),
    Column("line", _("On the places")),
    Column("units", _("Kits")),
    Column("reason", _("Reason")),
)
HISTORIC_COLUMNS = (
    Column("code", _("Code")),
    Column("name", _("School")),
    Column("level", _("Level")),
    Column("region", _("Region")),
    Column("kit", _("Receives")),
    Column("units", _("Kits")),
)


async def _titles(wave: Wave) -> dict[str, str]:
    return results.language_titles(await kit_titles(wave.id))


def _format(value: str) -> Format:
    return "csv" if value == "csv" else "xlsx" if value == "xlsx" else "json"


def _export_row(row: dict[str, Any]) -> tuple[object, ...]:
    return (
        row["code"],
        row["name"],
        str(word(LEVELS, row["level"])),
        row["region_en"] if current_locale.get() == "en" else row["region_el"],
        row["total"],
        row["ticket"],
        " > ".join(row["preferences"]),
        row["kit_slug"],
        row["line"],
        row["units"],
        row["first_code"] or " ".join(["NOT_ADMITTED", *row["exclusions"]]),
    )


async def _table(
    request: AnyRequest, wave: Wave, run: service.Run
) -> tuple[ListQuery, list[dict[str, Any]], int, dict[str, Any]]:
    query = LIST.parse(request.url.path, request.query_params)
    asked = {"q": query.q, "sort": query.sort, "descending": query.descending, **query.filters}
    rows, total = await results.results_of(run, **asked, limit=query.limit, offset=query.offset)
    known = region_names(await regions())
    titles = await _titles(wave)
    stored = await rules_of(wave.id)
    language = current_locale.get()
    conditions = {c.slug: c.title.in_language(language) for c in stored.rules.conditions} if stored else {}
    rows = [{**row, "missing": [conditions.get(slug, slug) for slug in row["exclusions"]]} for row in rows]
    shown = {
        "regions": list(known.items()),
        "levels": [(level, LEVELS[level]) for level in (*KNOWN_LEVELS, "university")],
        "level_words": LEVELS,
        "kits": [(kit.slug, titles.get(kit.slug, kit.slug)) for kit in stored.rules.kits] if stored else [],
        "kit_titles": titles,
        "lines": results.line_titles(stored.rules) if stored else {},
        "code_words": CODE_WORDS,
        "word": word,
        "cutoffs": await results.cutoffs_of(wave, run, known),
    }
    return query, rows, total, shown


async def _export(request: AnyRequest, run: service.Run, slug: str) -> Response[Any]:
    query = LIST.parse(request.url.path, request.query_params)
    asked = {"q": query.q, "sort": query.sort, "descending": query.descending, **query.filters}
    rows, _total = await results.results_of(run, **asked)
    return export_response(
        _format(request.query_params["format"]), f"{slug}-results", COLUMNS, [_export_row(row) for row in rows]
    )


@get("/waves/{slug:str}/allocation", opt=READ, include_in_schema=False, operation_id="AllocationPage")
async def allocation_page(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """The allocation of a wave: run it, look at it, publish it."""
    return await _allocation_template(request, slug)


async def _allocation_template(request: AnyRequest, slug: str, refusal: str = "", status: int = 200) -> Response[Any]:
    wave = await get_wave(slug)
    run = await service.shown_run(wave, who(request))
    context: dict[str, Any] = {
        "wave": wave,
        "title": wave.title(current_locale.get()),
        "phase": PHASES[wave.phase],
        "run": run,
        "refusal": refusal,
        "counts": {},
        "checks": await checklist.checks(wave) if not wave.is_out and wave.phase not in ("draft", "upcoming") else [],
    }
    if run is not None:
        if request.query_params.get("format") in ("csv", "xlsx", "json"):
            return await _export(request, run, slug)
        query, rows, total, shown = await _table(request, wave, run)
        context |= {"query": query, "rows": rows, "total": total, **shown}
        context["counts"] = await results.reason_counts(run)
    return Template("allocation/staff.html", context=context, status_code=status)


@post("/waves/{slug:str}/allocation", opt=WRITE, include_in_schema=False, operation_id="Allocate", status_code=303)
async def allocate(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """Allocate the kits, as a job."""
    try:
        job = await service.start_allocation(slug)
    except DomainError as error:
        return await _allocation_template(request, slug, sentence_of(error), error.status)
    return Redirect(f"/waves/{slug}/work/{job}", status_code=303)


@get("/waves/{slug:str}/publish", opt=PUBLISH, include_in_schema=False, operation_id="PublishPage")
async def publish_page(slug: FromPath[str]) -> Template:
    """What publishing does, and the question whether to do it."""
    return await _publish_template(slug)


async def _publish_template(
    slug: str, error: str = "", status: int = 200, form: Any = None, field: str = "sure"
) -> Template:
    wave = await get_wave(slug)
    run = await service.latest_run(wave)
    if run is None:
        raise NotFound("allocation-run-not-found")
    stored = await rules_of(wave.id)
    context = {
        "wave": wave,
        "title": wave.title(current_locale.get()),
        "run": run,
        "awards": await results.units_by_kit(run),
        "kit_titles": await _titles(wave),
        "errors": {field: error} if error else {},
        "days": stored.rules.appeal_days if stored else publication.WORKING_DAYS,
        "form": form or {},
    }
    return Template("allocation/publish.html", context=context, status_code=status)


@post("/waves/{slug:str}/publish", opt=PUBLISH, include_in_schema=False, operation_id="Publish", status_code=303)
async def publish(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """Publish the run that was looked at."""
    form = await request.form()
    if text_of(form, "sure") != "yes":
        return await _publish_template(slug, str(_("Tick that you have looked at the outcome.")), 422, form)
    run = text_of(form, "run")
    run_id = int(run) if run.isascii() and run.isdigit() and len(run) < 18 else 0
    try:
        if text_of(form, "step") == "provisional":
            await publication.publish_provisional(
                slug,
                run_id,
                working_days=whole_of(form, "days"),
                protocol=text_of(form, "protocol")[:120],
                ada=text_of(form, "ada")[:120],
            )
        else:
            await service.publish(slug, run_id)
    except DomainError as error:
        field = "days" if error.slug in ("window-days", "window-shorter-than-call") else "sure"
        return await _publish_template(slug, sentence_of(error), error.status, form, field)
    return Redirect(f"/results/{slug}", status_code=303)


@get("/results", opt=PUBLIC, include_in_schema=False, operation_id="ResultsIndexPage")
async def results_index() -> Template:
    """Every wave whose results are out."""
    lines = [line for line in await list_waves() if line.wave.is_out]
    context = {"lines": lines, "lists": await grants.published_lists()}
    return Template("allocation/index.html", context=context)


@get("/results/{slug:str}", opt=PUBLIC, include_in_schema=False, operation_id="ResultsPage")
async def results_page(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """The results of a wave for everybody: funnel, cut-offs, the table, the files and how to check them."""
    if await is_list(slug):
        return Redirect(f"/results/prizes/{slug}", status_code=303)
    wave = await public_wave(slug)
    if wave.phase == "historic":
        return await _historic(request, wave)
    run = await service.published_run(wave)
    if request.query_params.get("format") in ("csv", "xlsx", "json"):
        return await _export(request, run, slug)
    query, rows, total, shown = await _table(request, wave, run)
    counts = await funnel(wave)
    by_kit = await awards_by_kit(wave)
    if not wave.is_over:  # kits are awarded by the final results; what is provisional stands in its run alone
        by_kit = await results.given_by(run)
        counts["allocated"] = sum(kit["schools"] + kit["departments"] for kit in by_kit)
    stored = await rules_of(wave.id)
    steps = [
        Bar(_("Applied"), counts["applied"]),
        Bar(_("Admitted"), counts["admitted"]),
        Bar(_("Received a kit in the allocation"), counts["allocated"]),
        Bar(_("Confirmed the receipt"), counts["received"]),
    ]
    context = {
        "wave": wave,
        "title": wave.title(current_locale.get()),
        "run": run,
        "query": query,
        "rows": rows,
        "total": total,
        "counts": counts,
        "funnel": bars(steps),
        "by_kit": by_kit,
        "rules": stored.rules if stored else None,
        "categories": CATEGORIES,
        "criterion_title": criterion_title,
        "key_title": key_title,
        "runs": await standing.runs_of(run),
        "appeals": await published_appeals(wave) if wave.is_over else [],
        "points": POINTS,
        "decisions": DECISIONS,
        "effects": EFFECTS,
        **shown,
    }
    return Template("allocation/results.html", context=context)


async def _historic(request: AnyRequest, wave: Wave) -> Response[Any]:
    awards = await service.awards_of_wave(wave.id)
    titles = await _titles(wave)
    english = current_locale.get() == "en"
    if request.query_params.get("format") in ("csv", "xlsx", "json"):
        rows = [
            (
                award.code,
                award.name,
                str(word(LEVELS, award.level)),
                award.region_en if english else award.region_el,
                titles.get(award.kit_slug, award.kit_slug),
                award.units,
            )
            for award in awards
        ]
        return export_response(_format(request.query_params["format"]), f"{wave.slug}-results", HISTORIC_COLUMNS, rows)
    context = {
        "wave": wave,
        "title": wave.title(current_locale.get()),
        "awards": awards,
        "by_kit": await awards_by_kit(wave),
        "kit_titles": titles,
        "level_words": LEVELS,
        "word": word,
    }
    return Template("allocation/historic.html", context=context)


async def _published_file(wave: Wave, name: str) -> tuple[service.Run, str]:
    """The run and which of its files a name means: `input.json` of the newest run, `input-1.json` of the first."""
    found = re.fullmatch(r"(input|outcome|final)(?:-([1-9][0-9]{0,3}))?\.json", name)
    if found is None:
        raise NotFound("not-found")
    run = await service.published_run(wave)
    if found[2] is None:
        return run, found[1]
    runs = await standing.runs_of(run)
    if int(found[2]) > len(runs) or found[1] == "final":
        raise NotFound("not-found")
    return runs[int(found[2]) - 1], found[1]


@get("/results/{slug:str}/{name:str}", opt=PUBLIC, include_in_schema=False, operation_id="ResultFile")
async def result_file(slug: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """The two published files, byte for byte, and the verifier to check them with."""
    wave = await public_wave(slug)
    if name in service.VERIFIERS:
        return Response(
            service.verifier_source(name),
            media_type="text/x-python; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="{name}"'},
        )
    run, which = await _published_file(wave, name)
    content = await service.file_of(run, which)
    disposition = f'attachment; filename="{slug}-{name}"'
    return Response(content, media_type="application/json", headers={"content-disposition": disposition})


ROUTES: list[ControllerRouterHandler] = [
    allocation_page,
    allocate,
    publish_page,
    publish,
    results_index,
    results_page,
    result_file,
    *school_pages.ROUTES,
    *checking_pages.ROUTES,
    *run_pages.ROUTES,
    *map_pages.ROUTES,
]

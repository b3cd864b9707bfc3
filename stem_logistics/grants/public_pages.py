"""What everybody sees of a published list: who receives what and why, as page, CSV, XLSX, JSON and the very file."""

from typing import Any

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from stem_logistics import runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import NotFound
from stem_logistics.grants import service
from stem_logistics.grants.model import GrantList
from stem_logistics.grants.rules import Entry, units_by_kit
from stem_logistics.grants.words import COLUMNS, REASONS
from stem_logistics.registry.words import LEVELS
from stem_logistics.waves import applications
from stem_logistics.waves.page_tools import AnyRequest, page
from stem_logistics.waves.words import word
from stem_logistics.web.exports import Column, Format, export_response
from stem_logistics.web.i18n import _, current_locale

PUBLIC = page(Permission.PUBLIC)
FILE = "list.json"
EXPORT = (
    Column("code", _("Code")),
    Column("name", _("School")),
    Column("level", _("Level")),
    Column("region", _("Region")),
    Column("kit", _("Receives")),
    Column("units", _("Kits")),
    *(Column(name, COLUMNS[name]) for name in ("category", "rank", "project")),
    Column("why", _("Why")),
)


def _region(entry: Entry) -> str:
    return entry.region_en if current_locale.get() == "en" else entry.region_el


def _row(found: GrantList, entry: Entry, titles: dict[str, str]) -> tuple[object, ...]:
    return (
        entry.code,
        entry.name,
        str(word(LEVELS, entry.level)),
        _region(entry),
        titles.get(entry.kit, entry.kit),
        entry.units,
        entry.category,
        entry.rank,
        entry.project,
        found.why(entry),
    )


async def _context(found: GrantList) -> dict[str, Any]:
    return {
        "list": found,
        "wave": found.wave,
        "title": found.wave.title(current_locale.get()),
        "titles": await service.kit_titles(found.wave.id),
        "reasons": REASONS,
        "level_words": LEVELS,
        "word": word,
        "region": _region,
        "organisation": runtime.settings().organisation,
    }


@get("/results/prizes/{slug:str}", opt=PUBLIC, include_in_schema=False, operation_id="PublicGrantListPage")
async def public_page(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """A published list for everybody."""
    found = await service.public_list(slug)
    context = await _context(found)
    wanted = request.query_params.get("format")
    if wanted in ("csv", "xlsx", "json"):
        kind: Format = "csv" if wanted == "csv" else "xlsx" if wanted == "xlsx" else "json"
        rows = [_row(found, entry, context["titles"]) for entry in found.entries]
        return export_response(kind, f"{slug}-results", EXPORT, rows)
    recipients = {entry.institution_id: entry.kind for entry in found.entries}
    context |= {
        "given": units_by_kit(found.entries),
        "schools": list(recipients.values()).count("school"),
        "departments": list(recipients.values()).count("department"),
    }
    return Template("grants/public.html", context=context)


@get("/results/prizes/{slug:str}/{code:str}", opt=PUBLIC, include_in_schema=False, operation_id="PublicGrantPage")
async def recipient_page(request: AnyRequest, slug: FromPath[str], code: FromPath[str]) -> Response[Any]:
    """Why one school or department receives; or, under `list.json`, the published file byte for byte (that of before a
    correction by its digest)."""
    found = await service.public_list(slug)
    if code == FILE:
        disposition = f'attachment; filename="{slug}-{FILE}"'
        content = await service.published_file(found, request.query_params.get("sha256", ""))
        return Response(content, media_type="application/json", headers={"content-disposition": disposition})
    school = await applications.school_by_code(code)
    past = [entry for each in found.corrections for entry in (each.was, each.now) if entry is not None]
    its = [entry for entry in (*found.entries, *past) if school is not None and entry.institution_id == school["id"]]
    if not its:
        # a school that was merged since keeps its row under the code that it was published for
        its = [entry for entry in (*found.entries, *past) if entry.code == code]
    if not its:
        raise NotFound("result-not-found")
    context = {
        **await _context(found),
        "school_name": its[0].name,
        "own": [entry for entry in found.entries if entry.institution_id == its[0].institution_id],
        "corrections": [each for each in found.corrections if its[0].institution_id in each.institutions],
    }
    return Template("grants/recipient.html", context=context)


ROUTES: list[ControllerRouterHandler] = [public_page, recipient_page]

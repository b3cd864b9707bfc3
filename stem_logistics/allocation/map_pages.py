"""The public map: where in the country the kits of the published waves went."""

from typing import Any

from litestar import Request, Response, get
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.allocation import geography
from stem_logistics.allocation.results import language_titles
from stem_logistics.waves.service import kit_titles_of, list_waves
from stem_logistics.web.charts import REGION_TILES, region_map
from stem_logistics.web.exports import FORMATS, Column, export_response
from stem_logistics.web.i18n import _, current_locale, gettext
from stem_logistics.web.listing import ListQuery, ListSpec, Words

PLACES = ListSpec(
    sorts=("school",),
    default_sort="school",
    filters={"wave": Words(60), "region": Words(60)},
)
COLUMNS = (
    Column("code", _("Code")),
    Column("school", _("School")),
    Column("region", _("Region")),
    Column("wave", _("Wave")),
    Column("year", _("Year")),
    Column("kit", _("Kit")),
    Column("units", _("Kits")),
)


async def _grants(query: ListQuery) -> list[dict[str, Any]]:
    """The grants that the query narrows to, with words in the reader's language."""
    language = current_locale.get()
    rows = await geography.grants(query.filters.get("wave", ""), query.filters.get("region", ""))
    found = await kit_titles_of(row["wave_id"] for row in rows)
    titles = {wave_id: language_titles(each) for wave_id, each in found.items()}
    for row in rows:
        row["kit"] = titles[row["wave_id"]].get(row["kit_slug"], row["kit_slug"])
        row["wave_title"] = row[f"title_{language}"] or row["title_el"]
        row["region_name"] = row[f"region_{language}"]
    return rows


@get("/results/map", opt={"permission": Permission.PUBLIC}, include_in_schema=False, operation_id="MapPage")
async def map_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Kits for each thousand pupils by region; a region leads to its schools."""
    query = PLACES.parse("/results/map", request.query_params)
    wanted = request.query_params.get("format", "")
    if wanted in FORMATS:
        rows = [
            (r["code"], r["name"], r["region_name"], r["wave_title"], r["year_to"], r["kit"], r["units"])
            for r in await _grants(query)
        ]
        return export_response(wanted, gettext("equipment-in-schools"), COLUMNS, rows)  # type: ignore[arg-type]
    shares = await geography.shares(query.filters.get("wave", ""))
    region = query.filters.get("region", "")
    known = {share.code: share for share in shares}
    # A region that lies nowhere on the tiles (schools abroad) stands in the table beside the map only.
    drawn = {code: share for code, share in known.items() if code in REGION_TILES}
    figures = {code: share.per_thousand for code, share in drawn.items() if share.per_thousand is not None}
    name = "name_en" if current_locale.get() == "en" else "name_el"
    context = {
        "query": query,
        "waves": [
            (line.wave.slug, line.wave.title(current_locale.get())) for line in await list_waves() if line.wave.is_over
        ],
        "shares": shares,
        "names": {share.code: getattr(share, name) for share in shares},
        "tiles": region_map(figures, {code: query.filter_link(region=code) for code in drawn}),
        "chosen": known.get(region),
        "grants": await _grants(query) if region in known else [],
        "units": sum(share.units for share in shares),
    }
    return Template("allocation/map.html", context=context)


ROUTES: list[ControllerRouterHandler] = [map_page]

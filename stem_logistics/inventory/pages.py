"""Pages of the stock: overview, kits, one kit."""

from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Stream, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.checks import service as checks
from stem_logistics.errors import DomainError
from stem_logistics.inventory import (
    as_of_pages,
    book_pages,
    contract_pages,
    definition_pages,
    definitions,
    holdings_pages,
    label_pages,
    loose_pages,
    model_pages,
    models,
    order_pages,
    purchasing_pages,
    receiving_pages,
    service,
)
from stem_logistics.inventory.life import life_of
from stem_logistics.inventory.words import PLACE_TONES, PLACE_WORDS, TITLE_WORDS
from stem_logistics.web.exports import Column, export_response
from stem_logistics.web.i18n import _, current_locale
from stem_logistics.web.listing import Choice, ListQuery, ListSpec, Whole, Words
from stem_logistics.web.sentences import sentence_of

AnyRequest = Request[Any, Any, Any]
READ = {"permission": Permission.STOCK_READ}
WRITE = {"permission": Permission.STOCK_WRITE}
PLACES = ("store", "consignment", "institution", "repairer", "returning", "lost", "scrapped", "supplier", "several")
KIT_LIST = ListSpec(
    sorts=("code", "created", "definition", "place", "school", "lost"),
    default_sort="-created",
    filters={
        "definition": Words(60),
        "item": Words(60),
        "place": Choice.of(*PLACES),
        "state": Choice.of("incomplete"),
        "institution": Words(20),
        "region": Words(10),
        "batch": Words(80),
        "order": Words(20),
        "contract": Whole(),
        "funding": Whole(),
        "purchase": Choice.of("accepted", "rejected"),
        "at": Words(80),
    },
)
DONE = {
    "reversed": _("The movement was taken back; both stay in the history."),
    "received": _("The kits are in the store."),
}


@get("/stock", opt=READ, include_in_schema=False, operation_id="StockPage")
async def stock_page(request: AnyRequest) -> Template:
    """How many kits of each kind are where; every number leads to its kits."""
    rows = await service.overview()
    totals = {name: sum(row[name] for row in rows) for name in ("kits", *PLACES, "incomplete")}
    return Template(
        "inventory/stock.html", context={"rows": rows, "totals": totals, "places": PLACE_WORDS, "columns": PLACES}
    )


@get("/stock/kits", opt=READ, include_in_schema=False, operation_id="KitsPage")
async def kits_page(request: AnyRequest) -> Template:
    """The kits: search, filters, order, pages."""
    query = KIT_LIST.parse("/stock/kits", request.query_params)
    rows, total = await _kits(query, query.limit, query.offset)
    titles = {row["slug"]: row[f"title_{current_locale.get()}"] for row in await definitions.definition_titles()}
    context = {
        "query": query,
        "rows": rows,
        "total": total,
        "definitions": sorted(titles.items(), key=lambda pair: pair[1]),
        "places": PLACE_WORDS,
        "tones": PLACE_TONES,
        "offered_places": PLACES,
        "at": await service.place_title(query.filters["at"]) if "at" in query.filters else "",
    }
    return Template("inventory/kits.html", context=context)


async def _kits(query: ListQuery, limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
    return await service.list_kits(
        query.q, dict(query.filters), sort=query.sort, descending=query.descending, limit=limit, offset=offset
    )


KIT_COLUMNS = (
    Column("code", _("Kit")),
    Column("definition", _("Kind")),
    Column("place", _("Place")),
    Column("consignment", _("Consignment")),
    Column("institution_code", _("School code")),
    Column("institution", _("School")),
    Column("region", _("Region")),
    Column("batch", _("Purchase")),
    Column("missing", _("Pieces missing")),
    Column("created_at", _("Since")),
)


@get("/stock/kits/export", opt=READ, include_in_schema=False, operation_id="ExportKits")
async def export_kits(request: AnyRequest) -> Stream:
    """Every kit of the list as a file."""
    query = KIT_LIST.parse("/stock/kits", request.query_params)
    chosen = request.query_params.get("format", "csv")
    language = current_locale.get()

    async def rows() -> Any:
        async for row in service.every_kit(query.q, dict(query.filters), sort=query.sort, descending=query.descending):
            yield (
                row["code"],
                row[f"title_{language}"],
                str(PLACE_WORDS[row["place_kind"] or "several"]),
                row["consignment_code"],
                row["institution_code"],
                row["institution_name"],
                row[f"region_{language}"],
                row["batch"],
                row["lost"] + row["scrapped"],
                row["created_at"],
            )

    file_format = chosen if chosen in ("csv", "xlsx", "json") else "csv"
    return export_response(file_format, "kits", KIT_COLUMNS, rows())  # type: ignore[arg-type]


async def kit_view(code: str, *, done: str = "", error: str = "", typed: dict[str, str] | None = None) -> Template:
    """A kit's page, with what was refused and what had been typed."""
    kit = await service.get_kit(code)
    context = {
        "kit": kit,
        "events": life_of(kit["history"], await service.events_of_kit(kit["id"])),
        "health": await checks.health_of_kit(kit["id"]),
        "warranties": await models.warranties_of_kit(kit["id"]),
        "places": PLACE_WORDS,
        "tones": PLACE_TONES,
        "titles": TITLE_WORDS,
        "done": DONE.get(done, ""),
        "error": error,
        "typed": typed or {},
    }
    return Template("inventory/kit.html", context=context, status_code=422 if error else 200)


@get("/stock/kits/{code:str}", opt=READ, include_in_schema=False, operation_id="KitPage")
async def kit_page(request: AnyRequest, code: FromPath[str]) -> Template:
    """One kit: where it is, what it holds, how its devices are, what happened to it."""
    return await kit_view(code, done=request.query_params.get("done", ""))


@post(
    "/stock/kits/{code:str}/reverse",
    opt=WRITE,
    include_in_schema=False,
    operation_id="ReverseKitMovement",
    status_code=303,
)
async def reverse_movement(request: AnyRequest, code: FromPath[str]) -> Redirect | Template:
    """Take back what one posting did to this kit, once, with a reason."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    try:
        await service.reverse_posting(code, form.get("posting", ""), why=form.get("why", ""))
    except DomainError as refused:
        return await kit_view(code, error=sentence_of(refused), typed=form)
    return Redirect(f"/stock/kits/{code}", query_params={"done": "reversed"}, status_code=303)


ROUTES: list[ControllerRouterHandler] = [
    stock_page,
    kits_page,
    export_kits,
    kit_page,
    reverse_movement,
    *as_of_pages.ROUTES,
    *book_pages.ROUTES,
    *definition_pages.ROUTES,
    *holdings_pages.ROUTES,
    *label_pages.ROUTES,
    *loose_pages.ROUTES,
    *model_pages.ROUTES,
    *order_pages.ROUTES,
    *contract_pages.ROUTES,
    *purchasing_pages.ROUTES,
    *receiving_pages.ROUTES,
]

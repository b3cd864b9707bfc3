"""Pages of the stock at a past date, and of the periods whose books are closed."""

from datetime import date
from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Stream, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError
from stem_logistics.inventory import as_of
from stem_logistics.inventory.words import PLACE_TONES, PLACE_WORDS
from stem_logistics.web.exports import Column, export_response
from stem_logistics.web.formats import today
from stem_logistics.web.i18n import Text, _, current_locale
from stem_logistics.web.listing import Choice, ListSpec, Words
from stem_logistics.web.sentences import sentence_of

AnyRequest = Request[Any, Any, Any]
READ = {"permission": Permission.STOCK_READ}
WRITE = {"permission": Permission.STOCK_WRITE}
PLACES = ("store", "consignment", "institution", "repairer", "returning", "lost", "scrapped")
LIST = ListSpec(
    sorts=("kit",),
    default_sort="kit",
    filters={
        "date": Words(10),
        "definition": Words(60),
        "place": Choice.of(*PLACES),
        "institution": Words(20),
        "region": Words(20),
    },
)


def _day(typed: str) -> date:
    return as_of.read_past_date(typed) if typed else today()


@get("/stock/as-of", opt=READ, include_in_schema=False, operation_id="StockAsOfPage")
async def as_of_page(request: AnyRequest) -> Template:
    """What was where at the end of a day: the sums, and each piece."""
    query = LIST.parse("/stock/as-of", request.query_params)
    filters = dict(query.filters)
    typed, error = filters.pop("date", ""), ""
    try:
        day = _day(typed)
    except DomainError as refused:
        day, error = today(), sentence_of(refused)
    rows, total = await as_of.pieces(day, filters, limit=query.limit, offset=query.offset)
    sums: dict[str, dict[str, Any]] = {}
    for row in await as_of.totals(day, filters):
        mine = sums.setdefault(row["definition"] or "", {"title_el": row["title_el"], "title_en": row["title_en"]})
        mine[row["place"]] = row["kits"]
    context = {
        "query": query,
        "day": day,
        "typed": typed or day.isoformat(),
        "error": error,
        "rows": rows,
        "total": total,
        "sums": sums,
        "places": PLACE_WORDS,
        "tones": PLACE_TONES,
        "offered_places": PLACES,
    }
    return Template("inventory/as_of.html", context=context, status_code=422 if error else 200)


COLUMNS = (
    Column("kit", _("Kit")),
    Column("kind", _("Kind")),
    Column("item", _("Item")),
    Column("serial_number", _("Serial number")),
    Column("quantity", _("Pieces")),
    Column("place", _("Place")),
    Column("place_title", _("Name of the place")),
    Column("institution_code", _("School code")),
    Column("institution", _("School")),
)


@get("/stock/as-of/export", opt=READ, include_in_schema=False, operation_id="ExportStockAsOf")
async def export_as_of(request: AnyRequest) -> Stream:
    """Every piece and where it was at the end of a day, as a file."""
    query = LIST.parse("/stock/as-of", request.query_params)
    filters = dict(query.filters)
    day = _day(filters.pop("date", ""))
    pieces = as_of.every_piece(day, filters)
    chosen = request.query_params.get("format", "csv")
    language = current_locale.get()

    async def rows() -> Any:
        async for row in pieces:
            yield (
                row["kit"],
                row[f"title_{language}"],
                row[f"name_{language}"],
                row["serial_number"],
                row["quantity"],
                str(PLACE_WORDS[row["place_kind"]]),
                row["place_title"],
                row["institution_code"],
                row["institution_name"],
            )

    file_format = chosen if chosen in ("csv", "xlsx", "json") else "csv"
    return export_response(file_format, f"stock-{day.isoformat()}", COLUMNS, rows())  # type: ignore[arg-type]


async def _periods(error: Text = "", typed: dict[str, str] | None = None, status: int = 200) -> Template:
    context = {"periods": await as_of.list_periods(), "error": error, "typed": typed or {}}
    return Template("inventory/periods.html", context=context, status_code=status)


@get("/stock/periods", opt=READ, include_in_schema=False, operation_id="ClosedPeriodsPage")
async def periods_page() -> Template:
    """The periods whose books are closed."""
    return await _periods()


@post("/stock/periods", opt=WRITE, include_in_schema=False, operation_id="ClosePeriod", status_code=303)
async def close_period(request: AnyRequest) -> Redirect | Template:
    """Close the books of a period."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    try:
        first, last = (as_of.read_date(form.get(name, "")) for name in ("first", "last"))
        await as_of.close_period(first, last, why=form.get("why", ""))
    except DomainError as refused:
        return await _periods(sentence_of(refused), form, refused.status)
    return Redirect("/stock/periods", status_code=303)


@post(
    "/stock/periods/{number:int}/reopen",
    opt=WRITE,
    include_in_schema=False,
    operation_id="ReopenPeriod",
    status_code=303,
)
async def reopen_period(request: AnyRequest, number: FromPath[int]) -> Redirect | Template:
    """Reopen a period, with a reason."""
    form = await request.form()
    try:
        await as_of.reopen_period(number, why=str(form.get("why", "")))
    except DomainError as refused:
        return await _periods(sentence_of(refused), {}, refused.status)
    return Redirect("/stock/periods", status_code=303)


ROUTES: list[ControllerRouterHandler] = [as_of_page, export_as_of, periods_page, close_period, reopen_period]

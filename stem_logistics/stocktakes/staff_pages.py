"""The staff's pages: a year by region, its schools, one school's count and what comes of it."""

from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Stream, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError, Invalid
from stem_logistics.inventory.as_of import read_date
from stem_logistics.stocktakes import decisions, service
from stem_logistics.stocktakes.rules import can_be_moved, undecided
from stem_logistics.stocktakes.words import DECISIONS, PROBLEMS, STATES, TONES
from stem_logistics.web.exports import Column, export_response
from stem_logistics.web.i18n import Text, _, current_locale
from stem_logistics.web.listing import Choice, ListSpec, Words
from stem_logistics.web.sentences import sentence_of

AnyRequest = Request[Any, Any, Any]
READ = {"permission": Permission.STOCK_READ}
WRITE = {"permission": Permission.STOCK_WRITE}
LIST = ListSpec(
    sorts=("urgency",),
    default_sort="urgency",
    filters={"year": Words(4), "region": Words(20), "state": Choice.of("signed", "open", "late", "to-decide")},
)


def _year(request: AnyRequest) -> int:
    typed = request.query_params.get("year", "")
    return int(typed) if typed.isdecimal() and len(typed) == 4 else datetime.now(UTC).year


async def _overview(request: AnyRequest, error: Text = "", typed: dict[str, str] | None = None) -> Template:
    query = LIST.parse("/stocktakes", request.query_params)
    year, region, state = _year(request), query.filters.get("region", ""), query.filters.get("state", "")
    rows, total = await service.list_stocktakes(year, region, state, limit=query.limit, offset=query.offset)
    context = {
        "query": query,
        "total": total,
        "year": year,
        "years": await service.years(),
        "progress": await service.progress(year),
        "rows": rows,
        "region": region,
        "state": state,
        "regions": await service.regions(),
        "error": error,
        "typed": typed or {},
    }
    return Template("stocktakes/overview.html", context=context, status_code=422 if error else 200)


@get("/stocktakes", opt=READ, include_in_schema=False, operation_id="StocktakesPage")
async def overview(request: AnyRequest) -> Template:
    """A year's stocktakes by region and school."""
    return await _overview(request)


@post("/stocktakes", opt=WRITE, include_in_schema=False, operation_id="OpenStocktakes", status_code=303)
async def open_year(request: AnyRequest) -> Redirect | Template:
    """Open a year's stocktake: at every school with kits, or those of a region."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    try:
        typed = form.get("year", "").strip()
        if not typed.isdecimal() or len(typed) != 4:
            raise Invalid("stocktake-day-unusable")
        job = await service.start_year(int(typed), read_date(form.get("due_on", "")), form.get("region", "")[:20])
    except DomainError as refused:
        return await _overview(request, sentence_of(refused), form)
    return Redirect(f"/work/{job}", status_code=303)


async def _view(code: str, error: Text = "", typed: dict[str, str] | None = None) -> Template:
    context = {
        "stocktake": await service.get_stocktake(code),
        "states": STATES,
        "tones": TONES,
        "decisions": DECISIONS,
        "problems": PROBLEMS,
        "undecided": undecided,
        "can_be_moved": can_be_moved,
        "error": error,
        "typed": typed or {},
    }
    return Template("stocktakes/stocktake.html", context=context, status_code=422 if error else 200)


@get("/stocktakes/{code:str}", opt=READ, include_in_schema=False, operation_id="StocktakePage")
async def stocktake_page(code: FromPath[str]) -> Template:
    """One school's count, and what is still to be decided."""
    return await _view(code)


@post("/stocktakes/{code:str}/decide", opt=WRITE, include_in_schema=False, operation_id="DecideLine", status_code=303)
async def decide(request: AnyRequest, code: FromPath[str]) -> Redirect | Template:
    """Say what comes of a line, or of something that was not expected."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    number = form.get("line", "")
    which = int(number) if number.isdecimal() and len(number) < 18 else 0
    try:
        decision, why = form.get("decision", ""), form.get("why", "")
        if decision == "take-in":
            await decisions.take_in(code, which, why=why)
        elif decision == "close":
            await decisions.close_stranger(code, which, why=why)
        else:
            await decisions.decide(code, which, decision, why=why, about=form.get("about", ""))
    except DomainError as refused:
        return await _view(code, sentence_of(refused), form)
    return Redirect(f"/stocktakes/{code}", status_code=303)


@post(
    "/stocktakes/{code:str}/reopen", opt=WRITE, include_in_schema=False, operation_id="ReopenStocktake", status_code=303
)
async def reopen(request: AnyRequest, code: FromPath[str]) -> Redirect | Template:
    """Open a stocktake again that was signed wrongly."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    try:
        await decisions.reopen(code, why=form.get("why", ""))
    except DomainError as refused:
        return await _view(code, sentence_of(refused), form)
    return Redirect(f"/stocktakes/{code}", status_code=303)


# The register of assets that a Greek school keeps: number, what, identification, title, quantity, value, place.
COLUMNS = (
    Column("number", _("No.")),
    Column("item", _("Description of the asset")),
    Column("serial_number", _("Serial number")),
    Column("kit", _("Kit")),
    Column("expected", _("Pieces by the books")),
    Column("found", _("Pieces found")),
    Column("broken", _("Of them broken")),
    Column("missing", _("Missing")),
    Column("note", _("Remarks")),
    Column("counter", _("Counted by")),
    Column("answered_at", _("Counted at")),
)


@get("/stocktakes/{code:str}/export", opt=READ, include_in_schema=False, operation_id="ExportStocktake")
async def export(request: AnyRequest, code: FromPath[str]) -> Stream:
    """The count in the form of a school's register of assets."""
    found = await service.get_stocktake(code)
    name = f"name_{current_locale.get()}"
    rows = [
        (
            number,
            line[name],
            line["serial_number"],
            line["kit_code"],
            line["expected"],
            None if line["found"] is None else line["found"] + line["broken"],
            line["broken"],
            line["missing"],
            line["note"],
            line["counter"],
            line["answered_at"],
        )
        for number, line in enumerate((each for each in found["lines"] if each["expected"]), 1)
    ]
    besides = [row for row in found["strangers"] if not row["taken_off_at"] and not row["listed"]]
    for number, row in enumerate(besides, len(rows) + 1):
        thing = row[name] or (row[f"title_{current_locale.get()}"] if row["kit_id"] else "")
        serial = row["serial_number"] or ("" if row["kit_id"] else row["typed"])
        note = f"{_('Found besides')}: {PROBLEMS[row['problem']]}"
        rows.append((number, thing, serial, row["kit_code"], 0, 1, 0, 0, note, row["counter"], row["at"]))
    chosen = request.query_params.get("format", "csv")
    file_format = chosen if chosen in ("csv", "xlsx", "json") else "csv"
    title = f"stocktake-{found['institution_code']}-{found['year']}"
    return export_response(file_format, title, COLUMNS, rows)  # type: ignore[arg-type]


@get("/stocktakes/{code:str}/photo/{number:int}", opt=READ, include_in_schema=False, operation_id="StocktakePhoto")
async def photo(code: FromPath[str], number: FromPath[int]) -> Response[bytes]:
    """The photograph of a line."""
    return Response(await service.photo_of(code, number), media_type="image/jpeg")


ROUTES: list[ControllerRouterHandler] = [overview, open_year, stocktake_page, decide, reopen, export, photo]

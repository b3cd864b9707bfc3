"""The book of movements: search, filters, pages by key, the whole of it as a file."""

from datetime import UTC, date, datetime
from typing import Any

from litestar import Request, get
from litestar.response import Stream, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.inventory import book
from stem_logistics.inventory.words import PLACE_TONES, PLACE_WORDS, REASON_TONES, REASON_WORDS
from stem_logistics.web.exports import Column, export_response
from stem_logistics.web.i18n import _, current_locale
from stem_logistics.web.listing import Choice, Day, ListQuery, ListSpec, Whole, Words

AnyRequest = Request[Any, Any, Any]
READ = {"permission": Permission.STOCK_READ}
PLACES = ("supplier", "store", "consignment", "institution", "repairer", "returning", "lost", "scrapped")
LIST = ListSpec(
    sorts=("day",),
    default_sort="-day",
    filters={
        "reason": Choice.of(*REASON_WORDS),
        "source": Choice.of(*PLACES),
        "target": Choice.of(*PLACES),
        "institution": Words(20),
        "item": Words(60),
        "place": Words(80),
        "movement": Whole(1),
        "first": Day(),
        "last": Day(),
    },
)


def _asked(query: ListQuery) -> book.Asked:
    given = dict(query.filters)
    first, last, movement = (given.pop(name, "") for name in ("first", "last", "movement"))
    return book.asked(
        query.q.strip(),
        first=date.fromisoformat(first) if first else None,
        last=date.fromisoformat(last) if last else None,
        movement=int(movement) if movement else None,
        **given,
    )


def _after(text: str) -> tuple[datetime, int] | None:
    """Where a page begins: the moment of the last row before it in microseconds, and its number."""
    moment, _dash, number = text.partition("-")
    if not (moment.isascii() and moment.isdigit() and number.isascii() and number.isdigit()):
        return None
    if len(moment) > 16 or len(number) > 18:
        return None
    seconds, rest = divmod(int(moment), 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest), int(number)


def _mark(row: dict[str, Any]) -> str:
    moment = row["occurred_at"]
    return f"{int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond}-{row['id']}"


@get("/stock/movements", opt=READ, include_in_schema=False, operation_id="MovementsPage")
async def movements_page(request: AnyRequest) -> Template:
    """The book of movements, the newest day first."""
    query = LIST.parse("/stock/movements", request.query_params)
    rows = await book.page(_asked(query), _after(query.after), descending=query.descending, limit=query.limit + 1)
    context = {
        "query": query,
        "rows": rows[: query.limit],
        "after": _mark(rows[query.limit - 1]) if len(rows) > query.limit else None,
        "items": [(row["slug"], row[f"name_{current_locale.get()}"]) for row in await book.items()],
        "places": PLACE_WORDS,
        "place_tones": PLACE_TONES,
        "offered_places": PLACES,
        "reasons": REASON_WORDS,
        "tones": REASON_TONES,
    }
    return Template("inventory/movements.html", context=context)


COLUMNS = (
    Column("id", _("Movement")),
    Column("occurred_at", _("When")),
    Column("recorded_at", _("Recorded")),
    Column("reason", _("What happened")),
    Column("kit", _("Kit")),
    Column("item", _("Item")),
    Column("serial_number", _("Serial number")),
    Column("quantity", _("Pieces")),
    Column("from", _("From")),
    Column("from_title", _("Name of the place it left")),
    Column("to", _("To")),
    Column("to_title", _("Name of the place it entered")),
    Column("document", _("Document")),
    Column("note", _("Note")),
    Column("by", _("Who")),
    Column("reverses", _("Takes back movement")),
    Column("reversed_by", _("Taken back by movement")),
)


@get("/stock/movements/export", opt=READ, include_in_schema=False, operation_id="ExportMovements")
async def export_movements(request: AnyRequest) -> Stream:
    """Every movement of the list as a file."""
    query = LIST.parse("/stock/movements", request.query_params)
    chosen = request.query_params.get("format", "csv")
    language = current_locale.get()

    async def rows() -> Any:
        async for row in book.every(_asked(query), descending=query.descending):
            yield (
                row["id"],
                row["occurred_at"],
                row["recorded_at"],
                str(REASON_WORDS[row["reason"]]),
                row["kit"],
                row[f"name_{language}"],
                row["serial_number"],
                row["quantity"],
                str(PLACE_WORDS[row["from_kind"]]),
                row["from_title"],
                str(PLACE_WORDS[row["to_kind"]]),
                row["to_title"],
                row["document"],
                row["note"],
                row["actor_name"] or row["actor_kind"],
                row["reverses_id"],
                row["reversed_by"],
            )

    file_format = chosen if chosen in ("csv", "xlsx", "json") else "csv"
    return export_response(file_format, "movements", COLUMNS, rows())  # type: ignore[arg-type]


ROUTES: list[ControllerRouterHandler] = [movements_page, export_movements]

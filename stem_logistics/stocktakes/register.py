"""A year's count in the form in which the School Network's land register of ICT infrastructure takes equipment
(Κτηματολόγιο υποδομών Τ.Π.Ε.): one row a piece of equipment, its kind, its number, its room, its state, its origin.

The register publishes no file format: the columns are what its form asks for, in its order, so that a school copies
row by row and a programme needs no other file.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from litestar import Request, get
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.inventory.words import FUNDING_WORDS, TITLE_WORDS
from stem_logistics.stocktakes import service
from stem_logistics.stocktakes.words import PROBLEMS
from stem_logistics.web.exports import Column, export_response
from stem_logistics.web.formats import local
from stem_logistics.web.i18n import LazyText, _, current_locale

COLUMNS = (
    Column("institution_code", _("School code")),
    Column("institution", _("School")),
    Column("category", _("Category of equipment")),
    Column("item", _("Kind")),
    Column("model", _("Model")),
    Column("serial_number", _("Serial number")),
    Column("property_number", _("Number in the owner's books")),
    Column("pieces", _("Pieces")),
    Column("room", _("Room")),
    Column("holder", _("Who is in charge")),
    Column("condition", _("Condition")),
    Column("acquired_on", _("At the school since")),
    Column("title", _("Title in the books")),
    Column("contract", _("Contract")),
    Column("funding", _("Paid from")),
    Column("kit_value_cents", _("Value of the whole kit, once a kit (cents)")),
    Column("note", _("Remarks")),
)
CONDITIONS: tuple[tuple[str, LazyText], ...] = (
    ("found", _("Works")),
    ("broken", _("Out of order")),
    ("missing", _("Missing")),
)


def register_rows(lines: list[dict[str, Any]]) -> Iterator[tuple[object, ...]]:
    """A row for each piece that has a number, and for the others one a condition: what works, is broken, is missing;
    then what was found besides. A part has no price of its own: the kit's stands beside the first of its rows.
    """
    language = current_locale.get()
    for line in lines:
        counted = line["found"] is not None
        states = [(str(word), line[name]) for name, word in CONDITIONS if counted and line[name]]
        if line["besides"]:
            states = [(str(_("Found besides")), 1)]
        for at, (condition, pieces) in enumerate(states or [(str(_("Not counted")), line["expected"])]):
            funding = str(FUNDING_WORDS[line["funding"]]) if line["funding"] else ""
            yield (
                line["institution_code"],
                line["institution_name"],
                line[f"title_{language}"],
                line[f"name_{language}"] or (line[f"title_{language}"] if line["kit_id"] else ""),
                " ".join(each for each in (line["manufacturer"], line["model_number"]) if each),
                line["serial_number"] or ("" if line["kit_id"] else line["typed"]),
                line["kit_code"],
                pieces,
                line["room"],
                line["holder_name"],
                condition,
                _day(line),
                str(TITLE_WORDS[line["title"]]) if line["title"] else "",
                line["contract"],
                " ".join(each for each in (funding, line["funding_reference"]) if each),
                line["kit_cents"] if at == 0 else None,
                str(PROBLEMS[line["problem"]]) if line["besides"] else line["note"],
            )


def _day(line: dict[str, Any]) -> date | None:
    return local(line["since"]).date() if line["since"] else None


@get(
    "/stocktakes/register",
    opt={"permission": Permission.STOCK_READ},
    include_in_schema=False,
    operation_id="ExportStocktakeRegister",
)
async def export(request: Request[Any, Any, Any]) -> Stream:
    """The register of a year, of a region in it, or of one school's stocktake."""
    asked = request.query_params
    year, code = asked.get("year", ""), asked.get("code", "")[:20]
    lines = await service.register(
        int(year) if year.isdecimal() and len(year) == 4 else 0, asked.get("region", "")[:20], code
    )
    chosen = asked.get("format", "csv")
    file_format = chosen if chosen in ("csv", "xlsx", "json") else "csv"
    return export_response(file_format, f"register-{code or year}", COLUMNS, register_rows(lines))  # type: ignore[arg-type]


ROUTES: list[ControllerRouterHandler] = [export]

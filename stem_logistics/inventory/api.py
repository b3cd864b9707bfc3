"""The stock's API: kits and the ledger, to read, within the asker's scope."""

from typing import Annotated, Literal

from litestar import get
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.codes import parse_code
from stem_logistics.inventory import purchasing, service
from stem_logistics.inventory.schemas import (
    KitDetail,
    KitOut,
    KitPage,
    MovementOut,
    MovementPage,
    OrderOut,
    kit_fields,
    part_out,
)

READ = {"permission": Permission.STOCK_READ}
PURCHASING = {"permission": Permission.PURCHASING_READ}
Place = Literal[
    "store", "consignment", "institution", "repairer", "returning", "lost", "scrapped", "supplier", "several"
]
Limit = Annotated[int, QueryParameter(ge=1, le=500)]
After = Annotated[int, QueryParameter(ge=0, le=2**63 - 1, description="`next` of the page before")]
Short = Annotated[str, QueryParameter(max_length=60)]


def printable(text: str) -> str:
    """The text as PostgreSQL takes it: it refuses NUL, and nothing unprintable is part of a code."""
    return "".join(letter for letter in text if letter.isprintable())


@get("/api/v1/kits", opt=READ, operation_id="ListKits", tags=["stock"])
async def list_kits(
    definition: Short = "",
    place: Annotated[Place | None, QueryParameter()] = None,
    institution: Short = "",
    incomplete: FromQuery[bool] = False,
    after: After = 0,
    limit: Limit = 100,
) -> KitPage:
    """Kits in the order in which they came in."""
    asked = {"definition": printable(definition), "place": place or "", "institution": printable(institution)}
    if incomplete:
        asked["state"] = "incomplete"
    filters = {name: value for name, value in asked.items() if value}
    rows = await service.list_kits_after(filters, after, limit + 1)
    following = rows[limit - 1]["id"] if len(rows) > limit else None
    return KitPage(items=[KitOut(**kit_fields(row)) for row in rows[:limit]], next=following)


@get("/api/v1/kits/{code:str}", opt=READ, operation_id="GetKit", tags=["stock"])
async def get_kit(code: FromPath[str]) -> KitDetail:
    """One kit with its parts and where each is."""
    kit = await service.get_kit(printable(code))
    return KitDetail(**kit_fields(kit), parts=[part_out(row) for row in kit["contents"]])


@get("/api/v1/movements", opt=READ, operation_id="ListMovements", tags=["stock"])
async def list_movements(kit: Short = "", reason: Short = "", after: After = 0, limit: Limit = 100) -> MovementPage:
    """The ledger, in the order in which it was written."""
    filters = {}
    if kit:
        # what cannot be a code has no movements; it is not left out of the question
        filters["kit"] = parse_code(kit) or "-"
    if reason:
        filters["reason"] = printable(reason)
    rows = await service.list_movements_after(filters, after, limit + 1)
    following = rows[limit - 1]["id"] if len(rows) > limit else None
    return MovementPage(items=[MovementOut(**row) for row in rows[:limit]], next=following)


@get("/api/v1/orders", opt=PURCHASING, operation_id="ListOrders", tags=["stock"])
async def list_orders() -> list[OrderOut]:
    """The orders, the newest first: ordered, received, rejected, outstanding, value."""
    return [OrderOut(**{name: row[name] for name in OrderOut.model_fields}) for row in await purchasing.list_orders()]


ROUTES: list[ControllerRouterHandler] = [list_kits, get_kit, list_movements, list_orders]

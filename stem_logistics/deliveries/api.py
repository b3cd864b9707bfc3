"""The deliveries' API: consignments and receipts, to read, within the asker's scope."""

from typing import Annotated

from litestar import get
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.codes import parse_code
from stem_logistics.deliveries import receipts, service
from stem_logistics.deliveries.rules import State
from stem_logistics.deliveries.schemas import (
    ConsignmentDetail,
    ConsignmentLineOut,
    ConsignmentOut,
    ConsignmentPage,
    ReceiptPage,
    consignment_fields,
    receipt_out,
)

READ = {"permission": Permission.DELIVERIES_READ}
Limit = Annotated[int, QueryParameter(ge=1, le=500)]
After = Annotated[int, QueryParameter(ge=0, le=2**63 - 1, description="`next` of the page before")]
Short = Annotated[str, QueryParameter(max_length=60)]


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())


@get("/api/v1/consignments", opt=READ, operation_id="ListConsignments", tags=["deliveries"])
async def list_consignments(
    in_state: Annotated[State | None, QueryParameter(name="state")] = None,
    late: FromQuery[bool] = False,
    wave: Short = "",
    institution: Short = "",
    after: After = 0,
    limit: Limit = 100,
) -> ConsignmentPage:
    """Consignments in the order in which they were made."""
    asked = {"wave": _printable(wave), "institution": _printable(institution)}
    asked["state"] = "late" if late else in_state.value if in_state else ""
    filters = {name: value for name, value in asked.items() if value}
    rows = await service.list_consignments_after(filters, after, limit + 1)
    following = rows[limit - 1]["id"] if len(rows) > limit else None
    items = [ConsignmentOut(**consignment_fields(row)) for row in rows[:limit]]
    return ConsignmentPage(items=items, next=following)


@get("/api/v1/consignments/{code:str}", opt=READ, operation_id="GetConsignment", tags=["deliveries"])
async def get_consignment(code: FromPath[str]) -> ConsignmentDetail:
    """One consignment with its lines."""
    row = await service.get_consignment(_printable(code))
    inside = await service.contents(row["id"])
    lines = [
        ConsignmentLineOut(
            kit=line["kit_code"],
            item=line["item"],
            quantity=line["quantity"],
            serial_numbers=[d["serial_number"] for d in inside["devices"] if d["line_id"] == line["id"]],
        )
        for line in inside["lines"]
    ]
    return ConsignmentDetail(**consignment_fields(row), lines=lines)


@get("/api/v1/receipts", opt=READ, operation_id="ListReceipts", tags=["deliveries"])
async def list_receipts(consignment: Short = "", after: After = 0, limit: Limit = 100) -> ReceiptPage:
    """Receipts with their lines, in the order in which they were confirmed."""
    # what cannot be a code has no receipts; it is not left out of the question
    filters = {"consignment": parse_code(consignment) or "-"} if consignment else {}
    rows = await receipts.list_receipts_after(filters, after, limit + 1)
    following = rows[limit - 1]["id"] if len(rows) > limit else None
    return ReceiptPage(items=[receipt_out(row) for row in rows[:limit]], next=following)


ROUTES: list[ControllerRouterHandler] = [list_consignments, get_consignment, list_receipts]

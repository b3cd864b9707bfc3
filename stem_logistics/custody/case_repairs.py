"""A device that arrived damaged is repaired: the case of a receipt opens the repair."""

from stem_logistics import audit
from stem_logistics.codes import shown_code
from stem_logistics.custody import repair_queries, repairs
from stem_logistics.db.engine import unit_of_work
from stem_logistics.deliveries import discrepancies
from stem_logistics.errors import Conflict, Invalid


async def start(typed: str, *, why: str) -> str:
    """Open the repair of what a case says is damaged; returns its code.

    Raises:
        NotFound: no such case within the scope.
        Invalid: nothing that can be repaired, or more than one piece.
        Conflict: closed, being sent again, in repair already; or as `repairs.report`.
    """
    async with unit_of_work():
        case = await discrepancies.open_case(typed)
        if case["kind"] != "damaged" or case["item_id"] is None or case["quantity"] != 1:
            raise Invalid("case-cannot-be-repaired", code=case["code"])
        if case["sent_again"]:
            raise Conflict("case-is-sent-again", code=case["code"], consignment=case["sent_again"])
        if case["repair_code"]:
            raise Conflict("case-in-repair", code=case["code"], repair=case["repair_code"])
        said = " · ".join(each for each in (case["note"], why.strip()) if each) or str(shown_code(case["code"]))
        part = case["serial_number"] if case["device_id"] else case["item"]
        code = await repairs.report(
            case["kit_code"], part, fault=said, photos=await discrepancies.photos_of(case["id"])
        )
        await repair_queries.set_case(code, case["id"])
        await discrepancies.note_repair(case["id"], shown_code(code))
        await audit.record("discrepancy-in-repair", "discrepancy", case["code"], why=said, repair=code)
    return code

"""What a repair comes to ends the case of a receipt from which it was opened."""

from typing import Any

from stem_logistics.codes import shown_code
from stem_logistics.custody import repair_queries
from stem_logistics.deliveries import discrepancies

# what a repair came to → what the case came to
OUTCOMES = {"returned": "repaired", "replaced": "re-sent", "disposed": "written-off"}


async def settle(repair: dict[str, Any]) -> None:
    """End the case of a repair that has come to something, inside the step's unit of work; without an outcome for the
    school the case is open again.
    """
    if repair["case_code"] is None:
        return
    code = shown_code(repair["code"])
    if outcome := OUTCOMES.get(repair["state"]):
        await discrepancies.end_by_repair(repair["case_code"], outcome, code)
    elif repair["state"] in ("kept", "withdrawn"):
        await repair_queries.set_case(repair["code"], None)
        await discrepancies.note_repair(repair["discrepancy_id"], f"{code}: –")

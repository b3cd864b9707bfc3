"""What staff decide after a stocktake: nothing of it moves anything by itself."""

from stem_logistics import audit
from stem_logistics.accounts.policy import Permission
from stem_logistics.custody import repairs
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, Invalid, NotFound
from stem_logistics.inventory import ledger
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.ledger import Move
from stem_logistics.stocktakes import queries, service


async def decide(typed: str, line_id: int, decision: str, *, why: str = "") -> None:
    """Say what comes of a line that was not in order, once: what is missing is written off (`lost`) or was found after
    all (`found`); what is broken becomes a repair (`repair`); or nothing is to be done (`nothing`).

    Raises:
        NotFound: no such line.
        Conflict: the stocktake is not signed, or the line is decided already.
        Invalid: a decision that does not fit the answer, or no reason.
    """
    service.require(Permission.STOCK_WRITE)
    if not why.strip():
        raise Invalid("reason-missing")
    async with unit_of_work():
        found = await service.get_stocktake(typed)
        if found["signed_at"] is None:
            raise Conflict("stocktake-not-signed", code=found["code"])
        line = next((each for each in found["lines"] if each["id"] == line_id), None)
        locked = await queries.lock_line(line_id, found["id"])
        if line is None or locked is None:
            raise NotFound("stocktake-line-not-found")
        if locked["decision"]:
            raise Conflict("stocktake-line-decided")
        fits = {"missing": ("lost", "found", "nothing"), "broken": ("repair", "nothing")}.get(line["state"], ())
        if decision not in fits:
            raise Invalid("stocktake-decision-unknown")
        posting = ""
        if decision == "lost":
            posting = f"stocktake:{found['code']}:{line_id}"
            place = await ledger.institution_place(found["institution_id"])
            lost = await ledger.place(ledger.LOST)
            move = Move(line["item_id"], line["missing"], place, lost, line["kit_id"], line["device_id"])
            document = found["paper_number"]
            await ledger.post([move], reason="missing", key=posting, document=document, note=why.strip()[:500])
        elif decision == "repair":
            part = line["serial_number"] or line["slug"]
            posting = await repairs.report(line["kit_code"], part, fault=line["note"] or why.strip())
        await queries.decide(line_id, decision, posting)
        await audit.record("stocktake-line-decided", "stocktake", found["code"], why=why.strip(), decision=decision)


async def take_in(typed: str, stranger_id: int, *, why: str) -> None:
    """A device that was found at the school and is somewhere else by the ledger: it is moved to the school.

    Raises:
        NotFound: nothing of the kind was found there.
        Conflict: it was decided already, it is in a consignment, or no device of ours.
    """
    service.require(Permission.STOCK_WRITE)
    if not why.strip():
        raise Invalid("reason-missing")
    async with unit_of_work():
        found = await service.get_stocktake(typed)
        row = next((each for each in found["strangers"] if each["id"] == stranger_id), None)
        if row is None:
            raise NotFound("stocktake-line-not-found")
        if row["decision"] or row["device_id"] is None:
            raise Conflict("stocktake-line-decided")
        # its kit may be another one since; a loose spare is sent to a kit, and not taken in without one
        part = await stock.part_of_device(row["device_id"])
        if part is None or part["kit_id"] is None or part["place_kind"] in ("consignment", "scrapped"):
            raise Conflict("stranger-cannot-move", serial=row["typed"])
        target = await ledger.institution_place(found["institution_id"])
        if part["place_id"] != target:
            move = Move(part["item_id"], 1, part["place_id"], target, part["kit_id"], row["device_id"])
            was_lost = part["place_kind"] == "lost"
            await ledger.post(
                [move],
                reason="found" if was_lost else "transfer",
                key=f"stocktake:{found['code']}:stranger:{stranger_id}",
                document=found["paper_number"] or found["code"],
                note=why.strip()[:500],
            )
        await queries.set_stranger(stranger_id, "moved-here")
        await audit.record("stocktake-stranger-taken-in", "stocktake", found["code"], why=why.strip())

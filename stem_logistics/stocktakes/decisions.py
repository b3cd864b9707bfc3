"""What staff decide after a stocktake: nothing of it moves anything by itself."""

from datetime import timedelta
from typing import Any

from stem_logistics import audit, mail, runtime
from stem_logistics.accounts import links
from stem_logistics.accounts.policy import Permission
from stem_logistics.custody import moving, papers, repairs
from stem_logistics.custody.rules import free_text
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, Invalid, NotFound
from stem_logistics.inventory import ledger
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.ledger import Move
from stem_logistics.stocktakes import queries, service
from stem_logistics.stocktakes.rules import DECISIONS, can_be_moved, parts_to_move, undecided


def _reason(why: str) -> str:
    service.require(Permission.STOCK_WRITE)
    if not why.strip():
        raise Invalid("reason-missing")
    return why.strip()


async def decide(typed: str, line_id: int, decision: str, *, why: str = "", about: str = "") -> None:
    """Say what comes of a line that was not in order, once of what is missing and once of what is broken: what is
    missing is written off (`lost`) or was found after all (`found`); what is broken becomes a repair, one a piece
    (`repair`); or nothing is to be done (`nothing`).

    Args:
        about: `missing` or `broken`; empty for the first of them that is to be decided.

    Raises:
        NotFound: no such line.
        Conflict: the stocktake is not signed, or this was decided already.
        Invalid: a decision that does not fit the answer, or no reason.
    """
    why = _reason(why)
    async with unit_of_work():
        found = await _signed(typed)
        line = next((each for each in found["lines"] if each["id"] == line_id), None)
        locked = await queries.lock_line(line_id, found["id"])
        if line is None or locked is None:
            raise NotFound("stocktake-line-not-found")
        about = about or next((each for each in undecided(line) if decision in DECISIONS[each]), "")
        about = about or next((each for each in DECISIONS if line[each] and decision in DECISIONS[each]), "")
        if not line.get(about) or decision not in DECISIONS.get(about, ()):
            raise Invalid("stocktake-decision-unknown")
        posting = ""
        if about not in undecided(line):
            raise Conflict("stocktake-line-decided")
        place = await ledger.institution_place(found["institution_id"])
        if decision == "lost":
            posting = f"stocktake:{found['code']}:{line_id}"
            lost = await ledger.place(ledger.LOST)
            move = Move(line["item_id"], line["missing"], place, lost, line["kit_id"], line["device_id"])
            await ledger.post([move], reason="missing", key=posting, document=found["paper_number"], note=why[:500])
        elif decision == "repair":
            part = line["serial_number"] or line["slug"]
            fault = line["note"] or why
            codes = [await repairs.report(line["kit_code"], part, fault=fault, at=place) for _ in range(line["broken"])]
            posting = " ".join(codes)
        if not await queries.decide(line_id, about, decision, posting):
            raise Conflict("stocktake-line-decided")
        await audit.record(
            "stocktake-line-decided", "stocktake", found["code"], why=why, about=about, decision=decision
        )


async def _signed(typed: str) -> dict[str, Any]:
    found = await service.get_stocktake(typed)
    locked = await queries.stocktake(found["code"], lock=True)
    if locked is None or locked["signed_at"] is None:
        raise Conflict("stocktake-not-signed", code=found["code"])
    return found


async def _stranger(found: dict[str, Any], stranger_id: int, decision: str) -> dict[str, Any]:
    row: dict[str, Any] | None = next((each for each in found["strangers"] if each["id"] == stranger_id), None)
    if row is None:
        raise NotFound("stocktake-line-not-found")
    if not await queries.set_stranger(stranger_id, decision):
        raise Conflict("stocktake-line-decided")
    return row


async def take_in(typed: str, stranger_id: int, *, why: str) -> None:
    """A device or a whole kit that was found at the school and is somewhere else by the ledger: it is moved to the
    school; of a kit what is at schools and in stores, or else what was lost.

    Raises:
        NotFound: nothing of the kind was found there.
        Conflict: it was decided already, it cannot be moved from where it is, or it is nothing of ours.
    """
    why = _reason(why)
    async with unit_of_work():
        found = await service.get_stocktake(typed)
        row = await _stranger(found, stranger_id, "moved-here")
        if row["kit_id"] is None and row["device_id"] is None:
            raise Conflict("stranger-not-ours", serial=row["typed"])
        if row["device_id"] is None:
            moved = parts_to_move(await stock.contents_of([row["kit_id"]]))
        else:
            # its kit may be another one since; a loose spare is sent to a kit, and not taken in without one
            part = await stock.part_of_device(row["device_id"])
            with_kit = part is not None and part["kit_id"] is not None
            moved = [{**part, "quantity": 1, "device_id": row["device_id"]}] if part and with_kit else []
        if not can_be_moved(part["place_kind"] for part in moved):
            raise Conflict("stranger-cannot-move", serial=row["typed"])
        target = await ledger.institution_place(found["institution_id"])
        moves = [
            Move(part["item_id"], part["quantity"], part["place_id"], target, part["kit_id"], part["device_id"])
            for part in moved
            if part["place_id"] != target
        ]
        if moves:
            await ledger.post(
                moves,
                reason="found" if moved[0]["place_kind"] == "lost" else "transfer",
                key=f"stocktake:{found['code']}:stranger:{stranger_id}",
                document=found["paper_number"] or found["code"],
                note=why[:500],
            )
        if row["device_id"] is None and moves:
            await moving.leave(row["kit_id"], why)
        await audit.record("stocktake-stranger-taken-in", "stocktake", found["code"], why=why, stranger=stranger_id)


async def close_stranger(typed: str, stranger_id: int, *, why: str) -> None:
    """Nothing is to be done about something that was found besides. Raises NotFound; Conflict: decided already."""
    why = _reason(why)
    async with unit_of_work():
        found = await service.get_stocktake(typed)
        await _stranger(found, stranger_id, "nothing")
        await audit.record("stocktake-stranger-closed", "stocktake", found["code"], why=why, stranger=stranger_id)


async def reopen(typed: str, *, why: str) -> None:
    """Open a stocktake again that was signed wrongly; the school is written to, corrects it and signs anew.

    What was counted stays, the former signature and its statement too; what staff have decided by now is not counted
    again.

    Raises:
        NotFound: no such stocktake.
        Conflict: it is not signed.
        Invalid: no reason.
    """
    why = free_text(_reason(why))
    async with unit_of_work():
        found = await _signed(typed)
        who = runtime.actor().principal
        day = max(found["due_on"], papers.now().date() + timedelta(days=7))
        await queries.reopen(found["id"], why, who.id if who.kind == "account" else None, day)
        if "@" in (found["email"] or ""):
            link = await links.issue("stocktake", found["institution_id"], days=60)
            school = {"name": found["institution_name"], "code": found["institution_code"]}
            subject, body = service.letter(school, found["year"], day, link.token, reopened=why)
            about = ("stocktake", found["id"])
            await mail.post(found["email"], subject, body, about=about, institution_id=found["institution_id"])
        await audit.record("stocktake-reopened", "stocktake", found["code"], why=why, paper=found["paper_number"])

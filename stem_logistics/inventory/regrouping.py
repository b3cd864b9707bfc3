"""Pieces that pass from one kit to another, or between a kit and what lies loose in a store.

A kit's books say what it consists of: a device that is given in place of a broken one belongs to the kit that gets it
from then on, and the kit that gave it lacks it.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from stem_logistics.db.engine import unit_of_work
from stem_logistics.inventory import ledger, ledger_queries
from stem_logistics.inventory.kit_queries import kit_contents
from stem_logistics.inventory.ledger import Move


@dataclass(frozen=True, slots=True)
class Piece:
    """Pieces of an item where they lie now: in a kit, or loose (no kit); a device with a serial number is one."""

    item_id: int
    quantity: int
    kit_id: int | None
    device_id: int | None = None


async def leave_at(piece: Piece, place_id: int, *, document: str) -> None:
    """What was replaced belongs to its kit no more where it ended: lost, or withdrawn. What is not there stays."""
    assert piece.kit_id is not None, "it leaves a kit"
    held = sum(
        part["quantity"]
        for part in await kit_contents([piece.kit_id])
        if part["place_id"] == place_id
        and part["item_id"] == piece.item_id
        and piece.device_id in (None, part["device_id"])
    )
    if held >= piece.quantity:
        await regroup([piece], None, place_id, document=document)


async def regroup(pieces: Iterable[Piece], kit_id: int | None, place_id: int, *, document: str, note: str = "") -> None:
    """Let pieces that lie in a place belong to another kit, or to none; those that do already stay as they are.

    Inside the unit of work of a caller who may, and who has made sure that they are free.

    Raises:
        Conflict: they do not lie there.
    """
    moving = [piece for piece in pieces if piece.kit_id != kit_id]
    if not moving:
        return
    between = await ledger.place(ledger.REGROUPING)
    key = f"regroup:{uuid.uuid4().hex}"
    async with unit_of_work():
        out = [Move(p.item_id, p.quantity, place_id, between, p.kit_id, p.device_id) for p in moving]
        await ledger.post(out, reason="regroup", key=f"{key}:out", document=document, note=note)
        await ledger_queries.set_kit_of_devices([p.device_id for p in moving if p.device_id is not None], kit_id)
        joined = [Move(p.item_id, p.quantity, between, place_id, kit_id, p.device_id) for p in moving]
        await ledger.post(joined, reason="regroup", key=f"{key}:in", document=document, note=note)

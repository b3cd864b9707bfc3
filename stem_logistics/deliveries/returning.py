"""What was cancelled under way: on its way back until staff confirm, at the store, what came.

Until then the pieces are where they are, in the consignment's own place. What did not come is lost, with a reason, or
is still awaited.
"""

import re
from collections.abc import Mapping
from typing import Any

from stem_logistics import audit
from stem_logistics.accounts.policy import Permission
from stem_logistics.codes import parse_code, shown_code
from stem_logistics.db.engine import unit_of_work
from stem_logistics.deliveries import queries, returning_queries, service
from stem_logistics.deliveries.packing import scanned_text
from stem_logistics.deliveries.rules import Action
from stem_logistics.errors import Conflict, Invalid
from stem_logistics.inventory import ledger
from stem_logistics.inventory.ledger import Move

LONGEST_SCANS = 20_000


async def on_their_way_back() -> list[dict[str, Any]]:
    """The consignments that are to come back, those that are longest due first, within the reader's scope."""
    return await returning_queries.on_their_way_back(service.require(Permission.DELIVERIES_READ))


async def awaited(code: str) -> tuple[dict[str, Any], list[dict[str, Any]], int]:
    """A consignment, the pieces of it that are still to come back (each has a `key`), and how many returns there were.

    Raises:
        NotFound: no such consignment within the scope. Conflict: it is not on its way back.
    """
    consignment = await service.get_consignment(code, Permission.DELIVERIES_WRITE)
    service.step(consignment["state"], Action.RETURN)
    part = await returning_queries.movements_from(await ledger.consignment_place(consignment["id"]))
    return consignment, await _pieces(consignment["id"]), part


async def _pieces(consignment_id: int) -> list[dict[str, Any]]:
    rows = await returning_queries.pieces_at(await ledger.consignment_place(consignment_id))
    return [{**row, "key": f"{row['kit_id']}-{row['item_id']}-{row['device_id'] or 0}"} for row in rows]


def scanned(pieces: list[dict[str, Any]], text: str) -> dict[str, int]:
    """How many of which pieces came, by what was scanned: a kit's label stands for all that is in it.

    Raises:
        Invalid: something that does not belong to this consignment.
    """
    came: dict[str, int] = {}
    for each in re.split(r"[\s,;]+", text[:LONGEST_SCANS].strip()):
        if not each:
            continue
        what = scanned_text(each)
        kit = parse_code(what)
        found = [
            piece
            for piece in pieces
            if piece["kit_code"] == kit or (piece["serial"] or "").casefold() == what.casefold() != ""
        ]
        if not found:
            raise Invalid("scan-not-in-return", what=shown_code(kit) if kit else what[:40])
        came.update({piece["key"]: piece["quantity"] for piece in found})
    return came


async def confirm(
    code: str,
    came: Mapping[str, int] | None,
    *,
    rest_is_lost: bool = False,
    why: str = "",
    seen_part: int | None = None,
) -> bool:
    """Confirm what came back to where it had left from; True where nothing is awaited any more.

    Args:
        came: how many by the pieces' keys; None for all of them.
        seen_part: of `awaited`, as the form was made: a part counts once, however often the form is sent.
        rest_is_lost: what did not come is not awaited any more; it needs a reason.

    Raises:
        NotFound: no such consignment within the scope. Conflict: it is not on its way back, or more came back since.
        Invalid: more than was awaited, nothing at all, or a loss without a reason.
    """
    async with unit_of_work():
        consignment = await service.get_consignment(code, Permission.DELIVERIES_WRITE)
        state = await queries.lock(consignment["id"])
        after = service.step(str(state), Action.RETURN)
        pieces = await _pieces(consignment["id"])
        part = await returning_queries.movements_from(await ledger.consignment_place(consignment["id"]))
        if seen_part is not None and seen_part != part:
            raise Conflict("returned-meanwhile", code=consignment["code"])
        counts = {piece["key"]: piece["quantity"] for piece in pieces} if came is None else dict(came)
        if any(not 0 <= counts.get(piece["key"], 0) <= piece["quantity"] for piece in pieces):
            raise Invalid("return-more-than-awaited", code=consignment["code"])
        short = sum(piece["quantity"] - counts.get(piece["key"], 0) for piece in pieces)
        if short and rest_is_lost and not why.strip():
            raise Invalid("return-short-without-reason", count=short)
        if pieces and not any(counts.values()) and not rest_is_lost:
            raise Invalid("return-of-nothing", code=consignment["code"])
        await _post(consignment, pieces, counts, part, why.strip() if rest_is_lost else "")
        if why.strip():
            await queries.add_return_note(consignment["id"], why.strip()[:1000])
        done = rest_is_lost or not short
        if done:
            await queries.release_kits(consignment["id"])
            await queries.set_state(consignment["id"], after)
        await audit.record(
            "consignment-returned" if done else "consignment-returned-in-part",
            "consignment",
            consignment["code"],
            why=why.strip()[:500],
            missing=short if rest_is_lost else 0,
        )
    return done


async def _post(
    consignment: dict[str, Any], pieces: list[dict[str, Any]], came: Mapping[str, int], part: int, lost_because: str
) -> None:
    place = await ledger.consignment_place(consignment["id"])
    home = consignment["from_place_id"] or await ledger.place(ledger.STORE)
    back = [_move(piece, place, home, came.get(piece["key"], 0)) for piece in pieces if came.get(piece["key"], 0)]
    if back:
        key = f"return:{consignment['id']}:{part}"
        await ledger.post(back, reason="unpack", key=key, document=consignment["code"])
    lost = await ledger.place(ledger.LOST)
    gone = [
        _move(piece, place, lost, short)
        for piece in pieces
        if lost_because and (short := piece["quantity"] - came.get(piece["key"], 0))
    ]
    if gone:
        key = f"return-lost:{consignment['id']}:{part}"
        await ledger.post(gone, reason="missing", key=key, document=consignment["code"], note=lost_because[:500])


def _move(piece: Mapping[str, Any], place: int, target: int, count: int) -> Move:
    return Move(piece["item_id"], count, place, target, piece["kit_id"], piece["device_id"])

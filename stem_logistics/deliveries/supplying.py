"""Pieces that are sent for a kit that a school has already: in place of a broken device, or because it needs more.

They leave the kits of the store that they come from, travel loose, as any consignment does, and join the kit when the
school confirms them: until then the kit is where it was. What is sent again for a case is `resending.py`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from stem_logistics import audit, runtime
from stem_logistics.codes import new_code
from stem_logistics.deliveries import leg_queries, packing_queries, queries
from stem_logistics.deliveries import resending_queries as sql
from stem_logistics.errors import Conflict
from stem_logistics.inventory import ledger
from stem_logistics.inventory.ledger import Move
from stem_logistics.inventory.regrouping import Piece, regroup


async def start(
    kit_id: int, institution_id: int, pieces: Sequence[Piece], store: int, *, why: str, repair_id: int | None = None
) -> str:
    """Put free pieces of a store into a consignment for a kit, inside the unit of work of a caller who may.

    Args:
        kit_id: the kit that they will join.
        institution_id: the school that has it.
        store: the place where they lie.
        repair_id: the repair in which they stand for what is broken.

    Returns:
        The consignment's code; it is still to be packed and sent.

    Raises:
        Conflict: the school has closed, or a piece is not there.
    """
    school = await queries.institution(institution_id)
    if school is None or school["state"] == "closed":
        raise Conflict("institution-closed", name=school["name"] if school else "")
    who = runtime.actor().principal
    by = who.id if who.kind == "account" else None
    code = new_code("C")
    consignment_id = await sql.add_consignment(code, institution_id, by, None, kit_id, store, repair_id)
    await regroup(pieces, None, store, document=code, note=why[:500])
    counts: dict[int, int] = {}
    for piece in pieces:
        counts[piece.item_id] = counts.get(piece.item_id, 0) + piece.quantity
    await queries.add_lines(consignment_id, [(kit_id, item, count) for item, count in counts.items()])
    for piece in pieces:
        if piece.device_id is not None:
            await packing_queries.add_scan(consignment_id, kit_id, piece.device_id, by)
    place = await ledger.consignment_place(consignment_id)
    await ledger.post(
        [Move(piece.item_id, piece.quantity, store, place, None, piece.device_id) for piece in pieces],
        reason="pack",
        key=f"pack:{consignment_id}:pieces",
        document=code,
        note=why[:500],
    )
    await audit.record("consignment-created", "consignment", code, kit=kit_id, why=why[:500])
    return code


async def join(consignment: Mapping[str, Any], settled: Sequence[Piece], place: int, *, document: str) -> None:
    """What a school has accounted for of such a consignment joins its kit, inside the receipt's unit of work.

    What was packed out of another kit, before loose pieces were known, stays on that kit's books.

    Args:
        settled: what was received, damaged or missing, as loose pieces.
        place: where they are on their way.
        document: the receipt.
    """
    loose = {(row["item_id"], row["device_id"]) for row in await leg_queries.parcels_at(place) if not row["kit_id"]}
    joining = [piece for piece in settled if (piece.item_id, piece.device_id) in loose]
    await regroup(joining, consignment["for_kit_id"], place, document=document)

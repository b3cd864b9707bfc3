"""The ledger: one function that posts, one that reverses, one that recomputes. Nothing else writes a movement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from stem_logistics import audit, runtime
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, Invalid, NotFound
from stem_logistics.inventory import ledger_queries as queries
from stem_logistics.inventory.rules import REVERSIBLE

Reason = Literal[
    "purchase",
    "historic",
    "pack",
    "unpack",
    "receive",
    "receive-damaged",
    "missing",
    "found",
    "return",
    "transfer",
    "scrap",
    "repair",
    "repaired",
    "replacement",
    "loan",
    "loan-return",
    "reject",
    "hand-over",
    "regroup",
]
SUPPLIER, STORE, LOST, SCRAPPED = "supplier", "central-store", "lost", "scrapped"
# Outside, as the suppliers are: pieces pass through it from one kit to another and never stay (`regrouping.py`).
REGROUPING = "regrouping"


@dataclass(frozen=True, slots=True)
class Move:
    """Pieces of an item from one place to another; a device with a serial number is one piece."""

    item_id: int
    quantity: int
    from_place_id: int
    to_place_id: int
    kit_id: int | None = None
    device_id: int | None = None


@dataclass(frozen=True, slots=True)
class Posting:
    """What `post` did.

    Args:
        movement_ids: the posting's movements.
        is_new: False where the key had been posted before, and nothing was written.
    """

    movement_ids: tuple[int, ...]
    is_new: bool


async def post(
    moves: Sequence[Move],
    *,
    reason: Reason,
    key: str,
    document: str = "",
    note: str = "",
    occurred_at: datetime | None = None,
) -> Posting:
    """Write movements, all or none. The same key again writes nothing and returns what is there.

    Args:
        moves: judged together: the order inside one posting does not matter to the balances.
        reason: why they happened.
        key: the idempotency key.
        document: the number of the paper that proves it.
        occurred_at: when it happened, if not now.

    Raises:
        Conflict: `stock-overdrawn`, `device-in-two-places`, `movement-in-future`, `period-closed` (the database
            refuses them), or `idempotency-key-reused` for a key that had other movements.
        Invalid: a posting without movements.
    """
    if not moves:
        raise Invalid("posting-without-movements", key=key)
    who = runtime.actor()
    async with unit_of_work():
        await queries.lock_key(key)
        if before := await queries.posted(key):
            if _facts(before) != [_fact(move, reason) for move in moves]:
                raise Conflict("idempotency-key-reused", key=key)
            return Posting(tuple(row["id"] for row in before), is_new=False)
        ids = await queries.add_movements(
            [(m.item_id, m.kit_id, m.device_id, m.quantity, m.from_place_id, m.to_place_id, None) for m in moves],
            reason=reason,
            key=key,
            document=document,
            note=note,
            occurred_at=occurred_at,
            actor_kind=who.principal.kind,
            actor_id=who.principal.id,
            request_id=who.request_id,
        )
        return Posting(tuple(ids), is_new=True)


def _fact(move: Move, reason: str) -> tuple[object, ...]:
    return (
        move.item_id,
        move.kit_id,
        move.device_id,
        move.quantity,
        move.from_place_id,
        move.to_place_id,
        reason,
    )


def _facts(rows: Sequence[dict[str, Any]]) -> list[tuple[object, ...]]:
    names = ("item_id", "kit_id", "device_id", "quantity", "from_place_id", "to_place_id", "reason")
    return [tuple(row[name] for name in names) for row in rows]


async def reverse(movement_ids: Sequence[int], *, why: str) -> Posting:
    """Take movements back by their opposites, once. History stays as it is; the balances follow.

    Raises:
        NotFound: no such movement.
        Invalid: no reason given, or nothing to reverse.
        Conflict: already reversed, a kind of movement that another step undoes, or the pieces have moved on.
    """
    if not why.strip():
        raise Invalid("reversal-needs-reason")
    if not movement_ids:
        raise Invalid("posting-without-movements", key="reversal")
    who = runtime.actor()
    async with unit_of_work():
        rows = []
        for movement_id in sorted(set(movement_ids)):
            await queries.lock_key(f"reversal:{movement_id}")
            row = await queries.movement(movement_id)
            if row is None:
                raise NotFound("movement-not-found", id=movement_id)
            if row["reversed_by"] is not None:
                raise Conflict("movement-already-reversed", id=movement_id, by=row["reversed_by"])
            if row["reason"] not in REVERSIBLE:
                raise Conflict("movement-not-reversible", id=movement_id, reason=row["reason"])
            rows.append(row)
        ids = await queries.add_movements(
            [
                (
                    row["item_id"],
                    row["kit_id"],
                    row["device_id"],
                    row["quantity"],
                    row["to_place_id"],
                    row["from_place_id"],
                    row["id"],
                )
                for row in rows
            ],
            reason="correction",
            # one reversal a movement is the unique index's work; the key only has to be its own
            key=f"reversal:{rows[0]['id']}+{len(rows)}",
            document="",
            note=why.strip(),
            occurred_at=None,
            actor_kind=who.principal.kind,
            actor_id=who.principal.id,
            request_id=who.request_id,
        )
        for row in rows:
            await audit.record("movement-reversed", "movement", row["id"], why=why.strip())
        return Posting(tuple(ids), is_new=True)


async def reverse_posting_of_kit(key: str, kit_id: int, *, why: str) -> Posting:
    """Reverse what one posting did to one kit. Raises as `reverse`; NotFound where there was nothing."""
    rows = await queries.kit_movements_of_posting(key, kit_id)
    if not rows:
        raise NotFound("movement-not-found", id=key)
    return await reverse([row["id"] for row in rows], why=why)


async def place(code: str) -> int:
    """The id of one of the fixed places (`STORE`, `SUPPLIER`, `LOST`, `SCRAPPED`), or of a store by its code."""
    found = await queries.place_by_code(code)
    if found is None:
        raise NotFound("place-not-found", code=code)
    return found


async def institution_place(institution_id: int) -> int:
    """The place of an institution, made at first need."""
    return await queries.ensure_institution_place(institution_id)


async def consignment_place(consignment_id: int) -> int:
    """The place that a consignment is now, made at first need: on its way, or in the hands of a stop."""
    return await queries.ensure_consignment_place(consignment_id)


async def place_at_stop(consignment_id: int, stop_id: int) -> int:
    """The place that a consignment is in the hands of a stop of the last mile, made at first need."""
    return await queries.ensure_place_at_stop(consignment_id, stop_id)


async def repairer_place(name: str) -> int:
    """The place of a repairer, made at first need; blanks and case do not make another one."""
    code = "repairer-" + "-".join(name.casefold().split())
    return await queries.ensure_place("repairer", code, " ".join(name.split()))


async def return_place(code: str, title: str) -> int:
    """The place of what goes back to the store by a return of this code, until the store has counted it."""
    return await queries.ensure_place("returning", f"return-{code}", title)


@dataclass(frozen=True, slots=True)
class Verification:
    """What recomputing the ledger found; `faults` is empty where everything holds."""

    movements: int
    holdings: int
    pieces: int
    faults: tuple[dict[str, Any], ...]


async def verify() -> Verification:
    """Recompute every balance and every kit's position from the movements alone and compare."""
    async with unit_of_work():
        totals = await queries.totals()
        faults = [{"fault": "balance-differs", **row} for row in await queries.differences()]
        faults += [{"fault": "kit-position-differs", **row} for row in await queries.position_differences()]
        faults += [{"fault": "device-in-two-places", **row} for row in await queries.split_devices()]
        faults += [{"fault": "device-under-another-kit", **row} for row in await queries.mismatched_devices()]
        faults += [{"fault": "regrouped-by-halves", **row} for row in await queries.half_regroupings()]
        faults += [{"fault": "recorded-in-closed-period", **row} for row in await queries.late_movements()]
    return Verification(totals["movements"], totals["holdings"], totals["pieces"], tuple(faults))

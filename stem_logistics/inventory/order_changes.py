"""What becomes of an order after it was placed: corrected, cancelled or closed, opened again; each with its reason."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from stem_logistics import audit, runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.codes import shown_code
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, Forbidden, Invalid
from stem_logistics.inventory import order_queries as queries
from stem_logistics.inventory import purchasing

# What may be corrected, by the name of its field. The kind and the contract make it another order.
FIELDS = {"kits": "ordered", "price": "unit_cents", "title": "title", "due": "due_on"}


def _prepared(why: str) -> str:
    if not runtime.actor().principal.may(Permission.STOCK_WRITE):
        raise Forbidden("not-allowed", permission=Permission.STOCK_WRITE.value)
    if not why.strip():
        raise Invalid("reason-missing")
    return why.strip()[:500]


async def _locked(typed: str) -> dict[str, Any]:
    found = await purchasing.get_order(typed)
    await queries.lock_order(found["id"])
    return await purchasing.get_order(typed)


async def correct_order(typed: str, *, kits: int, unit_cents: int, title: str, due_on: date | None, why: str) -> None:
    """Correct how many, at what price, with which title, by when; what stood stays in its history.

    Raises:
        Invalid: no reason, nothing differs, or a value that no order could have.
        Conflict: the order is cancelled or closed, or more has come than it would be for.
    """
    why = _prepared(why)
    async with unit_of_work():
        found = await _locked(typed)
        if found["ended"]:
            raise Conflict("order-ended", order=shown_code(found["code"]))
        becomes: Mapping[str, Any] = {"kits": kits, "price": unit_cents, "title": title, "due": due_on}
        changed = {what: new for what, new in becomes.items() if new != found[FIELDS[what]]}
        if not changed:
            raise Invalid("order-unchanged")
        purchasing.check_order(kits, unit_cents, title, changed.get("due"))
        here = found["received"] - found["rejected"]
        if "kits" in changed and kits < here:
            raise Conflict("order-below-received", received=here)
        await queries.change_order(found["id"], kits, unit_cents, title, due_on)
        for what, new in changed.items():
            await queries.note_change(found["id"], _who(), what, _text(found[FIELDS[what]]), _text(new), why)
        await audit.record("order-corrected", "purchase-order", found["code"], why=why, what=sorted(changed))


async def end_order(typed: str, *, why: str) -> str:
    """Say that nothing more comes: `cancelled` where nothing of it is here, else `closed`.

    Raises:
        Invalid: no reason. Conflict: it is ended already.
    """
    why = _prepared(why)
    async with unit_of_work():
        found = await _locked(typed)
        if found["ended"]:
            raise Conflict("order-ended", order=shown_code(found["code"]))
        state = "closed" if found["received"] > found["rejected"] else "cancelled"
        await _set_state(found, state, why)
    return state


async def reopen_order(typed: str, *, why: str) -> None:
    """Let what is outstanding of a cancelled or closed order come after all.

    Raises:
        Invalid: no reason. Conflict: it is open.
    """
    why = _prepared(why)
    async with unit_of_work():
        found = await _locked(typed)
        if not found["ended"]:
            raise Conflict("order-open", order=shown_code(found["code"]))
        await _set_state(found, "open", why)


async def _set_state(order: Mapping[str, Any], state: str, why: str) -> None:
    await queries.set_ended(order["id"], None if state == "open" else state)
    await queries.note_change(order["id"], _who(), "state", order["ended"] or "open", state, why)
    await audit.record(
        "order-reopened" if state == "open" else "order-closed" if state == "closed" else "order-cancelled",
        "purchase-order",
        order["code"],
        why=why,
    )


def _who() -> int | None:
    who = runtime.actor().principal
    return who.id if who.kind == "account" else None


def _text(value: object) -> str:
    return "" if value is None else str(value)


async def history(order_id: int) -> list[dict[str, Any]]:
    """What was changed of an order, the newest first. The caller has made sure that its reader may see the order."""
    return await queries.changes(order_id)

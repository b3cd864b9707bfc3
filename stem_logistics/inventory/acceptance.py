"""Whether a batch is taken: its sample is drawn once, its devices are checked, then it is accepted or goes back."""

import secrets
from typing import Any

from stem_logistics import audit, runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.codes import shown_code
from stem_logistics.custody import papers
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, Forbidden, Invalid, NotFound
from stem_logistics.inventory import arrival, ledger, purchasing, service
from stem_logistics.inventory import purchasing_queries as queries
from stem_logistics.inventory.ledger import Move


def _require_write() -> int | None:
    """The account that acts, where a person does. Raises Forbidden."""
    who = runtime.actor().principal
    if not who.may(Permission.STOCK_WRITE):
        raise Forbidden("not-allowed", permission=Permission.STOCK_WRITE.value)
    return who.id if who.kind == "account" else None


async def draw_sample(batch: str) -> int:
    """Close a batch for arrival and draw which of its devices have to be checked; returns how many were drawn.

    Drawn once: by a seed that is made now and kept, so that the draw can be done again and gives the same devices.

    Raises:
        Conflict: the batch is decided or drawn already, has nothing to check or nothing that the device checker knows,
            or serial numbers are scanned and not received.
    """
    by = _require_write()
    async with unit_of_work():
        found = await purchasing.get_batch(batch)
        await queries.lock_batch(found["id"])
        found = await purchasing.get_batch(batch)
        if not found["to_check"]:
            raise Conflict("batch-without-sample", name=found["name"])
        if found["decision"] or found["sampled_at"]:
            arrival.refuse_closed(found)
        if found["scans"]:
            raise Conflict("batch-scans-left", count=len(found["scans"]))
        drawn = await queries.draw(found, secrets.token_hex(16), by)
        if not drawn:
            raise Conflict("batch-nothing-to-draw", name=found["name"])
        await audit.record("sample-drawn", "purchase-batch", found["code"], devices=drawn)
    return drawn


async def replace_drawn(batch: str, sample_id: int, *, why: str) -> None:
    """Draw the next device for one of the sample that cannot be checked.

    Raises:
        Invalid: no reason. NotFound: it is not of the sample, or was replaced already.
        Conflict: it has been checked, or the batch has no other device; the batch is decided.
    """
    by = _require_write()
    why = why.strip()[:500]
    if not why:
        raise Invalid("reason-missing")
    async with unit_of_work():
        found = await purchasing.get_batch(batch)
        await queries.lock_batch(found["id"])
        found = await purchasing.get_batch(batch)
        if found["decision"]:
            raise Conflict("batch-decided", name=found["name"])
        one = next((each for each in found["sample"] if each["id"] == sample_id and not each["replaced_at"]), None)
        if one is None:
            raise NotFound("sample-device-not-found", name=found["name"])
        if one["verdict"] not in (None, "INCONCLUSIVE"):
            raise Conflict("sample-device-checked", serial=one["serial_number"])
        if not await queries.draw_instead(found, sample_id, by, why):
            raise Conflict("sample-exhausted", name=found["name"])
        await audit.record("sample-device-replaced", "purchase-batch", found["code"], why=why, position=one["position"])


async def decide(batch: str, *, accept: bool, why: str = "") -> int:
    """Accept a batch, so that its kits may leave, or reject it: what of it is in the store goes back to the supplier.

    Returns:
        How many kits went back.

    Raises:
        Conflict: decided already; nothing has come in; its sample is not drawn, not checked or has too many faults and
            no reason is given. Invalid: a rejection without a reason.
    """
    by = _require_write()
    why = why.strip()[:500]
    if not accept and not why:
        raise Invalid("reason-missing")
    async with unit_of_work():
        found = await purchasing.get_batch(batch)
        await queries.lock_batch(found["id"])
        found = await purchasing.get_batch(batch)
        if found["decision"]:
            raise Conflict("batch-decided", name=found["name"])
        if not found["kits"]:
            raise Conflict("batch-without-kits", name=found["name"])
        if accept and not why and found["to_check"] and not found["drawn"]:
            raise Conflict("batch-sample-not-drawn", name=found["name"])
        if accept and not found["suffices"] and not why:
            raise Conflict(
                "batch-sample-short",
                checked=found["checked"],
                to_check=found["drawn"] or found["to_check"],
                faulty=found["faulty"],
                most=found["most_faulty"],
            )
        await queries.decide(found["id"], "accepted" if accept else "rejected", by, why)
        back = [] if accept else await queries.kits_in_place(found["name"], await ledger.place(ledger.STORE))
        if back:
            await reject(found["code"], *back, why=why)
        await audit.record(
            "batch-accepted" if accept else "batch-rejected",
            "purchase-batch",
            found["code"],
            why=why,
            checked=found["checked"],
            back=len(back),
        )
    return len(back)


async def reject(batch: str, *kits: str, why: str) -> tuple[int, str]:
    """Send kits of a batch back to its supplier: out of the store, with one numbered note of all and the reason.

    Returns:
        The note's id and number.

    Raises:
        Invalid: no reason, no kits. NotFound: one is no kit of this batch. Conflict: one is not in the store any more.
    """
    _require_write()
    why = why.strip()[:500]
    if not why:
        raise Invalid("reason-missing")
    if not kits:
        raise Invalid("no-kits-chosen")
    async with unit_of_work():
        found = await purchasing.get_batch(batch)
        order = await purchasing.get_order(found["order_code"])
        store, supplier = await ledger.place(ledger.STORE), await ledger.place(ledger.SUPPLIER)
        mine = {kit["id"]: kit for kit in [await service.get_kit(typed) for typed in dict.fromkeys(kits)]}
        parts: list[dict[str, Any]] = []
        for kit in mine.values():
            if kit["batch"] != found["name"]:
                raise NotFound("kit-of-another-batch", kit=kit["code"], batch=found["name"])
            here = [part for part in kit["contents"] if part["place_id"] == store]
            if not here:
                raise Conflict("reject-not-in-store", kit=kit["code"])
            parts += here
        paper_id, number = await papers.make(
            "rejection",
            institution_id=None,
            kit_ids=list(mine),
            facts=[
                ("Προς τον προμηθευτή", order["supplier"]),
                ("Σύμβαση", order["contract"]),
                ("Παραγγελία, παρτίδα", f"{shown_code(order['code'])}, {found['name']}"),
                ("Δελτίο αποστολής προμηθευτή", found["document"]),
                ("Σετ", str(len(mine))),
                ("Αιτιολογία", why),
            ],
            sentences=["Τα σετ που ακολουθούν δεν γίνονται δεκτά και επιστρέφονται."]
            + ([] if order["ended"] else ["Ο προμηθευτής παραδίδει άλλα στη θέση τους."]),
            rows=papers.parts_rows(parts, {kit_id: kit["code"] for kit_id, kit in mine.items()}),
            signers=["Για τον Οργανισμό", "Για τον προμηθευτή"],
        )
        moves = [Move(x["item_id"], x["quantity"], store, supplier, x["kit_id"], x["device_id"]) for x in parts]
        await ledger.post(moves, reason="reject", key=f"reject:{number}", document=number, note=why)
        for kit in mine.values():
            await audit.record("kit-rejected", "kit", kit["code"], why=why, batch=found["code"], paper=number)
    return paper_id, number


async def rejections(order: str) -> list[dict[str, Any]]:
    """The rejection notes of an order, the newest first, each with its kits. Raises NotFound."""
    found = await purchasing.get_order(order)
    return await queries.rejections(found["id"])

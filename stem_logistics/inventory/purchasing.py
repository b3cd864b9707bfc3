"""Purchasing and receiving by scan: orders, and the batches in which they arrive."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from stem_logistics import audit, runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.codes import new_code, parse_code, shown_code
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, Forbidden, Invalid, NotFound
from stem_logistics.inventory import arrival, definitions, scan_rules
from stem_logistics.inventory import purchasing_queries as queries
from stem_logistics.waves import service as waves
from stem_logistics.web.formats import today

FUNDING = ("wave", "budget-line", "erasmus-plus")
TITLES = ("ownership", "use")
LONGEST_NAME = 120
LATEST_DUE = timedelta(days=3660)
MOST_CENTS = 10**11
MOST_KITS_ORDERED = 1_000_000


def _require(permission: Permission) -> None:  # prices and suppliers are of no region
    if not runtime.actor().principal.may(permission):
        raise Forbidden("not-allowed", permission=permission.value)


def read_cents(typed: str) -> int:
    """Euros as people type them (`1.234,50`, `12,5`, `12.50`) in cents. Raises Invalid."""
    text = typed.strip().replace(" ", "").removesuffix("€")
    if "," in text:
        text = text.replace(".", "").replace(",", ".")
    whole, point, part = text.partition(".")
    if not re.fullmatch(r"[0-9]{1,9}", whole) or not re.fullmatch(r"[0-9]{1,2}" if point else "", part):
        raise Invalid("price-unusable", given=typed[:20])
    return int(whole) * 100 + int(part.ljust(2, "0"))


async def place_order(
    *,
    contract: str,
    supplier: str,
    funding: str,
    funding_reference: str,
    definition: str,
    kits: int,
    unit_cents: int,
    title: str,
    due_on: date | None = None,
) -> str:
    """Enter an order under a contract; returns its code.

    Args:
        funding: who pays: `wave` (by its short name), `budget-line` or `erasmus-plus`, with its reference.
        kits: how many of the definition's newest version.
        unit_cents: the price of one, taxes included.
        title: `ownership` or `use`, for the books.

    Raises:
        Invalid: something is missing or out of range, the wave does not exist, the day is past.
        Conflict: the contract's number is another supplier's. NotFound: no such kit definition.
    """
    _require(Permission.STOCK_WRITE)
    names = (contract.strip(), supplier.strip())
    if not all(names) or max(map(len, names)) > LONGEST_NAME:
        raise Invalid("order-incomplete")
    source = await require_source(funding, funding_reference)
    check_order(kits, unit_cents, title, due_on)
    found = await definitions.get_definition(definition)
    async with unit_of_work():
        code = await queries.add_order(source, names, new_code("P"), found.id, kits, unit_cents, title, due_on)
        if code is None:
            raise Conflict("contract-of-another", number=names[0])
        await audit.record("order-placed", "purchase-order", code, kits=kits, contract=names[0])
    return code


async def require_source(funding: str, reference: str) -> tuple[str, str]:
    """Who pays, as it is kept: the kind and its reference.

    Raises:
        Invalid: no such kind, no reference, or a wave that does not exist.
    """
    reference = reference.strip()
    if funding not in FUNDING or not 1 <= len(reference) <= LONGEST_NAME:
        raise Invalid("order-incomplete")
    if funding == "wave" and reference not in {line.wave.slug for line in await waves.list_waves()}:
        raise Invalid("order-wave-unknown", wave=reference)
    return funding, reference


def check_order(kits: int, unit_cents: int, title: str, due_on: date | None) -> None:
    """Raises Invalid where no order is for so many, at such a price, by such a day."""
    if title not in TITLES:
        raise Invalid("order-incomplete")
    if not 1 <= kits <= MOST_KITS_ORDERED:
        raise Invalid("order-count-out-of-range", most=MOST_KITS_ORDERED)
    if not 1 <= unit_cents <= MOST_CENTS:
        raise Invalid("order-without-price")
    if due_on is not None and not today() <= due_on <= today() + LATEST_DUE:
        raise Invalid("order-day-unusable")


async def list_orders() -> list[dict[str, Any]]:
    """Every order: ordered, received, rejected, outstanding, value."""
    _require(Permission.PURCHASING_READ)
    return await queries.orders()


async def get_order(typed: str) -> dict[str, Any]:
    """One order with its `batches`. Raises NotFound."""
    _require(Permission.PURCHASING_READ)
    code = parse_code(typed)
    found = await queries.order(code) if code else None
    if found is None:
        raise NotFound("order-not-found", code=typed[:20])
    return {**found, "batches": await queries.batches(found["id"])}


async def open_batch(order: str, *, name: str, document: str = "", to_check: int = 0, most_faulty: int = 0) -> str:
    """What the supplier has brought, before it is counted; returns its code.

    Args:
        name: what its kits are called by from then on.
        to_check: how many devices have to be checked before its kits may leave; 0: none.
        most_faulty: how many of those checked may be faulty for it to be accepted.

    Raises:
        Conflict: a purchase has this name; the order was cancelled or closed.
    """
    _require(Permission.STOCK_WRITE)
    found = await get_order(order)
    if found["ended"]:
        raise Conflict("order-ended", order=shown_code(found["code"]))
    if not name.strip() or len(name) > 80 or not 0 <= to_check <= 1_000_000 or not 0 <= most_faulty <= to_check:
        raise Invalid("batch-incomplete")
    code = new_code("B")
    async with unit_of_work():
        if not await queries.add_batch(found["id"], code, name.strip(), document.strip()[:80], to_check, most_faulty):
            raise Conflict("batch-name-taken", name=name.strip())
        await audit.record("batch-opened", "purchase-batch", code, order=found["code"])
    return code


async def get_batch(typed: str) -> dict[str, Any]:
    """One batch: what came in, what is scanned, its sample, the next part to be scanned (a `Slot`, or None).

    `closed` is the slug of why nothing more comes in with it, or empty.

    Raises:
        NotFound: no such batch.
    """
    _require(Permission.PURCHASING_READ)
    code = parse_code(typed)
    found = await queries.batch(code) if code else None
    if found is None:
        raise NotFound("purchase-batch-not-found", code=typed[:20])
    definition = await definitions.get_definition(found["definition"], found["version"])
    scans = await queries.scans(found["id"])
    found["verdicts"] = await queries.verdicts(found["name"])
    found["sample"] = await queries.sample(found["id"])
    drawn = found["drawn"]
    found["suffices"] = not found["to_check"] or (
        0 < drawn <= found["checked"] and found["faulty"] <= found["most_faulty"]
    )
    found["closed"] = arrival.why_closed(found)
    found["lines"] = definition.lines
    kits = scan_rules.begun_kits(scans)
    shown = {kit_no: found["kits"] + at for at, kit_no in enumerate(kits, 1)}
    found["also"] = list(scans[-1]["also"]) if scans else []
    found["next"] = scan_rules.next_slot(definition.lines, scans, found["also"])
    found["next_kit"] = shown.get(found["next"].kit_no, found["kits"] + len(kits) + 1) if found["next"] else 0
    found["whole"] = [kit_no for kit_no, mine in kits.items() if scan_rules.is_whole(definition.lines, mine)]
    return {
        **found,
        "scans": [{**each, "kit": shown[each["kit_no"]]} for each in scans],
        "complete": len(found["whole"]),
    }


async def refuse_unaccepted(kit: Mapping[str, Any]) -> None:
    """Keep a kit in the store whose batch has not been accepted. Raises Conflict."""
    if kit["batch"] and await queries.awaits_acceptance(kit["batch"]):
        raise Conflict("kit-of-unaccepted-batch", kit=kit["code"], batch=kit["batch"])

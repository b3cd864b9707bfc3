"""Contracts and who pays them: totals of what was ordered, came, was accepted and went back."""

from collections.abc import Iterable, Mapping
from typing import Any

from stem_logistics import audit, runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, Forbidden, Invalid, NotFound
from stem_logistics.inventory import order_queries as queries
from stem_logistics.inventory import purchasing
from stem_logistics.inventory.purchasing import MOST_CENTS

TOTALS = ("ordered", "received", "accepted", "rejected", "value_cents")


def totals(orders: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """What orders come to. A cancelled one is not counted as ordered; a closed one is worth what of it was kept."""
    found = dict.fromkeys(TOTALS, 0)
    for order in orders:
        kept = order["received"] - order["rejected"]
        counted = {"cancelled": 0, "closed": kept}.get(order["ended"], order["ordered"])
        for name in ("received", "accepted", "rejected"):
            found[name] += order[name]
        found["ordered"] += 0 if order["ended"] == "cancelled" else order["ordered"]
        found["value_cents"] += counted * order["unit_cents"]
    return found


async def list_contracts() -> list[dict[str, Any]]:
    """Every contract with its totals, the newest first."""
    orders = await purchasing.list_orders()
    return [
        {**row, **totals(each for each in orders if each["contract_id"] == row["id"])}
        for row in await queries.contracts()
    ]


async def list_sources() -> list[dict[str, Any]]:
    """Every source of money with its totals and what the contracts give it to pay."""
    orders = await purchasing.list_orders()
    found: dict[int, dict[str, Any]] = {}
    for share in await queries.shares():
        source = found.setdefault(
            share["funding_id"],
            {
                "id": share["funding_id"],
                "funding": share["funding"],
                "funding_reference": share["funding_reference"],
                "cents": 0,
                **totals(each for each in orders if each["funding_id"] == share["funding_id"]),
            },
        )
        source["cents"] += share["cents"] or 0
    return list(found.values())


async def get_contract(contract_id: int) -> dict[str, Any]:
    """One contract with its totals, `orders` and `shares`: what each source pays, and what is ordered of it.

    Raises:
        NotFound: no such contract.
    """
    orders = [each for each in await purchasing.list_orders() if each["contract_id"] == contract_id]
    found = await queries.contract(contract_id)
    if found is None:
        raise NotFound("contract-not-found", number=contract_id)
    return {**found, **totals(orders), "orders": orders, "shares": _shares(await queries.shares(contract_id), orders)}


async def get_source(funding_id: int) -> dict[str, Any]:
    """One source of money with its totals, `orders` and `shares`: what it pays of each contract.

    Raises:
        NotFound: no such source.
    """
    orders = [each for each in await purchasing.list_orders() if each["funding_id"] == funding_id]
    shares = await queries.shares(None, funding_id)
    if not shares:
        raise NotFound("funding-source-not-found", number=funding_id)
    source = {name: shares[0][name] for name in ("funding_id", "funding", "funding_reference")}
    return {**source, **totals(orders), "orders": orders, "shares": _shares(shares, orders)}


def _shares(shares: Iterable[dict[str, Any]], orders: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for share in shares:
        mine = [
            each
            for each in orders
            if (each["contract_id"], each["funding_id"]) == (share["contract_id"], share["funding_id"])
        ]
        value = totals(mine)["value_cents"]
        rows.append({**share, "value_cents": value, "over": share["cents"] is not None and value > share["cents"]})
    return rows


async def set_share(contract_id: int, funding: str, reference: str, cents: int | None) -> None:
    """Say how much of a contract a source pays; None takes the source away, or leaves open how much it pays.

    Raises:
        NotFound: no such contract. Invalid: no source, a wave that does not exist, an amount out of range.
        Conflict: the source pays orders of the contract and cannot be taken away.
    """
    if not runtime.actor().principal.may(Permission.STOCK_WRITE):
        raise Forbidden("not-allowed", permission=Permission.STOCK_WRITE.value)
    source = await purchasing.require_source(funding, reference)
    if cents is not None and not 1 <= cents <= MOST_CENTS:
        raise Invalid("share-out-of-range")
    async with unit_of_work():
        found = await get_contract(contract_id)
        funding_id = await queries.funding_source(*source)
        if cents is None:
            if not await queries.drop_share(contract_id, funding_id):
                raise Conflict("share-in-use", reference=source[1])
        else:
            await queries.set_share(contract_id, funding_id, cents)
        await audit.record("contract-share-set", "contract", found["number"], source=funding_id, cents=cents or 0)

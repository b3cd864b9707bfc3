"""Pages of contracts and of the sources that pay them: totals, each number a door to its rows."""

from typing import Any

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.errors import DomainError
from stem_logistics.inventory import contracts, purchasing
from stem_logistics.inventory.order_pages import READ, WRITE, AnyRequest, source_of, sources, texts
from stem_logistics.inventory.words import FUNDING_WORDS, ORDER_STATES
from stem_logistics.web.sentences import sentence_of

FIELDS = {"price-unusable": "cents", "share-out-of-range": "cents", "share-in-use": "cents"}


@get("/stock/contracts", opt=READ, include_in_schema=False, operation_id="ContractsPage")
async def contracts_page() -> Template:
    """Contracts and sources of money, each with what was ordered, came, was accepted and went back."""
    context = {
        "contracts": await contracts.list_contracts(),
        "sources": await contracts.list_sources(),
        "funding": FUNDING_WORDS,
    }
    return Template("inventory/contracts.html", context=context)


async def _contract(contract_id: int, typed: dict[str, str], errors: dict[str, str]) -> Template:
    context: dict[str, Any] = {
        "contract": await contracts.get_contract(contract_id),
        "funding": FUNDING_WORDS,
        "states": ORDER_STATES,
        "offered": await sources(),
        "typed": typed,
        "errors": errors,
    }
    return Template("inventory/contract.html", context=context, status_code=422 if errors else 200)


@get("/stock/contracts/{number:int}", opt=READ, include_in_schema=False, operation_id="ContractPage")
async def contract_page(number: FromPath[int]) -> Template:
    """One contract: who pays how much of it, its orders."""
    return await _contract(number, {}, {})


@post(
    "/stock/contracts/{number:int}",
    opt=WRITE,
    include_in_schema=False,
    operation_id="SetContractShare",
    status_code=303,
)
async def set_share(request: AnyRequest, number: FromPath[int]) -> Redirect | Template:
    """Say how much of a contract a source pays, or take the source away."""
    typed = await texts(request)
    try:
        funding, reference = source_of(typed)
        cents = purchasing.read_cents(typed["cents"]) if typed.get("cents", "").strip() else None
        await contracts.set_share(number, funding, reference, cents)
    except DomainError as refused:
        if refused.slug in ("contract-not-found", "not-allowed"):
            raise
        return await _contract(number, typed, {FIELDS.get(refused.slug, "funding"): sentence_of(refused)})
    return Redirect(f"/stock/contracts/{number}", status_code=303)


@get("/stock/funding/{number:int}", opt=READ, include_in_schema=False, operation_id="FundingSourcePage")
async def source_page(number: FromPath[int]) -> Template:
    """One source of money: which contracts it pays, the orders paid from it."""
    context = {"source": await contracts.get_source(number), "funding": FUNDING_WORDS, "states": ORDER_STATES}
    return Template("inventory/funding.html", context=context)


ROUTES: list[ControllerRouterHandler] = [contracts_page, contract_page, set_share, source_page]

"""Pages of orders: what was ordered and what came of it; entered, corrected, ended, and opened again."""

import secrets
from datetime import date
from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Stream, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError, Invalid
from stem_logistics.inventory import acceptance, definitions, order_changes, purchasing
from stem_logistics.inventory.words import CHANGE_WORDS, FUNDING_WORDS, ORDER_STATES, TITLE_WORDS
from stem_logistics.waves import service as waves
from stem_logistics.web.exports import Column, export_response
from stem_logistics.web.formats import format_date, money, number
from stem_logistics.web.i18n import Text, _, current_locale
from stem_logistics.web.idempotency import answer_once
from stem_logistics.web.sentences import sentence_of

AnyRequest = Request[Any, Any, Any]
READ = {"permission": Permission.PURCHASING_READ}
WRITE = {"permission": Permission.STOCK_WRITE}
Narrowed = tuple[int | None, int | None]  # the contract and the source whose orders are shown
COLUMNS = (
    Column("order", _("Order")),
    Column("contract", _("Contract")),
    Column("supplier", _("Supplier")),
    Column("funding", _("Paid from")),
    Column("funding_reference", _("Reference")),
    Column("kit", _("Kind")),
    Column("ordered", _("Ordered")),
    Column("received", _("Received")),
    Column("accepted", _("Kits accepted")),
    Column("rejected", _("Rejected")),
    Column("outstanding", _("Outstanding")),
    Column("unit_cents", _("Price of one, in cents")),
    Column("value_cents", _("Value, in cents")),
    Column("title", _("Title")),
    Column("due_on", _("Due")),
    Column("state", _("State")),
)
# Beside which field a refusal of the order's form stands.
FIELDS = {
    "order-wave-unknown": "funding",
    "kit-definition-not-found": "definition",
    "order-count-out-of-range": "kits",
    "order-below-received": "kits",
    "price-unusable": "price",
    "order-without-price": "price",
    "order-day-unusable": "due_on",
}
DONE = {
    "correct": _("The order is corrected; what stood stays in its history."),
    "end": _("Nothing more is waited for on this order."),
    "reopen": _("The order is open again."),
}


async def sources() -> list[tuple[str, Text]]:
    """Who may pay, as a form offers it: each wave by itself, then the kinds that are named by a reference."""
    language = current_locale.get()
    found: list[tuple[str, Text]] = [
        (f"wave:{line.wave.slug}", line.wave.title_el if language == "el" else line.wave.title_en)
        for line in await waves.list_waves()
    ]
    return found + [(kind, word) for kind, word in FUNDING_WORDS.items() if kind != "wave"]


def source_of(typed: dict[str, str]) -> tuple[str, str]:
    """The kind and the reference of what was chosen."""
    kind, chosen, wave = typed.get("funding", "").partition(":")
    return (kind, wave) if chosen else (kind, typed.get("funding_reference", ""))


def whole(typed: str) -> int:
    """A whole number as it was typed; -1 for what is none."""
    text = typed.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 7 else -1


def id_of(typed: str) -> int | None:
    """A number of an address; None where there is none."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 18 else None


async def _orders(
    typed: dict[str, str], errors: dict[str, str] | None = None, narrowed: Narrowed = (None, None)
) -> Template:
    context = {
        "orders": await _listed(narrowed),
        "narrowed": any(narrowed),
        "definitions": await definitions.definition_titles(),
        "funding": await sources(),
        "titles": list(TITLE_WORDS.items()),
        "states": ORDER_STATES,
        "typed": typed,
        "errors": errors or {},
        "key": typed.get("key") or secrets.token_urlsafe(12),
    }
    return Template("inventory/orders.html", context=context, status_code=422 if errors else 200)


def _narrowed(request: AnyRequest) -> Narrowed:
    return id_of(request.query_params.get("contract", "")), id_of(request.query_params.get("funding", ""))


async def _listed(narrowed: Narrowed) -> list[dict[str, Any]]:
    contract, funding = narrowed
    return [
        row
        for row in await purchasing.list_orders()
        if contract in (None, row["contract_id"]) and funding in (None, row["funding_id"])
    ]


@get("/stock/orders", opt=READ, include_in_schema=False, operation_id="OrdersPage")
async def orders_page(request: AnyRequest) -> Template:
    """The orders, all or those of a contract or a source: ordered, received, rejected, outstanding."""
    return await _orders({}, narrowed=_narrowed(request))


@get("/stock/orders/export", opt=READ, include_in_schema=False, operation_id="ExportOrders")
async def export_orders(request: AnyRequest) -> Stream:
    """Every order as a file, for the books."""
    chosen = request.query_params.get("format", "csv")
    figures = ("ordered", "received", "accepted", "rejected", "outstanding", "unit_cents", "value_cents")
    rows = [
        (
            row["code"],
            row["contract"],
            row["supplier"],
            str(FUNDING_WORDS[row["funding"]]),
            row["funding_reference"],
            row[f"title_{current_locale.get()}"],
            *(row[name] for name in figures),
            str(TITLE_WORDS[row["title"]]),
            row["due_on"],
            str(ORDER_STATES[row["ended"] or "open"]),
        )
        for row in await _listed(_narrowed(request))
    ]
    file_format = chosen if chosen in ("csv", "xlsx", "json") else "csv"
    return export_response(file_format, "orders", COLUMNS, rows)  # type: ignore[arg-type]


def _due(typed: dict[str, str]) -> date | None:
    try:
        return date.fromisoformat(typed["due_on"]) if typed.get("due_on") else None
    except ValueError:
        raise Invalid("order-day-unusable") from None


async def texts(request: AnyRequest) -> dict[str, str]:
    """The fields of a form."""
    return {name: str(value)[:500] for name, value in (await request.form()).items()}


@post("/stock/orders", opt=WRITE, include_in_schema=False, operation_id="PlaceOrder", status_code=303)
async def place_order(request: AnyRequest) -> Redirect | Template:
    """Enter an order, once however often its form is sent; nothing typed is lost where something is wrong."""
    typed = await texts(request)

    async def place() -> tuple[int, dict[str, Any]]:
        funding, reference = source_of(typed)
        code = await purchasing.place_order(
            contract=typed.get("contract", ""),
            supplier=typed.get("supplier", ""),
            funding=funding,
            funding_reference=reference,
            definition=typed.get("definition", ""),
            kits=whole(typed.get("kits", "")),
            unit_cents=purchasing.read_cents(typed.get("price", "")),
            title=typed.get("title", ""),
            due_on=_due(typed),
        )
        return 303, {"code": code}

    key = typed.get("key", "")
    asked = {name: text for name, text in typed.items() if name != "_csrf_token"}
    try:
        _status, answer = await answer_once(f"order:{key}" if key else None, asked, place)
    except DomainError as refused:
        if refused.slug == "idempotency-key-reused":
            again = _("This form was sent already and its order stands in the list. Send it again to enter one more.")
            return await _orders({**typed, "key": ""}, {"contract": str(again)})
        return await _orders(typed, {FIELDS.get(refused.slug, "contract"): sentence_of(refused)})
    return Redirect(f"/stock/orders/{answer['code']}", status_code=303)


async def _order(code: str, typed: dict[str, str], errors: dict[str, str] | None = None, done: str = "") -> Template:
    order = await purchasing.get_order(code)
    context = {
        "order": order,
        "notes": await acceptance.rejections(code),
        "history": await order_changes.history(order["id"]),
        "funding": FUNDING_WORDS,
        "titles": TITLE_WORDS,
        "states": ORDER_STATES,
        "change_words": CHANGE_WORDS,
        "told": _told,
        "typed": typed,
        "errors": errors or {},
        "done": DONE.get(done, ""),
    }
    return Template("inventory/order.html", context=context, status_code=422 if errors else 200)


def _told(what: str, value: str) -> Text:
    """A value of an order's history as people read it."""
    if what == "state":
        return ORDER_STATES[value]
    if what == "title":
        return TITLE_WORDS[value]
    if what == "price":
        return money(int(value))
    if what == "due":
        return format_date(date.fromisoformat(value)) if value else "–"
    return number(int(value))


@get("/stock/orders/{code:str}", opt=READ, include_in_schema=False, operation_id="OrderPage")
async def order_page(request: AnyRequest, code: FromPath[str]) -> Template:
    """One order, the batches in which it arrives, and what was changed of it."""
    return await _order(code, {}, done=request.query_params.get("done", ""))


@post("/stock/orders/{code:str}", opt=WRITE, include_in_schema=False, operation_id="ChangeOrder", status_code=303)
async def change_order(request: AnyRequest, code: FromPath[str]) -> Redirect | Template:
    """Correct an order, end it, or open it again."""
    typed = await texts(request)
    action = typed.get("action", "")
    try:
        if action == "end":
            await order_changes.end_order(code, why=typed.get("end_why", ""))
        elif action == "reopen":
            await order_changes.reopen_order(code, why=typed.get("end_why", ""))
        else:
            await order_changes.correct_order(
                code,
                kits=whole(typed.get("kits", "")),
                unit_cents=purchasing.read_cents(typed.get("price", "")),
                title=typed.get("title", ""),
                due_on=_due(typed),
                why=typed.get("why", ""),
            )
    except DomainError as refused:
        if refused.slug in ("order-not-found", "not-allowed"):
            raise
        field = "end_why" if action in ("end", "reopen") else FIELDS.get(refused.slug, "why")
        return await _order(code, typed, {field: sentence_of(refused)})
    return Redirect(f"/stock/orders/{code}", query_params={"done": action or "correct"}, status_code=303)


@post("/stock/orders/{code:str}/batches", opt=WRITE, include_in_schema=False, operation_id="OpenBatch", status_code=303)
async def open_batch(request: AnyRequest, code: FromPath[str]) -> Redirect | Template:
    """A batch has arrived: name it, then scan it."""
    typed = await texts(request)
    try:
        batch = await purchasing.open_batch(
            code,
            name=typed.get("name", ""),
            document=typed.get("document", ""),
            to_check=whole(typed.get("to_check", "") or "0"),
            most_faulty=whole(typed.get("most_faulty", "") or "0"),
        )
    except DomainError as refused:
        if refused.slug in ("order-not-found", "not-allowed"):
            raise
        return await _order(
            code, typed, {"": sentence_of(refused)} if refused.slug == "order-ended" else {"name": sentence_of(refused)}
        )
    return Redirect(f"/stock/batches/{batch}", status_code=303)


ROUTES: list[ControllerRouterHandler] = [
    orders_page,
    export_orders,
    place_order,
    order_page,
    change_order,
    open_batch,
]

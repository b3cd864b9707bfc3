"""Pages of purchasing: orders with what has come of them, and a batch that comes in by scanner, camera or keyboard."""

from datetime import date
from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Stream, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError
from stem_logistics.inventory import acceptance, definitions, purchasing
from stem_logistics.inventory.words import FUNDING_WORDS, TITLE_WORDS
from stem_logistics.web.exports import Column, export_response
from stem_logistics.web.i18n import _, current_locale
from stem_logistics.web.sentences import sentence_of

AnyRequest = Request[Any, Any, Any]
READ = {"permission": Permission.PURCHASING_READ}
WRITE = {"permission": Permission.STOCK_WRITE}
COLUMNS = (
    Column("order", _("Order")),
    Column("contract", _("Contract")),
    Column("supplier", _("Supplier")),
    Column("funding", _("Paid from")),
    Column("funding_reference", _("Reference")),
    Column("kit", _("Kind")),
    Column("ordered", _("Ordered")),
    Column("received", _("Received")),
    Column("rejected", _("Rejected")),
    Column("outstanding", _("Outstanding")),
    Column("unit_cents", _("Price of one, in cents")),
    Column("value_cents", _("Value, in cents")),
    Column("title", _("Title")),
    Column("due_on", _("Due")),
)


async def _orders(typed: dict[str, str], error: str = "") -> Template:
    context = {
        "orders": await purchasing.list_orders(),
        "definitions": await definitions.definition_titles(),
        "funding": list(FUNDING_WORDS.items()),
        "titles": list(TITLE_WORDS.items()),
        "typed": typed,
        "error": error,
    }
    return Template("inventory/orders.html", context=context, status_code=422 if error else 200)


@get("/stock/orders", opt=READ, include_in_schema=False, operation_id="OrdersPage")
async def orders_page(request: AnyRequest) -> Template:
    """The orders: ordered, received, rejected, outstanding."""
    return await _orders({})


@get("/stock/orders/export", opt=READ, include_in_schema=False, operation_id="ExportOrders")
async def export_orders(request: AnyRequest) -> Stream:
    """Every order as a file, for the books."""
    chosen = request.query_params.get("format", "csv")
    rows = [
        (
            row["code"],
            row["contract"],
            row["supplier"],
            str(FUNDING_WORDS[row["funding"]]),
            row["funding_reference"],
            row[f"title_{current_locale.get()}"],
            *(row[name] for name in ("ordered", "received", "rejected", "outstanding", "unit_cents", "value_cents")),
            str(TITLE_WORDS[row["title"]]),
            row["due_on"],
        )
        for row in await purchasing.list_orders()
    ]
    file_format = chosen if chosen in ("csv", "xlsx", "json") else "csv"
    return export_response(file_format, "orders", COLUMNS, rows)  # type: ignore[arg-type]


def _whole(typed: str) -> int:
    text = typed.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 7 else -1


@post("/stock/orders", opt=WRITE, include_in_schema=False, operation_id="PlaceOrder", status_code=303)
async def place_order(request: AnyRequest) -> Redirect | Template:
    """Enter an order; nothing typed is lost where something is wrong."""
    typed = {name: str(value)[:200] for name, value in (await request.form()).items()}
    try:
        due = date.fromisoformat(typed["due_on"]) if typed.get("due_on") else None
    except ValueError:
        return await _orders(typed, str(_("Give the day as 31/12/2026, or leave it out.")))
    try:
        code = await purchasing.place_order(
            contract=typed.get("contract", ""),
            supplier=typed.get("supplier", ""),
            funding=typed.get("funding", ""),
            funding_reference=typed.get("funding_reference", ""),
            definition=typed.get("definition", ""),
            kits=_whole(typed.get("kits", "")),
            unit_cents=purchasing.read_cents(typed.get("price", "")),
            title=typed.get("title", ""),
            due_on=due,
        )
    except DomainError as refused:
        return await _orders(typed, sentence_of(refused))
    return Redirect(f"/stock/orders/{code}", status_code=303)


async def _order(code: str, typed: dict[str, str], error: str = "") -> Template:
    order = await purchasing.get_order(code)
    context = {"order": order, "funding": FUNDING_WORDS, "titles": TITLE_WORDS, "typed": typed, "error": error}
    return Template("inventory/order.html", context=context, status_code=422 if error else 200)


@get("/stock/orders/{code:str}", opt=READ, include_in_schema=False, operation_id="OrderPage")
async def order_page(request: AnyRequest, code: FromPath[str]) -> Template:
    """One order and the batches in which it arrives."""
    return await _order(code, {})


@post("/stock/orders/{code:str}/batches", opt=WRITE, include_in_schema=False, operation_id="OpenBatch", status_code=303)
async def open_batch(request: AnyRequest, code: FromPath[str]) -> Redirect | Template:
    """A batch has arrived: name it, then scan it."""
    typed = {name: str(value)[:200] for name, value in (await request.form()).items()}
    try:
        batch = await purchasing.open_batch(
            code,
            name=typed.get("name", ""),
            document=typed.get("document", ""),
            to_check=_whole(typed.get("to_check", "") or "0"),
            most_faulty=_whole(typed.get("most_faulty", "") or "0"),
        )
    except DomainError as refused:
        return await _order(code, typed, sentence_of(refused))
    return Redirect(f"/stock/batches/{batch}", status_code=303)


async def _batch(
    code: str,
    *,
    error: str = "",
    typed: str = "",
    suggestion: str = "",
    done: str = "",
    form: dict[str, str] | None = None,
    where: str = "serial",
) -> Template:
    context = {
        "batch": await purchasing.get_batch(code),
        "errors": {where: error} if error else {},
        "typed": typed,
        "suggestion": suggestion,
        "done": done,
        "form": form or {},
        "instead": "instead" in (form or {}),
    }
    return Template("inventory/batch.html", context=context, status_code=422 if error else 200)


def _field(action: str, refused: DomainError) -> str:
    """The field beside which a refusal belongs: that of the form which was sent."""
    if refused.slug == "order-surplus":
        return "surplus"
    if action == "draw" or refused.slug in ("batch-decided", "batch-sampled", "order-ended"):
        return ""  # the fields are gone
    if action in ("accept", "reject-all"):
        return "decided_why"
    if action.startswith("replace-"):
        return action
    if action == "reject":
        return "why" if refused.slug == "reason-missing" else "kit"
    return "serial"


@get("/stock/batches/{code:str}", opt=READ, include_in_schema=False, operation_id="BatchPage")
async def batch_page(request: AnyRequest, code: FromPath[str]) -> Template:
    """A batch: one field that a scanner fills, what is scanned, what has come in, what was checked."""
    return await _batch(code, done=request.query_params.get("done", ""))


@post("/stock/batches/{code:str}", opt=WRITE, include_in_schema=False, operation_id="ChangeBatch", status_code=303)
async def change_batch(request: AnyRequest, code: FromPath[str]) -> Redirect | Template:
    """Take a scan, forget the last one, receive the complete kits, draw the sample, decide, or reject a kit."""
    form = {name: str(value)[:300] for name, value in (await request.form()).items()}
    action = form.get("action", "scan")
    typed = form.get("serial", "")
    try:
        if action == "undo":
            await purchasing.undo_scan(code)
        elif action == "receive":
            await purchasing.receive_scanned(code, surplus="surplus" in form)
        elif action == "draw":
            await acceptance.draw_sample(code)
        elif action.startswith("replace-"):
            await acceptance.replace_drawn(
                code, _whole(action.removeprefix("replace-")), why=form.get("replaced_why", "")
            )
        elif action in ("accept", "reject-all"):
            await acceptance.decide(code, accept=action == "accept", why=form.get("decided_why", ""))
        elif action == "reject":
            await acceptance.reject(code, form.get("kit", ""), why=form.get("why", ""))
        else:
            # the suggestion may be taken by one key, or the number kept as it stands
            await purchasing.scan(code, typed, sure=action == "keep", instead="instead" in form)
    except DomainError as refused:
        if refused.slug in ("purchase-batch-not-found", "not-allowed"):
            raise
        suggestion = str(refused.params.get("suggestion", ""))
        return await _batch(
            code,
            error=sentence_of(refused),
            typed=typed if suggestion else "",
            suggestion=suggestion,
            form=form,
            where=_field(action, refused),
        )
    return Redirect(f"/stock/batches/{code}", query_params={"done": action}, status_code=303)


ROUTES: list[ControllerRouterHandler] = [
    orders_page,
    export_orders,
    place_order,
    order_page,
    open_batch,
    batch_page,
    change_batch,
]

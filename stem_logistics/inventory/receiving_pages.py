"""The page on which kits come in from a supplier."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request, get, post
from litestar.datastructures import UploadFile
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError, FieldErrors, Invalid
from stem_logistics.inventory import as_of, definitions, receiving
from stem_logistics.inventory.lists import text_of_list
from stem_logistics.inventory.rules import MOST_KITS
from stem_logistics.web.formats import today
from stem_logistics.web.i18n import Text, _, current_locale
from stem_logistics.web.sentences import sentence, sentence_of

AnyRequest = Request[Any, Any, Any]
WRITE = {"permission": Permission.STOCK_WRITE}
LARGEST_LIST = 2_000_000
# The field beside which a refusal belongs.
FIELDS = {
    **dict.fromkeys(("arrival-to-come", "period-closed", "as-of-date-unusable"), "arrived"),
    **dict.fromkeys(("batch-decided", "batch-sampled", "order-ended"), "batch"),
    "order-surplus": "surplus",
}


@dataclass(frozen=True, slots=True)
class Named:
    """A fault of a list, and the kit at which it has to be looked for, if there is one."""

    text: Text
    kit: str = ""


async def _form(typed: dict[str, Any], errors: dict[str, Text], faults: Sequence[Named] = ()) -> Template:
    offered = [row for row in await definitions.list_definitions() if row["active"]]
    language = current_locale.get()
    swaps = {
        line["slug"]: _(
            "%(substitute)s came instead of: %(item)s",
            item=line[f"name_{language}"],
            substitute=line[f"substitute_{language}"],
        )
        for row in offered
        for line in row["lines"]
        if line["substitute"] and not line["serialised"]
    }
    context = {
        "definitions": offered,
        "swaps": list(swaps.items()),
        "typed": typed,
        "errors": errors,
        "faults": faults,
        "key": typed.get("key") or secrets.token_urlsafe(12),
        "today": today().isoformat(),
    }
    return Template("inventory/receive.html", context=context, status_code=422 if errors else 200)


@get("/stock/receive", opt=WRITE, include_in_schema=False, operation_id="ReceiveStockForm")
async def receive_form(request: AnyRequest) -> Template:
    """The form: which kits, how many, their serial numbers."""
    known = ("definition", "batch", "document")
    return await _form({name: request.query_params.get(name, "")[:80] for name in known}, {})


@post("/stock/receive", opt=WRITE, include_in_schema=False, operation_id="ReceiveStock", status_code=303)
async def receive(request: AnyRequest) -> Redirect | Template:
    """Take the kits in, all or none; each fault of the list is named by its row, and nothing typed is lost."""
    form = await request.form()
    typed: dict[str, Any] = {
        name: str(form.get(name, ""))
        for name in ("definition", "count", "batch", "document", "arrived", "serials", "key", "sure")
    }
    typed["surplus"] = "surplus" in form
    typed["instead"] = [str(each) for each in form.getall("instead", [])]
    typed["key"] = typed["key"] or secrets.token_urlsafe(12)
    upload = form.get("file")
    if isinstance(upload, UploadFile) and upload.filename:
        content = await upload.read(LARGEST_LIST + 1)
        if len(content) > LARGEST_LIST:
            return await _form(typed, {"file": _("The list is larger than 2 MB. Receive the kits in parts.")})
        # shown in the field from now on, so that it is not lost when something else is wrong
        try:
            typed["serials"] = text_of_list(content)
        except Invalid as refused:
            return await _form(typed, {"file": sentence_of(refused)})
    count = typed["count"].strip()
    if not (count.isascii() and count.isdigit() and len(count) <= 5 and 1 <= int(count) <= MOST_KITS):
        return await _form(typed, {"count": _("Give a whole number from 1 to %(most)s.", most=MOST_KITS)})
    try:
        done = await receiving.receive(
            receiving.Arrival(
                typed["definition"],
                int(count),
                typed["serials"],
                typed["key"],
                typed["batch"],
                typed["document"],
                as_of.read_date(typed["arrived"]) if typed["arrived"].strip() else None,
                frozenset(typed["instead"]),
                sure=bool(typed["sure"]),
                surplus=typed["surplus"],
            )
        )
    except FieldErrors as refused:
        named = [Named(sentence(e["slug"], e["params"]), str(e["params"].get("kit", ""))) for e in refused.errors]
        typed["odd"] = refused.slug == "serials-look-odd"
        if refused.slug == "serials-faulty" and len(named) == 1:
            return await _form(typed, {"serials": named[0].text})
        return await _form(typed, {"serials": sentence_of(refused)}, named)
    except DomainError as refused:
        return await _form(typed, {FIELDS.get(refused.slug, "definition"): sentence_of(refused)})
    if isinstance(done, int):
        return Redirect(f"/jobs/{done}", status_code=303)
    target = {"batch": typed["batch"].strip()} if typed["batch"].strip() else {"q": done[0]} if len(done) == 1 else {}
    return Redirect("/stock/kits", query_params=target, status_code=303)


ROUTES: list[ControllerRouterHandler] = [receive_form, receive]

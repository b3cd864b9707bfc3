"""The page of what lies loose in the store: what is there, what comes, what ends."""

import secrets
from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError, FieldErrors
from stem_logistics.inventory import definitions, loose
from stem_logistics.inventory.as_of import read_date
from stem_logistics.web.formats import today
from stem_logistics.web.i18n import Text, _, current_locale
from stem_logistics.web.sentences import sentence, sentence_of

AnyRequest = Request[Any, Any, Any]
READ = {"permission": Permission.STOCK_READ}
WRITE = {"permission": Permission.STOCK_WRITE}
DONE = {
    "receive": _("It is in the store."),
    "end": _("It is written off."),
    "apart": _("The pieces lie loose in the store; the kit lacks them."),
}


def whole_number(typed: str) -> int:
    """A number of pieces as it was typed; 0 for what is none, which every use of it refuses."""
    text = typed.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0


async def _page(
    done: str = "", error: Text = "", faults: list[Text] | None = None, typed: dict[str, str] | None = None
) -> Template:
    items = [(row["slug"], row[f"name_{current_locale.get()}"]) for row in await definitions.list_items()]
    context = {
        "rows": await loose.in_store(),
        "items": items,
        "today": today(),
        "key": (typed or {}).get("key") or secrets.token_urlsafe(12),
        "done": DONE.get(done, ""),
        "error": error,
        "faults": faults or [],
        "typed": typed or {},
    }
    return Template("inventory/loose.html", context=context, status_code=422 if error else 200)


@get("/stock/loose", opt=READ, include_in_schema=False, operation_id="LooseStockPage")
async def loose_page(request: AnyRequest) -> Template:
    """What lies loose in the store."""
    return await _page(request.query_params.get("done", ""))


@post("/stock/loose/{step:str}", opt=WRITE, include_in_schema=False, operation_id="ActOnLooseStock", status_code=303)
async def act(request: AnyRequest, step: FromPath[str]) -> Redirect | Template:
    """Receive, write off, or take out of a kit."""
    form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    # the three forms of the page have fields of their own
    mine = {name.removeprefix(f"{step}_"): value for name, value in form.items() if name.startswith(f"{step}_")}
    item, serial, why = mine.get("item", ""), mine.get("serial", ""), mine.get("why", "")
    count = whole_number(mine.get("quantity", ""))
    try:
        if step == "end":
            where, document = mine.get("where", ""), mine.get("document", "")
            await loose.end(item, count, serial, where, document=document, why=why)
        elif step == "apart":
            await loose.take_out_of_kit(mine.get("kit", ""), item, count, serial, why=why)
        else:
            step = "receive"
            day = read_date(form["day"]) if form.get("day", "").strip() else None
            given = loose.Incoming(
                form.get("item", ""),
                whole_number(form.get("quantity", "")),
                form.get("serials", "").splitlines(),
                document=form.get("document", ""),
                day=day,
            )
            await loose.receive(given, key=form.get("key") or secrets.token_urlsafe(12))
    except FieldErrors as refused:
        named: list[Text] = [sentence(each["slug"], each["params"]) for each in refused.errors]
        return await _page(error=sentence_of(refused), faults=named, typed={**form, "step": step})
    except DomainError as refused:
        return await _page(error=sentence_of(refused), typed={**form, "step": step})
    return Redirect("/stock/loose", query_params={"done": step}, status_code=303)


ROUTES: list[ControllerRouterHandler] = [loose_page, act]

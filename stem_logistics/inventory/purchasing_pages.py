"""A batch that comes in: by scanner, camera or keyboard; its sample, its acceptance, what goes back."""

import re
from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError
from stem_logistics.inventory import acceptance, purchasing
from stem_logistics.inventory.order_pages import whole
from stem_logistics.web.sentences import sentence_of

AnyRequest = Request[Any, Any, Any]
READ = {"permission": Permission.PURCHASING_READ}
WRITE = {"permission": Permission.STOCK_WRITE}


LONGEST = {"kit": 20_000, "why": 500, "decided_why": 500}


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
    batch = await purchasing.get_batch(code)
    notes = await acceptance.rejections(batch["order_code"])
    context = {
        "batch": batch,
        "notes": [note for note in notes if note["batch_id"] == batch["id"]],
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
    """Take a scan, forget the last one, receive the complete kits, draw the sample, decide, or reject kits."""
    form = {name: str(value)[: LONGEST.get(name, 300)] for name, value in (await request.form()).items()}
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
                code, whole(action.removeprefix("replace-")), why=form.get("replaced_why", "")
            )
        elif action in ("accept", "reject-all"):
            await acceptance.decide(code, accept=action == "accept", why=form.get("decided_why", ""))
        elif action == "reject":
            kits = (each.strip() for each in re.split(r"[\n,;]", form.get("kit", "")))
            await acceptance.reject(code, *filter(None, kits), why=form.get("why", ""))
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


ROUTES: list[ControllerRouterHandler] = [batch_page, change_batch]

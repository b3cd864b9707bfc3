"""A batch that comes in: by scanner, camera or keyboard; its sample, its acceptance, what goes back."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError, FieldErrors
from stem_logistics.inventory import acceptance, as_of, purchasing, scanning
from stem_logistics.inventory.order_pages import whole
from stem_logistics.inventory.serial_rules import serial_key
from stem_logistics.web.formats import today
from stem_logistics.web.sentences import sentence, sentence_of

AnyRequest = Request[Any, Any, Any]
READ = {"permission": Permission.PURCHASING_READ}
WRITE = {"permission": Permission.STOCK_WRITE}


@dataclass(frozen=True, slots=True)
class Named:
    """What is wrong with one serial number: in words, with the kit that has it, and its scan."""

    text: str
    kit: str
    scan_id: int | None


@dataclass(frozen=True, slots=True)
class Said:
    """What a scan did: good (taken), again (scanned before), bad (not taken, and why)."""

    sound: str
    serial: str
    why: str = ""
    suggestion: str = ""


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
    named: Sequence[Named] = (),
    said: Said | None = None,
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
        "also": _also(form) if form else [line["slug"] for line in batch["lines"] if line["item_id"] in batch["also"]],
        "named": named,
        "said": said,
        "today": today().isoformat(),
    }
    return Template("inventory/batch.html", context=context, status_code=422 if error else 200)


def _also(form: Mapping[str, str]) -> list[str]:
    """The optional parts that the kit at hand has, as the form says."""
    return [name.removeprefix("also-") for name in form if name.startswith("also-")]


async def _named(code: str, refused: FieldErrors) -> list[Named]:
    """Each serial number that keeps a batch from being received, with its kit, and the scan that can be forgotten."""
    scans = {(s["item"], serial_key(s["serial_number"])): s["id"] for s in (await purchasing.get_batch(code))["scans"]}
    return [
        Named(
            sentence(each["slug"], each["params"]),
            str(each["params"].get("kit", "")),
            scans.get((each["params"].get("item"), serial_key(str(each["params"].get("serial", ""))))),
        )
        for each in refused.errors
    ]


def _field(action: str, refused: DomainError) -> str:
    """The field beside which a refusal belongs: that of the form which was sent."""
    if refused.slug == "order-surplus":
        return "surplus"
    if refused.slug in ("arrival-to-come", "period-closed", "as-of-date-unusable"):
        return "arrived"
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
            await scanning.undo_scan(code)
        elif action.startswith("remove-"):
            await scanning.remove_scan(code, whole(action.removeprefix("remove-")))
        elif action == "receive":
            arrived = as_of.read_date(form["arrived"]) if form.get("arrived", "").strip() else None
            await scanning.receive_scanned(code, surplus="surplus" in form, arrived=arrived)
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
            await scanning.scan(code, typed, sure=action == "keep", instead="instead" in form, also=_also(form))
    except FieldErrors as refused:
        named = await _named(code, refused)
        return await _batch(code, error=sentence_of(refused), form=form, where="", named=named)
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


@post(
    "/stock/batches/{code:str}/scan", opt=WRITE, include_in_schema=False, operation_id="ScanIntoBatch", status_code=200
)
async def scan_into_batch(request: AnyRequest, code: FromPath[str]) -> Template:
    """A scan of the page's script: what it did is said on the page, in words and by a sound. Sent twice, it counts
    once."""
    form = {name: str(value)[:300] for name, value in (await request.form()).items()}
    serial = form.get("serial", "").strip()
    if form.get("action") == "skip":
        return await _batch(code, form=form)
    try:
        await scanning.scan(
            code, serial, sure=form.get("action") == "keep", instead="instead" in form, also=_also(form)
        )
    except DomainError as refused:
        if refused.slug in ("purchase-batch-not-found", "not-allowed"):
            raise
        sound = "again" if refused.slug == "scan-twice" else "bad"
        said = Said(sound, serial, sentence_of(refused), str(refused.params.get("suggestion", "")))
        return await _batch(code, form=form, said=said)
    return await _batch(
        code, form={name: value for name, value in form.items() if name != "instead"}, said=Said("good", serial)
    )


ROUTES: list[ControllerRouterHandler] = [batch_page, change_batch, scan_into_batch]

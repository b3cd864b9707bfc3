"""The packer's page: one field that a scanner types into, what it said, and the closing of the parcels."""

from decimal import Decimal, InvalidOperation
from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.deliveries import packing, resending, service
from stem_logistics.deliveries.packing import Scanned
from stem_logistics.errors import DomainError, Invalid
from stem_logistics.web.sentences import sentence_of

AnyRequest = Request[Any, Any, Any]
WRITE = {"permission": Permission.DELIVERIES_WRITE}


async def _view(
    code: str, *, said: Scanned | None = None, error: str = "", typed: dict[str, Any] | None = None
) -> Template:
    row = await service.get_consignment(code, Permission.DELIVERIES_WRITE)
    kits = await packing.progress(row["id"])
    inside = await service.contents(row["id"])
    context = {
        "consignment": row,
        "kits": kits,
        "lines": inside["lines"],
        "left": inside["left"],
        "seen": sum(kit["seen"] for kit in kits),
        "missing": packing.missing_of(kits),
        "said": said,
        "why": sentence_of(said.refusal) if said and said.refusal else "",
        "error": error,
        "typed": typed or {},
    }
    return Template("deliveries/packing.html", context=context, status_code=422 if error else 200)


@get("/consignments/{code:str}/packing", opt=WRITE, include_in_schema=False, operation_id="PackingPage")
async def page(request: AnyRequest, code: FromPath[str]) -> Template:
    """What is to go into the parcels, and what was seen going in."""
    return await _view(code)


@post(
    "/consignments/{code:str}/packing/scan",
    opt=WRITE,
    include_in_schema=False,
    operation_id="ScanIntoConsignment",
    status_code=200,
)
async def scan(request: AnyRequest, code: FromPath[str]) -> Template:
    """One scan. The answer is the page itself, so that the next scan can follow without a detour."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    try:
        if form.get("instead_of"):
            await packing.swap(code, form.get("scan", ""), form["instead_of"])
            said = Scanned("good", form.get("scan", ""), form.get("scan", ""))
        else:
            said = await packing.scan(code, form.get("scan", ""))
    except DomainError as refused:
        if refused.status == 404 and refused.slug == "consignment-not-found":
            raise
        said = Scanned("bad", form.get("scan", "")[:40], refusal=refused)
    return await _view(code, said=said)


def grams_of(typed: str) -> int | None:
    """A weight in kilograms as people type it (2,4 or 2.4), in grams; None for nothing. Raises Invalid."""
    text = typed.strip().replace(",", ".").removesuffix("kg").strip()
    if not text:
        return None
    try:
        kilograms = Decimal(text)
    except InvalidOperation:
        raise Invalid("weight-unreadable", weight=typed[:20]) from None
    if not kilograms.is_finite() or not 0 < kilograms <= 2_000:
        raise Invalid("weight-out-of-range", most=service.HEAVIEST_GRAMS // 1000)
    return int(kilograms * 1000)


@post(
    "/consignments/{code:str}/packing/close",
    opt=WRITE,
    include_in_schema=False,
    operation_id="CloseParcels",
    status_code=303,
)
async def close(request: AnyRequest, code: FromPath[str]) -> Redirect | Template:
    """The parcels are closed; their papers can be printed."""
    given = await request.form()
    form: dict[str, Any] = {name: str(value) for name, value in given.items()}
    form["tick"] = [int(each) for each in map(str, given.getall("tick", [])) if each.isdecimal() and len(each) < 19]
    parcels = form.get("parcels", "").strip()
    try:
        await packing.close(
            code,
            parcels=int(parcels) if parcels.isascii() and parcels.isdigit() and len(parcels) < 4 else 0,
            weight_grams=grams_of(form.get("weight", "")),
            courier=form.get("courier", ""),
            tracking_number=form.get("tracking_number", ""),
            document=form.get("document", ""),
            ticked=form["tick"],
            why_unscanned=form.get("why_unscanned", ""),
        )
    except DomainError as refused:
        if refused.status == 404:
            raise
        return await _view(code, error=sentence_of(refused), typed=form)
    return Redirect(f"/consignments/{code}", query_params={"done": "packed"}, status_code=303)


@post(
    "/consignments/{code:str}/packing/take-out",
    opt=WRITE,
    include_in_schema=False,
    operation_id="TakeDeviceOut",
    status_code=303,
)
async def take_out(request: AnyRequest, code: FromPath[str]) -> Redirect | Template:
    """A device that was scanned in to be sent again goes back to the store."""
    try:
        await resending.take_out(code, str((await request.form()).get("serial", "")))
    except DomainError as refused:
        return await _view(code, error=sentence_of(refused))
    return Redirect(f"/consignments/{code}/packing", status_code=303)


ROUTES: list[ControllerRouterHandler] = [page, scan, take_out, close]

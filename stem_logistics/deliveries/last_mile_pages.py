"""Pages of the last mile: what comes to a stop and what it holds, signing for it, the stops, a consignment's way."""

from typing import Any

from litestar import Request, Response, get, post, route
from litestar.enums import HttpMethod
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.deliveries import last_mile
from stem_logistics.deliveries.hand_over_paper import hand_over_paper
from stem_logistics.deliveries.receipt_pages import pdf_response
from stem_logistics.deliveries.staff_pages import consignment_view
from stem_logistics.errors import DomainError
from stem_logistics.registry import service as registry
from stem_logistics.web.i18n import LazyText, _, current_locale
from stem_logistics.web.sentences import sentence_of

AnyRequest = Request[Any, Any, Any]
READ = {"permission": Permission.DELIVERIES_READ}
WRITE = {"permission": Permission.DELIVERIES_WRITE}
SIGN = {"permission": Permission.HAND_OVER}
LINK = {"permission": Permission.LINK_HAND_OVER}
READING = [HttpMethod.GET, HttpMethod.HEAD]
KIND_WORDS: dict[str, LazyText] = {"regional-store": _("Regional store"), "ambassador": _("Ambassador")}


async def _parcels(
    address: str, *, public: bool, done: str = "", error: str = "", typed: dict[str, Any] | None = None
) -> Template:
    context = {
        "stops": await last_mile.my_stops(),
        "kinds": KIND_WORDS,
        "address": address,
        "done": done,
        "error": error,
        "typed": typed or {},
        "frame": "public.html" if public else "base.html",
    }
    return Template("deliveries/last_mile.html", context=context, status_code=422 if error else 200)


async def _sign(request: AnyRequest, address: str, *, public: bool) -> Redirect | Template:
    form = await request.form()
    typed: dict[str, Any] = {name: str(form.get(name, ""))[:600] for name in ("name", "post", "remark")}
    typed["codes"] = [str(each)[:20] for each in form.getall("codes", [])]
    try:
        await last_mile.take_over(typed["codes"], name=typed["name"], post=typed["post"], remark=typed["remark"])
    except DomainError as refused:
        return await _parcels(address, public=public, error=sentence_of(refused), typed=typed)
    return Redirect(address, query_params={"done": "signed"}, status_code=303)


@get("/last-mile", opt=SIGN, include_in_schema=False, operation_id="LastMilePage")
async def page(request: AnyRequest) -> Template:
    """What comes to the stops that the reader sees, and what they hold."""
    return await _parcels("/last-mile", public=False, done=request.query_params.get("done", ""))


@post("/last-mile", opt=SIGN, include_in_schema=False, operation_id="SignForParcels", status_code=303)
async def sign(request: AnyRequest) -> Redirect | Template:
    """Sign for what has come."""
    return await _sign(request, "/last-mile", public=False)


@route("/h/{token:str}", http_method=READING, opt=LINK, include_in_schema=False, operation_id="StopPage")
async def link_page(request: AnyRequest, token: FromPath[str]) -> Template:
    """The same for whoever has the link of the mail. Opening it changes nothing."""
    return await _parcels(f"/h/{token}", public=True, done=request.query_params.get("done", ""))


@post("/h/{token:str}", opt=LINK, include_in_schema=False, operation_id="SignForParcelsByLink", status_code=303)
async def link_sign(request: AnyRequest, token: FromPath[str]) -> Redirect | Template:
    """Sign for what has come, by the link of the mail."""
    return await _sign(request, f"/h/{token}", public=True)


@get("/h/{token:str}/paper/{code:str}", opt=LINK, include_in_schema=False, operation_id="HandOverPaperByLink")
async def link_paper(token: FromPath[str], code: FromPath[str]) -> Response[bytes]:
    """The paper by which a stop hands parcels over, for its own link."""
    name, content = await hand_over_paper(code)
    return pdf_response(content, name)


@get("/last-mile/paper/{code:str}", opt=SIGN, include_in_schema=False, operation_id="HandOverPaper")
async def paper(code: FromPath[str]) -> Response[bytes]:
    """The same for whoever signs in."""
    name, content = await hand_over_paper(code)
    return pdf_response(content, name)


@get("/consignments/{code:str}/hand-over.pdf", opt=READ, include_in_schema=False, operation_id="ConsignmentHandOver")
async def consignment_paper(code: FromPath[str]) -> Response[bytes]:
    """The same from the consignment's page."""
    name, content = await hand_over_paper(code)
    return pdf_response(content, name)


async def _stops(request: AnyRequest, *, error: str = "", typed: dict[str, str] | None = None) -> Template:
    language = current_locale.get()
    context = {
        "stops": await last_mile.list_stops(),
        "kinds": KIND_WORDS,
        "regions": [
            (each.code, each.name_el if language == "el" else each.name_en)
            for each in await registry.regions(request.scope["user"])
        ],
        "planned": request.query_params.get("planned", "") if request.method == "GET" else "",
        "error": error,
        "typed": typed or {},
    }
    return Template("deliveries/stops.html", context=context, status_code=422 if error else 200)


@get("/consignments/stops", opt=READ, include_in_schema=False, operation_id="StopsPage")
async def stops_page(request: AnyRequest) -> Template:
    """Regional stores and ambassadors, with what each holds."""
    return await _stops(request)


@post("/consignments/stops", opt=WRITE, include_in_schema=False, operation_id="AddStop", status_code=303)
async def add_stop(request: AnyRequest) -> Redirect | Template:
    """Add one, or offer one no more."""
    typed = {name: str(value)[:300] for name, value in (await request.form()).items()}
    try:
        if typed.get("all"):
            count = await last_mile.plan_region(typed["all"])
            return Redirect("/consignments/stops", query_params={"planned": str(count)}, status_code=303)
        if typed.get("retire") or typed.get("offer"):
            await last_mile.set_active(typed.get("retire") or typed["offer"], bool(typed.get("offer")))
        else:
            await last_mile.add_stop(
                typed.get("kind", ""),
                typed.get("region", ""),
                title=typed.get("title", ""),
                email=typed.get("email", ""),
                phone=typed.get("phone", ""),
                address=typed.get("address", ""),
                account=typed.get("account", ""),
            )
    except DomainError as refused:
        return await _stops(request, error=sentence_of(refused), typed=typed)
    return Redirect("/consignments/stops", status_code=303)


@post("/consignments/{code:str}/way", opt=WRITE, include_in_schema=False, operation_id="PlanWay", status_code=303)
async def way(request: AnyRequest, code: FromPath[str]) -> Redirect | Template:
    """Say through whose hands it goes, or that it goes straight to the school now."""
    form = {name: str(value)[:600] for name, value in (await request.form()).items()}
    try:
        if "straight" in form:
            await last_mile.go_straight(code, why=form.get("why_straight", ""))
        else:
            await last_mile.plan_way(code, [form[name] for name in ("stop-1", "stop-2", "stop-3") if form.get(name)])
    except DomainError as refused:
        return await consignment_view(code, error=sentence_of(refused), typed=form)
    return Redirect(f"/consignments/{code}", query_params={"done": "way"}, status_code=303)


ROUTES: list[ControllerRouterHandler] = [
    page,
    sign,
    paper,
    link_page,
    link_sign,
    link_paper,
    consignment_paper,
    stops_page,
    add_stop,
    way,
]

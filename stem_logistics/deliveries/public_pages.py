"""Pages that anybody may open: the one a parcel's QR code leads to, and the one that verifies a protocol."""

from typing import Any

from litestar import Request, Response, get, post, route
from litestar.enums import HttpMethod
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts import links
from stem_logistics.accounts.policy import Permission
from stem_logistics.deliveries import protocols, service
from stem_logistics.deliveries.documents import protocol
from stem_logistics.errors import DomainError, Gone, Invalid, TooMany
from stem_logistics.web.security import client_address
from stem_logistics.web.sentences import sentence_of

AnyRequest = Request[Any, Any, Any]
PUBLIC = {"permission": Permission.PUBLIC}


def _identified(consignment: dict[str, Any], *, typed: str = "", error: str = "", status: int = 200) -> Template:
    context = {
        "code": consignment["code"],
        "typed": typed,
        "errors": {"code": error} if error else {},
        "cancelled_at": consignment["cancelled_at"],
    }
    return Template("deliveries/identify.html", context=context, status_code=status)


@route(
    "/c/{code:str}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    opt=PUBLIC,
    include_in_schema=False,
    operation_id="IdentifyPage",
)
async def identify_page(request: AnyRequest, code: FromPath[str]) -> Template:
    """Which consignment a parcel belongs to, and no more: whoever carries it can read its code too."""
    consignment = await service.identify(code)
    return _identified(consignment)


@post("/c/{code:str}", opt=PUBLIC, include_in_schema=False, operation_id="TypeReceiptCode", status_code=303)
async def type_code(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    """The code of the school's mail leads to its form; attempts are limited."""
    consignment = await service.identify(code)
    if consignment["cancelled_at"]:
        return _identified(consignment, status=409)
    typed = str((await request.form()).get("code", ""))[:40]
    try:
        principal = await links.principal_of_code(consignment["id"], typed, origin=client_address(request))
        token = await links.token_after_code(principal, consignment["code"])
    except (Invalid, TooMany, Gone) as refused:
        return _identified(consignment, typed=typed, error=sentence_of(refused), status=refused.status)
    return Redirect(f"/r/{token}", status_code=303)


@get(
    ["/v/{code:str}", "/v/{code:str}/{verification:str}"],
    opt=PUBLIC,
    include_in_schema=False,
    operation_id="VerifyProtocolPage",
)
async def verify_page(request: AnyRequest, code: FromPath[str], verification: FromPath[str | None] = None) -> Template:
    """Whether a protocol on paper says what the register says."""
    given = (verification or str(request.query_params.get("check", "")))[:40]
    context: dict[str, Any] = {"code": code, "given": given, "found": None, "error": ""}
    status = 200
    try:
        found = await protocols.verified(code, given)
        # without the code of the paper nothing is told: numbers could be tried one after the other
        context["found"] = found if given else None
        context["said"] = said = protocol.said(found["protocol"])
        context["receiver"] = f"{said['receiver']['name']}, {said['receiver']['post']}"
        context["members"] = [
            ", ".join(word for word in (member["name"], member["post"], member["when"]) if word)
            for member in said["members"]
        ]
    except DomainError as refused:
        context["error"], status = sentence_of(refused), refused.status
    return Template("deliveries/verify.html", context=context, status_code=status)


ROUTES: list[ControllerRouterHandler] = [identify_page, type_code, verify_page]

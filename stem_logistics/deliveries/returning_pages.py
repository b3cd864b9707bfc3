"""Staff's page for what comes back: scanned or ticked, all of it or a part, and what is lost, with a reason."""

from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.deliveries import returning
from stem_logistics.deliveries.staff_pages import consignment_view
from stem_logistics.errors import Conflict, DomainError
from stem_logistics.web.i18n import LazyText, _
from stem_logistics.web.sentences import sentence_of

AnyRequest = Request[Any, Any, Any]
WRITE = {"permission": Permission.DELIVERIES_WRITE}
CAME: tuple[tuple[str, LazyText], ...] = (
    ("all", _("All of it came back")),
    ("part", _("Only what I scan or tick below")),
)
REST: tuple[tuple[str, LazyText], ...] = (
    ("awaited", _("It is still awaited")),
    ("lost", _("It is lost")),
)


async def _view(code: str, *, error: str = "", typed: dict[str, Any] | None = None) -> Template:
    consignment, pieces, part = await returning.awaited(code)
    context = {
        "consignment": consignment,
        "pieces": pieces,
        "part": part,
        "came": CAME,
        "rest": REST,
        "error": error,
        "typed": typed or {},
    }
    return Template("deliveries/return.html", context=context, status_code=422 if error else 200)


@get("/consignments/{code:str}/return", opt=WRITE, include_in_schema=False, operation_id="ReturnPage")
async def page(request: AnyRequest, code: FromPath[str]) -> Template:
    """What is to come back, to be scanned or ticked."""
    try:
        return await _view(code)
    except Conflict as refused:
        return await consignment_view(code, error=sentence_of(refused))


@post(
    "/consignments/{code:str}/return", opt=WRITE, include_in_schema=False, operation_id="ConfirmReturn", status_code=303
)
async def confirm(request: AnyRequest, code: FromPath[str]) -> Redirect | Template:
    """Confirm what came back."""
    form = await request.form()
    typed: dict[str, Any] = {name: str(value) for name, value in form.items()}
    typed["piece"] = [str(each) for each in form.getall("piece", [])]
    try:
        done = await _confirm(code, typed)
    except DomainError as refused:
        if refused.status == 404:
            raise
        if isinstance(refused, Conflict):
            return await consignment_view(code, error=sentence_of(refused))
        return await _view(code, error=sentence_of(refused), typed=typed)
    said = "returned" if done else "returned-in-part"
    return Redirect(f"/consignments/{code}", query_params={"done": said}, status_code=303)


async def _confirm(code: str, typed: dict[str, Any]) -> bool:
    came: dict[str, int] | None = None
    if typed.get("came") == "part":
        _consignment, pieces, _part = await returning.awaited(code)
        came = {piece["key"]: _count(piece, typed) for piece in pieces}
        came |= returning.scanned(pieces, typed.get("scans", ""))
    seen = typed.get("part", "")
    return await returning.confirm(
        code,
        came,
        rest_is_lost=typed.get("rest") == "lost",
        why=typed.get("why", ""),
        seen_part=int(seen) if seen.isdecimal() and len(seen) < 6 else None,
    )


def _count(piece: dict[str, Any], typed: dict[str, Any]) -> int:
    """How many of a piece were ticked or counted; more than can be, where it is no number, which is refused."""
    if piece["device_id"] is not None or piece["quantity"] == 1:
        return int(piece["key"] in typed["piece"])
    text = typed.get(f"count-{piece['key']}", "").strip()
    if not text:
        return 0
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else int(piece["quantity"]) + 1


ROUTES: list[ControllerRouterHandler] = [page, confirm]

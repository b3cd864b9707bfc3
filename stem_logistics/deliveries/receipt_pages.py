"""The school's pages behind the link of its mail: what is awaited, the confirmation, the protocol. For telephones."""

from typing import Any

from litestar import Request, Response, get, post, route
from litestar.enums import HttpMethod
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.deliveries import paper_receipts, receipt_steps, receipts, signing
from stem_logistics.deliveries.photos import LARGEST_FORM_BYTES
from stem_logistics.errors import Conflict, DomainError
from stem_logistics.inventory import service as stock
from stem_logistics.web.forms import once, texts
from stem_logistics.web.i18n import Text
from stem_logistics.web.sentences import sentence_of

AnyRequest = Request[Any, Any, Any]
LINK = {"permission": Permission.LINK_RECEIPT}
READING = [HttpMethod.GET, HttpMethod.HEAD]


async def _front(token: str, awaited: dict[str, Any], *, notice: Text = "", status: int = 200) -> Template:
    lines = awaited["lines"]
    context = {
        **awaited,
        "token": token,
        "notice_text": notice,
        "papers": await paper_receipts.open_of(awaited["consignment"]["id"]),
        "open_pieces": sum(line.outstanding for line in lines),
    }
    return Template("deliveries/receipt.html", context=context, status_code=status)


@route("/r/{token:str}", http_method=READING, opt=LINK, include_in_schema=False, operation_id="ReceiptPage")
async def receipt_page(request: AnyRequest, token: FromPath[str]) -> Template:
    """What was sent, what is still to be confirmed, what was confirmed. Opening it changes nothing."""
    return await _front(token, await receipts.awaited())


@get("/r/{token:str}/lines", opt=LINK, include_in_schema=False, operation_id="ReceiptLinesPage")
async def lines_page(request: AnyRequest, token: FromPath[str]) -> Template | Redirect:
    """First step: which lines have a problem. No answer is asked for those that arrived in order."""
    return receipt_steps.lines(f"/r/{token}", await receipts.awaited())


@get("/r/{token:str}/confirm", opt=LINK, include_in_schema=False, operation_id="ReceiptForm")
async def form_page(request: AnyRequest, token: FromPath[str]) -> Template | Redirect:
    """Second step: the details of the lines with a problem (none: everything arrived in order), name and role."""
    return receipt_steps.form(request, f"/r/{token}", await receipts.awaited())


@post(
    "/r/{token:str}/confirm",
    opt=LINK,
    include_in_schema=False,
    operation_id="ConfirmReceipt",
    status_code=303,
    request_max_body_size=LARGEST_FORM_BYTES,
)
async def confirm(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """Confirm. A fault is told beside its field with everything typed kept; sent twice, it counts once."""
    awaited = await receipts.awaited()
    try:
        answer = await receipt_steps.confirm(request, f"/r/{token}", awaited)
    except Conflict as refused:
        # nothing is left to confirm: what there is now, and why
        return await _front(token, await receipts.awaited(), notice=sentence_of(refused), status=409)
    return answer if isinstance(answer, Template) else Redirect(f"/r/{token}/done/{answer}", status_code=303)


@get("/r/{token:str}/done/{code:str}", opt=LINK, include_in_schema=False, operation_id="ReceiptDonePage")
async def done_page(request: AnyRequest, token: FromPath[str], code: FromPath[str]) -> Template:
    """Thank you: the protocol's number, the file, where it was mailed, and what is still to come."""
    receipt = await signing.to_sign(code)
    awaited = await receipts.awaited()
    context = {
        **awaited,
        "token": token,
        "receipt": receipt,
        "open_pieces": sum(line.outstanding for line in awaited["lines"]),
    }
    return Template("deliveries/receipt_done.html", context=context)


@get(
    "/r/{token:str}/protocol/{code:str}",
    opt=LINK,
    include_in_schema=False,
    operation_id="DownloadProtocolByLink",
    media_type="application/pdf",
)
async def protocol(request: AnyRequest, token: FromPath[str], code: FromPath[str]) -> Response[bytes]:
    """The hand-over protocol."""
    receipt, content = await receipts.protocol_file(code)
    return pdf_response(content, f"protokollo-{receipt['protocol_number'].replace('/', '-')}")


def pdf_response(content: bytes, name: str) -> Response[bytes]:
    """A PDF that the browser shows, with a name to save it under."""
    headers = {"content-disposition": f'inline; filename="{name}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


@get("/r/{token:str}/kits", opt=LINK, include_in_schema=False, operation_id="SchoolKitsPage")
async def kits_page(request: AnyRequest, token: FromPath[str]) -> Template:
    """The kits that the school has, with their parts and serial numbers."""
    awaited = await receipts.awaited()
    kits = await stock.kits_at_institution(awaited["consignment"]["institution_id"])
    return Template("deliveries/school_kits.html", context={**awaited, "token": token, "school_kits": kits})


@get("/r/{token:str}/sign/{code:str}", opt=LINK, include_in_schema=False, operation_id="MemberPage")
async def member_page(request: AnyRequest, token: FromPath[str], code: FromPath[str]) -> Template:
    """A member of the committee reads the protocol and says yes."""
    return await _member_view(token, code)


async def _member_view(
    token: str,
    code: str,
    *,
    errors: dict[str, Text] | None = None,
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> Template:
    receipt = await signing.to_sign(code)
    context = {
        **await receipts.awaited(),
        "token": token,
        "receipt": receipt,
        "errors": errors or {},
        "typed": typed or {},
    }
    return Template("deliveries/member.html", context=context, status_code=status)


@post(
    "/r/{token:str}/sign/{code:str}", opt=LINK, include_in_schema=False, operation_id="MemberConfirms", status_code=303
)
async def member_confirms(request: AnyRequest, token: FromPath[str], code: FromPath[str]) -> Redirect | Template:
    """The member's own confirmation: the name typed, or also drawn."""
    typed = await texts(request)
    position = typed.get("member", "")
    try:
        number = int(position) if position in ("1", "2", "3") else 0
        await once(
            request, typed, lambda: signing.member_confirms(code, number, typed.get("name", ""), typed.get("drawn", ""))
        )
    except DomainError as refused:
        if refused.status == 404:
            raise
        return await _member_view(token, code, errors={"name": sentence_of(refused)}, typed=typed, status=422)
    return Redirect(f"/r/{token}/done/{code}", status_code=303)


@post(
    "/r/{token:str}/signed/{code:str}",
    opt=LINK,
    include_in_schema=False,
    operation_id="SchoolFilesSigned",
    status_code=303,
    request_max_body_size=LARGEST_FORM_BYTES,
)
async def file_signed(request: AnyRequest, token: FromPath[str], code: FromPath[str]) -> Response[Any]:
    """The printed protocol, signed, stamped and photographed."""
    try:
        content = await receipt_steps.upload_of(request, "signed")
        await once(request, await texts(request), lambda: signing.add_signed_paper(code, content))
    except DomainError as refused:
        if refused.status == 404:
            raise
        return await _front(token, await receipts.awaited(), notice=sentence_of(refused), status=422)
    return Redirect(f"/r/{token}/done/{code}", status_code=303)


@get(
    "/r/{token:str}/blank.pdf",
    opt=LINK,
    include_in_schema=False,
    operation_id="BlankProtocolByLink",
    media_type="application/pdf",
)
async def blank(request: AnyRequest, token: FromPath[str]) -> Response[bytes]:
    """The protocol to be filled in, signed and stamped by hand."""
    consignment = (await receipts.awaited())["consignment"]
    return pdf_response(await paper_receipts.blank(consignment), f"protokollo-keno-{consignment['code']}")


@post(
    "/r/{token:str}/paper",
    opt=LINK,
    include_in_schema=False,
    operation_id="SchoolSendsPaper",
    status_code=303,
    request_max_body_size=LARGEST_FORM_BYTES,
)
async def send_paper(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """The blank protocol, filled in, signed, stamped and photographed: staff enter the receipt from it."""
    try:
        contents = await receipt_steps.uploads_of(request, "papers")
        await once(request, await texts(request), lambda: paper_receipts.file_papers(contents))
    except DomainError as refused:
        return await _front(token, await receipts.awaited(), notice=sentence_of(refused), status=422)
    return Redirect(f"/r/{token}", status_code=303)


ROUTES: list[ControllerRouterHandler] = [
    blank,
    send_paper,
    receipt_page,
    lines_page,
    form_page,
    confirm,
    done_page,
    protocol,
    kits_page,
    member_page,
    member_confirms,
    file_signed,
]

"""Staff confirm a receipt for a school from the signed paper; papers and editions of a protocol."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.deliveries import paper_receipts, receipt_steps, receipts, service, signing
from stem_logistics.deliveries.photos import LARGEST_FORM_BYTES
from stem_logistics.deliveries.receipt_pages import pdf_response
from stem_logistics.deliveries.staff_pages import consignment_view
from stem_logistics.errors import Conflict, DomainError
from stem_logistics.web.sentences import sentence_of

AnyRequest = Request[Any, Any, Any]
READ = {"permission": Permission.DELIVERIES_READ}
WRITE = {"permission": Permission.DELIVERIES_WRITE}


async def _awaited(code: str) -> dict[str, Any]:
    row = await service.get_consignment(code, Permission.DELIVERIES_WRITE)
    return {**await receipts.awaited_of(row["id"]), "papers": await paper_receipts.open_of(row["id"])}


@get("/consignments/{code:str}/receive", opt=WRITE, include_in_schema=False, operation_id="StaffReceiptLines")
async def lines_page(request: AnyRequest, code: FromPath[str]) -> Template | Redirect:
    """Which lines of the signed paper have a problem."""
    awaited = await _awaited(code)
    return receipt_steps.lines(f"/consignments/{awaited['consignment']['code']}/receive", awaited, staff=True)


@get("/consignments/{code:str}/receive/confirm", opt=WRITE, include_in_schema=False, operation_id="StaffReceiptForm")
async def form_page(request: AnyRequest, code: FromPath[str]) -> Template | Redirect:
    """What the signed paper says, and the paper itself."""
    awaited = await _awaited(code)
    return receipt_steps.form(request, f"/consignments/{awaited['consignment']['code']}/receive", awaited, staff=True)


@post(
    "/consignments/{code:str}/receive/confirm",
    opt=WRITE,
    include_in_schema=False,
    operation_id="StaffConfirmReceipt",
    status_code=303,
    request_max_body_size=LARGEST_FORM_BYTES,
)
async def confirm(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    """Enter a receipt for a school; refused without the signed paper."""
    awaited = await _awaited(code)
    home = awaited["consignment"]["code"]
    try:
        answer = await receipt_steps.confirm(request, f"/consignments/{home}/receive", awaited, staff=True)
    except Conflict as refused:
        return await consignment_view(home, error=sentence_of(refused))
    return answer if isinstance(answer, Template) else Redirect(f"/consignments/{home}", status_code=303)


@get("/consignments/{code:str}/blank.pdf", opt=READ, include_in_schema=False, operation_id="BlankProtocol")
async def blank(request: AnyRequest, code: FromPath[str]) -> Response[bytes]:
    """The protocol to be filled in by hand."""
    row = await service.get_consignment(code)
    return pdf_response(await paper_receipts.blank(row), f"protokollo-keno-{row['code']}")


@get("/consignments/{code:str}/papers/{number:int}", opt=READ, include_in_schema=False, operation_id="SchoolsPaper")
async def paper(request: AnyRequest, code: FromPath[str], number: FromPath[int]) -> Response[bytes]:
    """A paper that a school sent, signed."""
    stored = await paper_receipts.read(code, number)
    return Response(stored.content, media_type=stored.media_type, headers={"content-disposition": "inline"})


@post(
    "/consignments/{code:str}/papers/refuse",
    opt=WRITE,
    include_in_schema=False,
    operation_id="RefusePaper",
    status_code=303,
)
async def refuse_paper(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    """Nothing can be entered from it: the school is asked again."""
    try:
        await paper_receipts.refuse(code, why=str((await request.form()).get("why_refused", "")))
    except DomainError as refused:
        return await consignment_view(code, error=sentence_of(refused))
    return Redirect(f"/consignments/{code}", status_code=303)


@get("/receipts/{code:str}/signed", opt=READ, include_in_schema=False, operation_id="SignedProtocol")
async def signed(request: AnyRequest, code: FromPath[str]) -> Response[bytes]:
    """The protocol as it was printed, signed, stamped and photographed."""
    stored = await signing.signed_paper(code)
    ending = "pdf" if stored.media_type == "application/pdf" else "jpg"
    headers = {"content-disposition": f'inline; filename="signed-{code[:8]}.{ending}"'}
    return Response(stored.content, media_type=stored.media_type, headers=headers)


@post(
    "/receipts/{code:str}/signed",
    opt=WRITE,
    include_in_schema=False,
    operation_id="FileSigned",
    status_code=303,
    request_max_body_size=LARGEST_FORM_BYTES,
)
async def file_signed(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    """Put the signed paper of a receipt on file."""
    receipt = await signing.to_sign(code)
    try:
        await signing.add_signed_paper(code, await receipt_steps.upload_of(request, f"signed-{receipt['code']}"))
    except DomainError as refused:
        return await consignment_view(receipt["consignment_code"], error=sentence_of(refused))
    return Redirect(f"/consignments/{receipt['consignment_code']}", status_code=303)


@get("/receipts/{code:str}/editions/{number:int}", opt=READ, include_in_schema=False, operation_id="ProtocolEdition")
async def edition(request: AnyRequest, code: FromPath[str], number: FromPath[int]) -> Response[bytes]:
    """An earlier edition of a protocol."""
    receipt, content = await signing.edition(code, number)
    return pdf_response(content, f"protokollo-{receipt['protocol_number'].replace('/', '-')}-{number}")


@post("/receipts/{code:str}/again", opt=WRITE, include_in_schema=False, operation_id="IssueAgain", status_code=303)
async def issue_again(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    """Make a protocol anew; the earlier editions stay."""
    receipt = await signing.to_sign(code)
    why = str((await request.form()).get(f"again-{receipt['code']}", ""))
    try:
        await signing.issue_again(code, why=why)
    except DomainError as refused:
        return await consignment_view(receipt["consignment_code"], error=sentence_of(refused))
    return Redirect(f"/consignments/{receipt['consignment_code']}", status_code=303)


ROUTES: list[ControllerRouterHandler] = [
    blank,
    paper,
    refuse_paper,
    lines_page,
    form_page,
    confirm,
    signed,
    file_signed,
    edition,
    issue_again,
]

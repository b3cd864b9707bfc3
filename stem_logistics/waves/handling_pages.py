"""What staff do with one application, and how a school withdraws its own."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts import links
from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError, Invalid
from stem_logistics.waves import applications, handling, service
from stem_logistics.waves.application_pages import application_template
from stem_logistics.waves.link_pages import school_template
from stem_logistics.waves.page_tools import AnyRequest, end_of, page, text_of, who
from stem_logistics.web.sentences import sentence_of

READ, WRITE = page(Permission.WAVES_READ), page(Permission.WAVES_WRITE)
LINK = page(Permission.LINK_APPLICATION)


async def _again(request: AnyRequest, slug: str, number: int, field: str, form: Any, error: DomainError) -> Template:
    typed = {name: value for name, value in form.items() if isinstance(value, str)}
    return await application_template(
        request, slug, number, handled=typed, errors={field: sentence_of(error)}, status=error.status
    )


@post(
    "/waves/{slug:str}/applications/{application_id:int}/send-back",
    opt=WRITE,
    include_in_schema=False,
    operation_id="SendApplicationBack",
    status_code=303,
)
async def send_back(request: AnyRequest, slug: FromPath[str], application_id: FromPath[int]) -> Response[Any]:
    """Ask the school to correct its application."""
    form = await request.form()
    wave = await service.get_wave(slug)
    typed, until = text_of(form, "until"), end_of(form, "until")
    try:
        if typed and until is None:
            raise Invalid("date-unusable")
        await handling.send_back(wave, application_id, text_of(form, "why"), until, who(request))
    except DomainError as error:
        field = "until" if error.slug in ("date-unusable", "correction-window", "deadline-not-in-future") else "why"
        return await _again(request, slug, application_id, field, form, error)
    return Redirect(f"/waves/{slug}/applications/{application_id}", status_code=303)


@post(
    "/waves/{slug:str}/applications/{application_id:int}/withdraw",
    opt=WRITE,
    include_in_schema=False,
    operation_id="WithdrawApplication",
    status_code=303,
)
async def withdraw(request: AnyRequest, slug: FromPath[str], application_id: FromPath[int]) -> Response[Any]:
    """Withdraw a school's application."""
    form = await request.form()
    wave = await service.get_wave(slug)
    try:
        await handling.withdraw(wave, application_id, text_of(form, "withdraw-why"), who(request))
    except DomainError as error:
        return await _again(request, slug, application_id, "withdraw-why", form, error)
    return Redirect(f"/waves/{slug}/applications/{application_id}", status_code=303)


@post(
    "/waves/{slug:str}/applications/{application_id:int}/comments",
    opt=WRITE,
    include_in_schema=False,
    operation_id="CommentApplication",
    status_code=303,
)
async def comment(request: AnyRequest, slug: FromPath[str], application_id: FromPath[int]) -> Response[Any]:
    """Note something beside an application."""
    form = await request.form()
    wave = await service.get_wave(slug)
    try:
        await handling.comment(wave, application_id, text_of(form, "comment"), who(request))
    except DomainError as error:
        return await _again(request, slug, application_id, "comment", form, error)
    return Redirect(f"/waves/{slug}/applications/{application_id}#comments", status_code=303)


@get(
    "/waves/{slug:str}/applications/{application_id:int}/files/{what:str}",
    opt=READ,
    include_in_schema=False,
    operation_id="ApplicationFile",
)
async def application_file(
    request: AnyRequest, slug: FromPath[str], application_id: FromPath[int], what: FromPath[str]
) -> Response[bytes]:
    """The act that was attached, or the receipt."""
    wave = await service.get_wave(slug)
    shown = await applications.get_application(wave, application_id, who(request))
    stored = await handling.file_of(shown, what)
    ending = "pdf" if stored.media_type == "application/pdf" else "jpg"
    name = f"{slug}-{shown.code}-{what}.{ending}"
    headers = {"content-disposition": f'attachment; filename="{name}"', "content-security-policy": "sandbox"}
    return Response(stored.content, media_type=stored.media_type, headers=headers)


@post(
    "/application/{token:str}/withdraw",
    opt=LINK,
    include_in_schema=False,
    operation_id="WithdrawOwnApplication",
    status_code=303,
)
async def withdraw_own(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """Withdraw the school's application."""
    form = await request.form()
    try:
        await handling.withdraw_own(text_of(form, "why"), who(request))
    except DomainError as error:
        return await school_template(request, token, errors={"why": sentence_of(error)}, status=error.status)
    await links.note_use(who(request))
    return Redirect(f"/application/{token}", status_code=303)


ROUTES: list[ControllerRouterHandler] = [send_back, withdraw, comment, application_file, withdraw_own]

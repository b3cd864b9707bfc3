"""The page of the firmware that is known and expected: what laptops are sent, from whom, since when."""

from typing import Any

from litestar import Request, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Redirect, Response, Template
from litestar.types import ControllerRouterHandler

from firmware_checks.bundles import MAX_PART
from stem_logistics.accounts.policy import Permission
from stem_logistics.checks import firmware, signing
from stem_logistics.checks.report_view import kind_name
from stem_logistics.errors import DomainError, Invalid
from stem_logistics.web.i18n import Text, current_locale
from stem_logistics.web.sentences import sentence_of

AnyRequest = Request[Any, Any, Any]
PAGE = "/devices/firmware"


@get(PAGE, opt={"permission": Permission.CHECKS_READ}, include_in_schema=False, operation_id="FirmwarePage")
async def firmware_page() -> Template:
    """What is sent to the laptops, what is expected, which key signs it."""
    return await _template({}, {})


async def _template(errors: dict[str, Text | str], typed: dict[str, str], status: int = 200) -> Template:
    definitions, waves = await firmware.places()
    english = current_locale.get() == "en"
    kinds = [(kind, kind_name(kind, current_locale.get())) for kind in await firmware.known_kinds()]
    context = {
        "errors": errors,
        "typed": typed,
        "history": await firmware.history(),
        "version": await firmware.version_in_force(),
        "expectations": await firmware.expectations(),
        "keys": await signing.state(),
        "kinds": kinds,
        "kind_name": kind_name,
        "definitions": [(row["slug"], row["title_en"] if english else row["title_el"]) for row in definitions],
        "waves": [(str(row["id"]), row["title_en"] if english else row["title_el"]) for row in waves],
    }
    return Template("checks/firmware.html", context=context, status_code=status)


@post(
    PAGE,
    opt={"permission": Permission.CHECKS_FIRMWARE},
    include_in_schema=False,
    operation_id="AddCheckDocument",
    status_code=303,
    request_max_body_size=MAX_PART + 20_000,
)
async def add_document(request: AnyRequest) -> Template | Redirect:
    """Take a file in; a faulty one is told on the page, at its place."""
    form = await request.form()
    file = form.get("file")
    why = str(form.get("why", ""))
    content = await file.read() if isinstance(file, UploadFile) else b""
    name = file.filename if isinstance(file, UploadFile) else ""
    try:
        if not content:
            raise Invalid("check-document-missing")
        await firmware.add(content, why, file=name)
    except DomainError as error:
        return await _template({"file": sentence_of(error)}, {"why": why}, error.status)
    return Redirect(PAGE, status_code=303)


@post(
    PAGE + "/{sort:str}/{slug:str}/retire",
    opt={"permission": Permission.CHECKS_FIRMWARE},
    include_in_schema=False,
    operation_id="RetireCheckDocument",
    status_code=303,
)
async def retire_document(request: AnyRequest, sort: FromPath[str], slug: FromPath[str]) -> Redirect:
    """Send a file no longer."""
    form = await request.form()
    await firmware.retire(sort, slug, str(form.get("why", "")))
    return Redirect(PAGE, status_code=303)


@get(
    PAGE + "/{sort:str}/{slug:str}/{edition:int}",
    opt={"permission": Permission.CHECKS_READ},
    include_in_schema=False,
    operation_id="CheckDocument",
)
async def get_document(sort: FromPath[str], slug: FromPath[str], edition: FromPath[int]) -> Response[str]:
    """One edition as it was added, to keep or to change and add again."""
    content = await firmware.document(sort, slug, edition)
    return Response(
        content,
        media_type="application/toml; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{slug}.toml"'},
    )


@post(
    PAGE + "/expected",
    opt={"permission": Permission.CHECKS_FIRMWARE},
    include_in_schema=False,
    operation_id="ExpectFirmware",
    status_code=303,
)
async def expect(request: AnyRequest) -> Template | Redirect:
    """Say what firmware is expected; an empty version withdraws it."""
    form = await request.form()
    typed = {name: str(form.get(name, "")).strip() for name in ("kind", "product", "minimum", "reason", "kit", "wave")}
    withdraw = "withdraw" in form
    wish = firmware.Wish(
        typed["kind"],
        typed["product"],
        None if withdraw else typed["minimum"],
        typed["reason"],
        typed["kit"] or None,
        int(typed["wave"]) if typed["wave"].isascii() and typed["wave"].isdigit() else None,
    )
    try:
        await firmware.expect(wish)
    except DomainError as error:
        return await _template({"minimum": sentence_of(error)}, typed, error.status)
    return Redirect(PAGE, status_code=303)


ROUTES: list[ControllerRouterHandler] = [firmware_page, add_document, retire_document, get_document, expect]

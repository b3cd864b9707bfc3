"""Pages of the criteria as a published document: the text of the call, its PDF, its versions and their differences."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError
from stem_logistics.waves import calls, historic_pages, trial_pages
from stem_logistics.waves.call_document import Call, call_of, call_pdf, published_call
from stem_logistics.waves.page_tools import AnyRequest, errors_of, page, text_of
from stem_logistics.waves.rules_history import compare_versions, versions_of
from stem_logistics.waves.service import get_wave
from stem_logistics.web.i18n import current_locale

READ, WRITE, PUBLIC = page(Permission.WAVES_READ), page(Permission.WAVES_WRITE), page(Permission.PUBLIC)


def _context(call: Call, **more: Any) -> dict[str, Any]:
    return {"call": call, "wave": call.wave, "title": call.wave.title(current_locale.get()), "errors": {}, **more}


@get("/waves/{slug:str}/criteria", opt=READ, include_in_schema=False, operation_id="CriteriaPage")
async def criteria_page(slug: FromPath[str]) -> Template:
    """The text of the call for staff, of a draft too."""
    return Template("waves/criteria.html", context=_context(await call_of(slug)))


def _pdf(content: bytes, name: str) -> Response[bytes]:
    return Response(
        content,
        media_type="application/pdf",
        headers={"content-disposition": f'inline; filename="{name}"', "cache-control": "no-store"},
    )


@get("/waves/{slug:str}/criteria.pdf", opt=READ, include_in_schema=False, operation_id="CriteriaDocument")
async def criteria_document(slug: FromPath[str]) -> Response[bytes]:
    """The text of the call as a document; of a draft it says so."""
    return _pdf(await call_pdf(slug), f"{slug}-call.pdf")


@get("/calls/{slug:str}", opt=PUBLIC, include_in_schema=False, operation_id="CallPage")
async def call_page(slug: FromPath[str]) -> Template:
    """The published call, for everybody."""
    return Template("waves/call.html", context=_context(await published_call(slug)))


@get("/calls/{slug:str}/call.pdf", opt=PUBLIC, include_in_schema=False, operation_id="CallDocument")
async def call_document(slug: FromPath[str]) -> Response[bytes]:
    """The published call as a document, for everybody."""
    return _pdf(await call_pdf(slug, published=True), f"{slug}-call.pdf")


@post("/waves/{slug:str}/call-numbers", opt=WRITE, include_in_schema=False, operation_id="CallNumbers", status_code=303)
async def call_numbers(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """Protocol number and ΑΔΑ of the call."""
    form = await request.form()
    try:
        await calls.set_call_numbers(slug, text_of(form, "call_protocol"), text_of(form, "call_ada"))
    except DomainError as error:
        errors = {"call_ada": errors_of(error)[""]}
        context = _context(await call_of(slug), form=dict(form)) | {"errors": errors}
        return Template("waves/criteria.html", context=context, status_code=error.status)
    return Redirect(f"/waves/{slug}/criteria", status_code=303)


@get("/waves/{slug:str}/rules/versions", opt=READ, include_in_schema=False, operation_id="RulesVersionsPage")
async def versions_page(request: AnyRequest, slug: FromPath[str]) -> Template:
    """Every version of the rules; with `from` and `to`, what differs between two of them."""
    wave = await get_wave(slug)
    versions = await versions_of(slug)
    first, second = (_number(request.query_params.get(name, "")) for name in ("from", "to"))
    context = {
        "wave": wave,
        "title": wave.title(current_locale.get()),
        "versions": versions,
        "first": first,
        "second": second,
        "differences": await compare_versions(slug, first, second) if first and second else None,
    }
    return Template("waves/versions.html", context=context)


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 9 else None


ROUTES: list[ControllerRouterHandler] = [
    criteria_page,
    criteria_document,
    call_page,
    call_document,
    call_numbers,
    versions_page,
    *historic_pages.ROUTES,
    *trial_pages.ROUTES,
]

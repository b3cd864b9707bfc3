"""Every error's one way out: `application/problem+json` (RFC 9457) for programs, a page for people."""

import traceback
from pathlib import Path
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect, Template

from stem_logistics import runtime
from stem_logistics.db.errors import is_away, is_unstorable
from stem_logistics.errors import DomainError, FieldErrors, Invalid, NotFound, SignInNeeded, Unavailable
from stem_logistics.web.error_pages import TITLES, form_page, own_page
from stem_logistics.web.headers import public_path
from stem_logistics.web.language import safe_local_path
from stem_logistics.web.sentences import sentence, sentence_of

log = structlog.get_logger()
AnyRequest = Request[Any, Any, Any]

_SLUG_OF_STATUS = {
    400: "invalid-input",
    401: "sign-in-needed",
    403: "not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    413: "request-too-large",
    422: "invalid-input",
    429: "too-many-attempts",
    503: "database-unavailable",
}


def wants_page(request: AnyRequest) -> bool:
    """Whether a person asked: pages are HTML, the API never is."""
    if request.url.path.startswith("/api/"):
        return False
    accept = request.headers.get("accept", "")
    return "text/html" in accept or ("application/json" not in accept and "problem+json" not in accept)


def _answer(
    request: AnyRequest,
    status: int,
    slug: str,
    detail: str,
    errors: list[dict[str, Any]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response[Any]:
    request_id = runtime.actor().request_id
    if wants_page(request):
        return Template(
            "errors/error.html",
            context={
                "status": status,
                # our own sentence says what is wrong and what to do; else the status's words stand
                "detail": "" if slug in _SLUG_OF_STATUS.values() else detail,
                "request_id": request_id,
                "title": TITLES.get(slug),
                "back": own_page(request.url.path) if status not in (401, 403, 404, 410) else "",
                "form": form_page(request.url.path, request.headers.get("referer", "")) if status == 413 else "",
            },
            status_code=status,
            headers=headers,
        )
    body: dict[str, Any] = {
        "type": f"urn:stem-logistics:problem:{slug}",
        "title": slug,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        "request_id": request_id,
    }
    if errors:
        body["errors"] = errors
    return Response(body, status_code=status, media_type="application/problem+json", headers=headers)


def on_domain_error(request: AnyRequest, error: DomainError) -> Response[Any]:
    """A refusal of ours: its slug, its status, its sentence."""
    if isinstance(error, SignInNeeded) and wants_page(request) and request.method == "GET":
        here = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
        return Redirect("/sign-in", query_params={"next": safe_local_path(here)}, status_code=303)
    if error.status >= 500:
        log.error("unavailable", slug=error.slug, **error.params)
    errors = None
    if isinstance(error, FieldErrors):
        errors = [{**each, "detail": sentence(each["slug"], each.get("params", {}))} for each in error.errors]
    later = error.status in (429, 503)
    headers = {"Retry-After": str(int(error.params.get("minutes", 1)) * 60)} if later else None
    return _answer(request, error.status, error.slug, sentence_of(error), errors, headers)


def on_http_exception(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """A refusal of the framework's: wrong address, wrong method, input that does not fit the schema."""
    status = error.status_code
    if status >= 500:
        return on_fault(request, error)
    slug = _SLUG_OF_STATUS.get(status, "invalid-input")
    if status == 403 and "CSRF" in error.detail:
        slug = "form-expired"
    errors = None
    if isinstance(error.extra, list):
        errors = [
            {"field": str(each.get("key", "")), "detail": str(each.get("message", ""))}
            for each in error.extra
            if isinstance(each, dict)
        ]
    headers = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
    return _answer(request, status, slug, sentence(slug, {"minutes": 1}), errors, headers or None)


def on_fault(request: AnyRequest, error: Exception) -> Response[Any]:
    """What nobody foresaw: logged whole, told without a word of the inside. A database that is away is no fault."""
    if is_away(error):
        return on_domain_error(request, Unavailable("database-unavailable"))
    if is_unstorable(error) or _is_unreadable_body(error):
        # No page and no form of ours asks for that: whoever typed the address, or a program, made it up.
        log.warning("unusable-input", path=public_path(request.url.path), cause=type(error).__name__)
        looked = request.method in ("GET", "HEAD") and wants_page(request)
        return on_domain_error(request, NotFound("not-found") if looked else Invalid("invalid-input"))
    log.error("unforeseen", path=public_path(request.url.path), exc_info=error)
    return _answer(request, 500, "internal-error", sentence("internal-error", {}))


def _is_unreadable_body(error: Exception) -> bool:
    # A form that is no UTF-8: the framework's reader stumbles over it.
    frames = traceback.extract_tb(error.__traceback__)
    return isinstance(error, UnicodeDecodeError) and any(
        "litestar" in Path(each.filename).parts for each in frames[-2:]
    )


EXCEPTION_HANDLERS: dict[Any, Any] = {
    DomainError: on_domain_error,
    HTTPException: on_http_exception,
    Exception: on_fault,
}

"""Signing in and out."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics import runtime
from stem_logistics.accounts import service
from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError
from stem_logistics.web.language import safe_local_path
from stem_logistics.web.security import SESSION_COOKIE
from stem_logistics.web.sentences import sentence_of

AnyRequest = Request[Any, Any, Any]


@get("/sign-in", opt={"permission": Permission.PUBLIC}, include_in_schema=False, operation_id="SignInPage")
async def sign_in_page(request: AnyRequest) -> Template | Redirect:
    """The form; whoever is signed in already is sent on."""
    following = safe_local_path(request.query_params.get("next", "/"))
    if request.scope["user"].kind == "account":
        return Redirect(following, status_code=303)
    return Template("accounts/sign_in.html", context={"next": following, "email": "", "error": None})


@post(
    "/sign-in", opt={"permission": Permission.PUBLIC}, include_in_schema=False, operation_id="SignIn", status_code=303
)
async def sign_in(request: AnyRequest) -> Response[Any]:
    """Check the password and begin a session; a refusal shows the form again with the address kept."""
    form = await request.form()
    email, password = str(form.get("email", "")), str(form.get("password", ""))
    following = safe_local_path(str(form.get("next", "/")))
    try:
        token, _principal = await service.sign_in(email, password)
    except DomainError as error:
        return Template(
            "accounts/sign_in.html",
            context={"next": following, "email": email, "error": sentence_of(error)},
            status_code=error.status,
        )
    settings = runtime.settings()
    answer: Redirect = Redirect(following, status_code=303)
    answer.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=settings.session_hours * 3600,
        path="/",
        httponly=True,
        secure=settings.behind_tls,
        samesite="lax",
    )
    return answer


@post(
    "/sign-out",
    opt={"permission": Permission.SIGNED_IN},
    include_in_schema=False,
    operation_id="SignOut",
    status_code=303,
)
async def sign_out(request: AnyRequest) -> Redirect:
    """End the session, here and in the database."""
    await service.sign_out(request.scope["user"])
    answer = Redirect("/sign-in", status_code=303)
    answer.delete_cookie(SESSION_COOKIE, path="/")
    return answer


ROUTES: list[ControllerRouterHandler] = [sign_in_page, sign_in, sign_out]

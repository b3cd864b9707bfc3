"""The language of each request, and the link that changes it."""

from typing import Annotated, Any, Final

from litestar import Request, get
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect
from litestar.types import ASGIApp, Receive, Scope, Send

from stem_logistics.accounts.policy import Permission
from stem_logistics.web.i18n import DEFAULT_LANGUAGE, LANGUAGES, current_locale, negotiate

COOKIE: Final = "lang"
ONE_YEAR: Final = 365 * 24 * 60 * 60


class LanguageMiddleware(ASGIMiddleware):
    """Sets `current_locale` for the request: the cookie, else the browser's wish, else the default."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, default: str = DEFAULT_LANGUAGE) -> None:
        self.default = default

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Run the request in its language, and give the language back afterwards."""
        connection: ASGIConnection[Any, Any, Any, Any] = ASGIConnection(scope)
        language = negotiate(connection.cookies.get(COOKIE), connection.headers.get("accept-language"), self.default)
        token = current_locale.set(language)
        try:
            await next_app(scope, receive, send)
        finally:
            current_locale.reset(token)


def safe_local_path(target: str) -> str:
    """The path if it stays on this site, else `/`.

    Browsers read `//host` and `/\\host` as another site and drop tabs and line ends, so all of these go home.
    """
    if not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    if "\\" in target or any(ord(letter) < 32 or ord(letter) == 127 for letter in target):
        return "/"
    return target[:2000]


@get(
    "/language/{code:str}",
    operation_id="ChooseLanguage",
    opt={"permission": Permission.PUBLIC},
    include_in_schema=False,
)
async def choose_language(
    request: Request[Any, Any, Any],
    code: FromPath[str],
    next_path: Annotated[str, QueryParameter(name="next")] = "/",
) -> Redirect:
    """Remember the language for a year and go back to where the reader was."""
    return Redirect(
        safe_local_path(next_path),
        cookies=[
            Cookie(
                key=COOKIE,
                value=code if code in LANGUAGES else DEFAULT_LANGUAGE,
                max_age=ONE_YEAR,
                path="/",
                httponly=True,
                samesite="lax",
                secure=request.url.scheme == "https",
            )
        ],
    )

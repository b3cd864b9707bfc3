"""Who is asking, and whether they may: identity from the cookie, the guard on every route, headers on every answer."""

import asyncio
import contextlib
import re
import time
from http import HTTPStatus
from typing import Any, Final

import structlog
from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from stem_logistics import runtime
from stem_logistics.accounts.links import principal_of_link
from stem_logistics.accounts.policy import ANONYMOUS, LINK_PURPOSES, Permission, Principal
from stem_logistics.accounts.service import principal_of_token
from stem_logistics.errors import Forbidden, NotFound, SignInNeeded
from stem_logistics.web.headers import answer_headers, new_request_id, public_path

SESSION_COOKIE: Final = "stem_session"
MOST_READ_OF_REFUSED: Final = 300_000_000
SECONDS_READ_OF_REFUSED: Final = 120
_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
AnyConnection = ASGIConnection[Any, Any, Any, Any]

log = structlog.get_logger()


def client_address(connection: AnyConnection) -> str:
    """The address a request came from; a proxy's word is taken only from proxies that the settings name."""
    address = connection.client.host if connection.client else ""
    trusted = {each.strip() for each in runtime.settings().trusted_proxies.split(",") if each.strip()}
    if address in trusted:
        # a proxy may add to the line that came in, or a line of its own below it
        lines = ",".join(connection.headers.getall("x-forwarded-for", []))
        forwarded = [each.strip() for each in lines.split(",")]
        # the right-most address that is not one of our proxies: everything left of it may be invented
        for each in reversed(forwarded):
            if each and each not in trusted:
                return each
    return address


class RequestMiddleware(ASGIMiddleware):
    """Gives each request its id, its actor, its log line and its answer's headers."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Run one request."""
        connection: AnyConnection = ASGIConnection(scope)
        given = connection.headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.match(given) else new_request_id()
        started = time.perf_counter()
        status = 0
        structlog.contextvars.bind_contextvars(request_id=request_id)

        read_whole = False

        async def receive_noting() -> Any:
            nonlocal read_whole
            message = await receive()
            read_whole = read_whole or not message.get("more_body", False)
            return message

        async def read_rest() -> None:
            # a browser that is still sending sees an answer only after it was heard out
            left = MOST_READ_OF_REFUSED
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SECONDS_READ_OF_REFUSED):
                    while not read_whole and left > 0:
                        left -= len((await receive_noting()).get("body", b""))

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                    await read_rest()
                headers = MutableScopeHeaders.from_message(message)
                headers["x-request-id"] = request_id
                for name, value in answer_headers(scope["path"]).items():
                    headers.setdefault(name, value)
            await send(message)

        channel: runtime.Channel = "api" if scope["path"].startswith("/api/") else "web"
        origin = runtime.keys().digest("origin", client_address(connection))
        scope["user"] = ANONYMOUS
        with runtime.acting(runtime.Actor(ANONYMOUS, channel, request_id, origin)):
            try:
                await next_app(scope, receive_noting, send_with_headers)
            finally:
                took = round((time.perf_counter() - started) * 1000, 1)
                # A school's link is a secret: only the route's pattern is logged.
                log.info(
                    "request",
                    method=connection.scope.get("method"),
                    path=public_path(scope["path"]),
                    status=status,
                    ms=took,
                )
                structlog.contextvars.clear_contextvars()


class IdentityMiddleware(ASGIMiddleware):
    """Finds out who is asking from the session's cookie."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Run one request as its principal."""
        token = ASGIConnection(scope).cookies.get(SESSION_COOKIE)
        if token and not scope["path"].startswith("/static/"):
            principal = await principal_of_token(token)
            if principal is not None:
                become(scope, principal)
        await next_app(scope, receive, send)


def become(scope: Scope, principal: Principal) -> None:
    """Let the request go on as this principal."""
    scope["user"] = principal
    now = runtime.actor()
    runtime.set_actor(runtime.Actor(principal, now.channel, now.request_id, now.origin_digest))


def declared_permission(handler: BaseRouteHandler) -> Permission | None:
    """The permission that a route declares (`opt={"permission": …}`), None when it declares none."""
    found = handler.opt.get("permission")
    return found if isinstance(found, Permission) else None


async def permission_guard(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Let a request through to a route only when its principal holds what the route declares.

    A link's route has a path parameter `token`; whoever bears it acts as the link, whether signed in or not.

    Raises:
        SignInNeeded, Forbidden: not, or not as who they are.
        NotFound, Gone: the link is unknown, revoked or expired.
    """
    permission = declared_permission(handler)
    if permission is None:
        raise Forbidden("not-allowed")
    if permission in (Permission.PUBLIC, Permission.AGENT):
        return
    if permission in LINK_PURPOSES:
        principal = await principal_of_link(str(connection.path_params.get("token", "")))
        if principal.permission is not permission:
            raise NotFound("link-unknown")
        become(connection.scope, principal)
        return
    principal = connection.scope["user"]
    if principal.may(permission):
        return
    if principal.kind == "anonymous":
        raise SignInNeeded("sign-in-needed")
    raise Forbidden("not-allowed")


def require_declared_permissions(app: Litestar) -> None:
    """Refuse to start with a route that declares no permission, naming it."""
    for route in app.routes:
        handlers = getattr(route, "route_handlers", None) or [getattr(route, "route_handler", None)]
        for handler in handlers:
            # Litestar answers OPTIONS by itself, with the methods that a path takes.
            if handler is None or "OPTIONS" in getattr(handler, "http_methods", ()):
                continue
            if declared_permission(handler) is None:
                raise RuntimeError(f"{route.path}: {handler} declares no permission")

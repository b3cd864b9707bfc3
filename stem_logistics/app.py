"""The service, assembled. `create_app` is the only place where the parts meet."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from litestar import Litestar, Request, Router
from litestar.config.csrf import CSRFConfig
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.static_files import create_static_files_router
from litestar.template import TemplateConfig
from litestar.types import ASGIApp, ControllerRouterHandler, Receive, Scope, Send

from stem_logistics import device_kinds, nouns, runtime, worker
from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.checks import checklists
from stem_logistics.db import embedded
from stem_logistics.db.engine import pool
from stem_logistics.db.migrating import require_current_schema
from stem_logistics.logs import configure_logging
from stem_logistics.settings import Settings
from stem_logistics.web import about_pages, formats, problems, record_pages, security
from stem_logistics.web import api as web_api
from stem_logistics.web import pages as web_pages
from stem_logistics.web.i18n import _
from stem_logistics.web.language import LanguageMiddleware, choose_language
from stem_logistics.web.navigation import FOOTER, Viewer
from stem_logistics.web.templating import STATIC_DIR, create_template_engine

ROLE_WORDS = {
    "staff": _("NSO staff"),
    "technician": _("Technician"),
    "ambassador": _("Ambassador"),
    "auditor": _("Auditor"),
}


def viewer_of(request: Request[Any, Any, Any]) -> Viewer | None:
    """The signed-in person, for a page's frame."""
    principal: Principal | None = request.scope.get("user")
    if principal is None or principal.kind != "account":
        return None
    role = " · ".join(str(ROLE_WORDS[each]) for each in principal.roles if each in ROLE_WORDS)
    return Viewer(principal.name, role, lambda permission: principal.may(Permission(permission)))


def database_url(settings: Settings) -> str:
    """Where the database is; starts the embedded one when no server is named."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    return embedded.start(settings.data_dir)


def routes() -> list[ControllerRouterHandler]:
    """Every noun's pages and API: the list `ROUTES` of its `pages` and `api` modules."""
    found: list[ControllerRouterHandler] = []
    for layer in ("pages", "api"):
        for module in nouns.load(layer):
            found.extend(module.ROUTES)
    found.extend(web_pages.ROUTES)
    found.extend(record_pages.ROUTES)
    found.extend(about_pages.ROUTES)
    found.extend(web_api.ROUTES)
    return found


def _around(inner: ASGIApp, *layers: ASGIMiddleware) -> ASGIApp:
    for layer in layers:
        inner = _layer(layer, inner)
    return inner


def _layer(layer: ASGIMiddleware, inner: ASGIApp) -> ASGIApp:
    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            await layer.handle(scope, receive, send, inner)
        else:
            await inner(scope, receive, send)

    return handle


def create_app(settings: Settings | None = None) -> Litestar:
    """The whole service for these settings (from the environment when none are given).

    Raises:
        RuntimeError: a route declares no permission.
        ChecklistInvalid: a file of the organisation's own checklists is wrong.
    """
    settings = settings or Settings()
    configure_logging(settings)
    keys = runtime.start(settings).keys
    formats.set_zone(settings.timezone)
    device_kinds.use_folder(settings.checklists)

    @contextlib.asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(pool(database_url(settings), max_size=settings.database_pool))
            await require_current_schema()
            await checklists.learn()
            if settings.worker:
                await stack.enter_async_context(worker.in_background())
            yield

    app = Litestar(
        route_handlers=[
            *routes(),
            choose_language,
            create_static_files_router(
                path="/static",
                directories=[STATIC_DIR],
                opt={"permission": Permission.PUBLIC, "exclude_from_csrf": True},
                cache_control=None,
                include_in_schema=False,
            ),
        ],
        guards=[security.permission_guard],
        middleware=[security.IdentityMiddleware()],
        exception_handlers=problems.EXCEPTION_HANDLERS,
        csrf_config=CSRFConfig(
            secret=keys.derive("csrf").hex(),
            cookie_name="stem_csrf",
            cookie_secure=settings.behind_tls,
            cookie_httponly=True,
            cookie_samesite="lax",
            exclude_from_csrf_key="exclude_from_csrf",
        ),
        openapi_config=OpenAPIConfig(
            title="STEM logistics",
            version="1",
            openapi_router=Router("/api", route_handlers=[], opt={"permission": Permission.PUBLIC}),
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        ),
        template_config=TemplateConfig(
            instance=create_template_engine(
                viewer_of=viewer_of, footer=FOOTER, help_address=settings.mail_from, demo=settings.demo
            )
        ),
        lifespan=[lifespan],
        request_max_body_size=settings.max_upload_bytes + 1_000_000,
        debug=False,
    )
    security.require_declared_permissions(app)
    # Outside all of the framework's own, so that what it refuses itself (an unknown address, a form without its
    # token) has its id, language, log line and headers too.
    app.asgi_handler = _around(app.asgi_handler, LanguageMiddleware(settings.locale), security.RequestMiddleware())
    return app

"""Signing in, over HTTP: sessions in the database, forms protected, refusals plain, every route declared."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from litestar import Litestar

from stem_logistics.accounts import service
from stem_logistics.accounts.cli import account
from stem_logistics.accounts.policy import Grant, Permission, Principal
from stem_logistics.app import create_app
from stem_logistics.db.engine import fetch_value
from stem_logistics.errors import Invalid, NotFound
from stem_logistics.web.security import SESSION_COOKIE, declared_permission
from tests.support import (
    OPERATOR,
    PASSWORD,
    acting_as,
    browser,
    csrf_token,
    make_person,
    post_form,
    settings_for,
    sign_in,
)


async def test_signing_in_and_out(app: Litestar) -> None:
    """A person signs in, sees the first page, signs out, and the old cookie opens nothing any more."""
    async with browser(app) as client:
        email = await make_person("staff")
        answer = await client.get("/", follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in")
        await sign_in(client, email)
        cookie = client.cookies[SESSION_COOKIE]
        assert (await client.get("/")).status_code == 200
        assert await fetch_value("SELECT count(*) FROM session WHERE token_digest = $1", cookie.encode()) == 0
        assert (await post_form(client, "/sign-out", {})).status_code == 303
        client.cookies[SESSION_COOKIE] = cookie
        assert (await client.get("/", follow_redirects=False)).status_code == 303


async def test_a_wrong_password_says_no_more_than_that(app: Litestar) -> None:
    """A known and an unknown address get the same answer, the address stays in the form, and attempts are limited."""
    async with browser(app) as client:
        email = await make_person("staff")
        pages = []
        for address in (email, "nobody@nso.example"):
            answer = await post_form(client, "/sign-in", {"email": address, "password": "not this one"})
            assert answer.status_code == 401
            assert address in answer.text
            pages.append(answer.text.replace(address, "").replace(client.cookies["stem_csrf"], ""))
        assert pages[0] == pages[1]
        for _ in range(12):
            answer = await post_form(client, "/sign-in", {"email": email, "password": "not this one"})
        assert answer.status_code == 429


async def test_a_form_without_its_token_is_refused(app: Litestar) -> None:
    """A form sent from elsewhere changes nothing."""
    async with browser(app) as client:
        email = await make_person("staff")
        await csrf_token(client)
        answer = await client.post("/sign-in", data={"email": email, "password": "x"})
        assert answer.status_code == 403


async def test_redirects_after_sign_in_stay_here(app: Litestar) -> None:
    """`next` leads nowhere but to this service."""
    async with browser(app) as client:
        email = await make_person("staff")
        form = {"email": email, "password": "correct horse battery", "next": "//evil.example/x"}
        answer = await post_form(client, "/sign-in", form)
        assert answer.headers["location"] == "/"


async def test_every_route_declares_a_permission(app: Litestar) -> None:
    """No handler is reachable without a declared permission; the API's paths are all in the description."""
    paths = set()
    for route in app.routes:
        for handler in getattr(route, "route_handlers", []):
            if "OPTIONS" in getattr(handler, "http_methods", ()):
                continue
            assert declared_permission(handler) is not None, route.path
            paths.add(route.path)
    async with browser(app) as client:
        document = (await client.get("/api/openapi.json")).json()
    described = {path.replace(":int", "") for path in document["paths"]}
    assert "/api/v1/jobs/{job_id}" in described
    assert document["openapi"].startswith("3.")


async def test_anonymous_reaches_nothing_that_is_not_public(app: Litestar) -> None:
    """Every GET route that is not public sends an anonymous reader to sign in, or refuses."""
    async with browser(app) as client:
        for route in app.routes:
            for handler in getattr(route, "route_handlers", []):
                permission = declared_permission(handler)
                if permission in (None, Permission.PUBLIC, Permission.AGENT) or "GET" not in handler.http_methods:
                    continue
                path = route.path
                for component in getattr(route, "path_components", []):
                    if not isinstance(component, str):
                        path = path.replace("{" + component.full + "}", "1")
                answer = await client.get(path, follow_redirects=False)
                assert answer.status_code in (303, 401, 403, 404, 410), (path, answer.status_code)


async def test_refusals_are_problems_for_programs_and_pages_for_people(app: Litestar) -> None:
    """A missing page is a page in the reader's language; in the API it is a problem document with the request's id."""
    async with browser(app) as client:
        page = await client.get("/nothing-here")
        assert page.status_code == 404
        assert '<html lang="el"' in page.text
        problem = await client.get("/api/v1/nothing-here")
        assert problem.status_code == 404
        assert problem.headers["content-type"].startswith("application/problem+json")
        assert problem.json()["title"] == "not-found"
        assert problem.json()["request_id"] == problem.headers["x-request-id"]


async def test_health_and_readiness(app: Litestar) -> None:
    """Both answer; ready means the database and its schema."""
    async with browser(app) as client:
        assert (await client.get("/healthz")).json()["status"] == "ok"
        assert (await client.get("/readyz")).json()["status"] == "ok"


async def test_who_leaves_is_out_at_once(app: Litestar) -> None:
    """A shut account's session ends with the next request and its password opens nothing; the reason is on record."""
    async with browser(app) as client:
        email = await make_person("staff")
        await sign_in(client, email)
        assert (await client.get("/")).status_code == 200
        with acting_as(OPERATOR):
            number = await service.account_id_of(email.upper())
            with pytest.raises(Invalid):
                await service.shut_account(number, " ")
            await service.shut_account(number, "αποχώρησε")
        assert (await client.get("/", follow_redirects=False)).status_code == 303
        answer = await post_form(client, "/sign-in", {"email": email, "password": PASSWORD})
        assert answer.status_code == 401
        assert await fetch_value("SELECT why FROM audit_entry WHERE action = 'account-shut'") == "αποχώρησε"
        assert await fetch_value("SELECT count(*) FROM role_grant WHERE revoked_at IS NULL") == 0
        with pytest.raises(NotFound):
            await service.account_id_of(email)


def test_the_commands_for_people(database_url: str, tmp_path: Path) -> None:
    """An account for one region is made, given another password and shut, each by one command; faults are told."""
    environment = {"STEM_DATABASE_URL": database_url, "STEM_DATA_DIR": str(tmp_path), "STEM_LOG_LEVEL": "ERROR"}

    def stem(*words: str) -> Result:
        return CliRunner().invoke(account, words, env=environment)

    made = ["create", "anna@nso.example", "--name", "Anna", "--role", "staff", "--password", PASSWORD]
    assert stem(*made, "--region", "nowhere").exit_code == 1
    assert stem(*made).exit_code == 0
    assert stem("password", "anna@nso.example", "--password", "short").exit_code == 1
    assert stem("password", "anna@nso.example", "--password", PASSWORD + "!").exit_code == 0
    assert stem("shut", "anna@nso.example", "--why", "left").exit_code == 0
    assert stem("shut", "anna@nso.example", "--why", "left").exit_code == 1


def test_a_route_without_permission_does_not_start(database_url: str, tmp_path: Path) -> None:
    """The service refuses to start with an undeclared route."""
    from litestar import get

    from stem_logistics.web.security import require_declared_permissions

    @get("/open", sync_to_thread=False)
    def undeclared() -> str:
        return ""

    with pytest.raises(RuntimeError, match="/open"):
        require_declared_permissions(Litestar([undeclared], openapi_config=None))
    create_app(settings_for(database_url, tmp_path))


@pytest.mark.parametrize(
    ("grants", "permission", "region", "allowed"),
    [
        ((Grant("staff", "country"),), Permission.WAVES_PUBLISH, None, True),
        ((Grant("auditor", "country"),), Permission.WAVES_PUBLISH, None, False),
        ((Grant("auditor", "country"),), Permission.AUDIT_READ, None, True),
        ((Grant("staff", "region", 3),), Permission.REGISTRY_READ, 3, True),
        ((Grant("staff", "region", 3),), Permission.REGISTRY_READ, 4, False),
        ((Grant("staff", "region", 3),), Permission.WAVES_PUBLISH, None, False),
        ((Grant("technician", "country"),), Permission.WAVES_READ, None, False),
        ((), Permission.REGISTRY_READ, None, False),
    ],
)
def test_scopes(grants: tuple[Grant, ...], permission: Permission, region: int | None, allowed: bool) -> None:
    """A permission holds where a grant of a role that has it reaches; what is the country's needs the country."""
    assert Principal("account", 1, grants=grants).may(permission, region_id=region) is allowed

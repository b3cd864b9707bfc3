"""What service tests stand on: PostgreSQL started once, a database for each test, the app in it."""

import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import asyncpg
import httpx
from litestar import Litestar
from pydantic import SecretStr

from stem_logistics import runtime
from stem_logistics.accounts.policy import Grant, Principal, operator
from stem_logistics.accounts.service import create_account
from stem_logistics.db.engine import pool
from stem_logistics.db.migrating import migrate
from stem_logistics.settings import Settings

PASSWORD = "correct horse battery"
SECRET = "a secret for tests, thirty-two characters or more"


def today() -> date:
    """The day on the clock by which the service counts; UTC's ends two or three hours later."""
    return datetime.now(ZoneInfo("Europe/Athens")).date()


def settings_for(url: str, folder: Path, **overrides: object) -> Settings:
    """Settings of a test: a database, a folder, the worker off (tests run jobs themselves)."""
    values: dict[str, object] = {
        "database_url": SecretStr(url),
        "data_dir": folder,
        "secret_key": SecretStr(SECRET),
        "worker": False,
        "log_level": "ERROR",
        "public_url": "http://testserver.local",
    }
    return Settings(**{**values, **overrides})  # type: ignore[arg-type]


async def hurry(server_url: str) -> None:
    """Let a server of the tests' own promise nothing for a power cut; the shows that kill one have their own."""
    connection = await asyncpg.connect(server_url)
    try:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            await connection.execute(f"ALTER SYSTEM SET {setting} = off")
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()


async def create_database(server_url: str, name: str, template: str = "template0") -> str:
    """A new database on the server; returns its URL."""
    connection = await asyncpg.connect(server_url)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        # copying files costs a third of writing every page through the log
        strategy = "" if template == "template0" else "STRATEGY FILE_COPY"
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {strategy}')
    finally:
        await connection.close()
    return urlsplit(server_url)._replace(path=f"/{name}").geturl()


async def drop_database(server_url: str, name: str) -> None:
    """Remove a database, whoever is still connected."""
    connection = await asyncpg.connect(server_url)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await connection.close()


async def migrate_database(url: str, folder: Path) -> None:
    """Run every migration on a database."""
    runtime.start(settings_for(url, folder))
    async with pool(url):
        await migrate()


@contextmanager
def acting_as(principal: Principal) -> Iterator[Principal]:
    """Let the block's changes be this principal's."""
    with runtime.acting(runtime.Actor(principal, "cli")):
        yield principal


OPERATOR = operator("test")


async def make_person(role: str, *, email: str | None = None, scope: Grant | None = None) -> str:
    """An account with a role; returns its e-mail (the password is PASSWORD)."""
    address = email or f"{role}@nso.example"
    with acting_as(OPERATOR):
        await create_account(address, role.title(), PASSWORD, [scope or Grant(role, "country")])
    return address


@contextlib.asynccontextmanager
async def browser(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """The app started, and a client that keeps cookies and asks for pages, as a browser does.

    App and test share one event loop, so a test may look into the database beside its requests.
    """
    async with app.lifespan(), client_of(app) as client:
        yield client


def client_of(app: Litestar) -> httpx.AsyncClient:
    """One more client of an app that is running."""
    headers = {"accept": "text/html", "accept-language": "el"}
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://testserver.local", headers=headers)


async def csrf_token(client: httpx.AsyncClient) -> str:
    """The token that a form of this client has to carry."""
    if "stem_csrf" not in client.cookies:
        await client.get("/sign-in")
    return str(client.cookies["stem_csrf"])


async def post_form(client: httpx.AsyncClient, path: str, data: Mapping[str, object], **more: Any) -> httpx.Response:
    """Send a form as a browser does, with its token; redirects are not followed."""
    fields = {**data, "_csrf_token": await csrf_token(client)}
    return await client.post(path, data=fields, follow_redirects=False, **more)


async def sign_in(client: httpx.AsyncClient, email: str) -> None:
    """Sign a person in."""
    answer = await post_form(client, "/sign-in", {"email": email, "password": PASSWORD})
    assert answer.status_code == 303, answer.text

"""Every route, asked by everyone: let in or turned away exactly as the table says, made from the app's own routes."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from litestar import Litestar

from stem_logistics.accounts import links
from stem_logistics.accounts.policy import Grant, Permission
from stem_logistics.accounts.service import create_account
from stem_logistics.db.engine import fetch_value, unit_of_work
from stem_logistics.deliveries import last_mile
from stem_logistics.web.security import declared_permission
from tests.deliveries.parcels import Parcel, dispatched_parcel
from tests.support import OPERATOR, PASSWORD, acting_as, browser, csrf_token, make_person, sign_in
from tests.waves.scene import application, apply, decide, kit, make_school, open_wave

PEOPLE = ("staff", "staff-of-a-region", "technician", "auditor", "ambassador", "without-role")
READERS = {"staff", "staff-of-a-region", "technician", "auditor"}
STOCK_READERS = READERS | {"ambassador"}
# Written down a second time and on purpose: a change of `policy.py` that lets somebody in has to be made here too.
MAY: dict[Permission, set[str]] = {
    Permission.SIGNED_IN: set(PEOPLE),
    Permission.REGISTRY_READ: STOCK_READERS,
    Permission.REGISTRY_WRITE: {"staff", "staff-of-a-region"},
    Permission.WAVES_READ: {"staff", "staff-of-a-region", "auditor"},
    Permission.WAVES_WRITE: {"staff"},
    Permission.WAVES_PUBLISH: {"staff"},
    Permission.STOCK_READ: STOCK_READERS,
    Permission.PURCHASING_READ: {"staff", "technician", "auditor"},
    Permission.STOCK_WRITE: {"staff"},
    Permission.DELIVERIES_READ: STOCK_READERS,
    Permission.HAND_OVER: {"staff", "staff-of-a-region", "ambassador"},
    Permission.DELIVERIES_WRITE: {"staff", "staff-of-a-region"},
    Permission.CHECKS_READ: READERS,
    Permission.CHECKS_WRITE: {"staff", "staff-of-a-region", "technician"},
    Permission.CHECKS_FIRMWARE: {"staff"},
    Permission.AUDIT_READ: {"staff", "auditor"},
    Permission.MAIL_READ: {"staff"},
    Permission.ACCOUNTS_WRITE: {"staff"},
}
LINKS = {
    Permission.LINK_RECEIPT: "receipt",
    Permission.LINK_APPLICATION: "application",
    Permission.LINK_RESULT: "result",
    Permission.LINK_CUSTODY: "custody",
    Permission.LINK_STOCKTAKE: "stocktake",
    Permission.LINK_HAND_OVER: "hand-over",
}
# Not forms of a browser: a laptop proves who it is by its signature, or by its code.
WITHOUT_FORM_TOKEN = {("POST", "/api/v1/agents/enrol"), ("POST", "/api/v1/check-reports")}
TURNED_AWAY = {"sign-in-needed", "not-allowed", "form-expired", "link-unknown"}


@dataclass(frozen=True)
class Door:
    """A route with one of its methods, and the address at which it is asked."""

    method: str
    pattern: str
    permission: Permission
    protected: bool

    def address(self, values: dict[str, str]) -> str:
        return re.sub(r"\{(\w+):\w+\}", lambda match: values[match[1]], self.pattern)


def doors(app: Litestar) -> list[Door]:
    """Every route but files that are nobody's secret (`/static`), by method; HEAD is GET without a body."""
    found = []
    for route in app.routes:
        for handler in getattr(route, "route_handlers", []):
            permission = declared_permission(handler)
            if permission is None or route.path.startswith("/static"):
                continue
            for method in sorted(handler.http_methods - {"OPTIONS", "HEAD"}):
                protected = not handler.opt.get("exclude_from_csrf", False)
                found.append(Door(str(method), route.path, permission, protected))
    # signing out comes last: it ends what the others need
    return sorted(found, key=lambda door: (door.pattern == "/sign-out", door.pattern, door.method))


@dataclass
class World:
    """What there is to ask for: one thing of each kind, links of each purpose, a client for each person."""

    client: httpx.AsyncClient
    parcel: Parcel
    values: dict[str, str]
    tokens: dict[str, str]
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)

    async def ask(self, who: str, door: Door, **values: str) -> httpx.Response:
        """Ask as somebody, with a form's token and nothing in the form: what is let in fails later, or does little."""
        self.client.cookies.clear()
        self.client.cookies.update(self.cookies.get(who, {}))
        headers = {"accept": "application/json"}
        if door.method not in ("GET", "HEAD"):
            headers["x-csrftoken"] = await csrf_token(self.client)
        return await self.client.request(
            door.method, door.address({**self.values, **values}), headers=headers, follow_redirects=False
        )


async def _stop_link() -> str:
    """The link of a regional store to which nothing comes."""
    code = await last_mile.add_stop("regional-store", "crete", title="Αποθήκη", email="store@nso.example")
    return await links.issue_for_stop(await fetch_value("SELECT id FROM stop WHERE code = $1", code))


@asynccontextmanager
async def world(app: Litestar) -> AsyncIterator[World]:
    async with browser(app) as client:
        with acting_as(OPERATOR):
            school = await make_school("0100001")
            await make_school("0900001", region="crete")
            wave = await open_wave(kit(stock=1), slug="stem-6")
            await apply(wave, application("0100001"))
            await decide(wave)
            wave = await open_wave(kit(stock=1), slug="stem-7")
            await apply(wave, application("0100001"))
            out = await fetch_value("SELECT id FROM wave WHERE slug = 'stem-6'")
            parcel = await dispatched_parcel()
            async with unit_of_work():
                tokens = {
                    "receipt": parcel.token,
                    "application": (await links.issue("application", school, wave_id=wave.id)).token,
                    "result": (await links.issue("result", school, wave_id=out)).token,
                    "custody": (await links.issue("custody", school)).token,
                    "stocktake": (await links.issue("stocktake", school)).token,
                    "hand-over": await _stop_link(),
                }
            crete = await fetch_value("SELECT id FROM regional_directorate WHERE code = 'crete'")
            await create_account("without-role@nso.example", "Nobody", PASSWORD, [])
        for role in ("staff", "technician", "auditor"):
            await make_person(role)
        await make_person("staff", email="staff-of-a-region@nso.example", scope=Grant("staff", "region", crete))
        await make_person("ambassador", scope=Grant("ambassador", "region", crete))
        # nothing has these: whoever is let in finds nothing, and nothing is changed for who comes next
        nothing = {
            "slug": "no-such-wave",
            "code": "XXXXXXXX",
            "digest": "0" * 64,
            "name": "input.json",
            "sort": "baseline",
            "path": "nothing",
            "step": "project",
            "what": "act",
        }
        numbers = (
            "edition",
            "job_id",
            "import_id",
            "message_id",
            "number",
            "application_id",
            "evidence_id",
            "code_id",
            "document_id",
        )
        values = {**nothing, **dict.fromkeys(numbers, "999999999")}
        values |= {
            "verification": "0",
            "digest": "0" * 64,
            "token": "x" * 32,
            "report_id": "00000000-0000-0000-0000-000000000000",
        }
        found = World(client, parcel, values, tokens)
        for person in PEOPLE:
            client.cookies.clear()
            await sign_in(client, f"{person}@nso.example")
            found.cookies[person] = dict(client.cookies.items())
        yield found


def title_of(answer: httpx.Response) -> str:
    """The slug of a refusal; nothing for an answer that is none."""
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        return str(answer.json()["title"])
    return ""


def expected(door: Door, who: str) -> str:
    """The refusal that the table has for somebody at a door; nothing where they are let in."""
    if door.permission in LINKS:
        return "link-unknown"  # these ask for the token in their address, which is nobody's here
    if door.permission in (Permission.PUBLIC, Permission.AGENT) or who in MAY[door.permission]:
        return ""
    return "sign-in-needed" if who == "anonymous" else "not-allowed"


async def test_everyone_at_every_door(app: Litestar) -> None:
    """Each route lets in whom the table names and turns all others away; no answer is a fault of ours."""
    wrong: list[Any] = []
    async with world(app) as here:
        every = doors(app)
        assert len(every) > 100
        for door in every:
            for who in ("anonymous", *PEOPLE):
                if door.pattern == "/sign-out" and who != "anonymous":
                    continue
                answer = await here.ask(who, door)
                title = title_of(answer)
                refused = title if title in TURNED_AWAY else ""
                if answer.status_code >= 500 or refused != expected(door, who):
                    wrong.append((door.method, door.pattern, who, answer.status_code, title, expected(door, who)))
    assert wrong == []


async def test_each_link_opens_its_own_doors_only(app: Litestar) -> None:
    """A link of a purpose opens the routes of that purpose; at every other one it is unknown, as it is to nobody else.

    A signed-in person with somebody's link acts as that link and no more.
    """
    wrong: list[Any] = []
    async with world(app) as here:
        every = [door for door in doors(app) if door.permission in LINKS]
        assert {door.permission for door in every} == set(LINKS)
        for door in every:
            for purpose, token in here.tokens.items():
                for who in ("anonymous", "staff"):
                    answer = await here.ask(who, door, token=token)
                    opened = title_of(answer) not in TURNED_AWAY
                    if answer.status_code >= 500 or opened != (LINKS[door.permission] == purpose):
                        wrong.append((door.method, door.pattern, purpose, who, answer.status_code, title_of(answer)))
    assert wrong == []


async def test_no_form_works_without_its_token(app: Litestar) -> None:
    """Every route that changes something wants the form's token, but for two that laptops use."""
    wrong: list[Any] = []
    async with world(app) as here:
        unsafe = [door for door in doors(app) if door.method not in ("GET", "HEAD")]
        assert {(door.method, door.pattern) for door in unsafe if not door.protected} == WITHOUT_FORM_TOKEN
        here.client.cookies.update(here.cookies["staff"])
        for door in unsafe:
            if not door.protected:
                continue
            address = door.address({**here.values, "token": here.parcel.token})
            for headers in ({}, {"x-csrftoken": "0" * 128}):
                headers["accept"] = "application/json"
                answer = await here.client.request(door.method, address, headers=headers)
                if (answer.status_code, title_of(answer)) != (403, "form-expired"):
                    wrong.append((door.method, door.pattern, answer.status_code))
    assert wrong == []


async def test_a_laptops_doors_want_its_signature(app: Litestar) -> None:
    """Without a signature the laptops' routes tell nothing and take nothing, whoever is signed in."""
    async with world(app) as here:
        every = [door for door in doors(app) if door.permission is Permission.AGENT]
        assert {door.pattern for door in every} == {
            "/api/v1/agents/bundle",
            "/api/v1/kits/{code:str}/expected",
            "/api/v1/check-reports",
        }
        for door in every:
            for who in ("anonymous", "staff"):
                answer = await here.ask(who, door, code=here.parcel.kit)
                assert answer.status_code in (401, 422), (door, answer.text)
        assert await fetch_value("SELECT count(*) FROM check_report") == 0


async def test_sessions_end(app: Litestar) -> None:
    """A new sign-in gives a new session, never a given one; signing out and a new password end sessions for good."""
    from stem_logistics.accounts.service import set_password

    async with world(app) as here:
        client = here.client
        client.cookies.clear()
        client.cookies.update({"stem_session": "chosen-by-somebody-else"})
        await sign_in(client, "staff@nso.example")
        token = client.cookies.get("stem_session", domain="testserver.local")
        assert token not in (None, "chosen-by-somebody-else", here.cookies["staff"]["stem_session"])
        number = await fetch_value("SELECT id FROM account WHERE email = 'staff@nso.example'")
        with acting_as(OPERATOR):
            await set_password(number, "another correct horse")
        for cookie in (token, here.cookies["staff"]["stem_session"]):
            client.cookies.clear()
            answer = await client.get("/schools", headers={"cookie": f"stem_session={cookie}"}, follow_redirects=False)
            assert answer.status_code == 303

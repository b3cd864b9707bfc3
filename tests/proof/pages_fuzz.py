"""Hostile requests to every page: every role, every route, addresses and forms filled in with ill will."""

import logging
import random
import re
from collections import Counter
from typing import Any
from urllib.parse import quote

import httpx

from tests.proof import hostile
from tests.proof.host import Host
from tests.proof.section import Section

LEFT_ALONE = ("/sign-out",)  # it would end the session that the others need
METHODS = {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"}
PREFIXES = ("/r/", "/application/", "/result/")


def routes() -> list[tuple[str, tuple[str, ...]]]:
    """Every route of the application that is no file: path and methods."""
    from pathlib import Path

    from stem_logistics.app import create_app
    from tests.support import settings_for

    app = create_app(settings_for("postgresql://nowhere.invalid/x", Path("/nonexistent")))
    logging.getLogger("httpx").setLevel(logging.WARNING)  # making an application configures the logs
    found: list[tuple[str, tuple[str, ...]]] = []
    for route in app.routes:
        methods = tuple(sorted({str(each) for each in route.methods or ()} & METHODS))
        if methods and not route.path.startswith("/static") and route.path not in LEFT_ALONE:
            found.append((route.path, methods))
    return found


class Attacker:
    """One role's browser, and what it has seen."""

    def __init__(self, host: Host, world: dict[str, Any], role: str, rng: random.Random) -> None:
        self.role, self.world, self.rng = role, world, rng
        self.client = httpx.Client(base_url=host.url, headers={"accept": "text/html"}, timeout=30)
        self.forms: dict[str, dict[str, list[str]]] = {}
        self.statuses: Counter[int] = Counter()
        self.faults: dict[str, str] = {}
        self.client.get("/sign-in")
        if role != "anonymous":
            who = {"email": world["roles"][role], "password": world["password"]}
            answer = self.client.post("/sign-in", data={**who, "_csrf_token": self.token})
            assert answer.status_code == 303, answer.text

    @property
    def token(self) -> str:
        """What a form of this browser carries."""
        return str(self.client.cookies.get("stem_csrf", ""))

    def address(self, path: str) -> str:
        """A route's path with its parameters filled in: most of them with something that is there."""

        def fill(match: re.Match[str]) -> str:
            name = match[1].split(":")[0]
            prefix = next((each for each in PREFIXES if path.startswith(each)), "")
            known = self.world["token"].get(prefix, ["x"]) if name == "token" else self.world["values"].get(name, ["1"])
            if self.rng.random() < 0.75:
                return quote(self.rng.choice(known), safe="")
            return hostile.escaped(self.rng) or "x"

        return re.sub(r"\{([^}]+)\}", fill, path)

    def visit(self, path: str, *, plain: bool = False) -> None:
        """GET, with a hostile query string unless plain."""
        address = self.address(path)
        question = "" if plain else hostile.query(self.rng)
        answer = self.ask("GET", f"{address}?{question}" if question else address)
        if answer is not None and answer.headers.get("content-type", "").startswith("text/html"):
            for action, fields in hostile.forms_of(answer.text, address):
                known = self.forms.setdefault(action.split("?")[0], {})
                for name, values in fields.items():
                    known[name] = [*known.get(name, []), *values][-40:]

    def send(self, method: str, path: str) -> None:
        """A form to a route, or to an address that a page's form named."""
        address = self.address(path)
        fields = self.forms.get(address)
        if fields is None:
            near = [form for action, form in self.forms.items() if action.rsplit("/", 1)[-1] == path.rsplit("/", 1)[-1]]
            fields = self.rng.choice(near) if near else {name: ["1"] for name in self.rng.sample(hostile.NAMES[:-1], 4)}
        self.ask(method, address, **hostile.body(self.rng, fields, self.token))

    def ask(self, method: str, address: str, **more: Any) -> httpx.Response | None:
        """One request; a fault of the service is kept with what is needed to do it again."""
        if self.rng.random() < 0.1:
            more["headers"] = {**more.get("headers", {}), "accept": "application/json"}
        try:
            answer = self.client.request(method, address, **more)
        except (httpx.InvalidURL, httpx.LocalProtocolError, UnicodeError):
            return None  # this client could not even write it
        self.statuses[answer.status_code] += 1
        if answer.status_code >= 500:
            body = str(more.get("content") or more.get("data") or "")[:300]
            said = f"{self.role}: {method} {address[:300]} {body} → {answer.status_code}"
            self.faults.setdefault(f"{method} {re.sub(r'[0-9]+', '#', address.split('?')[0])[:60]}", said)
        return answer


def attack(host: Host, world: dict[str, Any], requests: int, section: Section) -> None:
    """So many requests, shared out among roles and routes."""
    rng = random.Random(2026)
    known = routes()
    attackers = [Attacker(host, world, role, rng) for role in (*world["roles"], "anonymous")]
    for attacker in attackers:
        for path, methods in known:
            if "GET" in methods:
                attacker.visit(path, plain=True)
    for number in range(requests):
        # staff may do most, so most of what could go wrong is theirs
        attacker = rng.choice([*attackers, *attackers[:1] * 3])
        path, methods = known[number % len(known)]
        method = rng.choice(methods)
        if method in ("GET", "HEAD"):
            attacker.visit(path)
        else:
            attacker.send(method, path)
    total: Counter[int] = Counter()
    for attacker in attackers:
        total += attacker.statuses
        section.failures += attacker.faults.values()
    section.figures["pages: routes × roles"] = f"{len(known)} × {len(attackers)}"
    section.figures["pages: hostile requests"] = sum(total.values())
    section.figures["pages: answers by status"] = {str(status): count for status, count in sorted(total.items())}

"""The service as a laptop sees it: enrol, a kit's list, file a report.

A kit's list is asked for by a signed request: `Authorization: STEM-Agent agent="…", time="…", signature="…"`,
Ed25519 over the method, the path, the time and the body's digest (`envelope.signed_text`). There is no secret to
steal from the service or from a log; the service takes a time within five minutes of its own.
A filed report carries its own signature, so it needs no other: it may be sent late, or by another hand.

The bundle of known firmware is asked for in the same way. A report's request is signed too where the key is at hand:
what it says of the moment tells the service how far this laptop's clock is off.

Attempts: what cannot harm by coming twice (all of it) is tried again after a broken connection, 429 and 5xx, with
growing waits; `Retry-After` is kept up to a limit. One attempt is bounded as a whole, also where the answer drips.
The service's `Date` is compared with this laptop's clock (`skew_s`). Where a clock is too far off for a signed request,
it is signed once more with the service's time: such a request only reads.
"""

import random
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_agents.envelope import canonical, enrolment_text, signed_text
from device_agents.errors import (
    BadArguments,
    NotTheService,
    ServiceBusy,
    ServiceMoved,
    ServiceRefused,
    ServiceUnreachable,
    ServiceUntrusted,
)
from device_agents.home import public_bytes
from firmware_checks.bundles import MAX_BUNDLE

ENROL, LISTS, REPORTS = "/api/v1/agents/enrol", "/api/v1/kits/{code}/expected", "/api/v1/check-reports"
BUNDLE: Final = "/api/v1/agents/bundle"
MAX_ANSWER: Final = 1024 * 1024
LONGEST_WAIT_S: Final = 30.0
SLOWEST: Final = 6  # an answer may take this many times the wait for its next piece
_AGAIN: Final = (429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Patience:
    """How often and how long a request is tried."""

    attempts: int = 4
    first_wait_s: float = 0.5
    timeout_s: float = 10.0


def server_address(given: str) -> str:
    """The service's address without a slash at its end.

    Raises:
        BadArguments: `bad-server` where it is no http(s) address.
    """
    try:
        parts = urlsplit(given.strip())
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        port_is_right = False
    if not port_is_right or parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        raise BadArguments("bad-server", server=given[:200])
    return given.strip().rstrip("/")


class Client:
    """One service.

    Args:
        server: its address.
        patience: how often to try.
        sleep: waits between attempts.
    """

    def __init__(
        self, server: str, patience: Patience | None = None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.server = server_address(server)
        self._patience = patience or Patience()
        self._sleep = sleep
        self.skew_s: int | None = None
        """By how many seconds this laptop's clock is ahead of the service's, once it has answered."""

    def enrol(self, code: str, name: str, version: str, key: Ed25519PrivateKey) -> dict[str, Any]:
        """Spend an enrolment code; the service's answer, `{agent, name}`.

        Coming twice with the same key it answers the same, so that a lost answer spoils nothing.
        """
        public = public_bytes(key)
        proof = key.sign(enrolment_text(code, public))
        body = {"code": code, "name": name, "version": version, "public_key": public.hex(), "proof": proof.hex()}
        answer = self._json(self._send("POST", ENROL, canonical(body), {}))
        if not isinstance(answer.get("agent"), str):
            raise NotTheService(server=self.server)
        return answer

    def expected(self, kit: str, agent: str, key: Ed25519PrivateKey) -> bytes:
        """The list of a kit, as the service gives it (`device_agents.kitlist` reads it)."""
        path = LISTS.format(code=kit)
        response = self._send("GET", path, b"", {"agent": agent, "key": key})
        self._json(response)
        return response.content

    def bundle(self, agent: str, key: Ed25519PrivateKey, have: int | None) -> bytes | None:
        """The bundle of known firmware (`firmware_checks.bundles` reads it); None where the service's is `have`."""
        response = self._send("GET", BUNDLE, b"", {"agent": agent, "key": key, "have": have})
        if response.status_code == 304:
            return None
        self._json(response)
        return response.content

    def file(self, envelope: bytes, agent: str = "", key: Ed25519PrivateKey | None = None) -> str:
        """File a report; `filed`, or `known` where the service has it already.

        Args:
            envelope: as it is kept.
            agent: whose request it is, and `key` to sign it with, so that the service learns of this laptop's clock.
        """
        response = self._send("POST", REPORTS, envelope, {"agent": agent, "key": key} if key is not None else {})
        state = self._json(response).get("state")
        if state not in ("filed", "known"):
            raise NotTheService(server=self.server)
        return str(state)

    def _send(self, method: str, path: str, body: bytes, signer: dict[str, Any]) -> httpx.Response:
        waits = self._patience.first_wait_s
        last: Exception = ServiceUnreachable(server=self.server, detail="")
        shift_s = 0
        attempts = self._patience.attempts
        attempt = 0
        while attempt < attempts:
            if attempt:
                self._sleep(waits)
                waits = min(LONGEST_WAIT_S, waits * 2) * (0.8 + 0.4 * random.random())  # noqa: S311 - spreads retries
            try:
                response = self._once(method, path, body, {**signer, "shift_s": shift_s})
            except httpx.TransportError as error:
                detail = str(error)[:200] or type(error).__name__
                if isinstance(_cause(error), ssl.SSLError):
                    raise ServiceUntrusted(server=self.server, detail=detail) from None
                last = ServiceUnreachable(server=self.server, detail=detail)
                attempt += 1
                continue
            self._compare_clocks(response)
            if response.status_code == 401 and not shift_s and self.skew_s is not None and abs(self.skew_s) > 60:
                shift_s = -self.skew_s
                continue
            if response.status_code not in _AGAIN:
                return self._accepted(response)
            attempt += 1
            last = ServiceBusy(server=self.server, status=response.status_code)
            waits = max(waits, min(LONGEST_WAIT_S, _retry_after(response)))
        raise last

    def _once(self, method: str, path: str, body: bytes, signer: dict[str, Any]) -> httpx.Response:
        headers = {"Accept": "application/json", "User-Agent": "stem-check"}
        if body:
            headers["Content-Type"] = "application/json"
        if signer.get("have") is not None:
            headers["If-None-Match"] = f'"{signer["have"]}"'
        if "key" in signer:
            now = datetime.now(UTC) + timedelta(seconds=signer.get("shift_s", 0))
            moment = now.strftime("%Y-%m-%dT%H:%M:%SZ")
            # The path that is signed is the service's own, whatever prefix a proxy has put before it.
            signature = signer["key"].sign(signed_text(method, path, moment, body)).hex()
            headers["Authorization"] = f'STEM-Agent agent="{signer["agent"]}", time="{moment}", signature="{signature}"'
        until = time.monotonic() + SLOWEST * self._patience.timeout_s
        most = MAX_BUNDLE if path == BUNDLE else MAX_ANSWER
        with (
            httpx.Client(timeout=self._patience.timeout_s, follow_redirects=False) as client,
            client.stream(method, self.server + path, content=body or None, headers=headers) as response,
        ):
            content = b""
            for piece in response.iter_bytes():
                content += piece
                if len(content) > most:
                    raise NotTheService(server=self.server)
                if time.monotonic() > until:
                    raise httpx.ReadTimeout("the answer drips")
            return httpx.Response(response.status_code, headers=_plain(response.headers), content=content)

    def _compare_clocks(self, response: httpx.Response) -> None:
        try:
            theirs = parsedate_to_datetime(response.headers.get("date", ""))
            self.skew_s = round((datetime.now(UTC) - theirs).total_seconds())
        except (ValueError, TypeError):
            return

    def _accepted(self, response: httpx.Response) -> httpx.Response:
        if response.status_code < 300 or response.status_code == 304:
            return response
        if response.status_code < 400:
            raise ServiceMoved(server=self.server, location=response.headers.get("location", "")[:200])
        problem = _problem(response)
        if problem is None and response.status_code == 413:
            # a proxy before the service takes less than the service does; nothing else can be meant by it
            raise ServiceRefused(413, "report-too-big", "")
        if problem is None:
            raise NotTheService(server=self.server)
        slug = str(problem.get("type", "")).rpartition(":")[2][:64]
        detail = str(problem.get("detail") or problem.get("title") or "")[:300]
        raise ServiceRefused(response.status_code, slug, detail)

    def _json(self, response: httpx.Response) -> dict[str, Any]:
        try:
            value = response.json()
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise NotTheService(server=self.server)
        return value


def _cause(error: BaseException) -> BaseException:
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error


def _plain(headers: httpx.Headers) -> dict[str, str]:
    """The headers that are read here; a coding of the content is undone already."""
    return {name: headers[name] for name in ("content-type", "retry-after", "location", "date") if name in headers}


def _problem(response: httpx.Response) -> dict[str, Any] | None:
    try:
        value = response.json()
    except ValueError:
        return None
    return value if isinstance(value, dict) and ("title" in value or "detail" in value) else None


def _retry_after(response: httpx.Response) -> float:
    given = response.headers.get("retry-after", "")
    if given.isdigit():
        return float(min(int(given[:9]), 3600))
    try:
        return max(0.0, (parsedate_to_datetime(given) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0

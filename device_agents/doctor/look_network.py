"""The service, asked for nothing but whether it is there. Its answer also tells the time."""

import json
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from device_agents.client import server_address
from device_agents.doctor.facts import ServerFacts

_PATIENCE_S: Final = 5.0
_MOST: Final = 64 * 1024


def look_at_server(address: str) -> ServerFacts:
    """What answers at this address.

    Raises:
        BadArguments: it is no address.
    """
    # the slowest library of all, and only those with an address need it
    import httpx

    server = server_address(address)
    try:
        with (
            httpx.Client(timeout=_PATIENCE_S, follow_redirects=False) as client,
            client.stream("GET", f"{server}/healthz", headers={"User-Agent": "stem-check"}) as response,
        ):
            date = _date(response.headers.get("date", ""))
            content = b""
            for piece in response.iter_bytes():
                content += piece
                if len(content) > _MOST:
                    break
            said = httpx.Response(response.status_code, content=content)
    except httpx.TransportError as fault:
        detail = str(fault)[:200] or type(fault).__name__
        return ServerFacts(server, "certificate" if _is_certificate(fault) else "nothing", detail)
    if said.status_code >= 500:
        return ServerFacts(server, "error", str(said.status_code), date)
    return ServerFacts(server, "ours" if said.status_code == 200 and _is_ours(said.content) else "other", "", date)


def _is_ours(content: bytes) -> bool:
    try:
        value = json.loads(content)
    except ValueError:
        return False
    return isinstance(value, dict) and "status" in value


def _is_certificate(fault: BaseException) -> bool:
    link: BaseException | None = fault
    while link is not None:
        if isinstance(link, ssl.SSLCertVerificationError):
            return True
        link = link.__cause__ or link.__context__
    return "CERTIFICATE_VERIFY_FAILED" in str(fault)


def _date(given: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(given)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

"""Reading an address elsewhere, without becoming a way into this network.

Whoever answers for a name decides where it leads, and whoever answers an address decides where it goes on to. So each
name, the first and each redirect's, is resolved once, every address that it has is judged, and the connection is made
to one of those: nobody is asked a second time. Proxies of the environment are left aside, as they would ask again.
"""

import asyncio
import socket
from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpx

from stem_logistics.errors import Invalid

MOST_REDIRECTS = 5
# What Python's own lists call global in some of its versions, and is not: protocol assignments (a cloud's metadata
# among them), and a public number that is a cloud's own service to its machines.
_INSIDE_TOO = (IPv4Network("192.0.0.0/24"), IPv4Network("168.63.129.16/32"))
_NAT64 = IPv6Network("64:ff9b::/96")


class LeadsInside(Invalid):
    """An address that is not the world's: `host` and `address` say which."""


class TooMuch(Exception):
    """More bytes than are taken."""


def is_outside(text: str) -> bool:
    """Whether an address is one of the public internet, also where it wraps one of the fourth version."""
    address = ip_address(text)
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return is_outside(str(IPv4Address(int(address) & 0xFFFFFFFF)))
        if address.ipv4_mapped is not None:
            return is_outside(str(address.ipv4_mapped))
        inner = [address.sixtofour, *(address.teredo or ())]
        if any(each is not None and not is_outside(str(each)) for each in inner):
            return False
    return (
        address.is_global
        and not (address.is_multicast or address.is_reserved or address.is_unspecified)
        and not any(address in network for network in _INSIDE_TOO)
    )


def host_of(url: httpx.URL) -> str:
    """The host of an address as it is compared: small letters, no dot at the end, IDNA."""
    return url.raw_host.decode("ascii").strip("[]").rstrip(".").lower()


async def addresses_of(url: httpx.URL, allowed: Collection[str]) -> list[str]:
    """Where a URL's host leads, resolved once and judged.

    Raises:
        LeadsInside: one of its addresses is not outside, and the host is not among those allowed.
        OSError: it leads nowhere.
    """
    host = host_of(url)
    found = await asyncio.get_running_loop().getaddrinfo(host, url.port or 443, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
    if host not in allowed:
        for address in addresses:
            if not is_outside(address):
                raise LeadsInside("address-leads-inside", host=host, address=address)
    return addresses


async def download(source: str, *, limit: int, seconds: float, allowed: Collection[str] = ()) -> bytes:
    """The body of an https address, never more than `limit` bytes of it.

    Args:
        source: the address; up to five redirects are followed, each judged as the first.
        limit: the most bytes that are taken.
        seconds: the longest silence.
        allowed: hosts, by name, that may lie inside.

    Raises:
        LeadsInside: an address of it, or of a redirect, lies inside.
        TooMuch: there is more.
        httpx.HTTPError, OSError: no answer, or a refusal.
    """
    url = httpx.URL(source)
    async with httpx.AsyncClient(
        timeout=seconds, follow_redirects=False, trust_env=False, verify=httpx.create_ssl_context()
    ) as client:
        for _ in range(MOST_REDIRECTS + 1):
            if url.scheme != "https" or not url.host:
                raise httpx.UnsupportedProtocol(f"not an https address: {url.scheme}://{url.host}")
            answer = await _ask(client, url, await addresses_of(url, allowed))
            try:
                if not answer.has_redirect_location:
                    answer.raise_for_status()
                    return await _body(answer, limit)
                url = url.copy_with(username=None, password=None).join(answer.headers["location"])
            finally:
                await answer.aclose()
    raise httpx.TooManyRedirects(f"more than {MOST_REDIRECTS} redirects")


async def _ask(client: httpx.AsyncClient, url: httpx.URL, addresses: list[str]) -> httpx.Response:
    """Ask at the first of the judged addresses that takes the connection; the name stands in TLS and in `Host`."""
    refused: httpx.TransportError | None = None
    for address in addresses:
        request = client.build_request(
            "GET",
            url.copy_with(host=address),
            headers={"host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": host_of(url)},
        )
        try:
            return await client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            refused = error
    raise refused or httpx.ConnectError(f"{host_of(url)} has no address")


async def _body(answer: httpx.Response, limit: int) -> bytes:
    received = bytearray()
    async for piece in answer.aiter_bytes():
        received += piece
        if len(received) > limit:
            raise TooMuch
    return bytes(received)

"""The registry's source is no way into the network: every address is judged, and what was judged is connected to."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stem_logistics import outside
from stem_logistics.db.engine import fetch_value
from stem_logistics.errors import Invalid
from stem_logistics.registry.refreshing import refresh
from stem_logistics.settings import Settings
from tests.registry.test_import import generated

HOST = "files.example"
Answer = tuple[str, bytes]


def certificate(folder: Path) -> ssl.SSLContext:
    """A certificate for HOST and for localhost that its own key signed; trusted where SSL_CERT_FILE names it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST), x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    public = made.public_bytes(serialization.Encoding.PEM)
    form = serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (folder / "ca.pem").write_bytes(public)
    (folder / "server.pem").write_bytes(secret + public)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


class Server:
    """An https server on the loopback: what it answers by path, and the heads of what it was asked."""

    def __init__(self) -> None:
        self.port = 0
        self.answers: dict[str, Answer] = {}
        self.heads: list[str] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        status, content = self.answers[head.split()[1]]
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
        await writer.drain()
        writer.close()

    def moves(self, path: str, to: str) -> None:
        self.answers[path] = (f"302 Found\r\nLocation: {to}", b"")


@asynccontextmanager
async def serving(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    server = Server()
    running = await asyncio.start_server(server.talk, "127.0.0.1", 0, ssl=certificate(folder))
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
    server.port = running.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        running.close()


def naming(monkeypatch: pytest.MonkeyPatch, names: dict[str, list[str]]) -> list[str]:
    """Let names lead where the test says: to the first of several places when first asked, then to the next.
    Returns who was asked for, as it grows."""
    asked: list[str] = []
    real: Callable[..., Any] = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *rest: Any, **more: Any) -> Any:
        if host not in names:
            return real(host, port, *rest, **more)
        asked.append(host)
        place = names[host][min(asked.count(host), len(names[host])) - 1]
        return [
            (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
            for each in place.split()
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


INSIDE = """
    127.0.0.1 127.8.8.8 0.0.0.0 10.1.2.3 172.16.0.1 172.31.255.254 192.168.1.1 169.254.169.254 169.254.1.1 100.64.0.1
    100.100.100.200 192.0.0.192 168.63.129.16 224.0.0.1 255.255.255.255 240.0.0.1 198.18.0.1
    :: ::1 fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 ff02::1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 2002:7f00:1::
    2002:a9fe:a9fe:: 64:ff9b::a9fe:a9fe 64:ff9b::10.0.0.1 64:ff9b:1::1 ::7f00:1
"""
OUTSIDE = "8.8.8.8 93.184.216.34 2606:4700:4700::1111 ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::"


@pytest.mark.parametrize("address", INSIDE.split())
def test_what_lies_inside(address: str) -> None:
    """Loopback, private, shared, link-local, metadata, multicast, reserved: also wrapped into the sixth version."""
    assert not outside.is_outside(address)


@pytest.mark.parametrize("address", OUTSIDE.split())
def test_what_lies_outside(address: str) -> None:
    """An address of the public internet is taken, however it is written."""
    assert outside.is_outside(address)


@pytest.mark.parametrize(
    "source",
    [
        "https://127.0.0.1:{port}/f",
        "https://localhost:{port}/f",
        "https://2130706433:{port}/f",
        "https://0x7f.1:{port}/f",
        "https://[::1]:{port}/f",
        "https://[::ffff:127.0.0.1]:{port}/f",
        "https://public.example:{port}/f",
        "https://either.example:{port}/f",
    ],
)
async def test_a_source_inside_is_refused_before_anything_is_sent(
    service: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    """However its host is written, and also where only one of its addresses lies inside."""
    naming(monkeypatch, {"public.example": ["10.0.0.5"], "either.example": ["93.184.216.34 127.0.0.1"]})
    async with serving(tmp_path, monkeypatch) as server:
        monkeypatch.setattr(service, "registry_source", source.format(port=server.port))
        with pytest.raises(Invalid, match="registry-source-inside"):
            await refresh()
        assert server.heads == []
    assert await fetch_value("SELECT count(*) FROM registry_import") == 0


async def test_a_host_that_is_named_may_lie_inside_and_is_resolved_once(
    service: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was judged is connected to: a name that leads elsewhere when asked again is not asked again. Its
    certificate is still held against its name, and the name stands in the request."""
    asked = naming(monkeypatch, {HOST: ["127.0.0.1", "127.0.0.9"]})
    async with serving(tmp_path, monkeypatch) as server:
        server.answers["/registry.csv"] = ("200 OK", generated(30))
        source = f"https://{HOST}:{server.port}/registry.csv"
        monkeypatch.setattr(service, "registry_source", source)
        monkeypatch.setattr(service, "registry_source_hosts", f"other.example, {HOST.upper()}.")
        done = await refresh()
        assert done.keys() == {"import"} and asked == [HOST]
        assert f"host: {HOST}:{server.port}\r\n" in server.heads[0].lower()
        naming(monkeypatch, {"wrong.example": ["127.0.0.1"]})
        monkeypatch.setattr(service, "registry_source", source.replace(HOST, "wrong.example"))
        monkeypatch.setattr(service, "registry_source_hosts", "wrong.example")
        with pytest.raises(Invalid, match="registry-source-unreadable"):
            await refresh()
        assert len(server.heads) == 1


async def test_every_redirect_is_judged_as_the_first(
    service: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To a place outside it is followed; inside, to plain http or in a circle it ends, and nothing is asked there."""
    naming(monkeypatch, {HOST: ["127.0.0.1"], "rebound.example": ["169.254.169.254"]})
    async with serving(tmp_path, monkeypatch) as server:
        start = f"https://{HOST}:{server.port}"
        server.answers["/registry.csv"] = ("200 OK", generated(30))
        server.moves("/moved", "/registry.csv")
        server.moves("/circle", "/circle")
        server.moves("/plain", f"http://{HOST}:{server.port}/registry.csv")
        inside = ("https://169.254.169.254/latest", "https://rebound.example/", f"https://localhost:{server.port}/f")
        for number, place in enumerate(inside):
            server.moves(f"/inside{number}", place)
        monkeypatch.setattr(service, "registry_source_hosts", HOST)
        for path, slug in (
            *((f"/inside{number}", "registry-source-inside") for number in range(len(inside))),
            ("/plain", "registry-source-unreadable"),
            ("/circle", "registry-source-unreadable"),
        ):
            server.heads.clear()
            monkeypatch.setattr(service, "registry_source", start + path)
            with pytest.raises(Invalid, match=slug):
                await refresh()
            assert {head.split()[1] for head in server.heads} == {path}
            assert len(server.heads) <= outside.MOST_REDIRECTS + 1
        monkeypatch.setattr(service, "registry_source", f"{start}/moved")
        assert (await refresh()).keys() == {"import"}


async def test_a_source_is_never_taken_beyond_its_limit(
    service: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than may be uploaded is given up, and the password of its address is not told."""
    naming(monkeypatch, {HOST: ["127.0.0.1"]})
    async with serving(tmp_path, monkeypatch) as server:
        server.answers["/f"] = ("200 OK", b"x" * 1_000_001)
        monkeypatch.setattr(service, "max_upload_bytes", 1_000_000)
        monkeypatch.setattr(service, "registry_source_hosts", HOST)
        monkeypatch.setattr(service, "registry_source", f"https://us:secret@{HOST}:{server.port}/f")
        with pytest.raises(Invalid, match="registry-source-unreadable") as refused:
            await refresh()
        assert "secret" not in str(refused.value) and "authorization: basic" in server.heads[0].lower()

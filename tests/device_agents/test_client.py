"""The laptop's client against servers that behave as servers in the field do: over real sockets."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from device_agents.client import LONGEST_WAIT_S, Client, Patience, server_address
from device_agents.envelope import signed_text
from device_agents.errors import BadArguments, NotTheService, ServiceBusy, ServiceRefused, ServiceUnreachable
from device_agents.home import public_bytes

KEY = Ed25519PrivateKey.generate()
Answer = tuple[int, dict[str, str], bytes]
FILED: Answer = (201, {}, b'{"state": "filed"}')
JSON = {"Content-Type": "application/json"}


class Script:
    """Answers in their order, the last one for ever; keeps what was asked."""

    def __init__(self, answers: list[Answer]) -> None:
        self.answers = answers
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.waits: list[float] = []
        self.url = ""

    def client(self, attempts: int = 4) -> Client:
        return Client(self.url, Patience(attempts=attempts, first_wait_s=0.5, timeout_s=1.0), self.waits.append)


@contextmanager
def serving(*answers: Answer) -> Iterator[Script]:
    script = Script(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            script.requests.append((self.command, self.path, dict(self.headers), body))
            status, headers, content = script.answers.pop(0) if len(script.answers) > 1 else script.answers[0]
            if status == 0:  # hang up without an answer
                self.connection.close()
                return
            if "Date" in headers:
                self.send_response_only(status)  # without the server's own
            else:
                self.send_response(status)
            for name, value in (JSON | headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = handle_one  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def problem(status: int, slug: str) -> Answer:
    return (
        status,
        {},
        json.dumps({"title": "Refused", "detail": "because", "type": f"urn:stem-logistics:problem:{slug}"}).encode(),
    )


def test_a_request_is_signed_so_that_the_service_can_check_it() -> None:
    """Method, path, time and body are under the signature of the laptop's key."""
    with serving((200, {}, b'{"kit": "KABC2345"}')) as script:
        assert script.client().expected("KABC2345", "AGENT23", KEY) == b'{"kit": "KABC2345"}'
        method, path, headers, body = script.requests[0]
    assert (method, path, body) == ("GET", "/api/v1/kits/KABC2345/expected", b"")
    scheme, _, rest = headers["Authorization"].partition(" ")
    fields = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert scheme == "STEM-Agent" and fields["agent"] == '"AGENT23"'
    text = signed_text(method, path, fields["time"].strip('"'), body)
    Ed25519PublicKey.from_public_bytes(public_bytes(KEY)).verify(bytes.fromhex(fields["signature"].strip('"')), text)


def test_what_passes_is_tried_again() -> None:
    """A dropped connection, 503 and 429 are waited out, longer each time, and the same bytes are sent."""
    with serving((0, {}, b""), problem(503, "down"), problem(429, "slow"), FILED) as script:
        assert script.client().file(b"{}") == "filed"
        assert len(script.requests) == 4 and {request[3] for request in script.requests} == {b"{}"}
    assert len(script.waits) == 3 and script.waits[0] == 0.5 and script.waits[2] > 1.0


def test_retry_after_is_kept_up_to_a_limit() -> None:
    """The service's own wish counts, but a laptop does not wait an hour."""
    with serving((429, {"Retry-After": "7"}, b"{}"), (429, {"Retry-After": "86400"}, b"{}"), FILED) as script:
        script.client().file(b"{}")
    assert script.waits == [7.0, LONGEST_WAIT_S]


def test_a_service_that_stays_busy_is_told() -> None:
    """After all attempts the error says what the service answered."""
    with serving((503, {}, b"")) as script, pytest.raises(ServiceBusy) as caught:
        script.client(attempts=3).file(b"{}")
    assert caught.value.params["status"] == 503 and len(script.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 413, 422])
def test_a_refusal_is_final_and_has_its_reason(status: int) -> None:
    """4xx is not tried again; its slug and words come along."""
    with serving(problem(status, "signature-wrong")) as script, pytest.raises(ServiceRefused) as caught:
        script.client().file(b"{}")
    refusal = caught.value
    assert (refusal.status, refusal.problem, refusal.detail) == (status, "signature-wrong", "because")
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"Content-Type": "text/html"}, b"<html>Sign in to the hotel's network</html>"),
        (302, {"Location": "http://portal.example"}, b""),
        (404, {"Content-Type": "text/html"}, b"<h1>Not found</h1>"),
        (200, {}, b"{}"),
        (200, {}, b"[]"),
        (200, {}, b'{"state": "filed"'),
        (200, {}, b" " * (2 * 1024 * 1024)),
    ],
    ids=("portal", "redirect", "other-site", "empty", "list", "half", "flood"),
)
def test_something_else_at_that_address_is_told(answer: Answer) -> None:
    """A captive portal, another site, half an answer or a flood are not taken for the service's word."""
    with serving(answer) as script, pytest.raises(NotTheService):
        script.client().file(b"{}")


def test_nobody_there() -> None:
    """An address where nothing listens is told after all attempts."""
    with serving(FILED) as script:
        pass
    with pytest.raises(ServiceUnreachable):
        script.client(attempts=2).expected("KABC2345", "AGENT23", KEY)
    assert len(script.waits) == 1


@pytest.mark.parametrize(
    "given", ["", "stem.example", "ftp://x", "http://", "http://x:99999", "https://x?y=1", "http://["]
)
def test_what_is_no_address(given: str) -> None:
    """An address is http or https with a host."""
    with pytest.raises(BadArguments):
        server_address(given)
    assert server_address(" https://stem.example/ ") == "https://stem.example"

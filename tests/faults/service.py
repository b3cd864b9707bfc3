"""A service for the fault table, over real sockets: it misbehaves as long as it is told to, then does its work.

Its work is done by the real service where one runs (`behind`), else by the few lines here that count a report once, by
its id, after checking its signature, as the real one does.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from device_agents.envelope import EnvelopeUnreadable, SignatureWrong, read_envelope

HANG_UP = 0


@dataclass
class Service:
    """What it has, and how it behaves.

    Attributes:
        public: the laptop's public key.
        trouble: the answers that come before any work is done: a status, or HANG_UP for none.
        reports: sequence by report id, in the order of their coming.
        behind: the address of the real service, empty where there is none.
    """

    public: bytes
    behind: str = ""
    trouble: list[int] = field(default_factory=list)
    reports: dict[str, int] = field(default_factory=dict)
    known: int = 0
    url: str = ""

    def answer(self, body: bytes) -> tuple[int, bytes]:
        """What becomes of a filed report."""
        if self.trouble:
            status = self.trouble.pop(0)
            problem = {"type": "urn:stem-logistics:problem:report-too-big", "title": "trouble", "detail": "trouble"}
            return status, json.dumps(problem).encode() if status else b""
        try:
            envelope = read_envelope(body)
            envelope.verify(self.public)
        except (EnvelopeUnreadable, SignatureWrong):
            return 422, b'{"type": "urn:stem-logistics:problem:report-signature-wrong", "title": "wrong"}'
        status, content = 201, b'{"state": "filed"}'
        if self.behind:
            done = httpx.post(f"{self.behind}/api/v1/check-reports", content=body, timeout=20)
            status, content = done.status_code, done.content
        elif envelope.report_id in self.reports:
            status, content = 200, b'{"state": "known"}'
        if status < 300:
            self.known += envelope.report_id in self.reports
            self.reports.setdefault(envelope.report_id, envelope.sequence)
        return status, content


@contextmanager
def serving(public: bytes, behind: str = "") -> Iterator[Service]:
    """The service on a free port of this machine."""
    service = Service(public, behind)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, content = service.answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            if status == HANG_UP:
                self.connection.close()
                return
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

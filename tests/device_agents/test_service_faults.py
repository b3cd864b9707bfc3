"""What the service, or whatever stands before it, may answer, in a table: nothing is lost, nothing holds up the rest,
each fault has its name, and every run ends in a bounded time."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from device_agents.client import Client, Patience
from device_agents.envelope import read_envelope
from device_agents.home import Home
from device_agents.outbox import Filing, Outbox
from device_agents.syncing import Synced, sync
from tests.device_agents.reports import make_report
from tests.device_agents.test_client import FILED, KEY, Answer, problem, serving

HTML = {"Content-Type": "text/html"}
KNOWN: Answer = (200, {}, b'{"state": "known"}')


class Desk:
    """A laptop with reports that wait."""

    def __init__(self, folder: Path, reports: int) -> None:
        self.home = Home(folder / "home")
        self.key = self.home.key_or_new()
        self.outbox = Outbox(self.home.outbox)
        for _ in range(reports):
            self.outbox.file(make_report(), "AGENT23", self.key, Filing())

    def sync(self, client: Client) -> Synced:
        return sync(self.outbox, client, self.key, agent="AGENT23")

    @property
    def states(self) -> list[str]:
        return [kept.state for kept in self.outbox.all()]


def error_of(done: Synced) -> str:
    return done.stopped.slug if done.stopped is not None else ""


W, S, R = "waiting", "sent", "refused"
TABLE: dict[str, tuple[list[Answer], list[str], str, int]] = {
    # the answers in their order (the last one for ever); what becomes of three reports; the run's error; exit code
    "all well": ([FILED], [S, S, S], "", 0),
    "the same report twice": ([KNOWN], [S, S, S], "", 0),
    "500 for one report": ([problem(500, "x"), problem(500, "x"), FILED], [W, S, S], "service-busy", 2),
    "500 for all": ([problem(500, "x")], [W, W, W], "service-busy", 2),
    "503 with a page": ([(503, HTML, b"<h1>Maintenance</h1>")], [W, W, W], "service-busy", 2),
    "502 of a proxy": ([(502, HTML, b"<h1>Bad gateway</h1>")], [W, W, W], "service-busy", 2),
    "429, then well": ([(429, {"Retry-After": "3"}, b"{}"), FILED], [S, S, S], "", 0),
    "429 for ever": ([(429, {"Retry-After": "3"}, b"{}")], [W, W, W], "service-busy", 2),
    "413 of the service": ([problem(413, "report-too-big"), FILED], [R, S, S], "", 1),
    "413 of a proxy": ([(413, HTML, b"<h1>Request Entity Too Large</h1>"), FILED], [R, S, S], "", 1),
    "422 altered": ([problem(422, "report-signature-wrong"), FILED], [R, S, S], "", 1),
    "409 id taken": ([FILED, problem(409, "report-id-taken"), FILED], [S, R, S], "", 1),
    "403 revoked": ([problem(403, "agent-revoked")], [W, W, W], "service-refused", 2),
    "401 of a proxy": ([(401, HTML, b"<h1>Sign in</h1>")], [W, W, W], "not-the-service", 2),
    "a portal": ([(200, HTML, b"<html>Welcome to the school's network</html>")], [W, W, W], "not-the-service", 2),
    "a redirect": ([(302, {"Location": "https://portal.example/login"}, b"")], [W, W, W], "service-moved", 2),
    "half an answer": ([(201, {}, b'{"state": "fil')], [W, W, W], "not-the-service", 2),
    "an empty answer": ([(201, {}, b"")], [W, W, W], "not-the-service", 2),
    "another 404": ([(404, HTML, b"<h1>Not found</h1>")], [W, W, W], "not-the-service", 2),
    "it hangs up": ([(0, {}, b"")], [W, W, W], "service-unreachable", 2),
    "it hangs up once": ([(0, {}, b""), FILED], [S, S, S], "", 0),
}


@pytest.mark.parametrize("name", TABLE)
def test_what_may_be_answered(tmp_path: Path, name: str) -> None:
    """Each row: what became of each report, the error's name, the exit code; then, the service well again, everything
    that waits arrives, and nothing that arrived is sent again."""
    answers, states, error, code = TABLE[name]
    desk = Desk(tmp_path, 3)
    with serving(*answers) as script:
        done = desk.sync(script.client(attempts=2))
    assert (desk.states, error_of(done), done.exit_code) == (states, error, code)
    assert len(desk.outbox.all()) == 3  # whatever it was, every report is kept
    with serving(FILED) as script:
        desk.sync(script.client(attempts=1))
        assert [read_envelope(body).sequence for _, _, _, body in script.requests] == [
            number for number, state in enumerate(states, 1) if state == W
        ]
    assert desk.states == [S if state == W else state for state in states]


def test_what_was_refused_is_sent_again_when_asked(tmp_path: Path) -> None:
    """A report that a proxy found too big is kept with its reason, and goes out once the proxy takes it."""
    desk = Desk(tmp_path, 2)
    with serving((413, HTML, b""), FILED) as script:
        assert [problem for _, problem, _ in desk.sync(script.client()).refused] == ["report-too-big"]
    assert desk.outbox.all()[0].reason.startswith("report-too-big")
    assert desk.outbox.again() == 1
    with serving(FILED) as script:
        assert desk.sync(script.client()).exit_code == 0 and len(script.requests) == 1


def test_retry_after_is_honoured_for_each(tmp_path: Path) -> None:
    """The service's own wish is waited for before the same bytes are sent again."""
    desk = Desk(tmp_path, 1)
    with serving((429, {"Retry-After": "7"}, b"{}"), FILED) as script:
        desk.sync(script.client())
        assert script.waits == [7.0] and len({body for *_, body in script.requests}) == 1


@contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that reads something and then does as `talk` says, on each connection."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.05)
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        stop.set()
        thread.join()
        listening.close()


def silent(connection: socket.socket) -> None:
    time.sleep(10)
    connection.close()


def dripping(connection: socket.socket) -> None:
    """Never quite silent, never done."""
    with connection:
        connection.recv(65536)
        try:
            connection.sendall(
                b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n"
            )
            for _ in range(9000):
                connection.sendall(b" ")
                time.sleep(0.1)
        except OSError:
            return


@pytest.mark.parametrize("talk", [silent, dripping])
def test_no_answer_ends_in_a_bounded_time(tmp_path: Path, talk: Callable[[socket.socket], None]) -> None:
    """A server that takes the report and says nothing, or drips for ever: told as unreachable, in seconds; it waits."""
    desk = Desk(tmp_path, 2)
    with raw_server(talk) as port:
        started = time.monotonic()
        client = Client(f"http://127.0.0.1:{port}", Patience(attempts=2, timeout_s=0.2), lambda _: None)
        done = desk.sync(client)
        assert time.monotonic() - started < 8
    assert (error_of(done), desk.states) == ("service-unreachable", [W, W])


def certificate(folder: Path, name: str, until: datetime) -> ssl.SSLContext:
    """A certificate that its own key signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(until - timedelta(days=400))
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    path = folder / "server.pem"
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@pytest.mark.parametrize("until", [datetime.now(UTC) + timedelta(days=30), datetime.now(UTC) - timedelta(days=30)])
def test_a_certificate_that_does_not_hold_gets_nothing(tmp_path: Path, until: datetime) -> None:
    """A certificate of somebody else's, valid or expired: told by its own name, tried once, no byte is sent."""
    context = certificate(tmp_path, "stem.example", until)
    heard: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as secure:
                heard.append(secure.recv(65536))
        except OSError:
            return

    desk = Desk(tmp_path, 1)
    with raw_server(talk) as port:
        waits: list[float] = []
        done = desk.sync(Client(f"https://127.0.0.1:{port}", Patience(timeout_s=2.0), waits.append))
    assert (error_of(done), desk.states, heard, waits) == ("service-untrusted", [W], [], [])


def test_https_where_there_is_none(tmp_path: Path) -> None:
    """An address with https before a server that speaks plain HTTP is no trusted service either."""
    desk = Desk(tmp_path, 1)
    with serving(FILED) as script:
        url = script.url.replace("http:", "https:")
        done = desk.sync(Client(url, Patience(attempts=1, timeout_s=2.0)))
    assert error_of(done) == "service-untrusted" and desk.states == [W]


@pytest.mark.parametrize("days", [-366, 366])
def test_a_clock_wrong_by_a_year_reads_all_the_same(days: int) -> None:
    """Refused because its clock is off, a reading request is signed once more with the service's time, and only once;
    by how much the clock is off is known afterwards."""
    date = format_datetime(datetime.now(UTC) - timedelta(days=days), usegmt=True)
    off: Answer = (401, {"Date": date}, problem(401, "agent-clock-off")[2])
    with serving(off, (200, {"Date": date}, b"{}")) as script:
        client = script.client()
        client.expected("KABC2345", "AGENT23", KEY)
        assert client.skew_s is not None and abs(client.skew_s - days * 86400) < 5
        moments = [headers["Authorization"].split('time="')[1][:10] for _, _, headers, _ in script.requests]
    expected = [datetime.now(UTC), datetime.now(UTC) - timedelta(days=days)]
    assert moments == [moment.strftime("%Y-%m-%d") for moment in expected]
    with serving(off) as script, pytest.raises(Exception, match="service-refused"):
        script.client().expected("KABC2345", "AGENT23", KEY)
    assert len(script.requests) == 2


def test_a_report_says_by_how_much_the_clock_was_off(tmp_path: Path) -> None:
    """What the last contact told of the clock stands in the reports filed after it, signed; not once the clock was
    set, nor where it is right."""
    desk = Desk(tmp_path, 0)
    for skew, told in ((31_536_000, 31_536_000), (5, None)):
        desk.home.keep_clock_skew(skew)
        filing = Filing(clock_skew_s=desk.home.clock_skew())
        envelope = desk.outbox.file(make_report(), "AGENT23", desk.key, filing)
        assert envelope.read_report().evidence.properties.get("clock_skew_s") == told
    kept = json.loads((desk.home.folder / "clock.json").read_text())
    for moment in (datetime.now(UTC) + timedelta(days=1), datetime.now(UTC) - timedelta(days=60)):
        (desk.home.folder / "clock.json").write_text(json.dumps({**kept, "at": moment.isoformat()}))
        assert desk.home.clock_skew() is None


def test_threads_share_one_chain(tmp_path: Path) -> None:
    """Reports filed from many threads at once, while another sends: one chain without gap, each sent once."""
    desk = Desk(tmp_path, 0)
    with serving(FILED) as script:
        stop = threading.Event()

        def send() -> None:
            while not stop.is_set():
                desk.sync(script.client())

        def file() -> None:
            for _ in range(4):
                desk.outbox.file(make_report(), "AGENT23", desk.key, Filing())

        sender = threading.Thread(target=send)
        filers = [threading.Thread(target=file) for _ in range(6)]
        for thread in (sender, *filers):
            thread.start()
        for thread in filers:
            thread.join()
        stop.set()
        sender.join()
        desk.sync(script.client())
        came = [read_envelope(body).sequence for *_, body in script.requests]
    assert came == list(range(1, 25)) and desk.states == [S] * 24
    previous = None
    for kept in desk.outbox.all():
        envelope = read_envelope(kept.envelope)
        assert envelope.previous == previous
        previous = envelope.digest()

"""Faults around a check: the port, the box, the clock, the disk, the service. Each with the real parts."""

import os
import pickle
import resource
import signal
import tempfile
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from device_agents.candidates import Candidate
from device_agents.client import Client, Patience
from device_agents.doctor.facts import ClockFacts
from device_agents.doctor.rules import judge_clock
from device_agents.envelope import read_envelope
from device_agents.errors import OutboxUnusable, PortBusy, PortDenied, PortError, ServiceError
from device_agents.home import Home, public_bytes
from device_agents.kinds import AnyKind, kind_by_slug
from device_agents.kinds.base import CheckContext
from device_agents.kitlist import Found, KitList, Line, Names, Status, match, serials_of, verdict_of
from device_agents.outbox import Filing, Outbox, look_at
from device_agents.report import Report
from device_agents.runner import run_check
from device_agents.syncing import Synced, sync
from device_agents.transports.serial_port import SerialTransport
from firmware_checks.verdicts import Verdict
from tests.faults.cell import Cell, has_port
from tests.faults.lines import CATALOGUE, good_report
from tests.faults.service import HANG_UP, Service, serving

NOBODY = 65534
_ROOM = 120_000


@cache
def report_of(slug: str) -> Report:
    """The report of a device in order."""
    return good_report(kind_by_slug(slug))


# --- the port


@contextmanager
def pty() -> Iterator[str]:
    master, slave = os.openpty()
    tty.setraw(slave)
    try:
        yield os.ttyname(slave)
    finally:
        os.close(slave)
        os.close(master)


def _refused(kind: AnyKind, port: str, expected: type[PortError]) -> tuple[str, float, str]:
    """Check at this port; what came, how long it took, what was not as it must be."""
    begun = time.monotonic()
    try:
        report = run_check(kind, CheckContext(Candidate(port), catalogue=CATALOGUE), SerialTransport(port))
    except PortError as error:
        wrong = "" if type(error) is expected and error.port == port else f"{type(error).__name__} for {error.port}"
        return error.slug, time.monotonic() - begun, wrong
    return report.verdict.value, time.monotonic() - begun, f"it was opened: {report.verdict.value}"


def _port_cell(kind: AnyKind, attempt: Callable[[str], tuple[str, float, str]]) -> Cell:
    if not has_port(kind):
        return Cell(absent="no port")
    if kind.link != "serial":
        return Cell(absent="no serial port")
    cell = Cell()
    with pty() as port:
        outcome, seconds, wrong = attempt(port)
        cell.add(outcome, seconds)
        cell.expect(not wrong, wrong)
        cell.expect(seconds < 2, f"{seconds:.1f} s to be told")
        with _opened(port):  # nobody holds it any more
            pass
    return cell


@contextmanager
def _opened(port: str) -> Iterator[None]:
    import serial

    with serial.Serial(port, exclusive=True):
        yield


def port_busy(kind: AnyKind, much: int) -> Cell:
    """Another program holds the port: exit 3, its name."""

    def attempt(port: str) -> tuple[str, float, str]:
        with _opened(port):
            return _refused(kind, port, PortBusy)

    return _port_cell(kind, attempt)


def permission_denied(kind: AnyKind, much: int) -> Cell:
    """The system does not let this user open the port: exit 3, its name."""

    def attempt(port: str) -> tuple[str, float, str]:
        mode = Path(port).stat().st_mode
        Path(port).chmod(0o000)
        try:
            if os.getuid() != 0:
                return _refused(kind, port, PortDenied)
            return _as_nobody(lambda: _refused(kind, port, PortDenied))
        finally:
            Path(port).chmod(mode & 0o777)

    return _port_cell(kind, attempt)


def _as_nobody(work: Callable[[], tuple[str, float, str]]) -> tuple[str, float, str]:
    """Work as a user without rights, in a process of its own."""
    here, there = os.pipe()
    child = os.fork()
    if child == 0:
        answer: tuple[str, float, str] = ("died", 0.0, "the process without rights died")
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            answer = work()
        finally:
            os.write(there, pickle.dumps(answer))
            os._exit(0)
    os.close(there)
    os.waitpid(child, 0)
    with os.fdopen(here, "rb") as file:
        came: tuple[str, float, str] = pickle.loads(file.read())
    return came


# --- the box


def same_serial(kind: AnyKind, much: int) -> Cell:
    """Two devices go by one number, on the kit's list or not: the second is never taken for what it says."""
    cell = Cell()
    report = report_of(kind.slug)
    numbers = serials_of(report) or ("LABEL-1",)
    names = Names(el="x", en="x")
    for listed in ((numbers[0],), ()):
        line = Line(item="x", name=names, kind=kind.filed, quantity=2, serials=listed)
        expected = KitList(format="stem-kit-list/1", kit="KABC2345", title=names, lines=(line,))
        begun = time.monotonic()
        found = [Found(f"port {n}", kind.filed, numbers, report) for n in range(2)]
        rows = match(expected, found)
        verdict = verdict_of(rows)
        cell.add(verdict.value, time.monotonic() - begun)
        states = [row.status for row in rows if row.found is not None]
        cell.expect(states == [Status.FOUND, Status.TWICE], f"listed {listed}: {states}")
        cell.expect(verdict is not Verdict.PASS, "the kit passed")
    return cell


# --- what was filed


@dataclass
class Laptop:
    """A laptop's folder with its key and outbox, and the service that it files to."""

    home: Home
    service: Service
    agent: str
    kit: str

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.home.outbox)
        self.filed: list[str] = []

    def file(self, report: Report, times: int = 1, observed_at: datetime | None = None) -> None:
        """File reports; what was told to be filed has to reach the service."""
        for _ in range(times):
            filing = Filing(self.kit, observed_at=observed_at)
            self.filed.append(self.outbox.file(report, self.agent, self.home.key(), filing).report_id)

    def send(self) -> Synced:
        """Send what waits, without patience."""
        client = Client(self.service.url, Patience(attempts=2, first_wait_s=0.01, timeout_s=2.0), lambda seconds: None)
        return sync(self.outbox, client, self.home.key())

    def nothing_is_lost(self, cell: Cell, refused: int = 0) -> None:
        """Every report that was filed is whole in the outbox, in one chain, and at the service once, in order."""
        kept = self.outbox.all()
        key = self.home.key()
        cell.expect([each.report_id for each in kept] == self.filed, "the outbox has lost or changed a report")
        cell.expect(all(not look_at(each, key) for each in kept), "a report in the outbox is not whole")
        chain = [read_envelope(each.envelope) for each in kept]
        links = [envelope.previous for envelope in chain]
        cell.expect(links == [None, *(envelope.digest() for envelope in chain[:-1])], "the chain is broken")
        states = [each.state for each in kept]
        cell.expect(states.count("refused") == refused, f"refused: {states}")
        cell.expect(states.count("sent") == len(kept) - refused, f"not all were sent: {states}")
        expected = [each.report_id for each in kept if each.state == "sent"]
        cell.expect(sorted(self.service.reports) == sorted(expected), "the service has others than were sent")


Furnish = Callable[[Home], tuple[str, str, str]]
"""Gives a laptop its key as a real service knows it; the service's address, the laptop's code there, a kit's code."""


@contextmanager
def laptop(furnish: Furnish | None = None) -> Iterator[Laptop]:
    """A laptop of a case's own."""
    with tempfile.TemporaryDirectory(prefix="stem-faults-") as folder:
        home = Home(Path(folder) / "home")
        behind, agent, kit = furnish(home) if furnish else ("", "AGENT23", "KABC2345")
        with serving(public_bytes(home.key_or_new()), behind) as service:
            yield Laptop(home, service, agent, kit)


def clock_wrong(kind: AnyKind, much: int, furnish: Furnish | None = None) -> Cell:
    """The laptop's clock is a year off, both ways: the doctor says so, and no report is lost or refused for it."""
    cell = Cell()
    for days in (-365, 365):
        with laptop(furnish) as desk:
            begun = time.monotonic()
            now = datetime.now(UTC)
            desk.file(report_of(kind.slug), 2, observed_at=now + timedelta(days=days))
            done = desk.send()
            (finding,) = judge_clock(ClockFacts(now + timedelta(days=days), server=now))
            cell.add("filed, told by the doctor", time.monotonic() - begun)
            cell.expect(finding.state == "bad", f"{days} days: the doctor says {finding.key}")
            cell.expect(done.exit_code == 0, f"{days} days: sync ended with {done.exit_code}")
            desk.nothing_is_lost(cell)
    return cell


def disk_full(kind: AnyKind, much: int, furnish: Furnish | None = None) -> Cell:
    """The disk is full while a report is filed: it is told, what was kept is whole, and the chain goes on after."""
    cell = Cell()
    with laptop(furnish) as desk:
        desk.file(report_of(kind.slug))
        begun = time.monotonic()
        told = 0
        with _no_room(desk.home.outbox):
            for _ in range(3):
                try:
                    desk.file(report_of(kind.slug))
                except OutboxUnusable:
                    told += 1
        cell.add("outbox-unusable", time.monotonic() - begun)
        cell.expect(told > 0, "the disk was full and nobody was told")
        desk.file(report_of(kind.slug))
        desk.send()
        desk.nothing_is_lost(cell)
    return cell


@contextmanager
def _no_room(path: Path) -> Iterator[None]:
    """No file may grow beyond what the outbox and its log have now: writing more fails as on a full disk."""
    log = path.with_name(path.name + "-wal")
    largest = max(path.stat().st_size, log.stat().st_size if log.exists() else 0)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


def troubled(status: int, final: bool = False) -> Callable[..., Cell]:
    """The service answers so, or not at all: everything waits and is sent afterwards. A refusal for good is noted with
    its reason and holds nothing else up."""

    def fault(kind: AnyKind, much: int, furnish: Furnish | None = None) -> Cell:
        cell = Cell()
        with laptop(furnish) as desk:
            desk.file(report_of(kind.slug), 3)
            desk.service.trouble += [status] * (1 if final else 20)
            begun = time.monotonic()
            first = desk.send()
            cell.add(_words(first), time.monotonic() - begun)
            if final:
                cell.expect(len(first.refused) == 1 and first.sent == 2, f"{_words(first)}")
            else:
                # one report at which the service fails does not hold up the next
                cell.expect(first.waiting > 0 and first.waiting + first.sent == 3, f"{_words(first)}")
                cell.expect(isinstance(first.stopped, ServiceError), "nobody was told")
                desk.service.trouble.clear()
                cell.expect(desk.send().exit_code == 0, "what waited was not sent")
            desk.nothing_is_lost(cell, refused=1 if final else 0)
        return cell

    return fault


def _words(done: Synced) -> str:
    counts = {"waits": done.waiting, "refused": len(done.refused), "sent": done.sent + done.known}
    return ", ".join(name for name, count in counts.items() if count)


def sent_twice(kind: AnyKind, much: int, furnish: Furnish | None = None) -> Cell:
    """The answer to a report is lost, so it is sent again: it counts once."""
    cell = Cell()
    with laptop(furnish) as desk:
        desk.file(report_of(kind.slug), 2)
        begun = time.monotonic()
        for kept in desk.outbox.waiting():  # they arrive, and the laptop hears nothing of it
            status, _ = desk.service.answer(kept.envelope)
            cell.expect(status == 201, f"the first time: {status}")
        done = desk.send()
        cell.add("known, counts once", time.monotonic() - begun)
        cell.expect((done.sent, done.known) == (0, 2), f"sent {done.sent}, known {done.known}")
        desk.nothing_is_lost(cell)
    return cell


def out_of_order(kind: AnyKind, much: int, furnish: Furnish | None = None) -> Cell:
    """Reports arrive in another order than they were filed: none is refused, none is lost."""
    cell = Cell()
    with laptop(furnish) as desk:
        desk.file(report_of(kind.slug), 4)
        begun = time.monotonic()
        for kept in reversed(desk.outbox.waiting()):
            status, _ = desk.service.answer(kept.envelope)
            cell.expect(status == 201, f"number {kept.sequence}: {status}")
            desk.outbox.answered(kept.sequence, "sent")
        cell.add("filed", time.monotonic() - begun)
        desk.nothing_is_lost(cell)
    return cell


SERVER_500, SERVER_429, SERVER_413 = troubled(500), troubled(429), troubled(413, final=True)
SERVER_NOTHING = troubled(HANG_UP)

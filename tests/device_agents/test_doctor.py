"""The doctor looks at real conditions: a held port, a forbidden one, a real server with another clock, a full disk."""

import contextlib
import http.server
import json
import os
import pickle
import resource
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from device_agents.bundle_store import BundleStore
from device_agents.doctor.examine import Asked, Doctor
from device_agents.doctor.facts import BluetoothFacts
from device_agents.doctor.look_keeping import look_at_baselines, look_at_enrolment, look_at_outbox
from device_agents.doctor.look_ports import look_at_port
from device_agents.doctor.look_system import (
    look_at_bluetooth,
    own_libraries,
    rfkill,
    troubled,
    udev_state,
    without_port,
)
from device_agents.doctor.udev import NAME, rules_text
from device_agents.errors import BluetoothOff
from device_agents.home import Enrolment, Home
from device_agents.kinds import all_kinds
from device_agents.outbox import Filing, Outbox
from firmware_checks.bundles import Bundle, public_half, sign
from tests.device_agents.probing import Probed, stem_check
from tests.device_agents.reports import make_report

ENROLMENT = Enrolment("AGENT23", "http://127.0.0.1:1", "Φορητός", "2026-11-21T08:00:00Z")


@pytest.fixture
def port() -> Iterator[str]:
    master, slave = os.openpty()
    tty.setraw(slave)
    yield os.ttyname(slave)
    os.close(slave)
    os.close(master)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A laptop's folder, enrolled, and the program's own too."""
    monkeypatch.setenv("STEM_CHECK_HOME", str(tmp_path / "home"))
    made = Home()
    made.key_or_new()
    made.keep_enrolment(ENROLMENT)
    return made


@contextlib.contextmanager
def answering(
    status: int = 200, body: bytes = b'{"status":"ok"}', apart: timedelta = timedelta(), tls: Path | None = None
) -> Iterator[str]:
    """A real HTTP server whose clock differs by `apart`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(status)
            self.send_header("Date", format_datetime(datetime.now(UTC) + apart, usegmt=True))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silence."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def doctor(*arguments: str) -> tuple[Probed, dict[str, dict[str, Any]]]:
    """Run the program; what it says by key."""
    done = stem_check("doctor", *arguments, "--json", "--lang", "en", limit_s=30)
    document = done.document
    assert done.code == (1 if document["state"] == "bad" else 0), done.out
    return done, {finding["key"]: finding for finding in document["findings"]}


# --- ports


def test_a_held_port_names_the_program(port: str, home: Home) -> None:
    """Another program has the port open: its name and number, exit 1, and after it has ended the port is free."""
    code = f"import serial, time; handle = serial.Serial({port!r}); print('held', flush=True); time.sleep(60)"
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        # this test has the port's other end open itself
        held = {each.pid: each.program for each in look_at_port(port).holders}
        assert held.keys() == {holder.pid} and held[holder.pid].startswith("python")
    finally:
        holder.kill()
        holder.communicate()
    assert look_at_port(port).holders == ()
    done, found = doctor("--port", port)
    # now it is this test that holds it, seen from the program
    assert done.code == 1 and found["port-held"]["params"]["pid"] == os.getpid()
    assert str(os.getpid()) in found["port-held"]["next"]


def as_nobody(look: Callable[[], object]) -> Any:
    """What a function gives to a user without rights."""
    here, there = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            os.write(there, pickle.dumps(look()))
        finally:
            os._exit(0)
    os.close(there)
    os.waitpid(child, 0)
    with os.fdopen(here, "rb") as file:
        return pickle.loads(file.read())


def test_a_forbidden_port_names_the_group(port: str) -> None:
    """A node that only a group may open: which one, and that this user is not in it; root's own group is never
    recommended."""
    Path(port).chmod(0o000)
    if os.getuid() != 0:
        assert look_at_port(port).allowed is False
        return
    os.chown(port, 0, 20)  # dialout on Debian
    Path(port).chmod(0o660)
    facts = as_nobody(lambda: look_at_port(port))
    assert (facts.allowed, facts.group, facts.membership) == (False, "dialout", "no")
    os.chown(port, 0, 0)
    facts = as_nobody(lambda: look_at_port(port))
    assert (facts.allowed, facts.group) == (False, "")


def test_a_port_that_is_not_there(home: Home) -> None:
    """A name that the system does not know is an obstacle."""
    done, found = doctor("--port", "/dev/no-such-port")
    assert done.code == 1 and found["port-missing"]["state"] == "bad"


# --- the clock and the service


def test_the_service_s_clock_is_the_measure(home: Home) -> None:
    """A server that is a year ahead, or two minutes, or right: told as such; and it answers."""
    for apart, key in ((timedelta(days=365), "clock-apart"), (timedelta(minutes=2), "clock-near")):
        with answering(apart=apart) as url:
            done, found = doctor("--server", url)
        assert key in found and "server-reached" in found
        assert done.code == (1 if key == "clock-apart" else 0)
    with answering() as url:
        assert "clock-right" in doctor("--server", url)[1]


def test_a_laptop_that_is_a_year_late(home: Home) -> None:
    """The laptop's clock, not the server's, is wrong: seen with a server, and without one by its own last report."""
    late = Doctor(home, lambda: datetime.now(UTC) - timedelta(days=365 - 90), lambda: BluetoothFacts("works"))
    Outbox(home.outbox).file(make_report(), "AGENT23", home.key(), Filing())
    with answering() as url:
        keys = {finding.key for finding in late.examine(Asked(server=url))}
    assert "clock-apart" in keys or "clock-year" in keys
    without = Doctor(home, lambda: datetime.now(UTC) - timedelta(days=2), lambda: BluetoothFacts("works"))
    assert "clock-back" in {finding.key for finding in without.examine(Asked())}


@pytest.mark.parametrize(
    ("status", "body", "key"),
    [
        (200, b"<html>Sign in to the hotel's network</html>", "server-other"),
        (302, b"", "server-other"),
        (200, b" " * 200_000, "server-other"),
        (503, b"", "server-error"),
    ],
    ids=["portal", "redirect", "flood", "trouble"],
)
def test_what_is_not_the_service(home: Home, status: int, body: bytes, key: str) -> None:
    """A captive portal, another site, a flood and a service in trouble are told apart; none is an obstacle."""
    with answering(status, body) as url:
        assert doctor("--server", url)[1][key]["state"] == "warn"


def test_nobody_listens(home: Home) -> None:
    """An address where nothing listens (that of the enrolment): a warning, because devices can be checked without."""
    assert doctor()[1]["server-silent"]["params"]["server"] == ENROLMENT.server


def test_a_certificate_of_nobody(home: Home, tmp_path: Path) -> None:
    """A certificate that no authority vouches for is an obstacle, not a network that is down."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    path = tmp_path / "server.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    )
    with answering(tls=path) as url:
        done, found = doctor("--server", url)
    assert done.code == 1 and "server-certificate" in found


# --- what the laptop keeps


def test_a_disk_without_room(home: Home) -> None:
    """Where no file of a report's size can be written the doctor says so, and leaves nothing behind."""

    def narrow() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    before = sorted(path.name for path in home.folder.iterdir())
    done = subprocess.run(
        [sys.executable, "-m", "device_agents.cli", "doctor", "--json"],
        preexec_fn=narrow,
        capture_output=True,
        text=True,
        timeout=30,
    )
    keys = {finding["key"] for finding in json.loads(done.stdout)["findings"]}
    assert done.returncode == 1 and "disk-unwritable" in keys
    assert sorted(path.name for path in home.folder.iterdir()) == before


def test_the_key_s_state(home: Home) -> None:
    """Whole, open to others, gone, damaged; an enrolment that cannot be read; none at all."""
    key, enrolment = home.folder / "agent.key", home.folder / "agent.json"
    assert look_at_enrolment(home).state == "enrolled"
    key.chmod(0o640)
    assert look_at_enrolment(home).state == "open-key"
    key.chmod(0o600)
    key.write_text("no key")
    assert look_at_enrolment(home).state == "unusable"
    key.unlink()
    assert look_at_enrolment(home).state == "no-key"
    enrolment.write_text("{")
    assert look_at_enrolment(home).state == "unusable"
    enrolment.unlink()
    assert look_at_enrolment(home).state == "none"


def test_the_outbox_s_state(home: Home) -> None:
    """Counted; a report that was altered, one that is missing and a damaged file are seen; looking changes nothing."""
    assert look_at_outbox(home).exists is False and not home.outbox.exists()
    outbox = Outbox(home.outbox)
    for _ in range(4):
        outbox.file(make_report(), "AGENT23", home.key(), Filing())
    outbox.answered(1, "sent")
    outbox.keep_list("KABC2345", b"{}")
    facts = look_at_outbox(home)
    assert (facts.reports, facts.waiting, facts.altered, facts.gaps, facts.lists) == (4, 3, (), 0, 1)
    assert facts.newest is not None and datetime.now(UTC) - facts.newest < timedelta(minutes=1)
    with sqlite3.connect(home.outbox) as connection:
        connection.execute("UPDATE report SET envelope = replace(envelope, 'PASS', 'FAIL') WHERE sequence = 2")
        connection.execute("DELETE FROM report WHERE sequence = 3")
    facts = look_at_outbox(home)
    assert (facts.altered, facts.gaps, facts.damage) == ((2,), 1, "")
    for path in home.folder.glob("outbox.sqlite3-*"):
        path.unlink()
    content = bytearray(home.outbox.read_bytes())
    content[0:16] = bytes(16)
    home.outbox.write_bytes(content)
    assert look_at_outbox(home).damage and home.outbox.read_bytes() == content


def test_the_known_firmware_s_state(home: Home) -> None:
    """The service's newest bundle, its age, and one that somebody altered."""
    assert look_at_baselines(home).version == 0
    service = Ed25519PrivateKey.generate()
    home.keep_enrolment(replace(ENROLMENT, service_key=public_half(service).hex()))
    store = BundleStore(home.folder, public_half(service))
    for version in (1, 2):
        made = Bundle(format="stem-bundle/1", version=version, issued_at="2026-11-21T08:00:00Z", parts=[])
        store.take(sign(made, service), "s")
    facts = look_at_baselines(home)
    assert (facts.version, facts.distrusted, facts.issued) == (2, 0, datetime(2026, 11, 21, 8, tzinfo=UTC))
    newest = max((home.folder / "bundles").glob("*.json"))
    newest.write_bytes(newest.read_bytes().replace(b"2026-11-21", b"2027-11-21"))
    facts = look_at_baselines(home)
    assert (facts.version, facts.distrusted) == (1, 1)


# --- the system, as its files and programs tell it


def tree(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def test_the_radio_s_switches(tmp_path: Path) -> None:
    """Linux' rfkill: only Bluetooth counts, and only where no adapter is left."""
    sys_class = tree(
        tmp_path,
        {
            "rfkill/rfkill0/type": "wlan\n",
            "rfkill/rfkill0/soft": "1\n",
            "rfkill/rfkill0/hard": "1\n",
            "rfkill/rfkill1/type": "bluetooth\n",
            "rfkill/rfkill1/soft": "1\n",
            "rfkill/rfkill1/hard": "0\n",
            "bluetooth/hci0/address": "",
        },
    )
    assert rfkill(sys_class / "rfkill") == (True, False)
    assert rfkill(tmp_path / "nothing") == (False, False)

    def off(seconds: float) -> None:
        raise BluetoothOff("ble:", "powered off")

    assert look_at_bluetooth(off, sys_class) == BluetoothFacts("off", 1, True, False, "powered off")
    assert look_at_bluetooth(lambda seconds: None, tmp_path / "nothing") == BluetoothFacts("works", 0)


def test_a_known_device_without_a_port(tmp_path: Path) -> None:
    """Linux: a CH340 that brltty took has no ttyUSB; one that has its port, and a mouse, are nobody's concern."""
    tree(
        tmp_path,
        {
            "1-1/idVendor": "1a86\n",
            "1-1/idProduct": "7523\n",
            "1-1/1-1:1.0/bInterfaceClass": "ff",
            "1-2/idVendor": "2341\n",
            "1-2/idProduct": "0043\n",
            "1-2/1-2:1.0/tty/ttyACM0/dev": "166:0",
            "1-3/idVendor": "10c4\n",
            "1-3/idProduct": "ea60\n",
            "1-3/1-3:1.0/ttyUSB0/x": "",
            "1-4/idVendor": "046d\n",
            "1-4/idProduct": "c077\n",
            "usb1/uevent": "",
        },
    )
    assert list(without_port(tmp_path)) == [(0x1A86, 0x7523)]
    assert without_port(tmp_path / "nothing") == {}


@pytest.mark.parametrize(
    ("answer", "ids"),
    [
        ("", []),
        ("not json", []),
        (
            '{"Name":"USB2.0-Serial","DeviceID":"USB\\\\VID_1A86&PID_7523\\\\5&2E9D"}',
            [0x1A86],
        ),
        ('[{"Name":"Mouse","DeviceID":"USB\\\\VID_046D&PID_C077\\\\1"},{"DeviceID":"ACPI\\\\X"},7]', []),
    ],
)
def test_what_windows_marks(answer: str, ids: list[int]) -> None:
    """PowerShell's JSON for none, one and several troubled devices; only known ones are told."""
    assert [vid for vid, _ in troubled(answer)] == ids


def test_the_udev_rules_are_the_kinds_own(tmp_path: Path) -> None:
    """Every USB identity of every kind has its rule, nothing else has, and an installed copy is recognised."""
    done = stem_check("doctor", "--udev")
    assert done.code == 0 and done.out == rules_text()
    matches = set()
    for line in done.out.splitlines():
        if line.startswith('SUBSYSTEM=="tty"'):
            fields = dict(part.split("==") for part in line.split(", ") if "==" in part)
            matches.add((fields["ATTRS{idVendor}"].strip('"'), fields.get("ATTRS{idProduct}", "").strip('"')))
            assert 'TAG+="uaccess"' in line
    known = {(f"{r.vid:04x}", "" if r.pid is None else f"{r.pid:04x}") for kind in all_kinds() for r in kind.usb}
    assert matches == known
    assert NAME < "73"  # systemd gives the devices to the user in 73-seat-late.rules
    assert udev_state([tmp_path]) in ("none", None)
    if udev_state([tmp_path]) == "none":
        (tmp_path / NAME).write_text(done.out)
        assert udev_state([tmp_path / "other", tmp_path]) == "same"
        (tmp_path / NAME).write_text("# old")
        assert udev_state([tmp_path]) == "other"


def test_the_system_s_programs_run_with_the_system_s_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one-file build's own libraries are not forced upon the programs that it asks."""
    mine, theirs = "/tmp/_MEI1", "/opt/lib"
    assert own_libraries({"LD_LIBRARY_PATH": mine, "LD_LIBRARY_PATH_ORIG": theirs}) == {"LD_LIBRARY_PATH": theirs}
    assert own_libraries({"LD_LIBRARY_PATH": theirs, "A": "b"}) == {"LD_LIBRARY_PATH": theirs, "A": "b"}
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert own_libraries({"LD_LIBRARY_PATH": mine, "A": "b"}) == {"A": "b"}


def test_a_look_that_fails_ends_nothing(home: Home) -> None:
    """What cannot be looked at is unknown; everything else is looked at."""

    def broken() -> BluetoothFacts:
        raise RuntimeError("no bus")

    found = Doctor(home, bluetooth=broken).examine(Asked())
    (unlooked,) = [finding for finding in found if finding.key == "not-looked"]
    assert unlooked.topic == "bluetooth" and "no bus" in str(unlooked.params["detail"])
    assert {"disk", "outbox", "lists", "baselines", "enrolment", "clock", "ports"} <= {each.topic for each in found}


def test_a_wrong_address_is_an_argument(home: Home) -> None:
    """What is no address is exit 3."""
    assert stem_check("doctor", "--server", "ftp://x").code == 3


def test_it_is_told_in_greek_and_quickly(home: Home) -> None:
    """Lines for a person, in Greek, with what to do, within seconds."""
    begun = time.monotonic()
    done = stem_check("doctor", "--lang", "el")
    assert time.monotonic() - begun < 10
    assert "ΕΝΤΑΞΕΙ" in done.out and "→ " in done.out and "Φορητός" in done.out

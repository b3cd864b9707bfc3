"""The outbox loses nothing, gives no number twice, and shows what was altered in it."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from device_agents.envelope import read_envelope
from device_agents.errors import HomeUnusable, NotEnrolled, OutboxUnusable
from device_agents.home import Enrolment, Home, public_bytes
from device_agents.outbox import Filing, Outbox, look_at
from tests.device_agents.reports import make_report

FILER = """
import sys
from pathlib import Path
from device_agents.home import Home
from device_agents.outbox import Filing, Outbox
from tests.device_agents.reports import make_report
home = Home(Path(sys.argv[1]))
outbox, key = Outbox(home.outbox), home.key()
print("ready", flush=True)
for number in range(int(sys.argv[2])):
    print(outbox.file(make_report(), "AGENT23", key, Filing(kit="KABC2345")).sequence, flush=True)
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.key_or_new()
    return made


def filer(home: Home, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", FILER, str(home.folder), str(count)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent.parent,
    )


def assert_whole(home: Home, at_least: int) -> None:
    """Numbers without a gap from 1, each naming the one before, each signed."""
    previous = None
    kept = Outbox(home.outbox).all()
    assert len(kept) >= at_least and [entry.sequence for entry in kept] == list(range(1, len(kept) + 1))
    for entry in kept:
        envelope = read_envelope(entry.envelope)
        envelope.verify(public_bytes(home.key()))
        assert envelope.previous == previous and look_at(entry, home.key()) == ""
        previous = envelope.digest()


def test_a_kill_in_the_middle_loses_nothing_that_was_filed(home: Home) -> None:
    """SIGKILL at any moment: every report whose number was given out is there, and the chain is whole."""
    seen = 0
    for wait in (0.03, 0.1, 0.2):
        process = filer(home, 100_000)
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        time.sleep(wait)
        os.kill(process.pid, signal.SIGKILL)
        told = process.stdout.read().split()
        process.wait()
        seen = max([seen, *map(int, told)])
        assert_whole(home, at_least=seen)
    assert seen > 0


def test_two_at_once_share_one_chain(home: Home) -> None:
    """Two processes that file at the same time, from an outbox that neither had seen, give no number twice."""
    processes = [filer(home, 25) for _ in range(2)]
    numbers = [int(line) for process in processes for line in process.communicate(timeout=60)[0].split()[1:]]
    assert sorted(numbers) == list(range(1, 51))
    assert_whole(home, at_least=50)


def test_what_was_altered_on_the_disk_is_told(home: Home) -> None:
    """Bytes of a kept report that were changed, or exchanged with another's, are not taken for good."""
    outbox = Outbox(home.outbox)
    for _ in range(3):
        outbox.file(make_report(), "AGENT23", home.key(), Filing())
    with sqlite3.connect(home.outbox) as connection:
        connection.execute(
            "UPDATE report SET envelope = CAST(replace(envelope, 'PASS', 'FAIL') AS BLOB) WHERE sequence = 1"
        )
        connection.execute(
            "UPDATE report SET envelope = (SELECT envelope FROM report WHERE sequence = 3) WHERE sequence = 2"
        )
    assert [look_at(entry, home.key()) for entry in outbox.all()] == ["altered-on-disk", "altered-on-disk", ""]


def test_sent_stays_sent(home: Home) -> None:
    """What the service has answered is not asked again, whatever another process finds later."""
    outbox = Outbox(home.outbox)
    outbox.file(make_report(), "AGENT23", home.key(), Filing())
    outbox.answered(1, "sent")
    outbox.answered(1, "refused", "late")
    assert outbox.counts() == {"waiting": 0, "sent": 1, "refused": 0} and outbox.waiting() == []


@pytest.mark.parametrize("content", [b"not a database, but long enough to look at" * 50, b""])
def test_a_damaged_outbox_is_an_error_with_its_path(home: Home, content: bytes) -> None:
    """A file that is no database is named; an empty one (a first start that was cut short) is simply used."""
    home.outbox.write_bytes(content)
    if content:
        with pytest.raises(OutboxUnusable) as caught:
            Outbox(home.outbox)
        assert caught.value.params["path"] == str(home.outbox)
        assert home.outbox.read_bytes() == content
    else:
        assert Outbox(home.outbox).all() == []


def test_an_outbox_of_the_future_is_left_alone(home: Home) -> None:
    """A database that a newer program made is refused, not changed."""
    with sqlite3.connect(home.outbox) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(OutboxUnusable):
        Outbox(home.outbox)


def test_the_key_is_its_owners_alone(home: Home) -> None:
    """The key file and its folder are closed to others; opened to others it is not used; it is never replaced."""
    path = home.folder / "agent.key"
    assert path.stat().st_mode & 0o777 == 0o600 and home.folder.stat().st_mode & 0o777 == 0o700
    assert public_bytes(home.key_or_new()) == public_bytes(home.key())
    path.chmod(0o644)
    with pytest.raises(HomeUnusable):
        home.key()


def test_an_enrolment_set_aside_is_kept_whole(home: Home) -> None:
    """A former enrolment moves away with its key and its reports; a second one of that name does not replace it."""
    for _ in range(2):
        home.key_or_new()
        home.keep_enrolment(Enrolment("AGENT23", "https://x", "laptop", "2026-11-21T08:00:00Z"))
        Outbox(home.outbox).file(make_report(), "AGENT23", home.key(), Filing())
        target = home.set_aside("AGENT23")
        assert {path.name for path in target.iterdir()} >= {"agent.key", "agent.json", "outbox.sqlite3"}
        assert len(Outbox(target / "outbox.sqlite3").all()) == 1
        with pytest.raises(NotEnrolled):
            home.enrolment()
    assert len(list((home.folder / "former").iterdir())) == 2


@pytest.mark.parametrize("content", ["", "[]", "{", '{"agent": 1}'])
def test_a_spoilt_enrolment_file_is_named(home: Home, content: str) -> None:
    """A file that tells nothing is an error with its path, not a new enrolment."""
    (home.folder / "agent.json").write_text(content)
    with pytest.raises(HomeUnusable):
        home.enrolment()


def test_a_refused_enrolment_leaves_the_former_one(home: Home) -> None:
    """Until the service has agreed to a new enrolment, the laptop is who it was; asking again uses the same key."""
    former = Enrolment("AGENT23", "https://x", "laptop", "2026-11-21T08:00:00Z")
    home.keep_enrolment(former)
    old = public_bytes(home.key())
    asked = public_bytes(home.key_to_enrol("AGENT23"))
    assert home.enrolment() == former and public_bytes(home.key()) == old != asked
    assert public_bytes(home.key_to_enrol("AGENT23")) == asked
    home.take_up(Enrolment("AGENT45", "https://x", "laptop", "2026-11-21T09:00:00Z"), "AGENT23")
    assert home.enrolment().agent == "AGENT45" and public_bytes(home.key()) == asked
    assert (home.folder / "former" / "AGENT23" / "agent.key").exists()

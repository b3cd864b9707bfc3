"""Which drive belongs to which port, and that nothing on a drive can hold or fool the reader."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from device_agents.candidates import Candidate
from device_agents.desk import CheckWishes, Target, check_target
from device_agents.discovery import drives
from device_agents.discovery.drives import (
    DAPLINK,
    Mount,
    UpdatingBoards,
    disk_hangs_on,
    linux_mounts,
    read_drive,
    updating_boards,
    usb_device_of,
    with_drive,
)
from device_agents.discovery.presence import Added, Presence, Removed
from device_agents.discovery.watching import UsbPorts, Watcher
from device_agents.errors import BadArguments, PortMissing
from device_agents.kinds.base import CheckOptions
from firmware_checks.catalogue import load
from firmware_checks.verdicts import Verdict
from tests.device_agents.daplink import OLDEST, V1_ID, V2_ID, details, failure, make_drive

Mounted = Callable[..., None]


@pytest.fixture
def mounted(monkeypatch: pytest.MonkeyPatch) -> Mounted:
    """Say which folders the system has mounted."""

    def mount(*paths: Path) -> None:
        monkeypatch.setattr(drives, "mounts", lambda: [Mount(path) for path in paths])

    return mount


def port(serial: str, name: str = "COM7") -> Candidate:
    return Candidate(name, f"0d28:0204 {serial}", *DAPLINK, {"serial_number": serial})


def test_a_drive_is_known_by_its_number(tmp_path: Path, mounted: Mounted) -> None:
    """Of several drives that one whose Unique ID is the port's serial number, in whatever case."""
    mounted(
        make_drive(tmp_path / "A", details(V1_ID, "0249")),
        make_drive(tmp_path / "B", details(V2_ID), failure()),
        make_drive(tmp_path / "stick"),
        tmp_path / "gone",
    )
    found = with_drive(port(V2_ID.upper()), wait_s=0).properties
    assert found["drive"] == str(tmp_path / "B") and found["serial_number"] == V2_ID.upper()
    assert found["details.interface_version"] == "0255" and found["details.unique_id"] == V2_ID
    assert found["fail.cause"] == "processor" and "reset/halt" in found["fail.text"]


def test_no_drive_is_guessed(tmp_path: Path, mounted: Mounted) -> None:
    """A single micro:bit drive of another number, or one that tells none, is not taken for this port's."""
    mounted(make_drive(tmp_path / "A", details(V1_ID)), make_drive(tmp_path / "old", OLDEST))
    assert with_drive(port(V2_ID), wait_s=0).properties == {"serial_number": V2_ID, "drive.problem": "not-mounted"}
    mounted()
    assert with_drive(port(""), wait_s=0).properties["drive.problem"] == "not-mounted"


def test_two_drives_of_one_number_are_none(tmp_path: Path, mounted: Mounted) -> None:
    """Which of the two is this board's cannot be told."""
    mounted(make_drive(tmp_path / "A", details()), make_drive(tmp_path / "B", details()))
    assert with_drive(port(V2_ID), wait_s=0).properties["drive.problem"] == "several"


@pytest.mark.parametrize("hangs", [True, False])
def test_a_twins_disk_is_not_taken(
    tmp_path: Path, mounted: Mounted, monkeypatch: pytest.MonkeyPatch, hangs: bool
) -> None:
    """Where sysfs says which disk is whose, a board whose own disk is not mounted gets none, though another board with
    the same number has one; and its own is taken whatever number stands on it, for the check to judge."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(drives, "usb_device_of", lambda _port: tmp_path)
    monkeypatch.setattr(drives, "disk_hangs_on", lambda _device, _usb: hangs)
    mounted(make_drive(tmp_path / "twin", details(V1_ID if hangs else V2_ID)))
    found = with_drive(port(V2_ID), wait_s=0).properties
    assert found.get("details.unique_id") == (V1_ID if hangs else None)


def test_only_daplink_ports_are_looked_at(tmp_path: Path, mounted: Mounted) -> None:
    """An Arduino has no drive; a pty neither, unless a person gives one."""
    mounted(make_drive(tmp_path / "A", details()))
    arduino = Candidate("COM3", "", 0x2341, 0x0043, {"serial_number": V2_ID})
    assert with_drive(arduino) is arduino
    given = with_drive(Candidate("/dev/pts/7"), tmp_path / "A")
    assert given.properties["drive"] == str(tmp_path / "A") and given.vid is None
    with pytest.raises(BadArguments):
        with_drive(arduino, tmp_path / "A" / "DETAILS.TXT")


def test_a_drive_that_is_mounted_a_moment_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The port is there before the disk: it is waited for, but only where there is one."""
    drive = Mount(make_drive(tmp_path / "MICROBIT", details()))
    asked: list[int] = []

    def mounts() -> list[Mount]:
        asked.append(1)
        return [drive] if len(asked) > 2 else []

    monkeypatch.setattr(drives, "mounts", mounts)
    monkeypatch.setattr(drives, "_disk_is_there", lambda _port: True)
    assert "drive" in with_drive(port(V2_ID)).properties
    asked.clear()
    monkeypatch.setattr(drives, "_disk_is_there", lambda _port: False)
    assert "drive" not in with_drive(port(V2_ID)).properties and len(asked) == 1


def test_a_board_in_its_updater_is_found_without_a_port(tmp_path: Path, mounted: Mounted) -> None:
    """It has no serial line then, and does not know which board it is: its number is not the kit's."""
    updater = "0000" + V2_ID[4:]
    mounted(
        make_drive(tmp_path / "MAINTENANCE", details(updater, mode="Bootloader")),
        make_drive(tmp_path / "MICROBIT", details()),
    )
    (found,) = updating_boards()
    assert found.port == "" and (found.vid, found.pid) == DAPLINK
    assert found.properties["details.mode"] == "Bootloader" and found.properties["details.updater_id"] == updater
    assert "details.unique_id" not in found.properties


def test_a_disk_is_read_once_while_it_is_mounted(
    tmp_path: Path, mounted: Mounted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Watching every half second must not read every disk every half second; another one in its place is read."""
    drive = make_drive(tmp_path / "MAINTENANCE", details("0000" + V2_ID[4:], mode="Bootloader"))
    reads: list[Path] = []
    whole = drives.read_drive

    def counted(path: Path) -> drives.Drive:
        reads.append(path)
        return whole(path)

    monkeypatch.setattr(drives, "read_drive", counted)
    watched = UpdatingBoards()
    mounted(drive, make_drive(tmp_path / "stick"))
    assert [len(watched()), len(watched()), len(reads)] == [1, 1, 2]
    mounted()
    assert watched() == []
    mounted(drive)
    assert len(watched()) == 1 and len(reads) == 3


def test_the_watch_tells_of_a_board_without_a_port(tmp_path: Path, mounted: Mounted) -> None:
    """It comes and goes as any other device; when it is checked after its disk has gone, that is said."""
    drive = make_drive(tmp_path / "MAINTENANCE", details("0000" + V2_ID[4:], mode="Bootloader"))
    mounted(drive)
    watcher = Watcher([UsbPorts(list)], Presence(settle_s=0.0, gone_s=0.5))
    (came,) = watcher.look(0.0)
    assert isinstance(came, Added) and came.sighting.candidate.properties["drive"] == str(drive)
    mounted()
    assert watcher.look(1.0) == [Removed(came.instance)]
    wishes = CheckWishes(CheckOptions(), load(), "en")
    gone = check_target(Target("", None, drive=str(tmp_path / "gone")), wishes)
    assert isinstance(gone.fault, PortMissing) and gone.found.report is None
    there = check_target(Target("", None, drive=str(drive)), wishes)
    assert there.found.kind == "microbit" and there.found.report is not None
    assert there.found.report.verdict is Verdict.INCONCLUSIVE and there.found.serials == ()


def test_the_name_tells_an_updater_that_tells_nothing_else(tmp_path: Path) -> None:
    """The oldest updaters have no mode in their file."""
    assert read_drive(make_drive(tmp_path / "MAINTENANCE", OLDEST)).updating
    assert not read_drive(make_drive(tmp_path / "MICROBIT", OLDEST)).updating


@pytest.mark.skipif(os.name != "posix", reason="links, pipes and rights as on Linux and macOS")
@pytest.mark.parametrize("trap", ["pipe", "folder", "link", "device", "huge"])
def test_a_hostile_drive(tmp_path: Path, trap: str) -> None:
    """What is no small regular file is refused, in no time; a huge one is read in part."""
    drive = make_drive(tmp_path / "MICROBIT")
    target = drive / "DETAILS.TXT"
    if trap == "pipe":
        os.mkfifo(target)
    elif trap == "folder":
        target.mkdir()
    elif trap == "link":
        (tmp_path / "secret").write_bytes(details())
        target.symlink_to(tmp_path / "secret")
    elif trap == "device":
        target.symlink_to("/dev/zero")
    else:
        with target.open("wb") as huge:
            huge.write(details())
            huge.truncate(1 << 40)
    begun = time.monotonic()
    found = read_drive(drive)
    assert time.monotonic() - begun < 1.0
    assert found.readable is (trap == "huge")
    assert bool(found.details) is (trap == "huge")


def test_a_drive_that_hangs_does_not_hold_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dying disk may never come back from a read: it is left alone and told as unreadable."""
    drive = make_drive(tmp_path / "MICROBIT", details())
    monkeypatch.setattr(drives, "READ_S", 0.1)
    monkeypatch.setattr(drives, "_read", lambda _path: time.sleep(3))
    begun = time.monotonic()
    assert with_drive(Candidate("/dev/pts/7"), drive).properties["drive.problem"] == "unreadable"
    assert time.monotonic() - begun < 1.0


def test_the_table_of_mounts() -> None:
    """FAT disks only, with their names as they are (blanks and Greek stand in octal)."""
    table = (
        "sysfs /sys sysfs rw 0 0\n"
        "/dev/sda1 / ext4 rw 0 0\n"
        "/dev/sdb /media/maria/MICROBIT vfat rw,nosuid 0 0\n"
        "/dev/sdc /media/\\316\\274\\040x/MICRO\\040BIT\\0401 vfat rw 0 0\n"
        "tmpfs /run tmpfs rw 0 0\nbroken\n"
    )
    assert linux_mounts(table) == [
        Mount(Path("/media/maria/MICROBIT"), "/dev/sdb"),
        Mount(Path("/media/μ x/MICRO BIT 1"), "/dev/sdc"),
    ]


def test_port_and_disk_meet_in_their_usb_device(tmp_path: Path) -> None:
    """As sysfs shows a micro:bit behind a hub, and another one beside it."""
    sysfs = tmp_path / "sys"
    for number, tty, disk in (("1-2.1", "ttyACM0", "sdb"), ("1-2.2", "ttyACM1", "sdc")):
        device = sysfs / "devices/pci0000:00/usb1/1-2" / number
        (device / f"{number}:1.1/tty/{tty}").mkdir(parents=True)
        (device / f"{number}:1.0/host6/target6:0:0/6:0:0:0/block/{disk}").mkdir(parents=True)
        (device / "idVendor").write_text("0d28\n")
        (sysfs / "class/tty" / tty).mkdir(parents=True)
        (sysfs / "class/tty" / tty / "device").symlink_to(device / f"{number}:1.1")
        (sysfs / "class/block").mkdir(parents=True, exist_ok=True)
        (sysfs / "class/block" / disk).symlink_to(device / f"{number}:1.0/host6/target6:0:0/6:0:0:0/block/{disk}")
    usb = usb_device_of("/dev/ttyACM1", sysfs)
    assert usb is not None and usb.name == "1-2.2"
    assert disk_hangs_on("/dev/sdc", usb, sysfs) and not disk_hangs_on("/dev/sdb", usb, sysfs)
    assert usb_device_of("/dev/ttyS0", sysfs) is None and not disk_hangs_on("/dev/sdz", usb, sysfs)

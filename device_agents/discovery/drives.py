"""The drive that belongs to a port: a micro:bit shows a small disk beside its serial line, with DETAILS.TXT on it.

Which drive is whose, in this order, and never by a guess:
1. the person says so (`--drive PATH`);
2. on Linux, the disk hangs on the same USB device as the port (sysfs);
3. elsewhere, its DETAILS.TXT has the port's USB serial number as its Unique ID: DAPLink writes the same text to both.
Where none or more than one fits, no drive is taken and `drive.problem` says why.

Everything on a drive is hostile until proven otherwise: only two small regular files are read, by name, not through
links, at most `MOST_BYTES` of each, in a thread of its own because a dying disk can hold a reader for ever.
"""

import os
import re
import stat
import string
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from device_agents.candidates import Candidate
from device_agents.errors import BadArguments
from device_agents.protocols.daplink_files import MOST_BYTES, read_details, read_failure

DAPLINK = (0x0D28, 0x0204)
READ_S = 2.0
"""A drive that has not shown its files after this is told as unreadable."""
MOUNT_S = 5.0
"""A desktop mounts a disk a moment after it was plugged in; the port is there before it."""
MAINTENANCE = "MAINTENANCE"
_FAT = ("vfat", "msdos", "exfat", "fuseblk")
_POLL_S = 0.25
_REMOVABLE = 2  # of Windows' GetDriveType
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class Mount:
    """A mounted disk: its path, and on Linux the device behind it."""

    path: Path
    device: str = ""


@dataclass(frozen=True)
class Drive:
    """What a drive shows; `readable` is False where its files do not come or are refused."""

    path: Path
    name: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    fail_text: str = ""
    fail_cause: str = ""
    readable: bool = True

    @property
    def updating(self) -> bool:
        """Whether this is the board's own updater (the drive MAINTENANCE) and not the board at work."""
        mode = self.details.get("mode")
        return mode == "Bootloader" or (mode is None and self.name.upper() == MAINTENANCE)

    def properties(self) -> dict[str, str]:
        """As properties of a candidate."""
        found = {"drive": str(self.path)}
        if not self.readable:
            found["drive.problem"] = "unreadable"
        found |= {f"details.{name}": value for name, value in self.details.items()}
        if self.updating:
            found["details.mode"] = "Bootloader"
            # The updater does not know its board: this number is not the one on the kit's list.
            if (number := found.pop("details.unique_id", None)) is not None:
                found["details.updater_id"] = number
        if self.fail_text:
            found |= {"fail.text": self.fail_text, "fail.cause": self.fail_cause}
        return found


def with_drive(candidate: Candidate, given: Path | None = None, *, wait_s: float = MOUNT_S) -> Candidate:
    """The candidate with what its drive shows among its properties: `drive`, `details.*`, `fail.*`, `drive.problem`.

    Args:
        candidate: a port (unchanged where it is no DAPLink's and no drive is given), or one without a port.
        given: the drive, where a person names it.
        wait_s: how long to wait for a disk that is there and not yet mounted.

    Raises:
        BadArguments: the given path is no folder.
    """
    if given is not None:
        if not given.is_dir():
            raise BadArguments("drive-missing", path=str(given))
        return _joined(candidate, read_drive(given).properties())
    if (candidate.vid, candidate.pid) != DAPLINK:
        return candidate
    end = time.monotonic() + wait_s
    while True:
        drives = _drives_of(candidate)
        if drives or time.monotonic() >= end or not _disk_is_there(candidate.port):
            break
        time.sleep(_POLL_S)
    if len(drives) != 1:
        return _joined(candidate, {"drive.problem": "several" if drives else "not-mounted"})
    return _joined(candidate, drives[0].properties())


class UpdatingBoards:
    """Boards that show their updater's disk (MAINTENANCE): they have no serial port, so no list of ports has them.

    Called again and again, it reads each disk once, when it is mounted.
    """

    def __init__(self) -> None:
        self._read: dict[Mount, Candidate | None] = {}

    def __call__(self) -> list[Candidate]:
        """Those that are there now."""
        self._read = {
            mount: self._read[mount] if mount in self._read else _updating(read_drive(mount.path)) for mount in mounts()
        }
        return [found for found in self._read.values() if found is not None]


def updating_boards() -> list[Candidate]:
    """The boards that show their updater's disk now."""
    return UpdatingBoards()()


def _updating(drive: Drive) -> Candidate | None:
    if drive.details.get("mode") != "Bootloader":
        return None
    identity = f"{DAPLINK[0]:04x}:{DAPLINK[1]:04x} {drive.details.get('unique_id') or f'at {drive.path}'}"
    return Candidate("", identity, *DAPLINK, drive.properties())


def read_drive(path: Path) -> Drive:
    """What the drive shows. Anything may lie there: at worst nothing is told."""
    details = _bounded_read(path / "DETAILS.TXT")
    failure_text = _bounded_read(path / "FAIL.TXT")
    if details is None or failure_text is None:
        return Drive(path, _name_of(path), readable=False)
    failure = read_failure(failure_text)
    return Drive(
        path,
        _name_of(path),
        read_details(details),
        failure.text if failure else "",
        failure.cause if failure else "",
    )


def mounts() -> list[Mount]:
    """The mounted disks that may be a board's; other disks are among them, and are told apart by what they hold."""
    if sys.platform == "win32":
        return [Mount(path) for path in _windows_drives()]
    if sys.platform == "darwin":
        return [Mount(path) for path in _folders(Path("/Volumes"))]
    return linux_mounts(_small_text(Path("/proc/self/mounts")))


def linux_mounts(table: str) -> list[Mount]:
    """The FAT disks in a table of mounts as Linux writes it."""
    found = []
    for line in table.splitlines():
        parts = line.split(" ")
        if len(parts) >= 3 and parts[0].startswith("/dev/") and parts[2] in _FAT:
            path = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), parts[1])
            found.append(Mount(Path(os.fsdecode(path.encode("latin-1", "ignore"))), parts[0]))
    return found


def usb_device_of(port: str, sysfs: Path = Path("/sys")) -> Path | None:
    """The USB device that a Linux serial port belongs to, as a folder of sysfs; None where it has none."""
    return _usb_parent(sysfs / "class/tty" / Path(os.path.realpath(port)).name / "device")


def disk_hangs_on(device: str, usb: Path, sysfs: Path = Path("/sys")) -> bool:
    """Whether the disk behind a mount is a part of that USB device."""
    return _usb_parent(sysfs / "class/block" / Path(os.path.realpath(device)).name) == usb


def _drives_of(candidate: Candidate) -> list[Drive]:
    every = mounts()
    usb = usb_device_of(candidate.port) if sys.platform == "linux" and candidate.port else None
    if usb is not None:
        # Its own disk or none: another board may have the same number. One disk may be mounted twice; either is right.
        mine = [mount for mount in every if disk_hangs_on(mount.device, usb)]
        return [read_drive(mine[0].path)] if mine else []
    serial = candidate.properties.get("serial_number", "").casefold()
    drives = [read_drive(mount.path) for mount in every]
    return [drive for drive in drives if serial and drive.details.get("unique_id", "").casefold() == serial]


def _disk_is_there(port: str) -> bool:
    """Whether waiting makes sense: Linux says whether the board has a disk at all, others mount every disk."""
    if sys.platform != "linux":
        return True
    usb = usb_device_of(port)
    return usb is not None and any(usb.glob("*/host*/target*/*/block/*"))


def _usb_parent(path: Path) -> Path | None:
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return None
    return next((parent for parent in (real, *real.parents) if (parent / "idVendor").is_file()), None)


def _joined(candidate: Candidate, more: Mapping[str, str]) -> Candidate:
    properties = {**candidate.properties, **more}
    vid, pid = candidate.vid, candidate.pid
    if not candidate.port and more.keys() & {"details.unique_id", "details.updater_id"}:
        vid, pid = DAPLINK  # only DAPLink writes such a file
    return Candidate(candidate.port, candidate.hardware_id, vid, pid, properties)


def _bounded_read(path: Path) -> bytes | None:
    """The beginning of a regular file; empty where there is none, None where it does not come in time or is refused."""
    taken: list[bytes | None] = []
    reader = threading.Thread(target=lambda: taken.append(_read(path)), name="drive", daemon=True)
    reader.start()
    reader.join(READ_S)
    return taken[0] if taken else None


def _read(path: Path) -> bytes | None:
    try:
        handle = os.open(path, os.O_RDONLY | _NO_FOLLOW)
    except FileNotFoundError:
        return b""
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        return os.read(handle, MOST_BYTES)
    except OSError:
        return None
    finally:
        os.close(handle)


def _small_text(path: Path) -> str:
    try:
        return path.read_text(encoding="latin-1")
    except OSError:
        return ""


def _folders(path: Path) -> Sequence[Path]:
    try:
        return sorted(each for each in path.iterdir() if each.is_dir() and not each.is_symlink())
    except OSError:
        return ()


def _windows_drives() -> list[Path]:
    found: list[Path] = []
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        letters = kernel.GetLogicalDrives()
        for index, letter in enumerate(string.ascii_uppercase):
            if letters & (1 << index) and kernel.GetDriveTypeW(f"{letter}:\\") == _REMOVABLE:
                found.append(Path(f"{letter}:\\"))
    return found


def _name_of(path: Path) -> str:
    """The disk's own name: the folder's on Linux and macOS, the volume's on Windows."""
    if sys.platform == "win32":
        import ctypes

        name = ctypes.create_unicode_buffer(64)
        asked = ctypes.windll.kernel32.GetVolumeInformationW(str(path), name, 64, None, None, None, None, 0)
        return name.value if asked else ""
    return path.name

"""What runs on the laptop, which drivers are missing, the radio, whether the clock is kept."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, Literal

from device_agents.doctor.facts import BluetoothFacts, ProgramFacts, UsbId
from device_agents.doctor.look_ports import running_programs
from device_agents.doctor.udev import FOLDERS, NAME, rules_text
from device_agents.errors import BluetoothDenied, BluetoothMissing, BluetoothOff, PortError
from device_agents.kinds import all_kinds

_PATIENCE_S: Final = 15.0
_HEARS_S: Final = 0.5
_TROUBLED: Final = (
    "Get-CimInstance Win32_PnPEntity | Where-Object ConfigManagerErrorCode -ne 0 | "
    "Select-Object Name, DeviceID, ConfigManagerErrorCode | ConvertTo-Json -Compress"
)
_WINDOWS_ID: Final = re.compile(r"VID_([0-9A-F]{4})&PID_([0-9A-F]{4})", re.IGNORECASE)


def said_by(*command: str) -> str | None:
    """What a program of the system prints; None where there is none, or it fails or hangs."""
    program = shutil.which(command[0])
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - our own words, no shell
            [program, *command[1:]],
            env=own_libraries(os.environ),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None


def own_libraries(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for a program of the system: the one-file build puts its own libraries before the system's."""
    clean = dict(environment)
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
        before = clean.pop(f"{name}_ORIG", None)
        if before is not None:
            clean[name] = before
        elif getattr(sys, "frozen", False):
            clean.pop(name, None)
    return clean


def look_at_programs() -> ProgramFacts:
    """Programs, udev rules, and known devices without a driver."""
    if sys.platform == "win32":
        return ProgramFacts(driverless=troubled(said_by("powershell", "-NoProfile", "-Command", _TROUBLED) or ""))
    if sys.platform == "darwin":
        return ProgramFacts()
    return ProgramFacts(running_programs(), udev_state(FOLDERS), without_port(Path("/sys/bus/usb/devices")))


def udev_state(folders: Iterable[Path]) -> Literal["same", "other", "none"] | None:
    """Whether our rules are installed: `same`, `other` (made by another version), `none`; None without udev."""
    if shutil.which("udevadm") is None and not Path("/usr/bin/udevadm").exists():
        return None
    for folder in folders:
        try:
            content = (folder / NAME).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        return "same" if content == rules_text() else "other"
    return "none"


def known_serial(vid: int, pid: int) -> str:
    """The name of a known device with a serial port that has this identity, empty where no kind knows it."""
    for kind in all_kinds():
        for rule in kind.usb:
            if kind.link == "serial" and kind.bauds and rule.vid == vid and rule.pid == pid:
                return rule.label or kind.slug
    return ""


def without_port(devices: Path) -> Mapping[UsbId, str]:
    """Linux: known USB devices that are plugged in and gave no serial port."""
    found: dict[UsbId, str] = {}
    for device in sorted(devices.glob("*")) if devices.is_dir() else ():
        try:
            vid, pid = (int((device / name).read_text(), 16) for name in ("idVendor", "idProduct"))
        except (OSError, ValueError):  # an interface, or gone
            continue
        name = known_serial(vid, pid)
        if name and not any(next(device.glob(pattern), None) for pattern in ("*:*/tty*/tty*", "*:*/ttyUSB*")):
            found[vid, pid] = name
    return found


def troubled(answer: str) -> Mapping[UsbId, str]:
    """Windows: known devices among those that the device manager marks, from PowerShell's JSON."""
    try:
        value = json.loads(answer or "[]")
    except ValueError:
        return {}
    found: dict[UsbId, str] = {}
    for entry in value if isinstance(value, list) else [value]:
        match = _WINDOWS_ID.search(str(entry.get("DeviceID", ""))) if isinstance(entry, dict) else None
        if match is None:
            continue
        vid, pid = int(match[1], 16), int(match[2], 16)
        name = known_serial(vid, pid)
        if name:
            found[vid, pid] = str(entry.get("Name") or name)
    return found


def look_at_bluetooth(
    listen: Callable[[float], object] | None = None, sys_class: Path = Path("/sys/class")
) -> BluetoothFacts:
    """The radio: what the system says of its adapters and switches, and whether it can be listened with."""
    soft, hard = rfkill(sys_class / "rfkill")
    adapters = None
    if sys.platform == "linux":
        adapters = len(list((sys_class / "bluetooth").glob("hci*")))
    if listen is None:
        # Bluetooth's libraries load only for those who use them.
        from device_agents.discovery.ble import ble_candidates

        listen = ble_candidates
    try:
        listen(_HEARS_S)
    except BluetoothOff as fault:
        return BluetoothFacts("off", adapters, soft, hard, fault.detail)
    except BluetoothDenied as fault:
        return BluetoothFacts("denied", adapters, soft, hard, fault.detail)
    except BluetoothMissing as fault:
        return BluetoothFacts("missing", adapters, soft, hard, fault.detail)
    except PortError as fault:
        return BluetoothFacts("unusable", adapters, soft, hard, fault.detail)
    return BluetoothFacts("works", adapters, soft, hard)


def rfkill(folder: Path) -> tuple[bool, bool]:
    """Linux: whether every Bluetooth adapter is switched off by a program, or by a switch of the laptop."""
    soft: list[bool] = []
    hard: list[bool] = []
    for switch in sorted(folder.glob("rfkill*")) if folder.is_dir() else ():
        try:
            if (switch / "type").read_text().strip() == "bluetooth":
                soft.append((switch / "soft").read_text().strip() == "1")
                hard.append((switch / "hard").read_text().strip() == "1")
        except OSError:
            continue
    return bool(soft) and all(soft), bool(hard) and all(hard)


def clock_is_kept() -> bool | None:
    """Whether the system keeps its clock by the network; None where it does not tell."""
    if sys.platform == "linux":
        answer = said_by("timedatectl", "show", "--property=NTPSynchronized", "--value")
        return {"yes": True, "no": False}.get((answer or "").strip())
    return None

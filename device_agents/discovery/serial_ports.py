"""The serial ports that the system knows, with what USB tells about them."""

import os
from pathlib import Path
from typing import Any

from serial.tools import list_ports

from device_agents.candidates import Candidate
from device_agents.errors import PortMissing

_TEXTS = ("serial_number", "manufacturer", "product", "location", "description")


def serial_candidates() -> list[Candidate]:
    """Every serial port, sorted by name. Nothing is opened."""
    return sorted((_candidate(info) for info in list_ports.comports()), key=lambda found: found.port)


def candidate_for(port: str) -> Candidate:
    """What is known of a port that a person named; for a URL, a pty or an unknown name only the name.

    Raises:
        PortMissing: the system has no such port.
    """
    if is_url(port):
        return Candidate(port=port)
    names = names_of(port)
    for info in list_ports.comports():
        if info.device in names:
            found = _candidate(info)
            return Candidate(port, found.hardware_id, found.vid, found.pid, found.properties)
    try:
        Path(port).stat()
    except (OSError, ValueError) as fault:
        raise PortMissing(port) from fault
    return Candidate(port=port)


def is_url(port: str) -> bool:
    """Whether this is one of pyserial's URLs and no device name."""
    return "://" in port


def names_of(port: str) -> set[str]:
    """The names under which the system may list a port that a person calls so.

    Links (/dev/serial/by-id/…) are followed; on macOS /dev/tty.X stands for /dev/cu.X too; Windows writes COM3 as com3
    and as \\\\.\\COM3.
    """
    windows = port.upper().removeprefix("\\\\.\\")
    return {port, os.path.realpath(port), port.replace("/dev/tty.", "/dev/cu.", 1), windows}


def _candidate(info: Any) -> Candidate:
    texts = {name: str(getattr(info, name)) for name in _TEXTS if getattr(info, name, None)}
    identity = ""
    if info.vid is not None:
        # A serial number is unique for one product at most; boards without one are told apart by where they
        # are plugged.
        instance = texts.get("serial_number") or "at " + texts.get("location", info.device)
        identity = f"{info.vid:04x}:{info.pid:04x} {instance}"
    return Candidate(info.device, identity, info.vid, info.pid, texts)

"""Devices that are plugged in and that the computer could not start: too many on one controller, or too little power.

An xHCI controller often ends near 96 endpoints; a micro:bit takes about ten. Linux lists such a device with its
identity and without a configuration (`bConfigurationValue` is empty), so it has no port and no program ever sees it.
Other systems do not say so in a file: there the list of what is missing has to tell.
"""

from pathlib import Path
from typing import Final

from device_agents.candidates import Candidate
from device_agents.kinds import kinds_matching

USB: Final = Path("/sys/bus/usb/devices")


def refused_devices(folder: Path = USB) -> list[Candidate]:
    """The known kinds of device that got no configuration, by their place; empty where the system does not tell."""
    found = []
    for device in sorted(folder.glob("*-*")) if folder.is_dir() else ():
        try:
            values = {name: (device / name).read_text("ascii", "replace").strip() for name in ("idVendor", "idProduct")}
            if (device / "bConfigurationValue").read_text("ascii").strip() not in ("", "0"):
                continue
            vid, pid = int(values["idVendor"], 16), int(values["idProduct"], 16)
        except (OSError, ValueError):  # an interface, not a device; or unplugged while we read
            continue
        candidate = Candidate("", f"{vid:04x}:{pid:04x} at {device.name}", vid, pid, {"location": device.name})
        if kinds_matching(candidate):
            found.append(candidate)
    return found

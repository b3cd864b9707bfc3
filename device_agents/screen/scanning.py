"""What a scan or a typed line means: a number of the list, a device's label, another kit's code.

A bar-code reader is a keyboard: where the computer's layout is Greek, `K` arrives as `Κ`, `C` as `Ψ`, `V` as `Ω`. A
person who copies a label may also have typed the Greek letter that looks the same. So a line has several readings.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from device_agents.errors import BadArguments
from device_agents.kinds import kind_by_slug
from device_agents.kinds.base import Opening
from device_agents.kitlist import Status
from device_agents.screen.words import serial_of
from device_agents.station.devices import Device, View

_BY_KEY: Final = str.maketrans("ΑΒΨΔΕΦΓΗΙΞΚΛΜΝΟΠΡΣΤΘΩςΧΥΖ", "ABCDEFGHIJKLMNOPRSTUVWXYZ")
_BY_LOOK: Final = str.maketrans("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX")
_KIT: Final = re.compile(r"K[2-9A-HJKMNP-Z]{7}")


@dataclass(frozen=True)
class Meaning:
    """What to do: go through the checklist of `value` (a number on the list, of `kind`), give it to a device as its
    label, show the device that has it, open that kit, or nothing."""

    act: Literal["checklist", "label", "show", "kit", "nothing"]
    value: str = ""
    number: int = 0
    kind: str = ""


def readings(typed: str) -> tuple[str, ...]:
    """What a line may be, the likeliest first."""
    line = " ".join(typed.split())
    upper = line.upper().replace("Σ", "Σ")
    return tuple(dict.fromkeys((line, upper.translate(_BY_KEY), upper.translate(_BY_LOOK))))


def meaning(typed: str, view: View, selected: int) -> Meaning:
    """What the line means for what is on the table; `selected` is the number of the selected device, or 0."""
    devices = {device.number: device for device in view.devices}
    for line in readings(typed):
        folded = _fold(line)
        for expected in view.expected.lines:
            serial = next((serial for serial in expected.serials if _fold(serial) == folded), None)
            if serial is None:
                continue
            if without_port(expected.kind):
                return Meaning("checklist", serial, kind=expected.kind)
            return _for_device(serial, view, devices, selected) or Meaning("nothing", serial)
        for device in view.devices:
            if _fold(serial_of(device, view.row_of(device))) == folded:
                return Meaning("show", line, device.number)
    for line in readings(typed):
        code = line.replace("-", "").replace(" ", "").upper()
        if _KIT.fullmatch(code) and code != view.expected.kit:
            return Meaning("kit", code)
    line = next(iter(readings(typed)[1:]), readings(typed)[0])
    return _for_device(line, view, devices, selected, listed=False) or Meaning("nothing", line)


def _for_device(
    serial: str, view: View, devices: dict[int, Device], selected: int, *, listed: bool = True
) -> Meaning | None:
    """The device that the number is for: one that has it is shown; else the selected one, or the only one, without."""
    for device in view.devices:
        if _fold(serial_of(device, view.row_of(device))) == _fold(serial):
            return Meaning("show", serial, device.number)
    lacking = [device.number for device in view.devices if device.plugged and _lacks_number(view, device)]
    if selected in lacking:
        return Meaning("label", serial, selected)
    if listed and len(lacking) == 1:
        return Meaning("label", serial, lacking[0])
    return None


def _lacks_number(view: View, device: Device) -> bool:
    row = view.row_of(device)
    return (row is not None and row.status is Status.WITHOUT_NUMBER) or not serial_of(device, row)


def without_port(slug: str) -> bool:
    """Whether devices of that kind are gone through by a list, by hand."""
    try:
        return kind_by_slug(slug).opening is Opening.NEVER
    except BadArguments:  # a kind that this program is too old for
        return False


def _fold(serial: str) -> str:
    return "".join(serial.split()).casefold()

"""What is on the table: the devices by their numbers, and how they stand to the list. Shared by the checks' threads."""

import threading
from dataclasses import replace
from typing import Any

from device_agents.desk import Checked, Target
from device_agents.discovery.presence import Sighting
from device_agents.kitlist import KitList, match
from device_agents.station.devices import Device, View


class Table:
    """Devices by number. Whoever reads and then writes holds `changed`, which is told of every change."""

    def __init__(self, expected: KitList) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.devices: dict[int, Device] = {}
        self._expected = expected
        self._last_number = 0
        self._version = 0
        self._view: View | None = None

    def new(self, target: Target, sighting: Sighting, instance: str = "") -> Device:
        """A device with the next number; not on the table yet."""
        with self.changed:
            self._last_number += 1
            return Device(self._last_number, target, sighting, instance)

    def touch(self) -> None:
        """Something has changed."""
        with self.changed:
            self._version += 1
            self.changed.notify_all()

    def put(self, device: Device) -> Device:
        """The device as it is now."""
        with self.changed:
            self.devices[device.number] = device
            self.touch()
            return device

    def change(self, number: int, **what: Any) -> None:
        """Change some of a device, where it is still there."""
        with self.changed:
            if number in self.devices:
                self.put(replace(self.devices[number], **what))

    def drop(self, number: int) -> None:
        """The device never mattered, or is another one."""
        with self.changed:
            del self.devices[number]
            self.touch()

    def by_instance(self, instance: str) -> Device | None:
        """The device that discovery names so."""
        with self.changed:
            return next((each for each in self.devices.values() if instance and each.instance == instance), None)

    def view(self) -> View:
        """Everything at this moment."""
        with self.changed:
            if self._view is None or self._view.version != self._version:
                devices = tuple(self.devices[number] for number in sorted(self.devices))
                rows = match(self._expected, [each.checked.found for each in devices if each.checked is not None])
                self._view = View(self._version, self._expected, devices, rows)
            return self._view

    def same_as_before(self, device: Device) -> Device:
        """With what is known of the same device from before it was unplugged; that place on the table is given up."""
        if device.checked is None or not device.checked.found.serial:
            return device
        for other in list(self.devices.values()):
            if other.number == device.number or other.plugged or other.busy or other.checked is None:
                continue
            if _names(other.checked) & _names(device.checked):
                self.drop(other.number)
                device = replace(device, times=device.times + other.times, filed=device.filed + other.filed)
        return device


def labelled(checked: Checked, label: str) -> Checked:
    """With the label's number first."""
    others = tuple(serial for serial in checked.found.serials if serial != label)
    return replace(checked, found=replace(checked.found, serials=(label, *others)))


def _names(checked: Checked) -> set[tuple[str | None, str]]:
    return {(checked.found.kind, "".join(checked.found.serial.split()).casefold())}

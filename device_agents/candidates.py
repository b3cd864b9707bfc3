"""What discovery finds: something that may be a device. Pure data, so that the service may read it too."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

BLE = "ble:"


@dataclass(frozen=True)
class Candidate:
    """Something at a port.

    Attributes:
        port: what to open: a device name, a pyserial URL, or `ble:ADDRESS`; empty where there is none.
        hardware_id: names the instance (USB serial number with VID:PID, else the USB path); never the model.
            Empty where nothing is known.
        vid, pid: the USB identity, None where there is none (a pty, a URL, an old serial port).
        properties: everything else that discovery could read without opening the port, flat, by name
            (`serial_number`, `manufacturer`, `product`, `location`, `drive`, `details.unique_id`, …).
    """

    port: str
    hardware_id: str = ""
    vid: int | None = None
    pid: int | None = None
    properties: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def is_ble(self) -> bool:
        """Whether it is reached over Bluetooth Low Energy."""
        return self.port.lower().startswith(BLE)

    @property
    def usb_id(self) -> str:
        """The USB identity as people write it (`2341:0043`), or an empty string."""
        return "" if self.vid is None or self.pid is None else f"{self.vid:04x}:{self.pid:04x}"

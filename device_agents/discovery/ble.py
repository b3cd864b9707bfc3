"""What announces itself over Bluetooth Low Energy. Nothing is connected to.

`bleak` is imported here and in `transports/ble.py` only, and both are imported only when somebody asks for Bluetooth
(see `discovery/ports.py`): it takes longer to load than everything else together.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import bleak
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason

from device_agents.candidates import BLE, Candidate
from device_agents.errors import (
    BleMissing,
    BluetoothDenied,
    BluetoothMissing,
    BluetoothOff,
    PortAmbiguous,
    PortError,
    PortUnusable,
)
from device_agents.protocols.gatt import short_uuid

SCAN_S: Final = 5.0
SETTLE_S: Final = 1.0
"""After a name has been heard, so long is listened whether another device goes by it too."""
STUCK_S: Final = 5.0
_MOST_BYTES: Final = 64
_REASONS: Final[dict[BleakBluetoothNotAvailableReason, type[PortError]]] = {
    BleakBluetoothNotAvailableReason.NO_BLUETOOTH: BluetoothMissing,
    BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE: BluetoothMissing,
    BleakBluetoothNotAvailableReason.POWERED_OFF: BluetoothOff,
    BleakBluetoothNotAvailableReason.DENIED_BY_USER: BluetoothDenied,
    BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM: BluetoothDenied,
    BleakBluetoothNotAvailableReason.DENIED_BY_UNKNOWN: BluetoothDenied,
}


@dataclass(frozen=True)
class Radio:
    """Which of bleak's backends is used: the system's own, unless others are given (a dongle without the system's
    stack, a virtual link)."""

    scanner: type[BaseBleakScanner] | None = None
    client: type[Any] | None = None


SYSTEM: Final = Radio()
Announced = tuple[BLEDevice, AdvertisementData]
Heard = dict[str, Announced]


def ble_candidates(seconds: float = SCAN_S, radio: Radio = SYSTEM) -> list[Candidate]:
    """Every device that is heard within `seconds`, the nearest first.

    Raises:
        PortError: there is no Bluetooth, it is off, or may not be used.
    """
    heard = _listen(BLE, seconds, "", radio)
    nearest = sorted(heard.values(), key=lambda pair: (-pair[1].rssi, pair[0].address))
    return [candidate_of(*pair) for pair in nearest]


def ble_candidate_for(port: str, radio: Radio = SYSTEM, seconds: float = SCAN_S) -> Candidate:
    """The device that a person named, `ble:ADDRESS` or `ble:NAME`.

    Raises:
        BleMissing: it is not heard.
        PortAmbiguous: several go by that name.
        PortError: there is no Bluetooth, it is off, or may not be used.
    """
    wanted = port[len(BLE) :].strip()
    if not wanted:
        raise BleMissing(port, "0")
    heard = _listen(port, seconds, wanted, radio)
    found = matching(wanted, heard.values())
    if not found:
        raise BleMissing(port, str(len(heard)))
    if len(found) > 1:
        raise PortAmbiguous(port, ", ".join(sorted(device.address for device, _ in found)))
    return candidate_of(*found[0])


def matching(wanted: str, heard: Iterable[Announced]) -> list[Announced]:
    """Those of the heard that are meant: the one of that address, else all of that name."""
    pairs = list(heard)
    exact = [pair for pair in pairs if pair[0].address.lower() == wanted.lower()]
    return exact or [pair for pair in pairs if name_of(*pair).lower() == wanted.lower()]


def candidate_of(device: BLEDevice, advertised: AdvertisementData) -> Candidate:
    """What an announcement says, as a candidate."""
    properties = {"name": name_of(device, advertised), "address": device.address, "rssi": str(advertised.rssi)}
    if advertised.service_uuids:
        properties["services"] = ", ".join(sorted(short_uuid(uuid) for uuid in advertised.service_uuids))
    for company, data in sorted(advertised.manufacturer_data.items()):
        properties[f"manufacturer.{company:04x}"] = data[:_MOST_BYTES].hex()
    properties = {key: value for key, value in properties.items() if value}
    return Candidate(f"{BLE}{device.address}", f"ble {device.address}", None, None, properties)


def name_of(device: BLEDevice, advertised: AdvertisementData) -> str:
    """The name that is announced, else the one that the system remembers."""
    return (advertised.local_name or device.name or "").strip("\0 ")


def bluetooth_error(port: str, fault: BaseException) -> PortError:
    """The domain error for what bleak or the system's Bluetooth raised."""
    if isinstance(fault, PortError):
        return fault
    if isinstance(fault, BleakBluetoothNotAvailableError):
        return _REASONS.get(fault.reason, BluetoothMissing)(port, str(fault.args[0]))
    if isinstance(fault, FileNotFoundError | ConnectionError):  # Linux without a message bus
        return BluetoothMissing(port, "D-Bus")
    if isinstance(fault, PermissionError):
        return BluetoothDenied(port, str(fault))
    return PortUnusable(port, str(fault) or type(fault).__name__)


async def listen(seconds: float, wanted: str, radio: Radio) -> Heard:
    """Listen to announcements: until the address that is wanted is heard, or somewhat longer than until the name is
    (another device may go by it too), or until the time is over."""
    heard: Heard = {}
    done = asyncio.Event()
    loop = asyncio.get_running_loop()

    def note(device: BLEDevice, advertised: AdvertisementData) -> None:
        heard[device.address] = (device, advertised)
        if wanted and device.address.lower() == wanted.lower():
            done.set()
        elif wanted and name_of(device, advertised).lower() == wanted.lower():
            loop.call_later(SETTLE_S, done.set)

    async with bleak.BleakScanner(note, backend=radio.scanner):
        with suppress(TimeoutError):
            await asyncio.wait_for(done.wait(), seconds)
    return heard


def _listen(port: str, seconds: float, wanted: str, radio: Radio) -> Heard:
    try:
        # The system's Bluetooth service may hang as well: the whole has an end.
        return asyncio.run(asyncio.wait_for(listen(seconds, wanted, radio), seconds + STUCK_S))
    except Exception as fault:
        raise bluetooth_error(port, fault) from fault

"""Bluetooth without a radio: bumble's virtual controllers on a link in memory, and a backend by which unmodified bleak
uses it. The exchange is real: HCI, L2CAP, ATT, GATT and SMP on both ends.

    with BleLink() as link:
        board = link.add(Peripheral("BBC micro:bit [zotut]", services))
        transport = BleTransport(f"ble:{board.address}", link.radio)

Everything of bumble lives in one event loop in a thread of its own ("the ether"), because devices and those that look
for them come and go in loops of their own.
"""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError
from bumble import att, core, hci
from bumble.controller import Controller
from bumble.device import Advertisement, Device, Peer
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.host import Host
from bumble.link import LocalLink

from device_agents.discovery.ble import Radio
from device_agents.protocols.gatt import long_uuid

START_S = 10.0
Result = TypeVar("Result")
Read = Callable[[], bytes]


@dataclass
class Trait:
    """A characteristic of a peripheral: its value, or what gives it; what is written is kept in `written`."""

    uuid: str
    properties: str = "READ"
    value: bytes | Read | Callable[[], Awaitable[bytes]] = b""
    encrypted: bool = False
    written: list[bytes] = field(default_factory=list)
    made: Any = None


@dataclass
class Peripheral:
    """A device on the link. `services`: uuid to characteristics; `on_connect` is called when somebody connects."""

    name: str
    services: dict[str, list[Trait]]
    address: str = ""
    announced: Sequence[str] = ()
    manufacturer: tuple[int, bytes] | None = None
    on_connect: Callable[["Peripheral"], None] | None = None
    device: Any = None
    asked: list[str] = field(default_factory=list)
    """What has been read and written, in its order."""
    drop_at: int | None = None
    """Disconnect instead of answering the exchange of that number (from 0)."""
    seconds: float = 0.0
    """Answer that much late."""

    def trait(self, uuid: str) -> Trait:
        return next(trait for traits in self.services.values() for trait in traits if trait.uuid == uuid)


class BleLink:
    """A virtual radio space with one laptop in it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="ether", daemon=True)
        self.central: Any = None
        self.peripherals: list[Peripheral] = []
        self.space: Any = None
        space = self

        class Scanner(LinkScanner):
            link = space

        class Client(LinkClient):
            link = space

        self.radio = Radio(Scanner, Client)

    def __enter__(self) -> "BleLink":
        self._thread.start()
        self.run(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(Exception):
            self.run(self._stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)
        self.loop.close()

    def run(self, work: Coroutine[Any, Any, Result], timeout_s: float = START_S) -> Result:
        """Do something in the ether, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout_s)

    def ask(self, work: Coroutine[Any, Any, Result]) -> "asyncio.Future[Result]":
        """The same for those in another loop."""
        done: Future[Result] = asyncio.run_coroutine_threadsafe(work, self.loop)
        return asyncio.wrap_future(done)

    def add(self, peripheral: Peripheral) -> Peripheral:
        """Switch a device on."""
        self.run(self._add(peripheral))
        return peripheral

    def notify(self, peripheral: Peripheral, uuid: str, data: bytes) -> None:
        """Let it tell its subscribers of a change."""
        made = peripheral.trait(uuid).made
        indicated = "INDICATE" in peripheral.trait(uuid).properties
        tell = peripheral.device.indicate_subscribers if indicated else peripheral.device.notify_subscribers
        self.run(tell(made, data))

    def drop(self, peripheral: Peripheral) -> None:
        """Let the device break the connection."""
        self.run(_drop(peripheral))

    async def _start(self) -> None:
        self.space = LocalLink()  # type: ignore[no-untyped-call]
        self.central = await self._device("laptop", "F0:F1:F2:F3:F4:F5")

    async def _stop(self) -> None:
        for peripheral in self.peripherals:
            await _drop(peripheral)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    async def _device(self, name: str, address: str) -> Any:
        controller = Controller(name, link=self.space, public_address=address)
        device = Device(name=name, address=hci.Address(address), host=Host(controller, controller))
        await device.power_on()
        return device

    async def _add(self, peripheral: Peripheral) -> None:
        number = len(self.peripherals) + 1
        peripheral.address = peripheral.address or f"C0:00:00:00:00:{number:02X}"
        device = peripheral.device = await self._device(peripheral.name, peripheral.address)
        for uuid, traits in peripheral.services.items():
            made = []
            for trait in traits:
                trait.made = _characteristic(peripheral, trait)
                made.append(trait.made)
            device.add_service(Service(core.UUID(long_uuid(uuid)), made))
        await device.start_advertising(
            auto_restart=True,
            advertising_data=_announcement(peripheral),
            advertising_interval_min=30,
            advertising_interval_max=30,
        )
        device.on("connection", lambda connection: peripheral.on_connect and peripheral.on_connect(peripheral))
        self.peripherals.append(peripheral)


async def _drop(peripheral: Peripheral) -> None:
    for connection in list(peripheral.device.connections.values()):
        with contextlib.suppress(Exception):
            await connection.disconnect()


def _announcement(peripheral: Peripheral) -> bytes:
    parts: list[tuple[Any, bytes]] = [(core.AdvertisingData.FLAGS, b"\x06")]
    for uuid in peripheral.announced:
        kind = core.AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS
        parts.append((kind, bytes(core.UUID(uuid))))
    if peripheral.manufacturer is not None:
        company, data = peripheral.manufacturer
        parts.append((core.AdvertisingData.MANUFACTURER_SPECIFIC_DATA, company.to_bytes(2, "little") + data))
    if peripheral.name:
        parts.append((core.AdvertisingData.COMPLETE_LOCAL_NAME, peripheral.name.encode()))
    announcement = bytes(core.AdvertisingData(parts))
    assert len(announcement) <= 31, "the link carries no scan responses, and an announcement has 31 bytes"
    return announcement


def _characteristic(peripheral: Peripheral, trait: Trait) -> Any:
    async def met(what: str) -> None:
        number = len(peripheral.asked)
        peripheral.asked.append(f"{what} {trait.uuid}")
        if peripheral.drop_at is not None and number >= peripheral.drop_at:
            await _drop(peripheral)
        await asyncio.sleep(peripheral.seconds)

    async def read(_connection: object) -> bytes:
        await met("read")
        value = trait.value() if callable(trait.value) else trait.value
        return value if isinstance(value, bytes) else await value

    async def write(_connection: object, data: bytes) -> None:
        await met("write")
        trait.written.append(bytes(data))

    may = Characteristic.READABLE | Characteristic.WRITEABLE
    if trait.encrypted:
        may |= Characteristic.READ_REQUIRES_ENCRYPTION | Characteristic.WRITE_REQUIRES_ENCRYPTION
    properties = Characteristic.Properties.from_string(trait.properties)
    return Characteristic(core.UUID(long_uuid(trait.uuid)), properties, may, CharacteristicValue(read, write))


class LinkScanner(BaseBleakScanner):
    """bleak's scanner on the link."""

    link: BleLink

    def __init__(self, detection_callback: Any, service_uuids: Any, scanning_mode: str, **_: Any) -> None:
        super().__init__(detection_callback, service_uuids)
        self._loop = asyncio.get_running_loop()

    async def start(self) -> None:
        self.seen_devices = {}
        self.link.central.on("advertisement", self._heard)
        await self.link.ask(self.link.central.start_scanning(active=True, filter_duplicates=False))

    async def stop(self) -> None:
        self.link.central.remove_listener("advertisement", self._heard)
        await self.link.ask(self.link.central.stop_scanning())

    def _heard(self, advertisement: Advertisement) -> None:
        name = advertisement.data.get(core.AdvertisingData.Type.COMPLETE_LOCAL_NAME)
        uuids = advertisement.data.get(core.AdvertisingData.Type.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS) or []
        maker = advertisement.data.get(core.AdvertisingData.Type.MANUFACTURER_SPECIFIC_DATA)
        data = AdvertisementData(
            local_name=str(name) if name else None,
            manufacturer_data={int(maker[0]): bytes(maker[1])} if maker else {},
            service_data={},
            service_uuids=[long_uuid(uuid.to_hex_str().lower()) for uuid in uuids],
            tx_power=None,
            rssi=advertisement.rssi,
            platform_data=(),
        )
        address = advertisement.address.to_string(with_type_qualifier=False)
        with contextlib.suppress(RuntimeError):  # whoever listened has gone
            self._loop.call_soon_threadsafe(self._tell, address, data)

    def _tell(self, address: str, data: AdvertisementData) -> None:
        device = self.create_or_update_device(address, address, data.local_name, None, data)
        self.call_detection_callbacks(device, data)


class LinkClient(BaseBleakClient):
    """bleak's client on the link."""

    link: BleLink

    def __init__(self, address_or_ble_device: BLEDevice | str, **kwargs: Any) -> None:
        super().__init__(address_or_ble_device, **kwargs)
        self._loop = asyncio.get_running_loop()
        self._connection: Any = None
        self._peer: Any = None

    @property
    def mtu_size(self) -> int:
        return 23

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    async def connect(self, pair: bool = False, **_: Any) -> None:
        try:
            await self.link.ask(self._connect())
        except TimeoutError:
            raise BleakDeviceNotFoundError(self.address) from None

    async def _connect(self) -> None:
        connection = await self.link.central.connect(hci.Address(self.address), timeout=self._timeout)
        connection.on("disconnection", self._gone)
        self._peer = Peer(connection)
        await self._peer.discover_all()
        services = BleakGATTServiceCollection()
        for found in self._peer.services:
            service = BleakGATTService(found, found.handle, _uuid(found.uuid))
            services.add_service(service)
            for each in found.characteristics:
                names: Any = [str(flag.name).lower().replace("_", "-") for flag in each.properties]
                characteristic = BleakGATTCharacteristic(
                    each, each.handle, _uuid(each.uuid), names, lambda: 20, service
                )
                services.add_characteristic(characteristic)
        self.services = services
        self._connection = connection

    def _gone(self, _reason: int) -> None:
        self._connection = None
        if self._disconnected_callback is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._disconnected_callback)

    async def disconnect(self) -> None:
        if self._connection is not None:
            await self.link.ask(self._connection.disconnect())

    async def pair(self, *args: Any, **kwargs: Any) -> None:
        await self.link.ask(self._connection.pair())

    async def unpair(self) -> None:
        raise NotImplementedError

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **kwargs: Any) -> bytearray:
        return bytearray(await self._exchange(lambda: characteristic.obj.read_value()))

    async def read_gatt_descriptor(self, descriptor: BleakGATTDescriptor, **kwargs: Any) -> bytearray:
        raise NotImplementedError

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: Any, response: bool) -> None:
        await self._exchange(lambda: characteristic.obj.write_value(bytes(data), with_response=response))

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: Any) -> None:
        raise NotImplementedError

    async def start_notify(self, characteristic: BleakGATTCharacteristic, callback: Any, **kwargs: Any) -> None:
        def told(data: bytes) -> None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(callback, bytearray(data))

        await self._exchange(lambda: characteristic.obj.subscribe(told))

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        await self._exchange(lambda: characteristic.obj.unsubscribe())

    async def _exchange(self, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        async def guarded() -> Result:
            try:
                return await work()
            except att.ATT_Error as fault:
                raise BleakGATTProtocolError(int(fault.error_code)) from fault

        if self._connection is None:
            raise BleakError("Not connected")
        return await self.link.ask(guarded())


def _uuid(uuid: Any) -> str:
    return long_uuid(uuid.to_hex_str("-").lower())

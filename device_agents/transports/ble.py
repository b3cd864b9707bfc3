"""One device over Bluetooth Low Energy: `ble:ADDRESS` or `ble:NAME`.

The runner is synchronous and speaks the lines of `protocols/gatt.py`; bleak is asynchronous. So an open transport has
an event loop in a thread of its own: requests go in by a queue and are done one after the other, events come out by
another. Everything that touches bleak runs in that loop, connecting and disconnecting too, because its objects belong
to the loop in which they were made.
"""

import asyncio
import contextlib
import queue
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Final

import bleak
from bleak.exc import (
    BleakCharacteristicNotFoundError,
    BleakError,
    BleakGATTProtocolError,
    BleakGATTProtocolErrorCode,
)

from device_agents.candidates import BLE
from device_agents.discovery.ble import SYSTEM, Radio, bluetooth_error, listen, matching
from device_agents.errors import BleMissing, PortAmbiguous, PortUnusable, PortVanished
from device_agents.protocols import gatt
from device_agents.protocols.gatt import Request, RequestReader
from device_agents.transports.base import Line, Transport

FIND_S: Final = 5.0
CONNECT_S: Final = 8.0
EXCHANGE_S: Final = 5.0
"""One exchange; a stack that begins to pair by itself waits half a minute for somebody who is not there."""
DISCONNECT_S: Final = 2.0
_MARGIN_S: Final = 2.0
_SECURITY: Final = {
    BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHENTICATION,
    BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHORIZATION,
    BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION,
    BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION_KEY_SIZE,
}
_SECURITY_WORDS: Final = (
    "notauthorized",
    "not paired",
    "insufficient",
    "encryption",
    "authentication",
    "access denied",
)
_FORBIDDEN: Final = {
    BleakGATTProtocolErrorCode.READ_NOT_PERMITTED,
    BleakGATTProtocolErrorCode.WRITE_NOT_PERMITTED,
    BleakGATTProtocolErrorCode.REQUEST_NOT_SUPPORTED,
}


class BleTransport(Transport):
    """A device that is named by its address or, where only one goes by it, its name."""

    def __init__(self, port: str, radio: Radio = SYSTEM) -> None:
        self.port = port
        self._radio = radio
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._client: bleak.BleakClient | None = None
        self._worker: asyncio.Task[None] | None = None
        self._requests: asyncio.Queue[Request] = asyncio.Queue()
        self._events: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._reader = RequestReader()
        self._gone = False
        self._given_up = False

    def open(self, line: Line) -> None:
        """Find the device and connect to it; there is no speed. See Transport.open."""
        self._gone = self._given_up = False
        self._events = queue.SimpleQueue()
        self._requests = asyncio.Queue()
        self._reader = RequestReader()
        loop = self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=loop.run_forever, name="ble", daemon=True)
        self._thread.start()
        connected = asyncio.run_coroutine_threadsafe(self._connect(), loop)
        try:
            connected.result(FIND_S + CONNECT_S + _MARGIN_S)
        except FutureTimeout as fault:
            connected.cancel()
            self.close()
            raise PortUnusable(self.port, "timeout") from fault
        except Exception as fault:
            self.close()
            raise bluetooth_error(self.port, fault) from fault

    def close(self) -> None:
        """Disconnect, so that the device can be found by others again."""
        loop, self._loop = self._loop, None
        if loop is None:
            return
        left: Future[None] = asyncio.run_coroutine_threadsafe(self._leave(), loop)
        with contextlib.suppress(Exception):
            left.result(DISCONNECT_S)
        loop.call_soon_threadsafe(loop.stop)
        if self._thread is not None:
            self._thread.join(DISCONNECT_S)
            if not self._thread.is_alive():
                loop.close()

    def read(self, timeout_s: float) -> bytes:
        """The lines that have come; see Transport.read."""
        taken = bytearray()
        try:
            piece = self._events.get(timeout=timeout_s) if timeout_s > 0 else self._events.get_nowait()
            while piece is not None:
                taken += piece
                piece = self._events.get_nowait()
        except queue.Empty:
            return bytes(taken)
        self._events.put(None)  # it stays gone
        if taken:
            return bytes(taken)
        raise PortVanished(self.port, "disconnected")

    def write(self, data: bytes) -> None:
        """Take requests; their answers come by `read`."""
        if self._gone or self._loop is None:
            raise PortVanished(self.port, "disconnected")
        for request in self._reader.receive_data(data):
            self._loop.call_soon_threadsafe(self._requests.put_nowait, request)

    def set_baud(self, baud: int) -> bool:
        """Bluetooth has no speed to set."""
        return False

    def pulse_reset(self, low_s: float) -> bool:
        """Bluetooth has no lines."""
        return False

    async def _connect(self) -> None:
        wanted = self.port[len(BLE) :].strip()
        heard = await listen(FIND_S, wanted, self._radio)
        found = matching(wanted, heard.values())
        if not found:
            raise BleMissing(self.port, str(len(heard)))
        if len(found) > 1:
            raise PortAmbiguous(self.port, ", ".join(sorted(device.address for device, _ in found)))
        self._client = bleak.BleakClient(
            found[0][0], disconnected_callback=self._disconnected, timeout=CONNECT_S, backend=self._radio.client
        )
        await self._client.connect()
        self._worker = asyncio.get_running_loop().create_task(self._work(self._client))

    async def _leave(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.cancel()
        client, self._client = self._client, None
        if client is not None:
            await client.disconnect()

    def _disconnected(self, _client: bleak.BleakClient) -> None:
        if self._given_up:
            return
        self._gone = True
        self._events.put(None)

    async def _work(self, client: bleak.BleakClient) -> None:
        """Do one request after the other, until the transport is closed."""
        while True:
            request = await self._requests.get()
            try:
                async with asyncio.timeout(EXCHANGE_S):
                    events = await self._exchange(client, request)
            except Exception as fault:
                if self._gone or not (client.is_connected or self._given_up):
                    self._disconnected(client)
                    return
                events = [gatt.Refused(request.uuid, _why(fault))]
            self._events.put(b"".join(gatt.encode(event) for event in events))

    async def _exchange(self, client: bleak.BleakClient, request: Request) -> list[gatt.Event]:
        uuid = request.uuid
        if request.verb == "services":
            return _offered(client)
        if request.verb == "disconnect":
            self._given_up = True
            await client.disconnect()
            return [gatt.Disconnected()]
        if request.verb == "read":
            return [gatt.Value(uuid, bytes(await client.read_gatt_char(gatt.long_uuid(uuid))))]
        if request.verb == "write":
            await client.write_gatt_char(gatt.long_uuid(uuid), request.data, response=True)
            return [gatt.Written(uuid)]

        def told(_characteristic: object, data: bytearray) -> None:
            self._events.put(gatt.encode(gatt.Notified(uuid, bytes(data[:512]))))

        await client.start_notify(gatt.long_uuid(uuid), told)
        return [gatt.Subscribed(uuid)]


def _offered(client: bleak.BleakClient) -> list[gatt.Event]:
    events: list[gatt.Event] = []
    for service in client.services:
        events.append(gatt.Service(gatt.short_uuid(service.uuid)))
        for characteristic in service.characteristics:
            events.append(gatt.Characteristic(gatt.short_uuid(characteristic.uuid), tuple(characteristic.properties)))
    return [*events, gatt.ServicesEnd()]


def _why(fault: Exception) -> str:
    """The reason of a refusal, from what each system's Bluetooth raises for it."""
    if isinstance(fault, BleakCharacteristicNotFoundError):
        return "missing"
    if isinstance(fault, TimeoutError):
        return "timeout"
    if isinstance(fault, BleakGATTProtocolError):
        if fault.code in _SECURITY:
            return gatt.ENCRYPTION
        return "not-permitted" if fault.code in _FORBIDDEN else "failed"
    # BlueZ says NotPermitted “Not paired”, NotAuthorized, or Failed with an ATT code; Windows raises a sentence.
    words = str(fault).lower()
    if isinstance(fault, BleakError | OSError) and any(word in words for word in _SECURITY_WORDS):
        return gatt.ENCRYPTION
    return "not-permitted" if "notpermitted" in words or "not permitted" in words else "failed"

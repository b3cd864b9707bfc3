"""Serial ports and pyserial's URLs: /dev/ttyACM0, COM3, socket://host:port, rfc2217://host:port, loop://.

What pyserial does differently from port to port, and is evened out here (each was met in practice):

- a pty has no modem lines: `dtr` raises OSError ENOTTY; `socket://` pretends to have them, and to have a
  speed;
- `rfc2217://` raises NotImplementedError for `write_timeout`, and negotiates anew whenever `timeout` changes,
  so one short timeout is set once and longer waits are made of it;
- a vanished device raises SerialException from read and write, but a bare OSError (EIO) from `in_waiting`;
- `exclusive=True` gives EAGAIN when somebody else holds the port; on Windows the cause is only in the text;
- closing a real port may wait half a minute for output that the device does not take: it is dropped before;
- a termios.error is no OSError.
"""

import contextlib
import errno
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import serial

from device_agents.discovery.serial_ports import names_of, serial_candidates
from device_agents.errors import HostRefused, PortBusy, PortDenied, PortError, PortMissing, PortUnusable, PortVanished
from device_agents.transports.base import Line, Transport
from device_agents.transports.following import Lister, place_of, returned

_SLICE_S = 0.02
_WRITE_S = 1.0
_LEAVES_S = 3.0
"""A board that is asked to leave its port and has not by then does not leave it."""
CLOSE_S = 1.0
_MOST_AT_ONCE = 4096
_NO_LINES = (errno.ENOTTY, errno.EINVAL, errno.ENOSYS, getattr(errno, "EOPNOTSUPP", errno.EINVAL))
_BY_ERRNO: dict[int, type[PortError]] = {
    errno.ENOENT: PortMissing,
    errno.ENODEV: PortMissing,
    errno.ENXIO: PortMissing,
    errno.ECONNREFUSED: PortMissing,
    errno.EHOSTUNREACH: PortMissing,
    errno.ENETUNREACH: PortMissing,
    errno.ETIMEDOUT: PortMissing,
    errno.EBUSY: PortBusy,
    errno.EAGAIN: PortBusy,
    errno.EACCES: PortDenied,
    errno.EPERM: PortDenied,
    # The kernel has no memory, bandwidth or endpoint left for one more device on this controller.
    errno.ENOMEM: HostRefused,
    errno.ENOSPC: HostRefused,
    errno.EMFILE: HostRefused,
}
_BY_TEXT: tuple[tuple[str, type[PortError]], ...] = (
    # Windows says only in words why a COM port did not open; a port in use is a PermissionError there.
    ("Insufficient system resources", HostRefused),
    ("FileNotFoundError", PortMissing),
    ("PermissionError", PortBusy),
    ("Connection refused", PortMissing),
    ("timed out", PortMissing),
    ("Name or service not known", PortMissing),
)
if sys.platform == "win32":
    _TERMIOS_ERROR: tuple[type[Exception], ...] = ()
else:
    import termios

    _TERMIOS_ERROR = (termios.error,)
_GONE: tuple[type[Exception], ...] = (serial.SerialException, OSError, TypeError, *_TERMIOS_ERROR)
# TypeError: pyserial's posix port, closed by another thread or lost, hands None to select.
_REFUSED: tuple[type[Exception], ...] = (ValueError, NotImplementedError, *_GONE)


def port_error(port: str, fault: BaseException) -> PortError:
    """The domain error for what pyserial raised while opening `port`."""
    link: BaseException | None = fault
    while link is not None:
        number = getattr(link, "errno", None)
        if isinstance(number, int) and number in _BY_ERRNO:
            return _BY_ERRNO[number](port, str(fault))
        link = link.__cause__ or link.__context__
    for words, error in _BY_TEXT:
        if words in str(fault):
            return error(port, str(fault))
    return PortUnusable(port, str(fault))


class SerialTransport(Transport):
    """A device name or any URL that pyserial knows.

    Args:
        port: its name.
        lister: what tells the ports that there are, where a device has to be followed to another one.
    """

    def __init__(self, port: str, lister: Lister = serial_candidates) -> None:
        self.port = port
        self._lister = lister
        self._line = Line()
        self._serial: Any = None
        self._is_url = "://" in port

    def open(self, line: Line) -> None:
        """Open the port; see Transport.open."""
        try:
            handle = serial.serial_for_url(self.port, do_not_open=True)
            handle.baudrate = line.baud
            handle.timeout = _SLICE_S
            if not self.port.lower().startswith("rfc2217:"):
                handle.write_timeout = _WRITE_S
            if not self._is_url:
                handle.exclusive = True
            if not line.raise_lines:
                handle.dtr = False
                handle.rts = False
            self._serial = handle
            self._line = line
            handle.open()
        except _REFUSED as fault:
            self.close()
            raise port_error(self.port, fault) from fault

    def close(self) -> None:
        """Give the port back; output that the device has not taken is dropped."""
        handle, self._serial = self._serial, None
        if handle is None:
            return
        if not self._is_url:
            with contextlib.suppress(Exception):
                handle.reset_output_buffer()
        # What a USB device has not taken is with its driver by now and cannot be dropped: Linux waits half a minute for
        # it. The system ends that wait at the latest with this process.
        closer = threading.Thread(target=_close, args=(handle,), name="close", daemon=True)
        closer.start()
        closer.join(CLOSE_S)

    def read(self, timeout_s: float) -> bytes:
        """What has come; see Transport.read."""
        end = time.monotonic() + timeout_s
        with self._gone():
            while True:
                waiting = self._serial.in_waiting
                if not waiting and time.monotonic() >= end:
                    return b""
                data = bytes(self._serial.read(min(waiting, _MOST_AT_ONCE) or 1))
                if data:
                    return data + self._rest()

    def _rest(self) -> bytes:
        """What else is there without waiting. A socket says only that there is something: it is taken byte by
        byte."""
        taken = bytearray()
        while len(taken) < _MOST_AT_ONCE:
            waiting = self._serial.in_waiting
            if not waiting:
                break
            data = self._serial.read(min(waiting, _MOST_AT_ONCE))
            if not data:
                break
            taken += data
        return bytes(taken)

    def write(self, data: bytes) -> None:
        """Send all of `data`; see Transport.write."""
        with self._gone():
            self._serial.write(data)

    def set_baud(self, baud: int) -> bool:
        """Change the speed; a socket and a loop have none."""
        if self.port.lower().startswith(("socket:", "loop:")):
            return False
        with self._gone():
            try:
                self._serial.baudrate = baud
            except ValueError:  # this port, or the server before it, has no such speed
                return False
        return True

    def pulse_reset(self, low_s: float) -> bool:
        """Lower DTR and RTS, wait, raise them. False where the port has no such lines."""
        if self.port.lower().startswith(("socket:", "loop:")):
            return False
        try:
            self._serial.dtr = False
            self._serial.rts = False
            time.sleep(low_s)
            self._serial.dtr = True
            self._serial.rts = True
        except _GONE as fault:
            if _number(fault) in _NO_LINES:
                return False
            raise PortVanished(self.port, str(fault)) from fault
        return True

    def follow(self, within_s: float, touch_baud: int = 0) -> bool:
        """Go with the device to its next port; see Transport.follow."""
        names = names_of(self.port)
        old = None if self._is_url else next((found for found in self._lister() if found.port in names), None)
        if old is None or not place_of(old):
            return False
        begun = time.monotonic()
        end = begun + within_s
        if touch_baud:
            with contextlib.suppress(*_REFUSED):  # a board that is on its way already takes no more
                self._serial.baudrate = touch_baud
                self._serial.dtr = False
        self.close()
        found = returned(self._lister, old, end, begun + _LEAVES_S)
        if found is None:
            raise PortVanished(self.port, f"nothing came back at {place_of(old)}")
        self.port = found.port
        while True:
            try:
                self.open(self._line)
                return found is not old
            except PortError as fault:
                # A new port is not at once the user's: udev has yet to set its rights, other programs look at it.
                if time.monotonic() >= end:
                    raise PortVanished(self.port, fault.detail) from fault
                time.sleep(_SLICE_S)

    @contextlib.contextmanager
    def _gone(self) -> Iterator[None]:
        try:
            yield
        except _GONE as fault:
            raise PortVanished(self.port, str(fault)) from fault


def _close(handle: Any) -> None:
    with contextlib.suppress(Exception):
        handle.close()


def _number(fault: BaseException) -> int | None:
    number = getattr(fault, "errno", None)
    if number is None and fault.args and isinstance(fault.args[0], int):
        number = fault.args[0]  # termios.error carries it as its first argument
    return number if isinstance(number, int) else None

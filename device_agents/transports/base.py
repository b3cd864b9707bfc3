"""What a transport offers, and the order of calls.

    transport = SerialTransport(port)      # touches nothing
    transport.open(Line(baud=115200))      # PortMissing, PortBusy, PortDenied, PortUnusable
    transport.write(data)                  # any order from here on; PortVanished when the device is gone
    transport.read(timeout_s)              # as soon as anything is there; b"" after timeout_s
    transport.set_baud(57600)              # False where the transport has no speed of its own
    transport.pulse_reset(low_s)           # False where there are no modem lines
    transport.follow(within_s, touch_baud) # False where it cannot be told which port would be the device's next
    transport.close()                      # always, also after a failed open; never raises, never waits

`now()` and `sleep()` are the transport's clock: a replay has one of its own, so that its waiting costs
nothing. Nothing else of a check looks at the time. `read` and `write` never block for longer than asked
(write: a second). A transport is used by one thread.
"""

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """How the port is opened (always 8N1): speed, and whether DTR and RTS are raised."""

    baud: int = 115200
    raise_lines: bool = True


class Transport(ABC):
    """A way to one device; see the module for the order of calls."""

    port: str

    @abstractmethod
    def open(self, line: Line) -> None:
        """Open the port, exclusively where the system can.

        Raises:
            PortError: one of its kinds, naming the port.
        """

    @abstractmethod
    def close(self) -> None:
        """Give the port back. Harmless when it is not open."""

    @abstractmethod
    def read(self, timeout_s: float) -> bytes:
        """What has come, waiting at most `timeout_s` for the first byte; empty where nothing came.

        Raises:
            PortVanished: the device is gone.
        """

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Send all of `data`.

        Raises:
            PortVanished: the device is gone, or takes nothing any more.
        """

    @abstractmethod
    def set_baud(self, baud: int) -> bool:
        """Change the speed; whether there is one to change."""

    @abstractmethod
    def pulse_reset(self, low_s: float) -> bool:
        """Lower DTR and RTS, wait, raise them; whether the lines exist."""

    def follow(self, within_s: float, touch_baud: int = 0) -> bool:
        """Let the port go and open that on which the same device comes back; `port` is its new name.

        Args:
            within_s: how long to wait for it.
            touch_baud: open and close the old port at this speed first; 0 for no touch.

        Returns:
            False, with the port as it was: untouched, where the device's place is not known; open again, where the
            device did not leave it.

        Raises:
            PortVanished: it did not come back in time, or its new port cannot be opened.
        """
        return False

    def now(self) -> float:
        """Seconds on this transport's clock."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let time pass on this transport's clock."""
        time.sleep(seconds)

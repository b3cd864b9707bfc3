"""The model of Marlin on a line of its own, in a time of its own: minutes of heating pass in milliseconds."""

from device_agents.errors import PortVanished
from device_agents.transports.base import Line, Transport
from tests.emulators.marlin_model import Marlin

TICK_S = 0.02


class ModelTransport(Transport):
    """A port with the model behind it.

    `vanish_when` is asked before each use of the line: once it says so, the cable is out. The printer lives on:
    `pass_time` lets it.
    """

    def __init__(self, marlin: Marlin, *, has_reset: bool = True, gone: str = "") -> None:
        self.port = "model"
        self.marlin = marlin
        self.is_open = False
        self.hottest = 0.0
        self._has_reset = has_reset
        self._gone = gone
        self._clock = 0.0
        self._pending = b""

    def open(self, line: Line) -> None:
        self.is_open = True
        self.marlin.reset(self._clock)

    def close(self) -> None:
        self.is_open = False

    def pass_time(self, seconds: float) -> None:
        """Let the printer live."""
        end = self._clock + seconds
        while self._clock < end:
            step = min(TICK_S, end - self._clock)
            self._clock += step if step > 1e-6 else 1e-6
            self.marlin.pass_time(self._clock, step)
            self.hottest = max(self.hottest, self.marlin.nozzle.celsius)

    def _there(self) -> None:
        assert self.is_open
        if self._gone and any(self._gone in line for line in self.marlin.heard):
            raise PortVanished(self.port, "unplugged")

    def read(self, timeout_s: float) -> bytes:
        self._there()
        end = self._clock + timeout_s
        while True:
            if self.marlin.said and self._clock >= self.marlin.booted:
                data, self.marlin.said = self.marlin.said, b""
                return data
            if self._clock >= end:
                return b""
            self.pass_time(min(TICK_S, end - self._clock))

    def write(self, data: bytes) -> None:
        self._there()
        *lines, self._pending = (self._pending + data).split(b"\n")
        for line in lines:
            self.marlin.hear(line.decode("ascii"), self._clock)

    def set_baud(self, baud: int) -> bool:
        return False

    def pulse_reset(self, low_s: float) -> bool:
        self._there()
        if self._has_reset and self.marlin.fault != "no-reset":
            self.marlin.reset(self._clock)
        return self._has_reset

    def now(self) -> float:
        return self._clock

    def sleep(self, seconds: float) -> None:
        self.pass_time(seconds)

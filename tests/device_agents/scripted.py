"""A device in a few lines of Python behind a transport with a clock of its own: no port, no waiting."""

from collections.abc import Callable, Iterable

from device_agents.errors import PortVanished
from device_agents.transports.base import Line, Transport

Answers = Iterable[tuple[float, bytes]]


class ScriptedTransport(Transport):
    """Calls `device(received bytes)` for every write; it gives answers as (delay in seconds, bytes).

    `vanish_at` is the moment at which the port is gone; `open_takes` how long opening lasts.
    """

    def __init__(
        self,
        device: Callable[[bytes], Answers],
        *,
        vanish_at: float | None = None,
        open_takes: float = 0.0,
        greeting: Answers = (),
    ) -> None:
        self.port = "scripted"
        self.is_open = False
        self.lines: list[str] = []
        self.written = b""
        self._device = device
        self._vanish_at = vanish_at
        self._open_takes = open_takes
        self._greeting = greeting
        self._clock = 0.0
        self._queue: list[tuple[float, bytes]] = []

    def open(self, line: Line) -> None:
        self.is_open = True
        self._clock += self._open_takes
        self._add(self._greeting)

    def greet(self, greeting: Answers) -> None:
        """What comes when the port opens."""
        self._greeting = list(greeting)

    def close(self) -> None:
        self.is_open = False

    def _add(self, answers: Answers) -> None:
        self._queue += [(self._clock + delay, data) for delay, data in answers]
        self._queue.sort(key=lambda item: item[0])

    def _there(self) -> None:
        assert self.is_open
        if self._vanish_at is not None and self._clock >= self._vanish_at:
            raise PortVanished(self.port, "unplugged")

    def read(self, timeout_s: float) -> bytes:
        self._there()
        end = self._clock + timeout_s
        if not self._queue or self._queue[0][0] > end:
            self._clock = end
            self._there()
            return b""
        at, data = self._queue.pop(0)
        self._clock = max(self._clock, at) + 1e-6
        self._there()
        return data

    def write(self, data: bytes) -> None:
        self._there()
        self.written += data
        self._add(self._device(data))

    def set_baud(self, baud: int) -> bool:
        self.lines.append(f"baud {baud}")
        return True

    def pulse_reset(self, low_s: float) -> bool:
        self.lines.append("reset")
        return True

    def now(self) -> float:
        return self._clock

    def sleep(self, seconds: float) -> None:
        self._clock += seconds

"""A recorded conversation, played back: the same bytes in the same order, on a clock of its own.

The order is what is replayed, not the pace: bytes that were received after some bytes had been sent are given
once those have been sent again, however long the reader is ready to wait; time on the clock passes as
recorded, at most. `TimedReplay` keeps the pace too, on the real clock: for measuring many checks at once.
"""

import time
from collections.abc import Sequence

from device_agents.errors import PortVanished
from device_agents.recordings import Recorded
from device_agents.transports.base import Line, Transport

ROUNDED_S = 0.001
"""More than what a recording's times are rounded by."""


class ReplayDiverged(Exception):
    """Something else was sent than in the recording: the check has changed, record it anew."""


class ReplayTransport(Transport):
    """Plays a recording back.

    Args:
        recording: its entries.
        silent_after: the device falls silent after that many received bytes (all of them in the recording, or
        fewer);
            what is sent from then on is not compared.
        vanish_after: the port vanishes after that many received bytes.
        piece: hand received bytes out at most so many at a time.
    """

    _paced = False
    _has_reset = False

    def __init__(
        self,
        recording: Sequence[Recorded],
        *,
        silent_after: int | None = None,
        vanish_after: int | None = None,
        piece: int | None = None,
    ) -> None:
        self.port = "replay"
        self.closed = True
        self._silent_after = silent_after
        self._vanish_after = vanish_after
        self._piece = piece
        self._entries = [entry for entry in recording if entry.data]
        self._position = 0
        self._offset = 0
        self._clock = 0.0
        self._given = 0

    def open(self, line: Line) -> None:
        """Begin; the recording knows no speed."""
        self.closed = False

    def close(self) -> None:
        """End."""
        self.closed = True

    @property
    def finished(self) -> bool:
        """Whether the whole recording has been played."""
        return self._position >= len(self._entries)

    def _mute(self) -> bool:
        return self._silent_after is not None and self._given >= self._silent_after

    def _check_there(self) -> None:
        if self._vanish_after is not None and self._given >= self._vanish_after:
            raise PortVanished(self.port, "end of the recording")

    def read(self, timeout_s: float) -> bytes:
        """The next received bytes, or nothing where the recording waits for something to be sent."""
        self._check_there()
        if self._mute() or self.finished or self._entries[self._position].sent:
            self._clock += timeout_s
            return b""
        entry = self._entries[self._position]
        if self._paced and entry.at > self._clock + timeout_s + ROUNDED_S:
            self._clock += timeout_s
            return b""
        self._clock = max(self._clock, min(entry.at, self._clock + timeout_s))
        room = len(entry.data) - self._offset
        for limit in (self._silent_after, self._vanish_after):
            if limit is not None:
                room = min(room, limit - self._given)
        data = entry.data[self._offset : self._offset + min(room, self._piece or room)]
        self._advance(len(data))
        self._given += len(data)
        return data

    def write(self, data: bytes) -> None:
        """Compare what is sent with the recording.

        Raises:
            ReplayDiverged: it differs.
        """
        self._check_there()
        if self._mute():
            return
        for start in range(len(data)):
            entry = self._entries[self._position] if not self.finished else None
            if entry is None or not entry.sent or entry.data[self._offset] != data[start]:
                expected = "nothing" if entry is None else entry.data[self._offset :].hex()
                raise ReplayDiverged(f"sent {data[start:].hex()} where the recording has {expected}")
            self._advance(1)

    def _advance(self, count: int) -> None:
        self._offset += count
        if self._offset >= len(self._entries[self._position].data):
            self._position += 1
            self._offset = 0

    def set_baud(self, baud: int) -> bool:
        """A recording has no speed."""
        return False

    def pulse_reset(self, low_s: float) -> bool:
        """A recording has no lines; a reset is what the device said after it."""
        return self._has_reset

    def now(self) -> float:
        """Seconds on the recording's clock."""
        return self._clock

    def sleep(self, seconds: float) -> None:
        """Let the recording's clock run."""
        self._clock += seconds


class PacedReplay(ReplayTransport):
    """Gives nothing before its recorded time, on the replay's own clock, of a device that could be reset: what it said
    after a reset, or after a time without a question, is not given before that."""

    _paced = True
    _has_reset = True


class TimedReplay(ReplayTransport):
    """A recording at its recorded pace, on the real clock: each answer takes as long as the device took for it.

    The time is counted from the entry before, as a device's is: one that is asked later answers later. What the
    check writes without waiting for an answer does not lose that answer; it comes when it is due.
    """

    def __init__(self, recording: Sequence[Recorded], *, piece: int | None = None) -> None:
        super().__init__(recording, piece=piece)
        self._anchor = 0.0  # when, on the real clock, the entry before this one began
        self._anchored_at = 0.0  # and when it did in the recording
        self._inbox: list[tuple[float, bytes]] = []

    def open(self, line: Line) -> None:
        """Begin; the time runs from here."""
        super().open(line)
        self._anchor, self._anchored_at = time.monotonic(), 0.0

    def _due(self) -> float:
        return self._anchor + max(0.0, self._entries[self._position].at - self._anchored_at)

    def _receiving(self) -> bool:
        return not self.finished and not self._entries[self._position].sent

    def read(self, timeout_s: float) -> bytes:
        """The next received bytes as soon as they are due."""
        end = time.monotonic() + timeout_s
        if not self._inbox and self._receiving():
            self._take_in()
        if not self._inbox or self._inbox[0][0] > end:
            time.sleep(max(0.0, end - time.monotonic()))
            return b""
        due, data = self._inbox.pop(0)
        time.sleep(max(0.0, due - time.monotonic()))
        size = self._piece or len(data)
        if data[size:]:
            self._inbox.insert(0, (due, data[size:]))
        return data[:size]

    def write(self, data: bytes) -> None:
        """Compare what is sent with the recording; see ReplayTransport.write."""
        while self._receiving():
            self._take_in()
        position = self._position
        super().write(data)
        if self._position != position or self._offset:
            self._anchored_at = self._entries[max(position, self._position - (not self._offset))].at
            self._anchor = time.monotonic()

    def _take_in(self) -> None:
        due = self._due()
        entry = self._entries[self._position]
        self._inbox.append((due, entry.data))
        self._anchor, self._anchored_at = due, entry.at
        self._advance(len(entry.data))

    def now(self) -> float:
        """The real clock."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let real time pass."""
        time.sleep(seconds)

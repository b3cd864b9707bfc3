"""A bad cable: a proxy between two ptys that drops, garbles, delays, splits, echoes, cuts off and unplugs.

    with FaultProxy(emulator.port, Faults(truncate_at=7)) as port:
        ...   # open `port` instead of the emulator's own

The device's pty is opened when the checker opens the proxy's, and closed when it closes it, so that an emulator that
resets on opening does so here too. All faults are in what the device says, except `echo` (what the checker says comes
back to it) and `deaf` (it does not reach the device). Counts are of bytes said by the device since the port was opened.
"""

import contextlib
import errno
import os
import random
import select
import threading
import time
import tty
from dataclasses import dataclass

_TURN_S = 0.002


@dataclass(frozen=True)
class Faults:
    """What the cable does. The default is a good cable.

    Attributes:
        drop_every: each n-th byte is lost.
        garble_every: each n-th byte gets other bits (from `seed`).
        garble_at: that byte (counted from 0) gets one bit flipped.
        delay_s: everything comes so much later.
        split: bytes come one by one, `split_gap_s` apart.
        echo: what the checker sends comes back first, as from a cable with a loop.
        deaf: nothing that the checker sends reaches the device.
        truncate_at: silence after so many bytes.
        cut_at: the port vanishes after so many bytes.
        cut_after_s: the port vanishes so long after it was opened.
        instead: this is said instead of anything the device says, once for each thing that the checker sends.
    """

    drop_every: int = 0
    garble_every: int = 0
    garble_at: int | None = None
    delay_s: float = 0.0
    split: bool = False
    split_gap_s: float = 0.002
    echo: bool = False
    deaf: bool = False
    truncate_at: int | None = None
    cut_at: int | None = None
    cut_after_s: float | None = None
    instead: bytes | None = None
    seed: int = 1


class FaultProxy:
    """See the module. Entering gives the port to open."""

    def __init__(self, device: str, faults: Faults | None = None) -> None:
        self._device_path = device
        self._faults = faults or Faults()
        self._random = random.Random(self._faults.seed)
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.port = os.ttyname(slave)
        os.close(slave)
        self._device = -1
        self._count = 0
        self._opened_at = 0.0
        self._later: list[tuple[float, bytes]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fault-proxy", daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        return self.port

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(5)
        self._unplug()
        self._leave_device()

    def _run(self) -> None:
        while not self._stop.is_set() and self._master >= 0:
            poll = select.poll()
            poll.register(self._master, select.POLLIN)
            if self._device >= 0:
                poll.register(self._device, select.POLLIN)
            ready = dict(poll.poll(_TURN_S * 1000))
            if ready.get(self._master, 0) & select.POLLHUP:  # nobody has the checker's side open
                self._leave_device()
                self._stop.wait(_TURN_S)
                continue
            if self._device < 0:
                self._meet_device()
            if ready.get(self._master, 0) & select.POLLIN:
                self._from_checker(_take(self._master))
            if ready.get(self._device, 0):
                self._from_device(_take(self._device))
            self._flush()

    def _meet_device(self) -> None:
        self._device = os.open(self._device_path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._device)
        self._count = 0
        self._later.clear()
        self._opened_at = time.monotonic()

    def _leave_device(self) -> None:
        if self._device >= 0:
            os.close(self._device)
            self._device = -1

    def _from_checker(self, data: bytes) -> None:
        if not data:
            return
        faults = self._faults
        if faults.echo:
            self._say(data)
        if faults.instead is not None:
            self._say(faults.instead)
        if not faults.deaf and self._device >= 0:
            with contextlib.suppress(OSError):
                os.write(self._device, data)

    def _from_device(self, data: bytes) -> None:
        faults = self._faults
        for value in data if faults.instead is None else b"":
            number = self._count
            self._count += 1
            if faults.truncate_at is not None and number >= faults.truncate_at:
                continue
            if faults.drop_every and (number + 1) % faults.drop_every == 0:
                continue
            if faults.garble_every and (number + 1) % faults.garble_every == 0:
                value ^= self._random.randrange(1, 256)
            if faults.garble_at == number:
                value ^= 1 << self._random.randrange(8)
            self._say(bytes([value]))
            if faults.cut_at is not None and self._count >= faults.cut_at:
                self._flush()
                self._unplug()
                return

    def _say(self, data: bytes) -> None:
        now = time.monotonic()
        at = now + self._faults.delay_s
        if self._faults.split:
            for value in data:
                at = max(at, self._later[-1][0] + self._faults.split_gap_s if self._later else at)
                self._later.append((at, bytes([value])))
        else:
            self._later.append((at, data))

    def _flush(self) -> None:
        now = time.monotonic()
        while self._later and self._later[0][0] <= now and self._master >= 0:
            _, data = self._later.pop(0)
            with contextlib.suppress(OSError):
                os.write(self._master, data)
        cut = self._faults.cut_after_s
        if cut is not None and self._device >= 0 and now - self._opened_at >= cut:
            self._unplug()

    def _unplug(self) -> None:
        """The checker's port vanishes: its reads and writes fail from now on."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1


def _take(handle: int) -> bytes:
    try:
        return os.read(handle, 4096)
    except OSError as fault:
        if fault.errno in (errno.EIO, errno.EAGAIN):
            return b""
        raise

"""Sends what waits in the outbox, in the background: when a report was filed, and from time to time.

Nobody waits for it, and nothing depends on it: without a network the reports wait. It tells how things stand.
"""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from device_agents.client import Client, Patience
from device_agents.errors import AgentError
from device_agents.home import Enrolment, Home
from device_agents.outbox import Outbox
from device_agents.syncing import sync

SOON_S: Final = 2.0
LONGEST_S: Final = 60.0


@dataclass(frozen=True)
class Post:
    """How the sending stands. `online` is None until it was tried; `fault` what stopped the last attempt; `counted` how
    many of the reports that the courier was told of are in these figures."""

    waiting: int = 0
    refused: int = 0
    online: bool | None = None
    sending: bool = False
    fault: AgentError | None = None
    counted: int = 0


class Courier:
    """See the module. `send` False keeps everything here."""

    def __init__(self, home: Home, enrolment: Enrolment, outbox: Outbox, *, send: bool = True) -> None:
        self._home = home
        self._enrolment = enrolment
        self._outbox = outbox
        self._send = send
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._told = 0
        self.post = Post()

    def start(self, before: Callable[[], None] | None = None) -> None:
        """Begin; `before` is called before each round (to try again to keep what could not be kept)."""
        self._thread = threading.Thread(target=self._work, args=(before,), name="courier", daemon=True)
        self._thread.start()

    def wake(self, filed: int = 0) -> None:
        """There is something to send (`filed` more reports than were told of before), or somebody wants it sent now."""
        self._told += filed
        self._wake.set()

    @property
    def uncounted(self) -> int:
        """Reports that were filed and are in no figure yet: they are not sent, whatever `post` says."""
        return self._told - self.post.counted

    def stop(self, timeout_s: float = 1.0) -> None:
        """End; what is under way is sent at the next start, and counts once."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _work(self, before: Callable[[], None] | None) -> None:
        pause = SOON_S
        while not self._stop.is_set():
            self._wake.clear()
            if before is not None:
                before()
            self.round()
            pause = SOON_S if self.post.online or not self._send else min(LONGEST_S, pause * 2)
            self._wake.wait(pause if self.post.waiting else LONGEST_S)

    def count(self) -> None:
        """How much waits, without sending."""
        with contextlib.suppress(AgentError):
            counts = self._outbox.counts()
            self.post = replace(self.post, waiting=counts["waiting"], refused=counts["refused"])

    def round(self) -> Post:
        """Count what waits and send it, once."""
        told = self._told  # before the outbox is counted, so that the figures hold them all
        try:
            waiting = self._outbox.counts()
            if not waiting["waiting"] or not self._send:
                self.post = Post(waiting["waiting"], waiting["refused"], self.post.online, counted=told)
                return self.post
            self.post = Post(waiting["waiting"], waiting["refused"], self.post.online, sending=True, counted=told)
            client = Client(self._enrolment.server, Patience(attempts=1, timeout_s=5.0))
            done = sync(self._outbox, client, self._home.key(), agent=self._enrolment.agent)
            refused = self._outbox.counts()["refused"]
            self.post = Post(done.waiting, refused, done.stopped is None, fault=done.stopped, counted=told)
        except AgentError as fault:  # the outbox or the key: told, and tried again
            self.post = replace(self.post, sending=False, fault=fault)
        return self.post

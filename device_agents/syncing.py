"""Send what waits in the outbox.

In order, oldest first, each as often as it takes; the service counts it once. What the service refuses for good
(altered, no known schema, too big) is noted with its reason and does not hold up the others. What it cannot take
now (unreachable, busy) waits. A revoked laptop stops: everything waits.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_agents.client import Client
from device_agents.errors import ServiceBusy, ServiceError, ServiceRefused
from device_agents.judging_by import Renewed
from device_agents.outbox import Kept, Outbox, look_at

_FOR_GOOD: Final = (400, 409, 413, 422)
MOST_FAILURES: Final = 3


@dataclass
class Synced:
    """What one run did; `stopped` is the error that ended it early, if one did."""

    sent: int = 0
    known: int = 0
    refused: list[tuple[Kept, str, str]] = field(default_factory=list)
    waiting: int = 0
    stopped: ServiceError | None = None
    known_firmware: Renewed | None = None

    @property
    def exit_code(self) -> int:
        """0 all there; 1 something was refused; 2 something still waits."""
        if self.waiting:
            return 2
        return 1 if self.refused else 0


Progress = Callable[[int, int], None]
"""Told how many of how many are done."""


def sync(
    outbox: Outbox, client: Client, key: Ed25519PrivateKey, progress: Progress | None = None, agent: str = ""
) -> Synced:
    """Send every waiting report.

    One at which the service fails (500) is passed over, so that it does not hold up the others; where the next ones
    fail too, the run ends.

    Raises:
        OutboxUnusable: the outbox cannot be read or written. What was sent before that counts once all the same.
    """
    done, failures = Synced(), 0
    waiting = outbox.waiting()
    for number, kept in enumerate(waiting):
        if progress is not None:
            progress(number, len(waiting))
        fault = look_at(kept, key)
        if fault:
            outbox.answered(kept.sequence, "refused", fault)
            done.refused.append((kept, fault, ""))
            continue
        try:
            answer = client.file(kept.envelope, agent, key if agent else None)
        except ServiceRefused as refusal:
            if refusal.status not in _FOR_GOOD:
                done.stopped = refusal
                break
            outbox.answered(kept.sequence, "refused", f"{refusal.problem}: {refusal.detail}")
            done.refused.append((kept, refusal.problem, refusal.detail))
        except ServiceError as error:
            done.stopped = error
            failures += 1
            if not (isinstance(error, ServiceBusy) and error.params["status"] == 500 and failures < MOST_FAILURES):
                break
        else:
            failures = 0
            outbox.answered(kept.sequence, "sent")
            done.sent += answer == "filed"
            done.known += answer == "known"
    done.waiting = outbox.counts()["waiting"]
    return done

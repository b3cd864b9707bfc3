"""What follows from filed reports, as pure decisions: an agent's chain, a device's and a kit's health."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from device_agents.report import Report
from firmware_checks.verdicts import Verdict, worst

Chain = Literal["whole", "gap", "fork"]
CLOCK_SLACK_S: Final = 300
"""A clock that is less off than this is right: the way and the queue take time."""


@dataclass(frozen=True)
class Link:
    """A report's place in its agent's chain."""

    sequence: int
    digest: bytes
    previous: bytes | None


def chain_state(new: Link, near: Iterable[Link]) -> Chain:
    """How a report joins the chain as it stands.

    Args:
        new: the report that arrived.
        near: the agent's reports with this number and its neighbours', those that are known.

    Returns:
        `fork`: it contradicts what is known (another report has its number, or names another one as before it):
        a copied key, or an outbox that was restored from a backup. `gap`: the one before has not arrived.
        `whole`: it follows.
    """
    before = [link for link in near if link.sequence == new.sequence - 1]
    if any(link.sequence == new.sequence for link in near):
        return "fork"
    if any(link.sequence == new.sequence + 1 and link.previous != new.digest for link in near):
        return "fork"
    if new.sequence == 1:
        return "whole" if new.previous is None else "fork"
    if new.previous is None:
        return "fork"
    if not before:
        return "gap"
    return "whole" if any(link.digest == new.previous for link in before) else "fork"


@dataclass(frozen=True)
class DeviceHealth:
    """A device of a kit and its latest report, where there is one."""

    device_id: int | None
    kind: str
    item_el: str
    item_en: str
    serial_number: str
    verdict: Verdict | None = None
    observed_at: datetime | None = None
    report_id: str = ""


@dataclass(frozen=True)
class KitHealth:
    """A kit's devices, and reports made of the kit whose device is not on its list.

    `unlisted` are foreign ones and those without a number, the latest of each.
    """

    devices: Sequence[DeviceHealth]
    unlisted: Sequence[DeviceHealth]

    @property
    def checked(self) -> int:
        """How many of the kit's devices have a report."""
        return sum(device.verdict is not None for device in self.devices)

    @property
    def faulty(self) -> int:
        """How many have a proven fault."""
        return sum(device.verdict is not None and device.verdict.exit_code == 1 for device in self.devices)

    @property
    def verdict(self) -> Verdict | None:
        """The worst latest verdict; None where nothing was checked."""
        known = [device.verdict for device in self.devices if device.verdict is not None]
        return worst(known) if known else None


def folded_serial(serial: str) -> str:
    """A serial number as it is compared: blanks and case do not count."""
    return "".join(serial.split()).casefold()


def clock_skew(report: Report, when_sent: int | None) -> int | None:
    """By how many seconds the laptop's clock was ahead when it checked, where that is known.

    Args:
        report: it says so itself where the laptop had heard from the service shortly before.
        when_sent: what the clock was ahead when the report was sent, by the signed request that brought it.
    """
    told = report.evidence.properties.get("clock_skew_s")
    if isinstance(told, int) and not isinstance(told, bool) and abs(told) < 200 * 366 * 86400:
        return told
    return when_sent


def true_moment(said: datetime, skew_s: int | None, now: datetime) -> datetime:
    """When a check was made: what the laptop's clock said, less what it is known to be off, and never after now."""
    if skew_s is None or abs(skew_s) <= CLOCK_SLACK_S:
        return min(said, now)
    try:
        return min(said - timedelta(seconds=skew_s), now)
    except OverflowError:
        return now

"""What was seen of the laptop, before anybody judges it. None stands for what this system does not tell."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

UsbId = tuple[int, int]


@dataclass(frozen=True)
class Holder:
    """A program that holds a port."""

    pid: int
    program: str


@dataclass(frozen=True)
class PortFacts:
    """A serial port; it was not opened.

    Attributes:
        allowed: whether this user may read and write it.
        group: the group that may, empty where no group's membership would help.
        membership: whether the user is in that group: in this session, only from the next one on, or not.
        holders: the programs that hold it, as far as this user may see them.
        twin: on macOS the name that should be opened instead (/dev/cu.X for /dev/tty.X), else empty.
    """

    port: str
    exists: bool = True
    allowed: bool | None = True
    group: str = ""
    membership: Literal["session", "later", "no"] = "no"
    holders: tuple[Holder, ...] = ()
    twin: str = ""


@dataclass(frozen=True)
class ProgramFacts:
    """What may get between the laptop and its devices.

    Attributes:
        running: names of the running programs, None where the system does not tell.
        udev: whether our udev rules are installed; None where there is no udev.
        driverless: known USB devices that are plugged in and have no driver or no port: name by USB identity.
    """

    running: frozenset[str] | None = None
    udev: Literal["same", "other", "none"] | None = None
    driverless: Mapping[UsbId, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BluetoothFacts:
    """The radio. `state` is what using it gave; the others are what the system says of its adapters."""

    state: Literal["works", "missing", "off", "denied", "unusable"]
    adapters: int | None = None
    soft_blocked: bool = False
    hard_blocked: bool = False
    detail: str = ""


@dataclass(frozen=True)
class ClockFacts:
    """The laptop's clock, and what it can be held against."""

    now: datetime
    server: datetime | None = None
    synchronised: bool | None = None
    newest_report: datetime | None = None


@dataclass(frozen=True)
class ServerFacts:
    """The service's address and what answered there."""

    server: str
    answer: Literal["ours", "other", "error", "certificate", "nothing"]
    detail: str = ""
    date: datetime | None = None


@dataclass(frozen=True)
class EnrolmentFacts:
    """Who the laptop is, and its key."""

    state: Literal["enrolled", "none", "unusable", "no-key", "open-key"]
    name: str = ""
    agent: str = ""
    server: str = ""
    path: str = ""
    detail: str = ""


@dataclass(frozen=True)
class DiskFacts:
    """The disk under what the laptop keeps. `fault` says why a test file could not be written there."""

    path: str
    free_bytes: int
    fault: str = ""


@dataclass(frozen=True)
class OutboxFacts:
    """The filed reports."""

    path: str
    exists: bool
    damage: str = ""
    reports: int = 0
    waiting: int = 0
    refused: int = 0
    altered: tuple[int, ...] = ()
    gaps: int = 0
    oldest_waiting: datetime | None = None
    newest: datetime | None = None
    lists: int = 0
    oldest_list: datetime | None = None


@dataclass(frozen=True)
class BaselineFacts:
    """The known firmware that the laptop carries: what came with the program, and the service's newer one.

    Attributes:
        fault: why what came with the program cannot be read.
        version: of the service's, 0 where there is none.
        issued: when the service signed it.
        distrusted: how many files of the service's are altered, or signed by somebody else.
    """

    kinds: int
    fault: str = ""
    version: int = 0
    issued: datetime | None = None
    distrusted: int = 0

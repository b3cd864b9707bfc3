"""What a kind of device is. To add one: write `device_agents/kinds/<slug>.py` with a module-level `KIND =
DeviceKind(...)`.

It finds itself (see `device_agents.kinds`); its texts go to messages/{el,en}.toml, its known firmware to
firmware_checks/baselines/<slug>.toml, its recorded conversations to tests/transcripts/<slug>/.

    class BlinkerCheck:                                  # the state of one check
        def __init__(self, context: CheckContext) -> None: ...
        def greet(self) -> Conversation[Outcome]: ...    # see device_agents.conversation
        def leave(self) -> Conversation[None]: ...

    KIND = DeviceKind(
        slug="blinker",
        usb=(UsbRule(0x2341, 0x0043),),
        bauds=(115200,),
        opening=Opening.FREELY,
        begin=BlinkerCheck,
        steps=(Step("greet", BlinkerCheck.greet, timeout_s=3.0),),
        leave=BlinkerCheck.leave,
    )

A device reached over Bluetooth says `link="ble"`, has `BleRule`s for USB's and no `bauds`; its steps talk by
`device_agents.kinds.gatt`.

The module imports no transport and no discovery: the service imports every kind.

Order of a check (the runner keeps it): the port is opened at `bauds[0]`; `begin(context)`; the steps in
order, each with its own deadline inside the check's (`deadline_s`; `long_deadline_s` where a read-back of the
flash was asked for; an extra that was asked for adds its seconds; a person's time to answer counts for none of
them); `leave` with what is left of the time (at least two seconds are kept back for it), to put the device back
into the state in which its user expects it; the port is closed, whatever happened. A step that is `essential`
and does not PASS ends the check: those after it are recorded as INCONCLUSIVE `not-reached`. A step with
`counts=False` informs only. A step whose `when(context)` is false is left out of the report;
`when=asked_for("NAME")` makes it part of an extra.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, Literal, TypeVar

from device_agents.candidates import Candidate
from device_agents.conversation import Conversation, Outcome, Question
from device_agents.errors import Scalar
from firmware_checks.catalogue import Catalogue, load

State = TypeVar("State")


class Opening(StrEnum):
    """When the port of such a device may be opened."""

    FREELY = "freely"
    """Opening does no harm: `auto` may, where the USB identity says that it is this kind."""
    WHEN_NAMED = "when-named"
    """Opening resets the device, which may be at work: only when a person has named the kind."""
    NEVER = "never"
    """There is no port: the check is a conversation with the person."""


@dataclass(frozen=True)
class UsbRule:
    """A USB identity that such a device may show.

    `shared` declares that it says nothing certain of the kind: a bridge chip (CH340, FTDI, CP210x), or a
    board that other products are built on (an Arduino Mega is also the controller of many 3D printers). Two
    kinds may hold the same identity only if both declare it shared; `auto` never opens a port on a shared
    one. `pid` None stands for every product of the vendor; `label` is the board's or chip's name, for people.
    """

    vid: int
    pid: int | None = None
    shared: bool = False
    label: str = ""

    def matches(self, candidate: Candidate) -> bool:
        """Whether the candidate shows this identity."""
        return candidate.vid == self.vid and self.pid in (None, candidate.pid)


@dataclass(frozen=True)
class BleRule:
    """A name under which such a device announces itself over Bluetooth; `shared` as for USB."""

    name_begins: str
    shared: bool = False

    def matches(self, candidate: Candidate) -> bool:
        """Whether the candidate announces itself so."""
        return candidate.is_ble and candidate.properties.get("name", "").startswith(self.name_begins)


@dataclass(frozen=True)
class Extra:
    """Something that a kind does only when it is asked for by name; its words stand in messages under
    `extra.<kind>.<name>`. `seconds` is what it adds to the check's time."""

    name: str
    seconds: float = 0.0


@dataclass(frozen=True)
class CheckOptions:
    """What the person asked for; `extras` beyond reading (`--with NAME`), of those that the kind declares."""

    read_flash: bool = True
    extras: frozenset[str] = frozenset()


@dataclass(frozen=True)
class MemoryRegion:
    """A region of memory as it was read; the bytes themselves are not kept."""

    name: str
    start: int
    length: int
    sha256: str


@dataclass
class CheckContext:
    """What the steps of one check share with the report: they fill `identity` and `regions`."""

    candidate: Candidate
    options: CheckOptions = CheckOptions()
    catalogue: Catalogue = field(default_factory=load)
    kind_named_by: Literal["", "person", "usb"] = ""
    """Who said what kind of device this is: it stands in the report, because many boards share a USB identity."""
    identity: dict[str, Scalar] = field(default_factory=dict)
    regions: list[MemoryRegion] = field(default_factory=list)


def always(_context: CheckContext) -> bool:
    """The condition of a step that belongs to every check."""
    return True


def asked_for(extra: str) -> Callable[[CheckContext], bool]:
    """The condition of a step that belongs to the extra of that name."""
    return lambda context: extra in context.options.extras


@dataclass(frozen=True)
class Step(Generic[State]):
    """A step of a check; its words stand in messages under `step.<kind>.<name>`."""

    name: str
    run: Callable[[State], Conversation[Outcome]]
    timeout_s: float | None = 5.0
    essential: bool = True
    counts: bool = True
    when: Callable[[CheckContext], bool] = always


@dataclass(frozen=True, kw_only=True)
class DeviceKind(Generic[State]):
    """A kind of device; its title stands in messages under `kind.<slug>`."""

    slug: str
    begin: Callable[[CheckContext], State]
    steps: tuple[Step[State], ...]
    opening: Opening
    usb: tuple[UsbRule, ...] = ()
    link: Literal["serial", "ble"] = "serial"
    """What its port is: a serial line, or Bluetooth Low Energy (`ble:ADDRESS`; it has no speed)."""
    ble: tuple[BleRule, ...] = ()
    files_as: str = ""
    """The kind that its reports name, and whose words its steps and questions use, where another kind checks the same
    device in another way (a micro:bit over Bluetooth is a micro:bit on a kit's list)."""
    bauds: tuple[int, ...] = ()
    questions: tuple[Question, ...] = ()
    """All that a person may be asked, so that answers can be checked before the check begins."""
    extras: tuple[Extra, ...] = ()
    """What it can do beyond reading, only when asked."""
    leave: Callable[[State], Conversation[None]] | None = None
    deadline_s: float | None = 30.0
    long_deadline_s: float | None = None
    raise_lines: bool = True
    """Whether DTR and RTS are raised as the port opens (a printer's kind says False: it asks for as little as
    it can)."""
    identified_by: str = "identity"
    """The step after which it is known which device this is: as far as `stem-check identify` goes."""
    by_drive: bool = False
    """Whether such a device shows a disk beside its port, and can be checked by that alone."""

    def deadline(self, options: CheckOptions) -> float | None:
        """Seconds that the whole check may take, without those that a person takes to answer; None where the
        check is nothing but questions."""
        read = self.long_deadline_s if options.read_flash else None
        seconds = self.deadline_s if read is None else read
        if seconds is None:
            return None
        return seconds + sum(extra.seconds for extra in self.extras if extra.name in options.extras)

    @property
    def filed(self) -> str:
        """The kind that its reports name."""
        return self.files_as or self.slug

    def rules_for(self, candidate: Candidate) -> tuple[UsbRule | BleRule, ...]:
        """The rules of this kind that the candidate satisfies."""
        rules: tuple[UsbRule | BleRule, ...] = (*self.usb, *self.ble)
        return tuple(rule for rule in rules if rule.matches(candidate))

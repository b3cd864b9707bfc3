"""What a firmware of Marlin's dialect may say, as events; see `device_agents.protocols.marlin`."""

from dataclasses import dataclass

from device_agents.protocols.marlin_commands import Order, Query


@dataclass(frozen=True)
class Started:
    """`start`: the firmware has just begun."""


@dataclass(frozen=True)
class Waiting:
    """`wait`: the firmware is idle and says so."""


@dataclass(frozen=True)
class Busy:
    """`echo:busy: reason`: it works on something and is alive."""

    reason: str


@dataclass(frozen=True)
class ResendRequested:
    """The last line arrived damaged or under another number than `line`, the one expected."""

    line: int


@dataclass(frozen=True)
class ErrorReported:
    """`Error:` or `!!`; `fatal` where the firmware stops for good after saying so, `about_line` where it only
    complains about the line that it heard."""

    text: str
    fatal: bool
    about_line: bool = False


@dataclass(frozen=True)
class Info:
    """A line that is none of the others: part of an answer, or something volunteered."""

    text: str


@dataclass(frozen=True)
class Echoed:
    """Our own line came back: the far end repeats what it hears."""


@dataclass(frozen=True)
class Noise:
    """A line that is no text, or longer than any: `length` bytes of it."""

    length: int


@dataclass(frozen=True)
class StrayOk:
    """An `ok` that answers nothing of ours: the rest of an earlier line, or of a resend."""


@dataclass(frozen=True)
class Answer:
    """`ok` to the open question, with the lines that came before it and what stands behind `ok`."""

    query: Query | Order
    lines: tuple[str, ...]
    text: str

    @property
    def unknown(self) -> bool:
        """Whether the firmware said that it does not know the command."""
        return any(line.lower().startswith("unknown command") for line in self.lines)


@dataclass(frozen=True)
class Volunteered:
    """A temperature or the card's progress that nobody had asked for: reports that an earlier host has ordered, or a
    printer at work."""

    text: str


Event = (
    Started | Waiting | Busy | ResendRequested | ErrorReported | Info | Echoed | Noise | StrayOk | Answer | Volunteered
)

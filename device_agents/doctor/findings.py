"""A finding: how something stands, as a message key with parameters."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from device_agents.errors import Scalar


class State(StrEnum):
    """How something stands, from good to bad."""

    OK = "ok"
    UNKNOWN = "unknown"
    """It could not be looked at here."""
    WARN = "warn"
    """Work is possible; something may go wrong, or is not as it should be."""
    BAD = "bad"
    """It keeps the laptop from its work."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        topic: what it is about, for those who read the JSON: `ports`, `programs`, `bluetooth`, `clock`, …
        key: its sentence is the message `doctor.<key>`, what to do `doctor-next.<key>` (none where nothing is to do).
    """

    topic: str
    state: State
    key: str
    params: Mapping[str, Scalar] = field(default_factory=dict)


def worst(findings: Iterable[Finding]) -> State:
    """The worst state among them; OK where there are none."""
    order = list(State)
    return max((finding.state for finding in findings), key=order.index, default=State.OK)


def ok(topic: str, key: str, **params: Scalar) -> Finding:
    """It is as it should be."""
    return Finding(topic, State.OK, key, params)


def unknown(topic: str, key: str, **params: Scalar) -> Finding:
    """It could not be looked at."""
    return Finding(topic, State.UNKNOWN, key, params)


def warn(topic: str, key: str, **params: Scalar) -> Finding:
    """It may go wrong."""
    return Finding(topic, State.WARN, key, params)


def bad(topic: str, key: str, **params: Scalar) -> Finding:
    """It keeps the laptop from its work."""
    return Finding(topic, State.BAD, key, params)

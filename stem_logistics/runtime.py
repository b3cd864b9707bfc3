"""What the running process stands on: its settings and keys, and who is acting now.

Set once at start-up (`start`); the actor is set for each request, job or command (`acting`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal

from stem_logistics.accounts.policy import ANONYMOUS, Principal
from stem_logistics.keys import Keys, load_keys
from stem_logistics.settings import Settings

Channel = Literal["web", "api", "cli", "job"]


@dataclass(frozen=True)
class Actor:
    """Who acts, by which way, from where: what the audit record of every change carries."""

    principal: Principal
    channel: Channel
    request_id: str = ""
    # keyed digest of the network address: tells two origins apart, names nobody
    origin_digest: bytes | None = None


@dataclass(frozen=True)
class Runtime:
    settings: Settings
    keys: Keys = field(repr=False)


_runtime: Runtime | None = None
_actor: ContextVar[Actor] = ContextVar("actor")


def start(settings: Settings) -> Runtime:
    """Put settings and keys in force for this process."""
    global _runtime
    _runtime = Runtime(settings, load_keys(settings))
    return _runtime


def current() -> Runtime:
    """What `start` put in force."""
    assert _runtime is not None, "runtime.start(settings) comes first"
    return _runtime


def settings() -> Settings:
    """The settings in force."""
    return current().settings


def keys() -> Keys:
    """The server's keys."""
    return current().keys


def actor() -> Actor:
    """Who acts now; anonymous where nobody was set."""
    return _actor.get(Actor(ANONYMOUS, "web"))


@contextmanager
def acting(who: Actor) -> Iterator[None]:
    """Let `who` be the actor inside the block."""
    token = _actor.set(who)
    try:
        yield
    finally:
        _actor.reset(token)


def set_actor(who: Actor) -> None:
    """Let `who` be the actor for the rest of this request's context."""
    _actor.set(who)

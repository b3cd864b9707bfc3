"""The whole examination, in the order in which a person would put things right."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from device_agents.doctor import rules
from device_agents.doctor.facts import BluetoothFacts, ClockFacts, ServerFacts
from device_agents.doctor.findings import Finding, State, unknown
from device_agents.doctor.look_keeping import look_at_baselines, look_at_disk, look_at_enrolment, look_at_outbox
from device_agents.doctor.look_network import look_at_server
from device_agents.doctor.look_ports import look_at_ports
from device_agents.doctor.look_system import clock_is_kept, look_at_bluetooth, look_at_programs
from device_agents.errors import AgentError
from device_agents.home import Home

Facts = TypeVar("Facts")


@dataclass(frozen=True)
class Asked:
    """What a person wants looked at: these ports (all where none is named), this service (the enrolment's own where
    none is named)."""

    ports: tuple[str, ...] = ()
    server: str = ""


@dataclass(frozen=True)
class Doctor:
    """The examination; `now` and `bluetooth` can be others than the system's."""

    home: Home
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    bluetooth: Callable[[], BluetoothFacts] = look_at_bluetooth

    def examine(self, asked: Asked) -> list[Finding]:
        """Look at everything; what cannot be looked at is UNKNOWN and keeps nothing else from being looked at."""
        enrolment = look_at_enrolment(self.home)
        address = asked.server or enrolment.server
        server: ServerFacts | None = None
        found: list[Finding] = []
        found += _safely("ports", lambda: rules.judge_ports(look_at_ports(asked.ports)))
        found += _safely("programs", lambda: rules.judge_programs(look_at_programs()))
        found += _safely("bluetooth", lambda: rules.judge_bluetooth(self.bluetooth()))
        outbox = look_at_outbox(self.home)
        server_fault: list[Finding] = []
        if address:
            try:
                server = look_at_server(address)
            except AgentError:
                raise
            except Exception as fault:
                server_fault = [unlooked("network", fault)]
        now = self.now()
        clock = rules.judge_clock(ClockFacts(now, server.date if server else None, clock_is_kept(), outbox.newest))
        found += clock
        clock_is_bad = any(finding.state is State.BAD for finding in clock)
        found += server_fault or rules.judge_server(server, clock_is_bad)
        found += rules.judge_enrolment(enrolment)
        found += _safely("disk", lambda: rules.judge_disk(look_at_disk(self.home)))
        found += rules.judge_outbox(outbox, now)
        found += rules.judge_lists(outbox, now)
        found += _safely("baselines", lambda: rules.judge_baselines(look_at_baselines(self.home), now))
        return found


def unlooked(topic: str, fault: Exception) -> Finding:
    """The finding of a look that failed."""
    return unknown(topic, "not-looked", what=topic, detail=f"{type(fault).__name__}: {fault}"[:200])


def _safely(topic: str, look: Callable[[], Sequence[Finding]]) -> Sequence[Finding]:
    try:
        return look()
    except Exception as fault:
        return [unlooked(topic, fault)]

"""Runs the check of a kind over a transport: keeps the deadlines, gathers the evidence, closes the port.

It ends in time whatever the device does: every wait is cut to what is left of the step's and of the check's time, the
deadlines are looked at before each action, and where even that does not help (a driver that never comes back from a
call) the check is left behind and reported. See `device_agents.conversation` for the rules that it keeps towards the
steps, `device_agents.kinds.base` for the order of a check.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from device_agents.conversation import DeadlinePassed, Outcome, inconclusive
from device_agents.errors import PortUnusable, PortVanished, ProtocolError
from device_agents.evidence import Recorder
from device_agents.kinds.base import CheckContext, DeviceKind, Opening, Step
from device_agents.pump import Nobody, Pump, Questioner, Relay
from device_agents.transports.base import Line, Transport
from firmware_checks.verdicts import Verdict

if TYPE_CHECKING:  # the models of a report are loaded for one: to identify a device needs none
    from device_agents.report import Report

LEAVE_S = 2.0
"""Kept back from the check's time to leave the device in order, and to close the port."""
HANG_S = 1.0
"""So long after its deadline a check is given up that hangs in a call to the system."""

NOT_REACHED = "not-reached"
"""The reason of a step behind one that ended the check."""

Progress = Callable[[str], None]
"""Told the name of each step as it begins."""


@dataclass(frozen=True)
class Ended:
    """A step that has ended."""

    step: Step[Any]
    outcome: Outcome
    seconds: float = 0.0

    @property
    def counts(self) -> bool:
        """Whether it decides."""
        return self.step.counts and self.outcome.counts

    @property
    def passed(self) -> bool:
        """Whether nothing stands in the way of the steps behind it."""
        return self.outcome.verdict is Verdict.PASS


@dataclass
class _Run:
    """One check under way."""

    pump: Pump
    progress: Progress | None = None
    steps: list[Ended] = field(default_factory=list)
    current: Step[Any] | None = None
    fault: BaseException | None = None


def run_check(
    kind: DeviceKind[Any],
    context: CheckContext,
    transport: Transport | None,
    *,
    questioner: Questioner | None = None,
    progress: Progress | None = None,
    recorder: Recorder | None = None,
    stop: threading.Event | None = None,
) -> Report:
    """Check one device and report.

    Args:
        kind: what it is taken for.
        context: the candidate and the options; its identity and regions are filled.
        transport: a closed transport, or None for a kind that has no port. It is closed at the end, whatever happens.
        questioner: who answers the kind's questions.
        progress: told the name of each step as it begins.
        recorder: keeps the bytes; give one to look at the whole conversation afterwards.
        stop: set it from another thread to end the check: the device is left in order, the port closed, and what was
            not reached is INCONCLUSIVE `check-stopped`.

    Returns:
        The report. A device that is silent, talks nonsense or vanishes gives a report too.

    Raises:
        PortError: the port could not be opened.
    """
    from device_agents.compose import Gathered, compose, now, step_report

    started_at = now()
    run = _begun(kind, transport, questioner or Nobody(), recorder or Recorder())
    run.progress = progress
    run.pump.stop = stop or run.pump.stop
    _play(kind, context, run)
    steps = [step_report(ended.step, ended.outcome, ended.seconds) for ended in run.steps]
    return compose(kind.filed, context, steps, Gathered(started_at, run.pump.recorder, run.pump.answers))


def run_identification(kind: DeviceKind[Any], context: CheckContext, transport: Transport) -> Ended:
    """Ask a device who it is and no more: the check up to the step that says so, after which the device is left in
    order and its port closed. `context.identity` is filled.

    Returns:
        That step, or the one that ended it before.

    Raises:
        PortError: the port could not be opened.
    """
    names = [step.name for step in kind.steps]
    kind = replace(kind, steps=kind.steps[: names.index(kind.identified_by) + 1])
    run = _begun(kind, transport, Nobody(), Recorder())
    _play(kind, context, run)
    reached = [ended for ended in run.steps if ended.outcome.reason != NOT_REACHED]
    return next((ended for ended in reached if ended.step.essential and not ended.passed), reached[-1])


def _begun(kind: DeviceKind[Any], transport: Transport | None, questioner: Questioner, recorder: Recorder) -> _Run:
    if kind.opening is Opening.NEVER:
        transport = None
    clock = transport.now if transport is not None else time.monotonic
    return _Run(Pump(transport, questioner, recorder, clock, clock()))


def _play(kind: DeviceKind[Any], context: CheckContext, run: _Run) -> None:
    deadline = kind.deadline(context.options)
    if run.pump.transport is None or deadline is None:
        _from_open_to_close(kind, context, run)
    else:
        _guarded(kind, context, run, deadline)


def _guarded(kind: DeviceKind[Any], context: CheckContext, run: _Run, deadline: float) -> None:
    """Run the check in a thread, because a broken driver can hold the one that calls it for ever."""

    pump = run.pump
    relay = Relay(pump.questioner)
    pump.questioner = relay
    begun = time.monotonic()

    def left() -> float:
        return deadline + HANG_S + relay.waited - (time.monotonic() - begun)

    def work() -> None:
        try:
            _from_open_to_close(kind, context, run)
        except BaseException as fault:
            run.fault = fault
        finally:
            relay.end()

    thread = threading.Thread(target=work, name="check", daemon=True)
    thread.start()
    try:
        relay.answer_until_end(left)
        thread.join(max(0.0, left()))
    except BaseException:
        # Ctrl-C, or a questioner's fault: the device is left in order and its port closed before the program ends.
        pump.stopping = True
        thread.join(LEAVE_S + HANG_S)
        raise
    if thread.is_alive():
        _give_up(kind, context, run)
    elif run.fault is not None:
        raise run.fault


def _give_up(kind: DeviceKind[Any], context: CheckContext, run: _Run) -> None:
    """The thread hangs in a call: report what was seen until then."""
    run.pump.stopping = True
    if run.current is None:
        raise PortUnusable(context.candidate.port, "timeout")
    done = list(run.steps)
    names = {ended.step.name for ended in done}
    for step in kind.steps:
        if step.name not in names and step.when(context):
            hangs = step is run.current
            outcome = inconclusive("port-hangs") if hangs else inconclusive(NOT_REACHED, after=run.current.name)
            done.append(Ended(step, outcome))
    if all(ended.passed for ended in done if ended.counts):
        # It hung after the last step, while it was closing: even so, a port that hangs is no port in order.
        done[-1] = Ended(done[-1].step, inconclusive("port-hangs"))
    run.steps = done


def _from_open_to_close(kind: DeviceKind[Any], context: CheckContext, run: _Run) -> None:
    transport = run.pump.transport
    try:
        if transport is not None:
            transport.open(Line(kind.bauds[0] if kind.bauds else 0, kind.raise_lines))
        _run_steps(kind, context, run)
    finally:
        if transport is not None:
            transport.close()


def _run_steps(kind: DeviceKind[Any], context: CheckContext, run: _Run) -> None:
    deadline = kind.deadline(context.options)
    last = None if deadline is None else deadline - LEAVE_S
    state = kind.begin(context)
    blocked: str | None = None
    blocked_counts = True
    for step in kind.steps:
        if not step.when(context):
            continue
        if blocked is not None:
            missed = replace(inconclusive(NOT_REACHED, after=blocked), counts=blocked_counts)
            run.steps.append(Ended(step, missed))
            continue
        run.current = step
        if run.progress is not None:
            run.progress(step.name)
        begun = run.pump.at()
        outcome = _run_step(step, state, run.pump, last)
        if run.pump.vanished:
            # Also where the step only informs: a device that leaves during its check is not in order.
            step = replace(step, counts=True)
        run.steps.append(Ended(step, outcome, run.pump.at() - begun))
        if run.pump.vanished or (step.essential and outcome.verdict is not Verdict.PASS):
            blocked, blocked_counts = step.name, outcome.counts
    if kind.leave is not None and not run.pump.vanished:
        # Leaving is a courtesy to the device: its failure changes no verdict.
        with contextlib.suppress(DeadlinePassed, PortVanished, ProtocolError):
            end = None if deadline is None else run.pump.at() + LEAVE_S / 2
            run.pump.play(kind.leave(state), end, leaving=True)


def _run_step(step: Step[Any], state: Any, pump: Pump, last: float | None) -> Outcome:
    own = None if step.timeout_s is None else pump.at() + step.timeout_s
    end = min((moment for moment in (own, last) if moment is not None), default=None)
    try:
        return pump.play(step.run(state), end)
    except DeadlinePassed:
        if pump.stop.is_set():
            return inconclusive("check-stopped")
        overall = last is not None and end == last
        return inconclusive("check-deadline" if overall else "step-deadline")
    except PortVanished as fault:
        pump.vanished = True
        return inconclusive("port-vanished", detail=fault.detail[:200])
    except ProtocolError as fault:
        return Outcome(Verdict.INCONCLUSIVE, fault.slug, fault.params)

"""Homing, on request only: a person at the printer confirms first, watches, and says how it went.

Sent: M27, M105, M119, then G28, then M119 and M114. If G28 takes too long, or the check is ended while the printer
moves, the emergency stop follows. Where the cable is pulled the firmware ends the movement itself: each axis stops at
its switch, and where that is broken after one and a half lengths of the axis.
"""

import re

from device_agents.conversation import Ask, Conversation, Outcome, Question, Receive, Send, failed, inconclusive, passed
from device_agents.kinds.printer_line import PrinterLine
from device_agents.kinds.printer_reading import SLUG, contradicting_axis, judge_temperatures
from device_agents.protocols.marlin_answers import (
    parse_endstops,
    parse_position,
    parse_sd_status,
    parse_temperatures,
)
from device_agents.protocols.marlin_commands import EMERGENCY_STOP, HOME, Query
from firmware_checks.verdicts import Verdict

EXTRA = "homing"
HOMING_S = 90.0
"""The longest that a large printer with a probe takes for its three axes."""
HOMING_STEP_S = HOMING_S + 15.0

_HEAT = re.compile("temp|heat|runaway", re.IGNORECASE)
"""A halt on the way that has another cause. Of homing itself Marlin 1.1.9 says no more than that it halted, and 2.0 and
2.1 say so in a line before (as heard from all three)."""

CLEAR = Question(SLUG, "homing-clear", "choice", ("yes", "no"), in_person=True)
WELL = Question(SLUG, "homing-well", "choice", ("yes", "no", "unsure"), in_person=True)


class Homing:
    """See the module."""

    def __init__(self, line: PrinterLine) -> None:
        self.line = line
        self.moving = False
        """Whether G28 is under way."""

    def consent(self) -> Conversation[Outcome]:
        """Whether the person says that the bed is clear and stands by."""
        reply = yield Ask(CLEAR)
        if reply.answer is None or reply.answer.value != "yes":
            return inconclusive("not-confirmed")
        return passed()

    def home(self) -> Conversation[Outcome]:
        """G28, once it is certain that the printer is still idle."""
        idle = yield from self._still_idle()
        if idle is not None:
            return idle
        self.moving = True
        answer = yield from self.line.ask(HOME, HOMING_S, HOMING_S)
        if isinstance(answer, Outcome):
            if self.line.halted:  # with its motors off, so there is nothing to stop
                self.moving = False
                return answer if _HEAT.search(self.line.error) else failed("homing-failed", said=self.line.error)
            yield from self.leave()
            late = answer.reason in ("no-answer", "printer-busy")
            return inconclusive("homing-too-long", seconds=int(HOMING_S)) if late else answer
        self.moving = False
        if answer.unknown:
            return inconclusive("homing-unknown")
        return (yield from self._arrived())

    def well(self) -> Conversation[Outcome]:
        """What the person saw."""
        reply = yield Ask(WELL)
        if reply.answer is None or reply.answer.value == "unsure":
            return inconclusive("unanswered")
        return passed() if reply.answer.value == "yes" else failed("homing-wrong")

    def leave(self) -> Conversation[None]:
        """Stop what moves, whatever the line's state."""
        if self.moving:
            self.moving = False
            yield Send(EMERGENCY_STOP)
            yield Receive(0.3)

    def _still_idle(self) -> Conversation[Outcome | None]:
        """The outcome that forbids moving, or None. Minutes may have passed since the first answers."""
        answer = yield from self.line.ask(Query.SD_STATUS)
        if isinstance(answer, Outcome):
            return answer
        status = parse_sd_status(answer.lines)
        if status is not None and status.printing:
            return inconclusive("printer-printing", position=status.position, size=status.size)
        answer = yield from self.line.ask(Query.TEMPERATURES)
        if isinstance(answer, Outcome):
            return answer
        judged = judge_temperatures(parse_temperatures(answer.text or " ".join(answer.lines)))
        return None if judged.verdict is Verdict.PASS else judged

    def _arrived(self) -> Conversation[Outcome]:
        answer = yield from self.line.ask(Query.ENDSTOPS)
        if isinstance(answer, Outcome):
            return answer
        switches = parse_endstops(answer.lines)
        axis = contradicting_axis(switches)
        if axis:
            return failed("endstops-contradict", switches, axis=axis)
        answer = yield from self.line.ask(Query.POSITION)
        if isinstance(answer, Outcome):
            return answer
        axes = parse_position(" ".join((*answer.lines, answer.text)))
        return passed(**switches, **{name.lower(): value for name, value in axes.items()})

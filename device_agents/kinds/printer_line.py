"""The line to a printer during one check: one command at a time, its answer or the outcome of having none.

Whatever the printer says besides is noted here: echoes, resends, one `ok` too many, a restart, a halt, and reports that
nobody asked for. If one of those says that it prints or heats, every command after it ends with that outcome.
"""

import math

from device_agents.conversation import Conversation, Outcome, Receive, Send, failed, inconclusive
from device_agents.protocols.marlin import MarlinConnection, State
from device_agents.protocols.marlin_answers import parse_firmware, parse_sd_status, parse_temperatures
from device_agents.protocols.marlin_commands import Order, Query
from device_agents.protocols.marlin_events import (
    Answer,
    Busy,
    Echoed,
    ErrorReported,
    Event,
    Info,
    ResendRequested,
    Started,
    StrayOk,
    Volunteered,
)

ANSWER_S = 3.0
SETTLE_S = 0.25
RESEND_S = 0.1
MAX_RESENDS = 5
TEXT_BYTES = 16
"""So many bytes that are mostly readable are no accident of a wrong speed."""


class PrinterLine:
    """See the module. `met` says whether the printer has answered already."""

    def __init__(self) -> None:
        self.link = MarlinConnection()
        self.met = False
        self.echoes = 0
        self.resends = 0
        self.strays = 0
        self.refused = False
        """Whether the `ok` of a refused line is still to come."""
        self.error = ""
        """What the firmware said when it stopped."""
        self.restarted = False
        self.expects_heat = False
        """Whether a target is ours."""
        self.named = False
        """Whether it has begun to say which firmware it is: then it is a printer, however the answer ended."""
        self.at_work: Outcome | None = None
        """What an unasked report says that the printer is doing."""

    @property
    def halted(self) -> bool:
        """Whether the firmware has stopped for good."""
        return self.link.state is State.HALTED

    def begin_anew(self) -> None:
        """After a change of speed or a reset: what was said before is over."""
        self.link = MarlinConnection()
        self.restarted = self.refused = False
        self.error = ""

    def ask(
        self, command: Query | Order, wait_s: float = ANSWER_S, most_s: float = math.inf
    ) -> Conversation[Answer | Outcome]:
        """The answer to one command, or the outcome of having none. Each `busy:` prolongs the wait, up to `most_s`."""
        if self.halted:
            return self.halt()
        if self.at_work is not None:
            return self.at_work
        data = self.link.query(command) if isinstance(command, Query) else self.link.order(command)
        reply = yield Send(data)
        end, last = reply.at + wait_s, reply.at + most_s
        busy = error = ""
        resends = 0
        while reply.at < end:
            reply = yield Receive(min(0.25, end - reply.at))
            if self.link.mostly_noise and not self.met:
                break
            for event in self.count(self.link.receive_data(reply.data)):
                if isinstance(event, Answer):
                    return event
                if isinstance(event, ErrorReported):
                    error = error if event.about_line else event.text
                    if event.fatal:
                        return self.halt()
                elif isinstance(event, Started):
                    return inconclusive("printer-restarted")
                elif isinstance(event, Busy):
                    busy, end = event.reason, min(reply.at + wait_s, last)
            if self.link.state is State.REFUSED:
                resends += 1
                self.resends += 1
                if resends > MAX_RESENDS:
                    self.link.give_up()
                    return inconclusive("line-noisy", count=resends)
                yield from self._rest_of_refusal()
                reply = yield Send(self.link.repeat())
                end = reply.at + wait_s
        self.link.give_up()
        return self._silence(busy, error)

    def _rest_of_refusal(self) -> Conversation[None]:
        """The `ok` that belongs to a refused line, where the firmware sends one."""
        while self.refused and (reply := (yield Receive(RESEND_S))).data:
            self.count(self.link.receive_data(reply.data))
        self.refused = False

    def free(self) -> None:
        """Ready for what has to be said now, whatever is still open and whatever the printer does."""
        self.link.give_up()
        self.at_work = None

    def hears_text(self) -> bool:
        """Whether the speed is right and something else than a printer speaks."""
        return self.link.received >= TEXT_BYTES and not self.link.mostly_noise

    def hear(self, seconds: float) -> Conversation[float]:
        """Take in what comes; the time."""
        reply = yield Receive(seconds)
        self.count(self.link.receive_data(reply.data))
        return reply.at

    def quiet(self, seconds: float) -> Conversation[None]:
        """Take in what comes until nothing has come for so long."""
        while (reply := (yield Receive(seconds))).data:
            self.count(self.link.receive_data(reply.data))

    def listen(self, seconds: float) -> Conversation[None]:
        """Hear what is said: for `seconds`, or until something has come and then nothing more for a moment."""
        heard = False
        reply = yield Receive(0.0)
        end = reply.at + seconds
        while True:
            heard = bool(self.count(self.link.receive_data(reply.data))) or heard
            if reply.at >= end or (heard and not reply.data):
                return
            reply = yield Receive(min(SETTLE_S, max(0.0, end - reply.at)))

    def halt(self) -> Outcome:
        """The outcome of a printer that has stopped for good."""
        return failed("printer-halted", said=self.error)

    def count(self, events: list[Event]) -> list[Event]:
        """Note what is not an answer."""
        for event in events:
            if isinstance(event, Echoed):
                self.echoes += 1
            elif isinstance(event, Started):
                self.restarted = True
            elif isinstance(event, ResendRequested):
                self.refused = True
            elif isinstance(event, StrayOk):
                self.strays += self.met and not self.refused
                self.refused = False
            elif isinstance(event, ErrorReported) and event.fatal:
                self.error = self.error or event.text
            elif isinstance(event, Volunteered):
                self._look(event.text)
            elif isinstance(event, Info):
                self.named = self.named or bool(parse_firmware((event.text,)).name)
        return events

    def _look(self, text: str) -> None:
        """Whether an unasked report says that the printer is at work."""
        status = parse_sd_status([text])
        if status is not None and status.printing:
            self.at_work = inconclusive("printer-printing", position=status.position, size=status.size)
        for sensor in parse_temperatures(text):
            if sensor.target and not self.expects_heat:
                self.at_work = inconclusive("printer-heating", sensor=sensor.sensor, celsius=sensor.target)

    def _silence(self, busy: str, error: str) -> Outcome:
        """What it means that no answer came."""
        if error and self.met:  # after an error, silence is a printer that has stopped
            return failed("printer-halted", said=error)
        if busy:
            return inconclusive("printer-busy", doing=busy)
        if self.echoes:
            return inconclusive("echo")
        if self.link.mostly_noise:
            return inconclusive("garbled")
        stranger = self.hears_text() and not (self.met or self.named)
        return inconclusive("not-marlin" if stranger else "no-answer")

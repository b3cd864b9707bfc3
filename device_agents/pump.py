"""Plays the conversation of a step over a transport: the only code that touches a device while it is checked."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Protocol

from device_agents.conversation import (
    Action,
    Answer,
    Ask,
    Conversation,
    DeadlinePassed,
    Discard,
    Follow,
    Pause,
    PulseReset,
    Question,
    Receive,
    Reply,
    Result,
    Send,
    SetBaud,
)
from device_agents.evidence import Recorder
from device_agents.plain import printable
from device_agents.transports.base import Transport

if TYPE_CHECKING:
    from device_agents.report import AnswerRecord

_DISCARD_READS = 64


class Questioner(Protocol):
    """Who answers questions: a person at a terminal, an answers file, nobody."""

    def ask(self, question: Question) -> Answer | None:
        """The answer, or None where there is none."""


class Relay:
    """Passes the questions of a check's thread to the one that waits for it: a person is only ever asked there, where
    Ctrl-C arrives."""

    def __init__(self, questioner: Questioner) -> None:
        self.waited = 0.0
        """Seconds that the person has taken."""
        self._questioner = questioner
        self._questions: SimpleQueue[Question | None] = SimpleQueue()
        self._answers: SimpleQueue[Answer | None] = SimpleQueue()
        self._closed = False

    def ask(self, question: Question) -> Answer | None:
        """Called by the check's thread: wait for the other one to have the answer; None where it has gone."""
        self._questions.put(question)
        while not self._closed:
            with contextlib.suppress(Empty):
                return self._answers.get(timeout=0.2)
        return None

    def end(self) -> None:
        """Called by the check's thread: there are no more questions."""
        self._questions.put(None)

    def answer_until_end(self, seconds: Callable[[], float]) -> None:
        """Called by the waiting thread: put what is asked to the person, until `end` or until `seconds()` are over.

        Raises:
            whatever the questioner raises, Ctrl-C included; the open question then has no answer.
        """
        try:
            with contextlib.suppress(Empty):
                while (question := self._questions.get(timeout=max(0.0, seconds()))) is not None:
                    begun = time.monotonic()
                    answer = self._questioner.ask(question)
                    self.waited += time.monotonic() - begun
                    self._answers.put(answer)
        finally:
            self._closed = True


class Nobody:
    """Answers nothing."""

    def ask(self, question: Question) -> Answer | None:
        """No answer."""
        return None


@dataclass
class Pump:
    """One check under way: the clock, the transport, and what has been gathered."""

    transport: Transport | None
    questioner: Questioner
    recorder: Recorder
    clock: Callable[[], float]
    started: float
    answers: list[AnswerRecord] = field(default_factory=list)
    vanished: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    """Set by whoever has asked for the check, to end it: as `stopping`."""
    stopping: bool = False
    """Somebody wants the check to end now; only leaving the device in order is still done."""

    waited: float = 0.0
    """Seconds that a person has taken to answer: they count for no deadline."""

    def at(self) -> float:
        """Seconds since the check began, without those that a person took to answer."""
        return self.clock() - self.started - self.waited

    def play(self, conversation: Conversation[Result], end: float | None, *, leaving: bool = False) -> Result:
        """Play a conversation to its end.

        Raises:
            DeadlinePassed: `end` (seconds since the start) came first, or the check is being stopped.
            PortVanished, ProtocolError: as they happened.
        """
        reply: Reply | None = None
        try:
            while True:
                try:
                    action = next(conversation) if reply is None else conversation.send(reply)
                except StopIteration as stop:
                    result: Result = stop.value
                    return result
                if (self.stopping or self.stop.is_set()) and not leaving:
                    raise DeadlinePassed
                if end is not None and self.at() >= end and not isinstance(action, Ask):
                    raise DeadlinePassed
                reply = self.perform(action, end)
        finally:
            conversation.close()

    def perform(self, action: Action, end: float | None) -> Reply:
        """Do one action, within what is left of the time."""
        if isinstance(action, Ask):
            return self._ask(action.question)
        if isinstance(action, Pause):
            self._sleep(self._cut(action.seconds, end))
            return Reply(self.at())
        return self._on_line(action, end)

    def _on_line(self, action: Send | Receive | Discard | SetBaud | PulseReset | Follow, end: float | None) -> Reply:
        transport = self.transport
        if transport is None:
            raise AssertionError(f"{action} in a check without a port")
        if isinstance(action, Receive):
            wait = self._cut(action.timeout_s, end)
            data = transport.read(wait)
            self.recorder.add(self.at(), data, sent=False)
            if not data and wait < action.timeout_s:
                raise DeadlinePassed  # the wait was cut short, so its silence is not the device's
            return Reply(self.at(), data)
        if isinstance(action, Send):
            self._send(transport, action, end)
            return Reply(self.at())
        if isinstance(action, Discard):
            for _ in range(_DISCARD_READS):
                data = transport.read(0.0)
                self.recorder.add(self.at(), data, sent=False)
                if not data:
                    break
            return Reply(self.at())
        if isinstance(action, SetBaud):
            return Reply(self.at(), done=transport.set_baud(action.baud))
        if isinstance(action, Follow):
            found = transport.follow(self._cut(action.within_s, end), action.touch_baud)
            return Reply(self.at(), done=found, port=transport.port if found else "")
        return Reply(self.at(), done=transport.pulse_reset(self._cut(action.low_s, end)))

    def _send(self, transport: Transport, action: Send, end: float | None) -> None:
        size = action.chunk or len(action.data) or 1
        for start in range(0, len(action.data), size):
            if start:
                self._sleep(self._cut(action.gap_s, end))
                if end is not None and self.at() >= end:
                    raise DeadlinePassed
            piece = action.data[start : start + size]
            self.recorder.add(self.at(), piece, sent=True)
            transport.write(piece)

    def _ask(self, question: Question) -> Reply:
        begun = self.clock()
        answer = self.questioner.ask(question)
        self.waited += self.clock() - begun
        from device_agents.report import AnswerRecord  # most checks ask nobody

        self.answers.append(
            AnswerRecord(
                question=question.key,
                value=printable(answer.value) if answer else None,
                size=answer.size if answer else 0,
                sha256=(answer.sha256 or None) if answer else None,
            )
        )
        return Reply(self.at(), done=answer is not None, answer=answer)

    def _sleep(self, seconds: float) -> None:
        (self.transport.sleep if self.transport is not None else time.sleep)(seconds)

    def _cut(self, seconds: float, end: float | None) -> float:
        return seconds if end is None else max(0.0, min(seconds, end - self.at()))

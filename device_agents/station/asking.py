"""A check's questions, put to whoever sits at the table: at the screen, or at the terminal one after the other."""

import sys
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

from device_agents.conversation import Answer, Question
from device_agents.pump import Questioner

_LOOK_S = 0.1


class Asker:
    """The questions of one check. The check's thread waits in `ask`; another one gives the answer.

    Args:
        shown: told the question that is open, or None when it no longer is.
        stop: ends the waiting, without an answer.
    """

    def __init__(self, shown: Callable[[Question | None], None], stop: threading.Event) -> None:
        self._shown = shown
        self._stop = stop
        self._answers: SimpleQueue[tuple[Question, Answer | None]] = SimpleQueue()

    def ask(self, question: Question) -> Answer | None:
        """Wait for the answer."""
        self._shown(question)
        try:
            while not self._stop.is_set():
                try:
                    asked, answer = self._answers.get(timeout=_LOOK_S)
                except Empty:
                    continue
                if asked == question:  # not a second answer to the one before
                    return answer
            return None
        finally:
            self._shown(None)

    def answer(self, question: Question, answer: Answer | None) -> None:
        """The person's answer; None to leave it open."""
        self._shown(None)  # before the check's thread can show its next one
        self._answers.put((question, answer))


class TakingTurns:
    """At a terminal one question at a time, each said of which device."""

    def __init__(self, inner: Questioner, turn: threading.Lock, about: str) -> None:
        self._inner = inner
        self._turn = turn
        self._about = about

    def ask(self, question: Question) -> Answer | None:
        """Wait for the turn, then for the answer."""
        with self._turn:
            if self._about and sys.stdin.isatty():
                print(f"{self._about}: ", end="", file=sys.stderr)
            return self._inner.ask(question)

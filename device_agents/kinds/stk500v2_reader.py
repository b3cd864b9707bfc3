"""How a check talks to a bootloader over STK500v2: the waits, the repetitions, what is read twice and why."""

from device_agents.conversation import Conversation, Discard, Pause, Receive, Send
from device_agents.errors import RemoteProtocolError
from device_agents.protocols.stk500v2 import (
    PAGE_LIMIT,
    Answered,
    LeaveProgrammingMode,
    LoadAddress,
    ReadFlash,
    Refused,
    Request,
    SignOn,
    Stk500v2,
)

# stk500boot listens as soon as its chip runs (65 ms after the reset line) and for a second; it needs no blink.
FIRST_SIGN_ON_AFTER_S = 0.1
SIGN_ON_WAITS_S = (0.25, 0.25, 0.25, 0.3, 0.4)
ANSWER_S = 0.6
QUIET_S = 0.06
TRIES = 3
TOO_MUCH = 5
NAME = b"AVRISP_2"


class MegaReader:
    """Asks a bootloader for what it has. `spoilt` counts the answers that had to be asked for again."""

    def __init__(self) -> None:
        self.link = Stk500v2()
        self.spoilt = 0
        self.heard = 0

    def search(self) -> Conversation[tuple[bytes, float]]:
        """After a reset: sign on until somebody answers; the name that it gives (empty: nobody did) and when."""
        yield Pause(FIRST_SIGN_ON_AFTER_S)
        yield Discard()
        for wait in SIGN_ON_WAITS_S:
            self.link.restart()
            try:
                answer, at = yield from self._ask(SignOn(), wait)
            except RemoteProtocolError:
                continue  # an echo, or the end of what a sketch was saying
            if answer:
                yield from self.settle()
                return answer, at
        return b"", 0.0

    def settle(self) -> Conversation[None]:
        """Let late answers pass."""
        for _ in range(50):
            if not (yield Receive(QUIET_S)).data:
                return

    def leave(self) -> Conversation[None]:
        """Start the sketch."""
        yield Discard()
        self.link.restart()
        yield from self._ask(LeaveProgrammingMode(), ANSWER_S)

    def ask(self, request: Request) -> Conversation[bytes]:
        """The answer, asked for again after a lost or spoilt one.

        Raises:
            RemoteProtocolError: it never came.
        """
        return (yield from self._patiently(request))

    def ask_once(self, request: Request) -> Conversation[bytes | None]:
        """The answer where the bootloader has one; None where it refuses or says nothing."""
        try:
            answer, _ = yield from self._ask(request, ANSWER_S)
        except RemoteProtocolError:
            answer = None
        self.link.restart()
        return answer

    def twice(self, request: Request) -> Conversation[bytes | None]:
        """The answer to a request where two askings agree; None where they do not."""
        first = yield from self.ask(request)
        second = yield from self.ask(request)
        return first if first == second else None

    def read(self, start: int, end: int) -> Conversation[bytes]:
        """Flash from `start` to `end`.

        Each page comes in a message with a number and a checksum, so it is read once; what decides is read twice by
        the check.

        Raises:
            RemoteProtocolError: a page never came, or the line has lost too much already.
        """
        data = bytearray()
        placed = False
        for address in range(start, end, PAGE_LIMIT):
            request = ReadFlash(min(PAGE_LIMIT, end - address))
            page = None
            if placed:
                page = yield from self._counted(request)
            if page is None:
                page = yield from self._patiently(request, LoadAddress(address // 2))
            placed = True
            data += page
            if self.spoilt > TOO_MUCH:
                raise RemoteProtocolError(expected="a steady line", got=f"{self.spoilt} lost", request="ReadFlash")
        return bytes(data)

    def _counted(self, request: Request) -> Conversation[bytes | None]:
        """One asking that counts as spoilt where it gets no answer."""
        answer = yield from self.ask_once(request)
        if answer is None:
            self.spoilt += 1
            yield from self.settle()
        return answer

    def _patiently(self, request: Request, before: Request | None = None) -> Conversation[bytes]:
        for _ in range(TRIES):
            if before is not None and (yield from self._counted(before)) is None:
                continue
            answer = yield from self._counted(request)
            if answer is not None:
                return answer
        raise RemoteProtocolError(expected="an answer", got="none", request=type(request).__name__)

    def _ask(self, request: Request, wait: float) -> Conversation[tuple[bytes | None, float]]:
        """Ask once: the answer and when it came; None where none came whole.

        Raises:
            RemoteProtocolError: an answer that the protocol does not allow.
        """
        sent = yield Send(self.link.send(request))
        at = sent.at
        while at < sent.at + wait:
            reply = yield Receive(sent.at + wait - at)
            at = reply.at
            self.heard += len(reply.data)
            for event in self.link.receive_data(reply.data):
                if isinstance(event, Answered):
                    return event.body, at
                if isinstance(event, Refused):
                    return None, at
        return None, at

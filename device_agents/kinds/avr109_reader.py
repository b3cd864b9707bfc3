"""How a check talks to Caterina over AVR109: the waits, the repetitions, what is read twice and why."""

from device_agents.conversation import Conversation, Discard, Receive, Send
from device_agents.errors import RemoteProtocolError
from device_agents.protocols.avr109 import (
    PAGE_LIMIT,
    Answered,
    Avr109,
    Found,
    Identify,
    Leave,
    ReadBlock,
    Refused,
    Request,
    SetAddress,
    State,
)

SEARCH_WAITS_S = (0.3, 0.5, 0.8)
ANSWER_S = 0.8
QUIET_S = 0.05
TRIES = 3
TOO_MUCH = 5


class CaterinaReader:
    """Asks a bootloader for what it has. `spoilt` counts the answers that had to be asked for again."""

    def __init__(self) -> None:
        self.link = Avr109()
        self.spoilt = 0
        self.heard = 0

    def search(self) -> Conversation[bool]:
        """Ask who is there until the bootloader says so."""
        yield Discard()
        self.link.restart()
        for wait in SEARCH_WAITS_S:
            sent = yield Send(self.link.send(Identify()))
            if (yield from self._found(sent.at, wait)):
                yield from self.settle()
                return True
        return False

    def settle(self) -> Conversation[None]:
        """Let late answers pass."""
        for _ in range(50):
            if not (yield Receive(QUIET_S)).data:
                return

    def leave(self) -> Conversation[None]:
        """Start the sketch."""
        yield from self.ask(Leave())

    def ask(self, request: Request) -> Conversation[bytes]:
        """The answer, asked for again after a lost or spoilt one.

        Raises:
            RemoteProtocolError: it never came.
        """
        return (yield from self._patiently((request,)))

    def twice(self, request: Request) -> Conversation[bytes | None]:
        """The answer to a request where two askings agree; None where they do not."""
        first = yield from self.ask(request)
        second = yield from self.ask(request)
        return first if first == second else None

    def read(self, start: int, end: int) -> Conversation[bytes]:
        """Flash from `start` to `end`. The address is set for each block: a lost one cannot shift those after it.

        Raises:
            RemoteProtocolError: a block never came, or the line has lost too much already.
        """
        data = bytearray()
        for address in range(start, end, PAGE_LIMIT):
            data += yield from self._patiently((SetAddress(address // 2), ReadBlock(min(PAGE_LIMIT, end - address))))
            if self.spoilt > TOO_MUCH:
                raise RemoteProtocolError(expected="a steady line", got=f"{self.spoilt} lost", request="ReadBlock")
        return bytes(data)

    def _patiently(self, requests: tuple[Request, ...]) -> Conversation[bytes]:
        fault = RemoteProtocolError(expected="an answer", got="none", request=type(requests[-1]).__name__)
        for _ in range(TRIES):
            if self.link.state is not State.IDLE and not (yield from self.search()):
                break
            answer: bytes | None = None
            for request in requests:
                try:
                    answer = yield from self._ask(request)
                except RemoteProtocolError as problem:
                    fault, answer = problem, None
                if answer is None:
                    break
            if answer is not None:
                return answer
            self.spoilt += 1
            yield from self.settle()
            self.link.restart()
        raise fault

    def _ask(self, request: Request) -> Conversation[bytes | None]:
        sent = yield Send(self.link.send(request))
        at = sent.at
        while at < sent.at + ANSWER_S:
            reply = yield Receive(sent.at + ANSWER_S - at)
            at = reply.at
            for event in self.link.receive_data(reply.data):
                if isinstance(event, Answered):
                    return event.body
                if isinstance(event, Refused):
                    return None
        return None

    def _found(self, since: float, wait: float) -> Conversation[bool]:
        at = since
        while at < since + wait:
            reply = yield Receive(since + wait - at)
            at = reply.at
            self.heard += len(reply.data)
            for value in reply.data:
                # Behind the answer more may have come already, answers to earlier questions: that is dropped.
                if any(isinstance(event, Found) for event in self.link.receive_data(bytes([value]))):
                    return True
        return False

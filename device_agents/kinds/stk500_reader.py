"""How a check talks to a bootloader over STK500v1: the waits, the repetitions, what is read twice and why."""

from collections.abc import Sequence

from device_agents.conversation import Conversation, Discard, Pause, Receive, Send
from device_agents.errors import RemoteProtocolError
from device_agents.protocols.stk500v1 import (
    Answered,
    GetSync,
    LeaveProgrammingMode,
    LoadAddress,
    ReadPage,
    Request,
    State,
    Stk500v1,
)

# Optiboot blinks for 0.38 to 0.5 s before it listens, and its receiver holds two bytes meanwhile: one GetSync is
# waiting for it when it does. More of them would overflow, and half a GetSync makes it start the sketch.
FIRST_SYNC_AFTER_S = 0.25
SYNC_WAITS_S = (0.45, 0.25, 0.25, 0.25, 0.25)
ANSWER_S = 0.9
QUIET_S = 0.06
PAGE = 128
TRIES = 3
TOO_MUCH = 5
BLANK = 0xFF


class NoAnswer(Exception):
    """No whole answer came; `got` bytes of one did."""

    def __init__(self, got: int) -> None:
        self.got = got


class BootloaderReader:
    """Asks a bootloader for what it has.

    `spoilt` counts the answers, since the bootloader was found, that had to be asked for again.
    """

    def __init__(self) -> None:
        self.link = Stk500v1()
        self.spoilt = 0

    def search(self) -> Conversation[tuple[bool, int, float]]:
        """After a reset: wait for the blink to end, and ask until the bootloader's own time is up."""
        heard = 0
        at = 0.0
        yield Pause(FIRST_SYNC_AFTER_S)
        yield Discard()
        for wait in SYNC_WAITS_S:
            sent = yield Send(self.link.send(GetSync()))
            found, got, at = yield from self._find(sent.at, wait)
            heard += got
            if found:
                return True, heard, at
        return False, heard, at

    def leave(self) -> Conversation[None]:
        """Start the sketch."""
        yield Discard()
        self.link.restart()
        if (yield from self._in_sync()):
            yield Send(self.link.send(LeaveProgrammingMode()))
            yield Receive(0.3)

    def _find(self, since: float, wait: float) -> Conversation[tuple[bool, int, float]]:
        """Wait for the answer to a GetSync that was sent at `since`: found, how many bytes were heard, when."""
        heard = 0
        at = since
        while at < since + wait:
            reply = yield Receive(since + wait - at)
            at = reply.at
            heard += len(reply.data)
            for value in reply.data:
                # Behind the answer more may have come already, answers to earlier GetSyncs: that is dropped.
                if self.link.receive_data(bytes([value])):
                    return True, heard, at
        return False, heard, at

    def settle(self) -> Conversation[None]:
        """Let late answers to earlier questions pass, so that each later byte belongs to its question."""
        while (yield Receive(QUIET_S)).data:
            pass

    def _ask(self, request: Request) -> Conversation[bytes]:
        """Ask once.

        Raises:
            NoAnswer: silence, or half an answer, or the device lost the thread.
            RemoteProtocolError: an answer that the protocol does not allow.
        """
        sent = yield Send(self.link.send(request))
        until = sent.at + ANSWER_S
        got = 0
        at = sent.at
        while at < until:
            reply = yield Receive(until - at)
            at = reply.at
            got += len(reply.data)
            for event in self.link.receive_data(reply.data):
                if isinstance(event, Answered):
                    return event.body
                raise NoAnswer(got)
        raise NoAnswer(got)

    def _ask_patiently(self, requests: Sequence[Request]) -> Conversation[bytes]:
        """Ask a short series, again from its beginning after a lost or spoilt byte; the last answer.

        Raises:
            RemoteProtocolError: it never succeeded.
        """
        fault = RemoteProtocolError(expected="in sync", got="silence", request=type(requests[-1]).__name__)
        for _ in range(TRIES):
            if not (yield from self._in_sync()):
                break
            try:
                body = b""
                for request in requests:
                    body = yield from self._ask(request)
                return body
            except NoAnswer as silence:
                fault = RemoteProtocolError(
                    expected="an answer", got=f"{silence.got} bytes", request=type(requests[-1]).__name__
                )
            except RemoteProtocolError as problem:
                fault = problem
            self.spoilt += 1
            yield from self.settle()
            self.link.restart()
        raise fault

    def _in_sync(self) -> Conversation[bool]:
        """Find the bootloader again where the thread was lost; whether it is there."""
        if self.link.state is State.IDLE:
            return True
        sent = yield Send(self.link.send(GetSync()))
        found, _, _ = yield from self._find(sent.at, ANSWER_S)
        if found:
            yield from self.settle()
        return found

    def twice(self, request: Request) -> Conversation[bytes | None]:
        """The answer to a request where two askings agree; None where they do not."""
        first = yield from self._ask_patiently([request])
        second = yield from self._ask_patiently([request])
        return first if first == second else None

    def read(self, start: int, end: int) -> Conversation[tuple[bytes, list[int]]]:
        """Flash from `start` to `end`, and the addresses of pages that read differently the second time.

        On a line that has lost too much already it stops early: the bytes are not all there.
        """
        data = bytearray()
        unsteady: list[int] = []
        for address in range(start, end, PAGE):
            requests: list[Request] = [LoadAddress(address // 2), ReadPage(min(PAGE, end - address))]
            page = yield from self._ask_patiently(requests)
            if page.count(BLANK) != len(page) and (yield from self._ask_patiently(requests)) != page:
                unsteady.append(address)
            data += page
            if self.spoilt > TOO_MUCH:
                return bytes(data), [*unsteady, address]
        return bytes(data), unsteady

"""STK500v2: an answer is taken whole, by its number and with a right checksum, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_agents.errors import LocalProtocolError, RemoteProtocolError
from device_agents.protocols.stk500v2 import (
    Answered,
    Event,
    GetParameter,
    LeaveProgrammingMode,
    LoadAddress,
    ReadFlash,
    ReadFuse,
    ReadLock,
    ReadSignature,
    Refused,
    Request,
    SignOn,
    Spoilt,
    State,
    Stk500v2,
)

SIGNED_ON = bytes.fromhex("1b01000b0e010008") + b"AVRISP_2" + b"\x74"
"""As stk500boot of Debian 12 said it."""
REQUESTS = st.sampled_from(
    [
        SignOn(),
        GetParameter(0x91),
        ReadSignature(1),
        ReadFuse("low"),
        ReadFuse("high"),
        ReadFuse("extended"),
        ReadLock(),
        LoadAddress(0x1F000),
        ReadFlash(256),
        LeaveProgrammingMode(),
    ]
)


def message(number: int, body: bytes) -> bytes:
    head = bytes([0x1B, number]) + len(body).to_bytes(2, "big") + b"\x0e" + body
    checksum = 0
    for value in head:
        checksum ^= value
    return head + bytes([checksum])


def right_answer(request: Request, number: int = 1) -> tuple[bytes, bytes]:
    """A message that answers, and what it says."""
    said = {SignOn: b"AVRISP_2", ReadFlash: bytes(range(256)), LoadAddress: b"", LeaveProgrammingMode: b""}
    content = said.get(type(request), b"\x9a")
    body = bytes([request.command, 0])
    if isinstance(request, SignOn):
        body += bytes([len(content)]) + content
    elif isinstance(request, ReadFlash | ReadFuse | ReadLock | ReadSignature):
        body += content + b"\x00"
    else:
        body += content
    return message(number, body), content


def asked(request: Request) -> tuple[Stk500v2, bytes]:
    link = Stk500v2()
    return link, link.send(request)


def test_what_is_sent_is_what_the_note_says() -> None:
    """Frames against bytes worked out by hand from AVR068."""
    assert asked(SignOn())[1] == bytes.fromhex("1b0100010e0114")
    assert asked(LoadAddress(0x1F000))[1][5:-1] == bytes.fromhex("068001f000")
    assert asked(ReadFuse("extended"))[1][5:-1] == bytes.fromhex("180450080000")
    assert asked(ReadFlash(256))[1][5:-1] == bytes.fromhex("14010020")


def test_a_recorded_sign_on_is_read() -> None:
    """What the real bootloader said."""
    link, _ = asked(SignOn())
    assert link.receive_data(SIGNED_ON) == [Answered(SignOn(), b"AVRISP_2")]
    assert link.state is State.IDLE


@given(REQUESTS, st.binary(max_size=30), st.integers(1, 300))
def test_any_pieces_after_any_noise_give_the_same_answer(request: Request, noise: bytes, size: int) -> None:
    """Whatever a sketch said before, and however the line cuts it: one answer, the right one."""
    noise = noise.replace(b"\x1b", b"")
    link, _ = asked(request)
    answer, content = right_answer(request)
    data = noise + answer
    events: list[Event] = []
    for start in range(0, len(data), size):
        events += link.receive_data(data[start : start + size])
    assert events == [Answered(request, content)]


@given(REQUESTS, st.data())
def test_a_truncated_answer_is_none(request: Request, data: st.DataObject) -> None:
    """Cut after any byte: nothing is answered."""
    link, _ = asked(request)
    answer, _ = right_answer(request)
    assert link.receive_data(answer[: data.draw(st.integers(0, len(answer) - 1))]) == []
    assert link.state is State.ANSWER_DUE


@given(REQUESTS, st.data())
def test_a_spoilt_answer_is_none(request: Request, data: st.DataObject) -> None:
    """One byte changed, at any place: never an answer, never an exception."""
    link, _ = asked(request)
    answer = bytearray(right_answer(request)[0])
    answer[data.draw(st.integers(0, len(answer) - 1))] ^= data.draw(st.integers(1, 255))
    assert all(isinstance(event, Spoilt) for event in link.receive_data(bytes(answer)))


@given(REQUESTS)
def test_an_echo_is_no_answer(request: Request) -> None:
    """A line that gives back what was sent."""
    link, sent = asked(request)
    with pytest.raises(RemoteProtocolError):
        link.receive_data(sent)


@given(REQUESTS)
def test_a_late_answer_answers_nothing_else(request: Request) -> None:
    """What comes after its time has another number, and the answer that is due is still taken."""
    link, _ = asked(SignOn())
    link.restart()
    link.send(request)
    answer, content = right_answer(request, number=2)
    assert link.receive_data(SIGNED_ON) == []
    assert link.receive_data(answer) == [Answered(request, content)]


def test_a_refusal_is_told() -> None:
    """The status of AVR068, with its name."""
    link, _ = asked(ReadLock())
    assert link.receive_data(message(1, b"\x1a\xc9")) == [Refused(ReadLock(), "unknown")]


@given(st.lists(st.binary(max_size=400), max_size=5))
def test_garbage_is_bounded(pieces: list[bytes]) -> None:
    """Any bytes: no answer without a right checksum, no exception but the protocol's, no memory that grows."""
    link, _ = asked(SignOn())
    for piece in pieces:
        try:
            link.receive_data(piece)
        except RemoteProtocolError:
            link.restart()
    assert len(link.noise) <= 32 and len(link._buffer) <= 300


def test_a_question_while_an_answer_is_due_is_our_fault() -> None:
    """Questions go one at a time."""
    link, _ = asked(SignOn())
    with pytest.raises(LocalProtocolError):
        link.send(SignOn())


@pytest.mark.parametrize("length", [0, 1, 3, 258, 282])
def test_a_page_that_the_bootloader_cannot_hold_is_not_asked_for(length: int) -> None:
    """It reads two bytes at a time into 285, and counts down to zero: an odd number would never end."""
    with pytest.raises(LocalProtocolError):
        asked(ReadFlash(length))

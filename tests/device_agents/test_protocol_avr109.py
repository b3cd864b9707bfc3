"""AVR109: an answer is taken whole or not at all, and what is no bootloader is not taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_agents.errors import LocalProtocolError, RemoteProtocolError
from device_agents.protocols.avr109 import (
    Answered,
    Avr109,
    Event,
    Found,
    Identify,
    Leave,
    ReadBlock,
    ReadFuse,
    ReadLock,
    ReadSignature,
    ReadVersion,
    Refused,
    Request,
    SetAddress,
    State,
)

SAID: dict[Request, tuple[bytes, bytes]] = {
    Identify(): (b"CATERIN", b"CATERIN"),
    ReadVersion(): (b"10", b"10"),
    ReadSignature(): (b"\x87\x95\x1e", b"\x87\x95\x1e"),
    ReadFuse("low"): (b"\xff", b"\xff"),
    ReadFuse("high"): (b"\xd8", b"\xd8"),
    ReadFuse("extended"): (b"\xcb", b"\xcb"),
    ReadLock(): (b"\xef", b"\xef"),
    SetAddress(0x3800): (b"\r", b""),
    ReadBlock(128): (bytes(range(128)), bytes(range(128))),
    Leave(): (b"\r", b""),
}
"""As Caterina said it, and what it means."""
REQUESTS = st.sampled_from(list(SAID))


def found() -> Avr109:
    link = Avr109()
    link.send(Identify())
    assert link.receive_data(b"CATERIN") == [Found(0)]
    return link


def test_what_is_sent_is_what_the_note_says() -> None:
    """One letter, and operands with the high byte first."""
    assert SetAddress(0x3800).encode() == b"A\x38\x00"
    assert ReadBlock(128).encode() == b"g\x00\x80F"
    assert [ReadFuse(which).encode() for which in ("low", "high", "extended")] == [b"F", b"N", b"Q"]


@given(REQUESTS, st.integers(1, 130))
def test_any_pieces_give_the_same_answer(request: Request, size: int) -> None:
    """However the line cuts it."""
    link = found()
    link.send(request)
    said, body = SAID[request]
    events: list[Event] = []
    for start in range(0, len(said), size):
        events += link.receive_data(said[start : start + size])
    assert events == [Answered(request, body)]


@given(REQUESTS)
def test_a_truncated_answer_is_none(request: Request) -> None:
    """The last byte is missing: the answer is still due."""
    link = found()
    link.send(request)
    assert link.receive_data(SAID[request][0][:-1]) == []
    assert link.state is State.ANSWER_DUE


@given(st.binary(max_size=60), st.integers(1, 10))
def test_the_bootloader_is_found_behind_any_noise(noise: bytes, size: int) -> None:
    """What a sketch was saying is skipped and counted; kept of it is little."""
    link = Avr109()
    link.send(Identify())
    data = noise.replace(b"C", b"") + b"CATERIN"
    events: list[Event] = []
    for start in range(0, len(data), size):
        events += link.receive_data(data[start : start + size])
    assert events == [Found(len(data) - 7)] and len(link.noise) <= 32


@given(st.binary(max_size=200).filter(lambda data: b"CATERIN" not in data))
def test_nothing_else_is_found(data: bytes) -> None:
    """Other bootloaders of this protocol, an echo, garbage."""
    link = Avr109()
    link.send(Identify())
    assert link.receive_data(data) == [] and link.state is State.SEARCHING


def test_what_comes_unasked_is_a_fault() -> None:
    """A byte that nothing asked for; a confirmation that is none; another name."""
    with pytest.raises(RemoteProtocolError):
        found().receive_data(b"x")
    for request, said in ((SetAddress(0), b"x"), (Identify(), b"AVRBOOT")):
        link = found()
        link.send(request)
        with pytest.raises(RemoteProtocolError):
            link.receive_data(said)


def test_a_refusal_is_told() -> None:
    """Caterina answers what it does not know with a question mark."""
    link = found()
    link.send(SetAddress(0))
    assert link.receive_data(b"?") == [Refused(SetAddress(0))]


def test_our_own_faults() -> None:
    """Nothing but Identify before it was found; one question at a time; no block that Caterina does not offer."""
    with pytest.raises(LocalProtocolError):
        Avr109().send(ReadVersion())
    link = found()
    link.send(ReadVersion())
    with pytest.raises(LocalProtocolError):
        link.send(ReadVersion())
    for length in (0, 1, 3, 130):
        with pytest.raises(LocalProtocolError):
            ReadBlock(length).encode()

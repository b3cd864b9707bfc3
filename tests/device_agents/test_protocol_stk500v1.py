"""STK500v1 without a port: any pieces give the same events, nothing incomplete is an answer, no state takes what is
not its."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_agents.errors import LocalProtocolError, RemoteProtocolError
from device_agents.protocols.stk500v1 import (
    ON_SEND,
    Answered,
    GetParameter,
    GetSync,
    InSync,
    LeaveProgrammingMode,
    LoadAddress,
    OutOfSync,
    ReadPage,
    ReadSignature,
    Refused,
    Request,
    State,
    Stk500v1,
)

SIGNATURE = bytes.fromhex("141e950f10")
EVERY_REQUEST: list[Request] = [
    GetSync(),
    GetParameter(0x81),
    ReadSignature(),
    LoadAddress(0x3F00),
    ReadPage(128),
    LeaveProgrammingMode(),
]


def found() -> Stk500v1:
    link = Stk500v1()
    link.send(GetSync())
    assert link.receive_data(b"\x14\x10") == [InSync(0)]
    return link


def answer_to(request: Request) -> bytes:
    return b"\x14" + bytes(range(request.body)) + b"\x10"


def test_requests_are_the_bytes_that_the_bootloaders_know() -> None:
    """The encodings of AVR061."""
    encodings = [request.encode().hex() for request in EVERY_REQUEST]
    assert encodings == ["30", "4181", "75", "55003f", "74008046", "51"]
    assert found().send(ReadSignature()) == bytes.fromhex("7520")


@given(st.sampled_from(EVERY_REQUEST), st.data())
def test_any_pieces_give_the_same_events(request: Request, data: st.DataObject) -> None:
    """However the answer is cut into pieces, the events are the same."""
    answer = answer_to(request)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(answer)), max_size=8)))
    link = found()
    link.send(request)
    events = []
    for start, end in zip([0, *cuts], [*cuts, len(answer)], strict=True):
        events += link.receive_data(answer[start:end])
    assert events == [Answered(request, answer[1:-1])]
    assert link.state is State.IDLE


@given(st.sampled_from(EVERY_REQUEST), st.data())
def test_an_incomplete_answer_is_no_answer(request: Request, data: st.DataObject) -> None:
    """An answer that lacks its last bytes gives no event at all."""
    answer = answer_to(request)
    link = found()
    link.send(request)
    assert link.receive_data(answer[: data.draw(st.integers(0, len(answer) - 1))]) == []
    assert link.state is not State.IDLE


@given(st.binary(max_size=60).filter(lambda noise: b"\x14\x10" not in noise + b"\x14"))
def test_noise_before_the_first_answer_is_skipped_and_counted(noise: bytes) -> None:
    """What a sketch was still saying does not keep the bootloader from being found, in any pieces."""
    stream = noise + b"\x14\x10"
    whole, pieces = Stk500v1(), Stk500v1()
    whole.send(GetSync())
    pieces.send(GetSync())
    assert whole.receive_data(stream) == [InSync(len(noise))]
    assert [event for value in stream for event in pieces.receive_data(bytes([value]))] == [InSync(len(noise))]


@given(st.binary(max_size=300))
def test_no_bytes_break_it(garbage: bytes) -> None:
    """Any bytes give events or a RemoteProtocolError, never anything else, in every state that waits."""
    for request in EVERY_REQUEST:
        link = found()
        link.send(request)
        try:
            events = link.receive_data(garbage)
        except RemoteProtocolError:
            continue
        for event in events:
            if isinstance(event, Answered):
                assert garbage.startswith(b"\x14" + event.body + b"\x10")


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("request_", EVERY_REQUEST, ids=lambda request: type(request).__name__)
def test_a_state_takes_only_its_requests(state: State, request_: Request) -> None:
    """What the table does not allow is a LocalProtocolError, and changes nothing."""
    link = Stk500v1()
    link.state = state
    if type(request_) in ON_SEND.get(state, {}):
        assert link.send(request_).endswith(b"\x20")
    else:
        with pytest.raises(LocalProtocolError):
            link.send(request_)
        assert link.state is state


def test_refusals_are_events_of_their_own() -> None:
    """A device that refuses, or has lost the thread, is not one that talks nonsense."""
    link = found()
    link.send(ReadSignature())
    assert link.receive_data(bytes.fromhex("141e950f12")) == [Refused(ReadSignature(), "unknown")]
    link.send(ReadSignature())
    assert link.receive_data(b"\x15") == [OutOfSync(ReadSignature())]
    assert link.state is State.SEARCHING


@pytest.mark.parametrize("answer", [b"ok\n", b"\x75\x20", b"\x14\x1e\x95\x0f\x11\x14", b"\x06"])
def test_another_protocols_answer_is_an_error(answer: bytes) -> None:
    """A printer's `ok`, an echo, a wrong end: told as the device's fault, with what came."""
    link = found()
    link.send(ReadSignature())
    with pytest.raises(RemoteProtocolError) as fault:
        link.receive_data(answer + bytes(8))
    assert fault.value.params["request"] == "ReadSignature"


def test_a_page_is_never_longer_than_the_bootloader_can_count() -> None:
    """Optiboot counts a page in one byte: more would be read as something else."""
    for length in (0, 129, 256):
        with pytest.raises(LocalProtocolError):
            found().send(ReadPage(length))

"""GATT in lines: what one side writes the other reads, in any pieces, and nothing else is taken for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_agents.errors import LocalProtocolError, RemoteProtocolError
from device_agents.protocols import gatt
from device_agents.protocols.gatt import Event, GattClient, Request, RequestReader

HEX = "0123456789abcdef"
SHORT = st.text(HEX, min_size=4, max_size=4)
LONG = st.uuids().map(str).filter(lambda uuid: not uuid.endswith(gatt.BASE))
UUIDS = SHORT | LONG
DATA = st.binary(max_size=512)
EVENTS = st.one_of(
    st.builds(gatt.Service, UUIDS),
    st.builds(gatt.Characteristic, UUIDS, st.lists(st.sampled_from(["read", "notify", "write"])).map(tuple)),
    st.just(gatt.ServicesEnd()),
    st.just(gatt.Disconnected()),
    st.builds(gatt.Value, UUIDS, DATA),
    st.builds(gatt.Written, UUIDS),
    st.builds(gatt.Subscribed, UUIDS),
    st.builds(gatt.Notified, UUIDS, DATA),
    st.builds(gatt.Refused, UUIDS | st.just(""), st.sampled_from(gatt.WHYS)),
)
REQUESTS = st.one_of(
    st.just(Request("services")),
    st.just(Request("disconnect")),
    st.builds(Request, st.sampled_from(["read", "subscribe"]), UUIDS),
    st.builds(Request, st.just("write"), UUIDS, DATA),
)


@given(st.lists(EVENTS, max_size=6), st.lists(st.integers(1, 40), min_size=1))
def test_events_arrive_in_any_pieces(events: list[Event], cuts: list[int]) -> None:
    """However the line is cut, the same events come out, in their order."""
    line = b"".join(gatt.encode(event) for event in events)
    client = GattClient()
    got: list[Event] = []
    place = 0
    while line:
        size = cuts[place % len(cuts)]
        got += client.receive_data(line[:size])
        line, place = line[size:], place + 1
    assert got == events


@given(st.lists(REQUESTS, max_size=6))
def test_requests_arrive(requests: list[Request]) -> None:
    """What the step's side asks is what the radio's side reads."""
    client = GattClient()
    line = b"".join(client.send(request) for request in requests)
    assert RequestReader().receive_data(line) == requests


@given(EVENTS)
def test_a_cut_answer_is_no_answer(event: Event) -> None:
    """An answer that lacks its end is not there yet, whichever byte is the last."""
    line = gatt.encode(event)
    for end in range(len(line)):
        assert GattClient().receive_data(line[:end]) == []


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"read 2a24\n",
        b"value 2a24\n",
        b"value 2a24 4\n",
        b"value 2A24 42\n",
        b"value 2a24 42 43\n",
        b"value xyz 42\n",
        b"refused 2a24 because\n",
        b"value 2a24 " + b"00" * 513 + b"\n",
        b"\xff\xfe\n",
        b"x" * (gatt.MAX_LINE + 1),
    ],
)
def test_what_is_no_answer_is_a_remote_fault(line: bytes) -> None:
    """An echo, garbage, a half byte, a line without end: an error of the other side's, never an event."""
    with pytest.raises(RemoteProtocolError):
        GattClient().receive_data(line)


@pytest.mark.parametrize(
    "request_", [Request("read", "x"), Request("read"), Request("write", "2a24", b"0" * 513), Request("read", "2A24")]
)
def test_what_cannot_be_asked_is_a_local_fault(request_: Request) -> None:
    """Nothing that the radio's side could misread is ever sent."""
    with pytest.raises(LocalProtocolError):
        GattClient().send(request_)


@given(UUIDS)
def test_uuids_keep_their_meaning(uuid: str) -> None:
    """The short form and the long one stand for the same thing."""
    assert gatt.short_uuid(gatt.long_uuid(uuid)) == uuid
    assert gatt.short_uuid(gatt.long_uuid(uuid).upper()) == uuid

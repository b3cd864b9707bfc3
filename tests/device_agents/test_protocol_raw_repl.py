"""MicroPython's raw REPL: exact framing, any chunking, nothing kept beyond its bounds."""

from collections.abc import Callable, Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from device_agents.errors import LocalProtocolError
from device_agents.protocols import raw_repl
from device_agents.protocols.raw_repl import (
    Event,
    Finished,
    FriendlyPrompt,
    Garbled,
    RawRepl,
    Ready,
    Restarted,
    State,
)

# As recorded from MicroPython 1.9.2 on the micro:bit, a program of the user's running before.
BANNER = (
    b"MicroPython v1.9.2-34-gd64154c73 on 2017-09-01; micro:bit v1.0.1 with nRF51822\r\n"
    b'Type "help()" for more information.\r\n>>> '
)
GREETING = (
    b"\0" + BANNER + b'\r\nTraceback (most recent call last):\r\n  File "__main__", line 2, in <module>\r\n'
    b"KeyboardInterrupt: \r\n" + BANNER + b"\r\n>>> \r\n>>> \r\nraw REPL; CTRL-B to exit\r\n>"
)
ANSWER = b"OK('id', 1) 42\r\n\x04\x04>"
RAISED = b'OK\x04Traceback (most recent call last):\r\n  File "<stdin>", line 1, in <module>\r\nNameError\r\n\x04>'


def pieces(data: bytes, sizes: Iterable[int]) -> list[bytes]:
    parts, start = [], 0
    for size in sizes:
        parts.append(data[start : start + size])
        start += size
    return [*parts, data[start:]]


def ready() -> RawRepl:
    repl = RawRepl()
    repl.enter()
    assert repl.receive_data(GREETING) == [Ready()]
    return repl


def run(data: bytes, sizes: Iterable[int] = ()) -> list[Event]:
    repl = ready()
    repl.execute("print(1)")
    return [event for piece in pieces(data, sizes) for event in repl.receive_data(piece)]


@given(st.lists(st.integers(min_value=0, max_value=60), max_size=40))
def test_any_chunking_of_the_greeting(sizes: list[int]) -> None:
    """Whatever the board prints before it, the greeting is found once, however it is cut."""
    repl = RawRepl()
    repl.enter()
    assert [event for piece in pieces(GREETING, sizes) for event in repl.receive_data(piece)] == [Ready()]
    assert repl.state is State.READY and repl.met


@given(
    st.one_of(st.just(ANSWER), st.just(RAISED), st.binary(max_size=200), st.binary(max_size=60).map(b"OK".__add__)),
    st.lists(st.integers(min_value=0, max_value=30), max_size=40),
)
def test_any_chunking_of_an_answer(data: bytes, sizes: list[int]) -> None:
    """A frame, a traceback or anything at all: the same events, however it is cut."""
    assert run(data, sizes) == run(data)


@given(st.binary(max_size=400), st.lists(st.integers(min_value=0, max_value=60), max_size=20))
@example(b"x" * 10_000, [7])
def test_anything_while_entering_and_leaving(data: bytes, sizes: list[int]) -> None:
    """Noise instead of a greeting or a prompt neither raises nor grows, and gives the same events however it
    is cut."""
    for begin in (RawRepl.enter, RawRepl.leave):
        whole, cut = RawRepl(), RawRepl()
        begin(whole)
        begin(cut)
        assert whole.receive_data(data) == [e for piece in pieces(data, sizes) for e in cut.receive_data(piece)]
        assert len(whole._buffer) <= len(raw_repl.GREETING)


def test_a_frame() -> None:
    """Output and traceback apart, the frame's own bytes taken off."""
    assert run(ANSWER) == [Finished(b"('id', 1) 42\r\n", b"")]
    (raised,) = run(RAISED)
    assert isinstance(raised, Finished) and raised.output == b"" and raised.error.endswith(b"NameError\r\n")


@pytest.mark.parametrize("length", range(len(RAISED)))
def test_half_an_answer_is_none(length: int) -> None:
    """Cut at any byte, there is no event."""
    assert run(RAISED[:length]) == []


@pytest.mark.parametrize("data", [b"ok T:21.3 /0.0\n", b"\r\nOK", b"OA", b"OK1\x04\x04\r\n>", b"OK\x04\x04\x04>"])
def test_what_is_no_frame(data: bytes) -> None:
    """Another protocol's answer, a byte in front, one too many at the end: garbled, and the state is LOST."""
    repl = ready()
    repl.execute("print(1)")
    (event,) = repl.receive_data(data)
    assert isinstance(event, Garbled)
    assert repl.state is State.LOST


def test_an_answer_without_an_end_is_bounded() -> None:
    """A board that prints for ever is given up after `max_output` bytes."""
    repl = RawRepl(max_output=1000)
    repl.enter()
    repl.receive_data(GREETING)
    repl.execute("while 1: print(1)")
    (event,) = repl.receive_data(b"OK" + b"1" * 100_000)
    assert event == Garbled(b"OK" + b"1" * 62)
    assert len(repl._buffer) == 0


def test_the_way_out_runs_the_users_program_again() -> None:
    """Friendly prompt first (from the raw REPL a soft reset would not run it), then Ctrl-D."""
    repl = ready()
    assert b"\x02" in repl.leave()
    assert repl.receive_data(b"\r\n" + BANNER) == [FriendlyPrompt()]
    assert repl.restart() == b"\x04"
    assert repl.receive_data(b"\r\nsoft reboot\r\n" + BANNER) == [Restarted()]
    assert repl.state is State.GONE


def test_entering_sends_no_line_end() -> None:
    """A device that is no MicroPython must not be able to take what we send for a command."""
    assert b"\r" not in raw_repl.ENTER and b"\n" not in raw_repl.ENTER


def test_entering_again_after_a_lost_answer() -> None:
    """What came before the new greeting belongs to nobody."""
    repl = ready()
    repl.execute("print(1)")
    repl.receive_data(b"garbage")
    repl.enter()
    assert repl.receive_data(b"OK('late', 1)\x04\x04>" + raw_repl.GREETING) == [Ready()]


@pytest.mark.parametrize("source", ["print(1)\x04", "print('\x03')", "print('ά')", "a\r\nb"])
def test_a_script_holds_no_control_characters(source: str) -> None:
    """They would be taken for the REPL's own."""
    with pytest.raises(LocalProtocolError):
        ready().execute(source)


@pytest.mark.parametrize("state", list(State))
def test_illegal_calls_are_refused(state: State) -> None:
    """`execute` needs READY, `restart` LEAVING; `enter` and `leave` are always allowed."""
    calls: list[tuple[Callable[[RawRepl], bytes], State]] = [
        (lambda repl: repl.execute("1"), State.READY),
        (RawRepl.restart, State.LEAVING),
    ]
    for call, needs in calls:
        repl = RawRepl()
        repl.state = state
        if state is needs:
            assert call(repl)
        else:
            with pytest.raises(LocalProtocolError):
                call(repl)
    assert RawRepl().enter() and RawRepl().leave()

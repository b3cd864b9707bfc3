"""A device that changes its port is found by its place, whatever the ports are called."""

import contextlib
import os
import pty
import threading
import time
from collections.abc import Iterator

import pytest

from device_agents.candidates import Candidate
from device_agents.errors import PortVanished
from device_agents.transports.base import Line
from device_agents.transports.following import place_of, returned
from device_agents.transports.serial_port import SerialTransport


def at(port: str, place: str, pid: int = 0x8036) -> Candidate:
    return Candidate(port, "", 0x2341, pid, {"location": place} if place else {})


@pytest.fixture
def lines() -> Iterator[tuple[str, str]]:
    """Two ptys: the port that a board leaves, and that on which it comes back."""
    with contextlib.ExitStack() as stack:
        names = []
        for _ in range(2):
            for handle in (pair := pty.openpty()):
                stack.callback(os.close, handle)
            names.append(os.ttyname(pair[1]))
        yield names[0], names[1]


def test_a_place_is_told_without_the_interface() -> None:
    """Linux and Windows add the interface's number where a device has several."""
    assert [place_of(at("p", place)) for place in ("1-2.4:1.0", "1-2:x.0", "20-1", "")] == ["1-2.4", "1-2", "20-1", ""]


def test_another_board_at_another_place_is_not_taken() -> None:
    """A board that is plugged in meanwhile, at another socket, is not the one that left."""
    looks = iter([[at("a", "1-1")], [at("b", "1-2", 0x36)], [at("b", "1-2", 0x36), at("c", "1-1:1.0", 0x36)]])
    found = returned(lambda: next(looks), at("a", "1-1"), time.monotonic() + 5, time.monotonic() + 5)
    assert found is not None and found.port == "c"


def test_the_same_name_is_another_device_where_its_identity_changed() -> None:
    """A system may give the same name at once again: then the USB identity tells that it is the bootloader."""
    looks = iter([[at("a", "1-1")], [at("a", "1-1", 0x36)]])
    found = returned(lambda: next(looks), at("a", "1-1"), time.monotonic() + 5, time.monotonic() + 5)
    assert found is not None and found.pid == 0x36


def test_a_board_is_followed_to_its_next_port(lines: tuple[str, str]) -> None:
    """The old port is let go, the new one is open and named, as soon as the system lists it."""
    before, after = lines
    there = [at(before, "1-1:1.0")]
    transport = SerialTransport(before, lambda: there)
    transport.open(Line())

    def moves() -> None:
        there[:] = []
        time.sleep(0.1)
        there[:] = [at(after, "1-1", 0x36)]

    mover = threading.Timer(0.1, moves)
    mover.start()
    try:
        assert transport.follow(5.0, 1200) is True
    finally:
        mover.join()
    assert transport.port == after
    transport.write(b"x")
    transport.close()


def test_a_board_that_stays_away_has_vanished(lines: tuple[str, str]) -> None:
    """It is waited for no longer than asked, and the place is named."""
    listed = iter([[at(lines[0], "1-1")]])
    transport = SerialTransport(lines[0], lambda: next(listed, []))
    transport.open(Line())
    begun = time.monotonic()
    with pytest.raises(PortVanished) as fault:
        transport.follow(0.3)
    assert 0.3 <= time.monotonic() - begun < 1.5 and "1-1" in fault.value.detail
    transport.close()


def test_where_the_place_is_unknown_nothing_is_touched(lines: tuple[str, str]) -> None:
    """A pty, a URL, a port of an old card: the board could not be found again, so it stays where it is."""
    transport = SerialTransport(lines[0], lambda: [at(lines[0], "")])
    transport.open(Line())
    assert transport.follow(5.0, 1200) is False
    transport.write(b"x")
    assert transport.port == lines[0]
    transport.close()


def test_a_board_that_does_not_leave_is_spoken_to_where_it_is(lines: tuple[str, str]) -> None:
    """A sketch that hangs does not hear the touch: its port is opened again, and it did not move."""
    transport = SerialTransport(lines[0], lambda: [at(lines[0], "1-1")])
    transport.open(Line())
    begun = time.monotonic()
    assert transport.follow(0.3, 1200) is False
    assert time.monotonic() - begun < 1.5
    transport.write(b"x")
    transport.close()

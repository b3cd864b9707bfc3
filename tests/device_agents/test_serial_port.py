"""Serial ports and URLs: every fault of a port is told as what it is, and every port is given back."""

import contextlib
import errno
import os
import socket
import threading
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import serial

from device_agents.errors import PortBusy, PortDenied, PortError, PortMissing, PortUnusable, PortVanished
from device_agents.transports.base import Line
from device_agents.transports.serial_port import SerialTransport, port_error


@pytest.fixture
def pty() -> Iterator[tuple[int, str]]:
    master, slave = os.openpty()
    tty.setraw(slave)
    name = os.ttyname(slave)
    os.close(slave)
    yield master, name
    with contextlib.suppress(OSError):
        os.close(master)


def again(times: int, call: Callable[[], object]) -> None:
    for _ in range(times):
        call()


def opened(port: str) -> SerialTransport:
    transport = SerialTransport(port)
    transport.open(Line())
    return transport


def test_bytes_go_both_ways_and_arrive_at_once(pty: tuple[int, str]) -> None:
    """What is there is given without waiting for the time that the reader was ready to wait."""
    master, name = pty
    transport = opened(name)
    transport.write(b"\x00\x0d\x11\x13\xff")
    assert os.read(master, 10) == b"\x00\x0d\x11\x13\xff"
    os.write(master, b"\x0a\x03answer")
    begun = time.monotonic()
    assert transport.read(5.0) == b"\x0a\x03answer"
    assert time.monotonic() - begun < 0.5
    transport.close()


def test_silence_lasts_as_long_as_asked(pty: tuple[int, str]) -> None:
    """A read without an answer ends after its time, not before and not much later."""
    transport = opened(pty[1])
    begun = time.monotonic()
    assert transport.read(0.3) == b""
    assert 0.28 <= time.monotonic() - begun < 0.6
    transport.close()


def test_a_pty_has_no_reset_line(pty: tuple[int, str]) -> None:
    """ENOTTY on DTR means that there is no such line, not that the port is gone."""
    transport = opened(pty[1])
    assert transport.pulse_reset(0.01) is False
    transport.close()


def test_a_second_program_finds_the_port_busy(pty: tuple[int, str]) -> None:
    """The port is held alone, and free again after close()."""
    first = opened(pty[1])
    with pytest.raises(PortBusy) as fault:
        opened(pty[1])
    assert fault.value.params["port"] == pty[1]
    first.close()
    opened(pty[1]).close()


def test_a_failed_opening_holds_nothing(pty: tuple[int, str]) -> None:
    """No descriptor stays behind where opening failed."""
    first = opened(pty[1])
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with pytest.raises(PortBusy):
            opened(pty[1])
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    first.close()


@pytest.mark.parametrize("call", ["read", "write"])
def test_a_vanished_device_is_told(pty: tuple[int, str], call: str) -> None:
    """EIO from any call is PortVanished, and close() still works."""
    master, name = pty
    transport = opened(name)
    os.close(master)
    with pytest.raises(PortVanished):
        again(20, lambda: transport.read(0.01) if call == "read" else transport.write(b"x"))
    transport.close()
    transport.close()


def test_a_device_that_takes_nothing_does_not_hold_us(pty: tuple[int, str]) -> None:
    """Writing to a device that reads nothing ends after a second, and closing does not wait for it."""
    transport = opened(pty[1])
    begun = time.monotonic()
    with pytest.raises(PortVanished):
        again(200, lambda: transport.write(b"x" * 4096))
    transport.close()
    assert time.monotonic() - begun < 4


@pytest.mark.parametrize(
    ("port", "error"),
    [
        ("/dev/no-such-port", PortMissing),
        ("socket://127.0.0.1:1", PortMissing),
        ("rfc2217://127.0.0.1:1", PortMissing),
        ("socket://no-such-host.invalid:99", PortMissing),
        ("/etc/hostname", PortUnusable),
        ("/tmp", PortUnusable),
        ("nonsense://x", PortUnusable),
        ("socket://127.0.0.1", PortUnusable),
        ("socket://127.0.0.1:99999", PortUnusable),
        ("rfc2217://127.0.0.1:port", PortUnusable),
    ],
)
def test_a_port_that_cannot_be_opened_says_why(port: str, error: type[PortError]) -> None:
    """Missing, or no serial port at all: each its own error, with the port's name."""
    with pytest.raises(error) as fault:
        opened(port)
    assert fault.value.params["port"] == port


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.EACCES, PortDenied),
        (errno.EPERM, PortDenied),
        (errno.EBUSY, PortBusy),
        (errno.EAGAIN, PortBusy),
        (errno.ENODEV, PortMissing),
        (errno.ENOTTY, PortUnusable),
    ],
)
def test_the_systems_reason_decides(number: int, error: type[PortError]) -> None:
    """The errno decides, whether pyserial carries it or only its cause does."""
    assert type(port_error("p", serial.SerialException(number, "could not open port"))) is error
    outer = serial.SerialException("could not open port")
    outer.__context__ = OSError(number, "cause")
    assert type(port_error("p", outer)) is error


def test_windows_says_it_in_words() -> None:
    """On Windows a port in use is a PermissionError within the text."""
    words = "could not open port 'COM3': PermissionError(13, 'Access is denied.', None, 5)"
    assert type(port_error("COM3", serial.SerialException(words))) is PortBusy
    words = "could not open port 'COM9': FileNotFoundError(2, 'The system cannot find the file', None, 2)"
    assert type(port_error("COM9", serial.SerialException(words))) is PortMissing


def test_a_socket_that_never_stops_is_read_in_bounded_pieces() -> None:
    """A flood does not keep read() from coming back."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stop = threading.Event()

        def flood() -> None:
            client, _ = listener.accept()
            with client:
                try:
                    while not stop.is_set():
                        client.sendall(b"flood" * 1000)
                except OSError:
                    pass

        thread = threading.Thread(target=flood, daemon=True)
        thread.start()
        transport = opened(f"socket://127.0.0.1:{listener.getsockname()[1]}")
        begun = time.monotonic()
        assert 0 < len(transport.read(1.0)) <= 8192
        assert time.monotonic() - begun < 1.0
        stop.set()
        transport.close()
        thread.join(5)


def test_a_socket_that_hangs_up_is_gone() -> None:
    """The other end's goodbye is PortVanished, not endless silence."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        transport = opened(f"socket://127.0.0.1:{listener.getsockname()[1]}")
        listener.accept()[0].close()
        with pytest.raises(PortVanished):
            again(20, lambda: transport.read(0.05))
        transport.close()


def test_loop_gives_back_what_was_sent() -> None:
    """loop:// is a port like any other."""
    transport = opened("loop://")
    transport.write(b"echo")
    assert transport.read(1.0) == b"echo"
    assert transport.read(0.05) == b""
    transport.close()

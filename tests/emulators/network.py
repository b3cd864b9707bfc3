"""An emulated board behind the network: a raw socket, or RFC 2217 with a DTR that resets the board."""

import contextlib
import os
import select
import signal
import socket
import threading
from collections.abc import Iterator
from typing import Any

import serial
import serial.rfc2217

from tests.emulators.programs import Emulator

PortManager: Any = serial.rfc2217.PortManager


class _Board(serial.Serial):
    """The board's pty, with the one modem line that a pty lacks."""

    def __init__(self, emulator: Emulator) -> None:
        self._process = emulator.process
        self._was_raised = False
        super().__init__(emulator.port, timeout=0)

    def _update_dtr_state(self) -> None:
        raised = bool(self.dtr)
        if raised and not self._was_raised:
            os.kill(self._process.pid, signal.SIGUSR1)
        self._was_raised = raised

    def _update_rts_state(self) -> None:
        pass

    # What RFC 2217 reports of the lines of the other direction.
    cts = dsr = ri = cd = False


class _Connection:
    def __init__(self, client: socket.socket) -> None:
        self._client = client

    def write(self, data: bytes) -> None:
        self._client.sendall(data)


def _serve(listener: socket.socket, emulator: Emulator, stop: threading.Event, rfc2217: bool) -> None:
    while not stop.is_set():
        if not select.select([listener], [], [], 0.05)[0]:
            continue
        client, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with client, contextlib.suppress(OSError), _Board(emulator) as board:
            _pump(client, board, stop, rfc2217)


def _pump(client: socket.socket, board: _Board, stop: threading.Event, rfc2217: bool) -> None:
    manager: Any = PortManager(board, _Connection(client)) if rfc2217 else None
    while not stop.is_set():
        ready = select.select([client.fileno(), board.fileno()], [], [], 0.02)[0]
        if client.fileno() in ready:
            data = client.recv(4096)
            if not data:
                return
            board.write(b"".join(manager.filter(data)) if manager else data)
        if board.fileno() in ready:
            data = board.read(4096)
            client.sendall(b"".join(manager.escape(data)) if manager else data)


@contextlib.contextmanager
def on_network(emulator: Emulator, *, rfc2217: bool = False) -> Iterator[str]:
    """Serve an emulated board on a free port of this machine; gives the URL for pyserial."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, emulator, stop, rfc2217), daemon=True)
        thread.start()
        try:
            port = listener.getsockname()[1]
            yield f"{'rfc2217' if rfc2217 else 'socket'}://127.0.0.1:{port}"
        finally:
            stop.set()
            thread.join(5)

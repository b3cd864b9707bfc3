"""A program in a real pseudo-terminal, its screen read as a person sees it (pyte), its keys pressed as bytes.

The window's size is told as newer terminals tell it, inside the stream (mode 2048), and not by the pseudo-terminal
alone: some sandboxes keep no size for theirs, and a program there sees 80 by 24 whatever was set. The first size, which
programs ask for before they can read the stream, stands in COLUMNS and LINES.
"""

import asyncio
import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pyte

KEYS = {
    "enter": b"\r",
    "tab": b"\t",
    "escape": b"\x1b",
    "down": b"\x1b[B",
    "right": b"\x1b[C",
    "f1": b"\x1bOP",
    "f2": b"\x1bOQ",
    "f10": b"\x1b[21~",
    "ctrl+c": b"\x03",
}

_ASKS_FOR_SIZES = b"\x1b[?2048$p"
_WANTS_SIZES = b"\x1b[?2048h"
_TELLS_SIZES = b"\x1b[?2048;2$y"
"""Known, and off: https://gist.github.com/rockorager/e695fb2924d36b2bcf1fff4a3704bd83."""

_PIECE = 1024
"""Of what a program sends: the screen is looked at after each, so that nothing that stood there is missed."""
_KEPT = 500


class Terminal:
    """One program in one terminal."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], columns: int, rows: int) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self.raw = b""
        self._seen: deque[str] = deque(maxlen=_KEPT)
        self._ours, theirs = pty.openpty()
        self._in_stream = False
        self._size(columns, rows)
        self.process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={
                **environment,
                "TERM": "xterm-256color",
                "LANG": "C.UTF-8",
                "COLUMNS": str(columns),
                "LINES": str(rows),
            },
            start_new_session=True,
        )
        os.close(theirs)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if self._in_stream:
            os.write(self._ours, f"\x1b[48;{rows};{columns};0;0t".encode())

    def _answer(self, data: bytes) -> None:
        if _ASKS_FOR_SIZES in data:
            os.write(self._ours, _TELLS_SIZES)
        if _WANTS_SIZES in data and not self._in_stream:
            self._in_stream = True
            self._size(self._screen.columns, self._screen.lines)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._ours, 65536)
            except OSError:  # the program has ended
                return
            if not data:
                return
            with self._lock:
                self.raw += data
                self._answer(self.raw[-len(data) - len(_ASKS_FOR_SIZES) :])
            for start in range(0, len(data), _PIECE):
                self._feed(data[start : start + _PIECE])

    def _feed(self, data: bytes) -> None:
        with self._lock, contextlib.suppress(Exception):  # pyte knows fewer sequences than programs send
            self._stream.feed(data)
        with self._lock:
            self._seen.append("\n".join(line.rstrip() for line in self._screen.display))

    def press(self, *keys: str) -> None:
        """Keys by name; everything else is typed as it stands."""
        for key in keys:
            os.write(self._ours, KEYS.get(key) or key.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Another window."""
        with self._lock:
            self._screen.resize(rows, columns)
            self._size(columns, rows)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, 28)  # SIGWINCH

    @property
    def lines(self) -> list[str]:
        """What stands on the screen."""
        with self._lock:
            return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    async def until(self, *words: str, gone: str = "", limit_s: float = 90.0) -> None:
        """Wait until all of the words stand on the screen at once, and `gone` does not."""
        await self._until(lambda: self._shows(self.text, words, gone), words, limit_s)

    async def until_any(self, *choices: Sequence[str], gone: str = "", limit_s: float = 90.0) -> None:
        """Wait until all the words of one of the choices stand on the screen at once, and `gone` does not."""
        await self._until(
            lambda: any(self._shows(self.text, words, gone) for words in choices), [str(choices)], limit_s
        )

    async def passing(self, *words: str, limit_s: float = 90.0) -> None:
        """Wait until all of the words stand, or have stood since the last wait, on the screen at once: for what does
        not stay, and may be gone before anybody looks."""
        await self._until(lambda: any(self._shows(seen, words) for seen in self._since()), words, limit_s)

    @staticmethod
    def _shows(screen: str, words: Sequence[str], gone: str = "") -> bool:
        return all(word in screen for word in words) and not (gone and gone in screen)

    def _since(self) -> list[str]:
        with self._lock:
            return [*self._seen]

    async def _until(self, so: Callable[[], bool], words: Sequence[str], limit_s: float) -> None:
        end = time.monotonic() + limit_s
        while not so():
            assert self.process.poll() is None, f"it ended: {self.raw[-2000:].decode(errors='replace')}"
            assert time.monotonic() < end, f"{words} did not come:\n{self.text}"
            await asyncio.sleep(0.1)
        with self._lock:
            self._seen.clear()

    async def ended(self, limit_s: float = 60.0) -> int:
        """Its exit code."""
        code = await asyncio.to_thread(self.process.wait, limit_s)
        self._reader.join(2)
        return code

    def close(self) -> None:
        """End it, whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(2)
        os.close(self._ours)


@asynccontextmanager
async def terminal(
    command: Sequence[str], environment: dict[str, str], columns: int = 140, rows: int = 44
) -> AsyncIterator[Terminal]:
    """The program in a terminal of that size, ended at the end."""
    shown = Terminal(command, environment, columns, rows)
    try:
        yield shown
    finally:
        shown.close()

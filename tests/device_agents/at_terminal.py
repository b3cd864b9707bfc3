"""`stem-check` with a person at its terminal: answers are typed into a pseudo-terminal as the questions appear."""

import os
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Sequence

from tests.device_agents.probing import Probed


class Sitting:
    """One run: `answers` are typed, one for each question that appears.

    `wait` gives its end; `seen` what stands on the terminal so far.
    """

    def __init__(self, arguments: Sequence[str], answers: Sequence[str], question_ends: str = "]") -> None:
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self._answers = list(answers)
        self._ends = question_ends
        self.seen = ""
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "device_agents.cli", *arguments],
            stdin=slave,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        while character := self.process.stderr.read(1):
            self.seen += character
            if character == self._ends and self._answers:
                os.write(self._master, self._answers.pop(0).encode() + b"\n")

    def wait(self, limit_s: float = 150.0) -> Probed:
        """Its end; a run over its limit fails the test."""
        assert self.process.stdout is not None
        killer = threading.Timer(limit_s, self.process.kill)
        killer.start()
        out = self.process.stdout.read()
        code = self.process.wait()
        killer.cancel()
        self.close()
        assert "Traceback" not in self.seen, self.seen
        return Probed(code, out, self.seen, time.monotonic() - self.begun)

    def close(self) -> None:
        """Let go of everything."""
        self.process.kill()
        self.process.wait()
        self._reader.join(5)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        os.close(self._master)

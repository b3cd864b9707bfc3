"""Emulators as programs: started, asked where their line is, and ended, whatever happens."""

import contextlib
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import require, require_file, require_program

ROOT = Path(__file__).parent.parent.parent
OCTOPRINT = ROOT / ".venv-octoprint"
MICROBIT_FIRMWARE = "/usr/share/firmware-microbit-micropython/firmware.hex"
START_S = 20.0
_PORT = re.compile(r"/dev/(?:pts/\d+|tty\w+)")


@dataclass
class Emulator:
    """A running emulator: the port to open, and what the program has printed since."""

    port: str
    process: subprocess.Popen[str]
    printed: list[str] = field(default_factory=list)

    @property
    def heard(self) -> list[str]:
        """The lines that the virtual printer heard."""
        return [line.removeprefix("heard: ") for line in self.printed if line.startswith("heard: ")]


@contextlib.contextmanager
def running(command: Sequence[str]) -> Iterator[Emulator]:
    """Start `command`, which prints its line's path; end it at the end."""
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    emulator = Emulator("", process)
    found = threading.Event()

    def collect() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            emulator.printed.append(line.rstrip("\n"))
            if not emulator.port and (match := _PORT.search(line)):
                emulator.port = match[0]
                found.set()
        found.set()

    collector = threading.Thread(target=collect, daemon=True)
    collector.start()
    try:
        assert found.wait(START_S) and emulator.port, f"{command[0]} did not start: {emulator.printed}"
        yield emulator
    finally:
        process.kill()
        process.wait()
        collector.join(timeout=5)
        process.stdout.close()
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()


@contextlib.contextmanager
def microbit() -> Iterator[Emulator]:
    """MicroPython 1.0.1 for the micro:bit V1 on QEMU's emulation of its nRF51822."""
    qemu = require_program("qemu-system-arm", "qemu-system-arm")
    firmware = require_file(MICROBIT_FIRMWARE, "firmware-microbit-micropython")
    command = [qemu, "-M", "microbit", "-device", f"loader,file={firmware}", "-serial", "pty"]
    with running([*command, "-display", "none", "-monitor", "none"]) as emulator:
        yield emulator


@contextlib.contextmanager
def printer(
    settings: dict[str, str] | None = None,
    *,
    before: Sequence[tuple[str, str]] = (),
    say: Sequence[str] = (),
) -> Iterator[Emulator]:
    """OctoPrint's virtual printer; see tests/emulators/virtual_printer.py for what can be asked of it."""
    python = OCTOPRINT / "bin" / "python"
    require("OctoPrint's virtual printer", python.exists(), "run `make test-system`")
    command = [str(python), str(Path(__file__).parent / "virtual_printer.py")]
    for key, value in (settings or {}).items():
        command += ["--set", f"{key}={value}"]
    for line, fault in before:
        command += ["--before", line, fault]
    for line in say:
        command += ["--say", line]
    with running(command) as emulator:
        yield emulator


@contextlib.contextmanager
def marlin_model(*options: str) -> Iterator[Emulator]:
    """Our model of Marlin, with heaters; see tests/emulators/marlin_model.py for what can be asked of it."""
    with running([sys.executable, str(Path(__file__).parent / "marlin_model.py"), *options]) as emulator:
        yield emulator


@contextlib.contextmanager
def aseba_node() -> Iterator[tuple[str, int]]:
    """A peer's node of Aseba's protocol: Debian's asebadummynode, on a port of its own; gives its address."""
    program = require_file(str(ROOT / ".venv-aseba/usr/bin/asebadummynode"), "run `make test-system`")
    library = next((ROOT / ".venv-aseba").rglob("libdashel.so.1")).parent
    process = subprocess.Popen(
        [str(program), "--port", "0"],
        env={"LD_LIBRARY_PATH": str(library)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        said = process.stdout.readline().strip()  # tcp:port=40123
        yield "127.0.0.1", int(said.rpartition("=")[2])
    finally:
        process.kill()
        process.wait()
        process.stdout.close()

"""Checks of devices against the peers' tools on the same emulated device, twenty recorded devices at once, and how soon
`stem-check --help` answers.

The same job for both: open the port, learn which device it is. Programs run start-up and all, ours as a person types
it (`stem-check identify`). Libraries (`_peers.py`), and ours beside them, are timed from before the port
is opened until the device has said what it is. Both take turns, so that a busy machine is as busy for either, and the
best of the rounds counts.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import inf
from pathlib import Path

import pytest

from benchmarks.row import Row
from device_agents.candidates import Candidate
from device_agents.kinds import kind_by_slug
from device_agents.kinds.base import CheckContext, CheckOptions
from device_agents.runner import run_identification
from device_agents.transports.serial_port import SerialTransport
from tests.device_agents.boxes import MICROBIT, UNO, Box, expecting, target, timed
from tests.emulators.arduino import sketch, uno
from tests.emulators.programs import ROOT, microbit

ROUNDS = 5
PEERS = ROOT / ".venv-peers" / "bin"


def run() -> list[Row]:
    """The rows; those whose emulator or peer is missing are left out, and it is said."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="stem-bench-") as folder:
        # Installed programs have their bytecode; ours, run from the source, gets it here and keeps the source clean.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONPYCACHEPREFIX": str(Path(folder) / "bytecode")}
        for part in (_start, _unos, _microbits, _boxes):
            try:
                rows += part(environment, Path(folder))
            except pytest.skip.Exception as missing:
                print(f"device_check: {missing}", file=sys.stderr)
    return rows


def programs(environment: dict[str, str], *commands: Sequence[str]) -> list[float]:
    """The best of some runs of each, in turns, after one that warms up."""
    best = [float("inf")] * len(commands)
    for turn in range(ROUNDS + 1):
        for number, command in enumerate(commands):
            begun = time.perf_counter()
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90)
            took = time.perf_counter() - begun
            if done.returncode != 0:
                sys.exit(f"{command[0]} failed: {done.stderr or done.stdout}")
            best[number] = min(best[number], took) if turn else best[number]
    return best


def identifying(port: str, kind: str) -> list[str]:
    """Our program that says which device is at a port."""
    return [sys.executable, "-m", "device_agents.cli", "identify", port, "--kind", kind, "--json"]


def _start(environment: dict[str, str], _folder: Path) -> list[Row]:
    bare, usage = programs(
        environment,
        [sys.executable, "-c", "import asyncio, serial"],
        [sys.executable, "-m", "device_agents.cli", "--help"],
    )
    listed = f"python -c 'import asyncio, serial', {bare * 1000:.0f} ms"
    return [Row("stem-check --help", f"{usage * 1000:.0f} ms", usage / bare, listed, 1.5)]


def _unos(environment: dict[str, str], folder: Path) -> list[Row]:
    avrdude = shutil.which("avrdude")
    if avrdude is None:
        pytest.skip("avrdude is missing: run `make test-system`")
    with uno(sketch("talker")) as board:
        flash = folder / "flash.bin"
        peer = [avrdude, "-q", "-q", "-c", "arduino", "-p", "m328p", "-b", "115200", "-P", board.port]
        probe = [sys.executable, "-m", "device_agents.cli", "probe", board.port, "--kind", "arduino-avr", "--json"]
        ours, peers, judged = programs(
            environment, identifying(board.port, "arduino-avr"), [*peer, "-n"], [*probe, "--no-flash"]
        )
        whole, peers_whole = programs(environment, probe, [*peer, "-U", f"flash:r:{flash}:r"])
        inside = min(seconds_inside("arduino-avr", board.port) for _ in range(ROUNDS))
    against = f"avrdude -n, {peers:.2f} s"
    return [
        Row("an Uno by its signature, on the line", f"{inside:.2f} s", inside / peers, against, 1.0),
        Row("… start-up and all", f"{ours:.2f} s", ours / peers, against, 1.0),
        Row("… its bootloader read and judged too", f"{judged:.2f} s", judged / peers, against),
        Row("… and 32 KB read back", f"{whole:.2f} s", whole / peers_whole, f"avrdude -U, {peers_whole:.2f} s", 1.5),
    ]


def seconds_inside(slug: str, port: str) -> float:
    """Seconds from before the port is opened until the device has said what it is and the port is closed."""
    context = CheckContext(Candidate(port), CheckOptions(read_flash=False))
    begun = time.perf_counter()
    ended = run_identification(replace(kind_by_slug(slug), leave=None), context, SerialTransport(port))
    took = time.perf_counter() - begun
    if not ended.passed:
        sys.exit(f"{slug}: {ended.outcome}")
    return took


def _peer(name: str, port: str) -> float:
    """Seconds of a peer's library, in its own environment."""
    command = [str(PEERS / "python"), str(Path(__file__).parent / "_peers.py"), name, port, str(ROUNDS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        sys.exit(f"{name} failed: {done.stderr}")
    return float(done.stdout.split()[-1])


@contextmanager
def _held(port: str) -> Iterator[None]:
    """Keep the pty's line up between the rounds, as USB does: QEMU looks but once a second whether it is open."""
    handle = os.open(port, os.O_RDWR | os.O_NOCTTY)
    try:
        yield
    finally:
        os.close(handle)


def _microbits(environment: dict[str, str], _folder: Path) -> list[Row]:
    """A micro:bit by what its MicroPython says."""
    if not (PEERS / "mpremote").exists():
        pytest.skip("mpremote and microfs are missing: run scripts/bench-peers")
    with microbit() as board, _held(board.port):
        asks = [str(PEERS / "mpremote"), "connect", board.port, "exec", "import os; print(os.uname())"]
        program, mpremote = programs(environment, identifying(board.port, "microbit"), asks)
        best: dict[str, float] = {}
        for _ in range(3):
            for name in ("microfs", "mpremote", "mpremote-resume"):
                best[name] = min(best.get(name, inf), _peer(name, board.port))
            inside = min(seconds_inside("microbit", board.port) for _ in range(ROUNDS))
            best["ours"] = min(best.get("ours", inf), inside)
    shown = f"{best['ours'] * 1000:.0f} ms"

    def against(name: str, called: str, mark: float | None) -> Row:
        return Row("…", shown, best["ours"] / best[name], f"{called}, {best[name] * 1000:.0f} ms", mark)

    return [
        replace(against("microfs", "microfs", 1.0), what="a micro:bit's MicroPython, on the line"),
        against("mpremote", "mpremote's library", 1.0),
        against("mpremote-resume", "the same without its soft reset", 1.0),
        # without a mark, as the printer's: it compares how fast two programs start, the board takes 2 ms of it
        Row("… start-up and all", f"{program:.2f} s", program / mpremote, f"mpremote exec, {mpremote:.2f} s"),
    ]


def _boxes(_environment: dict[str, str], folder: Path) -> list[Row]:
    """Twenty recorded devices at their recorded pace in front of the station's engine, against the slowest alone."""
    box = Box(folder / "box", {f"u{n}": timed(UNO) for n in range(10)} | {f"m{n}": timed(MICROBIT) for n in range(10)})

    def seconds(names: Sequence[str]) -> float:
        station = box.station(expecting(arduino_avr=10, microbit=10))
        begun = time.perf_counter()
        for name in names:
            station.add(target(name, "microbit" if name.startswith("m") else "arduino-avr", name))
        assert station.wait(60)
        return time.perf_counter() - begun

    slowest = max(seconds([name]) for name in ("u0", "m0"))
    together = min(seconds(list(box.devices)) for _ in range(3))
    against = f"the slowest alone, {slowest:.2f} s"
    return [Row("twenty recorded devices at once, filed", f"{together:.2f} s", together / slowest, against, 1.5)]

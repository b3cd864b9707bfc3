"""A printer's firmware by `stem-check` and by Printrun's printcore, on the same virtual printer.

From the opening of the port to the firmware's name: what each does on the line. Ours asks that first, and only then
looks whether the printer is at work and whether each answer is to its own question: nothing is believed before.
"""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.device_check import identifying, programs
from benchmarks.row import Row
from tests.device_agents.probing import probe
from tests.emulators.programs import OCTOPRINT, printer

ROUNDS = 5
PEER = Path(__file__).parent / "_printcore.py"


def run() -> list[Row]:
    """The rows; none where the virtual printer or printcore is missing."""
    python = OCTOPRINT / "bin" / "python"
    try:
        with printer() as emulator:
            if subprocess.run([python, "-c", "import printrun.printcore"], capture_output=True).returncode:
                print("printer_check: printcore is missing (`make test-system`)", file=sys.stderr)
                return []
            # Turn about, so that the same moments of the machine befall both.
            pairs = [(_ours(emulator.port), _peers(python, emulator.port)) for _ in range(ROUNDS)]
            # printcore believes the first answer; ours looks, before it says who that is, whether the printer is at
            # work and whether each answer is to its own question: another job, so its program has no mark.
            asks = [str(python), str(PEER), emulator.port]
            ours, peers = programs(dict(os.environ), identifying(emulator.port, "printer-marlin"), asks)
    except pytest.skip.Exception as missing:
        print(f"printer_check: {missing}", file=sys.stderr)
        return []
    identity, peer = min(seconds for seconds, _ in pairs), min(seconds for _, seconds in pairs)
    return [
        Row("a printer's firmware, on the line", f"{identity:.3f} s", identity / peer, f"printcore, {peer:.3f} s", 1.0),
        Row("… start-up and all", f"{ours:.2f} s", ours / peers, f"printcore's, {peers:.2f} s"),
    ]


def _ours(port: str) -> float:
    probed = probe(port, "--kind", "printer-marlin")
    for entry in probed.report.evidence.transcript:
        if b"FIRMWARE_NAME" in base64.b64decode(entry.data):
            return entry.at_ms / 1000
    sys.exit(f"no firmware was told: {probed.out}")


def _peers(python: Path, port: str) -> float:
    done = subprocess.run([python, str(PEER), port], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        sys.exit(f"printcore failed: {done.stderr or done.stdout}")
    return float(done.stdout)

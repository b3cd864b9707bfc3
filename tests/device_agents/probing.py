"""Run `stem-check` as a person does: another process, its exit code, its one JSON object, the time that it took."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from device_agents.report import Report


@dataclass(frozen=True)
class Probed:
    """What came of a probe."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def document(self) -> dict[str, Any]:
        """The JSON object that was printed."""
        document: dict[str, Any] = json.loads(self.out)
        return document

    @property
    def report(self) -> Report:
        """The same, validated as the service does it."""
        return Report.model_validate_json(self.out)

    @property
    def reasons(self) -> list[str]:
        """The reasons of all steps."""
        return [step.reason.key for step in self.report.steps if step.reason]


def stem_check(*arguments: str, limit_s: float = 70.0) -> Probed:
    """Run `stem-check ARGUMENTS` without a terminal; a run over its limit fails the test."""
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "device_agents.cli", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=limit_s,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Probed(done.returncode, done.stdout, done.stderr, time.monotonic() - begun)


def probe(port: str, *arguments: str, limit_s: float = 70.0) -> Probed:
    """`stem-check probe PORT ARGUMENTS --json`."""
    return stem_check("probe", port, *arguments, "--json", limit_s=limit_s)

"""Reports of checks, made by hand for the tests of what happens to them afterwards."""

from hashlib import sha256
from typing import Any

from device_agents.report import Report
from firmware_checks.verdicts import Verdict

NOTHING = {"length": 0, "sha256": sha256(b"").hexdigest()}


def make_report(
    kind: str | None = "microbit", verdict: Verdict = Verdict.PASS, serial: str = "", **identity: Any
) -> Report:
    properties = {"serial_number": serial} if serial else {}
    document = {
        "schema": "stem-check/1",
        "verdict": verdict.value if kind else "UNKNOWN",
        "kind": kind,
        "identity": identity,
        "steps": [{"name": "identify", "verdict": verdict.value, "measured": {"celsius": 21.5}}],
        "evidence": {
            "port": "/dev/ttyACM0",
            "started_at": "2026-11-21T08:00:00.000Z",
            "sent": NOTHING,
            "received": NOTHING,
            "properties": properties,
        },
    }
    return Report.model_validate(document)

"""`stem-check doctor`: what keeps this laptop from working, in a person's words, and what to do.

Exit codes: 0 nothing does (warnings included); 1 something does; 3 unusable arguments.
"""

import argparse
import json

from device_agents.doctor.examine import Asked, Doctor
from device_agents.doctor.findings import Finding, State, worst
from device_agents.doctor.udev import rules_text
from device_agents.errors import Scalar
from device_agents.home import Home
from device_agents.messages import has, text
from device_agents.readable import shown_time

SCHEMA = "stem-check-doctor/1"
_MOMENTS = ("now", "server", "report")


def register(parser: argparse.ArgumentParser, language: str) -> None:
    """Add the arguments."""
    parser.add_argument("--json", action="store_true", help=text(language, "ui.json"))
    parser.add_argument("--port", action="append", default=[], help=text(language, "ui.doctor-port"))
    parser.add_argument("--server", default="", metavar="URL", help=text(language, "ui.doctor-server"))
    parser.add_argument("--udev", action="store_true", help=text(language, "ui.doctor-udev"))


def run(arguments: argparse.Namespace) -> int:
    """Look, print, and say by the exit code whether work is possible."""
    if arguments.udev:
        print(rules_text(), end="")
        return 0
    findings = Doctor(Home()).examine(Asked(tuple(arguments.port), arguments.server))
    state = worst(findings)
    if arguments.json:
        described = [document(finding, arguments.lang) for finding in findings]
        print(json.dumps({"schema": SCHEMA, "state": state.value, "findings": described}, ensure_ascii=False))
    else:
        print("\n".join(lines(findings, arguments.lang)))
    return 1 if state is State.BAD else 0


def sentence(finding: Finding, language: str) -> str:
    """What was found, in words."""
    return text(language, f"doctor.{finding.key}", _shown(finding, language))


def remedy(finding: Finding, language: str) -> str:
    """What to do; empty where nothing is to do."""
    key = f"doctor-next.{finding.key}"
    return text(language, key, _shown(finding, language)) if has(language, key) else ""


def _shown(finding: Finding, language: str) -> dict[str, Scalar]:
    """Its parameters, moments as a telephone beside the laptop shows them."""
    moments = _MOMENTS if finding.topic == "clock" else ()
    return {
        name: shown_time(str(value), language) if name in moments else value for name, value in finding.params.items()
    }


def document(finding: Finding, language: str) -> dict[str, object]:
    """A finding as JSON values."""
    return {
        "topic": finding.topic,
        "state": finding.state.value,
        "key": finding.key,
        "params": dict(finding.params),
        "sentence": sentence(finding, language),
        "next": remedy(finding, language),
    }


def lines(findings: list[Finding], language: str) -> list[str]:
    """A line for each finding, what to do under it, and at the end whether work is possible."""
    marks = {state: text(language, f"doctor-state.{state.value}") for state in State}
    width = max(map(len, marks.values()))
    said = []
    for finding in findings:
        said.append(f"{marks[finding.state]:{width}}  {sentence(finding, language)}")
        if what := remedy(finding, language):
            said.append(f"{'':{width}}  → {what}")
    return [*said, "", text(language, f"doctor-end.{worst(findings).value}")]

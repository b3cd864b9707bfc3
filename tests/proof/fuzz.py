"""Fuzzing: our own OpenAPI by Schemathesis, and every page with hostile addresses and forms, in every role."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import httpx

from tests.proof.host import Host, new_host
from tests.proof.pages_fuzz import attack
from tests.proof.section import Scale, Section, by_scale

# 503 with a database that answers would be a fault of ours as well.
CHECKS = "not_a_server_error"


def run(scale: Scale) -> Section:
    """The show."""
    section = Section(
        "No answer is a fault of ours",
        "Whatever is asked, by whomever: never a status of 500 or above, and the service goes on.",
    )
    with new_host() as host:
        told = host.python("-m", "tests.proof.furnishing")
        assert told.returncode == 0, told.stderr[-3000:]
        world = json.loads(told.stdout)
        server = host.serve(STEM_LOG_LEVEL="ERROR")
        attack(host, world, by_scale(scale, 250, 3000, 16_000), section)
        if scale != "tiny":
            for role in (*world["roles"], "anonymous"):
                _schemathesis(host, world, role, by_scale(scale, 0, 20, 60), section)
        section.expect(server.poll() is None, "the server ended")
        if server.poll() is None:
            section.expect(httpx.get(f"{host.url}/readyz").status_code == 200, "the service is not ready any more")
            section.expect(host.end(server), "the server did not end on SIGTERM")
        for command in (("ledger", "verify"), ("audit", "verify")):
            done = host.stem(*command)
            section.expect(done.returncode == 0, f"`stem {' '.join(command)}`: {done.stdout}{done.stderr}"[:300])
        if section.failures:
            section.failures.append(f"the log's end: {host.last_words()[-1500:]}")
    section.ran = (
        "A furnished service (registry, two waves, parcels, a filed report) on a loopback port. Every route as staff, "
        "auditor, technician and nobody: parameters, query strings and forms that are long, empty, of the wrong type, "
        "with NUL, surrogates, broken encodings and multipart bodies. Then Schemathesis from `/api/openapi.json`, "
        "examples, coverage and fuzzing phases, valid and invalid data, for each role."
    )
    return section


def _session(host: Host, world: dict[str, Any], role: str) -> dict[str, str]:
    """The headers that let a program act in a role."""
    with httpx.Client(base_url=host.url, headers={"accept": "text/html"}) as client:
        client.get("/sign-in")
        token = client.cookies["stem_csrf"]
        if role != "anonymous":
            who = {"email": world["roles"][role], "password": world["password"], "_csrf_token": token}
            assert client.post("/sign-in", data=who).status_code == 303
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        return {"Cookie": cookies, "X-CSRFToken": client.cookies["stem_csrf"]}


def _configuration(world: dict[str, Any], folder: Path) -> Path:
    """Schemathesis' settings: what a path's parameters may be, so that it gets past 'not found'."""
    lines = []
    for name, values in world["values"].items():
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(values)}"]
    lines.append("[parameters]")
    lines += [f'{name} = {{ dictionary = "{name}", probability = 0.7 }}' for name in world["values"]]
    path = folder / "schemathesis.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _schemathesis(host: Host, world: dict[str, Any], role: str, examples: int, section: Section) -> None:
    report = host.folder / f"{role}.xml"
    program = str(Path(sys.executable).parent / "schemathesis")
    headers = [part for name, value in _session(host, world, role).items() for part in ("-H", f"{name}: {value}")]
    done = subprocess.run(
        [
            *(program, "--config-file", str(_configuration(world, host.folder))),
            *("run", f"{host.url}/api/openapi.json", "--checks", CHECKS, "--max-examples", str(examples)),
            *("--phases", "examples,coverage,fuzzing", "--max-time", str(3 * examples), "--seed", "2026"),
            *("--continue-on-failure", "--no-shrink", "--generation-database", "none", "--request-timeout", "20"),
            *("--suppress-health-check", "all", "--warnings", "off", "--no-color"),
            *("--report", "junit", "--report-junit-path", str(report)),
            *headers,
        ],
        cwd=host.folder,
        capture_output=True,
        encoding="utf-8",
        timeout=6 * examples + 120,
        check=False,
    )
    if not report.exists():
        section.failures.append(f"schemathesis as {role} did not run: {(done.stdout + done.stderr)[-800:]}")
        return
    tree = ElementTree.parse(report).getroot()
    cases = list(tree.iter("testcase"))
    for case in cases:
        for failure in (*case.iter("failure"), *case.iter("error")):
            said = " ".join((failure.get("message") or failure.text or "").split())[:500]
            section.failures.append(f"{role}: {case.get('name')}: {said}")
    section.figures[f"API as {role}: operations"] = len(cases)
    generated = next((line.strip() for line in done.stdout.splitlines() if "generated" in line), "")
    section.figures[f"API as {role}"] = generated or "see operations"

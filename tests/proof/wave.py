"""A whole wave, from its criteria to final results with appeals and a withdrawal, proven by its published files."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.proof.host import Host, new_host
from tests.proof.section import Scale, Section, by_scale


def run(scale: Scale) -> Section:
    """The show."""
    schools, applications = by_scale(scale, (300, 40), (1000, 250), (14_000, 1500))
    section = Section(
        "A wave, from criteria to final results",
        "Staff run a wave on an imported registry; of three appeals one is met from the kits held back, one by a "
        "re-run, one is rejected; a school gives its kit back; whoever has the published files alone proves each run "
        "and each change with the two published programs, and any altered fact is refused.",
    )
    with new_host() as host:
        registry, folder = host.folder / "registry.csv", host.folder / "published"
        folder.mkdir()
        _stem(host, "registry", "generate", "--schools", str(schools), "--out", str(registry))
        _stem(host, "registry", "import", str(registry))
        started = time.monotonic()
        done = host.python("-m", "tests.proof.wave_run", str(folder), str(applications), seconds=900)
        if done.returncode:
            section.failures.append(f"the wave ended with {done.returncode}: {done.stderr[-1500:]}")
            return section
        section.figures["the wave takes"] = f"{time.monotonic() - started:.1f} s"
        _look(section, json.loads(done.stdout.splitlines()[-1]))
        _prove(section, folder)
    section.ran = (
        f"a registry of {schools:,} schools by `stem registry import`; {applications:,} applications, call, draw, "
        "scores, allocation, provisional results, committees, appeals, minutes, a kit given back, final results; then "
        "`python -I verify.py` and `python -I verify_final.py` on the published files in a folder of their own."
    )
    return section


def _stem(host: Host, *arguments: str) -> None:
    done = host.stem(*arguments)
    assert done.returncode == 0, done.stderr


def _look(section: Section, told: dict[str, Any]) -> None:
    """What the wave says of itself."""
    section.expect(told["phase"] == "published", f"the wave's phase is {told['phase']}")
    section.expect(told["effects"] == ["supernumerary", "rerun", "none"], f"the appeals' effects: {told['effects']}")
    steps = told["steps"]
    section.expect(steps[:3] == ["run", "supernumerary", "rerun"] and len(steps) == 4, f"the steps are {steps}")
    section.expect({*told["winners"]} <= {*told["received"]}, "a school whose appeal succeeded has no kit")
    section.expect(told["leaves"] not in told["received"], "the school that gave its kit back still has it")
    section.expect(told["minutes"] == 2, f"{told['minutes']} minutes were written")
    section.figures |= {
        "applications": told["applications"],
        "admitted": told["admitted"],
        "kits in the provisional results": told["kits"],
        "kits in the final results": len(told["received"]),
        "runs in the final file": told["runs"],
        "mails": told["letters"],
    }


def _prove(section: Section, folder: Path) -> None:
    """The published programs over the published files, true and altered."""

    def status(*arguments: str) -> int:
        command = [sys.executable, "-I", *arguments]
        return subprocess.run(command, cwd=folder, capture_output=True, timeout=300, check=False).returncode

    outcomes = sorted(folder.glob("outcome*.json"))
    pairs = [(path.name.replace("outcome", "input"), path.name) for path in outcomes]
    everything = [name for pair in pairs for name in pair]
    for pair in pairs:
        section.expect(status("verify.py", *pair) == 0, f"verify.py refuses {pair[1]}")
    section.expect(status("verify_final.py", "final.json", *everything) == 0, "verify_final.py refuses the final file")
    refused = 0
    for name, what, edit in ALTERED:
        document = json.loads((folder / name).read_bytes())
        edit(document)
        (folder / "altered.json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        if name == "final.json":
            code = status("verify_final.py", "altered.json", *everything)
        else:
            code = status("verify.py", name.replace("outcome", "input"), "altered.json")
        refused += code == 1
        section.expect(code == 1, f"with {what} the programs end with {code}")
    section.figures |= {"runs verified": len(pairs), "altered files refused": refused}


def _lose_one(document: dict[str, Any]) -> None:
    del document["allocation"][min(document["allocation"])]


def _lower(document: dict[str, Any]) -> None:
    document["reasons"][0]["score"] += "1"


def _forget(document: dict[str, Any]) -> None:
    document["changes"].pop()


def _hold_more(document: dict[str, Any]) -> None:
    document["held_back"] = dict.fromkeys(document["held_back"], 0)


ALTERED: tuple[tuple[str, str, Callable[[dict[str, Any]], None]], ...] = (
    ("outcome1.json", "an award left out", _lose_one),
    ("outcome1.json", "another score in a reason", _lower),
    ("outcome2.json", "an award of the re-run left out", _lose_one),
    ("final.json", "a holder left out", _lose_one),
    ("final.json", "the last change left out", _forget),
    ("final.json", "no kit held back", _hold_more),
)

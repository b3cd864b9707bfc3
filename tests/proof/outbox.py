"""stem-check killed at random while it checks, sends and takes known firmware: no report is lost, none counts twice."""

import asyncio
import contextlib
import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from device_agents.bundle_store import BundleStore
from tests.checks.serving import ANSWERS, PNG
from tests.proof.host import Host, new_host
from tests.proof.section import Scale, Section, by_scale


@dataclass
class Laptop:
    """A technician's laptop: the program, its home, and how long its commands take."""

    home: Path
    told: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.home.mkdir()
        (self.home / "photo.png").write_bytes(PNG)
        answers = {**ANSWERS, "photo": "photo.png", "signature": "Μαρία Τεχνικού"}
        (self.home / "answers.json").write_text(json.dumps(answers, ensure_ascii=False), encoding="utf-8")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """The program, left running."""
        return subprocess.Popen(
            [str(Path(sys.executable).parent / "stem-check"), *arguments],
            env={**os.environ, "STEM_CHECK_HOME": str(self.home / "data"), "STEM_CHECK_LANG": "en"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def run(self, *arguments: str, seconds: float = 120) -> tuple[int, str, str]:
        """The program, to its end: exit code and what it said."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=seconds)
        self.note(out)
        return process.returncode, out, err

    def check(self, kit: str, serial: str, *more: str) -> tuple[str, ...]:
        """The arguments that check one Bee-Bot."""
        where = ("--port", f"bee-bot:{serial}", "--answers", str(self.home / "answers.json"))
        return ("check", kit, *where, "--json", *more)

    def note(self, out: str) -> None:
        """Remember the reports that the technician was told of, also by a program that was killed right after."""
        with contextlib.suppress(ValueError):  # killed within it, or before
            document = json.loads(out) if out.startswith("{") else {}
            self.told |= {d["report_id"] for d in document.get("devices", []) if d.get("report_id")}

    def bundles(self) -> BundleStore:
        """The known firmware that it took."""
        data = self.home / "data"
        pinned = json.loads((data / "agent.json").read_text(encoding="utf-8"))["service_key"]
        return BundleStore(data, bytes.fromhex(pinned))

    def kept(self) -> list[tuple[int, str, str]]:
        """Sequence, id and state of each report in the outbox."""
        with sqlite3.connect(self.home / "data" / "outbox.sqlite3") as connection:
            found = connection.execute("SELECT sequence, report_id, state FROM report ORDER BY sequence").fetchall()
        return [(int(sequence), str(report), str(state)) for sequence, report, state in found]


def run(scale: Scale) -> Section:
    """The show."""
    kills = by_scale(scale, 4, 20, 200)
    rng = random.Random(31)
    section = Section(
        "A report cannot get lost",
        "stem-check is killed at random while it checks, while it sends and while it takes known firmware: every "
        "report that was kept or told reaches the service, once, in an unbroken chain; what it judges by is whole.",
    )
    with new_host() as host:
        told = host.python("-m", "tests.proof.laptop_stock")
        assert told.returncode == 0, told.stderr[-2000:]
        world = json.loads(told.stdout)
        host.serve(STEM_LOG_LEVEL="WARNING")
        laptop = Laptop(host.folder / "laptop")
        code, out, err = laptop.run("enrol", world["code"], "--server", host.url, "--name", "Φορητός")
        assert code == 0, out + err
        _add_firmware(host, section, 1)
        section.figures = _rounds(section, host, laptop, world, rng, kills)
        code, out, err = laptop.run("sync", "--json")
        section.expect(code == 0, f"the last sync ended with {code}: {out}{err}"[:400])
        _compare(host, section, laptop)
        done = host.stem("checks", "verify")
        section.expect(done.returncode == 0, f"`stem checks verify`: {done.stdout}{done.stderr}"[:300])
    section.ran = (
        "`stem-check check` of one or two devices (with and without sending at once) or `stem-check sync`, each as its "
        f"own process, against `stem serve`, until {kills} of them were killed: SIGKILL at a moment drawn from the "
        "whole length of such a run. Now and then the service has newer known firmware to take. Then one sync."
    )
    return section


def _add_firmware(host: Host, section: Section, number: int) -> None:
    """Let the service have newer known firmware; big enough that taking it is a while."""
    path = host.folder / "microbit.toml"
    head = f'schema = "stem-baseline/1"\nkind = "microbit"\nedition = {number}\n[sources.show]\ntitle = "{number}"\n'
    path.write_text(head + f'detail = "{"x" * 50_000}"\n')
    done = host.stem("checks", "baseline", "add", str(path))
    section.expect(done.returncode == 0, f"baseline add: {done.stdout}{done.stderr}"[:300])


def _rounds(
    section: Section, host: Host, laptop: Laptop, world: dict[str, Any], rng: random.Random, kills: int
) -> dict[str, object]:
    started = time.monotonic()
    code, out, err = laptop.run(*laptop.check(world["kit"], world["serials"][0]))
    length = time.monotonic() - started
    # 2: one of the kit's devices was checked, the others not yet
    section.expect(code == 2 and len(laptop.told) == 1, f"the first check ended with {code}: {out}{err}"[:400])
    killed = ended = told_late = 0
    firmware = 1
    while killed < kills and ended < 3 * kills + 10:
        if (killed + ended) % 25 == 24:
            firmware += 1
            _add_firmware(host, section, firmware)
        process = laptop.start(*_command(laptop, world, rng))
        # the beginning is Python's own; what matters is what follows
        deadline = rng.uniform(0.3, 1.1) * length
        try:
            out, _ = process.communicate(timeout=deadline)
            ended += 1
        except subprocess.TimeoutExpired:
            process.kill()
            out, _ = process.communicate()
            killed += 1
            told_late += bool(out)
        laptop.note(out)
        numbers = [sequence for sequence, _, _ in laptop.kept()]
        section.expect(
            numbers == list(range(1, len(numbers) + 1)), f"after {killed + ended} runs the outbox holds {numbers}"
        )
        faults = laptop.bundles().in_force().faults
        section.expect(not faults, f"after {killed + ended} runs a bundle is spoilt: {faults}")
    section.expect(killed == kills, f"only {killed} were killed")
    return {
        "killed with SIGKILL": killed,
        "of these after they had printed something": told_late,
        "ended before": ended,
        "a whole check takes": f"{length:.1f} s",
        "bundles of known firmware offered": firmware,
    }


def _command(laptop: Laptop, world: dict[str, Any], rng: random.Random) -> tuple[str, ...]:
    one, two = rng.sample(world["serials"], 2)
    return rng.choice(
        (
            laptop.check(world["kit"], one, "--no-sync"),
            laptop.check(world["kit"], one),
            laptop.check(world["kit"], one, "--port", f"bee-bot:{two}"),
            ("sync", "--json"),
        )
    )


def _compare(host: Host, section: Section, laptop: Laptop) -> None:
    async def stored() -> list[tuple[int, str, str]]:
        connection = await asyncpg.connect(host.database())
        try:
            rows = await connection.fetch("SELECT sequence, report_id::text AS id, chain FROM check_report ORDER BY 1")
            return [(row["sequence"], row["id"], row["chain"]) for row in rows]
        finally:
            await connection.close()

    there, kept = asyncio.run(stored()), laptop.kept()
    section.expect(all(state == "sent" for _, _, state in kept), f"not all were sent: {kept}"[:300])
    section.expect(
        [(number, report) for number, report, _ in there] == [(number, report) for number, report, _ in kept],
        f"the service has {len(there)} reports, the outbox {len(kept)}, or in another order",
    )
    section.figures |= {
        "reports in the outbox": len(kept),
        "reports at the service": len(there),
        "reports that the technician was told of": len(laptop.told),
        "links of the chain": ", ".join(sorted({chain for _, _, chain in there})),
    }
    in_force = laptop.bundles().in_force()
    version = in_force.bundle.version if in_force.bundle is not None else 0
    section.figures |= {"bundle in force on the laptop": version}
    section.expect(
        version == section.figures.get("bundles of known firmware offered", version) and not in_force.faults,
        f"the laptop judges by bundle {version}: {in_force.faults}",
    )
    faults = [(number, chain) for number, _, chain in there if chain != "whole"]
    section.expect(not faults, f"the chain has {faults}")
    missing = laptop.told - {report for _, report, _ in there}
    section.expect(not missing, f"told and not there: {missing}")

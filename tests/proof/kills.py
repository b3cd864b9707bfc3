"""Kill runs: schools confirm and staff import while the server, the worker and PostgreSQL are killed at random."""

import json
import random
import time
from typing import Any

from tests.proof.host import Host, new_host
from tests.proof.kill_clients import Crowd
from tests.proof.kill_state import check_state, ended_imports
from tests.proof.section import Scale, Section, by_scale

VICTIMS = ("server", "postgres", "worker", "server", "postgres and server")
LEASE_SECONDS = 60  # after which a dead worker's job is taken again (stem_logistics/jobs.py)


def run(scale: Scale) -> Section:
    """The show."""
    rounds = by_scale(scale, 2, 5, 22)
    rng = random.Random(20261121)
    section = Section(
        "Killed at any moment",
        "A receipt that a school was told is confirmed is there, once; the ledger and the audit chain hold; an import "
        "is whole or not there. Whatever is killed, and whenever.",
    )
    with new_host() as host:
        parcels = by_scale(scale, 12, 200, 1200)
        told = host.python("-m", "tests.proof.stocking", str(parcels), seconds=1800)
        assert told.returncode == 0, told.stderr
        world = json.loads(told.stdout)
        crowd = Crowd(host.url, world, schools=by_scale(scale, 300, 1000, 2000), clients=by_scale(scale, 6, 64, 64))
        server, worker = host.serve(STEM_WORKER="false"), host.start("worker")
        killed: dict[str, int] = {}
        for number in range(rounds):
            victim = VICTIMS[number % len(VICTIMS)]
            with crowd.busy():
                time.sleep(rng.uniform(0.3, by_scale(scale, 0.8, 2.0, 3.0)))
                _kill(host, victim, server, worker)
                time.sleep(rng.uniform(0.0, 0.3))
            killed[victim] = killed.get(victim, 0) + 1
            # Whatever starts first brings PostgreSQL back; a server or worker that lived must find it again.
            check_state(host, crowd, section, f"round {number + 1}, {victim} killed")
            if server.poll() is not None:
                server = host.serve(STEM_WORKER="false")
            if worker.poll() is not None:
                worker = host.start("worker")
            host.await_ready(server)
        _finish(host, crowd, section, scale)
        for process, name in ((server, "server"), (worker, "worker")):
            section.expect(host.end(process), f"the {name} did not end on SIGTERM")
        section.ran = (
            f"`stem serve` and `stem worker` on an embedded database, {rounds} rounds; in each, {crowd.clients} "
            "clients at once confirm what left the same store (every third in two parts, every fourth by two people "
            f"at the same moment) and one person imports {crowd.schools:,} schools anew, until SIGKILL hits the "
            "named process at a random moment. After each: `stem ledger verify`, `stem audit verify`, the database "
            "read. At the end every form that got no answer is sent again."
        )
        section.figures |= {"killed with SIGKILL": killed, **crowd.figures()}
    return section


def _kill(host: Host, victim: str, server: Any, worker: Any) -> None:
    if "postgres" in victim:
        host.kill_postgres()
    if "server" in victim:
        host.kill(server)
    if victim == "worker":
        host.kill(worker)


def _finish(host: Host, crowd: Crowd, section: Section, scale: Scale) -> None:
    """Send again what got no answer, let the worker come to its end, and look once more."""
    crowd.send_again()
    until = time.monotonic() + LEASE_SECONDS + 40
    # A tiny run does not wait for the lease of a job whose worker was killed.
    while scale != "tiny" and time.monotonic() < until and not ended_imports(host, crowd):
        time.sleep(1)
    check_state(host, crowd, section, "at the end", final=scale != "tiny")

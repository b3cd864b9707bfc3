"""A wave of the country's size, from PostgreSQL and back: 14,000 applications with their evidence scored, allocated,
verified and explained, a reason for each kit that a school asked for.

The product's own two services do it, as its jobs call them. What it is held against only carries the data: the same
rows read by the same statements, and the same scores, reasons and files written, by COPY, into the same tables, emptied
before each. By turns, the best of some rounds. Time is the processor's, that of this process and of the database's that
serves it together: what other programs take of the machine is left out. STEM_BENCH_SCHOOLS makes it smaller.
"""

import asyncio
import io
import logging
import os
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.row import Row
from stem_logistics import files, runtime
from stem_logistics.allocation import service as allocation
from stem_logistics.db import embedded
from stem_logistics.db.engine import connection, execute, fetch, fetch_value, pool, unit_of_work
from stem_logistics.demo import catalogue, facts
from stem_logistics.demo.applications import Applicant, write_applications
from stem_logistics.demo.waves import rules_of_stem_6
from stem_logistics.nouns import load
from stem_logistics.registry import generator
from stem_logistics.registry import import_service as registry
from stem_logistics.waves import application_queries, calls, importing, queries, scores
from stem_logistics.waves import service as waves
from tests.support import OPERATOR, acting_as, create_database, migrate_database, settings_for

SCHOOLS, ROUNDS, MARK = 14_000, 5, 3.0
STEM_6 = 420  # the applicants for whose number the rules of the demo's wave are made
SLUG, FILE = "stem-bench", "application/json"
KITS = ("printer-3d", "microbit-kit", "arduino-kit", "bee-bot-kit")
# what a run leaves behind, without the columns that the database fills in itself
WRITTEN = {
    "application_score": ("application_id", "admitted", "exclusions", "total", "parts"),
    "allocation_row": (
        "position", "institution_id", "kit_slug", "code", "line", "units", "score", "ticket", "cutoff", "needed",
    ),
}  # fmt: skip


async def fill(schools: int) -> int:
    """A registry, and a wave for which every school of it has applied; returns the wave's id."""
    sheet = io.StringIO()
    generator.write_registry(sheet, schools, facts.REGISTRY_SEED)
    outcome = await registry.import_file("schools.csv", sheet.getvalue().encode("utf-8-sig"), dry_run=False)
    if outcome.faults:
        sys.exit(f"the registry that was made does not hold: {outcome.faults[:3]}")
    await catalogue.make_definitions()
    await waves.create_wave(SLUG, "Δράση", "STEM", 2026, 2027)
    await waves.save_rules(SLUG, rules_of_stem_6(max(1, schools // STEM_6)))
    now = datetime.now(UTC)
    await calls.open_call(
        SLUG,
        opens_at=now - timedelta(minutes=1),
        deadline_at=now + timedelta(hours=1),
        draw_description="the numbers of a draw",
        draw_on=(now + timedelta(days=1)).date(),
    )
    wave = await waves.get_wave(SLUG)
    chance = random.Random(6)
    rows = await fetch("SELECT code, level FROM institution WHERE kind = 'school' ORDER BY code")
    levels = {kit: set(levels) for kit, _, _, levels, _ in catalogue.DEFINITIONS}
    fitting = [(row["code"], [kit for kit in KITS if row["level"] in levels[kit]]) for row in rows]
    asked = [Applicant(code, tuple(chance.sample(kits, len(kits)))) for code, kits in fitting if kits]
    sheet_of = write_applications(asked, year=2026, seed=6, first_number=1)
    await importing.import_content(wave.id, sheet_of, importing.no_report)
    await execute("UPDATE wave SET draw_on = $2 WHERE id = $1", wave.id, date(2026, 1, 1))
    await calls.change_deadline(SLUG, None, "the call ends")
    await calls.reveal_seed(SLUG, "3 14 15 92 65 35")
    await execute("ANALYZE")
    return wave.id


async def whole_run() -> allocation.Run:
    """Scored, allocated, verified, explained: what the product does once a call has ended."""
    await scores.score_applications(SLUG)
    return await allocation.allocate(SLUG)


class Carrier:
    """Reads what a run reads, writes what it wrote, and thinks nothing about it."""

    def __init__(self, wave_id: int, run: allocation.Run) -> None:
        self._wave_id, self._run = wave_id, run
        self._files: list[bytes] = []
        self._rows: dict[str, list[tuple[Any, ...]]] = {}

    async def load(self) -> None:
        """Take the rows that the run wrote into memory."""
        self._files = [await allocation.file_of(self._run, which) for which in ("input", "outcome")]
        of = {"application_score": ("score_run_id", self._run.score_run_id), "allocation_row": ("run_id", self._run.id)}
        for table, (key, value) in of.items():
            found = await fetch(f"SELECT {', '.join(WRITTEN[table])} FROM {table} WHERE {key} = $1 ORDER BY id", value)
            self._rows[table] = [tuple(row.values()) for row in found]

    @property
    def reasons(self) -> int:
        """How many reasons there are."""
        return len(self._rows["allocation_row"])

    async def carry(self) -> None:
        """The same data read, and written back."""
        async with unit_of_work():
            await application_queries.facts(self._wave_id)
            await queries.received_years(self._wave_id)
            await queries.teachers()
            await queries.evidence()
            rules = await waves.require_rules(self._wave_id)
            score_run = await queries.add_score_run(self._wave_id, rules.id, None)
            await self._copy("application_score", "score_run_id", score_run)
            digests = [await files.store(content, FILE) for content in self._files]
            run = await fetch_value(
                """INSERT INTO allocation_run (wave_id, score_run_id, seed, input_file, outcome_file)
                   VALUES ($1, $2, $3, $4, $5) RETURNING id""",
                self._wave_id,
                score_run,
                self._run.seed,
                *digests,
            )
            await self._copy("allocation_row", "run_id", run)

    async def _copy(self, table: str, key: str, value: int) -> None:
        async with connection() as conn:
            records = ((value, *row) for row in self._rows[table])
            await conn.copy_records_to_table(table, records=records, columns=[key, *WRITTEN[table]])


async def forget(wave_id: int) -> None:
    """Undo what a round wrote, so that the next one writes it anew, its files too."""
    runs = "SELECT id FROM allocation_run WHERE wave_id = $1"
    named = await fetch("SELECT input_file, outcome_file FROM allocation_run WHERE wave_id = $1", wave_id)
    await execute(f"DELETE FROM allocation_row WHERE run_id IN ({runs})", wave_id)
    await execute("DELETE FROM allocation_run WHERE wave_id = $1", wave_id)
    scored = "SELECT id FROM score_run WHERE wave_id = $1"
    await execute(f"DELETE FROM application_score WHERE score_run_id IN ({scored})", wave_id)
    await execute("DELETE FROM score_run WHERE wave_id = $1", wave_id)
    digests = [digest for row in named for digest in row.values()]
    await execute("DELETE FROM stored_file WHERE digest = ANY($1::bytea[])", digests)


async def worked() -> float:
    """The seconds that this process and those of the database that serve it have worked so far."""
    serving = await fetch(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
    )
    return time.process_time() + sum(_worked_by(row["pid"]) for row in serving)


def _worked_by(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def seconds(wave_id: int, work: Callable[[], Awaitable[object]]) -> float:
    """What some work takes, on tables without what the round before it wrote."""
    await forget(wave_id)
    begun = await worked()
    await work()
    return await worked() - begun


async def _run(folder: Path, schools: int) -> list[Row]:
    logging.getLogger("stem_logistics").setLevel(logging.WARNING)
    server = embedded.start(folder)
    url = await create_database(server, "wave")
    await migrate_database(url, folder)
    runtime.start(settings_for(url, folder))
    load("jobs")
    async with pool(url, max_size=1):
        with acting_as(OPERATOR):
            wave_id = await fill(schools)
            carrier = Carrier(wave_id, await whole_run())
            await carrier.load()
            counts = [len(await application_queries.facts(wave_id)), len(await queries.evidence())]
            whole, carried = [], []
            for _ in range(ROUNDS):
                whole.append(await seconds(wave_id, whole_run))
                carried.append(await seconds(wave_id, carrier.carry))
    print(f"wave: {[f'{w:.2f}/{c:.2f}' for w, c in zip(whole, carried, strict=True)]} s", file=sys.stderr, flush=True)
    return [
        Row(
            f"{counts[0]:,} applications, {counts[1]:,} pieces of evidence: scored, allocated, verified,"
            f" {carrier.reasons:,} reasons, from PostgreSQL and back",
            f"{min(whole):.2f} s",
            min(whole) / min(carried),
            f"only read and written: {min(carried):.2f} s",
            MARK,
        )
    ]


def run() -> list[Row]:
    """The row."""
    schools = int(os.environ.get("STEM_BENCH_SCHOOLS", SCHOOLS))
    # A short path: a Unix socket's name is limited to about a hundred characters.
    with tempfile.TemporaryDirectory(prefix="stem-") as folder:
        return asyncio.run(_run(Path(folder), schools))

"""Allocation of a wave: the core run on the very file that is published, verified, published, told to the schools."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from stem_logistics import audit, files, jobs
from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.allocation import queries
from stem_logistics.allocation import verify as verify_module
from stem_logistics.allocation.errors import UnusableInput
from stem_logistics.allocation.inputs import build_input
from stem_logistics.allocation.model import AllocationInput, Cutoff, Outcome, Pair, score_text
from stem_logistics.allocation.parsing import parse_input
from stem_logistics.allocation.reasons import outcome_bytes, reasons
from stem_logistics.allocation.rules import solve
from stem_logistics.allocation.verify import Wave as PublishedInput
from stem_logistics.allocation.verify import Wrong, verify
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, NotFound
from stem_logistics.much import no_search_for_circles
from stem_logistics.waves import scores
from stem_logistics.waves.service import Wave, account_id, get_wave, lock_wave, require_rules, set_wave_state

ALLOCATE_JOB = "allocation-run"
NOTIFY_JOB = "allocation-notify"
JSON_FILE = "application/json"


@dataclass(frozen=True)
class Run:
    """One run of the allocation, with the digests of its two files (as published, SHA-256 in hexadecimal)."""

    id: int
    wave_id: int
    score_run_id: int
    seed: str
    input_sha256: str
    outcome_sha256: str
    created_at: datetime
    published_at: datetime | None
    previous_id: int | None = None
    step: str = "run"
    final_sha256: str | None = None


def run_of_row(row: Mapping[str, Any]) -> Run:
    """A run from its row."""
    return Run(
        row["id"],
        row["wave_id"],
        row["score_run_id"],
        row["seed"],
        row["input_file"].hex(),
        row["outcome_file"].hex(),
        row["created_at"],
        row["published_at"],
        row["previous_id"],
        row["step"],
        row["final_file"].hex() if row["final_file"] is not None else None,
    )


async def start_allocation(slug: str) -> int:
    """Put the allocation of a wave into the queue, once it can be made; returns the job's id."""
    wave = await get_wave(slug)
    await require_ready(wave)
    return await jobs.enqueue(ALLOCATE_JOB, {"wave_id": wave.id})


async def require_ready(wave: Wave) -> dict[str, Any]:
    """The run of scoring that an allocation of this wave stands on. Raises Conflict where it is too early or late."""
    if wave.is_out:
        raise Conflict("wave-already-published")
    if wave.phase in ("draft", "upcoming", "open"):
        raise Conflict("allocation-before-deadline")
    if wave.seed is None:
        raise Conflict("allocation-without-seed")
    return await scores.require_current_run(wave)


async def allocate(slug: str) -> Run:
    """Allocate a wave's kits: write the input file, run the core on it, verify, keep both files and every reason.

    Raises:
        Conflict: too early, no seed, scores missing or out of date, results out already.
    """
    async with unit_of_work():
        wave = await lock_wave(slug)
        score_run = await require_ready(wave)
        assert wave.seed is not None
        stored = await require_rules(wave.id)
        scored = await scores.facts_of_run(score_run["id"])
        with no_search_for_circles():
            input_file = build_input(wave.seed, stored.rules, scored)
            try:
                data = parse_input(input_file)
            except UnusableInput as error:
                raise Conflict("allocation-input-unusable", fault=str(error)) from error
            outcome = solve(data)
            outcome_file = outcome_bytes(data, outcome)
            require_verified(input_file, outcome_file)
        run_id = await queries.add_run(
            wave.id,
            score_run["id"],
            wave.seed,
            await files.store(input_file, JSON_FILE),
            await files.store(outcome_file, JSON_FILE),
            account_id(),
        )
        institutions = {score.code: score.institution_id for score in scored}
        await queries.add_rows(rows_of(run_id, data, outcome, institutions))
        await set_wave_state(wave.id, "allocated")
        run = await require_run(run_id)
        await audit.record(
            "kits-allocated",
            "wave",
            wave.id,
            run=run_id,
            input_sha256=run.input_sha256,
            outcome_sha256=run.outcome_sha256,
        )
    return run


def require_verified(input_file: bytes, outcome_file: bytes) -> None:
    """Hold the outcome against the input with the independent verifier.

    Raises:
        Conflict: the verifier refuses; nothing may be published then.
    """
    try:
        verify(PublishedInput(input_file), io.BytesIO(outcome_file))
    except Wrong as error:
        raise Conflict("allocation-not-verified", fault=str(error)) from error


def rows_of(run_id: int, data: AllocationInput, outcome: Outcome, institutions: Mapping[str, int]) -> list[Any]:
    """A run's reasons as rows of the database."""
    rows: list[Any] = []
    for position, reason in enumerate(reasons(data, outcome)):
        award = outcome.allocation.get(reason.id)
        received = award is not None and reason.code.startswith("ALLOCATED")
        rows.append(
            (
                run_id,
                position,
                institutions[reason.id],
                reason.kit,
                str(reason.code),
                award.line if award is not None and received else None,
                award.units if award is not None and received else 0,
                Decimal(score_text(reason.score)),
                reason.ticket,
                _pair_text(reason.cutoff),
                _pair_text(reason.needed),
            )
        )
    return rows


@lru_cache(maxsize=4096)  # many rows have their cut-offs in common
def _pair_text(cutoff: Cutoff) -> str | None:
    if isinstance(cutoff, Pair):
        return json.dumps({"score": score_text(cutoff.score), "ticket": cutoff.ticket})
    return None if cutoff is None else json.dumps(cutoff)


async def require_run(run_id: int) -> Run:
    """One run. Raises NotFound."""
    row = await queries.run_by_id(run_id)
    if row is None:
        raise NotFound("allocation-run-not-found")
    return run_of_row(row)


async def latest_run(wave: Wave) -> Run | None:
    """The run that shows: the published one (or what followed from it), else the newest; None where there is none."""
    row = await queries.head_run(wave.id) or await queries.latest_run(wave.id)
    return None if row is None else run_of_row(row)


async def shown_run(wave: Wave, principal: Principal) -> Run | None:
    """The run that this person may see: one that is not out holds every school's points, so it is for those only who
    read the whole country's waves."""
    if not principal.scope(Permission.WAVES_READ).country:
        row = await queries.published_run(wave.id) if wave.is_out else None
        return None if row is None else run_of_row(row)
    return await latest_run(wave)


async def head_run(wave: Wave) -> Run:
    """The newest run of those that follow from what was published first. Raises NotFound where nothing is out."""
    row = await queries.head_run(wave.id)
    if row is None:
        raise NotFound("results-not-published")
    return run_of_row(row)


async def published_run(wave: Wave) -> Run:
    """The run whose outcome is out. Raises NotFound where none is."""
    row = await queries.published_run(wave.id)
    if row is None:
        raise NotFound("results-not-published")
    return run_of_row(row)


async def file_of(run: Run, which: str) -> bytes:
    """A run's input or outcome, byte for byte as it was made."""
    digest = {"input": run.input_sha256, "outcome": run.outcome_sha256, "final": run.final_sha256}[which]
    if digest is None:
        raise NotFound("file-not-found", digest="")
    return (await files.load(bytes.fromhex(digest))).content


async def publish(slug: str, run_id: int) -> Run:
    """Publish a run: verified once more from the stored files, frozen, awards written, every school told.

    Raises:
        Conflict: not the newest run, scores changed since, refused by the verifier, or out already.
    """
    async with unit_of_work():
        wave = await lock_wave(slug)
        score_run = await require_ready(wave)
        run = await latest_run(wave)
        if run is None or run.id != run_id or run.score_run_id != score_run["id"] or run.seed != wave.seed:
            raise Conflict("allocation-run-superseded")
        require_verified(await file_of(run, "input"), await file_of(run, "outcome"))
        await queries.mark_published(run.id, account_id())
        awards = await queries.add_awards_of_run(run.id, wave.id)
        await set_wave_state(wave.id, "published")
        await jobs.enqueue(NOTIFY_JOB, {"wave_id": wave.id, "run_id": run.id}, idempotency_key=f"notify-{run.id}")
        await audit.record(
            "results-published",
            "wave",
            wave.id,
            run=run.id,
            awards=awards,
            input_sha256=run.input_sha256,
            outcome_sha256=run.outcome_sha256,
        )
    return await require_run(run_id)


VERIFIERS = ("verify.py", "verify_final.py")


def verifier_source(name: str = "verify.py") -> bytes:
    """An independent verifier, a file that runs alone: what an auditor downloads beside the published files."""
    return (Path(verify_module.__file__).parent / name).read_bytes()


@dataclass(frozen=True)
class Award:
    """What an institution was given: the deliveries make consignments of these."""

    id: int
    institution_id: int
    code: str
    name: str
    kind: str
    level: str
    email: str
    kit_slug: str
    line: str
    units: int
    source: str
    region: str
    region_el: str
    region_en: str


async def awards_of_wave(wave_id: int) -> list[Award]:
    """Who got what in a wave, historic ones too."""
    return [Award(**row) for row in await queries.awards(wave_id)]


async def awards_of_institution(institution_id: int) -> list[dict[str, Any]]:
    """What an institution was given in any wave whose results are out, the newest first."""
    return await queries.awards_of_institution(institution_id)


async def record_historic_awards(wave_slug: str, awards: list[tuple[int, str, int, str]]) -> int:
    """Awards of a historic wave: institution, kit's slug, units, note; returns how many.

    Raises:
        Conflict: the wave is not a historic one, or somebody has this kit from this wave already.
    """
    async with unit_of_work():
        wave = await lock_wave(wave_slug)
        if wave.state != "historic":
            raise Conflict("wave-not-historic")
        rows = [(wave.id, institution, kit, units, note) for institution, kit, units, note in awards]
        await queries.add_historic_awards(rows)
        await audit.record("historic-awards-recorded", "wave", wave.id, awards=len(rows))
    return len(awards)


async def record_direct_awards(wave_id: int, awards: list[tuple[int, str, int, str]]) -> None:
    """Awards of a fixed list, inside the unit of work of whoever publishes it: institution, kit's slug, units, note."""
    await queries.add_direct_awards([(wave_id, *award) for award in awards])


async def correct_direct_award(
    wave_id: int, was: tuple[int, str] | None, now: tuple[int, str, int, str] | None
) -> None:
    """Put an award of a fixed list right, inside the unit of work of whoever corrects the list.

    Args:
        was: institution and kit of the award that stands no more.
        now: institution, kit's slug, units, note of the one that stands.

    Raises:
        Conflict: more of its kits were sent already, or are in a parcel.
    """
    if was is not None and now is not None and was == now[:2]:
        await queries.change_direct_award(wave_id, *now)
        return
    if was is not None:
        await queries.remove_direct_award(wave_id, *was)
    if now is not None:
        await queries.add_direct_awards([(wave_id, *now)])

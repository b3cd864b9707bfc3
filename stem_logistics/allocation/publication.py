"""Results in three steps: provisional, appeals, final. Each is verified before it is out, and told to every school."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from stem_logistics import audit, jobs
from stem_logistics.allocation import queries
from stem_logistics.allocation.service import (
    NOTIFY_JOB,
    Run,
    file_of,
    head_run,
    latest_run,
    require_ready,
    require_run,
    require_verified,
)
from stem_logistics.allocation.standing import files_of, keep_final_file, standing_of
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, Invalid
from stem_logistics.waves.service import (
    Wave,
    account_id,
    lock_wave,
    require_rules,
    set_wave_provisional,
    set_wave_state,
)
from stem_logistics.web.formats import format_datetime
from stem_logistics.working_days import window_end

WORKING_DAYS = 5
MOST_WORKING_DAYS = 60


async def publish_provisional(
    slug: str, run_id: int, *, working_days: int = WORKING_DAYS, protocol: str = "", ada: str = ""
) -> Run:
    """Publish a run as provisional results: everybody sees them, schools may appeal, nobody receives anything yet.

    Args:
        slug: the wave.
        run_id: the run that was looked at.
        working_days: how long appeals are taken, from the next working day on, to the end of the last.
        protocol: the decision's protocol number.
        ada: its ΑΔΑ.

    Raises:
        Conflict: not the newest run, scores changed since, refused by the verifier, or out already.
        Invalid: a window that is none, or shorter than the call promised.
    """
    if not 1 <= working_days <= MOST_WORKING_DAYS:
        raise Invalid("window-days")
    async with unit_of_work():
        wave = await lock_wave(slug)
        promised = (await require_rules(wave.id)).rules.appeal_days
        if working_days < promised:
            raise Invalid("window-shorter-than-call", promised=promised)
        run = await require_newest(wave, run_id)
        await asyncio.to_thread(require_verified, await file_of(run, "input"), await file_of(run, "outcome"))
        await queries.mark_published(run.id, account_id())
        until = window_end(wave.now, working_days)
        await set_wave_provisional(wave.id, until, protocol.strip(), ada.strip())
        await jobs.enqueue(NOTIFY_JOB, {"wave_id": wave.id, "run_id": run.id}, idempotency_key=f"notify-{run.id}")
        await audit.record(
            "provisional-results-published",
            "wave",
            wave.id,
            run=run.id,
            appeals_until=until.isoformat(),
            input_sha256=run.input_sha256,
            outcome_sha256=run.outcome_sha256,
        )
    return await require_run(run_id)


async def require_newest(wave: Wave, run_id: int) -> Run:
    """The run that was looked at, if nothing newer decides. Raises Conflict."""
    score_run = await require_ready(wave)
    run = await latest_run(wave)
    if run is None or run.id != run_id or run.score_run_id != score_run["id"] or run.seed != wave.seed:
        raise Conflict("allocation-run-superseded")
    return run


async def publish_final(slug: str, appeals: Sequence[Mapping[str, Any]], undecided: int) -> Run:
    """Publish the final results: the chain verified once more, awards written, every school told.

    Args:
        slug: the wave.
        appeals: every decided appeal as it is published.
        undecided: how many are not decided yet.

    Raises:
        Conflict: no provisional results, the window is open, appeals wait, or a verifier refuses.
    """
    async with unit_of_work():
        wave = await lock_wave(slug)
        if wave.phase == "provisional":
            raise Conflict("appeals-window-open", until=format_datetime(wave.appeals_last))
        if wave.phase != "appeals":
            raise Conflict("results-not-published" if not wave.is_out else "wave-already-published")
        if undecided:
            raise Conflict("appeals-undecided", count=undecided)
        run = await head_run(wave)
        chain = await files_of(run)
        for input_file, outcome_file in chain:
            await asyncio.to_thread(require_verified, input_file, outcome_file)
        digest = await keep_final_file(run.id, await standing_of(wave, run), chain, appeals)
        await queries.mark_published(run.id, account_id())
        awards = await queries.add_awards_of_run(run.id, wave.id)
        await set_wave_state(wave.id, "published")
        await jobs.enqueue(
            NOTIFY_JOB, {"wave_id": wave.id, "run_id": run.id, "final": True}, idempotency_key=f"notify-final-{run.id}"
        )
        await audit.record(
            "results-published", "wave", wave.id, run=run.id, awards=awards, final_sha256=digest,
            input_sha256=run.input_sha256, outcome_sha256=run.outcome_sha256,
        )  # fmt: skip
    return await require_run(run.id)

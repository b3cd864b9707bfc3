"""Runs that follow from what was published: the standing after appeals and kits given back, kept and chained.

The rule and the verifiers take a second or two for a country of schools: they run in a thread, and others are served.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Any

from stem_logistics import audit, files, jobs
from stem_logistics.allocation import queries
from stem_logistics.allocation.changes import Change, Holding, Standing, left_by, with_withdrawal
from stem_logistics.allocation.errors import UnusableInput
from stem_logistics.allocation.final_file import change_of, final_bytes
from stem_logistics.allocation.model import score_text, ticket
from stem_logistics.allocation.parsing import canonical_input, parse_input
from stem_logistics.allocation.reasons import outcome_bytes
from stem_logistics.allocation.rules import solve
from stem_logistics.allocation.service import (
    JSON_FILE,
    NOTIFY_JOB,
    Run,
    file_of,
    head_run,
    require_run,
    require_verified,
    rows_of,
    run_of_row,
)
from stem_logistics.allocation.verify import Wrong
from stem_logistics.allocation.verify_final import verify_final
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, Invalid
from stem_logistics.waves.service import Wave, account_id, lock_wave, require_rules

# Steps that bring two new files; the others change only who holds what.
WITH_FILES = ("run", "rerun")


async def standing_of(wave: Wave, run: Run) -> Standing:
    """The run with all changes made since the first publication, as the rule sees them."""
    stored = await require_rules(wave.id)
    data = await asyncio.to_thread(parse_input, await file_of(run, "input"))
    held_back = {kit.slug: kit.held_back for kit in stored.rules.kits}
    changes: tuple[Change, ...] = ()
    if run.final_sha256 is not None:
        changes = tuple(change_of(row) for row in json.loads(await file_of(run, "final"))["changes"])
    return Standing(data, await asyncio.to_thread(solve, data), held_back, changes)


async def waiting_for(kit: str) -> list[dict[str, Any]]:
    """The schools that wait for a kit, in the order of the published results, those of the newest wave first: who they
    are, their points, and the titles of the wave. Who gave a kit back or withdrew waits for none."""
    found = []
    for row in await queries.runs_that_gave(kit):
        run = run_of_row(row)
        changes = [] if run.final_sha256 is None else json.loads(await file_of(run, "final"))["changes"]
        gone = left_by(change_of(each) for each in changes)
        titles = {"title_el": row["title_el"], "title_en": row["title_en"]}
        found += [
            {**school, **titles} for school in await queries.waiting_of_kit(run.id, kit) if school["code"] not in gone
        ]
    return found


async def chain_of(run: Run) -> list[Run]:
    """The runs from the first that was published to this one."""
    chain = [run]
    while chain[0].previous_id is not None:
        chain.insert(0, await require_run(chain[0].previous_id))
    return chain


async def runs_of(run: Run) -> list[Run]:
    """Every run of the rule up to this one, the first that was published first: those that brought two files."""
    return [each for each in await chain_of(run) if each.step in WITH_FILES]


async def files_of(run: Run) -> list[tuple[bytes, bytes]]:
    """The input and the outcome of every run of the rule up to this one, the first first."""
    return [(await file_of(each, "input"), await file_of(each, "outcome")) for each in await runs_of(run)]


async def follow(run: Run, after: Standing, step: str, why: str) -> Run:
    """Keep a run that follows from another, with its final file, verified; inside the caller's unit of work.

    Raises:
        Conflict: a verifier refuses, or another change came first.
    """
    input_file, outcome_file = await file_of(run, "input"), await file_of(run, "outcome")
    chain = await files_of(run)
    if step == "rerun":
        input_file = canonical_input(after.data.wave, after.data.applicants)
        try:
            outcome_file = await asyncio.to_thread(_solved, input_file)
        except UnusableInput as error:
            raise Conflict("allocation-input-unusable", fault=str(error)) from error
        await asyncio.to_thread(require_verified, input_file, outcome_file)
        chain.append((input_file, outcome_file))
    run_id = await queries.add_following_run(
        {"wave_id": run.wave_id, "score_run_id": run.score_run_id, "seed": run.seed, "id": run.id},
        step,
        await files.store(input_file, JSON_FILE),
        await files.store(outcome_file, JSON_FILE),
        account_id(),
    )
    await keep_final_file(run_id, after, chain, known=True)
    institutions = await queries.institutions_of_scores(run.score_run_id)
    await queries.add_rows(overlaid(rows_of(run_id, after.data, after.outcome, institutions), after, institutions))
    found = await require_run(run_id)
    await audit.record(
        "run-followed", "wave", run.wave_id, why=why, run=run_id, step=step, outcome_sha256=found.outcome_sha256
    )
    return found


def _solved(input_file: bytes) -> bytes:
    data = parse_input(input_file)
    return outcome_bytes(data, solve(data))


async def keep_final_file(
    run_id: int,
    standing: Standing,
    chain: Sequence[tuple[bytes, bytes]],
    appeals: Sequence[Mapping[str, Any]] = (),
    *,
    known: bool = False,
) -> str:
    """Write a run's final file, held against the independent verifier; returns its digest.

    `known`: the runs' own files were verified when they were made, so only the changes are checked now.
    """
    content = final_bytes(standing, chain, appeals)
    try:
        await asyncio.to_thread(verify_final, content, chain, known=known)
    except Wrong as error:
        raise Conflict("allocation-not-verified", fault=str(error)) from error
    await queries.set_final_file(run_id, await files.store(content, JSON_FILE))
    return sha256(content).hexdigest()


def overlaid(rows: list[tuple[Any, ...]], standing: Standing, institutions: Mapping[str, int]) -> list[tuple[Any, ...]]:
    """A run's rows with what the changes made of them: kits given for an appeal, given back, passed to the next."""
    codes = {ident: code for code, ident in institutions.items()}
    now = standing.holdings()
    wrong = {
        name for name in now.keys() | standing.outcome.allocation.keys() if now.get(name) != _holding(standing, name)
    }
    kept, placed, applicants = [], set[str](), standing.applicants
    for row in rows:
        run_id, position, institution, kit, code, line, units, score, *rest = row
        name = codes[institution]
        if code != "SUPERSEDED" and name in applicants:
            score = Decimal(score_text(applicants[name].score))  # corrected where a kit was given for the correction
        if name in wrong and code != "SUPERSEDED":
            held = now.get(name)
            if held is not None and held.kit == kit:
                code, line, units = _code(held), held.line, held.units
                placed.add(name)
            elif units:
                code, line, units = "GAVE_BACK", None, 0
        kept.append((run_id, position, institution, kit, code, line, units, score, *rest))
    for name in sorted(wrong & now.keys() - placed):
        a, held = applicants[name], now[name]
        own = (Decimal(score_text(a.score)), ticket(standing.data.wave.seed, name), None, None)
        kept.append((rows[0][0], len(kept), institutions[name], held.kit, _code(held), held.line, held.units, *own))
    return kept


def _holding(standing: Standing, name: str) -> Holding | None:
    award = standing.outcome.allocation.get(name)
    return None if award is None else Holding(*award)


def _code(held: Holding) -> str:
    return "SUPERNUMERARY" if held.extra else "NEXT_IN_ORDER"


async def give_back(slug: str, code: str, why: str) -> Run:
    """A school or department gives its kit back, or stops waiting for one: what it held goes to the next in order.

    Raises:
        Invalid: no reason, or nobody of this code applied.
        Conflict: nothing is published yet, or the kit is under way to it (its consignment comes first).
    """
    if not why.strip():
        raise Invalid("giving-back-needs-reason")
    async with unit_of_work():
        wave = await lock_wave(slug)
        if not wave.is_out or wave.state == "historic":
            raise Conflict("results-not-published")
        run = await head_run(wave)
        before = await standing_of(wave, run)
        if code not in before.applicants or code in before.left:
            raise Invalid("applicant-unknown", code=code[:40])
        held = code in before.holdings()
        after = with_withdrawal(before, code, why.strip())
        found = await follow(run, after, "given_back" if held else "withdrawn", why.strip())
        if wave.state == "published":
            await queries.mark_published(found.id, account_id())
            moved = await carry_over(wave, found, before, after, why.strip())
            # whoever gave the kit back and whoever has it now are told by letter, nobody else
            told = {"wave_id": wave.id, "run_id": found.id, "final": True, "only": moved}
            if moved:
                await jobs.enqueue(NOTIFY_JOB, told, idempotency_key=f"notify-moved-{found.id}")
        return await require_run(found.id)


async def carry_over(wave: Wave, run: Run, before: Standing, after: Standing, why: str) -> list[str]:
    """Make the awards those of a standing that followed after the final results; returns whose changed."""
    was, now = before.holdings(), after.holdings()
    institutions = await queries.institutions_of_scores(run.score_run_id)
    changed = sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))
    await queries.remove_awards(wave.id, [institutions[name] for name in changed if name in was])
    for name in changed:
        if (held := now.get(name)) is not None:
            await queries.add_award(wave.id, institutions[name], held.kit, held.line, held.units, run.id, why)
    return changed

"""Scoring a wave's applications: the pure rule fed from the database, its parts and their evidence kept."""

import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from stem_logistics import audit, jobs
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict
from stem_logistics.much import no_search_for_circles
from stem_logistics.waves import application_queries, queries
from stem_logistics.waves.counting import Counted
from stem_logistics.waves.criterion import Evidence, Teacher
from stem_logistics.waves.scoring import ApplicationFacts, ScoredApplication, ScorePart, score_wave
from stem_logistics.waves.service import Wave, account_id, get_wave, lock_wave, require_rules
from stem_logistics.waves.wording import Message

SCORE_JOB = "wave-score"
Report = Callable[[int, int], Awaitable[None]]
_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


async def start_scoring(slug: str) -> int:
    """Put the scoring of a wave into the queue; returns the job's id."""
    wave = await get_wave(slug)
    if wave.is_out:
        raise Conflict("wave-already-published")
    await require_rules(wave.id)
    return await jobs.enqueue(SCORE_JOB, {"wave_id": wave.id})


async def _no_report(done: int, total: int) -> None:
    """Nobody watches."""


async def score_applications(slug: str, report: Report = _no_report) -> dict[str, int]:
    """Score every application of a wave; a new run, kept whole or not at all.

    Args:
        slug: the wave.
        report: told how many of how many.

    Returns:
        ``run``, ``scored``, ``admitted``.

    Raises:
        Conflict: no rules, or results that are out already.
    """
    async with unit_of_work():
        # held as for a change: whoever applies meanwhile comes wholly before this run or wholly after it
        wave = await lock_wave(slug)
        if wave.is_out:
            raise Conflict("wave-already-published")
        stored = await require_rules(wave.id)
        known = await facts_of(wave.id)
        facts, evidence = known.rows, known.evidence
        await report(0, len(facts))
        run_id = await queries.add_score_run(wave.id, stored.id, account_id())
        with no_search_for_circles():
            scores = score_wave(stored.rules, wave.deadline_day, known.applications, evidence, known.teachers)
            notes = _notes_by_school(evidence, scores.counted)
            rows = [_row(run_id, scores.applications[row["id"]], row, notes.get(row["code"], {})) for row in facts]
        for start in range(0, len(rows), 2_000):
            await queries.add_scores(rows[start : start + 2_000])
            await report(min(start + 2_000, len(rows)), len(rows))
        admitted = sum(1 for scored in scores.applications.values() if scored.admitted)
        await audit.record("applications-scored", "wave", wave.id, run=run_id, scored=len(rows), admitted=admitted)
    return {"run": run_id, "scored": len(rows), "admitted": admitted}


@dataclass(frozen=True)
class WaveFacts:
    """Everything that the points of a wave follow from, apart from its rules; `rows` as the database has them."""

    rows: list[dict[str, Any]]
    applications: list[ApplicationFacts]
    evidence: list[Evidence]
    teachers: list[Teacher]


async def facts_of(wave_id: int) -> WaveFacts:
    """What is known now of a wave's applicants."""
    with no_search_for_circles():
        rows = await application_queries.facts(wave_id)
        received = await queries.received_years(wave_id)
        people, pieces = await queries.teachers(), await queries.evidence()
        applications = [_application(row, received.get(row["institution_id"], [])) for row in rows]
        teachers = [Teacher(row["code"], row["service_school"] or "", row["last_signed_in_on"]) for row in people]
        return WaveFacts(rows, applications, [_evidence(row) for row in pieces], teachers)


def categories_of(row: dict[str, Any]) -> list[str]:
    """The priority categories of an applicant, the NSO's own flag `remote` among them."""
    return sorted({*row["categories"], *(["remote"] if row["remote"] else [])})


def _application(row: dict[str, Any], received: list[int]) -> ApplicationFacts:
    return ApplicationFacts(
        id=row["id"],
        school=row["code"],
        submission=row["submission"],
        categories=frozenset(categories_of(row)),
        declarations=json.loads(row["declarations"]),
        active=row["state"] == "active",
        received_years=tuple(received),
    )


@lru_cache(maxsize=4096)  # many pieces have theirs in common
def _details(text: str) -> tuple[int | None, bool]:
    details = json.loads(text)
    return details.get("rank"), bool(details.get("stem"))


def _evidence(row: dict[str, Any]) -> Evidence:
    rank, stem = _details(row["details"])
    reference, _, category = row["reference"].partition("#")
    return Evidence(
        id=row["id"],
        kind=row["kind"],
        school=row["school"],
        year=row["year"],
        reference=reference,
        category=category,
        rank=rank,
        stem=stem,
        teacher=row["teacher"] or "",
        service_school=row["service_school"] or "",
        awarded_on=row["awarded_on"],
        confirmed=row["confirmed"],
        rejected_why=row["rejected_why"],
    )


def _message(message: Message) -> dict[str, Any]:
    return {"text": message.text, "params": dict(message.params)}


def _notes_by_school(evidence: Sequence[Evidence], counted: Counted) -> dict[str, dict[str, Any]]:
    """What is said of the pieces that stand under each school, by the pieces' ids."""
    entered = {piece.id: piece.school for piece in evidence if piece.id in counted.notes}
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for ident, note in counted.notes.items():
        found[entered[ident]][str(ident)] = _message(note)
    return found


@lru_cache(maxsize=4096)  # most parts are those of many schools, but for the evidence
def _part_text(slug: str, points: Decimal, ceiling: Decimal, text: str, params: tuple[tuple[str, object], ...]) -> str:
    reason = {"text": text, "params": dict(params)}
    part = {"criterion": slug, "points": str(points), "ceiling": str(ceiling), "reason": reason}
    return _encode(part)[:-1]


def _part(part: ScorePart) -> str:
    """A criterion's part as JSON: there are as many as criteria times applications."""
    slug, points, ceiling, reason, evidence = part
    known = _part_text(slug, points, ceiling, reason.text, tuple(reason.params.items()))
    return f'{known},"evidence":[{",".join(map(str, evidence))}]}}'


def _row(run_id: int, scored: ScoredApplication, facts: dict[str, Any], notes: Mapping[str, Any]) -> tuple[Any, ...]:
    """A score as it is stored: with the facts of the school that it was made from, which the allocation takes over."""
    own = _encode({"level": facts["level"], "region": facts["region"], "categories": categories_of(facts)})
    criteria = ",".join([_part(part) for part in scored.parts])
    parts = f'{{"facts":{own},"criteria":[{criteria}],"notes":{_encode(notes) if notes else "{}"}}}'
    return (run_id, scored.id, scored.admitted, _encode(scored.exclusions), scored.total, parts)


@dataclass(frozen=True)
class ApplicationScore:
    """An application's points in a run, with the facts, parts and notes as they were stored."""

    application_id: int
    institution_id: int
    code: str
    kind: str
    submission: int
    preferences: list[str]
    admitted: bool
    exclusions: list[str]
    total: Decimal
    parts: dict[str, Any]


async def scores_of_run(run_id: int) -> list[ApplicationScore]:
    """Every score of a run, by school and submission."""
    return [ApplicationScore(**row) for row in await application_queries.scores(run_id)]


async def facts_of_run(run_id: int) -> list[ApplicationScore]:
    """As `scores_of_run`, but of the parts only the facts of the school: all that an allocation reads."""
    with no_search_for_circles():
        return [ApplicationScore(**row) for row in await application_queries.scores(run_id, parts="facts")]


async def scores_of_institution(run_id: int, institution_id: int) -> list[ApplicationScore]:
    """The scores of one school in a run, the submission that counts last."""
    return [ApplicationScore(**row) for row in await application_queries.scores(run_id, institution_id)]


async def score_of_application(application_id: int, run_id: int | None = None) -> dict[str, Any] | None:
    """An application's newest score (or of one run): admitted, exclusions, total, parts; None where there is none."""
    return await application_queries.score(application_id, run_id)


async def latest_run(wave_id: int) -> dict[str, Any] | None:
    """The newest run of scoring, None where there is none."""
    return await queries.latest_score_run(wave_id)


async def require_current_run(wave: Wave) -> dict[str, Any]:
    """The newest run, if it knows all that decides.

    Raises:
        Conflict: no run; one older than the deadline; applications or evidence changed since.
    """
    run = await queries.latest_score_run(wave.id)
    if run is None:
        raise Conflict("scores-missing")
    if wave.deadline_at is not None and run["created_at"] < wave.deadline_at:
        raise Conflict("scores-before-deadline")
    changed = await queries.last_change(wave.id)
    if changed is not None and changed > run["created_at"]:
        raise Conflict("scores-out-of-date")
    return run

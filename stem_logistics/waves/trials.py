"""What if: changed rules tried on the last wave's applicants, with that wave's lottery. Nothing of a wave changes.

Both sides are computed the same way, from what is known of the applicants today: the last wave's rules as they held,
and the same rules with the changes. So every difference comes from the changes alone. Its only trace is the job.
"""

import asyncio
import copy
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stem_logistics import jobs
from stem_logistics.allocation.inputs import build_input
from stem_logistics.allocation.parsing import parse_input
from stem_logistics.allocation.rules import solve
from stem_logistics.errors import Conflict, FieldErrors, Invalid
from stem_logistics.much import no_search_for_circles
from stem_logistics.registry import service as registry
from stem_logistics.waves.counting import Counted, count_evidence
from stem_logistics.waves.rules_document import UNIVERSITY, WaveRules
from stem_logistics.waves.rules_reading import InvalidRules, read_rules
from stem_logistics.waves.scores import ApplicationScore, Report, WaveFacts, categories_of, facts_of
from stem_logistics.waves.scoring import WaveScores, score_counted
from stem_logistics.waves.service import Wave, get_wave, list_waves, require_rules, rules_of

TRIAL_JOB = "rules-trial"
NO_CATEGORY = "none"


@dataclass(frozen=True)
class Result:
    """What one applicant gets under some rules: kit (empty for none) and points."""

    kit: str
    points: str
    admitted: bool


async def base_wave(slug: str) -> Wave:
    """The wave whose applicants a trial uses: the newest other one that has applicants and a drawn seed.

    Raises:
        Conflict: there is none.
    """
    for line in await list_waves():
        if line.wave.slug != slug and line.applicants and line.wave.seed is not None:
            return line.wave
    raise Conflict("trial-without-wave")


async def starting_document(slug: str, *, use_draft: bool) -> tuple[Wave, dict[str, Any]]:
    """The last wave, and the rules that a trial starts to change.

    Args:
        slug: the wave that is being prepared.
        use_draft: start from this wave's criteria, and its figures for kits that the last wave gave too; else from
            the last wave's rules as they held.
    """
    base = await base_wave(slug)
    document = (await require_rules(base.id)).rules.as_json()
    draft = await rules_of((await get_wave(slug)).id)
    if use_draft and draft is not None:
        own = draft.rules.as_json()
        kits = {kit["slug"]: kit for kit in own["kits"]}
        document |= {name: own[name] for name in ("criteria", "evidence_counts_for", "conditions")}
        document["kits"] = [kits.get(kit["slug"], kit) for kit in document["kits"]]
    return base, document


def with_changes(document: Mapping[str, Any], changes: Mapping[str, str]) -> WaveRules:
    """The document with figures changed, each named by its place.

    Args:
        document: a rules document.
        changes: value by place: ``criteria.SLUG.ceiling``, ``criteria.SLUG.points.KEY``, ``kits.SLUG.stock``,
            ``kits.SLUG.reserves.LINE``; decimals with a point.

    Raises:
        FieldErrors: a value that the rules cannot have, at its place.
    """
    changed = copy.deepcopy(dict(document))
    for place, value in changes.items():
        part, slug, *rest = place.split(".")
        target = next((each for each in changed.get(part, []) if each["slug"] == slug), None)
        if target is None:
            continue
        if part == "kits" and rest[0] == "reserves":
            line = next((each for each in target["reserves"] if each["id"] == rest[1]), None)
            if line is not None:
                line["places"] = _whole(value)
        elif part == "kits":
            target[rest[0]] = _whole(value)
        elif rest[0] == "points":
            target["points"][rest[1]] = value
        else:
            target[rest[0]] = value
    try:
        return read_rules(changed)
    except InvalidRules as error:
        faults = [
            {"field": _place(f.place, changed), "slug": f.message.text, "params": dict(f.message.params)}
            for f in error.faults
        ]
        raise FieldErrors("wave-rules-invalid", errors=faults) from error


def _whole(value: str) -> int | str:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else value


def _place(place: str, document: Mapping[str, Any]) -> str:
    part, number, *rest = [*place.split("."), ""]
    if part not in ("kits", "criteria") or not number.isdigit():
        return place
    target = document[part][int(number)]
    if rest[:1] == ["reserves"] and rest[1].isdigit():
        return f"{part}.{target['slug']}.reserves.{target['reserves'][int(rest[1])]['id']}"
    return ".".join([part, target["slug"], *(step for step in rest if step)])


async def start(slug: str, changes: Mapping[str, str], *, use_draft: bool) -> int:
    """Put a trial into the queue; returns the job's id.

    Raises:
        FieldErrors: a figure that cannot be.
        Invalid: nothing is changed.
        Conflict: no earlier wave to try it on.
    """
    wave = await get_wave(slug)
    base, document = await starting_document(slug, use_draft=use_draft)
    before = (await require_rules(base.id)).rules
    if with_changes(document, changes) == before:
        raise Invalid("trial-without-change")
    payload = {"wave_id": wave.id, "slug": slug, "changes": dict(changes), "use_draft": use_draft}
    return await jobs.enqueue(TRIAL_JOB, payload)


async def run(payload: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """The job: both sides computed, compared; returned, never stored in a wave."""
    base, document = await starting_document(payload["slug"], use_draft=payload["use_draft"])
    before = (await require_rules(base.id)).rules
    after = with_changes(document, payload["changes"])
    assert base.seed is not None
    await report(0, 5)
    facts = await facts_of(base.id)
    await report(1, 5)
    counted: dict[str, Counted] = {}
    known: list[tuple[WaveRules, WaveScores]] = []
    sides = []
    with no_search_for_circles():
        for number, rules in enumerate((before, after)):
            scores = next((found for other, found in known if _same_points(rules, other)), None)
            if scores is None:
                way = rules.evidence_counts_for
                if way not in counted:
                    counted[way] = await asyncio.to_thread(count_evidence, facts.evidence, way)
                scores = await asyncio.to_thread(
                    score_counted, rules, base.deadline_day, facts.applications, counted[way], facts.teachers
                )
            known.append((rules, scores))
            await report(2 * number + 2, 5)
            sides.append(await asyncio.to_thread(_results, base.seed, rules, facts, scores))
            await report(2 * number + 3, 5)
    return await _comparison(base, facts, sides[0], sides[1])


def _same_points(one: WaveRules, other: WaveRules) -> bool:
    """Whether two rules give every applicant the same points and admit the same ones: what they give out may differ."""
    parts = ("criteria", "conditions", "evidence_counts_for")
    return all(getattr(one, part) == getattr(other, part) for part in parts)


def _results(seed: str, rules: WaveRules, facts: WaveFacts, scores: WaveScores) -> dict[str, Result]:
    """Who would get what under some rules, by code; a preference for a kit that the rules lack is passed over."""
    kits = {kit.slug for kit in rules.kits}
    applications = []
    for row in facts.rows:
        scored = scores.applications[row["id"]]
        own = {"level": row["level"], "region": row["region"], "categories": categories_of(row)}
        applications.append(
            ApplicationScore(
                row["id"],
                row["institution_id"],
                row["code"],
                row["kind"],
                row["submission"],
                [kit for kit in row["preferences"] if kit in kits],
                scored.admitted,
                list(scored.exclusions),
                scored.total,
                {"facts": own},
            )
        )
    allocation = solve(parse_input(build_input(seed, rules, applications))).allocation
    last = {application.code: application for application in sorted(applications, key=lambda a: a.submission)}
    return {
        code: Result(
            allocation[code].kit if code in allocation else "",
            format(application.total.normalize(), "f"),
            application.admitted,
        )
        for code, application in last.items()
    }


async def _comparison(
    base: Wave, facts: WaveFacts, before: Mapping[str, Result], after: Mapping[str, Result]
) -> dict[str, Any]:
    rows = {row["code"]: row for row in facts.rows}
    moved = [code for code in sorted(rows) if before[code].kit != after[code].kit]
    names = await registry.institutions_by_codes(moved)
    counts: dict[str, dict[str, Counter[str]]] = {"region": {}, "level": {}, "category": {}}
    for code, row in rows.items():
        level = UNIVERSITY if row["kind"] == "department" else row["level"]
        for side, results in (("before", before), ("after", after)):
            if not results[code].kit:
                continue
            counts["region"].setdefault(row["region"], Counter())[side] += 1
            counts["level"].setdefault(level, Counter())[side] += 1
            for category in categories_of(row) or [NO_CATEGORY]:
                counts["category"].setdefault(category, Counter())[side] += 1
    return {
        "base": base.slug,
        "applicants": len(rows),
        "received_before": sum(1 for result in before.values() if result.kit),
        "received_after": sum(1 for result in after.values() if result.kit),
        "gain": sum(1 for code in moved if not before[code].kit),
        "lose": sum(1 for code in moved if not after[code].kit),
        "other_kit": sum(1 for code in moved if before[code].kit and after[code].kit),
        "points_changed": sum(1 for code in rows if before[code].points != after[code].points),
        "counts": {
            what: {key: [found["before"], found["after"]] for key, found in sorted(groups.items())}
            for what, groups in counts.items()
        },
        "moved": [
            {
                "code": code,
                "name": names[code].name if code in names else "",
                "level": rows[code]["level"],
                "region": rows[code]["region"],
                "categories": categories_of(rows[code]),
                "before": before[code].kit,
                "after": after[code].kit,
                "points_before": before[code].points,
                "points_after": after[code].points,
            }
            for code in moved
        ],
    }

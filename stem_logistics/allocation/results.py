"""What is shown of a published (or previewed) outcome: the table, a school's page, cut-offs, the queue around them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from stem_logistics.allocation import queries
from stem_logistics.allocation.model import CLOSED, OPEN
from stem_logistics.allocation.reason_words import Names, headline, needed_sentence, otherwise_needed, reason_sentence
from stem_logistics.allocation.service import Run, file_of, published_run
from stem_logistics.errors import NotFound
from stem_logistics.registry.words import LEVELS
from stem_logistics.waves import evidence, scores
from stem_logistics.waves.rules_document import WaveRules
from stem_logistics.waves.score_views import ScoreShown, shown_score
from stem_logistics.waves.service import Wave, kit_titles, require_rules
from stem_logistics.waves.words import word
from stem_logistics.web.i18n import current_locale, gettext

AROUND = 8  # places shown on each side of a cut-off


@dataclass(frozen=True)
class CutoffLine:
    """One published cut-off: of a line of guaranteed places, of the open places, or of a region at its limit.

    `kind` is reserve, open or region; `score` is None where everyone eligible clears; `closed` where nobody can.
    """

    kit: str
    kit_title: str
    kind: str
    title: str
    score: Decimal | None
    ticket: str
    closed: bool


@dataclass(frozen=True)
class QueuePlace:
    """A place in the queue of a kit: rank, points, whether chosen and how (points, reserve, lot), own or not."""

    rank: int
    points: Decimal
    chosen: bool
    by: str
    mine: bool


@dataclass(frozen=True)
class Queue:
    """The queue of one kit around its cut-off; `gap` is the number of places left out before the own one."""

    kit: str
    kit_title: str
    cut_off: Decimal | None
    places: list[QueuePlace]
    total: int


@dataclass(frozen=True)
class KitReason:
    """Why a school did or did not get one kit that it named."""

    kit: str
    kit_title: str
    code: str
    received: bool
    sentence: str
    needed: str


@dataclass(frozen=True)
class SchoolResult:
    """All that a school's page shows."""

    school: dict[str, Any]
    headline: str
    received: bool
    needed: str
    reasons: list[KitReason]
    ticket: str
    score: ScoreShown
    queues: list[Queue]


def language_titles(titles: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Titles in the reader's language."""
    position = 1 if current_locale.get() == "en" else 0
    return {slug: pair[position] or pair[0] for slug, pair in titles.items()}


def line_titles(rules: WaveRules) -> dict[tuple[str, str], str]:
    """The titles of guaranteed places, by kit and line, in the reader's language."""
    language = current_locale.get()
    return {(kit.slug, line.id): line.title.in_language(language) for kit in rules.kits for line in kit.reserves}


async def cutoffs_of(wave: Wave, run: Run, regions: Mapping[str, str]) -> list[CutoffLine]:
    """The cut-offs of a run, kit by kit, from the outcome's own file."""
    stored = await require_rules(wave.id)
    outcome = json.loads(await file_of(run, "outcome"))
    kits = language_titles(await kit_titles(wave.id))
    lines = line_titles(stored.rules)
    found: list[CutoffLine] = []
    for kit in stored.rules.kits:
        published = outcome["cutoffs"].get(kit.slug, {})
        ordered = [line.id for line in kit.reserves] + [OPEN]
        ordered += sorted(name for name in published if name.startswith(f"{OPEN}@"))
        for name in ordered:
            if name not in published:
                continue
            cut = published[name]
            if name == OPEN:
                kind, title = "open", gettext("Open places")
            elif name.startswith(f"{OPEN}@"):
                region = name.removeprefix(f"{OPEN}@")
                kind, title = "region", gettext("Limit of the region: %(region)s", region=regions.get(region, region))
            else:
                kind, title = "reserve", lines.get((kit.slug, name), name)
            pair = cut if isinstance(cut, dict) else {}
            score = Decimal(pair["score"]) if pair else None
            found.append(
                CutoffLine(
                    kit.slug, kits.get(kit.slug, kit.slug), kind, title, score, pair.get("ticket", ""), cut == CLOSED
                )
            )
    return found


async def queue_of(run: Run, kit: str, title: str, institution_id: int | None = None) -> Queue | None:
    """The places just above and below the cut-off of a kit, and the own one; None where nobody asked for it."""
    rows = await queries.queue_of_kit(run.id, kit)
    if not rows:
        return None
    chosen = [index for index, row in enumerate(rows) if row["code"].startswith("ALLOCATED")]
    open_ones = [index for index in chosen if rows[index]["code"] == "ALLOCATED_OPEN"]
    full = len(chosen) < len(rows)
    last = max(open_ones or chosen, default=-1)
    cut = rows[last]["score"] if full and last >= 0 else None
    lot = {row["score"] for row in rows if row["code"] == "TIE_LOST_LOTTERY"}
    shown = set(range(max(0, last - AROUND + 1), min(len(rows), last + AROUND + 1)))
    own = {index for index, row in enumerate(rows) if row["institution_id"] == institution_id}
    places = []
    for index in sorted(shown | own):
        row = rows[index]
        by = "reserve" if row["code"] == "ALLOCATED_RESERVE" else "lot" if row["score"] in lot else "points"
        places.append(QueuePlace(index + 1, row["score"], row["code"].startswith("ALLOCATED"), by, index in own))
    return Queue(kit, title, cut, places, len(rows))


async def school_result(
    wave: Wave, run: Run, school: dict[str, Any], *, with_evidence: bool, with_queues: bool = True
) -> SchoolResult:
    """The page of a school: why it did or did not get a kit, its points part by part, the queue around the cut-off.

    Args:
        wave: the wave.
        run: the run that shows.
        school: the institution's row.
        with_evidence: whether the reader may see the evidence: the school by its link, or staff.
        with_queues: whether the queues around the cut-offs are wanted (a letter has none).

    Raises:
        NotFound: the school did not apply.
    """
    stored = await require_rules(wave.id)
    scored = await scores.scores_of_institution(run.score_run_id, school["id"])
    if not scored:
        raise NotFound("result-not-found")
    last = scored[-1]
    kits = language_titles(await kit_titles(wave.id))
    region = school["region_en"] if current_locale.get() == "en" else school["region_el"]
    names = Names(kits, line_titles(stored.rules), region, str(word(LEVELS, school["level"])))
    rows = await queries.rows_of_institution(run.id, school["id"])
    own = [row for row in rows if row["code"] != "SUPERSEDED"]
    pieces = await evidence.evidence_of(school["id"]) if with_evidence else []
    score = shown_score(vars(last), pieces, stored.rules)
    assert score is not None
    if own and own[0]["score"] != score.total:
        score = replace(score, total=own[0]["score"], correction=own[0]["score"] - score.total)
    reasons = [
        KitReason(
            row["kit_slug"] or "",
            names.kit(row["kit_slug"]),
            row["code"],
            bool(row["units"]),
            reason_sentence(row, names),
            needed_sentence(row),
        )
        for row in own
    ]
    queues = [
        await queue_of(run, row["kit_slug"], names.kit(row["kit_slug"]), school["id"])
        for row in _queued(own)
        if with_queues
    ]
    return SchoolResult(
        school=school,
        headline=headline(own, names, score.exclusions),
        received=any(row["units"] for row in own),
        needed=_needed(reasons, score.exclusions),
        reasons=reasons,
        ticket=own[0]["ticket"] if own else "",
        score=score,
        queues=[queue for queue in queues if queue is not None],
    )


def _needed(reasons: Sequence[KitReason], exclusions: Sequence[str]) -> str:
    """What would have sufficed: the condition that was not met, or for the kit most wanted of which it can be said."""
    if exclusions:
        return gettext("By the deadline: %(conditions)s.", conditions=", ".join(exclusions))
    told = next((reason.needed for reason in reasons if reason.needed), "")
    return told or otherwise_needed([reason.code for reason in reasons])


def _queued(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    without = ("NOT_SUITABLE_LEVEL", "NO_PREFERENCE", "ALLOCATED_BLOCK", "NO_WHOLE_BLOCK", "NO_STOCK")
    return [row for row in rows if row["kit_slug"] and row["code"] not in without]


async def public_results(wave: Wave, **query: Any) -> tuple[Run, list[dict[str, Any]], int]:
    """The published run and a page of its table. Raises NotFound where nothing is out."""
    run = await published_run(wave)
    rows, total = await results_of(run, **query)
    return run, rows, total


async def results_of(run: Run, **query: Any) -> tuple[list[dict[str, Any]], int]:
    """A page of a run's table: one line for each school that applied; and how many lines there are."""
    return await queries.results({"id": run.id, "score_run_id": run.score_run_id}, **query)


async def units_by_kit(run: Run) -> list[tuple[str, int, int]]:
    """What a run gives: kit, schools and departments, kits."""
    return [(row["kit_slug"], row["schools"] + row["departments"], row["units"]) for row in await given_by(run)]


async def given_by(run: Run) -> list[dict[str, Any]]:
    """What a run gives, by kit: schools, departments, kits. Nobody gets two kits of one run."""
    return await queries.units_by_kit(run.id)


async def reason_counts(run: Run) -> dict[str, int]:
    """How often each reason stands in a run."""
    return await queries.codes(run.id)

"""Applications: taken by form, by a school's link or from a file; in time, by the server's clock; listed and shown."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stem_logistics import audit
from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import FieldErrors, Forbidden, NotFound
from stem_logistics.waves import application_queries, draft_queries, handling_queries, queries
from stem_logistics.waves.application_file import ApplicationEntry, EvidenceEntry, TeacherEntry
from stem_logistics.waves.application_steps import missing_of
from stem_logistics.waves.evidence import put_evidence
from stem_logistics.waves.rules_document import WaveRules
from stem_logistics.waves.service import (
    Wave,
    account_id,
    get_wave_by_id,
    lock_wave,
    require_rules,
    require_time,
    rules_of,
)
from stem_logistics.waves.windows import require_time_of

Report = Callable[[int, int], Awaitable[None]]


@dataclass(frozen=True)
class Submitted:
    """What became of an application: its id and number; `changed` is False where the same stood already."""

    id: int
    submission: int
    changed: bool


async def submit(
    slug: str, entry: ApplicationEntry, *, channel: str, principal: Principal, anew: bool = False
) -> Submitted:
    """Take one application by form or link; a later one of the same school takes its place.

    Args:
        slug: the wave.
        entry: what was filled in.
        channel: ``form`` (staff) or ``link`` (the school itself).
        principal: who acts: staff of the country, or the school's link for this wave.
        anew: a new submission even where the same answers stand (another signature, another act).

    Raises:
        Conflict: out of time.
        FieldErrors: with the fields' names.
        Forbidden: a link of another wave or school.
    """
    async with unit_of_work():
        wave = await lock_wave(slug, change=False)
        schools = await queries.institutions_by_code(_codes([entry]))
        school = schools.get(entry.school_code)
        if school is None:
            require_time(wave)
            raise FieldErrors("application-invalid", errors=[_unknown("school_code", entry.school_code)])
        await require_time_of(wave, school["id"])
        stored = await require_rules(wave.id)  # after the time: a draft may have none yet
        if principal.kind == "link":
            # the link of a registration that was merged since speaks for the school that it stands for
            if principal.wave_id != wave.id or await own_school(principal) != school["id"]:
                raise Forbidden("not-allowed")
        elif not principal.scope(Permission.WAVES_WRITE).country:
            raise Forbidden("not-allowed")
        errors = [*_faults(entry, stored.rules), *_unknown_schools(entry, schools)]
        if errors:
            raise FieldErrors("application-invalid", errors=errors)
        await application_queries.lock_school(wave.id, school["id"])
        known = await application_queries.latest_applications(wave.id, [school["id"]])
        result = await _put(wave, entry, school, None if anew else known.get(school["id"]), channel)
        await put_evidence([entry], schools, source=channel, correct=channel != "link")
        if result.changed:
            await handling_queries.close_returns(wave.id, school["id"])
        return result


async def own_school(principal: Principal) -> int:
    """The school that a link speaks for, by internal id."""
    assert principal.institution_id is not None
    return await draft_queries.root_of(principal.institution_id)


def _codes(entries: Iterable[ApplicationEntry]) -> list[str]:
    codes: list[str] = []
    for entry in entries:
        codes.append(entry.school_code)
        codes += [piece.school_code for piece in entry.evidence]
        codes += [t.service_school_code for t in entry.teachers if t.service_school_code]
    return codes


def _unknown(field: str, code: str) -> dict[str, Any]:
    return {"field": field, "slug": "school-code-unknown", "params": {"code": code}}


def _unknown_schools(entry: ApplicationEntry, schools: Mapping[str, Any]) -> list[dict[str, Any]]:
    pieces = [_unknown("evidence_school_code", e.school_code) for e in entry.evidence if e.school_code not in schools]
    stated = [t.service_school_code for t in entry.teachers if t.service_school_code]
    return pieces + [_unknown("teacher_service_school_code", code) for code in stated if code not in schools]


def _faults(entry: ApplicationEntry, rules: WaveRules) -> list[dict[str, Any]]:
    errors: list[dict[str, Any]] = []
    if not entry.preferences:
        errors.append({"field": "preferences", "slug": "preferences-missing", "params": {}})
    for kit in entry.preferences:
        if rules.kit(kit) is None:
            errors.append({"field": "preferences", "slug": "preference-unknown", "params": {"kit": kit[:60]}})
    if len(set(entry.preferences)) != len(entry.preferences):
        errors.append({"field": "preferences", "slug": "preference-twice", "params": {}})
    return errors


async def _put(
    wave: Wave, entry: ApplicationEntry, school: Mapping[str, Any], before: Mapping[str, Any] | None, channel: str
) -> Submitted:
    declarations = dict(entry.declarations)
    if before is not None and (before["preferences"], before["declarations"], before["project_title"]) == (
        list(entry.preferences),
        declarations,
        entry.project_title,
    ):
        return Submitted(before["id"], before["submission"], False)
    row = await application_queries.add_application(
        wave.id, school["id"], entry.preferences, declarations, entry.project_title, channel, account_id()
    )
    await audit.record(
        "application-submitted",
        "application",
        row["id"],
        wave=wave.slug,
        institution=school["code"],
        submission=row["submission"],
        channel=channel,
    )
    return Submitted(row["id"], row["submission"], True)


async def take_applications(
    wave: Wave,
    entries: Sequence[ApplicationEntry],
    schools: Mapping[str, Mapping[str, Any]],
    channel: str,
    report: Report,
) -> dict[str, int]:
    """Take many applications at once, inside the caller's unit of work (which locked the wave); returns counts."""
    known = await application_queries.latest_applications(wave.id, [schools[e.school_code]["id"] for e in entries])
    counts = {"created": 0, "updated": 0, "unchanged": 0}
    for done, entry in enumerate(sorted(entries, key=lambda e: e.school_code)):
        if done % 100 == 0:
            await report(done, len(entries))
        school = schools[entry.school_code]
        await application_queries.lock_school(wave.id, school["id"])
        result = await _put(wave, entry, school, known.get(school["id"]), channel)
        outcome = "unchanged" if not result.changed else "created" if result.submission == 1 else "updated"
        counts[outcome] += 1
    await put_evidence(entries, schools, source=channel, correct=True)
    return counts


@dataclass(frozen=True)
class ApplicationView:
    """An application with its school, and its points where they are known."""

    id: int
    wave_id: int
    institution_id: int
    submission: int
    preferences: list[str]
    declarations: dict[str, bool]
    project_title: str
    state: str
    channel: str
    submitted_at: datetime
    code: str
    name: str
    level: str
    kind: str
    email: str
    regional_directorate_id: int
    region_el: str
    region_en: str


async def get_application(wave: Wave, application_id: int, principal: Principal) -> ApplicationView:
    """One application, for whoever may see its school. Raises NotFound."""
    row = await application_queries.application(application_id)
    if row is None or row["wave_id"] != wave.id:
        raise NotFound("application-not-found")
    scope = principal.scope(Permission.WAVES_READ)
    if not scope.covers(region_id=row["regional_directorate_id"], institution_id=row["institution_id"]):
        raise NotFound("application-not-found")
    return ApplicationView(**row)


async def application_of_school(wave_id: int, institution_id: int) -> dict[str, Any] | None:
    """The submission of a school that counts, None where it has not applied."""
    found = await application_queries.latest_applications(wave_id, [institution_id])
    return found.get(institution_id)


async def submissions_of(wave_id: int, institution_id: int) -> list[dict[str, Any]]:
    """Every submission of a school to a wave, the newest first."""
    return await application_queries.submissions(wave_id, institution_id)


async def list_applications(wave: Wave, principal: Principal, **query: Any) -> tuple[list[dict[str, Any]], int]:
    """The applications that count, within the principal's scope, with the newest points; and how many there are."""
    run = await queries.latest_score_run(wave.id)
    scope = principal.scope(Permission.WAVES_READ)
    stored = await rules_of(wave.id)
    conditions = [c.slug for c in stored.rules.conditions if c.source == "declared"] if stored else []
    rows, total = await application_queries.applications(
        wave.id, run["id"] if run else None, scope, conditions=conditions, **query
    )
    for row in rows:
        row["missing"] = missing_of(stored.rules, row["preferences"], row["declarations"]) if stored is not None else []
    return rows, total


async def school_of_link(principal: Principal) -> tuple[Wave, dict[str, Any]]:
    """The wave and the school that a link speaks for."""
    assert principal.wave_id is not None
    assert principal.institution_id is not None
    school = await queries.institution(principal.institution_id)
    assert school is not None
    return await get_wave_by_id(principal.wave_id), school


async def school_by_code(code: str) -> dict[str, Any] | None:
    """A school or department by its code, None where the registry has none."""
    found = (await queries.institutions_by_code([code])).get(code)
    return None if found is None else await queries.institution(found["id"])


__all__ = ["ApplicationEntry", "EvidenceEntry", "TeacherEntry", "submit"]

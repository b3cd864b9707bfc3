"""Earlier waves from a spreadsheet: every row matched to a school of the registry, previewed, written all or none."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from stem_logistics import audit, files, jobs, runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.allocation import service as allocation
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import FieldErrors, Forbidden, NotFound
from stem_logistics.registry.importing.faults import FileRefused
from stem_logistics.registry.importing.sheets import rows_of
from stem_logistics.registry.model import Institution
from stem_logistics.waves import service
from stem_logistics.waves.historic_file import HistoricFile, HistoricGrant, read_historic
from stem_logistics.waves.matching import Match, Matcher, NoMatch
from stem_logistics.waves.scores import Report
from stem_logistics.waves.wording import N_
from stem_logistics.web.formats import today

HISTORIC_JOB = "historic-import"
MOST_ERRORS = 1000
NOT_CONFIRMED = N_("“%(name)s” may be any of the schools proposed: say which it is.")
SAME_AGAIN = N_("The school %(code)s has this kit of this wave in row %(first)s too: make one row of both.")
WAVE_NOT_HISTORIC = N_("The wave %(wave)s was decided in this service: its results are not imported.")
OTHER_PIECES = N_("It is recorded already that %(code)s received %(before)s of this kit in %(wave)s, not %(after)s.")


@dataclass(frozen=True)
class Matched(Match):
    """A row with the institution that it means."""

    grant: HistoricGrant = field(kw_only=True)


@dataclass
class Plan:
    """What a file would write: its rows matched, and every fault."""

    file: HistoricFile
    rows: list[Matched] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)

    @property
    def unsure(self) -> list[Matched]:
        """The rows for which somebody has to say which school they mean."""
        return [row for row in self.rows if row.institution is None]

    def as_json(self) -> dict[str, Any]:
        """The plan for a page or a script: totals by wave, and each row that was not matched by its code alone."""
        waves: dict[str, dict[str, Any]] = {}
        for row in self.rows:
            first, last = self.file.years.get(row.grant.wave, (0, 0))
            empty = {"year_from": first, "year_to": last, "schools": 0, "departments": 0, "kits": 0, "unsure": 0}
            totals = waves.setdefault(row.grant.wave, empty)
            kind = "unsure" if row.institution is None else f"{row.institution.kind}s"
            totals[kind] += 1
            totals["kits"] += row.grant.pieces
        shown = [row for row in self.rows if row.how != "code"]
        return {
            "rows": len(self.rows),
            "waves": dict(sorted(waves.items())),
            "unsure": [_row_json(row) for row in shown if row.how == "unsure"],
            "matched": [_row_json(row) for row in shown if row.how != "unsure"],
        }


def _row_json(row: Matched) -> dict[str, Any]:
    def told(institution: Institution) -> dict[str, str]:
        return {"code": institution.code, "name": institution.name, "where": institution.municipality}

    return {
        "row": row.grant.row,
        "wave": row.grant.wave,
        "code": row.grant.code,
        "name": row.grant.name,
        "how": row.how,
        "school": told(row.institution) if row.institution else None,
        "candidates": [told(each) for each in row.candidates],
    }


async def make_plan(content: bytes, choices: Mapping[int, str], report: Report) -> Plan:
    """Read a file and match its rows; nothing is written.

    Args:
        content: CSV or XLSX.
        choices: code by row, for rows that were unsure.
        report: told how many rows of how many.

    Raises:
        FieldErrors: the file cannot be read at all.
    """
    try:
        read = read_historic(rows_of(content), await service.kit_definitions(), today().year)
    except FileRefused as refused:
        errors = [
            {"row": f.row or 0, "column": f.column, "slug": f"registry-{f.slug}", "params": dict(f.params)}
            for f in refused.faults
        ]
        raise FieldErrors("historic-file-invalid", errors=errors[:MOST_ERRORS], found=len(errors)) from refused
    plan = Plan(read)
    plan.errors = [
        {"row": f.row, "column": f.column, "slug": f.message.text, "params": dict(f.message.params)}
        for f in read.faults
    ]
    matcher = await Matcher.of([*(grant.code for grant in read.grants), *choices.values()])
    for count, grant in enumerate(read.grants, 1):
        try:
            match = await matcher.match(grant.code, grant.name, choices.get(grant.row, ""))
            plan.rows.append(Matched(match.how, match.institution, match.candidates, grant=grant))
        except NoMatch as none:
            plan.errors.append(_fault(grant, none.column, none.message.text, **none.message.params))
        await report(count, len(read.grants))
    _refuse_twice(plan)
    plan.errors.sort(key=lambda error: error["row"])
    return plan


def _fault(grant: HistoricGrant, column: str, text: str, **params: Any) -> dict[str, Any]:
    return {"row": grant.row, "column": column, "slug": text, "params": params}


def _refuse_twice(plan: Plan) -> None:
    seen: dict[tuple[str, int, str], int] = {}
    for row in plan.rows:
        if row.institution is None:
            continue
        key = (row.grant.wave, row.institution.id, row.grant.kit)
        first = seen.setdefault(key, row.grant.row)
        if first != row.grant.row:
            plan.errors.append(_fault(row.grant, "name", SAME_AGAIN, code=row.institution.code, first=first))


async def import_historic(content: bytes, choices: Mapping[int, str], report: Report) -> dict[str, Any]:
    """Write a file's grants: all of them, or none.

    Returns:
        the plan's totals with ``created`` and ``unchanged``.

    Raises:
        FieldErrors: a row that cannot be read or matched, one that is unsure still, one that contradicts the record.
    """
    if not runtime.actor().principal.scope(Permission.WAVES_WRITE).country:
        raise Forbidden("not-allowed")
    plan = await make_plan(content, choices, report)
    errors = plan.errors + [_fault(row.grant, "name", NOT_CONFIRMED, name=row.grant.name) for row in plan.unsure]
    if errors:
        errors.sort(key=lambda error: error["row"])
        raise FieldErrors("historic-file-invalid", errors=errors[:MOST_ERRORS], found=len(errors))
    digest = hashlib.sha256(content).hexdigest()
    async with unit_of_work():
        created = unchanged = 0
        faults: list[dict[str, Any]] = []
        for slug in sorted(plan.file.years):
            rows = [row for row in plan.rows if row.grant.wave == slug]
            if rows:
                new, same = await _write_wave(slug, plan.file.years[slug], rows, digest, faults)
                created, unchanged = created + new, unchanged + same
        if faults:
            raise FieldErrors("historic-file-invalid", errors=faults[:MOST_ERRORS], found=len(faults))
    return {**plan.as_json(), "created": created, "unchanged": unchanged}


async def _write_wave(
    slug: str, years: tuple[int, int], rows: list[Matched], digest: str, faults: list[dict[str, Any]]
) -> tuple[int, int]:
    try:
        wave = await service.get_wave(slug)
    except NotFound:
        name = slug.removeprefix("stem-")
        decided = min(datetime(years[1], 12, 31, 10, 0, tzinfo=UTC), datetime.now(UTC))
        await service.record_historic_wave(slug, f"Δράση STEM {name}", f"STEM {name}", *years, decided)
        wave = await service.get_wave(slug)
    if wave.state != "historic":
        faults.append(_fault(rows[0].grant, "wave", WAVE_NOT_HISTORIC, wave=slug))
        return 0, 0
    known = {(award.code, award.kit_slug): award.units for award in await allocation.awards_of_wave(wave.id)}
    fresh: list[tuple[int, str, int, str]] = []
    same = 0
    for row in rows:
        assert row.institution is not None
        before = known.get((row.institution.code, row.grant.kit))
        if before is None:
            fresh.append((row.institution.id, row.grant.kit, row.grant.pieces, row.grant.notes))
        elif before == row.grant.pieces:
            same += 1
        else:
            params = {"code": row.institution.code, "before": before, "after": row.grant.pieces, "wave": slug}
            faults.append(_fault(row.grant, "pieces", OTHER_PIECES, **params))
    if fresh and not faults:
        await allocation.record_historic_awards(slug, fresh)
        await audit.record("historic-file-imported", "wave", wave.id, file=digest, grants=len(fresh))
    return len(fresh), same


async def start(file_name: str, content: bytes) -> int:
    """Keep a file and put its preview into the queue; returns the job's id."""
    if not runtime.actor().principal.scope(Permission.WAVES_WRITE).country:
        raise Forbidden("not-allowed")
    async with unit_of_work():
        digest = await files.store(content, "application/octet-stream")
        return await jobs.enqueue(HISTORIC_JOB, {"file": digest.hex(), "name": file_name[:200], "choices": {}})


async def confirm(job_id: int, choices: Mapping[int, str]) -> int:
    """Put the writing of a previewed file into the queue, with what was chosen; returns the new job's id."""
    job = await jobs.get(job_id)
    if job.kind != HISTORIC_JOB or job.state != "done":
        raise NotFound("job-not-found", id=job_id)
    payload = {**job.payload, "choices": {str(row): code for row, code in choices.items()}, "write": True}
    return await jobs.enqueue(HISTORIC_JOB, payload)


async def run(payload: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """The job: preview, or write."""
    content = (await files.load(bytes.fromhex(payload["file"]))).content
    choices = {int(row): code for row, code in payload["choices"].items()}
    if payload.get("write"):
        return {**await import_historic(content, choices, report), "written": True}
    plan = await make_plan(content, choices, report)
    if plan.errors:
        raise FieldErrors("historic-file-invalid", errors=plan.errors[:MOST_ERRORS], found=len(plan.errors))
    return {**plan.as_json(), "written": False}

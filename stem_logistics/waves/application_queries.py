"""Every query about applications, their evidence and their teachers."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from stem_logistics.accounts.policy import Scope
from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value
from stem_logistics.registry.folding import ts_query

# The submission that counts: the last of its school that was not withdrawn.
_LATEST = """a.state = 'submitted' AND a.submission = (SELECT max(b.submission) FROM application b
  WHERE b.wave_id = a.wave_id AND b.institution_id = a.institution_id AND b.state = 'submitted')"""
_WITHDRAWN = """a.state = 'withdrawn' AND NOT EXISTS (SELECT 1 FROM application b WHERE b.wave_id = a.wave_id
    AND b.institution_id = a.institution_id AND (b.state = 'submitted' OR b.submission > a.submission))"""
_SORTS = {
    "id": "a.id",
    "total": "s.total",
    "code": "i.code",
    "name": "i.name",
    "region": "r.name_el",
    "submitted": "a.submitted_at",
}


async def lock_school(wave_id: int, institution_id: int) -> None:
    """Let only one submission of a school to a wave go on at a time, until the unit of work ends."""
    await execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"application:{wave_id}:{institution_id}")


async def latest_applications(wave_id: int, institution_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The submission that counts, by school."""
    rows = await fetch(
        f"""SELECT a.id, a.institution_id, a.submission, a.preferences, a.declarations::text AS declarations,
              a.project_title FROM application a
            WHERE a.wave_id = $1 AND a.institution_id = ANY($2::bigint[]) AND {_LATEST}""",  # noqa: S608 - a constant
        wave_id,
        list(institution_ids),
    )
    return {row["institution_id"]: {**row, "declarations": json.loads(row["declarations"])} for row in rows}


async def add_application(
    wave_id: int,
    institution_id: int,
    preferences: Sequence[str],
    declarations: dict[str, bool],
    project_title: str,
    channel: str,
    account_id: int | None,
) -> dict[str, Any]:
    """A new submission of a school; returns its id and number."""
    row = await fetch_one(
        """INSERT INTO application
             (wave_id, institution_id, submission, preferences, declarations, project_title, channel, submitted_by)
           SELECT $1, $2, coalesce(max(submission), 0) + 1, $3::text[], $4::jsonb, $5, $6, $7
             FROM application WHERE wave_id = $1 AND institution_id = $2
           RETURNING id, submission""",
        wave_id,
        institution_id,
        list(preferences),
        json.dumps(declarations),
        project_title,
        channel,
        account_id,
    )
    assert row is not None
    return row


async def put_teachers(rows: Sequence[tuple[str, int | None, int, date | None]]) -> None:
    """Teachers, each code once: stated school of service (None: not stated), school for one unknown, last sign-in."""
    stated = {code: school for code, school, _, _ in rows if school is not None}
    # what was stated wins over what is known, what is known over the school for one unknown
    await execute(
        """INSERT INTO teacher (code, service_institution_id, last_signed_in_on)
           SELECT code, coalesce(stated, home), seen
             FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::date[]) WITH ORDINALITY
               AS told (code, stated, home, seen, place) ORDER BY place
           ON CONFLICT (code) DO UPDATE SET
             service_institution_id = coalesce(($5::jsonb ->> excluded.code)::bigint, teacher.service_institution_id,
               excluded.service_institution_id),
             last_signed_in_on = greatest(teacher.last_signed_in_on, excluded.last_signed_in_on)""",
        *([row[column] for row in rows] for column in range(4)),
        json.dumps(stated),
    )


async def teacher_ids(codes: Sequence[str]) -> dict[str, int]:
    """Internal ids of teachers by code."""
    rows = await fetch("SELECT id, code FROM teacher WHERE code = ANY($1::text[])", list(set(codes)))
    return {row["code"]: row["id"] for row in rows}


_PUT_EVIDENCE = """INSERT INTO evidence (institution_id, teacher_id, kind, reference, title, awarded_on, year, details,
    source, vouched_by, document_digest)
  SELECT institution, teacher, kind, reference, title, awarded_on, year, details::jsonb, source, vouched_by, document
    FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::date[], $7::integer[], $8::text[],
      $9::text[], $10::bigint[], $11::bytea[]) WITH ORDINALITY AS told (institution, teacher, kind, reference, title,
      awarded_on, year, details, source, vouched_by, document, place) ORDER BY place
  ON CONFLICT (kind, reference, institution_id, teacher_id, year) WHERE withdrawn_at IS NULL DO """


async def put_evidence(rows: Sequence[Sequence[Any]], *, correct: bool) -> None:
    """Evidence, each thing once for its school, teacher and year.

    Args:
        rows: school, teacher, kind, reference, title, awarded on, year, details (JSON), source, vouched by, document.
        correct: whether what is known already is corrected (staff) or left as it stands (a school).
    """
    # what staff enter confirms what a school entered; what staff did not accept stays so
    change = """UPDATE SET title = excluded.title, awarded_on = excluded.awarded_on, details = excluded.details,
      source = excluded.source, vouched_by = excluded.vouched_by,
      created_at = now()
      WHERE (evidence.title, evidence.awarded_on, evidence.details)
          IS DISTINCT FROM (excluded.title, excluded.awarded_on, excluded.details)
        OR (evidence.source = 'link' AND evidence.outcome IS NULL)"""
    # one statement takes a thing once: of those that say the same one, the last corrects, the first stands
    once: dict[tuple[Any, ...], Sequence[Any]] = {}
    for row in rows:
        key = (row[2], row[3], row[0], row[1], row[6])
        if correct or key not in once:
            once[key] = row
    columns = ([row[column] for row in once.values()] for column in range(11))
    await execute(_PUT_EVIDENCE + (change if correct else "NOTHING"), *columns)


async def withdraw_evidence(evidence_id: int) -> int:
    """Take a piece of evidence out; it stays on record."""
    return await execute("UPDATE evidence SET withdrawn_at = now() WHERE id = $1 AND withdrawn_at IS NULL", evidence_id)


async def evidence_of_school(institution_id: int) -> list[dict[str, Any]]:
    """What stands for a school: done there, or by teachers who serve there now."""
    rows = await fetch(
        """SELECT e.id, e.kind, e.reference, e.title, e.awarded_on, e.year, e.details::text AS details, e.source,
             i.code AS school, i.name AS school_name, t.code AS teacher, e.institution_id,
             (e.source <> 'link' OR e.vouched_by IS NOT NULL OR e.outcome = 'accepted')
               AND e.outcome IS DISTINCT FROM 'rejected' AS confirmed,
             CASE WHEN e.outcome = 'rejected' THEN e.outcome_why ELSE '' END AS rejected_why,
             encode(e.document_digest, 'hex') AS document
           FROM evidence e JOIN institution i ON i.id = e.institution_id LEFT JOIN teacher d ON d.id = e.teacher_id
           LEFT JOIN teacher t ON t.id = d.root_id
           LEFT JOIN institution s ON s.id = coalesce(t.service_institution_id, d.service_institution_id)
           WHERE e.withdrawn_at IS NULL AND $1 IN (i.root_id, s.root_id)
           ORDER BY e.kind, e.year DESC, e.id""",
        institution_id,
    )
    return [{**row, "details": json.loads(row["details"])} for row in rows]


async def evidence_row(evidence_id: int) -> dict[str, Any] | None:
    """One piece of evidence that stands."""
    return await fetch_one(
        "SELECT id, institution_id, kind FROM evidence WHERE id = $1 AND withdrawn_at IS NULL", evidence_id
    )


async def facts(wave_id: int) -> list[dict[str, Any]]:
    """What scoring needs of every submission of a wave that was not withdrawn."""
    return await fetch(
        """SELECT a.id, a.institution_id, a.submission, a.preferences, a.declarations::text AS declarations,
             i.code, i.kind, i.level, i.state, i.categories, i.remote, r.code AS region
           FROM application a JOIN institution i ON i.id = a.institution_id
           JOIN regional_directorate r ON r.id = i.regional_directorate_id
           WHERE a.wave_id = $1 AND a.state = 'submitted' ORDER BY i.code, a.submission""",
        wave_id,
    )


async def applications(
    wave_id: int,
    score_run_id: int | None,
    scope: Scope,
    *,
    q: str = "",
    region: str = "",
    level: str = "",
    kit: str = "",
    admitted: str = "",
    standing: str = "",
    conditions: Sequence[str] = (),
    sort: str = "total",
    descending: bool = True,
    after: int = 0,
    limit: int | None = None,
    offset: int = 0,
) -> tuple[list[dict[str, Any]], int]:
    """The applications that count, with their points of a run; and how many there are in all.

    Args:
        q: the words or the beginning of the code by which the registry finds a school.
        admitted: ``yes``, ``no`` or nothing.
        standing: ``complete``, ``incomplete``, ``returned`` (asked to correct), ``withdrawn``, or nothing.
        conditions: what has to be declared for an application to be complete.
        after: only those with a greater id: the key of a list that is sorted by id.
    """
    where = f"""a.wave_id = $1 AND (CASE WHEN $13 = 'withdrawn' THEN {_WITHDRAWN} ELSE {_LATEST} END)
      AND ($13 NOT IN ('complete', 'incomplete') OR (a.preferences <> '{{}}' AND NOT EXISTS (
        SELECT 1 FROM unnest($14::text[]) c WHERE a.declarations->>c IS DISTINCT FROM 'true')) = ($13 = 'complete'))
      AND ($13 <> 'returned' OR b.id IS NOT NULL)
      AND ($3 OR i.regional_directorate_id = ANY($4::bigint[]) OR i.id = ANY($5::bigint[]))
      AND ($6 = '' OR i.code = $6 OR ($7 <> '' AND i.search_vector @@ to_tsquery('simple', $7)))
      AND ($8 = '' OR r.code = $8) AND ($9 = '' OR i.level = $9) AND ($10 = '' OR $10 = ANY(a.preferences))
      AND ($11 = '' OR s.admitted = ($11 = 'yes')) AND a.id > $12"""  # noqa: S608 - constants
    tables = """application a JOIN institution i ON i.id = a.institution_id
      JOIN regional_directorate r ON r.id = i.regional_directorate_id
      LEFT JOIN application_score s ON s.application_id = a.id AND s.score_run_id = $2
      LEFT JOIN application_return b ON b.wave_id = a.wave_id AND b.institution_id = a.institution_id
        AND b.answered_at IS NULL"""
    args: list[Any] = [wave_id, score_run_id, scope.country, list(scope.regions), list(scope.institutions)]
    args += [q, ts_query(q), region, level, kit, admitted, after, standing, list(conditions)]
    total = await fetch_value(f"SELECT count(*) FROM {tables} WHERE {where}", *args)  # noqa: S608 - constants
    order = f"{_SORTS.get(sort, 's.total')} {'DESC NULLS LAST' if descending else 'ASC NULLS LAST'}"
    rows = await fetch(
        f"""SELECT a.id, a.institution_id, a.submission, a.preferences, a.channel, a.submitted_at, a.project_title,
              a.declarations::text AS declarations, a.state, b.until_at AS returned_until, i.code, i.name, i.level,
              i.kind, r.code AS region, r.name_el AS region_el, r.name_en AS region_en,
              s.admitted, s.total, s.exclusions::text AS exclusions
            FROM {tables} WHERE {where} ORDER BY {order}, i.code LIMIT $15 OFFSET $16""",  # noqa: S608 - constants
        *args,
        limit,
        offset,
    )
    parsed = [
        {**row, "exclusions": json.loads(row["exclusions"] or "[]"), "declarations": json.loads(row["declarations"])}
        for row in rows
    ]
    return parsed, int(total)


async def application(application_id: int) -> dict[str, Any] | None:
    """One application with its school and wave."""
    row = await fetch_one(
        """SELECT a.id, a.wave_id, a.institution_id, a.submission, a.preferences, a.declarations::text AS declarations,
             a.project_title, a.state, a.channel, a.submitted_at, i.code, i.name, i.level, i.kind, i.email,
             i.regional_directorate_id, r.name_el AS region_el, r.name_en AS region_en
           FROM application a JOIN institution i ON i.id = a.institution_id
           JOIN regional_directorate r ON r.id = i.regional_directorate_id WHERE a.id = $1""",
        application_id,
    )
    return None if row is None else {**row, "declarations": json.loads(row["declarations"])}


async def submissions(wave_id: int, institution_id: int) -> list[dict[str, Any]]:
    """Every submission of a school to a wave, the newest first."""
    return await fetch(
        """SELECT id, submission, state, channel, submitted_at, preferences FROM application
           WHERE wave_id = $1 AND institution_id = $2 ORDER BY submission DESC""",
        wave_id,
        institution_id,
    )


async def score(application_id: int, score_run_id: int | None = None) -> dict[str, Any] | None:
    """An application's score of a run, or of the newest that has one."""
    row = await fetch_one(
        """SELECT score_run_id, admitted, exclusions::text AS exclusions, total, parts::text AS parts
           FROM application_score WHERE application_id = $1 AND ($2::bigint IS NULL OR score_run_id = $2)
           ORDER BY score_run_id DESC LIMIT 1""",
        application_id,
        score_run_id,
    )
    if row is None:
        return None
    return {**row, "exclusions": json.loads(row["exclusions"]), "parts": json.loads(row["parts"])}


_PARTS = {"": "s.parts", "facts": "jsonb_build_object('facts', s.parts->'facts')"}


async def scores(score_run_id: int, institution_id: int | None = None, *, parts: str = "") -> list[dict[str, Any]]:
    """Every score of a run (or one school's), with the submission it is of; `parts` narrows what is told of it."""
    rows = await fetch(
        f"""SELECT s.application_id, s.admitted, s.total, ({_PARTS[parts]})::text AS parts,
             s.exclusions::text AS exclusions,
             a.institution_id, a.submission, a.preferences, i.code, i.kind
           FROM application_score s JOIN application a ON a.id = s.application_id
           JOIN institution i ON i.id = a.institution_id
           WHERE s.score_run_id = $1 AND ($2::bigint IS NULL OR a.institution_id = $2)
           ORDER BY i.code, a.submission""",  # noqa: S608 - a constant
        score_run_id,
        institution_id,
    )
    return [{**row, "parts": json.loads(row["parts"]), "exclusions": json.loads(row["exclusions"])} for row in rows]

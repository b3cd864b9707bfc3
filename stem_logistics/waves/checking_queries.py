"""Queries of the evidence that staff check: the queue, one piece, the outcome."""

from collections.abc import Sequence
from typing import Any

from stem_logistics.accounts.policy import Scope
from stem_logistics.db.engine import fetch, fetch_one, fetch_value
from stem_logistics.registry.folding import ts_query

_WAITING = "e.outcome IS NULL AND e.source = 'link' AND e.vouched_by IS NULL"
_STATE = f"""CASE WHEN e.outcome IS NOT NULL THEN e.outcome WHEN {_WAITING} THEN 'waiting' ELSE 'vouched' END"""
_FROM = """evidence e JOIN institution o ON o.id = e.institution_id JOIN institution i ON i.id = o.root_id
  JOIN regional_directorate r ON r.id = i.regional_directorate_id LEFT JOIN teacher d ON d.id = e.teacher_id
  LEFT JOIN teacher t ON t.id = d.root_id LEFT JOIN account v ON v.id = e.vouched_by
  LEFT JOIN account c ON c.id = e.checked_by"""
# The projects for which a teacher has a label of a kind and year: more than four cannot have been submitted.
_LABELS = """(SELECT count(DISTINCT x.reference) FROM evidence x WHERE e.kind LIKE '%quality-label'
  AND x.kind = e.kind AND x.teacher_id IN (SELECT y.id FROM teacher y WHERE y.root_id = t.id)
  AND x.year = e.year AND x.withdrawn_at IS NULL
  AND x.outcome IS DISTINCT FROM 'rejected')"""
_COLUMNS = f"""e.id, e.kind, split_part(e.reference, '#', 1) AS reference, e.title, e.awarded_on, e.year, e.source,
  e.details->>'category' AS category, (e.details->>'rank')::int AS rank, (e.details->>'stem')::boolean AS stem,
  i.id AS institution_id, i.code, i.name, r.name_el AS region_el, r.name_en AS region_en, t.code AS teacher,
  encode(e.document_digest, 'hex') AS document, v.name AS voucher, c.name AS checker, e.checked_at, e.outcome,
  e.outcome_why, e.created_at, {_STATE} AS state, {_LABELS} AS labels"""


async def pieces(
    scope: Scope,
    *,
    q: str = "",
    state: str = "",
    kind: str = "",
    region: str = "",
    ids: Sequence[int] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> tuple[list[dict[str, Any]], int]:
    """Evidence that stands, the longest waiting first; and how much there is in all.

    Args:
        q: the words or the code of the school, a teacher's code, or a project's number.
        state: ``waiting``, ``accepted``, ``rejected``, ``vouched`` (entered by staff), or nothing.
        ids: only these.
    """
    where = f"""e.withdrawn_at IS NULL
      AND ($1 OR i.regional_directorate_id = ANY($2::bigint[]) OR i.id = ANY($3::bigint[]))
      AND ($4 = '' OR i.code = $4 OR t.code = $4 OR d.code = $4 OR split_part(e.reference, '#', 1) = $4
        OR ($5 <> '' AND i.search_vector @@ to_tsquery('simple', $5)))
      AND ($6 = '' OR {_STATE} = $6) AND ($7 = '' OR e.kind = $7) AND ($8 = '' OR r.code = $8)
      AND ($9::bigint[] IS NULL OR e.id = ANY($9::bigint[]))"""
    args: list[Any] = [scope.country, list(scope.regions), list(scope.institutions), q, ts_query(q)]
    args += [state, kind, region, None if ids is None else list(ids)]
    total = await fetch_value(f"SELECT count(*) FROM {_FROM} WHERE {where}", *args)  # noqa: S608 - constants
    rows = await fetch(
        f"SELECT {_COLUMNS} FROM {_FROM} WHERE {where} ORDER BY e.id LIMIT $10 OFFSET $11",  # noqa: S608 - constants
        *args,
        limit,
        offset,
    )
    return rows, int(total)


async def next_waiting(after: int) -> int | None:
    """The next piece that waits, behind one; from the beginning where there is none behind."""
    found: int | None = await fetch_value(
        f"""SELECT e.id FROM evidence e WHERE e.withdrawn_at IS NULL AND {_WAITING} AND e.id <> $1
            ORDER BY e.id < $1, e.id LIMIT 1""",  # noqa: S608 - constants
        after,
    )
    return found


async def waiting_count() -> int:
    """How much waits to be checked."""
    return int(
        await fetch_value(f"SELECT count(*) FROM evidence e WHERE e.withdrawn_at IS NULL AND {_WAITING}")  # noqa: S608
    )


async def set_outcome(
    ids: Sequence[int], outcome: str | None, why: str, account_id: int | None
) -> list[dict[str, Any]]:
    """Say what became of pieces (None: nothing yet); returns those that changed, with their schools."""
    return await fetch(
        """UPDATE evidence SET outcome = $2, outcome_why = $3, checked_by = $4, checked_at = now(),
             vouched_by = CASE WHEN source <> 'link' THEN vouched_by WHEN $2 = 'accepted' THEN $4 END
           WHERE id = ANY($1::bigint[]) AND withdrawn_at IS NULL
             AND (outcome, outcome_why) IS DISTINCT FROM ($2, $3) RETURNING id, institution_id""",
        list(ids),
        outcome,
        why,
        account_id,
    )


async def rejected_before(kind: str, reference: str, institution_id: int, teacher: str, year: int) -> str | None:
    """Why the same thing was rejected, where it was."""
    row = await fetch_one(
        """SELECT e.outcome_why FROM evidence e LEFT JOIN teacher t ON t.id = e.teacher_id
           WHERE e.kind = $1 AND e.reference = $2 AND e.institution_id = $3
             AND coalesce(t.root_id, 0) = coalesce((SELECT x.root_id FROM teacher x WHERE x.code = $4), 0)
             AND e.year = $5 AND e.outcome = 'rejected' AND e.withdrawn_at IS NULL""",
        kind,
        reference,
        institution_id,
        teacher,
        year,
    )
    return None if row is None else str(row["outcome_why"])


async def strangers(pairs: Sequence[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """Of (teacher's code, school): those who serve elsewhere, have no post at this school and were never here, with the
    code of where they serve."""
    # who serves elsewhere is found first: a file of a hundred thousand rows has few of them
    rows = await fetch(
        """WITH elsewhere AS MATERIALIZED (
             SELECT p.teacher, p.school, s.code, t.id FROM unnest($1::text[], $2::bigint[]) AS p (teacher, school)
             JOIN teacher d ON d.code = p.teacher JOIN teacher t ON t.id = d.root_id
             JOIN institution w ON w.id = coalesce(t.service_institution_id, d.service_institution_id)
             JOIN institution s ON s.id = w.root_id WHERE s.id <> p.school)
           SELECT p.teacher, p.school, p.code FROM elsewhere p
           WHERE NOT EXISTS (SELECT 1 FROM teacher_post q JOIN institution o ON o.id = q.institution_id
             JOIN teacher f ON f.id = q.teacher_id AND f.root_id = p.id
             WHERE o.root_id = p.school AND q.until_on IS NULL)
             AND NOT EXISTS (SELECT 1 FROM evidence e JOIN institution o ON o.id = e.institution_id
             JOIN teacher f ON f.id = e.teacher_id AND f.root_id = p.id
             WHERE o.root_id = p.school AND e.withdrawn_at IS NULL
               AND e.outcome IS DISTINCT FROM 'rejected')""",
        [teacher for teacher, _ in pairs],
        [school for _, school in pairs],
    )
    return {(row["teacher"], row["school"]): row["code"] for row in rows}

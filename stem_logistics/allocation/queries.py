"""Every query about runs of the allocation, their rows and the awards that follow."""

import json
from collections.abc import Sequence
from typing import Any

from stem_logistics.db.engine import connection, execute, execute_many, fetch, fetch_one, fetch_value
from stem_logistics.registry.folding import ts_query

_RUN = """r.id, r.wave_id, r.score_run_id, r.seed, r.input_file, r.outcome_file, r.created_at, r.published_at,
  r.created_by, r.published_by, r.previous_id, r.step, r.final_file"""
_SORTS = {"score": "total", "code": "i.code", "name": "i.name", "region": "g.name_el", "kit": "d.kit_slug"}


async def add_run(
    wave_id: int, score_run_id: int, seed: str, input_file: bytes, outcome_file: bytes, account_id: int | None
) -> int:
    """A new run with its two files by digest; returns its id."""
    return int(
        await fetch_value(
            """INSERT INTO allocation_run (wave_id, score_run_id, seed, input_file, outcome_file, created_by)
               VALUES ($1, $2, $3, $4, $5, $6) RETURNING id""",
            wave_id,
            score_run_id,
            seed,
            input_file,
            outcome_file,
            account_id,
        )
    )


async def add_rows(rows: Sequence[Sequence[Any]]) -> None:
    """Rows of the reasons: run, position, institution, kit, code, line, units, score, ticket, cutoff, needed (JSON)."""
    async with connection() as conn:
        await conn.copy_records_to_table(
            "allocation_row",
            records=rows,
            columns=[
                "run_id",
                "position",
                "institution_id",
                "kit_slug",
                "code",
                "line",
                "units",
                "score",
                "ticket",
                "cutoff",
                "needed",
            ],
        )


async def latest_run(wave_id: int) -> dict[str, Any] | None:
    """The newest run of a wave: the published one where there is one."""
    return await fetch_one(
        f"""SELECT {_RUN} FROM allocation_run r WHERE r.wave_id = $1
            ORDER BY r.published_at IS NULL, r.id DESC LIMIT 1""",  # noqa: S608 - a constant
        wave_id,
    )


async def published_run(wave_id: int) -> dict[str, Any] | None:
    """The run whose outcome is out."""
    return await fetch_one(
        f"""SELECT {_RUN} FROM allocation_run r WHERE r.wave_id = $1 AND r.published_at IS NOT NULL
            ORDER BY r.id DESC LIMIT 1""",  # noqa: S608 - a constant
        wave_id,
    )


async def head_run(wave_id: int) -> dict[str, Any] | None:
    """The newest run of those that follow from what was published first, that one itself where none does."""
    return await fetch_one(
        f"""SELECT {_RUN} FROM allocation_run r
            WHERE r.wave_id = $1 AND (r.published_at IS NOT NULL OR r.previous_id IS NOT NULL)
            ORDER BY r.id DESC LIMIT 1""",  # noqa: S608 - a constant
        wave_id,
    )


async def add_following_run(
    run: dict[str, Any], step: str, input_file: bytes, outcome_file: bytes, account_id: int | None
) -> int:
    """A run that follows from another; returns its id."""
    return int(
        await fetch_value(
            """INSERT INTO allocation_run
                 (wave_id, score_run_id, seed, input_file, outcome_file, created_by, previous_id, step)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id""",
            run["wave_id"],
            run["score_run_id"],
            run["seed"],
            input_file,
            outcome_file,
            account_id,
            run["id"],
            step,
        )
    )


async def set_final_file(run_id: int, digest: bytes) -> None:
    """The final file of a run."""
    await execute("UPDATE allocation_run SET final_file = $2 WHERE id = $1", run_id, digest)


async def remove_awards(wave_id: int, institution_ids: Sequence[int]) -> None:
    """What these were given in a wave is theirs no more."""
    await execute("DELETE FROM award WHERE wave_id = $1 AND institution_id = ANY($2)", wave_id, list(institution_ids))


async def add_award(wave_id: int, institution_id: int, kit: str, line: str, units: int, run_id: int, note: str) -> None:
    """An award that follows from a change after the publication."""
    await execute(
        """INSERT INTO award (wave_id, institution_id, kit_slug, line, units, source, run_id, note)
           VALUES ($1, $2, $3, $4, $5, 'allocation', $6, $7)""",
        wave_id,
        institution_id,
        kit,
        line,
        units,
        run_id,
        note,
    )


async def institutions_of_scores(score_run_id: int) -> dict[str, int]:
    """Every institution that a run of scoring knows, by code."""
    rows = await fetch(
        """SELECT DISTINCT i.code, i.id FROM application_score s JOIN application a ON a.id = s.application_id
           JOIN institution i ON i.id = a.institution_id WHERE s.score_run_id = $1""",
        score_run_id,
    )
    return {row["code"]: row["id"] for row in rows}


async def run_by_id(run_id: int) -> dict[str, Any] | None:
    """One run."""
    return await fetch_one(f"SELECT {_RUN} FROM allocation_run r WHERE r.id = $1", run_id)  # noqa: S608 - a constant


async def mark_published(run_id: int, account_id: int | None) -> None:
    """The run's outcome is out from now on."""
    await execute("UPDATE allocation_run SET published_at = now(), published_by = $2 WHERE id = $1", run_id, account_id)


async def add_awards_of_run(run_id: int, wave_id: int) -> int:
    """Write who got what as awards; returns how many."""
    return await execute(
        """INSERT INTO award (wave_id, institution_id, kit_slug, line, units, source, run_id)
           SELECT $2, institution_id, kit_slug, line, units, 'allocation', $1 FROM allocation_row
           WHERE run_id = $1 AND units > 0 ORDER BY position""",
        run_id,
        wave_id,
    )


async def add_historic_awards(rows: Sequence[tuple[int, int, str, int, str]]) -> None:
    """Awards from before this service: wave, institution, kit, units, note."""
    await execute_many(
        """INSERT INTO award (wave_id, institution_id, kit_slug, units, note, source)
           VALUES ($1, $2, $3, $4, $5, 'historic')""",
        rows,
    )


async def add_direct_awards(rows: Sequence[tuple[int, int, str, int, str]]) -> None:
    """Awards of a fixed list: wave, institution, kit, units, note."""
    await execute_many(
        """INSERT INTO award (wave_id, institution_id, kit_slug, units, note, source)
           VALUES ($1, $2, $3, $4, $5, 'direct')""",
        rows,
    )


async def change_direct_award(wave_id: int, institution_id: int, kit: str, units: int, note: str) -> None:
    """Other units, another reason of an award of a fixed list; the database refuses fewer than were sent."""
    await execute(
        """UPDATE award SET units = $4, note = $5
           WHERE wave_id = $1 AND institution_id = $2 AND kit_slug = $3 AND source = 'direct'""",
        *(wave_id, institution_id, kit, units, note),
    )


async def remove_direct_award(wave_id: int, institution_id: int, kit: str) -> None:
    """An award of a fixed list that stands no more; the database refuses it where something was sent."""
    await execute(
        "DELETE FROM award WHERE wave_id = $1 AND institution_id = $2 AND kit_slug = $3 AND source = 'direct'",
        *(wave_id, institution_id, kit),
    )


async def awards(wave_id: int) -> list[dict[str, Any]]:
    """Who got what in a wave."""
    return await fetch(
        """SELECT d.id, d.institution_id, i.code, i.name, i.kind, i.level, i.email, d.kit_slug, d.line, d.units,
             d.source, g.code AS region, g.name_el AS region_el, g.name_en AS region_en
           FROM award d JOIN institution i ON i.id = d.institution_id
           JOIN regional_directorate g ON g.id = i.regional_directorate_id
           WHERE d.wave_id = $1 ORDER BY i.name, i.code, d.kit_slug""",
        wave_id,
    )


async def awards_of_institution(institution_id: int) -> list[dict[str, Any]]:
    """What an institution was given in any wave, the newest first; with what names its kit: the wave's newest rules
    and the kit's definition in use."""
    return await fetch(
        """SELECT d.id, w.id AS wave_id, w.slug, w.title_el, w.title_en, w.year_to, d.kit_slug, d.units, d.line,
             d.source, r.document, k.title_el AS kit_el, k.title_en AS kit_en
           FROM award d JOIN wave w ON w.id = d.wave_id AND w.kind = 'wave'
           LEFT JOIN LATERAL (SELECT x.document::text AS document FROM wave_rules x WHERE x.wave_id = w.id
             ORDER BY x.version DESC LIMIT 1) r ON true
           LEFT JOIN LATERAL (SELECT x.title_el, x.title_en FROM kit_definition x WHERE x.slug = d.kit_slug AND x.active
             ORDER BY x.version DESC LIMIT 1) k ON true
           WHERE d.institution_id = $1
             AND w.state IN ('published', 'historic') ORDER BY w.year_to DESC, d.kit_slug""",
        institution_id,
    )


async def results(
    run: dict[str, Any],
    *,
    q: str = "",
    region: str = "",
    level: str = "",
    kit: str = "",
    outcome: str = "",
    sort: str = "score",
    descending: bool = True,
    after: str = "",
    limit: int | None = None,
    offset: int = 0,
) -> tuple[list[dict[str, Any]], int]:
    """One line for each school and department that applied: points, what it got, or why not.

    Args:
        run: its ids; the scores are those that the run was made from.
        q: the words or the beginning of the code by which the registry finds a school.
        kit: who named the kit among its preferences.
        outcome: ``received``, ``not`` or ``excluded``.
        after: only those with a later code: the key of a list that is sorted by code.
    """
    tables = """application_score s JOIN application a ON a.id = s.application_id
      JOIN institution i ON i.id = a.institution_id
      JOIN regional_directorate g ON g.id = i.regional_directorate_id
      LEFT JOIN LATERAL (SELECT kit_slug, line, units, code FROM allocation_row
        WHERE run_id = $2 AND institution_id = i.id AND units > 0 LIMIT 1) d ON true
      LEFT JOIN LATERAL (SELECT code, kit_slug, ticket, score FROM allocation_row
        WHERE run_id = $2 AND institution_id = i.id
        ORDER BY code IN ('NOT_SUITABLE_LEVEL', 'SUPERSEDED'), position LIMIT 1) f ON true"""
    where = """s.score_run_id = $1
      AND a.submission = (SELECT max(b.submission) FROM application b JOIN application_score t
        ON t.application_id = b.id AND t.score_run_id = $1
        WHERE b.wave_id = a.wave_id AND b.institution_id = a.institution_id)
      AND ($3 = '' OR i.code = $3 OR ($4 <> '' AND i.search_vector @@ to_tsquery('simple', $4)))
      AND ($5 = '' OR g.code = $5) AND ($6 = '' OR i.level = $6) AND ($7 = '' OR $7 = ANY(a.preferences))
      AND ($8 = '' OR ($8 = 'received' AND d.units > 0) OR ($8 = 'not' AND s.admitted AND d.units IS NULL)
        OR ($8 = 'excluded' AND NOT s.admitted AND d.units IS NULL))
      AND i.code > $9"""
    args: list[Any] = [run["score_run_id"], run["id"], q, ts_query(q), region, level, kit, outcome, after]
    total = await fetch_value(f"SELECT count(*) FROM {tables} WHERE {where}", *args)  # noqa: S608 - constants
    order = f"{_SORTS.get(sort, 'total')} {'DESC NULLS LAST' if descending else 'ASC NULLS LAST'}"
    rows = await fetch(
        f"""SELECT i.id AS institution_id, i.code, i.name, i.level, i.kind, g.code AS region, g.name_el AS region_el,
              g.name_en AS region_en, coalesce(f.score, s.total) AS total,
              s.admitted OR coalesce(d.units, 0) > 0 AS admitted, s.exclusions::text AS exclusions, a.preferences,
              d.kit_slug, d.line, d.units, f.code AS first_code, f.ticket
            FROM {tables} WHERE {where} ORDER BY {order}, f.ticket NULLS LAST, i.code
            LIMIT $10 OFFSET $11""",  # noqa: S608 - constants
        *args,
        limit,
        offset,
    )
    return [{**row, "exclusions": json.loads(row["exclusions"])} for row in rows], int(total)


async def rows_of_institution(run_id: int, institution_id: int) -> list[dict[str, Any]]:
    """The reasons of one school or department, in the order of its preferences."""
    rows = await fetch(
        """SELECT position, kit_slug, code, line, units, score, ticket, cutoff::text AS cutoff, needed::text AS needed
           FROM allocation_row WHERE run_id = $1 AND institution_id = $2 ORDER BY position""",
        run_id,
        institution_id,
    )
    return [_loaded(row) for row in rows]


def _loaded(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "cutoff": json.loads(row["cutoff"] or "null"), "needed": json.loads(row["needed"] or "null")}


# Who stands in a kit's queue, and in which order: the strict one, by which the rule chooses.
IN_QUEUE = "code NOT IN ('NOT_SUITABLE_LEVEL', 'SUPERSEDED', 'ALLOCATED_BLOCK', 'NO_WHOLE_BLOCK', 'NO_PREFERENCE')"
QUEUE_ORDER = "score DESC, ticket"


async def queue_of_kit(run_id: int, kit: str) -> list[dict[str, Any]]:
    """The schools that a kit chose or refused, in strict order: no names, the institution for "mine" only."""
    return await fetch(
        f"""SELECT institution_id, score, ticket, code, line FROM allocation_row
           WHERE run_id = $1 AND kit_slug = $2 AND {IN_QUEUE} ORDER BY {QUEUE_ORDER}""",  # noqa: S608 - constants
        run_id,
        kit,
    )


async def waiting_of_kit(run_id: int, kit: str) -> list[dict[str, Any]]:
    """The schools of a kit's queue that were given nothing, in the queue's own order, with who they are."""
    return await fetch(
        f"""SELECT i.id, i.code, i.name, r.score FROM allocation_row r
           JOIN allocation_run run ON run.id = r.run_id
           JOIN institution i ON i.id = r.institution_id AND i.state = 'active' AND i.merged_into IS NULL
           WHERE r.run_id = $1 AND r.kit_slug = $2 AND r.{IN_QUEUE}
             AND NOT EXISTS (SELECT 1 FROM award a WHERE a.wave_id = run.wave_id AND a.institution_id = i.id)
           ORDER BY {QUEUE_ORDER}""",  # noqa: S608 - constants
        run_id,
        kit,
    )


async def runs_that_gave(kit: str) -> list[dict[str, Any]]:
    """The newest published run of each wave that had a kit to give, the newest wave first, with the wave's titles."""
    return await fetch(
        f"""SELECT {_RUN}, w.title_el, w.title_en FROM wave w JOIN LATERAL (SELECT * FROM allocation_run x
              WHERE x.wave_id = w.id AND x.published_at IS NOT NULL ORDER BY x.id DESC LIMIT 1) r ON true
            WHERE EXISTS (SELECT 1 FROM allocation_row q WHERE q.run_id = r.id AND q.kit_slug = $1)
            ORDER BY w.id DESC""",  # noqa: S608 - a constant
        kit,
    )


async def codes(run_id: int) -> dict[str, int]:
    """How often each reason stands in a run."""
    rows = await fetch("SELECT code, count(*) AS n FROM allocation_row WHERE run_id = $1 GROUP BY code", run_id)
    return {row["code"]: row["n"] for row in rows}


async def units_by_kit(run_id: int) -> list[dict[str, Any]]:
    """What a run gives, by kit: schools, departments, kits."""
    return await fetch(
        """SELECT w.kit_slug, count(*) FILTER (WHERE i.kind = 'school') AS schools,
             count(*) FILTER (WHERE i.kind = 'department') AS departments, sum(w.units)::bigint AS units
           FROM allocation_row w JOIN institution i ON i.id = w.institution_id
           WHERE w.run_id = $1 AND w.units > 0 GROUP BY w.kit_slug ORDER BY w.kit_slug""",
        run_id,
    )


async def to_tell(wave_id: int, score_run_id: int) -> list[dict[str, Any]]:
    """Every school and department that is to be told of the result, with its address."""
    return await fetch(
        """SELECT DISTINCT i.id, i.code, i.name, i.email FROM application a
           JOIN institution i ON i.id = a.institution_id
           JOIN application_score s ON s.application_id = a.id AND s.score_run_id = $2
           WHERE a.wave_id = $1 ORDER BY i.id""",
        wave_id,
        score_run_id,
    )


async def was_told(key: str) -> bool:
    """Whether a message with this key is in the outbox already."""
    return bool(await fetch_value("SELECT 1 FROM mail_message WHERE idempotency_key = $1", key))


async def kits_by_region(wave: str) -> list[dict[str, Any]]:
    """For each regional directorate: schools that were given kits, the kits, and the pupils of all its schools."""
    return await fetch(
        """SELECT g.code, g.name_el, g.name_en, coalesce(d.schools, 0)::int AS schools,
             coalesce(d.units, 0)::int AS units, coalesce(p.pupils, 0)::int AS pupils
           FROM regional_directorate g
           LEFT JOIN (SELECT i.regional_directorate_id AS region, count(DISTINCT i.id) AS schools, sum(a.units) AS units
             FROM award a JOIN institution i ON i.id = a.institution_id AND i.kind = 'school'
             JOIN wave w ON w.id = a.wave_id AND w.kind = 'wave' AND w.state IN ('published', 'historic')
             WHERE $1 = '' OR w.slug = $1 GROUP BY 1) d ON d.region = g.id
           LEFT JOIN (SELECT regional_directorate_id AS region, sum(pupils) AS pupils
             FROM institution WHERE kind = 'school' AND state = 'active' GROUP BY 1) p ON p.region = g.id
           ORDER BY translate(g.name_el, 'ΆΈΉΊΌΎΏ', 'ΑΕΗΙΟΥΩ')""",
        wave,
    )


async def grants_to_schools(wave: str, region: str) -> list[dict[str, Any]]:
    """Which school of a region was given what in which wave; an empty argument does not narrow."""
    return await fetch(
        """SELECT i.code, i.name, g.code AS region, g.name_el AS region_el, g.name_en AS region_en, w.id AS wave_id,
             w.slug AS wave, w.title_el, w.title_en, w.state, w.year_to, a.kit_slug, a.units
           FROM award a JOIN institution i ON i.id = a.institution_id AND i.kind = 'school'
           JOIN regional_directorate g ON g.id = i.regional_directorate_id
           JOIN wave w ON w.id = a.wave_id AND w.kind = 'wave' AND w.state IN ('published', 'historic')
           WHERE ($1 = '' OR w.slug = $1) AND ($2 = '' OR g.code = $2)
           ORDER BY i.name, i.code, w.year_to DESC, a.kit_slug""",
        wave,
        region,
    )


async def runs(wave_id: int) -> list[dict[str, Any]]:
    """Every run of a wave, the newest first."""
    return await fetch(
        f"SELECT {_RUN} FROM allocation_run r WHERE r.wave_id = $1 ORDER BY r.id DESC",  # noqa: S608 - a constant
        wave_id,
    )


async def moved_between(wave_id: int, first: int, second: int) -> list[dict[str, Any]]:
    """Whose award differs between two runs of a wave: kit, points and the telling reason in each."""
    one = """SELECT DISTINCT ON (institution_id) institution_id,
        CASE WHEN units > 0 THEN kit_slug END AS kit, CASE WHEN units > 0 THEN line END AS line, score, code
      FROM allocation_row w JOIN allocation_run r ON r.id = w.run_id AND r.wave_id = $1 WHERE w.run_id = """
    last = "ORDER BY institution_id, units DESC, code IN ('NOT_SUITABLE_LEVEL', 'SUPERSEDED'), position"
    return await fetch(
        f"""SELECT i.code, i.name, a.kit AS kit_a, b.kit AS kit_b, a.score AS score_a, b.score AS score_b,
              a.code AS code_a, b.code AS code_b
            FROM ({one} $2 {last}) a FULL JOIN ({one} $3 {last}) b USING (institution_id)
            JOIN institution i ON i.id = institution_id
            WHERE (a.kit, a.line) IS DISTINCT FROM (b.kit, b.line)
            ORDER BY coalesce(b.score, a.score) DESC, i.code LIMIT 1000""",  # noqa: S608 - constants
        wave_id,
        first,
        second,
    )


async def unchecked_evidence(wave_id: int) -> int:
    """How many pieces of evidence that applying schools entered themselves nobody has confirmed."""
    return int(
        await fetch_value(
            """SELECT count(*) FROM evidence e WHERE e.source = 'link' AND e.vouched_by IS NULL
                 AND e.withdrawn_at IS NULL AND EXISTS (SELECT 1 FROM application a
                   WHERE a.wave_id = $1 AND a.institution_id = e.institution_id AND a.state = 'submitted')""",
            wave_id,
        )
    )


async def applicants_of(wave_id: int) -> set[int]:
    """The schools whose applications stand, by internal id."""
    rows = await fetch(
        """SELECT DISTINCT institution_id FROM application
           WHERE wave_id = $1 AND state = 'submitted' AND institution_id IS NOT NULL""",
        wave_id,
    )
    return {row["institution_id"] for row in rows}

"""Every query about waves, their rules, scores and what they look up beside them."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from stem_logistics.db.engine import connection, execute, fetch, fetch_one, fetch_value

_WAVE = """w.id, w.slug, w.kind, w.title_el, w.title_en, w.year_from, w.year_to, w.state, w.opens_at, w.deadline_at,
  w.seed_commitment, w.nonce_sealed, w.nonce, w.draw_description, w.draw_on, w.draw_numbers, w.seed,
  w.call_protocol, w.call_ada, w.decision_protocol, w.decision_ada, w.created_at, w.published_at,
  w.provisional_at, w.provisional_protocol, w.provisional_ada, w.appeals_until,
  clock_timestamp() AS now"""


async def waves() -> list[dict[str, Any]]:
    """All waves, the newest first, with how many applied and what was given; lists of prizes are none."""
    return await fetch(
        f"""SELECT {_WAVE},
              (SELECT count(DISTINCT institution_id) FROM application a
                WHERE a.wave_id = w.id AND a.state = 'submitted') AS applicants,
              (SELECT count(*) FROM award d JOIN institution i ON i.id = d.institution_id
                WHERE d.wave_id = w.id AND i.kind = 'school') AS grants,
              (SELECT count(DISTINCT d.institution_id) FROM award d JOIN institution i ON i.id = d.institution_id
                WHERE d.wave_id = w.id AND i.kind = 'department') AS departments,
              (SELECT coalesce(sum(units), 0)::bigint FROM award d WHERE d.wave_id = w.id) AS units
            FROM wave w WHERE w.kind = 'wave' ORDER BY w.year_to DESC, w.year_from DESC, w.id DESC"""  # noqa: S608 - a constant
    )


_LOCKS = {"": "", "share": "FOR SHARE OF w", "change": "FOR NO KEY UPDATE OF w"}


async def wave_by_slug(slug: str, *, lock: str = "") -> dict[str, Any] | None:
    """One wave. `lock` holds its row until the unit of work ends: ``share`` against changes, ``change`` for one.

    The clock is read after the lock is held: who waited past the deadline is late.
    """
    if lock:
        await execute(f"SELECT 1 FROM wave w WHERE w.slug = $1 {_LOCKS[lock]}", slug)  # noqa: S608 - a constant
    return await fetch_one(f"SELECT {_WAVE} FROM wave w WHERE w.slug = $1", slug)  # noqa: S608 - a constant


async def wave_by_id(wave_id: int) -> dict[str, Any] | None:
    """One wave."""
    return await fetch_one(f"SELECT {_WAVE} FROM wave w WHERE w.id = $1", wave_id)  # noqa: S608 - a constant


async def add_wave(
    slug: str,
    title_el: str,
    title_en: str,
    year_from: int,
    year_to: int,
    state: str,
    published_at: datetime | None,
    kind: str = "wave",
) -> int:
    """A new wave, or the row of a list (`kind`); returns its id."""
    return int(
        await fetch_value(
            """INSERT INTO wave (slug, title_el, title_en, year_from, year_to, state, published_at, kind)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id""",
            slug,
            title_el,
            title_en,
            year_from,
            year_to,
            state,
            published_at,
            kind,
        )
    )


async def set_titles(wave_id: int, title_el: str, title_en: str, year_from: int, year_to: int) -> None:
    """Change what a wave is called."""
    await execute(
        "UPDATE wave SET title_el = $2, title_en = $3, year_from = $4, year_to = $5 WHERE id = $1",
        wave_id,
        title_el,
        title_en,
        year_from,
        year_to,
    )


async def open_wave(
    wave_id: int,
    *,
    opens_at: datetime,
    deadline_at: datetime,
    commitment: str,
    nonce_sealed: bytes,
    draw_description: str,
    draw_on: date,
    call_protocol: str,
    call_ada: str,
) -> None:
    """Write what the call publishes."""
    await execute(
        """UPDATE wave SET state = 'open', opens_at = $2, deadline_at = $3, seed_commitment = $4, nonce_sealed = $5,
             draw_description = $6, draw_on = $7, call_protocol = $8, call_ada = $9 WHERE id = $1""",
        wave_id,
        opens_at,
        deadline_at,
        commitment,
        nonce_sealed,
        draw_description,
        draw_on,
        call_protocol,
        call_ada,
    )


async def set_deadline(wave_id: int, deadline_at: datetime) -> None:
    """Another end of the call."""
    await execute("UPDATE wave SET deadline_at = $2 WHERE id = $1", wave_id, deadline_at)


async def close_now(wave_id: int) -> datetime:
    """End the call at this moment, by the database's clock; returns the moment."""
    moment: datetime = await fetch_value(
        "UPDATE wave SET deadline_at = clock_timestamp() WHERE id = $1 RETURNING deadline_at", wave_id
    )
    return moment


async def set_seed(wave_id: int, nonce: str, draw_numbers: str, seed: str) -> None:
    """Reveal the nonce with the draw's numbers and the seed that follows."""
    await execute(
        "UPDATE wave SET nonce = $2, draw_numbers = $3, seed = $4 WHERE id = $1", wave_id, nonce, draw_numbers, seed
    )


async def set_state(wave_id: int, state: str) -> None:
    """Move a wave on."""
    await execute(
        """UPDATE wave SET state = $2, published_at = CASE WHEN $2 = 'published' THEN now() ELSE published_at END
           WHERE id = $1""",
        wave_id,
        state,
    )


async def publish_list(wave_id: int, given_at: datetime | None) -> None:
    """A list is out: to be shipped from now on, or of record where its kits were given at a moment before."""
    await execute(
        """UPDATE wave SET state = CASE WHEN $2::timestamptz IS NULL THEN 'published' ELSE 'historic' END,
             published_at = coalesce($2, now()) WHERE id = $1""",
        wave_id,
        given_at,
    )


async def set_provisional(wave_id: int, appeals_until: datetime, protocol: str, ada: str) -> None:
    """The provisional results are out; appeals are taken before the moment given."""
    await execute(
        """UPDATE wave SET state = 'provisional', provisional_at = now(), appeals_until = $2,
             provisional_protocol = $3, provisional_ada = $4 WHERE id = $1""",
        wave_id,
        appeals_until,
        protocol,
        ada,
    )


async def set_call_numbers(wave_id: int, protocol: str, ada: str) -> None:
    """The call's protocol number and its number in Diavgeia."""
    await execute("UPDATE wave SET call_protocol = $2, call_ada = $3 WHERE id = $1", wave_id, protocol, ada)


async def set_decision(wave_id: int, protocol: str, ada: str) -> None:
    """The decision's protocol number and its number in Diavgeia."""
    await execute("UPDATE wave SET decision_protocol = $2, decision_ada = $3 WHERE id = $1", wave_id, protocol, ada)


async def latest_rules(wave_id: int) -> dict[str, Any] | None:
    """The newest version of a wave's rules, its document as JSON text."""
    return await fetch_one(
        """SELECT id, version, document::text AS document, created_at, frozen_at FROM wave_rules
           WHERE wave_id = $1 ORDER BY version DESC LIMIT 1""",
        wave_id,
    )


async def title_sources(wave_ids: Sequence[int]) -> list[dict[str, Any]]:
    """What names kits: the newest rules of waves (`wave_id`, `document`), and kit definitions in use (titles)."""
    return await fetch(
        """(SELECT DISTINCT ON (wave_id) wave_id, document::text AS document, NULL AS slug, NULL AS title_el,
              NULL AS title_en FROM wave_rules WHERE wave_id = ANY($1) ORDER BY wave_id, version DESC)
           UNION ALL
           (SELECT DISTINCT ON (slug) NULL, NULL, slug, title_el, title_en FROM kit_definition WHERE active
              ORDER BY slug, version DESC)""",
        list(wave_ids),
    )


async def add_rules(wave_id: int, document: dict[str, Any], account_id: int | None, why: str) -> int:
    """The next version of a wave's rules; returns the version."""
    return int(
        await fetch_value(
            """INSERT INTO wave_rules (wave_id, version, document, created_by, why)
               SELECT $1, coalesce(max(version), 0) + 1, $2::jsonb, $3, $4 FROM wave_rules WHERE wave_id = $1
               RETURNING version""",
            wave_id,
            json.dumps(document, ensure_ascii=False),
            account_id,
            why,
        )
    )


async def freeze_rules(rules_id: int) -> None:
    """Mark the version that holds for the call."""
    await execute("UPDATE wave_rules SET frozen_at = now() WHERE id = $1 AND frozen_at IS NULL", rules_id)


async def kit_definitions() -> list[dict[str, Any]]:
    """The newest version of every kit definition in use: what a wave may give out."""
    return await fetch(
        """SELECT DISTINCT ON (slug) slug, title_el, title_en, levels FROM kit_definition WHERE active
           ORDER BY slug, version DESC"""
    )


async def regions() -> list[dict[str, Any]]:
    """The regional directorates, by name."""
    return await fetch(
        "SELECT id, code, name_el, name_en FROM regional_directorate ORDER BY translate(name_el, 'ΆΈΉΊΌΎΏ', 'ΑΕΗΙΟΥΩ')"
    )


async def institutions_by_code(codes: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Schools and departments by their codes, the unknown ones left out; a merged code gives what it stands for."""
    rows = await fetch(
        """SELECT o.code AS asked, i.id, i.code, i.kind, i.name, i.level, i.state, i.email, i.regional_directorate_id
           FROM institution o JOIN institution i ON i.id = o.root_id WHERE o.code = ANY($1::text[])""",
        list(set(codes)),
    )
    return {row.pop("asked"): row for row in rows}


async def institution(institution_id: int) -> dict[str, Any] | None:
    """One school or department (what it stands for, where it was merged), with its region's names."""
    return await fetch_one(
        """SELECT i.id, i.code, i.kind, i.name, i.level, i.state, i.email, i.categories, i.remote,
             i.regional_directorate_id, r.code AS region, r.name_el AS region_el, r.name_en AS region_en
           FROM institution o JOIN institution i ON i.id = o.root_id
           JOIN regional_directorate r ON r.id = i.regional_directorate_id WHERE o.id = $1""",
        institution_id,
    )


async def teachers() -> list[dict[str, Any]]:
    """All teachers as far as points go; those that stand for one are one."""
    return await fetch(
        """SELECT r.code, (array_agg(i.code ORDER BY t.id <> r.id, t.id) FILTER (WHERE i.id IS NOT NULL))[1]
             AS service_school, max(t.last_signed_in_on) AS last_signed_in_on
           FROM teacher t JOIN teacher r ON r.id = t.root_id
           LEFT JOIN institution o ON o.id = t.service_institution_id
           LEFT JOIN institution i ON i.id = o.root_id GROUP BY r.id ORDER BY r.id"""
    )


async def evidence() -> list[dict[str, Any]]:
    """All evidence that stands: what counts is decided over all of it."""
    return await fetch(
        """SELECT e.id, e.kind, e.reference, e.year, e.awarded_on, e.details::text AS details, i.code AS school,
             (e.source <> 'link' OR e.vouched_by IS NOT NULL OR e.outcome = 'accepted')
               AND e.outcome IS DISTINCT FROM 'rejected' AS confirmed,
             CASE WHEN e.outcome = 'rejected' THEN e.outcome_why ELSE '' END AS rejected_why,
             t.code AS teacher, s.code AS service_school
           FROM evidence e JOIN institution o ON o.id = e.institution_id JOIN institution i ON i.id = o.root_id
           LEFT JOIN teacher d ON d.id = e.teacher_id LEFT JOIN teacher t ON t.id = d.root_id
           LEFT JOIN institution p ON p.id = coalesce(t.service_institution_id, d.service_institution_id)
           LEFT JOIN institution s ON s.id = p.root_id
           WHERE e.withdrawn_at IS NULL ORDER BY e.id"""
    )


async def last_change(wave_id: int) -> datetime | None:
    """When something that points depend on last changed: an application of the wave, any evidence, any teacher, which
    codes are one school."""
    found: datetime | None = await fetch_value(
        """SELECT greatest(
             (SELECT max(greatest(submitted_at, withdrawn_at)) FROM application WHERE wave_id = $1),
             (SELECT max(greatest(created_at, withdrawn_at, checked_at)) FROM evidence),
             (SELECT max(updated_at) FROM teacher),
             (SELECT max(greatest(merged_at, undone_at)) FROM institution_merge))""",
        wave_id,
    )
    return found


async def received_years(wave_id: int) -> dict[int, list[int]]:
    """The years in which earlier waves gave equipment, by school, for all that apply to this wave. A prize is none of
    a wave's grants, and costs its winner nothing."""
    rows = await fetch(
        """SELECT o.root_id AS institution_id, array_agg(DISTINCT w.year_to::int ORDER BY w.year_to::int) AS years
           FROM award d JOIN wave w ON w.id = d.wave_id AND w.kind = 'wave'
             JOIN institution o ON o.id = d.institution_id
           WHERE d.wave_id <> $1 AND o.root_id IN (SELECT institution_id FROM application WHERE wave_id = $1)
           GROUP BY o.root_id""",
        wave_id,
    )
    return {row["institution_id"]: row["years"] for row in rows}


async def add_score_run(wave_id: int, rules_id: int, account_id: int | None) -> int:
    """A new run of scoring; returns its id."""
    return int(
        await fetch_value(
            "INSERT INTO score_run (wave_id, rules_id, created_by) VALUES ($1, $2, $3) RETURNING id",
            wave_id,
            rules_id,
            account_id,
        )
    )


async def add_scores(rows: Sequence[Sequence[Any]]) -> None:
    """Scores of a run: run, application, admitted, exclusions (JSON), total, parts (JSON)."""
    async with connection() as conn:
        await conn.copy_records_to_table(
            "application_score",
            records=rows,
            columns=["score_run_id", "application_id", "admitted", "exclusions", "total", "parts"],
        )


async def latest_score_run(wave_id: int) -> dict[str, Any] | None:
    """The newest run of scoring of a wave."""
    return await fetch_one(
        "SELECT id, rules_id, created_at, created_by FROM score_run WHERE wave_id = $1 ORDER BY id DESC LIMIT 1",
        wave_id,
    )


async def funnel(wave_id: int, score_run_id: int | None) -> dict[str, int]:
    """How many schools and departments applied, were admitted, got something, received it."""
    row = await fetch_one(
        """SELECT
             (SELECT count(DISTINCT institution_id) FROM application WHERE wave_id = $1 AND state = 'submitted')
               AS applied,
             (SELECT count(*) FROM application_score s JOIN application a ON a.id = s.application_id
               WHERE s.score_run_id = $2 AND s.admitted AND a.submission = (SELECT max(submission) FROM application b
                 WHERE b.wave_id = a.wave_id AND b.institution_id = a.institution_id AND b.state = 'submitted'))
               AS admitted,
             (SELECT count(DISTINCT institution_id) FROM award WHERE wave_id = $1) AS allocated,
             (SELECT count(DISTINCT c.institution_id) FROM consignment c
               WHERE c.wave_id = $1 AND c.state IN ('partially-received', 'received')) AS received""",
        wave_id,
        score_run_id,
    )
    assert row is not None
    return {key: int(value) for key, value in row.items()}


async def awards_by_kit(wave_id: int) -> list[dict[str, Any]]:
    """What a wave gave, by kit: schools, departments, kits, and the kit's titles where a definition has them."""
    return await fetch(
        """SELECT d.kit_slug, count(*) FILTER (WHERE i.kind = 'school') AS schools,
             count(*) FILTER (WHERE i.kind = 'department') AS departments, sum(d.units)::bigint AS units,
             max(k.title_el) AS title_el, max(k.title_en) AS title_en
           FROM award d JOIN institution i ON i.id = d.institution_id
           LEFT JOIN LATERAL (SELECT title_el, title_en FROM kit_definition k WHERE k.slug = d.kit_slug
             ORDER BY version DESC LIMIT 1) k ON true
           WHERE d.wave_id = $1 GROUP BY d.kit_slug ORDER BY d.kit_slug""",
        wave_id,
    )

"""Every query of teachers as people: lists, contacts, consent, posts, double registrations."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value

_TEACHER = """t.id, t.code, t.name, t.email, t.last_signed_in_on, t.erased_at, t.merged_into, t.root_id,
  i.code AS school, i.name AS school_name,
  (SELECT count(*) FROM teacher f WHERE f.root_id = t.id AND f.id <> t.id) AS doubles,
  (SELECT count(*) FROM evidence e JOIN teacher f ON f.id = e.teacher_id WHERE f.root_id = t.id
    AND e.withdrawn_at IS NULL) AS evidence,
  (SELECT coalesce(array_agg(DISTINCT c.purpose), '{}') FROM teacher_consent c JOIN teacher f ON f.id = c.teacher_id
    WHERE f.root_id = t.id AND c.withdrawn_on IS NULL) AS purposes"""
_FROM = """teacher t LEFT JOIN institution o ON o.id = t.service_institution_id
  LEFT JOIN institution i ON i.id = o.root_id"""
# The same code however it is typed; as the index of the schema has it.
CODE_KEY = """regexp_replace(translate(upper({0}), 'ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ', 'ABEZHIKMNOPTYX'), '[^0-9A-ZΑ-Ω]|^0+', '', 'g')"""


async def teachers(
    *, q: str, key: str, active: str, since: date, consent: str, limit: int | None, offset: int
) -> tuple[list[dict[str, Any]], int]:
    """A page of the teachers that stand for themselves; and how many there are.

    Args:
        q: a code (also one that stands for another), an e-mail, a school's code.
        key: the folded words of a name.
        active: ``yes``, ``no`` or nothing; by a sign-in since `since`.
        consent: a purpose that stands, or nothing.
    """
    code_of = CODE_KEY.format("$1")
    where = f"""t.merged_into IS NULL
      AND ($1 = '' OR i.code = $1 OR lower(t.email) = lower($1) OR ($2 <> '' AND t.name_key LIKE '%' || $2 || '%')
        OR t.id IN (SELECT f.root_id FROM teacher f WHERE f.code = $1 OR {CODE_KEY.format("f.code")} = {code_of}))
      AND ($3 = '' OR ($3 = 'yes') = coalesce((SELECT max(f.last_signed_in_on) FROM teacher f WHERE f.root_id = t.id)
        >= $4::date, false))
      AND ($5 = '' OR EXISTS (SELECT FROM teacher_consent c JOIN teacher f ON f.id = c.teacher_id
        WHERE f.root_id = t.id AND c.purpose = $5 AND c.withdrawn_on IS NULL))"""  # noqa: S608 - constants
    args = (q, key, active, since, consent)
    total = await fetch_value(f"SELECT count(*) FROM {_FROM} WHERE {where}", *args)  # noqa: S608 - constants
    rows = await fetch(
        f"SELECT {_TEACHER} FROM {_FROM} WHERE {where} ORDER BY t.code LIMIT $6 OFFSET $7",  # noqa: S608 - constants
        *args,
        limit,
        offset,
    )
    return rows, int(total)


async def teacher(teacher_id: int, *, lock: bool = False) -> dict[str, Any] | None:
    """One teacher."""
    if lock:
        await execute("SELECT 1 FROM teacher WHERE id = $1 FOR NO KEY UPDATE", teacher_id)
    return await fetch_one(f"SELECT {_TEACHER} FROM {_FROM} WHERE t.id = $1", teacher_id)  # noqa: S608 - constants


async def teachers_at(institution_id: int) -> list[dict[str, Any]]:
    """Who serves at a school, as school of service or beside it."""
    return await fetch(
        f"""SELECT {_TEACHER} FROM {_FROM} WHERE t.id IN (
              SELECT f.root_id FROM teacher f JOIN institution x ON x.id = f.service_institution_id
                WHERE x.root_id = $1
              UNION SELECT f.root_id FROM teacher_post q JOIN teacher f ON f.id = q.teacher_id
                JOIN institution x ON x.id = q.institution_id WHERE x.root_id = $1 AND q.until_on IS NULL)
            ORDER BY t.code LIMIT 300""",  # noqa: S608 - constants
        institution_id,
    )


async def teachers_by_id(ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Several teachers."""
    rows = await fetch(f"SELECT {_TEACHER} FROM {_FROM} WHERE t.id = ANY($1)", list(ids))  # noqa: S608 - constants
    return {row["id"]: row for row in rows}


async def family(root_id: int) -> list[dict[str, Any]]:
    """The codes that stand for a teacher besides the own one, with when and why."""
    return await fetch(
        """SELECT t.id, t.code, m.merged_at, m.why FROM teacher t
           LEFT JOIN teacher_merge m ON m.duplicate_id = t.id AND m.undone_at IS NULL
           WHERE t.root_id = $1 AND t.id <> $1 ORDER BY t.code""",
        root_id,
    )


async def consents(root_id: int) -> list[dict[str, Any]]:
    """Every consent of a teacher, standing or withdrawn, the newest first."""
    return await fetch(
        """SELECT c.id, c.teacher_id, c.purpose, c.given_on, c.how, c.withdrawn_on, c.withdrawn_how, a.name AS noted_by
           FROM teacher_consent c JOIN teacher t ON t.id = c.teacher_id LEFT JOIN account a ON a.id = c.noted_by
           WHERE t.root_id = $1 ORDER BY c.withdrawn_on IS NOT NULL, c.given_on DESC, c.id DESC""",
        root_id,
    )


async def add_consent(teacher_id: int, purpose: str, given_on: date, how: str, account_id: int | None) -> int:
    """A new consent; its number."""
    return int(
        await fetch_value(
            """INSERT INTO teacher_consent (teacher_id, purpose, given_on, how, noted_by)
               VALUES ($1, $2, $3, $4, $5) RETURNING id""",
            teacher_id,
            purpose,
            given_on,
            how,
            account_id,
        )
    )


async def withdraw_consents(ids: Sequence[int], on: date, how: str, account_id: int | None) -> int:
    """Consents that stand were taken back; how many did stand."""
    return await execute(
        """UPDATE teacher_consent SET withdrawn_on = greatest($2::date, given_on), withdrawn_how = $3, withdrawn_by = $4
           WHERE id = ANY($1::bigint[]) AND withdrawn_on IS NULL""",
        list(ids),
        on,
        how,
        account_id,
    )


async def set_contact(teacher_id: int, name: str | None, email: str | None, name_key: str | None) -> None:
    """A teacher's name and e-mail."""
    await execute(
        "UPDATE teacher SET name = $2, email = $3, name_key = $4, erased_at = NULL WHERE id = $1",
        teacher_id,
        name,
        email,
        name_key,
    )


async def erase_contacts(root_id: int) -> None:
    """Nothing personal of a teacher is kept, under any code; the codes and what they did stay."""
    await execute(
        """UPDATE teacher SET name = NULL, email = NULL, name_key = NULL, erased_at = now()
           WHERE root_id = $1 AND (name IS NOT NULL OR email IS NOT NULL OR erased_at IS NULL)""",
        root_id,
    )


async def posts(root_id: int) -> list[dict[str, Any]]:
    """The schools where a teacher serves beside the one of service; those that ended last."""
    return await fetch(
        """SELECT p.id, i.code, i.name, p.since_on, p.until_on FROM teacher_post p JOIN teacher t ON t.id = p.teacher_id
           JOIN institution o ON o.id = p.institution_id JOIN institution i ON i.id = o.root_id
           WHERE t.root_id = $1 ORDER BY p.until_on IS NOT NULL, p.since_on DESC, p.id""",
        root_id,
    )


async def set_service(teacher_id: int, institution_id: int) -> None:
    """The school of service."""
    await execute("UPDATE teacher SET service_institution_id = $2 WHERE id = $1", teacher_id, institution_id)


async def add_post(teacher_id: int, institution_id: int) -> None:
    """A school more, from today."""
    await execute(
        "INSERT INTO teacher_post (teacher_id, institution_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        teacher_id,
        institution_id,
    )


async def end_post(root_id: int, post_id: int) -> int:
    """A post ends today; whether it stood."""
    return await execute(
        """UPDATE teacher_post p SET until_on = greatest(CURRENT_DATE, p.since_on) FROM teacher t
           WHERE p.id = $2 AND t.id = p.teacher_id AND t.root_id = $1 AND p.until_on IS NULL""",
        root_id,
        post_id,
    )


async def evidence(root_id: int) -> list[dict[str, Any]]:
    """What a teacher did, under any code, the newest first."""
    return await fetch(
        """SELECT e.id, e.kind, split_part(e.reference, '#', 1) AS reference, e.title, e.year, t.code AS teacher,
             i.code AS school, i.name AS school_name, e.outcome
           FROM evidence e JOIN teacher t ON t.id = e.teacher_id JOIN institution o ON o.id = e.institution_id
           JOIN institution i ON i.id = o.root_id
           WHERE t.root_id = $1 AND e.withdrawn_at IS NULL ORDER BY e.year DESC, e.kind, e.id LIMIT 500""",
        root_id,
    )


async def suspected(limit: int) -> list[dict[str, Any]]:
    """Pairs that may be one teacher and that nobody has decided on, with what speaks for it."""
    return await fetch(
        f"""WITH own AS (SELECT t.id, lower(t.email) AS email, t.name_key, {CODE_KEY.format("t.code")} AS code_key
              FROM teacher t WHERE t.merged_into IS NULL),
            schools AS (SELECT t.id, o.root_id AS school FROM teacher t
                JOIN institution o ON o.id = t.service_institution_id
              UNION SELECT p.teacher_id, o.root_id FROM teacher_post p JOIN institution o ON o.id = p.institution_id
              UNION SELECT e.teacher_id, o.root_id FROM evidence e JOIN institution o ON o.id = e.institution_id
                WHERE e.teacher_id IS NOT NULL),
            found AS (
              SELECT a.id AS first, b.id AS second, 'same-email' AS ground FROM own a JOIN own b
                ON b.email = a.email AND b.id > a.id
              UNION ALL SELECT a.id, b.id, 'same-code' FROM own a JOIN own b
                ON b.code_key = a.code_key AND a.code_key <> '' AND b.id > a.id
              UNION ALL SELECT DISTINCT a.id, b.id, 'same-name' FROM own a JOIN own b
                ON b.name_key = a.name_key AND b.id > a.id
                JOIN schools x ON x.id = a.id JOIN schools y ON y.id = b.id AND y.school = x.school)
            SELECT first, second, array_agg(ground ORDER BY ground) AS grounds FROM found f
            WHERE NOT EXISTS (SELECT FROM teacher_distinct d WHERE d.first_id = f.first AND d.second_id = f.second)
            GROUP BY first, second ORDER BY count(*) DESC, first, second LIMIT $1""",  # noqa: S608 - constants
        limit,
    )


async def lock_pair(first: int, second: int) -> dict[int, dict[str, Any]]:
    """Two teachers, locked in one order until the end of the unit of work."""
    rows = await fetch(
        "SELECT id, code, merged_into, root_id FROM teacher WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE",
        [first, second],
    )
    return {row["id"]: row for row in rows}


async def add_merge(duplicate: int, kept: int, why: str, account_id: int | None) -> int:
    """Record a merge; its number."""
    return int(
        await fetch_value(
            "INSERT INTO teacher_merge (duplicate_id, kept_id, why, merged_by) VALUES ($1, $2, $3, $4) RETURNING id",
            duplicate,
            kept,
            why,
            account_id,
        )
    )


async def end_merge(duplicate: int, account_id: int | None) -> int:
    """A merge was undone; how many stood."""
    return await execute(
        "UPDATE teacher_merge SET undone_at = now(), undone_by = $2 WHERE duplicate_id = $1 AND undone_at IS NULL",
        duplicate,
        account_id,
    )


async def point(duplicate: int, kept: int | None) -> None:
    """Let a code stand for another teacher (or, with None, for itself); those that stood for it follow."""
    await execute("UPDATE teacher SET merged_into = $2, root_id = coalesce($2, id) WHERE id = $1", duplicate, kept)
    while await fetch(
        """UPDATE teacher t SET root_id = m.root_id FROM teacher m
           WHERE m.id = t.merged_into AND t.root_id <> m.root_id RETURNING t.id"""
    ):
        continue


async def add_distinct(first: int, second: int, account_id: int | None) -> None:
    """Keep somebody's word that two are two people."""
    await execute(
        "INSERT INTO teacher_distinct (first_id, second_id, decided_by) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        min(first, second),
        max(first, second),
        account_id,
    )

"""Queries of double registrations: suspicions, decisions, merges."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from stem_logistics.accounts.policy import Scope
from stem_logistics.db.engine import execute, execute_many, fetch, fetch_one, fetch_value
from stem_logistics.registry.duplicates import Pair, Registered


async def comparable() -> list[Registered]:
    """Every row that may be somebody's double: what is merged already is decided."""
    rows = await fetch(
        """SELECT id, code, name, level, operation_shift AS shift, municipality, address, phone, email
           FROM institution WHERE kind = 'school' AND merged_into IS NULL ORDER BY id"""
    )
    return [Registered(**row) for row in rows]


async def replace_suspicions(pairs: Sequence[Pair]) -> None:
    """Keep what a look found, instead of what the last one had."""
    await execute("DELETE FROM institution_suspicion")
    await execute_many(
        "INSERT INTO institution_suspicion (first_id, second_id, grounds, weight) VALUES ($1, $2, $3, $4)",
        [(pair.first, pair.second, [str(ground) for ground in pair.grounds], pair.weight) for pair in pairs],
    )


_OPEN = """FROM institution_suspicion s
  JOIN institution a ON a.id = s.first_id AND a.merged_into IS NULL
  JOIN institution b ON b.id = s.second_id AND b.merged_into IS NULL
  WHERE NOT EXISTS (SELECT 1 FROM institution_distinct d
    WHERE d.first_id = s.first_id AND d.second_id = s.second_id)
  AND ($1 OR (a.regional_directorate_id = ANY($2::bigint[]) AND b.regional_directorate_id = ANY($2::bigint[])))"""


async def suspicions(scope: Scope, *, limit: int | None, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
    """Pairs that nobody has decided on, the likeliest first, and how many there are."""
    seen = (scope.country, sorted(scope.regions))
    total = await fetch_value(f"SELECT count(*) {_OPEN}", *seen)
    rows = await fetch(
        f"""SELECT s.first_id, s.second_id, s.grounds, s.weight {_OPEN}
            ORDER BY s.weight DESC, a.code, b.code LIMIT $3 OFFSET $4""",
        *seen,
        limit,
        offset,
    )
    return rows, int(total)


async def suspected_among(institution_ids: Sequence[int]) -> list[tuple[int, int]]:
    """The undecided pairs of which one at least stands for a school of these."""
    rows = await fetch(
        f"""SELECT a.root_id AS first, b.root_id AS second {_OPEN}
              AND (a.root_id = ANY($3::bigint[]) OR b.root_id = ANY($3::bigint[])) ORDER BY 1, 2""",
        True,
        [],
        list(institution_ids),
    )
    return [(row["first"], row["second"]) for row in rows]


async def are_suspected(first: int, second: int) -> tuple[str, ...]:
    """On what grounds two rows are suspected; none where they are not."""
    found = await fetch_value(
        "SELECT grounds FROM institution_suspicion WHERE first_id = $1 AND second_id = $2",
        *sorted((first, second)),
    )
    return tuple(found or ())


async def add_distinct(first: int, second: int, why: str, account: int | None) -> None:
    """Keep somebody's word that two rows are two schools."""
    low, high = sorted((first, second))
    await execute(
        """INSERT INTO institution_distinct (first_id, second_id, why, decided_by) VALUES ($1, $2, $3, $4)
           ON CONFLICT DO NOTHING""",
        low,
        high,
        why,
        account,
    )


async def lock_pair(first: int, second: int) -> dict[int, dict[str, Any]]:
    """Two rows, locked in one order until the end of the unit of work: id, code, merged_into, root_id."""
    rows = await fetch(
        """SELECT id, code, kind, merged_into, root_id FROM institution WHERE id = ANY($1::bigint[])
           ORDER BY id FOR NO KEY UPDATE""",
        [first, second],
    )
    return {row["id"]: row for row in rows}


async def point(duplicate: int, kept: int | None) -> None:
    """Let a row stand for another (or, with None, for itself); those that stood for it follow."""
    await execute("UPDATE institution SET merged_into = $2, root_id = coalesce($2, id) WHERE id = $1", duplicate, kept)
    # a chain is short; each round settles one more link of it
    while await fetch(
        """UPDATE institution i SET root_id = m.root_id FROM institution m
           WHERE m.id = i.merged_into AND i.root_id <> m.root_id RETURNING i.id"""
    ):
        continue


async def add_merge(duplicate: int, kept: int, why: str, account: int | None) -> int:
    """Record a merge; its number."""
    return int(
        await fetch_value(
            """INSERT INTO institution_merge (duplicate_id, kept_id, why, merged_by)
               VALUES ($1, $2, $3, $4) RETURNING id""",
            duplicate,
            kept,
            why,
            account,
        )
    )


async def keep_moved(merge_id: int, moved: Mapping[str, Any]) -> None:
    """Remember what a merge took along."""
    await execute("UPDATE institution_merge SET moved = $2::jsonb WHERE id = $1", merge_id, json.dumps(moved))


async def standing_merge(duplicate: int) -> dict[str, Any] | None:
    """The merge that a row is under, if any."""
    row = await fetch_one(
        """SELECT id, duplicate_id, kept_id, why, moved::text AS moved, merged_at FROM institution_merge
           WHERE duplicate_id = $1 AND undone_at IS NULL""",
        duplicate,
    )
    return None if row is None else {**row, "moved": json.loads(row["moved"])}


async def end_merge(merge_id: int, account: int | None) -> None:
    """Record that a merge was undone."""
    await execute("UPDATE institution_merge SET undone_at = now(), undone_by = $2 WHERE id = $1", merge_id, account)


async def family(root_id: int) -> list[dict[str, Any]]:
    """The rows that stand for a school, without itself: with when and why they were merged."""
    return await fetch(
        """SELECT i.id, i.code, i.name, m.merged_at, m.why FROM institution i
           LEFT JOIN institution_merge m ON m.duplicate_id = i.id AND m.undone_at IS NULL
           WHERE i.root_id = $1 AND i.id <> $1 ORDER BY i.code""",
        root_id,
    )


async def past(root_id: int, limit: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows that stand for a school, as `family`, and what it was before, the newest first: in one statement."""
    rows = await fetch(
        """SELECT i.id, i.code, i.name, m.merged_at, m.why, NULL::timestamptz AS changed_at, NULL::date AS source_on,
             NULL AS field, NULL AS before, NULL AS after
           FROM institution i LEFT JOIN institution_merge m ON m.duplicate_id = i.id AND m.undone_at IS NULL
           WHERE i.root_id = $1 AND i.id <> $1
           UNION ALL
           (SELECT id, NULL, NULL, NULL, NULL, changed_at, source_on, field, before, after FROM institution_change
            WHERE institution_id = $1 ORDER BY id DESC LIMIT $2)""",
        root_id,
        limit,
    )
    codes = sorted((row for row in rows if row["field"] is None), key=lambda row: str(row["code"]))
    return codes, sorted((row for row in rows if row["field"] is not None), key=lambda row: -int(row["id"]))


async def code_of(institution_id: int) -> str:
    """A row's code."""
    return str(await fetch_value("SELECT code FROM institution WHERE id = $1", institution_id))

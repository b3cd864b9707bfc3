"""Statements about places as people look for them: stores, repairers, stops of the last mile, schools."""

from collections.abc import Sequence
from typing import Any

from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.registry.folding import ts_query
from stem_logistics.selecting import Where, contains

# A store or repairer is a place from the start; a school and a stop become one with their first label or movement.
_FIXED = "SELECT p.kind, p.code, p.title, '', '', p.id, 1 FROM place p"
_STOPS = """SELECT 'stop', s.code, coalesce(s.title, s.code), r.name_el, r.name_en, p.id, 2
  FROM stop s JOIN regional_directorate r ON r.id = s.regional_directorate_id
  LEFT JOIN place p ON p.stop_id = s.id AND p.kind = 'stop'"""
_SCHOOLS = """SELECT 'institution', i.code, i.name, i.municipality, i.municipality, p.id, 3
  FROM institution i LEFT JOIN place p ON p.institution_id = i.id"""


async def places(q: str, kind: str, *, limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
    """A page of the places that a search means and how many there are; schools only where they are asked for."""
    where = Where()
    parts = []
    if kind != "institution":
        like = where.value(contains(q))
    if kind in ("", "store", "repairer"):
        kinds = where.value([kind] if kind else ["store", "repairer"])
        parts.append(f"{_FIXED} WHERE p.kind = ANY({kinds}) AND (p.title ILIKE {like} OR p.code ILIKE {like})")
    if kind in ("", "stop"):
        parts.append(f"{_STOPS} WHERE s.active AND (s.title ILIKE {like} OR s.code ILIKE {like})")
    if kind == "institution" or (q and not kind):
        named = "true"
        if q:
            named = f"i.code = {where.value(q)}"
            if asked := ts_query(q):
                named += f" OR i.search_vector @@ to_tsquery('simple', {where.value(asked)})"
        parts.append(f"{_SCHOOLS} WHERE i.root_id = i.id AND ({named})")
    found = f"({' UNION ALL '.join(parts)}) found (kind, code, title, where_el, where_en, place_id, at)"
    rows = await fetch(
        f"""SELECT found.*, l.code AS label FROM {found}
            LEFT JOIN label l ON l.place_id = found.place_id AND l.withdrawn_at IS NULL
            ORDER BY found.at, found.title, found.code LIMIT {int(limit)} OFFSET {int(offset)}""",  # noqa: S608 - constants, $n
        *where.values,
    )
    return rows, int(await fetch_value(f"SELECT count(*) FROM {found}", *where.values))  # noqa: S608 - constants, $n


async def ensure_named(codes: Sequence[str]) -> None:
    """Make the places of the schools and stops with these codes, where they have none yet."""
    await execute(
        """INSERT INTO place (kind, code, title, institution_id)
           SELECT 'institution', 'institution-' || i.code, i.name, i.id FROM institution i WHERE i.id IN (
             SELECT root_id FROM institution WHERE code = ANY($1::text[])) ON CONFLICT DO NOTHING""",
        list(codes),
    )
    await execute(
        """INSERT INTO place (kind, code, title, stop_id)
           SELECT 'stop', 'stop-' || s.code, s.code, s.id FROM stop s WHERE s.code = ANY($1::text[])
           ON CONFLICT DO NOTHING""",
        list(codes),
    )


async def title(code: str) -> str | None:
    """What a place is called, by its code."""
    found: str | None = await fetch_value("SELECT title FROM place WHERE code = $1", code)
    return found

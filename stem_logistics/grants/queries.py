"""Every query of fixed lists."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from stem_logistics.db.engine import execute, execute_many, fetch, fetch_one, fetch_value

_LIST = """l.wave_id, l.reason, l.ground, l.delivered, l.stock::text AS stock, l.published_file"""
_ENTRY = """e.id, e.position, e.institution_id, i.code, i.name, i.kind, i.level, i.state,
  i.merged_into IS NOT NULL AS merged, g.code AS region, g.name_el AS region_el, g.name_en AS region_en,
  e.kit_slug AS kit, e.units, e.category, e.rank, e.project, e.note"""


def _loaded(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "stock": json.loads(row["stock"])}


async def lists() -> list[dict[str, Any]]:
    """All lists with their totals, the newest first."""
    rows = await fetch(
        f"""SELECT {_LIST}, w.slug, w.title_el, w.title_en, w.year_to AS year, w.state, w.decision_protocol,
              w.decision_ada, w.published_at, coalesce(t.schools, 0) AS schools,
              coalesce(t.departments, 0) AS departments, coalesce(t.units, 0)::bigint AS units
            FROM grant_list l JOIN wave w ON w.id = l.wave_id
            LEFT JOIN (SELECT e.wave_id, count(DISTINCT i.id) FILTER (WHERE i.kind = 'school') AS schools,
                count(DISTINCT i.id) FILTER (WHERE i.kind = 'department') AS departments, sum(e.units) AS units
              FROM grant_entry e JOIN institution i ON i.id = e.institution_id
              WHERE NOT e.corrected GROUP BY e.wave_id) t
              ON t.wave_id = l.wave_id
            ORDER BY w.year_to DESC, w.id DESC"""  # noqa: S608 - a constant
    )
    return [_loaded(row) for row in rows]


async def list_of(wave_id: int) -> dict[str, Any] | None:
    """What a list adds to its row among the waves."""
    row = await fetch_one(f"SELECT {_LIST} FROM grant_list l WHERE l.wave_id = $1", wave_id)  # noqa: S608 - a constant
    return None if row is None else _loaded(row)


async def add_list(wave_id: int, reason: str, ground: str, *, delivered: bool) -> None:
    """A new list, empty."""
    await execute(
        "INSERT INTO grant_list (wave_id, reason, ground, delivered) VALUES ($1, $2, $3, $4)",
        wave_id,
        reason,
        ground,
        delivered,
    )


async def change_list(wave_id: int, reason: str, ground: str, *, delivered: bool) -> None:
    """Change what a list says of itself."""
    await execute(
        "UPDATE grant_list SET reason = $2, ground = $3, delivered = $4 WHERE wave_id = $1",
        wave_id,
        reason,
        ground,
        delivered,
    )


async def set_stock(wave_id: int, stock: Mapping[str, int]) -> None:
    """How many of each kit there are to give."""
    await execute("UPDATE grant_list SET stock = $2::jsonb WHERE wave_id = $1", wave_id, json.dumps(stock))


async def taken_slugs(beginning: str) -> set[str]:
    """The short names that begin so."""
    rows = await fetch("SELECT slug FROM wave WHERE starts_with(slug, $1)", beginning)
    return {row["slug"] for row in rows}


async def entries(wave_id: int) -> list[dict[str, Any]]:
    """The recipients of a list as they stand, in its own order."""
    return await fetch(
        f"""SELECT {_ENTRY} FROM grant_entry e JOIN institution i ON i.id = e.institution_id
            JOIN regional_directorate g ON g.id = i.regional_directorate_id
            WHERE e.wave_id = $1 AND NOT e.corrected ORDER BY e.position, e.id""",  # noqa: S608 - a constant
        wave_id,
    )


async def institutions(ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Institutions as an entry shows them, by id."""
    rows = await fetch(
        """SELECT i.id AS institution_id, i.code, i.name, i.kind, i.level, i.state, i.merged_into IS NOT NULL AS merged,
             g.code AS region, g.name_el AS region_el, g.name_en AS region_en
           FROM institution i JOIN regional_directorate g ON g.id = i.regional_directorate_id
           WHERE i.id = ANY($1::bigint[])""",
        list(ids),
    )
    return {row["institution_id"]: row for row in rows}


async def remove_entries(wave_id: int) -> None:
    """Empty a list."""
    await execute("DELETE FROM grant_entry WHERE wave_id = $1", wave_id)


async def remove_entry(wave_id: int, entry_id: int) -> bool:
    """Take one recipient out; whether it was there."""
    return bool(await execute("DELETE FROM grant_entry WHERE wave_id = $1 AND id = $2", wave_id, entry_id))


async def add_entries(rows: Sequence[Sequence[Any]]) -> None:
    """Recipients: list, position, institution, kit, units, category, rank, project, note, account."""
    await execute_many(
        """INSERT INTO grant_entry
             (wave_id, position, institution_id, kit_slug, units, category, rank, project, note, created_by)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        rows,
    )


async def next_position(wave_id: int) -> int:
    """The position that a recipient entered by hand gets."""
    return int(await fetch_value("SELECT coalesce(max(position), 1) + 1 FROM grant_entry WHERE wave_id = $1", wave_id))


async def set_published(wave_id: int, digest: bytes, account_id: int | None) -> None:
    """The file that was published, and by whom."""
    await execute(
        "UPDATE grant_list SET published_file = $2, published_by = $3 WHERE wave_id = $1", wave_id, digest, account_id
    )


async def grants_of(institution_id: int) -> list[dict[str, Any]]:
    """What published lists give a school or department, the newest first."""
    return await fetch(
        f"""SELECT {_ENTRY}, w.id AS wave_id, w.slug, w.title_el, w.title_en, w.year_to AS year, w.state,
              w.decision_protocol, w.decision_ada, l.ground
            FROM grant_entry e JOIN institution i ON i.id = e.institution_id
            JOIN regional_directorate g ON g.id = i.regional_directorate_id
            JOIN wave w ON w.id = e.wave_id AND w.state IN ('published', 'historic')
            JOIN grant_list l ON l.wave_id = e.wave_id
            WHERE i.id = $1 AND NOT e.corrected ORDER BY w.year_to DESC, w.id DESC, e.position""",  # noqa: S608 - a constant
        institution_id,
    )


async def to_tell(wave_id: int) -> list[dict[str, Any]]:
    """The recipients of a list with their addresses, each once."""
    return await fetch(
        """SELECT DISTINCT i.id, i.code, i.name, i.email FROM grant_entry e
           JOIN institution i ON i.id = e.institution_id WHERE e.wave_id = $1 AND NOT e.corrected ORDER BY i.id""",
        wave_id,
    )


async def add_entry(row: Sequence[Any]) -> int:
    """One recipient, as a row of `add_entries`; returns its id."""
    return int(
        await fetch_value(
            """INSERT INTO grant_entry
                 (wave_id, position, institution_id, kit_slug, units, category, rank, project, note, created_by)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id""",
            *row,
        )
    )


async def mark_corrected(entry_id: int) -> None:
    """A row stands no more."""
    await execute("UPDATE grant_entry SET corrected = true WHERE id = $1", entry_id)


async def reserve_correction() -> int:
    """The number that the next correction will have: its file names it before it is written."""
    return int(await fetch_value("SELECT nextval(pg_get_serial_sequence('grant_correction', 'id'))"))


async def moment() -> datetime:
    """The moment of this unit of work, by the database's clock."""
    found: datetime = await fetch_value("SELECT now()")
    return found


async def add_correction(*row: Any) -> None:
    """What stands instead of what: number, list, the row that stood, the one that stands, why, the list's file before
    and since, account, moment."""
    await execute(
        """INSERT INTO grant_correction
             (id, wave_id, was_id, is_id, why, former_file, published_file, corrected_by, corrected_at)
           OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        *row,
    )


async def set_published_file(wave_id: int, digest: bytes) -> None:
    """The file that is in force since a correction."""
    await execute("UPDATE grant_list SET published_file = $2 WHERE wave_id = $1", wave_id, digest)


async def corrections(wave_id: int) -> list[dict[str, Any]]:
    """The corrections of a list, the first first."""
    return await fetch(
        """SELECT c.id, c.was_id, c.is_id, c.why, encode(c.former_file, 'hex') AS former_sha256, c.corrected_at,
             coalesce(a.name, a.email, '') AS who
           FROM grant_correction c LEFT JOIN account a ON a.id = c.corrected_by WHERE c.wave_id = $1 ORDER BY c.id""",
        wave_id,
    )


async def entries_of_corrections(wave_id: int) -> list[dict[str, Any]]:
    """Every row that a correction of a list names, whether it stands or not."""
    return await fetch(
        f"""SELECT {_ENTRY} FROM grant_entry e JOIN institution i ON i.id = e.institution_id
            JOIN regional_directorate g ON g.id = i.regional_directorate_id
            WHERE e.id IN (SELECT unnest(ARRAY[c.was_id, c.is_id]) FROM grant_correction c WHERE c.wave_id = $1)""",  # noqa: S608 - a constant
        wave_id,
    )


async def to_tell_of(correction_id: int) -> list[dict[str, Any]]:
    """Whom a correction concerns, with their addresses and its list."""
    return await fetch(
        """SELECT DISTINCT i.id, i.code, i.name, i.email, w.slug, c.why FROM grant_correction c
           JOIN wave w ON w.id = c.wave_id JOIN grant_entry e ON e.id IN (c.was_id, c.is_id)
           JOIN institution i ON i.id = e.institution_id WHERE c.id = $1 ORDER BY i.id""",
        correction_id,
    )

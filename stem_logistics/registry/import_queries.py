"""The import's queries: the file's rows in a temporary table, compared with the registry and written into it."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from stem_logistics.db.engine import connection, execute, fetch, fetch_one, fetch_value
from stem_logistics.registry.geography import DIRECTORATES, REGIONS, Region
from stem_logistics.registry.importing.rows import InstitutionRecord

# One number for all who write the registry, so that two imports wait for each other.
LOCK = 0x57E4_0002
CHUNK = 2_000

_STAGE = """CREATE TEMP TABLE registry_row (
  code text PRIMARY KEY, kind text, name text, level text, unit_type text, special_type text, orientation_type text,
  operation_shift text, legal_character text, state text, categories text[], region text, directorate text,
  directorate_name text, directorate_stage text, municipality text, address text, postcode text, phone text, email text,
  latitude numeric, longitude numeric, pupils integer, updated_on date, search_key text, number integer
) ON COMMIT DROP"""
_STAGED = (
    *("code", "kind", "name", "level", "unit_type", "special_type", "orientation_type", "operation_shift"),
    *("legal_character", "state", "categories", "region", "directorate", "directorate_name", "directorate_stage"),
    *("municipality", "address", "postcode", "phone", "email", "latitude", "longitude", "pupils", "updated_on"),
    *("search_key", "number"),
)
# field → (the registry's value, the file's value); i, r, d are the registry's rows, s the file's.
_COMPARED: dict[str, tuple[str, str]] = {
    name: (f"i.{name}", f"s.{name}")
    for name in (
        *("kind", "name", "level", "unit_type", "special_type", "orientation_type", "operation_shift"),
        *("legal_character", "state", "categories", "municipality", "address", "postcode", "phone", "email"),
        *("latitude", "longitude", "pupils"),
    )
} | {
    "region": ("r.code", "s.region"),
    "directorate": ("d.code", "s.directorate"),
    "updated_on": ("i.source_updated_on", "s.updated_on"),
}
_JOINED = """FROM registry_row s JOIN institution i ON i.code = s.code
  JOIN regional_directorate r ON r.id = i.regional_directorate_id LEFT JOIN directorate d ON d.id = i.directorate_id"""


async def lock_registry() -> None:
    """Let one import at a time write; until the end of the unit of work."""
    await execute("SELECT pg_advisory_xact_lock($1)", LOCK)


async def stage(records: Sequence[InstitutionRecord], progress: Callable[[int], Awaitable[None]]) -> None:
    """Copy the file's rows into a temporary table; `progress` hears how many are there."""
    await execute(_STAGE)
    async with connection() as conn:
        for start in range(0, len(records), CHUNK):
            part = [_staged(record) for record in records[start : start + CHUNK]]
            await conn.copy_records_to_table("registry_row", records=part, columns=_STAGED)
            await progress(start + len(part))
        await conn.execute("ANALYZE registry_row")


def _staged(record: InstitutionRecord) -> tuple[Any, ...]:
    office = record.directorate
    values: dict[str, Any] = {
        "categories": list(record.categories),
        "directorate": office.code if office else None,
        "directorate_name": office.name if office else None,
        "directorate_stage": office.stage if office else None,
        "number": record.row,
    }
    return tuple(values[name] if name in values else getattr(record, name) for name in _STAGED)


async def ensure_offices(more: Sequence[Region] = ()) -> None:
    """Write the regional directorates and directorates that are not there yet: the country's, and the file's."""
    await execute(
        """INSERT INTO regional_directorate (code, name_el, name_en)
           SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING""",
        *(list(column) for column in zip(*((r.code, r.name_el, r.name_en) for r in (*REGIONS, *more)), strict=True)),
    )
    await execute(
        """INSERT INTO directorate (code, name, stage, regional_directorate_id)
           SELECT o.code, o.name, o.stage, r.id
           FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS o(code, name, stage, region)
           JOIN regional_directorate r ON r.code = o.region ON CONFLICT DO NOTHING""",
        *(list(column) for column in zip(*((d.code, d.name, d.stage, d.region) for d in DIRECTORATES), strict=True)),
    )


async def ensure_staged_directorates() -> None:
    """Write the directorates that only the file knows."""
    await execute(
        """INSERT INTO directorate (code, name, stage, regional_directorate_id)
           SELECT DISTINCT ON (s.directorate) s.directorate, s.directorate_name, s.directorate_stage, r.id
           FROM registry_row s JOIN regional_directorate r ON r.code = s.region
           WHERE s.directorate IS NOT NULL ORDER BY s.directorate, s.number ON CONFLICT DO NOTHING"""
    )


async def rows_outside(regions: Sequence[int]) -> list[int]:
    """The file's rows that lie, or whose school lies now, outside these regions."""
    rows = await fetch(
        """SELECT s.number FROM registry_row s
           LEFT JOIN regional_directorate r ON r.code = s.region LEFT JOIN institution i ON i.code = s.code
           WHERE NOT coalesce(r.id = ANY($1::bigint[]), false)
              OR NOT coalesce(i.regional_directorate_id = ANY($1::bigint[]), true) ORDER BY s.number""",
        list(regions),
    )
    return [row["number"] for row in rows]


def _differs(provided: frozenset[str]) -> str:
    return " OR ".join(f"{old} IS DISTINCT FROM {new}" for old, new in _compared(provided).values()) or "false"


def _compared(provided: frozenset[str]) -> dict[str, tuple[str, str]]:
    return {field: pair for field, pair in _COMPARED.items() if field in provided}


async def counts(provided: frozenset[str]) -> tuple[int, int, int]:
    """How many rows the import creates, updates, leaves unchanged."""
    total = int(await fetch_value("SELECT count(*) FROM registry_row"))
    known = int(await fetch_value("SELECT count(*) FROM registry_row s JOIN institution i ON i.code = s.code"))
    updated = int(await fetch_value(f"SELECT count(*) {_JOINED} WHERE {_differs(provided)}"))
    return total - known, updated, known - updated


async def changed_fields(provided: frozenset[str]) -> dict[str, int]:
    """How many of the registry's institutions change in which field."""
    sums = ", ".join(
        f"count(*) FILTER (WHERE {old} IS DISTINCT FROM {new}) AS {field}"
        for field, (old, new) in _compared(provided).items()
    )
    row = await fetch_one(f"SELECT {sums} {_JOINED}")
    return {field: number for field, number in (row or {}).items() if number}


_TURNS = {
    "closed": "s.state = 'closed' AND i.state <> 'closed'",
    "suspended": "s.state = 'suspended' AND i.state <> 'suspended'",
    "reopened": "s.state = 'active' AND i.state <> 'active'",
    "moved": "d.code IS DISTINCT FROM s.directorate OR r.code IS DISTINCT FROM s.region",
    "level": "i.level <> s.level",
    "merged": "i.merged_into IS NOT NULL",
}
# what a column says that the file does not have is no news
_TURNS_NEED = {"closed": "state", "suspended": "state", "reopened": "state", "moved": "directorate", "level": "level"}


async def turns(provided: frozenset[str]) -> dict[str, int]:
    """How many schools close, are suspended, open again, move to another directorate, change level, stand merged."""
    asked = {name: sql for name, sql in _TURNS.items() if name == "merged" or _TURNS_NEED[name] in provided}
    sums = ", ".join(f"count(*) FILTER (WHERE {sql}) AS {name}" for name, sql in asked.items())
    row = await fetch_one(f"SELECT {sums} {_JOINED}")
    return {name: number for name, number in (row or {}).items() if number}


_KNOWN = """FROM institution i LEFT JOIN registry_row s ON s.code = i.code
  WHERE i.kind = 'school' AND i.state = 'active' AND i.merged_into IS NULL"""


async def absent(limit: int) -> tuple[int, list[dict[str, Any]]]:
    """The active schools that a whole country's file no longer names: how many, and the first of them.

    A file with less than half of the registry's schools is a part of the country and says nothing of the others.
    """
    known = int(await fetch_value(f"SELECT count(*) {_KNOWN}"))
    named = int(await fetch_value(f"SELECT count(s.code) {_KNOWN}"))
    if named * 2 < known:
        return 0, []
    rows = await fetch(
        f"""SELECT NULL AS row, i.code, i.name, 'absent' AS change {_KNOWN} AND s.code IS NULL
            ORDER BY i.code LIMIT $1""",
        limit,
    )
    return known - named, [{**row, "fields": {}} for row in rows]


async def changes(provided: frozenset[str], limit: int) -> list[dict[str, Any]]:
    """The first changes: new institutions, and what of the others changes from what to what."""
    parts = " || ".join(
        f"CASE WHEN {old} IS DISTINCT FROM {new} THEN jsonb_build_object('{field}', jsonb_build_array({old}, {new})) "
        "ELSE '{}'::jsonb END"
        for field, (old, new) in _compared(provided).items()
    )
    rows = await fetch(
        f"""SELECT s.number AS row, s.code, s.name, 'updated' AS change, ({parts})::text AS fields {_JOINED}
            WHERE {_differs(provided)} ORDER BY s.number LIMIT $1""",
        limit,
    )
    new = await fetch(
        """SELECT s.number AS row, s.code, s.name, 'created' AS change, '{}' AS fields FROM registry_row s
           LEFT JOIN institution i ON i.code = s.code WHERE i.id IS NULL ORDER BY s.number LIMIT $1""",
        limit,
    )
    return [{**row, "fields": json.loads(row["fields"])} for row in (*rows, *new)]


async def update_known(provided: frozenset[str], source: str) -> list[tuple[int, list[str]]]:
    """Write what differs; returns each changed institution's id and the fields that changed."""
    fields = _compared(provided)
    names = " || ".join(
        f"CASE WHEN {old} IS DISTINCT FROM {new} THEN ARRAY['{field}'] ELSE '{{}}'::text[] END"
        for field, (old, new) in fields.items()
    )
    own = [field for field in fields if field not in ("region", "directorate", "updated_on")]
    assignments = [f"{field} = c.{field}" for field in own]
    assignments += ["regional_directorate_id = nr.id", "directorate_id = nd.id"]
    if "updated_on" in fields:
        assignments.append("source_updated_on = c.updated_on")
    rows = await fetch(
        f"""WITH c AS (SELECT s.*, i.id AS institution_id, ({names}) AS fields {_JOINED} WHERE {_differs(provided)})
            UPDATE institution t SET {", ".join(assignments)}, source = $1, updated_at = now()
            FROM c JOIN regional_directorate nr ON nr.code = c.region
              LEFT JOIN directorate nd ON nd.code = c.directorate
            WHERE t.id = c.institution_id RETURNING t.id, c.fields""",  # noqa: S608 - constants
        source,
    )
    return [(row["id"], list(row["fields"])) for row in rows]


async def create_unknown(source: str, after: str) -> list[tuple[int, str]]:
    """Create the next institutions that the registry lacks, in the codes' order; returns ids and codes."""
    rows = await fetch(
        """WITH s AS (SELECT s.* FROM registry_row s WHERE s.code > $2 AND NOT EXISTS
             (SELECT FROM institution i WHERE i.code = s.code) ORDER BY s.code LIMIT $3)
           INSERT INTO institution (code, kind, name, level, unit_type, special_type, orientation_type,
             operation_shift, legal_character, state, categories, regional_directorate_id, directorate_id, municipality,
             address, postcode, phone, email, latitude, longitude, pupils, search_key, source, source_updated_on)
           SELECT s.code, s.kind, s.name, s.level, s.unit_type, s.special_type, s.orientation_type, s.operation_shift,
             s.legal_character, s.state, s.categories, r.id, d.id, s.municipality, s.address, s.postcode, s.phone,
             s.email, s.latitude, s.longitude, s.pupils, s.search_key, $1, s.updated_on
           FROM s JOIN regional_directorate r ON r.code = s.region LEFT JOIN directorate d ON d.code = s.directorate
           RETURNING id, code""",
        source,
        after,
        CHUNK,
    )
    return sorted(((row["id"], row["code"]) for row in rows), key=lambda pair: pair[1])


async def settle_search() -> None:
    """Let searches use the index at once: new keys wait in a list that every search would read whole."""
    await execute("SELECT gin_clean_pending_list('institution_search')")
    await execute("ANALYZE institution")


async def add_import(digest: bytes, name: str, created_by: int | None) -> int:
    """A new import, as uploaded."""
    return int(
        await fetch_value(
            "INSERT INTO registry_import (file_digest, file_name, created_by) VALUES ($1, $2, $3) RETURNING id",
            digest,
            name,
            created_by,
        )
    )


_IMPORT = """id, file_digest, file_name, column_set, state, created, updated, unchanged, errors::text AS errors,
  changes::text AS changes, job_id, created_by, created_at, finished_at"""


async def import_by_id(import_id: int, *, lock: bool = False) -> dict[str, Any] | None:
    """One import; locked until the end of the unit of work where asked."""
    row = await fetch_one(
        f"SELECT {_IMPORT} FROM registry_import WHERE id = $1 {'FOR NO KEY UPDATE' if lock else ''}",  # noqa: S608 - constants
        import_id,
    )
    return None if row is None else _with_json(row)


async def latest_imports(created_by: int | None, limit: int) -> list[dict[str, Any]]:
    """The latest imports: somebody's, or all of them."""
    rows = await fetch(
        f"""SELECT {_IMPORT} FROM registry_import WHERE $1::bigint IS NULL OR created_by = $1
            ORDER BY id DESC LIMIT $2""",  # noqa: S608 - a constant
        created_by,
        limit,
    )
    return [_with_json(row) for row in rows]


def _with_json(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "errors": json.loads(row["errors"]), "changes": json.loads(row["changes"])}


async def newest_import_of(digest: bytes) -> dict[str, Any] | None:
    """The newest import of a file with this content that was not refused."""
    return await fetch_one(
        "SELECT id, state FROM registry_import WHERE file_digest = $1 AND state <> 'refused' ORDER BY id DESC LIMIT 1",
        digest,
    )


async def set_state(import_id: int, state: str, job_id: int) -> None:
    """Let an import be in a state, with a job that works on it."""
    await execute("UPDATE registry_import SET state = $2, job_id = $3 WHERE id = $1", import_id, state, job_id)


async def keep_outcome(import_id: int, state: str, outcome: Mapping[str, Any], *, ended: bool) -> None:
    """Write what an import does or did.

    Args:
        outcome: column_set, created, updated, unchanged; errors and changes as JSON values.
    """
    await execute(
        """UPDATE registry_import SET state = $2, column_set = $3, created = $4, updated = $5, unchanged = $6,
             errors = $7::jsonb, changes = $8::jsonb, finished_at = CASE WHEN $9 THEN now() END WHERE id = $1""",
        import_id,
        state,
        *(outcome[name] for name in ("column_set", "created", "updated", "unchanged")),
        *(json.dumps(outcome[name], ensure_ascii=False, default=str) for name in ("errors", "changes")),
        ended,
    )

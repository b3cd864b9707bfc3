"""Statements of the import of equipment at schools: what of a file is known already, and its kits, many at once."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from stem_logistics.db.engine import execute, fetch


async def lock_imports() -> None:
    """Let two imports wait for each other, until the transaction ends: the second finds what the first wrote."""
    await execute("SELECT pg_advisory_xact_lock(hashtextextended('holdings-import', 0))")


async def schools(codes: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Schools by code: the row that bears the code (`own_id`), and the school that it stands for."""
    rows = await fetch(
        """SELECT o.code AS asked, o.id AS own_id, i.id, i.code, i.name, i.state
           FROM institution o JOIN institution i ON i.id = o.root_id WHERE o.code = ANY($1::text[])""",
        list(codes),
    )
    return {row.pop("asked"): row for row in rows}


async def counted(school_ids: Sequence[int]) -> dict[tuple[int, str, date, str], int]:
    """How many kits were recorded by their number alone, those aside whose coming was taken back: by school,
    definition, day, source."""
    rows = await fetch(
        """SELECT i.root_id, d.slug, r.since, r.source, count(*) AS kits
           FROM kit_record r JOIN institution i ON i.id = r.institution_id
           JOIN kit k ON k.id = r.kit_id JOIN kit_definition d ON d.id = k.kit_definition_id
           JOIN kit_position pos ON pos.kit_id = k.id AND pos.pieces > 0
           WHERE r.by_count AND i.root_id = ANY($1::bigint[]) GROUP BY 1, 2, 3, 4""",
        list(school_ids),
    )
    return {(row["root_id"], row["slug"], row["since"], row["source"]): row["kits"] for row in rows}


# A kit that is known, and what a file has recorded of it; no school where no file has.
_KNOWN = """coalesce(k.code, '') AS kit, d.slug AS definition, r.since, r.inventory_number, s.root_id AS school_id"""
_OF_KIT = """LEFT JOIN kit_definition d ON d.id = k.kit_definition_id
  LEFT JOIN kit_record r ON r.kit_id = k.id LEFT JOIN institution s ON s.id = r.institution_id"""


async def with_serials(serials: Sequence[tuple[str, str]]) -> dict[tuple[str, str], dict[str, Any]]:
    """The devices that have serial numbers, (item, number), by these: each with its kit (none in the loose stock)
    and whether it is `outside`, which is to say that its coming was taken back, or its supplier has it again."""
    rows = await fetch(
        f"""SELECT t.slug AS item, asked.serial, v.id AS device,
             NOT EXISTS (SELECT FROM holding h WHERE h.device_id = v.id AND h.quantity > 0) AS outside, {_KNOWN}
           FROM unnest($1::text[], $2::text[]) AS asked (item, serial) JOIN item t ON t.slug = asked.item
           JOIN device v ON v.item_id = t.id AND v.serial_key = serial_key(asked.serial)
           LEFT JOIN kit k ON k.id = v.kit_id {_OF_KIT}""",  # noqa: S608 - constants of ours
        [item for item, _ in serials],
        [serial for _, serial in serials],
    )
    return {(row.pop("item"), row.pop("serial")): row for row in rows}


async def with_numbers(numbers: Sequence[tuple[int, str]]) -> dict[tuple[int, str], dict[str, Any]]:
    """The kits that schools know by inventory numbers, (school, number), by these."""
    rows = await fetch(
        f"""SELECT asked.school_id AS at, {_KNOWN}
           FROM unnest($1::bigint[], $2::text[]) AS asked (school_id, number)
           JOIN institution o ON o.root_id = asked.school_id
           JOIN kit_record n ON n.institution_id = o.id AND n.inventory_number = asked.number
           JOIN kit_position pos ON pos.kit_id = n.kit_id AND pos.pieces > 0
           JOIN kit k ON k.id = n.kit_id {_OF_KIT}""",  # noqa: S608 - constants of ours
        [school for school, _ in numbers],
        [number for _, number in numbers],
    )
    return {(row.pop("at"), row["inventory_number"]): row for row in rows}


async def at_schools(school_ids: Sequence[int]) -> dict[tuple[int, str], int]:
    """How many kits of each definition are at schools, however they came: by school and definition."""
    rows = await fetch(
        """SELECT i.root_id, d.slug, count(*) AS kits FROM institution i JOIN place p ON p.institution_id = i.id
           JOIN kit_position pos ON pos.place_id = p.id JOIN kit k ON k.id = pos.kit_id
           JOIN kit_definition d ON d.id = k.kit_definition_id
           WHERE i.root_id = ANY($1::bigint[]) GROUP BY 1, 2""",
        list(school_ids),
    )
    return {(row["root_id"], row["slug"]): row["kits"] for row in rows}


async def closed_periods() -> list[tuple[datetime, datetime]]:
    """The periods whose books are closed: from, until before."""
    rows = await fetch("SELECT starts_at, ends_at FROM closed_period WHERE reopened_at IS NULL")
    return [(row["starts_at"], row["ends_at"]) for row in rows]


async def ensure_places(institution_ids: Sequence[int]) -> dict[int, int]:
    """The places of institutions, made at first need, by institution."""
    rows = await fetch(
        """INSERT INTO place (kind, code, title, institution_id)
           SELECT 'institution', 'institution-' || i.code, i.name, i.id FROM institution i
             WHERE i.id = ANY($1::bigint[]) ORDER BY i.id
           ON CONFLICT (institution_id) DO UPDATE SET title = excluded.title RETURNING id, institution_id""",
        list(institution_ids),
    )
    return {row["institution_id"]: row["id"] for row in rows}


async def add_kits(kits: Sequence[tuple[str, int, datetime]]) -> list[int]:
    """Add kits, (code, definition, since when there is such a kit); returns their ids in that order."""
    codes, definitions, moments = zip(*kits, strict=True)
    rows = await fetch(
        """INSERT INTO kit (code, kit_definition_id, created_at)
           SELECT * FROM unnest($1::text[], $2::bigint[], $3::timestamptz[]) RETURNING id, code""",
        list(codes),
        list(definitions),
        list(moments),
    )
    by_code = {row["code"]: row["id"] for row in rows}
    return [by_code[code] for code in codes]


async def add_records(digest: bytes, records: Sequence[tuple[int, int, date, str, str, bool, int]]) -> None:
    """Keep what a file says of kits: (kit, institution, since, source, inventory number, by count, row)."""
    columns = [list(column) for column in zip(*records, strict=True)]
    await execute(
        """INSERT INTO kit_record (file_digest, kit_id, institution_id, since, source, inventory_number, by_count, row)
           SELECT $1, u.* FROM unnest($2::bigint[], $3::bigint[], $4::date[], $5::text[], $6::text[], $7::boolean[],
             $8::integer[]) AS u""",
        digest,
        *columns,
    )

"""The book of movements as a list. There are millions of them: each page is found by an index, and nothing counts them.

What a filter means is looked up first and written into the statement as numbers (of places, items, kits), so that
PostgreSQL plans by how many movements those have: what is frequent by walking the days, what is rare by its own index.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stem_logistics.accounts.policy import Scope
from stem_logistics.codes import parse_code
from stem_logistics.db.engine import fetch, fetch_value
from stem_logistics.inventory.label_rules import scanned_code
from stem_logistics.inventory.words import REASON_WORDS
from stem_logistics.selecting import Where

EXPORT_ROWS = 5_000
MOST_DOCUMENTS = 50
FEW = 5_000
# Of these kinds there are so many places that their movements are everywhere in the book.
_EVERYWHERE = frozenset({"consignment", "institution", "returning"})

_SHOWN = """SELECT m.id, m.occurred_at, m.recorded_at, m.reason, m.quantity, m.document, m.note, m.reverses_id,
    r.id AS reversed_by, k.code AS kit, it.slug AS item, it.name_el, it.name_en, dv.serial_number,
    f.kind AS from_kind, f.code AS from_code, f.title AS from_title, fi.code AS from_institution,
    fc.code AS from_consignment, t.kind AS to_kind, t.code AS to_code, t.title AS to_title, ti.code AS to_institution,
    tc.code AS to_consignment, m.actor_kind, a.name AS actor_name
  FROM ({found}) m JOIN item it ON it.id = m.item_id
  JOIN place f ON f.id = m.from_place_id JOIN place t ON t.id = m.to_place_id
  LEFT JOIN institution fi ON fi.id = f.institution_id LEFT JOIN institution ti ON ti.id = t.institution_id
  LEFT JOIN consignment fc ON fc.id = f.consignment_id LEFT JOIN consignment tc ON tc.id = t.consignment_id
  LEFT JOIN kit k ON k.id = m.kit_id LEFT JOIN device dv ON dv.id = m.device_id
  LEFT JOIN movement r ON r.reverses_id = m.id
  LEFT JOIN account a ON m.actor_kind = 'account' AND a.id = m.actor_id
  ORDER BY m.occurred_at {direction}, m.id {direction}"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the book is asked for; empty or None asks for nothing.

    Args:
        q: a kit's code or label, a serial number however written, the beginning of a document's number.
        reason: of the movement.
        source: the kind of place that it left.
        target: the kind of place that it entered.
        institution: the code of a school that it left or entered, in a parcel too.
        item: the short name of what moved.
        kit: the code of a kit.
        place: the code of a place that it left or entered.
        movement: its number.
        first: no earlier.
        until: before this moment.
    """

    q: str = ""
    reason: str = ""
    source: str = ""
    target: str = ""
    institution: str = ""
    item: str = ""
    place: str = ""
    movement: int | None = None
    first: datetime | None = None
    until: datetime | None = None


def _one_of(column: str, ids: Iterable[int]) -> str:
    listed = ", ".join(str(int(each)) for each in ids)
    return f"{column} IN ({listed})" if listed else "false"


def _moved_by(ids: Iterable[int]) -> str:
    known = list(ids)
    return f"({_one_of('m.from_place_id', known)} OR {_one_of('m.to_place_id', known)})"


async def _ids(sql: str, *values: object) -> list[int]:
    found: list[int] = await fetch_value(f"SELECT ARRAY({sql})", *values)
    return found


async def narrowed(scope: Scope, asked: Asked) -> Where:
    """The conditions of a list, each by what it means now."""
    where = Where()
    if not scope.country:
        regions, schools = where.value(list(scope.regions)), where.value(list(scope.institutions))
        seen = f"""SELECT p.id FROM place p LEFT JOIN consignment c ON c.id = p.consignment_id
          JOIN institution i ON i.id = coalesce(p.institution_id, c.institution_id)
          WHERE i.regional_directorate_id = ANY({regions}) OR i.id = ANY({schools})"""  # noqa: S608 - $n
        where.any_of(f"m.from_place_id IN ({seen})", f"m.to_place_id IN ({seen})")
    if asked.q:
        await _search(where, asked.q)
    if asked.reason in REASON_WORDS:
        where.add(f"m.reason = '{asked.reason}'")
    elif asked.reason:
        where.add("false")
    for column, kind in (("m.from_place_id", asked.source), ("m.to_place_id", asked.target)):
        if kind in _EVERYWHERE:
            await _of_kind(where, column, kind)
        elif kind:
            where.add(_one_of(column, await _ids("SELECT id FROM place WHERE kind = $1", kind)))
    if asked.institution:
        where.add(
            _moved_by(
                await _ids(
                    """SELECT p.id FROM institution o JOIN place p ON p.institution_id = o.root_id WHERE o.code = $1
                       UNION ALL
                       SELECT p.id FROM institution o JOIN consignment c ON c.institution_id = o.root_id
                       JOIN place p ON p.consignment_id = c.id WHERE o.code = $1""",
                    asked.institution,
                )
            )
        )
    if asked.place:
        where.add(_moved_by(await _ids("SELECT id FROM place WHERE code = $1", asked.place)))
    if asked.item:
        where.add(_one_of("m.item_id", await _ids("SELECT id FROM item WHERE slug = $1", asked.item)))
    if asked.movement is not None:
        where.add(f"m.id = {where.value(asked.movement)}")
    if asked.first is not None:
        where.add(f"m.occurred_at >= {where.value(asked.first)}")
    if asked.until is not None:
        where.add(f"m.occurred_at < {where.value(asked.until)}")
    return where


async def _of_kind(where: Where, column: str, kind: str) -> None:
    """The movements of a kind with many places: by their numbers where they are few (schools give little away), else by
    walking the days."""
    name = column.removeprefix("m.")
    few = await _ids(
        f"""SELECT moved.id FROM place p CROSS JOIN LATERAL (
              SELECT id FROM movement WHERE {name} = p.id LIMIT {FEW + 1}) moved
            WHERE p.kind = $1 LIMIT {FEW + 1}""",  # noqa: S608 - constants of ours
        kind,
    )
    if len(few) <= FEW:
        where.add(f"m.id = ANY({where.value(few)}::bigint[])")
    else:
        places = await _ids("SELECT id FROM place WHERE kind = $1", kind)
        where.add(f"{column} = ANY({where.value(places)}::bigint[])")


async def _search(where: Where, q: str) -> None:
    code = scanned_code(q) or parse_code(q) or ""
    kits = await _ids(
        "SELECT id FROM kit WHERE code = $1 UNION SELECT kit_id FROM label WHERE code = $1 AND kit_id IS NOT NULL", code
    )
    devices = await _ids("SELECT id FROM device WHERE serial_key = serial_key($1)", q)
    if kits or devices:
        where.any_of(_one_of("m.kit_id", kits), _one_of("m.device_id", devices))
        return
    documents = [row["document"] for row in await fetch(_DOCUMENTS, q)]
    where.add(f"""m.document <> '' AND m.document COLLATE "C" = ANY({where.value(documents)}::text[])""")


# The documents that begin so: from one to the next, however many movements each has.
_DOCUMENTS = f"""WITH RECURSIVE each AS (
  (SELECT document FROM movement WHERE document <> '' AND document COLLATE "C" >= $1
    ORDER BY document COLLATE "C" LIMIT 1)
  UNION ALL
  SELECT (SELECT m.document FROM movement m WHERE m.document <> '' AND m.document COLLATE "C" > each.document
    ORDER BY m.document COLLATE "C" LIMIT 1)
  FROM each WHERE starts_with(each.document, $1))
SELECT document FROM each WHERE starts_with(document, $1) LIMIT {MOST_DOCUMENTS}"""  # noqa: S608 - constants of ours


async def page(
    where: Where, after: tuple[datetime, int] | None, *, descending: bool, limit: int
) -> list[dict[str, Any]]:
    """So many movements beyond one, by day and then in the order in which they were recorded."""
    terms, values, direction = where.sql, list(where.values), "DESC" if descending else "ASC"
    if after is not None:
        values += after
        beyond = "<" if descending else ">"
        terms += f" AND (m.occurred_at, m.id) {beyond} (${len(values) - 1}, ${len(values)})"
    found = f"""SELECT * FROM movement m WHERE {terms}
      ORDER BY m.occurred_at {direction}, m.id {direction} LIMIT {int(limit)}"""  # noqa: S608 - conditions of `narrowed`
    return await fetch(_SHOWN.format(found=found, direction=direction), *values)


async def every(where: Where, *, descending: bool) -> AsyncIterator[dict[str, Any]]:
    """All of a list, for a file: some at a time, so that whoever reads slowly holds no connection."""
    after = None
    while rows := await page(where, after, descending=descending, limit=EXPORT_ROWS):
        for row in rows:
            yield row
        after = (rows[-1]["occurred_at"], rows[-1]["id"])


async def items() -> list[Mapping[str, Any]]:
    """What may have moved: short names and names."""
    return list(await fetch("SELECT slug, name_el, name_en FROM item ORDER BY name_el, id"))

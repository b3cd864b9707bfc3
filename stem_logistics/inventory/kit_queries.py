"""Kits as lists and pages show them: where each is, what it holds, what happened to it."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from stem_logistics.accounts.policy import Scope
from stem_logistics.codes import ALPHABET, LENGTH
from stem_logistics.db.engine import fetch, fetch_one, fetch_value
from stem_logistics.inventory.label_rules import scanned_code
from stem_logistics.inventory.purchasing_queries import CAME, REJECTED
from stem_logistics.registry.folding import ts_query
from stem_logistics.selecting import Listed, Where, typed_code

# Kits with what lists show of them. Where each is, the ledger's trigger keeps (`kit_position`). Each of the joins finds
# one row at most, so that PostgreSQL leaves out those of which a statement asks nothing.
KITS = """FROM kit k JOIN kit_definition d ON d.id = k.kit_definition_id
  LEFT JOIN kit_position pos ON pos.kit_id = k.id
  LEFT JOIN place p ON p.id = pos.place_id
  LEFT JOIN consignment c ON c.id = p.consignment_id
  LEFT JOIN institution i ON i.id = coalesce(p.institution_id, c.institution_id)
  LEFT JOIN regional_directorate r ON r.id = i.regional_directorate_id"""
# A kit of which nothing is here went back to its supplier, by a rejection or because its entry was reversed, unless its
# parts went into other kits.
_AT_SUPPLIER = """(coalesce(pos.pieces, 0) = 0 AND 'supplier' = (SELECT t.code FROM movement m
  JOIN place t ON t.id = m.to_place_id WHERE m.kit_id = k.id ORDER BY m.id DESC LIMIT 1))"""
KIT_COLUMNS = f"""k.id, k.code, k.batch, k.created_at, d.slug AS definition, d.version, d.title_el, d.title_en,
  CASE WHEN pos.pieces > 0 THEN p.kind WHEN {_AT_SUPPLIER} THEN 'supplier' ELSE 'none' END AS place_kind,
  p.title AS place_title, c.code AS consignment_code, i.code AS institution_code, i.name AS institution_name,
  r.name_el AS region_el, r.name_en AS region_en,
  coalesce(pos.lost, 0) AS lost, coalesce(pos.scrapped, 0) AS scrapped, coalesce(pos.pieces, 0) AS pieces"""
SORTS = {
    "code": "k.code",
    "created": "k.created_at",
    "definition": "d.slug",
    "place": "p.kind",
    "school": "i.name",
    "lost": "pos.lost + pos.scrapped",
}
LISTED = Listed(KIT_COLUMNS, KITS, "k.id", SORTS)


async def kits_of_postings(keys: Sequence[str]) -> list[str]:
    """The codes of the kits that postings moved, in their order."""
    rows = await fetch(
        """SELECT k.code FROM movement m JOIN kit k ON k.id = m.kit_id WHERE m.idempotency_key = ANY($1)
           GROUP BY k.id, k.code ORDER BY min(m.id)""",
        list(keys),
    )
    return [row["code"] for row in rows]


async def kit(code: str) -> dict[str, Any] | None:
    """One kit with its definition and where it is."""
    return await fetch_one(
        f"""SELECT {KIT_COLUMNS}, d.id AS definition_id, i.id AS institution_id, i.regional_directorate_id,
              p.id AS place_id, (SELECT coalesce(s.title, s.code) FROM stop s WHERE s.id = p.stop_id) AS held_by,
              rec.inventory_number, rec.source AS recorded_by, rec.since AS recorded_since,
              o.code AS order_code, o.unit_cents, o.title AS book_title,
              -- other kits with which its devices moved: before they came with this one, or since
              ARRAY(SELECT DISTINCT ok.code FROM movement mine JOIN movement their ON their.device_id = mine.device_id
                AND their.kit_id <> mine.kit_id JOIN kit ok ON ok.id = their.kit_id
                WHERE mine.kit_id = k.id AND mine.device_id IS NOT NULL ORDER BY ok.code LIMIT 20) AS other_kits
            {KITS} LEFT JOIN kit_record rec ON rec.kit_id = k.id
            LEFT JOIN purchase_batch pb ON pb.name = k.batch AND k.batch <> ''
            LEFT JOIN purchase_order o ON o.id = pb.purchase_order_id WHERE k.code = $1""",  # noqa: S608 - constants
        code,
    )


async def kit_contents(kit_ids: Sequence[int]) -> list[dict[str, Any]]:
    """What kits hold, piece by piece where there are serial numbers, and where each piece is."""
    return await fetch(
        """SELECT h.kit_id, h.item_id, i.slug, i.name_el, i.name_en, i.device_kind, i.serialised, i.consumable,
             h.device_id, dv.serial_number, h.quantity, p.id AS place_id, p.kind AS place_kind,
             p.title AS place_title, p.institution_id AS place_institution_id,
             coalesce(b.position, 999) AS position, coalesce(b.optional, false) AS optional,
             CASE WHEN b.item_id <> h.item_id THEN (SELECT x.name_el FROM item x WHERE x.id = b.item_id) END
               AS instead_of_el,
             CASE WHEN b.item_id <> h.item_id THEN (SELECT x.name_en FROM item x WHERE x.id = b.item_id) END
               AS instead_of_en
           FROM holding h JOIN item i ON i.id = h.item_id JOIN place p ON p.id = h.place_id
           JOIN kit k ON k.id = h.kit_id
           LEFT JOIN device dv ON dv.id = h.device_id
           LEFT JOIN LATERAL (SELECT * FROM bom_line l WHERE l.kit_definition_id = k.kit_definition_id
             AND (l.item_id = h.item_id OR l.substitute_item_id = h.item_id)
             ORDER BY (l.item_id = h.item_id) DESC LIMIT 1) b ON true
           WHERE h.kit_id = ANY($1) AND h.quantity > 0
           ORDER BY h.kit_id, position, i.slug, dv.serial_number, p.id""",
        list(kit_ids),
    )


async def part_of_device(device_id: int) -> dict[str, Any] | None:
    """Where a device is, and in which kit."""
    return await fetch_one(
        """SELECT h.item_id, h.kit_id, h.place_id, p.kind AS place_kind FROM holding h JOIN place p ON p.id = h.place_id
           WHERE h.device_id = $1 AND h.quantity > 0""",
        device_id,
    )


async def kit_movements(kit_id: int) -> list[dict[str, Any]]:
    """The postings that moved a kit, newest first: what, from where, to where, who."""
    return await fetch(
        """SELECT m.idempotency_key AS key, m.reason, max(m.occurred_at) AS occurred_at, m.document, m.note,
             m.actor_kind, m.actor_id, a.name AS actor_name, sum(m.quantity)::int AS pieces,
             f.kind AS from_kind, f.title AS from_title, t.kind AS to_kind, t.title AS to_title,
             fc.code AS from_consignment, tc.code AS to_consignment,
             coalesce(fs.title, fs.code) AS from_stop, coalesce(ts.title, ts.code) AS to_stop,
             bool_or(r.id IS NOT NULL) AS is_reversed,
             max(m.id) AS last_id,
             coalesce(array_agg(dv.serial_number) FILTER (WHERE dv.id IS NOT NULL), '{}') AS serials
           FROM movement m JOIN place f ON f.id = m.from_place_id JOIN place t ON t.id = m.to_place_id
           LEFT JOIN consignment fc ON fc.id = f.consignment_id
           LEFT JOIN consignment tc ON tc.id = t.consignment_id
           LEFT JOIN stop fs ON fs.id = f.stop_id
           LEFT JOIN stop ts ON ts.id = t.stop_id
           LEFT JOIN movement r ON r.reverses_id = m.id
           LEFT JOIN device dv ON dv.id = m.device_id
           LEFT JOIN account a ON m.actor_kind = 'account' AND a.id = m.actor_id
           WHERE m.kit_id = $1
           GROUP BY m.idempotency_key, m.reason, m.document, m.note, m.actor_kind, m.actor_id, a.name, f.id, t.id,
             fc.code, tc.code, fs.id, ts.id
           ORDER BY last_id DESC""",
        kit_id,
    )


def _found(where: Where, q: str, schools: Sequence[int]) -> str:
    """The statement that gives the ids of the kits that a search means, each part by an index of its own: the kits
    of a serial number are as soon found among millions as among ten.
    """
    same = where.value(q)
    parts = [
        f"SELECT id FROM kit WHERE batch = {same}",  # noqa: S608 - $n
        f"SELECT kit_id FROM device WHERE serial_key = serial_key({same})",  # noqa: S608 - $n
        f"SELECT kit_id FROM kit_record WHERE inventory_number = {same} AND inventory_number <> ''",  # noqa: S608 - $n
    ]
    start = typed_code(q)
    if 0 < len(start) <= LENGTH and set(start) <= set(ALPHABET):
        first = where.value(start)
        # no character of a code lies behind "~"
        parts.append(f"""SELECT id FROM kit WHERE code COLLATE "C" BETWEEN {first} AND {first} || '~'""")  # noqa: S608
    if code := scanned_code(q):
        scanned = where.value(code)
        parts.append(f"SELECT id FROM kit WHERE code = {scanned}")  # noqa: S608 - $n
        parts.append(f"SELECT kit_id FROM label WHERE code = {scanned} AND kit_id IS NOT NULL")  # noqa: S608 - $n
    if schools:
        parts.append(_at_schools(f"SELECT unnest({where.value(schools)}::bigint[]) AS id"))
    return " UNION ALL ".join(parts)


async def _schools_named(q: str) -> list[int]:
    """The schools that a search means, by code or name. Asked for by itself: a search that names none, as by a serial
    number, is planned without schools, parcels and places, which would take longer than finding the kit."""
    named, values = "SELECT id FROM institution WHERE code = $1", [q]
    if asked := ts_query(q):
        named += " UNION SELECT id FROM institution WHERE search_vector @@ to_tsquery('simple', $2)"
        values.append(asked)
    found: list[int] = await fetch_value(f"SELECT ARRAY({named})", *values)
    return found


def _at_schools(schools: str) -> str:
    """The statement that gives the ids of the kits at some schools, or on their way there."""
    return f"""SELECT h.kit_id FROM ({schools}) i
        CROSS JOIN LATERAL (SELECT p.id FROM place p WHERE p.institution_id = i.id UNION ALL
          SELECT p.id FROM consignment c JOIN place p ON p.consignment_id = c.id WHERE c.institution_id = i.id) p
        JOIN holding h ON h.place_id = p.id WHERE h.quantity > 0 AND h.kit_id IS NOT NULL"""  # noqa: S608 - constants, $n


async def _narrowed(scope: Scope, q: str, filters: dict[str, str]) -> Where:
    q, where = q.strip(), Where()
    where.within(scope, region="i.regional_directorate_id", institution="i.id")
    if q:
        where.add(f"k.id = ANY(ARRAY({_found(where, q, await _schools_named(q))}))")
    for name, column in (
        ("definition", "d.slug"),
        ("batch", "k.batch"),
        ("region", "r.code"),
        ("institution", "i.code"),
        ("at", "p.code"),
    ):
        where.equal(column, filters.get(name))
    if school := filters.get("institution"):
        schools = f"SELECT id FROM institution WHERE code = {where.value(school)}"  # noqa: S608 - $n
        where.add(f"k.id = ANY(ARRAY({_at_schools(schools)}))")
    bought = {"order": "o.code", "contract": "o.contract_id", "funding": "o.funding_source_id"}
    for name, column in bought.items():
        if given := filters.get(name):
            # as an order counts what it received: what was taken in by mistake and reversed did not come
            value = where.value(given if name == "order" else int(given))
            where.add(f"""{CAME} AND k.batch IN (SELECT b.name FROM purchase_batch b
              JOIN purchase_order o ON o.id = b.purchase_order_id WHERE {column} = {value})""")  # noqa: S608 - $n
    if filters.get("purchase") == "rejected":
        where.add(REJECTED)
    elif filters.get("purchase") == "accepted":
        where.add(f"""NOT {REJECTED} AND EXISTS (SELECT FROM purchase_batch b WHERE b.name = k.batch
          AND b.decision = 'accepted')""")
    if item := filters.get("item"):
        slug = where.value(item)
        holders = f"SELECT x.kit_id FROM holding x JOIN item n ON n.id = x.item_id WHERE n.slug = {slug}"  # noqa: S608
        where.add(f"k.id IN ({holders} AND x.quantity > 0)")
    if place := filters.get("place"):
        if place == "several":
            where.add("p.id IS NULL AND pos.pieces > 0")
        else:
            where.add(_AT_SUPPLIER if place == "supplier" else f"p.kind = {where.value(place)}")
    if filters.get("state") == "incomplete":
        where.add("pos.lost + pos.scrapped > 0")
    return where


async def kits(
    scope: Scope, q: str, filters: dict[str, str], *, sort: str, descending: bool, limit: int, offset: int
) -> tuple[list[dict[str, Any]], int]:
    """A page of the kits that a scope sees, and how many there are."""
    where = await _narrowed(scope, q, filters)
    if q or any(filters.values()):
        # found once for both: a search takes longer to plan than to run, and a filter looks where each kit is
        chosen, total = await LISTED.ids_and_count(where, sort=sort, descending=descending, limit=limit, offset=offset)
    else:
        chosen = await LISTED.ids(where, sort=sort, descending=descending, limit=limit, offset=offset)
        total = await LISTED.count(where)
    return [row async for row in LISTED.of(chosen)], total


async def every_kit(
    scope: Scope, q: str, filters: dict[str, str], *, sort: str, descending: bool
) -> AsyncIterator[dict[str, Any]]:
    """Every kit of a list, for a file."""
    chosen = await LISTED.ids(await _narrowed(scope, q, filters), sort=sort, descending=descending)
    async for row in LISTED.of(chosen):
        yield row


async def kits_after(scope: Scope, filters: dict[str, str], after: int, limit: int) -> list[dict[str, Any]]:
    """Kits beyond an id, in the ids' order: a keyset page."""
    return await LISTED.after(await _narrowed(scope, "", filters), after, limit)


async def overview(scope: Scope) -> list[dict[str, Any]]:
    """How many kits of each definition are where."""
    where = await _narrowed(scope, "", {})
    return await fetch(
        f"""SELECT d.slug AS definition, max(d.title_el) AS title_el, max(d.title_en) AS title_en, count(*) AS kits,
              count(*) FILTER (WHERE p.kind = 'store') AS store,
              count(*) FILTER (WHERE p.kind = 'consignment') AS consignment,
              count(*) FILTER (WHERE p.kind = 'institution') AS institution,
              count(*) FILTER (WHERE p.kind = 'repairer') AS repairer,
              count(*) FILTER (WHERE p.kind = 'returning') AS returning,
              count(*) FILTER (WHERE p.kind = 'lost') AS lost,
              count(*) FILTER (WHERE p.kind = 'scrapped') AS scrapped,
              count(*) FILTER (WHERE {_AT_SUPPLIER}) AS supplier,
              count(*) FILTER (WHERE pos.place_id IS NULL AND pos.pieces > 0) AS several,
              count(*) FILTER (WHERE pos.lost + pos.scrapped > 0) AS incomplete
            {KITS} WHERE {where.sql} GROUP BY d.slug ORDER BY d.slug""",
        *where.values,
    )


async def movements_after(scope: Scope, filters: dict[str, Any], after: int, limit: int) -> list[dict[str, Any]]:
    """Movements beyond an id, in the order in which they were recorded: a keyset page."""
    where, values = ["m.id > $1"], [after]  # type: list[str], list[Any]
    if not scope.country:
        values += [list(scope.regions), list(scope.institutions)]
        where.append("(i.regional_directorate_id = ANY($2) OR i.id = ANY($3))")
    if "kit" in filters:
        values.append(filters["kit"])
        where.append(f"k.code = ${len(values)}")
    if "reason" in filters:
        values.append(filters["reason"])
        where.append(f"m.reason = ${len(values)}")
    return await fetch(
        f"""SELECT m.id, m.occurred_at, m.recorded_at, m.reason, it.slug AS item, k.code AS kit,
              dv.serial_number AS serial_number, m.quantity, f.code AS from_place, t.code AS to_place, m.document,
              m.note, m.reverses_id
            FROM movement m JOIN item it ON it.id = m.item_id
            JOIN place f ON f.id = m.from_place_id JOIN place t ON t.id = m.to_place_id
            LEFT JOIN consignment c ON c.id = coalesce(t.consignment_id, f.consignment_id)
            LEFT JOIN institution i ON i.id = coalesce(t.institution_id, f.institution_id, c.institution_id)
            LEFT JOIN kit k ON k.id = m.kit_id LEFT JOIN device dv ON dv.id = m.device_id
            WHERE {" AND ".join(where)} ORDER BY m.id LIMIT {int(limit)}""",  # noqa: S608 - numbered parameters
        *values,
    )


async def kits_at(institution_id: int) -> list[dict[str, Any]]:
    """The kits of which an institution holds parts."""
    return await fetch(
        f"""SELECT {KIT_COLUMNS} {KITS} WHERE k.id = ANY(ARRAY(
              SELECT h.kit_id FROM place at JOIN holding h ON h.place_id = at.id
              WHERE at.institution_id = $1 AND h.quantity > 0 AND h.kit_id IS NOT NULL)) ORDER BY k.id""",  # noqa: S608
        institution_id,
    )

"""Consignments: what is to be sent, what was, and how far it is."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from typing import Any

from stem_logistics.accounts.policy import Scope
from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value
from stem_logistics.registry.folding import ts_query
from stem_logistics.selecting import Listed, Where, contains, typed_code

CONSIGNMENTS = """FROM consignment c JOIN institution i ON i.id = c.institution_id
  JOIN regional_directorate r ON r.id = i.regional_directorate_id
  LEFT JOIN directorate dr ON dr.id = i.directorate_id
  LEFT JOIN wave w ON w.id = c.wave_id"""
COLUMNS = """c.id, c.code, c.state, c.courier, c.tracking_number, c.supplier_document, c.expected_on, c.parcels,
  c.weight_grams, dr.code AS directorate_code,
  c.created_at, c.packed_at, c.dispatched_at, c.completed_at, c.cancelled_at, c.cancel_reason, c.wave_id,
  c.return_due_on, c.returned_at, c.return_note, c.unscanned_reason,
  c.institution_id, i.code AS institution_code, i.name AS institution_name, i.kind AS institution_kind,
  i.email AS institution_email, i.address AS institution_address, i.postcode AS institution_postcode,
  i.municipality AS institution_municipality, i.phone AS institution_phone, i.regional_directorate_id,
  dr.name AS directorate, r.name_el AS region_el, r.name_en AS region_en, r.code AS region_code,
  w.slug AS wave_slug, w.title_el AS wave_title_el, w.title_en AS wave_title_en, c.held_by_stop_id,
  (SELECT coalesce(s.title, s.code) FROM stop s WHERE s.id = c.held_by_stop_id) AS held_by,
  c.discrepancy_id, c.for_kit_id, c.from_place_id,
  (SELECT x.code FROM discrepancy x WHERE x.id = c.discrepancy_id) AS case_code,
  (SELECT p.title FROM place p WHERE p.id = c.from_place_id) AS from_title,
  (SELECT count(*) FROM consignment_kit ck WHERE ck.consignment_id = c.id) AS kits,
  (SELECT count(*) FROM receipt rc WHERE rc.consignment_id = c.id) AS receipts,
  (c.state IN ('dispatched', 'partially-received') AND c.expected_on < CURRENT_DATE) AS late,
  EXISTS (SELECT FROM receipt_paper p WHERE p.consignment_id = c.id AND p.receipt_id IS NULL
    AND p.refused_at IS NULL) AS signed_on_file,
  (c.state = 'returning' AND c.return_due_on < CURRENT_DATE) AS back_late"""
# States that a list offers beside the real ones.
GROUPS = {
    "awaited": "c.state IN ('dispatched', 'partially-received')",
    "late": "c.state IN ('dispatched', 'partially-received') AND c.expected_on < CURRENT_DATE",
    # the school has sent the signed paper; nobody has entered it
    "signed": """EXISTS (SELECT FROM receipt_paper p WHERE p.consignment_id = c.id AND p.receipt_id IS NULL
      AND p.refused_at IS NULL)""",
    # it was counted, and nobody has looked at it yet
    "quality": """EXISTS (SELECT FROM receipt r WHERE r.consignment_id = c.id AND r.quality = 'later'
      AND NOT EXISTS (SELECT FROM receipt_quality q WHERE q.receipt_id = r.id))""",
    "back-late": "c.state = 'returning' AND c.return_due_on < CURRENT_DATE",
}
SORTS = {
    "code": "c.code",
    "created": "c.created_at",
    "school": "i.name",
    "state": "c.state",
    "dispatched": "c.dispatched_at",
    "expected": "c.expected_on",
    # as a van is loaded: by region, directorate, place and school
    "destination": "(r.name_el, dr.name, i.municipality, i.postcode, i.name)",
}
LISTED = Listed(COLUMNS, CONSIGNMENTS, "c.id", SORTS)


async def add_consignment(
    code: str, institution_id: int, wave_id: int | None, created_by: int | None, from_place_id: int | None = None
) -> int:
    """Add an empty consignment; returns its id."""
    return int(
        await fetch_value(
            """INSERT INTO consignment (code, institution_id, wave_id, created_by, from_place_id)
               VALUES ($1, $2, $3, $4, $5) RETURNING id""",
            code,
            institution_id,
            wave_id,
            created_by,
            from_place_id,
        )
    )


async def consignment(code: str) -> dict[str, Any] | None:
    """One consignment with its school and wave."""
    return await fetch_one(f"SELECT {COLUMNS} {CONSIGNMENTS} WHERE c.code = $1", code)


async def consignment_by_id(consignment_id: int) -> dict[str, Any] | None:
    """One consignment with its school and wave."""
    return await fetch_one(f"SELECT {COLUMNS} {CONSIGNMENTS} WHERE c.id = $1", consignment_id)


async def lock(consignment_id: int) -> str | None:
    """Hold a consignment until the unit of work ends; returns its state now."""
    found: str | None = await fetch_value(
        "SELECT state FROM consignment WHERE id = $1 FOR NO KEY UPDATE", consignment_id
    )
    return found


async def institution(institution_id: int) -> dict[str, Any] | None:
    """The institution that something is for."""
    return await fetch_one(
        "SELECT id, code, name, regional_directorate_id, state FROM institution WHERE id = $1", institution_id
    )


async def institution_by_code(code: str) -> dict[str, Any] | None:
    """The institution of a Ministry code; of a merged one, what it stands for."""
    return await fetch_one(
        """SELECT i.id, i.code, i.name, i.regional_directorate_id, i.state FROM institution o
           JOIN institution i ON i.id = o.root_id WHERE o.code = $1""",
        code,
    )


async def set_state(consignment_id: int, state: str) -> None:
    """Set the state and the moment that belongs to it."""
    await execute(
        """UPDATE consignment SET state = $2,
             packed_at = CASE WHEN $2 = 'packed' THEN now() WHEN $2 = 'packing' THEN NULL ELSE packed_at END,
             dispatched_at = CASE WHEN $2 = 'dispatched' THEN now() ELSE dispatched_at END,
             completed_at = CASE WHEN $2 = 'received' THEN now() ELSE completed_at END,
             cancelled_at = CASE WHEN $2 IN ('returning', 'cancelled') THEN coalesce(cancelled_at, now())
               ELSE cancelled_at END,
             returned_at = CASE WHEN state = 'returning' AND $2 = 'cancelled' THEN now() ELSE returned_at END
           WHERE id = $1""",
        consignment_id,
        state,
    )


async def set_dispatch(
    consignment_id: int, courier: str, tracking_number: str, document: str, expected_on: date, parcels: int
) -> None:
    """Note who carries it, under which number, and until when it should be there."""
    await execute(
        """UPDATE consignment SET courier = $2, tracking_number = $3, supplier_document = $4, expected_on = $5,
             parcels = $6 WHERE id = $1""",
        consignment_id,
        courier,
        tracking_number,
        document,
        expected_on,
        parcels,
    )


async def set_parcels(consignment_id: int, parcels: int, weight_grams: int | None) -> None:
    """Note in how many parcels it is packed, and what they weigh."""
    await execute(
        "UPDATE consignment SET parcels = $2, weight_grams = coalesce($3, weight_grams) WHERE id = $1",
        consignment_id,
        parcels,
        weight_grams,
    )


async def clear_dispatch(consignment_id: int) -> None:
    """Forget who was to carry it: it has not left after all."""
    await execute(
        """UPDATE consignment SET courier = '', tracking_number = '', expected_on = NULL, dispatched_at = NULL
           WHERE id = $1""",
        consignment_id,
    )


async def set_cancel_reason(consignment_id: int, why: str, return_due_on: date | None) -> None:
    """Note why it was cancelled, and until when what is under way should be back."""
    await execute(
        "UPDATE consignment SET cancel_reason = $2, return_due_on = $3 WHERE id = $1",
        consignment_id,
        why,
        return_due_on,
    )


async def set_told(consignment_ids: Sequence[int], mail_id: int) -> None:
    """Note by which mail their school is told of consignments."""
    await execute(
        "INSERT INTO consignment_mail (consignment_id, mail_id) SELECT unnest($1::bigint[]), $2 ON CONFLICT DO NOTHING",
        list(consignment_ids),
        mail_id,
    )


async def mails_of(consignment_id: int) -> list[int]:
    """The mails by which its school is told of a consignment."""
    rows = await fetch("SELECT mail_id FROM consignment_mail WHERE consignment_id = $1", consignment_id)
    return [row["mail_id"] for row in rows]


async def told_together(consignment_id: int) -> list[int]:
    """The other consignments on their way that a mail is to tell of together with this one, and has not yet."""
    rows = await fetch(
        """SELECT DISTINCT o.id FROM consignment_mail mine JOIN mail_message m ON m.id = mine.mail_id
             JOIN consignment_mail other ON other.mail_id = m.id JOIN consignment o ON o.id = other.consignment_id
           WHERE mine.consignment_id = $1 AND o.id <> $1 AND m.state = 'queued' AND o.state = 'dispatched'
           ORDER BY o.id""",
        consignment_id,
    )
    return [row["id"] for row in rows]


async def add_return_note(consignment_id: int, said: str) -> None:
    """Note what was said when something came back."""
    await execute(
        "UPDATE consignment SET return_note = concat_ws(E'\\n', nullif(return_note, ''), $2::text) WHERE id = $1",
        consignment_id,
        said,
    )


async def add_kit(consignment_id: int, kit_id: int, award_id: int | None) -> None:
    """Put a kit into a consignment (the database refuses a kit that another one has)."""
    await execute(
        """INSERT INTO consignment_kit (consignment_id, kit_id, award_id) VALUES ($1, $2, $3)""",
        consignment_id,
        kit_id,
        award_id,
    )


async def add_lines(consignment_id: int, lines: Sequence[tuple[int, int, int]]) -> None:
    """Add (kit, item, quantity) lines."""
    kits, items, quantities = (list(column) for column in zip(*lines, strict=True))
    await execute(
        """INSERT INTO consignment_line (consignment_id, kit_id, item_id, quantity)
           SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::integer[])""",
        consignment_id,
        kits,
        items,
        quantities,
    )


async def remove_kit(consignment_id: int, kit_id: int) -> None:
    """Take a kit out again before the consignment leaves."""
    await execute("DELETE FROM consignment_scan WHERE consignment_id = $1 AND kit_id = $2", consignment_id, kit_id)
    await execute("DELETE FROM consignment_line WHERE consignment_id = $1 AND kit_id = $2", consignment_id, kit_id)
    await execute("DELETE FROM consignment_kit WHERE consignment_id = $1 AND kit_id = $2", consignment_id, kit_id)


async def release_kits(consignment_id: int) -> None:
    """Let the kits travel in another consignment, when this one has ended."""
    await execute(
        "UPDATE consignment_kit SET released_at = now() WHERE consignment_id = $1 AND released_at IS NULL",
        consignment_id,
    )


async def kits_of(consignment_id: int) -> list[dict[str, Any]]:
    """The kits of a consignment, in the order they were put in."""
    return await fetch(
        """SELECT ck.kit_id, k.code, d.slug AS definition, d.title_el, d.title_en, ck.award_id, ck.released_at
           FROM consignment_kit ck JOIN kit k ON k.id = ck.kit_id
           JOIN kit_definition d ON d.id = k.kit_definition_id
           WHERE ck.consignment_id = $1 ORDER BY ck.id""",
        consignment_id,
    )


async def heads_of(consignment_id: int) -> list[dict[str, Any]]:
    """Under which kits a consignment's contents are told: those in it, or the one that lacks what is sent again."""
    return await kits_of(consignment_id) or await fetch(
        """SELECT k.id AS kit_id, k.code, d.slug AS definition, d.title_el, d.title_en, NULL::bigint AS award_id,
             NULL::timestamptz AS released_at
           FROM consignment c JOIN kit k ON k.id = c.for_kit_id JOIN kit_definition d ON d.id = k.kit_definition_id
           WHERE c.id = $1""",
        consignment_id,
    )


async def left_of_case(consignment_id: int) -> int:
    """How many pieces of its case a consignment that sends again does not hold yet; 0 for any other one."""
    return int(
        await fetch_value(
            """SELECT x.quantity - (SELECT coalesce(sum(l.quantity), 0) FROM consignment_line l
                 WHERE l.consignment_id = c.id)
               FROM consignment c JOIN discrepancy x ON x.id = c.discrepancy_id WHERE c.id = $1""",
            consignment_id,
        )
        or 0
    )


async def lines_of(consignment_id: int) -> list[dict[str, Any]]:
    """The lines of a consignment, kit by kit, with what receipts have settled of pieces without serial numbers.

    A line's `kit_id` is the ledger's; it is told under `head_id`, which is another one where something is sent again.
    """
    return await fetch(
        """SELECT cl.id, cl.kit_id, h.id AS head_id,
             CASE WHEN c.for_kit_id IS NULL THEN k.code ELSE (
               SELECT string_agg(DISTINCT x.code, ', ') FROM movement m JOIN kit x ON x.id = m.kit_id
               WHERE m.reason = 'regroup' AND m.document = c.code AND m.item_id = cl.item_id) END AS from_kit,
             h.code AS kit_code,
             d.title_el AS kit_title_el, d.title_en AS kit_title_en,
             cl.item_id, it.slug AS item, it.name_el, it.name_en, cl.quantity, coalesce(b.optional, false) AS optional,
             CASE WHEN b.item_id <> cl.item_id THEN (SELECT x.name_el FROM item x WHERE x.id = b.item_id) END
               AS instead_of_el,
             CASE WHEN b.item_id <> cl.item_id THEN (SELECT x.name_en FROM item x WHERE x.id = b.item_id) END
               AS instead_of_en,
             coalesce((SELECT sum(rl.received + rl.damaged + rl.missing) FROM receipt_line rl
                       WHERE rl.consignment_line_id = cl.id AND rl.device_id IS NULL), 0)::int AS settled
           FROM consignment_line cl JOIN consignment c ON c.id = cl.consignment_id
           JOIN kit k ON k.id = cl.kit_id JOIN kit h ON h.id = coalesce(c.for_kit_id, cl.kit_id)
           JOIN kit_definition d ON d.id = h.kit_definition_id
           JOIN item it ON it.id = cl.item_id
           LEFT JOIN consignment_kit ck ON ck.consignment_id = cl.consignment_id AND ck.kit_id = cl.kit_id
           LEFT JOIN LATERAL (SELECT * FROM bom_line l WHERE l.kit_definition_id = d.id
             AND (l.item_id = cl.item_id OR l.substitute_item_id = cl.item_id)
             ORDER BY (l.item_id = cl.item_id) DESC LIMIT 1) b ON true
           WHERE cl.consignment_id = $1 ORDER BY ck.id, coalesce(b.position, 999), cl.id""",
        consignment_id,
    )


async def devices_of(consignment_id: int) -> list[dict[str, Any]]:
    """The devices that travel, or travelled, under the lines of a consignment, and whether a receipt settled each:
    those of the last time that their kit was put in. What was taken out before and not put in again is not among them.
    What is sent for a kit that the school has was scanned, one by one.
    """
    return await fetch(
        """WITH travelled AS (
             SELECT cl.id AS line_id, s.device_id FROM consignment_line cl
             JOIN consignment c ON c.id = cl.consignment_id
             JOIN consignment_scan s ON s.consignment_id = c.id AND s.kit_id = cl.kit_id
             JOIN device dv ON dv.id = s.device_id AND dv.item_id = cl.item_id
             WHERE c.id = $1 AND c.for_kit_id IS NOT NULL
             UNION
             SELECT cl.id, m.device_id FROM consignment_line cl JOIN consignment c ON c.id = cl.consignment_id
             JOIN place p ON p.consignment_id = c.id
             JOIN movement m ON m.kit_id = cl.kit_id AND m.item_id = cl.item_id AND m.device_id IS NOT NULL
               AND m.to_place_id = p.id AND m.reason = 'pack' AND m.idempotency_key = (
                 SELECT x.idempotency_key FROM movement x WHERE x.kit_id = cl.kit_id
                   AND x.to_place_id = p.id AND x.reason = 'pack' ORDER BY x.id DESC LIMIT 1)
             WHERE c.id = $1 AND c.for_kit_id IS NULL
             UNION
             SELECT cl.id, rl.device_id FROM consignment_line cl JOIN receipt_line rl ON rl.consignment_line_id = cl.id
             WHERE cl.consignment_id = $1 AND rl.device_id IS NOT NULL)
           SELECT t.line_id, cl.kit_id, dv.id, dv.serial_number, rl.id IS NOT NULL AS settled
           FROM travelled t JOIN consignment_line cl ON cl.id = t.line_id JOIN device dv ON dv.id = t.device_id
           LEFT JOIN receipt_line rl ON rl.consignment_line_id = t.line_id AND rl.device_id = dv.id
           ORDER BY t.line_id, dv.serial_number""",
        consignment_id,
    )


async def lock_awards(wave_id: int, institution_id: int) -> None:
    """Hold a school's awards, so that two people who make consignments at once do not both fill them."""
    await execute(
        "SELECT id FROM award WHERE wave_id = $1 AND institution_id = $2 FOR NO KEY UPDATE", wave_id, institution_id
    )


async def owed(wave_id: int, scope: Scope, institution_id: int | None = None) -> list[dict[str, Any]]:
    """The awards in scope of a wave with the kits that no consignment has yet, in the order of the schools' codes."""
    return await fetch(
        """SELECT * FROM (
             SELECT a.id AS award_id, a.institution_id, i.code AS institution_code, a.kit_slug, a.units,
               a.units - (SELECT count(*) FROM consignment_kit ck JOIN consignment c ON c.id = ck.consignment_id
                          WHERE ck.award_id = a.id AND c.state NOT IN ('returning', 'cancelled'))::int AS open
             FROM award a JOIN institution i ON i.id = a.institution_id
             WHERE a.wave_id = $1 AND a.source <> 'historic'
               AND ($2::bigint IS NULL OR a.institution_id = $2)
               AND ($3 OR i.regional_directorate_id = ANY($4) OR i.id = ANY($5))) owed
           WHERE open > 0 ORDER BY institution_code, award_id""",
        wave_id,
        institution_id,
        scope.country,
        list(scope.regions),
        list(scope.institutions),
    )


async def packing_consignment(wave_id: int, institution_id: int) -> str | None:
    """The consignment of a school in a wave that still takes kits."""
    found: str | None = await fetch_value(
        """SELECT code FROM consignment WHERE wave_id = $1 AND institution_id = $2 AND state = 'packing'
           ORDER BY id LIMIT 1""",
        wave_id,
        institution_id,
    )
    return found


async def wave_by_slug(slug: str) -> dict[str, Any] | None:
    """A wave as far as deliveries need it."""
    return await fetch_one("SELECT id, slug, state, title_el, title_en FROM wave WHERE slug = $1", slug)


async def waves_to_ship(scope: Scope) -> list[dict[str, Any]]:
    """Published waves with kits that no consignment has yet, and how many, counted within a scope."""
    return await fetch(
        """SELECT w.id, w.slug, w.title_el, w.title_en, sum(a.units)::int AS units, sum(a.units - coalesce(t.kits, 0)
             )::int AS open
           FROM wave w JOIN award a ON a.wave_id = w.id AND a.source <> 'historic'
             JOIN institution i ON i.id = a.institution_id
             LEFT JOIN (SELECT ck.award_id, count(*) AS kits FROM consignment_kit ck
               JOIN consignment c ON c.id = ck.consignment_id AND c.state NOT IN ('returning', 'cancelled')
               WHERE ck.award_id IS NOT NULL GROUP BY ck.award_id) t ON t.award_id = a.id
           WHERE w.state = 'published' AND ($1 OR i.regional_directorate_id = ANY($2) OR i.id = ANY($3))
           GROUP BY w.id ORDER BY w.id DESC""",
        scope.country,
        list(scope.regions),
        list(scope.institutions),
    )


def _narrowed(scope: Scope, q: str, filters: Mapping[str, str]) -> Where:
    where = Where()
    where.within(scope, region="i.regional_directorate_id", institution="i.id")
    if q:
        same = where.value(q.strip())
        any_of = [
            f"c.code LIKE {where.value(typed_code(q))} || '%'",
            f"i.code = {same}",
            f"i.name ILIKE {where.value(contains(q.strip()))}",
            f"c.tracking_number = {same}",
        ]
        if asked := ts_query(q):
            any_of.append(f"i.search_vector @@ to_tsquery('simple', {where.value(asked)})")
        where.any_of(*any_of)
    if state := filters.get("state"):
        where.add(GROUPS.get(state) or f"c.state = {where.value(state)}")
    if kit := filters.get("kit"):
        where.add(
            f"""EXISTS (SELECT FROM consignment_kit ck JOIN kit k ON k.id = ck.kit_id
                JOIN kit_definition d ON d.id = k.kit_definition_id
                WHERE ck.consignment_id = c.id AND d.slug = {where.value(kit)})"""
        )
    if held := filters.get("held"):
        stop = where.value(held)
        where.add(f"c.held_by_stop_id = (SELECT id FROM stop WHERE code = {stop})")  # noqa: S608 - $n
        where.add("c.state IN ('dispatched', 'partially-received')")
    named = (("wave", "w.slug"), ("region", "r.code"), ("institution", "i.code"), ("directorate", "dr.code"))
    for name, column in named:
        where.equal(column, filters.get(name))
    return where


async def consignments(
    scope: Scope, q: str, filters: Mapping[str, str], *, sort: str, descending: bool, limit: int, offset: int
) -> list[dict[str, Any]]:
    """A page of the consignments that a scope sees."""
    where = _narrowed(scope, q, filters)
    return await LISTED.page(where, sort=sort, descending=descending, limit=limit, offset=offset)


async def every_consignment(
    scope: Scope, q: str, filters: Mapping[str, str], *, sort: str, descending: bool
) -> AsyncIterator[dict[str, Any]]:
    """Every consignment of a list, for a file."""
    async for row in LISTED.every(_narrowed(scope, q, filters), sort=sort, descending=descending):
        yield row


async def count_consignments(scope: Scope, q: str, filters: Mapping[str, str]) -> int:
    """How many consignments a list has."""
    return await LISTED.count(_narrowed(scope, q, filters))


async def consignments_after(scope: Scope, filters: Mapping[str, str], after: int, limit: int) -> list[dict[str, Any]]:
    """Consignments beyond an id, in the ids' order: a keyset page."""
    return await LISTED.after(_narrowed(scope, "", filters), after, limit)


async def counts_by_state(scope: Scope) -> dict[str, int]:
    """How many consignments are in each state, how many are late, and how many of those that come back."""
    where = _narrowed(scope, "", {})
    rows = await fetch(
        f"""SELECT c.state, count(*) AS n, count(*) FILTER (WHERE {GROUPS["late"]}) AS late,
              count(*) FILTER (WHERE {GROUPS["back-late"]}) AS back_late
            {CONSIGNMENTS} WHERE {where.sql} GROUP BY c.state""",
        *where.values,
    )
    counts = {row["state"]: row["n"] for row in rows}
    return counts | {name: sum(row[name] for row in rows) for name in ("late", "back_late")}


async def waves_with_consignments() -> list[dict[str, Any]]:
    """The waves of which something was made ready to send, newest first."""
    return await fetch(
        """SELECT w.slug, w.title_el, w.title_en FROM wave w
           WHERE EXISTS (SELECT FROM consignment c WHERE c.wave_id = w.id) ORDER BY w.id DESC"""
    )

"""Receipts, their lines and protocols, and the discrepancies that they opened."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from typing import Any

from stem_logistics.accounts.policy import Scope
from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value
from stem_logistics.selecting import Listed, Where, contains, typed_code

RECEIPT = """r.id, r.code, r.consignment_id, r.part, r.protocol_number, r.protocol_digest, r.receiver_name,
  r.receiver_role, r.channel, r.link_id, r.account_id, r.note, r.is_final, r.confirmed_at, c.institution_id,
  r.quality, r.committee_act, r.appointed_by, r.signed_digest, r.signed_at, r.signature,
  (r.quality = 'later' AND NOT EXISTS (SELECT FROM receipt_quality q WHERE q.receipt_id = r.id)) AS quality_open,
  i.regional_directorate_id, i.code AS institution_code, i.name AS institution_name, c.code AS consignment_code"""
RECEIPTS = """FROM receipt r JOIN consignment c ON c.id = r.consignment_id
  JOIN institution i ON i.id = c.institution_id"""


async def receipt_by_key(key: str) -> dict[str, Any] | None:
    """The receipt that a form's key made."""
    return await fetch_one(f"SELECT {RECEIPT} {RECEIPTS} WHERE r.idempotency_key = $1", key)


async def receipt_by_code(code: str) -> dict[str, Any] | None:
    """One receipt, with whose it is."""
    return await fetch_one(f"SELECT {RECEIPT} {RECEIPTS} WHERE r.code = $1", code)


async def receipts_of(consignment_id: int) -> list[dict[str, Any]]:
    """The receipts of a consignment in their order."""
    return await fetch(f"SELECT {RECEIPT} {RECEIPTS} WHERE r.consignment_id = $1 ORDER BY r.part", consignment_id)


async def next_protocol_number(year: int) -> str:
    """The next number of the year's series; without gaps, as the number is taken in the receipt's transaction."""
    last = await fetch_value(
        """INSERT INTO protocol_series (year, last) VALUES ($1, 1)
           ON CONFLICT (year) DO UPDATE SET last = protocol_series.last + 1 RETURNING last""",
        year,
    )
    return f"{last}/{year}"


async def add_receipt(
    *,
    code: str,
    consignment_id: int,
    part: int,
    protocol_number: str,
    receiver_name: str,
    receiver_role: str,
    channel: str,
    link_id: int | None,
    account_id: int | None,
    idempotency_key: str,
    note: str,
    is_final: bool,
    signature: str = "",
) -> int:
    """Add a receipt; returns its id."""
    return int(
        await fetch_value(
            """INSERT INTO receipt (code, consignment_id, part, protocol_number, receiver_name, receiver_role, channel,
                 link_id, account_id, idempotency_key, note, is_final, signature)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id""",
            code,
            consignment_id,
            part,
            protocol_number,
            receiver_name,
            receiver_role,
            channel,
            link_id,
            account_id,
            idempotency_key,
            note,
            is_final,
            signature,
        )
    )


async def add_receipt_line(
    receipt_id: int,
    line_id: int,
    device_id: int | None,
    numbers: tuple[int, int, int, int],
    reasons: tuple[str, str],
    note: str,
) -> int:
    """Add what a receipt says of a line; returns its id.

    Args:
        numbers: received, damaged, missing, not yet arrived.
        reasons: of the damage and of what is missing.
    """
    return int(
        await fetch_value(
            """INSERT INTO receipt_line (receipt_id, consignment_line_id, device_id, received, damaged, missing,
                 not_yet, damage_reason, missing_reason, note)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id""",
            receipt_id,
            line_id,
            device_id,
            *numbers,
            *reasons,
            note,
        )
    )


async def set_protocol(receipt_id: int, digest: bytes) -> None:
    """Note which stored file the protocol is."""
    await execute("UPDATE receipt SET protocol_digest = $2 WHERE id = $1", receipt_id, digest)


async def receipt_lines(receipt_id: int) -> list[dict[str, Any]]:
    """What a receipt says, line by line, kit by kit."""
    return await fetch(
        """SELECT rl.*, cl.kit_id, k.id AS head_id, k.code AS kit_code, d.title_el AS kit_title_el,
             d.title_en AS kit_title_en, it.slug AS item, it.name_el, it.name_en, dv.serial_number
           FROM receipt_line rl JOIN consignment_line cl ON cl.id = rl.consignment_line_id
           JOIN consignment c ON c.id = cl.consignment_id
           JOIN kit k ON k.id = coalesce(c.for_kit_id, cl.kit_id) JOIN kit_definition d ON d.id = k.kit_definition_id
           JOIN item it ON it.id = cl.item_id
           LEFT JOIN device dv ON dv.id = rl.device_id
           LEFT JOIN bom_line b ON b.kit_definition_id = d.id AND b.item_id = cl.item_id
           WHERE rl.receipt_id = $1 ORDER BY cl.kit_id, coalesce(b.position, 999), cl.id, dv.serial_number""",
        receipt_id,
    )


async def lines_until(consignment_id: int, part: int) -> list[dict[str, Any]]:
    """What the receipts of a consignment say, up to one of them, with what was `found` damaged when the quality was
    looked at later.
    """
    return await fetch(
        """SELECT rl.id, r.part, rl.consignment_line_id AS line_id, rl.device_id, dv.serial_number, rl.received,
             rl.damaged, rl.missing, rl.damage_reason, rl.missing_reason, rl.note, coalesce(q.damaged, 0) AS found,
             q.damage_reason AS found_reason, q.note AS found_note
           FROM receipt r JOIN receipt_line rl ON rl.receipt_id = r.id LEFT JOIN device dv ON dv.id = rl.device_id
           LEFT JOIN receipt_quality_line q ON q.receipt_line_id = rl.id
           WHERE r.consignment_id = $1 AND r.part <= $2 ORDER BY r.part, rl.id""",
        consignment_id,
        part,
    )


async def add_discrepancy(
    code: str,
    receipt_line_id: int | None,
    kind: str,
    quantity: int,
    due_on: date,
    surplus_id: int | None = None,
    quality_line_id: int | None = None,
) -> None:
    """Open a discrepancy of a line that was sent, of something that came without having been sent, or of what was found
    damaged in a line later.
    """
    await execute(
        """INSERT INTO discrepancy (code, receipt_line_id, surplus_id, kind, quantity, due_on, quality_line_id)
           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        code,
        receipt_line_id,
        surplus_id,
        kind,
        quantity,
        due_on,
        quality_line_id,
    )


async def reported(consignment_id: int) -> dict[str, Any]:
    """Pieces of a consignment reported `damaged` and `missing` whose discrepancy is still open; the `closed` ones."""
    rows = await fetch(
        """SELECT x.kind, x.state, x.quantity, x.outcome, x.closed_at, coalesce(it.name_el, su.what) AS name_el,
             coalesce(it.name_en, su.what) AS name_en
           FROM receipt r JOIN (
             SELECT l.receipt_id, l.consignment_line_id, NULL::bigint AS surplus_id, l.id AS line_id FROM receipt_line l
             UNION ALL SELECT s.receipt_id, NULL, s.id, NULL FROM receipt_surplus s) part ON part.receipt_id = r.id
           JOIN discrepancy x ON x.receipt_line_id = part.line_id OR x.surplus_id = part.surplus_id
           LEFT JOIN consignment_line cl ON cl.id = part.consignment_line_id LEFT JOIN item it ON it.id = cl.item_id
           LEFT JOIN receipt_surplus su ON su.id = part.surplus_id
           WHERE r.consignment_id = $1 ORDER BY x.id""",
        consignment_id,
    )
    left = [row for row in rows if row["state"] == "open"]
    counts = {kind: sum(row["quantity"] for row in left if row["kind"] == kind) for kind in ("damaged", "missing")}
    return {**counts, "closed": [row for row in rows if row["state"] == "closed"]}


DISCREPANCIES = """FROM discrepancy x LEFT JOIN receipt_line rl ON rl.id = x.receipt_line_id
  LEFT JOIN receipt_surplus su ON su.id = x.surplus_id
  JOIN receipt r ON r.id = coalesce(rl.receipt_id, su.receipt_id) JOIN consignment c ON c.id = r.consignment_id
  JOIN institution i ON i.id = c.institution_id LEFT JOIN consignment_line cl ON cl.id = rl.consignment_line_id
  LEFT JOIN kit k ON k.id = coalesce(c.for_kit_id, cl.kit_id) LEFT JOIN item it ON it.id = cl.item_id
  LEFT JOIN device dv ON dv.id = rl.device_id LEFT JOIN account a ON a.id = x.closed_by
  LEFT JOIN account o ON o.id = x.owner_id LEFT JOIN receipt_quality_line ql ON ql.id = x.quality_line_id
  LEFT JOIN device td ON td.id = su.device_id LEFT JOIN kit tk ON tk.id = coalesce(su.kit_id, td.kit_id)
  LEFT JOIN repair rp ON rp.discrepancy_id = x.id"""
DISCREPANCY = """x.id, x.code, x.kind, x.quantity, x.state, x.outcome, x.outcome_reason, x.opened_at, x.due_on,
  x.closed_at, a.name AS closed_by, c.code AS consignment_code, r.code AS receipt_code, r.protocol_number,
  i.code AS institution_code, i.name AS institution_name, i.id AS institution_id, i.regional_directorate_id,
  i.email AS institution_email, cl.kit_id, k.id AS for_kit_id, k.code AS kit_code, it.id AS item_id, it.serialised,
  coalesce(it.name_el, su.what) AS name_el, coalesce(it.name_en, su.what) AS name_en, dv.id AS device_id,
  coalesce(dv.serial_number, nullif(su.serial_number, '')) AS serial_number, o.name AS owner, x.owner_id,
  x.sender_told_at, x.replacement, k.batch, c.supplier_document, c.courier, c.tracking_number,
  coalesce(ql.damage_reason, rl.damage_reason) AS damage_reason, rl.missing_reason,
  coalesce(ql.note, rl.note) AS note, x.quality_line_id IS NOT NULL AS found_later, su.device_id AS thing_device_id,
  su.kit_id AS thing_kit_id, su.found_place_id, x.surplus_id, tk.code AS thing_kit_code,
  (SELECT n.code FROM consignment n WHERE n.discrepancy_id = x.id
     AND n.state NOT IN ('returning', 'cancelled')) AS sent_again,
  (SELECT f.code FROM discrepancy f WHERE f.id = c.discrepancy_id) AS follows,
  it.slug AS item, r.protocol_digest, rp.code AS repair_code, rp.state AS repair_state,
  (SELECT ct.supplier FROM purchase_batch pb JOIN purchase_order po ON po.id = pb.purchase_order_id
     JOIN contract ct ON ct.id = po.contract_id WHERE pb.name = k.batch AND k.batch <> '' LIMIT 1) AS supplier,
  (x.state = 'open' AND x.due_on < CURRENT_DATE) AS late"""
SORTS = {"opened": "x.opened_at", "due": "x.due_on", "school": "i.name", "kind": "x.kind"}
LISTED = Listed(DISCREPANCY, DISCREPANCIES, "x.id", SORTS)


def _narrowed(scope: Scope, q: str, filters: Mapping[str, str], account: int | None) -> Where:
    where = Where()
    where.within(scope, region="i.regional_directorate_id", institution="i.id")
    for name, column in (("kind", "x.kind"), ("consignment", "c.code"), ("kit", "coalesce(k.code, tk.code)")):
        where.equal(column, filters.get(name))
    if filters.get("state") == "late":
        where.add("x.state = 'open' AND x.due_on < CURRENT_DATE")
    else:
        where.equal("x.state", filters.get("state"))
    if filters.get("owner") == "nobody":
        where.add("x.owner_id IS NULL")
    elif filters.get("owner") == "mine":
        where.add(f"x.owner_id = {where.value(account)}")
    if q.strip():
        same, code = where.value(q.strip()), where.value(typed_code(q))
        where.any_of(
            f"x.code LIKE {code} || '%'",
            f"k.code LIKE {code} || '%'",
            f"c.code LIKE {code} || '%'",
            f"coalesce(dv.serial_number, su.serial_number) = {same}",
            f"r.protocol_number = {same}",
            f"i.code = {same}",
            f"i.name ILIKE {where.value(contains(q.strip()))}",
        )
    return where


async def discrepancies(
    scope: Scope,
    q: str,
    filters: Mapping[str, str],
    account: int | None,
    *,
    sort: str,
    descending: bool,
    limit: int,
    offset: int,
) -> list[dict[str, Any]]:
    """A page of the discrepancies that a scope sees; `account`: whose "mine" are."""
    where = _narrowed(scope, q, filters, account)
    return await LISTED.page(where, sort=sort, descending=descending, limit=limit, offset=offset)


async def every_discrepancy(
    scope: Scope, q: str, filters: Mapping[str, str], account: int | None, *, sort: str, descending: bool
) -> AsyncIterator[dict[str, Any]]:
    """Every discrepancy of a list, for a file."""
    chosen = await LISTED.ids(_narrowed(scope, q, filters, account), sort=sort, descending=descending)
    async for row in LISTED.of(chosen):
        yield row


async def count_discrepancies(scope: Scope, q: str, filters: Mapping[str, str], account: int | None) -> int:
    """How many discrepancies a list has."""
    return await LISTED.count(_narrowed(scope, q, filters, account))


async def cases_due(days: int) -> list[dict[str, Any]]:
    """The open cases whose deadline is within so many days or has passed, each with the `steps` that were taken."""
    return await fetch(
        f"""SELECT {DISCREPANCY}, ARRAY(SELECT split_part(n.said, ':', 1) FROM discrepancy_note n
              WHERE n.discrepancy_id = x.id AND n.kind = 'reminder'
                -- a deadline that was moved is reminded of anew
                AND n.id > coalesce((SELECT max(d.id) FROM discrepancy_note d
                  WHERE d.discrepancy_id = x.id AND d.kind = 'deadline'), 0)) AS steps
            {DISCREPANCIES} WHERE x.state = 'open' AND x.due_on <= CURRENT_DATE + $1::int ORDER BY x.due_on, x.id
            FOR NO KEY UPDATE OF x SKIP LOCKED""",  # noqa: S608 - constants
        days,
    )


async def sender_address(supplier: str) -> str:
    """Where a supplier was last written to; empty where it never was."""
    return str(await fetch_value("SELECT email FROM supplier_contact WHERE supplier = $1", supplier) or "")


async def keep_sender_address(supplier: str, email: str) -> None:
    """Remember where a supplier is written to."""
    await execute(
        """INSERT INTO supplier_contact (supplier, email) VALUES ($1, $2)
           ON CONFLICT (supplier) DO UPDATE SET email = excluded.email""",
        supplier,
        email,
    )


async def discrepancy(code: str, *, lock: bool = False) -> dict[str, Any] | None:
    """One discrepancy; locked for the unit of work where it is to be changed."""
    if lock:
        await fetch_value("SELECT id FROM discrepancy WHERE code = $1 FOR NO KEY UPDATE", code)
    return await fetch_one(f"SELECT {DISCREPANCY} {DISCREPANCIES} WHERE x.code = $1", code)


async def close_discrepancy(discrepancy_id: int, outcome: str, why: str, closed_by: int | None) -> None:
    """Close a discrepancy with what came of it."""
    await execute(
        """UPDATE discrepancy SET state = 'closed', outcome = $2, outcome_reason = $3, closed_at = now(),
             closed_by = $4 WHERE id = $1""",
        discrepancy_id,
        outcome,
        why,
        closed_by,
    )


async def set_case(discrepancy_id: int, owner_id: int | None, due_on: date) -> None:
    """Note whose case it is, and until when."""
    await execute("UPDATE discrepancy SET owner_id = $2, due_on = $3 WHERE id = $1", discrepancy_id, owner_id, due_on)


async def set_sender_told(discrepancy_id: int) -> None:
    """Note that the sender was written to."""
    await execute("UPDATE discrepancy SET sender_told_at = now() WHERE id = $1", discrepancy_id)


async def set_replacement(discrepancy_id: int, replacement: str) -> None:
    """Note what was sent instead."""
    await execute("UPDATE discrepancy SET replacement = $2 WHERE id = $1", discrepancy_id, replacement)


async def add_note(discrepancy_id: int, account_id: int | None, kind: str, said: str) -> None:
    """Add to a case's notes."""
    await execute(
        "INSERT INTO discrepancy_note (discrepancy_id, account_id, kind, said) VALUES ($1, $2, $3, $4)",
        discrepancy_id,
        account_id,
        kind,
        said,
    )


async def notes_of(discrepancy_id: int) -> list[dict[str, Any]]:
    """A case's notes, newest first."""
    return await fetch(
        """SELECT n.at, n.kind, n.said, a.name AS who FROM discrepancy_note n LEFT JOIN account a ON a.id = n.account_id
           WHERE n.discrepancy_id = $1 ORDER BY n.id DESC""",
        discrepancy_id,
    )


async def spare_device(item_id: int, serial: str, place_id: int) -> dict[str, Any] | None:
    """A device of an item that lies at a place and is nobody's, by its serial number: neither packed nor in repair."""
    return await fetch_one(
        """SELECT d.id, d.kit_id, d.serial_number, k.code AS kit_code, k.batch
           FROM device d JOIN holding h ON h.device_id = d.id AND h.quantity > 0 LEFT JOIN kit k ON k.id = d.kit_id
           WHERE d.item_id = $1 AND d.serial_key = serial_key($2) AND h.place_id = $3
             AND NOT EXISTS (SELECT FROM consignment_kit c WHERE c.kit_id = d.kit_id AND c.released_at IS NULL)
             AND NOT EXISTS (SELECT FROM repair r WHERE r.device_id = d.id AND r.closed_at IS NULL)""",
        item_id,
        serial,
        place_id,
    )


async def receipts_after(scope: Scope, filters: Mapping[str, str], after: int, limit: int) -> list[dict[str, Any]]:
    """Receipts beyond an id, in the ids' order: a keyset page."""
    where, values = ["r.id > $1"], [after]  # type: list[str], list[Any]
    if not scope.country:
        values += [list(scope.regions), list(scope.institutions)]
        where.append("(i.regional_directorate_id = ANY($2) OR i.id = ANY($3))")
    if "consignment" in filters:
        values.append(filters["consignment"])
        where.append(f"c.code = ${len(values)}")
    return await fetch(
        f"SELECT {RECEIPT} {RECEIPTS} WHERE {' AND '.join(where)} ORDER BY r.id LIMIT {int(limit)}",
        *values,
    )


async def newest_receipts(scope: Scope, limit: int) -> list[dict[str, Any]]:
    """The newest receipts that a scope sees."""
    return await fetch(
        f"""SELECT {RECEIPT} {RECEIPTS}
            WHERE $1 OR i.regional_directorate_id = ANY($2) OR i.id = ANY($3)
            ORDER BY r.confirmed_at DESC, r.id DESC LIMIT {int(limit)}""",
        scope.country,
        list(scope.regions),
        list(scope.institutions),
    )


async def lines_of_receipts(receipt_ids: Sequence[int]) -> list[dict[str, Any]]:
    """The lines of several receipts."""
    return await fetch(
        """SELECT rl.receipt_id, k.code AS kit, it.slug AS item, dv.serial_number, rl.received, rl.damaged, rl.missing,
             rl.not_yet, rl.damage_reason, rl.missing_reason
           FROM receipt_line rl JOIN consignment_line cl ON cl.id = rl.consignment_line_id
           JOIN kit k ON k.id = cl.kit_id JOIN item it ON it.id = cl.item_id
           LEFT JOIN device dv ON dv.id = rl.device_id
           WHERE rl.receipt_id = ANY($1) ORDER BY rl.receipt_id, rl.id""",
        list(receipt_ids),
    )

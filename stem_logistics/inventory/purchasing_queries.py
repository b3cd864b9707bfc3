"""Statements of purchasing: contracts, orders, batches, and the serial numbers scanned for them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value
from stem_logistics.inventory.serial_rules import serial_key

# A kit counts as rejected while its way back to the supplier was not taken back.
REJECTED = """EXISTS (SELECT 1 FROM movement m LEFT JOIN movement r ON r.reverses_id = m.id
  WHERE m.kit_id = k.id AND m.reason = 'reject' AND r.id IS NULL)"""
# What was taken in by mistake and reversed did not come.
CAME = """EXISTS (SELECT 1 FROM movement m LEFT JOIN movement r ON r.reverses_id = m.id
  WHERE m.kit_id = k.id AND m.reason IN ('purchase', 'historic') AND r.id IS NULL)"""
ORDERS = f"""SELECT o.id, o.code, c.number AS contract, c.supplier, f.kind AS funding,
    f.reference AS funding_reference,
    d.slug AS definition, d.version, d.title_el, d.title_en, o.kits AS ordered, o.unit_cents,
    o.kits * o.unit_cents AS value_cents, o.title, o.due_on, o.ordered_at, o.ended, c.id AS contract_id,
    f.id AS funding_id, n.received::int AS received, n.rejected::int AS rejected, n.accepted::int AS accepted,
    CASE WHEN o.ended IS NULL THEN greatest(o.kits - n.received + n.rejected, 0) ELSE 0 END::int AS outstanding,
    greatest(n.received - n.rejected - o.kits, 0)::int AS surplus
  FROM purchase_order o JOIN contract c ON c.id = o.contract_id JOIN funding_source f ON f.id = o.funding_source_id
  JOIN kit_definition d ON d.id = o.kit_definition_id
  CROSS JOIN LATERAL (SELECT count(*) AS received, count(*) FILTER (WHERE x.is_rejected) AS rejected,
    count(*) FILTER (WHERE b.decision = 'accepted' AND NOT x.is_rejected) AS accepted
    FROM purchase_batch b JOIN kit k ON k.batch = b.name CROSS JOIN LATERAL (SELECT {REJECTED} AS is_rejected) x
    WHERE b.purchase_order_id = o.id AND {CAME}) n"""  # noqa: S608 - a constant of ours


async def add_order(
    funding: tuple[str, str],
    contract: tuple[str, str],
    code: str,
    definition_id: int,
    kits: int,
    unit_cents: int,
    title: str,
    due_on: date | None,
) -> str | None:
    """Add an order under a contract, both made where they are new; None where the contract is another supplier's."""
    source = await fetch_value(
        """INSERT INTO funding_source (kind, reference) VALUES ($1, $2)
           ON CONFLICT (kind, reference) DO UPDATE SET kind = excluded.kind RETURNING id""",
        *funding,
    )
    row = await fetch_one(
        """INSERT INTO contract (number, supplier) VALUES ($1, $2)
           ON CONFLICT (number) DO UPDATE SET number = excluded.number RETURNING id, supplier""",
        *contract,
    )
    assert row is not None
    if row["supplier"] != contract[1]:
        return None
    await execute(
        """INSERT INTO contract_funding (contract_id, funding_source_id) VALUES ($1, $2)
           ON CONFLICT (contract_id, funding_source_id) DO NOTHING""",
        row["id"],
        source,
    )
    await execute(
        """INSERT INTO purchase_order (code, contract_id, funding_source_id, kit_definition_id, kits, unit_cents, title,
             due_on) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        code,
        row["id"],
        source,
        definition_id,
        kits,
        unit_cents,
        title,
        due_on,
    )
    return code


async def orders() -> list[dict[str, Any]]:
    """Every order with what has come of it, the newest first."""
    return await fetch(f"{ORDERS} ORDER BY o.id DESC")


async def order(code: str) -> dict[str, Any] | None:
    """One order."""
    return await fetch_one(f"{ORDERS} WHERE o.code = $1", code)


async def add_batch(order_id: int, code: str, name: str, document: str, to_check: int, most_faulty: int) -> bool:
    """Add a batch; False where the name is taken."""
    return bool(
        await fetch_value(
            """INSERT INTO purchase_batch (purchase_order_id, code, name, document, to_check, most_faulty)
               SELECT $1, $2, $3, $4, $5, $6 WHERE NOT EXISTS (SELECT 1 FROM kit WHERE batch = $3)
               ON CONFLICT (name) DO NOTHING RETURNING id""",
            order_id,
            code,
            name,
            document,
            to_check,
            most_faulty,
        )
    )


# Of a batch's devices only those drawn count, by their newest report that says something.
BATCHES = f"""SELECT b.id, b.code, b.name, b.document, b.to_check, b.most_faulty, b.decision, b.decided_at,
    b.decided_why, b.opened_at, b.sample_seed, b.sampled_at, sa.name AS sampled_by, o.code AS order_code,
    o.ended AS order_ended, o.kits AS ordered, d.slug AS definition, d.version, d.title_el, d.title_en,
    n.kits, n.devices, n.rejected, n.accepted, s.drawn, s.checked, s.faulty
  FROM purchase_batch b JOIN purchase_order o ON o.id = b.purchase_order_id
  JOIN kit_definition d ON d.id = o.kit_definition_id LEFT JOIN account sa ON sa.id = b.sampled_by
  CROSS JOIN LATERAL (SELECT count(*)::int AS kits, coalesce(sum((SELECT count(*) FROM device dv
      JOIN item i ON i.id = dv.item_id AND i.device_kind IS NOT NULL WHERE dv.kit_id = k.id)), 0)::int AS devices,
    count(*) FILTER (WHERE x.is_rejected)::int AS rejected,
    count(*) FILTER (WHERE b.decision = 'accepted' AND NOT x.is_rejected)::int AS accepted
    FROM kit k CROSS JOIN LATERAL (SELECT {REJECTED} AS is_rejected) x
    WHERE k.batch = b.name AND {CAME}) n
  CROSS JOIN LATERAL (SELECT count(*)::int AS drawn, count(last.verdict)::int AS checked,
    count(*) FILTER (WHERE last.verdict <> 'PASS')::int AS faulty
    FROM batch_sample x LEFT JOIN LATERAL (SELECT r.verdict FROM check_report r
      WHERE r.device_id = x.device_id AND r.verdict <> 'INCONCLUSIVE'
      ORDER BY r.observed_at DESC, r.id DESC LIMIT 1) last ON true
    WHERE x.purchase_batch_id = b.id AND x.replaced_at IS NULL) s"""  # noqa: S608 - a constant of ours


async def batches(order_id: int) -> list[dict[str, Any]]:
    """The batches of an order: kits that came in, rejected, devices checked and found faulty."""
    return await fetch(f"{BATCHES} WHERE b.purchase_order_id = $1 ORDER BY b.id", order_id)


async def batch(code: str) -> dict[str, Any] | None:
    """One batch."""
    return await fetch_one(f"{BATCHES} WHERE b.code = $1", code)


async def verdicts(name: str) -> list[dict[str, Any]]:
    """How many devices of a batch have which verdict by their newest report (None: not checked)."""
    return await fetch(
        """SELECT last.verdict, count(*)::int AS devices FROM kit k JOIN device dv ON dv.kit_id = k.id
             JOIN item i ON i.id = dv.item_id AND i.device_kind IS NOT NULL
           LEFT JOIN LATERAL (SELECT r.verdict FROM check_report r WHERE r.device_id = dv.id
             ORDER BY r.observed_at DESC, r.id DESC LIMIT 1) last ON true
           WHERE k.batch = $1 GROUP BY last.verdict ORDER BY 2 DESC, 1""",
        name,
    )


# The order in which a batch's devices are drawn: by the digest of the seed and the serial number, so that whoever has
# the seed can draw again and gets the same.
_LOTS = f"""SELECT dv.id, {REJECTED} AS is_rejected,
    row_number() OVER (ORDER BY sha256(convert_to($2 || ':' || dv.serial_number, 'UTF8')), dv.id) AS lot
  FROM kit k JOIN device dv ON dv.kit_id = k.id JOIN item i ON i.id = dv.item_id AND i.device_kind IS NOT NULL
  WHERE k.batch = $1 AND {CAME}"""  # noqa: S608 - a constant of ours


async def draw(batch: Mapping[str, Any], seed: str, by: int | None) -> int:
    """Draw a batch's sample and keep it with its seed; returns how many devices were drawn."""
    await execute(
        "UPDATE purchase_batch SET sample_seed = $2, sampled_at = now(), sampled_by = $3 WHERE id = $1",
        batch["id"],
        seed,
        by,
    )
    rows = await fetch(
        f"""INSERT INTO batch_sample (purchase_batch_id, device_id, position)
            SELECT $4, l.id, row_number() OVER (ORDER BY l.lot) FROM ({_LOTS}) l WHERE NOT l.is_rejected
            ORDER BY l.lot LIMIT $3 RETURNING id""",  # noqa: S608 - a constant of ours
        batch["name"],
        seed,
        batch["to_check"],
        batch["id"],
    )
    return len(rows)


async def draw_instead(batch: Mapping[str, Any], sample_id: int, by: int | None, why: str) -> bool:
    """Give a drawn device's place to the next of the draw; False where the batch has no other."""
    following = await fetch_one(
        f"""INSERT INTO batch_sample (purchase_batch_id, device_id, position)
            SELECT $3, l.id, (SELECT 1 + max(s.position) FROM batch_sample s WHERE s.purchase_batch_id = $3)
            FROM ({_LOTS}) l
            WHERE NOT l.is_rejected
              AND NOT EXISTS (SELECT FROM batch_sample s WHERE s.purchase_batch_id = $3 AND s.device_id = l.id)
            ORDER BY l.lot LIMIT 1 RETURNING id""",  # noqa: S608 - a constant of ours
        batch["name"],
        batch["sample_seed"],
        batch["id"],
    )
    if following is None:
        return False
    await execute(
        "UPDATE batch_sample SET replaced_at = now(), replaced_by = $2, replaced_why = $3 WHERE id = $1",
        sample_id,
        by,
        why,
    )
    return True


async def sample(batch_id: int) -> list[dict[str, Any]]:
    """The devices that were drawn, those not checked first, with the newest verdict of each."""
    return await fetch(
        """SELECT s.id, s.position, s.replaced_at, s.replaced_why, dv.serial_number, k.code AS kit, i.name_el,
             i.name_en, last.verdict
           FROM batch_sample s JOIN device dv ON dv.id = s.device_id JOIN kit k ON k.id = dv.kit_id
           JOIN item i ON i.id = dv.item_id
           LEFT JOIN LATERAL (SELECT r.verdict FROM check_report r WHERE r.device_id = s.device_id
             ORDER BY r.verdict = 'INCONCLUSIVE', r.observed_at DESC, r.id DESC LIMIT 1) last ON true
           WHERE s.purchase_batch_id = $1
           ORDER BY s.replaced_at IS NOT NULL, coalesce(last.verdict, 'INCONCLUSIVE') <> 'INCONCLUSIVE', s.position""",
        batch_id,
    )


async def batch_named(name: str) -> dict[str, Any] | None:
    """The batch whose kits bear a name; it and its order are locked for this unit of work."""
    await execute(
        """SELECT 1 FROM purchase_batch b JOIN purchase_order o ON o.id = b.purchase_order_id WHERE b.name = $1
           FOR UPDATE""",
        name,
    )
    return await fetch_one(f"{BATCHES} WHERE b.name = $1", name)


async def awaits_acceptance(batch: str) -> bool:
    """Whether a purchase has to be checked and was not accepted."""
    return bool(
        await fetch_value(
            """SELECT EXISTS (SELECT FROM purchase_batch WHERE name = $1 AND to_check > 0
                 AND decision IS DISTINCT FROM 'accepted')""",
            batch,
        )
    )


async def decide(batch_id: int, decision: str, by: int | None, why: str) -> None:
    """Keep what was decided of a batch."""
    await execute(
        """UPDATE purchase_batch SET decision = $2, decided_at = now(), decided_by = $3, decided_why = $4
           WHERE id = $1""",
        batch_id,
        decision,
        by,
        why,
    )


async def kits_in_place(name: str, place_id: int) -> list[str]:
    """The codes of a batch's kits of which something lies in a place."""
    rows = await fetch(
        """SELECT k.code FROM kit k WHERE k.batch = $1 AND EXISTS (SELECT FROM holding h
             WHERE h.kit_id = k.id AND h.place_id = $2 AND h.quantity > 0) ORDER BY k.id""",
        name,
        place_id,
    )
    return [row["code"] for row in rows]


async def lock_batch(batch_id: int) -> None:
    """Let two scanners of one batch take turns, until the transaction ends."""
    await execute("SELECT 1 FROM purchase_batch WHERE id = $1 FOR UPDATE", batch_id)


async def scans(batch_id: int) -> list[dict[str, Any]]:
    """The serial numbers that are scanned and not received yet, in their order."""
    return await fetch(
        """SELECT s.id, s.item_id, s.kit_no, s.also, i.slug AS item, i.name_el, i.name_en, s.serial_number, s.scanned_at
           FROM batch_scan s JOIN item i ON i.id = s.item_id WHERE s.purchase_batch_id = $1 ORDER BY s.id""",
        batch_id,
    )


async def where_known(serial: str) -> dict[str, Any] | None:
    """Where a serial number is known already: the kit that has it, or the batch for which it was scanned; neither
    for a device that lies in stock without a kit. A device that lies nowhere may come again."""
    return await fetch_one(
        """SELECT k.code AS kit, NULL AS batch FROM device d LEFT JOIN kit k ON k.id = d.kit_id
             WHERE d.serial_key = $1 AND EXISTS (SELECT FROM holding h WHERE h.device_id = d.id AND h.quantity > 0)
           UNION ALL
           SELECT NULL, b.name FROM batch_scan s JOIN purchase_batch b ON b.id = s.purchase_batch_id
             WHERE s.serial_key = $1 LIMIT 1""",
        serial_key(serial),
    )


async def add_scan(batch_id: int, item_id: int, serial: str, kit_no: int, also: Sequence[int]) -> None:
    """Note a serial number as a part of one of the batch's kits, which has these optional parts too."""
    await execute(
        """INSERT INTO batch_scan (purchase_batch_id, item_id, serial_number, kit_no, also)
           VALUES ($1, $2, $3, $4, $5)""",
        batch_id,
        item_id,
        serial,
        kit_no,
        list(also),
    )


async def set_also(scan_id: int, also: Sequence[int]) -> None:
    """Say anew which optional parts the kit of a scan has."""
    await execute("UPDATE batch_scan SET also = $2 WHERE id = $1", scan_id, list(also))


async def remove_scans(ids: Sequence[int]) -> None:
    """Forget scans: they were received, or one was a mistake."""
    await execute("DELETE FROM batch_scan WHERE id = ANY($1)", list(ids))


async def others_of(item_id: int) -> list[str]:
    """The newest serial numbers of an item, to compare the next with."""
    rows = await fetch(
        """SELECT serial_number FROM batch_scan WHERE item_id = $1
           UNION ALL (SELECT serial_number FROM device WHERE item_id = $1 ORDER BY id DESC LIMIT 20) LIMIT 40""",
        item_id,
    )
    return [row["serial_number"] for row in rows]


async def rejections(order_id: int) -> list[dict[str, Any]]:
    """The notes by which kits of an order went back to the supplier, the newest first."""
    return await fetch(
        """SELECT p.id, p.number, p.made_at, b.id AS batch_id, b.code AS batch_code, b.name AS batch,
             min(m.note) AS why, array_agg(k.code ORDER BY k.id) AS kits,
             count(*) FILTER (WHERE m.is_reversed)::int AS taken_back
           FROM purchase_batch b JOIN kit k ON k.batch = b.name JOIN paper_kit pk ON pk.kit_id = k.id
           JOIN paper p ON p.id = pk.paper_id AND p.kind = 'rejection'
           CROSS JOIN LATERAL (SELECT x.note, r.id IS NOT NULL AS is_reversed FROM movement x
             LEFT JOIN movement r ON r.reverses_id = x.id
             WHERE x.kit_id = k.id AND x.reason = 'reject' AND x.document = p.number LIMIT 1) m
           WHERE b.purchase_order_id = $1 GROUP BY p.id, b.id ORDER BY p.id DESC""",
        order_id,
    )

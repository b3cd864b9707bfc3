"""Every query of stocktakes."""

from datetime import date
from typing import Any

from stem_logistics.accounts.policy import Scope
from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value
from stem_logistics.selecting import Where

_SHOWN = """s.*, i.code AS institution_code, i.name AS institution_name, i.email, i.regional_directorate_id,
  p.number AS paper_number, (s.signed_at IS NULL AND s.due_on < current_date) AS late"""
_FROM = """FROM stocktake s JOIN institution i ON i.id = s.institution_id LEFT JOIN paper p ON p.id = s.paper_id"""


async def schools_with_kits(region: str, year: int) -> list[dict[str, Any]]:
    """Schools where kits are, and that have no stocktake of a year yet."""
    return await fetch(
        """SELECT DISTINCT i.id, i.code, i.name, i.email FROM holding h JOIN place p ON p.id = h.place_id
           JOIN institution i ON i.id = p.institution_id
           JOIN regional_directorate r ON r.id = i.regional_directorate_id
           WHERE h.quantity > 0 AND ($1 = '' OR r.code = $1)
             AND NOT EXISTS (SELECT 1 FROM stocktake s WHERE s.institution_id = i.id AND s.year = $2)
           ORDER BY i.id""",
        region,
        year,
    )


async def regions() -> list[dict[str, Any]]:
    """The regional directorates, for the choice."""
    return await fetch("SELECT code, name_el, name_en FROM regional_directorate ORDER BY name_el")


async def add(code: str, year: int, institution_id: int, due_on: date) -> int:
    """A stocktake with its lines: what the ledger says is at the school now; returns its id."""
    number = int(
        await fetch_value(
            "INSERT INTO stocktake (code, year, institution_id, due_on) VALUES ($1, $2, $3, $4) RETURNING id",
            code,
            year,
            institution_id,
            due_on,
        )
    )
    await execute(
        """INSERT INTO stocktake_line (stocktake_id, kit_id, item_id, device_id, expected)
           SELECT $1, h.kit_id, h.item_id, h.device_id, h.quantity FROM holding h JOIN place p ON p.id = h.place_id
           WHERE p.institution_id = $2 AND h.quantity > 0 AND h.kit_id IS NOT NULL
           ORDER BY h.kit_id, h.item_id, h.device_id""",
        number,
        institution_id,
    )
    return number


async def stocktake(code: str, *, lock: bool = False) -> dict[str, Any] | None:
    """One stocktake."""
    return await fetch_one(
        f"SELECT {_SHOWN} {_FROM} WHERE s.code = $1{' FOR NO KEY UPDATE OF s' if lock else ''}", code
    )


async def open_of_school(institution_id: int) -> dict[str, Any] | None:
    """A school's newest stocktake."""
    return await fetch_one(
        f"SELECT {_SHOWN} {_FROM} WHERE s.institution_id = $1 ORDER BY s.year DESC LIMIT 1",
        institution_id,
    )


async def lines(stocktake_id: int) -> list[dict[str, Any]]:
    """What is to be counted, each with its last answer, and how many answers there were by how many people."""
    return await fetch(
        """SELECT l.*, k.code AS kit_code, d.title_el, d.title_en, it.slug, it.name_el, it.name_en, dv.serial_number,
             a.found, a.broken, a.missing, a.note, a.photo_digest, a.counter, a.answered_at, a.by_scan,
             coalesce(n.answers, 0) AS answers, coalesce(n.people, 0) AS people
           FROM stocktake_line l JOIN kit k ON k.id = l.kit_id JOIN kit_definition d ON d.id = k.kit_definition_id
           JOIN item it ON it.id = l.item_id LEFT JOIN device dv ON dv.id = l.device_id
           LEFT JOIN LATERAL (SELECT * FROM stocktake_answer x WHERE x.line_id = l.id ORDER BY x.id DESC LIMIT 1) a
             ON true
           LEFT JOIN LATERAL (SELECT count(*)::int AS answers, count(DISTINCT x.counter)::int AS people
             FROM stocktake_answer x WHERE x.line_id = l.id) n ON true
           WHERE l.stocktake_id = $1 ORDER BY l.kit_id, it.name_el, dv.serial_number, l.id""",
        stocktake_id,
    )


async def add_answer(
    line_id: int,
    key: str,
    counted: tuple[int, int, int],
    note: str,
    photo: bytes | None,
    counter: str,
    by_scan: bool,
) -> bool:
    """Keep an answer; False where this very one is kept already (the network was gone between tap and answer)."""
    return bool(
        await execute(
            """INSERT INTO stocktake_answer (line_id, answer_key, found, broken, missing, note, photo_digest, counter,
                 by_scan) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (line_id, answer_key) DO NOTHING""",
            line_id,
            key,
            *counted,
            note,
            photo,
            counter,
            by_scan,
        )
    )


async def candidates(typed: str) -> list[dict[str, Any]]:
    """Devices anywhere with this serial number, however it is written."""
    return await fetch(
        """SELECT dv.id AS device_id, dv.serial_number, k.id AS kit_id, k.code AS kit_code FROM device dv
           LEFT JOIN kit k ON k.id = dv.kit_id WHERE dv.serial_key = serial_key($1) LIMIT 5""",
        typed,
    )


async def add_stranger(
    stocktake_id: int, typed: str, device_id: int | None, kit_id: int | None, problem: str, counter: str, note: str
) -> bool:
    """Keep what was scanned and is not on the list; False where it was already."""
    return bool(
        await execute(
            """INSERT INTO stocktake_stranger (stocktake_id, typed, device_id, kit_id, problem, counter, note)
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (stocktake_id, typed) DO NOTHING""",
            stocktake_id,
            typed,
            device_id,
            kit_id,
            problem,
            counter,
            note,
        )
    )


async def strangers(stocktake_id: int) -> list[dict[str, Any]]:
    """What was found and was not expected, with where the ledger says it is."""
    return await fetch(
        """SELECT x.*, k.code AS kit_code, dv.serial_number, p.kind AS place_kind, p.title AS place_title
           FROM stocktake_stranger x LEFT JOIN device dv ON dv.id = x.device_id LEFT JOIN kit k ON k.id = x.kit_id
           LEFT JOIN holding h ON h.device_id = x.device_id AND h.quantity > 0 LEFT JOIN place p ON p.id = h.place_id
           WHERE x.stocktake_id = $1 ORDER BY x.id""",
        stocktake_id,
    )


async def sign(stocktake_id: int, name: str, post: str, remarks: str, paper_id: int) -> None:
    """The school's word that this is what was counted."""
    await execute(
        """UPDATE stocktake SET signed_at = now(), signer_name = $2, signer_post = $3, remarks = $4, paper_id = $5
           WHERE id = $1""",
        stocktake_id,
        name,
        post,
        remarks,
        paper_id,
    )


async def lock_line(line_id: int, stocktake_id: int) -> dict[str, Any] | None:
    """One line, locked, while it is decided."""
    return await fetch_one(
        "SELECT * FROM stocktake_line WHERE id = $1 AND stocktake_id = $2 FOR NO KEY UPDATE", line_id, stocktake_id
    )


async def decide(line_id: int, decision: str, posting: str) -> None:
    """What came of a line that was not found in order."""
    await execute(
        "UPDATE stocktake_line SET decision = $2, decided_at = now(), posting = $3 WHERE id = $1",
        line_id,
        decision,
        posting,
    )


async def progress(scope: Scope, year: int) -> list[dict[str, Any]]:
    """By region: how many schools, how many have begun, signed, are late; and what they found."""
    where = Where()
    placeholder = where.value(year)
    where.within(scope, region="i.regional_directorate_id", institution="i.id")
    return await fetch(
        f"""SELECT r.code, r.name_el, r.name_en, count(*)::int AS schools,
              count(*) FILTER (WHERE s.signed_at IS NOT NULL)::int AS signed,
              count(*) FILTER (WHERE s.signed_at IS NULL AND c.answered > 0)::int AS begun,
              count(*) FILTER (WHERE s.signed_at IS NULL AND s.due_on < current_date)::int AS late,
              coalesce(sum(c.missing), 0)::int AS missing, coalesce(sum(c.broken), 0)::int AS broken
            FROM stocktake s JOIN institution i ON i.id = s.institution_id
            JOIN regional_directorate r ON r.id = i.regional_directorate_id
            CROSS JOIN LATERAL (
              SELECT count(a.id) AS answered, sum(a.missing) AS missing, sum(a.broken) AS broken FROM stocktake_line l
              JOIN LATERAL (SELECT * FROM stocktake_answer x WHERE x.line_id = l.id ORDER BY x.id DESC LIMIT 1) a
                ON true WHERE l.stocktake_id = s.id) c
            WHERE s.year = {placeholder} AND {where.sql} GROUP BY r.id ORDER BY r.name_el""",  # noqa: S608 - numbered parameters
        *where.values,
    )


async def unsigned() -> list[dict[str, Any]]:
    """The stocktakes that no school has signed yet."""
    return await fetch(f"SELECT {_SHOWN} {_FROM} WHERE s.signed_at IS NULL ORDER BY s.id")


async def register(scope: Scope, year: int, region: str, code: str) -> list[dict[str, Any]]:
    """Every line of a year's stocktakes (or of one) as a register of assets has it: what, which, since when, from
    which money, worth what, where, how it is.
    """
    where = Where()
    where.within(scope, region="i.regional_directorate_id", institution="i.id")
    where.equal("s.year", year or None)
    where.equal("r.code", region)
    where.equal("s.code", code)
    return await fetch(
        f"""SELECT i.code AS institution_code, i.name AS institution_name, l.id, k.code AS kit_code, d.title_el,
              d.title_en, it.slug, it.name_el, it.name_en, dv.serial_number, l.expected, a.found, a.broken, a.missing,
              a.note, cu.room, cu.holder_name, got.since, o.title, o.unit_cents, f.number AS contract,
              fs.kind AS funding, fs.reference AS funding_reference
            {_FROM} JOIN regional_directorate r ON r.id = i.regional_directorate_id
            JOIN stocktake_line l ON l.stocktake_id = s.id JOIN kit k ON k.id = l.kit_id
            JOIN kit_definition d ON d.id = k.kit_definition_id JOIN item it ON it.id = l.item_id
            LEFT JOIN device dv ON dv.id = l.device_id
            LEFT JOIN custody cu ON cu.kit_id = k.id AND cu.institution_id = s.institution_id AND cu.until IS NULL
            LEFT JOIN purchase_batch b ON b.name = k.batch AND k.batch <> ''
            LEFT JOIN purchase_order o ON o.id = b.purchase_order_id LEFT JOIN contract f ON f.id = o.contract_id
            LEFT JOIN funding_source fs ON fs.id = o.funding_source_id
            LEFT JOIN LATERAL (SELECT x.found, x.broken, x.missing, x.note FROM stocktake_answer x
              WHERE x.line_id = l.id ORDER BY x.id DESC LIMIT 1) a ON true
            LEFT JOIN LATERAL (SELECT min(m.occurred_at) AS since FROM movement m JOIN place p ON p.id = m.to_place_id
              WHERE m.kit_id = k.id AND p.institution_id = s.institution_id) got ON true
            WHERE {where.sql} ORDER BY i.code, l.id""",  # noqa: S608 - numbered parameters
        *where.values,
    )


async def years() -> list[int]:
    """The years with stocktakes, the newest first."""
    return [row["year"] for row in await fetch("SELECT DISTINCT year FROM stocktake ORDER BY year DESC")]


async def stocktakes(scope: Scope, year: int, region: str, state: str) -> list[dict[str, Any]]:
    """The stocktakes of a year, the late ones first."""
    where = Where()
    where.equal("s.year", year)
    where.within(scope, region="i.regional_directorate_id", institution="i.id")
    where.equal("r.code", region)
    if state == "signed":
        where.add("s.signed_at IS NOT NULL")
    elif state == "open":
        where.add("s.signed_at IS NULL")
    elif state == "late":
        where.add("s.signed_at IS NULL AND s.due_on < current_date")
    elif state == "to-decide":
        where.add(
            """s.signed_at IS NOT NULL AND EXISTS (SELECT 1 FROM stocktake_line l JOIN LATERAL (
                 SELECT * FROM stocktake_answer x WHERE x.line_id = l.id ORDER BY x.id DESC LIMIT 1) a ON true
               WHERE l.stocktake_id = s.id AND l.decision = '' AND a.missing + a.broken > 0)"""
        )
    return await fetch(
        f"""SELECT {_SHOWN} {_FROM} JOIN regional_directorate r ON r.id = i.regional_directorate_id
            WHERE {where.sql} ORDER BY s.signed_at IS NOT NULL, s.due_on, i.name LIMIT 1000""",
        *where.values,
    )


async def set_stranger(stranger_id: int, decision: str) -> None:
    """What came of something that was not expected."""
    await execute("UPDATE stocktake_stranger SET decision = $2 WHERE id = $1", stranger_id, decision)

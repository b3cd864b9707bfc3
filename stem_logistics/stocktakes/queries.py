"""What is read and written while one stocktake is counted and decided. Lists over many are in `list_queries.py`."""

from datetime import date
from typing import Any

from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value

SHOWN = """s.*, i.code AS institution_code, i.name AS institution_name, i.email, i.regional_directorate_id,
  p.number AS paper_number, (s.signed_at IS NULL AND s.due_on < current_date) AS late"""
FROM = """FROM stocktake s JOIN institution i ON i.id = s.institution_id LEFT JOIN paper p ON p.id = s.paper_id"""
# A line's last answer, where it still speaks of all that is expected: what came or left since is counted anew.
COUNTED = """LEFT JOIN LATERAL (SELECT y.* FROM (
    SELECT x.* FROM stocktake_answer x WHERE x.line_id = l.id ORDER BY x.id DESC LIMIT 1) y
  WHERE y.found + y.broken + y.missing = l.expected AND l.expected > 0) a ON true"""
# Whether a line speaks of a thing that was found besides: a device's kit may be another one since.
LISTED = "l.expected > 0 AND (l.device_id = x.device_id OR (x.device_id IS NULL AND l.kit_id = x.kit_id))"
# What the ledger says is at a school ($2) now.
_THERE = """there AS (SELECT h.kit_id, h.item_id, h.device_id, h.quantity
  FROM holding h JOIN place p ON p.id = h.place_id
  WHERE p.institution_id = $2 AND h.quantity > 0 AND h.kit_id IS NOT NULL)"""
_UNDECIDED = "NOT EXISTS (SELECT FROM stocktake_decision d WHERE d.line_id = l.id)"


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
        f"""WITH {_THERE} INSERT INTO stocktake_line (stocktake_id, kit_id, item_id, device_id, expected, at_opening)
            SELECT $1, kit_id, item_id, device_id, quantity, quantity FROM there
            ORDER BY kit_id, item_id, device_id""",  # noqa: S608 - of constants
        number,
        institution_id,
    )
    return number


async def differs(stocktake_id: int, institution_id: int) -> bool:
    """Whether the ledger says something else of the school than the stocktake's lines that nobody has decided."""
    return bool(
        await fetch_value(
            f"""WITH {_THERE} SELECT EXISTS (
                  SELECT FROM there t FULL JOIN (SELECT * FROM stocktake_line WHERE stocktake_id = $1) l
                    ON l.kit_id = t.kit_id AND l.item_id = t.item_id
                      AND coalesce(l.device_id, 0) = coalesce(t.device_id, 0)
                  WHERE coalesce(t.quantity, 0) <> coalesce(l.expected, 0) AND {_UNDECIDED})""",  # noqa: S608 - of constants
            stocktake_id,
            institution_id,
        )
    )


async def follow(stocktake_id: int, institution_id: int) -> None:
    """Bring a stocktake's lines to what the ledger says is at the school now, those aside that staff have decided."""
    await execute(
        f"""WITH {_THERE}
            INSERT INTO stocktake_line AS l (stocktake_id, kit_id, item_id, device_id, expected, at_opening)
            SELECT $1, kit_id, item_id, device_id, quantity, 0 FROM there ORDER BY kit_id, item_id, device_id
            ON CONFLICT (stocktake_id, kit_id, item_id, device_id) DO UPDATE SET expected = excluded.expected
              WHERE l.expected <> excluded.expected AND {_UNDECIDED}""",  # noqa: S608 - of constants
        stocktake_id,
        institution_id,
    )
    await execute(
        f"""WITH {_THERE} UPDATE stocktake_line l SET expected = 0
            WHERE l.stocktake_id = $1 AND l.expected > 0 AND {_UNDECIDED} AND NOT EXISTS (SELECT FROM there t
              WHERE t.kit_id = l.kit_id AND t.item_id = l.item_id
                AND t.device_id IS NOT DISTINCT FROM l.device_id)""",  # noqa: S608 - of constants
        stocktake_id,
        institution_id,
    )


async def stocktake(code: str, *, lock: bool = False) -> dict[str, Any] | None:
    """One stocktake."""
    return await fetch_one(f"SELECT {SHOWN} {FROM} WHERE s.code = $1{' FOR NO KEY UPDATE OF s' if lock else ''}", code)


async def open_of_school(institution_id: int) -> dict[str, Any] | None:
    """A school's newest stocktake."""
    return await fetch_one(
        f"SELECT {SHOWN} {FROM} WHERE s.institution_id = $1 ORDER BY s.year DESC LIMIT 1",
        institution_id,
    )


async def lines(stocktake_id: int) -> list[dict[str, Any]]:
    """What is to be counted, each with its last answer, how many answers there were by how many people, and what was
    decided of what is missing and of what is broken.
    """
    return await fetch(
        f"""SELECT l.*, k.code AS kit_code, d.title_el, d.title_en, it.slug, it.name_el, it.name_en, dv.serial_number,
             a.found, a.broken, a.missing, a.note, a.photo_digest, a.counter, a.answered_at, a.by_scan, a.answer_key,
             coalesce(n.answers, 0) AS answers, coalesce(n.people, 0) AS people,
             coalesce(dm.decision, '') AS missing_decision, coalesce(db.decision, '') AS broken_decision
           FROM stocktake_line l JOIN kit k ON k.id = l.kit_id JOIN kit_definition d ON d.id = k.kit_definition_id
           JOIN item it ON it.id = l.item_id LEFT JOIN device dv ON dv.id = l.device_id {COUNTED}
           LEFT JOIN LATERAL (SELECT count(*)::int AS answers, count(DISTINCT x.counter)::int AS people
             FROM stocktake_answer x WHERE x.line_id = l.id) n ON true
           LEFT JOIN stocktake_decision dm ON dm.line_id = l.id AND dm.about = 'missing'
           LEFT JOIN stocktake_decision db ON db.line_id = l.id AND db.about = 'broken'
           WHERE l.stocktake_id = $1 ORDER BY l.kit_id, it.name_el, dv.serial_number, l.id""",  # noqa: S608 - of constants
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


async def candidates(key: str, typed: str) -> list[dict[str, Any]]:
    """Devices anywhere whose serial numbers look so (`scan_key`), or are written so."""
    return await fetch(
        """SELECT dv.id AS device_id, dv.serial_number, k.id AS kit_id, k.code AS kit_code FROM device dv
           LEFT JOIN kit k ON k.id = dv.kit_id
           WHERE serial_as_it_looks(dv.serial_number) = $1 OR dv.serial_key = serial_key($2)
           LIMIT 20""",
        key,
        typed,
    )


async def device(device_id: int) -> dict[str, Any] | None:
    """A device with its kit, as `candidates` has it."""
    return await fetch_one(
        """SELECT dv.id AS device_id, dv.serial_number, k.id AS kit_id, k.code AS kit_code FROM device dv
           LEFT JOIN kit k ON k.id = dv.kit_id WHERE dv.id = $1""",
        device_id,
    )


async def add_stranger(
    stocktake_id: int,
    typed: str,
    read_as: str,
    device_id: int | None,
    kit_id: int | None,
    problem: str,
    counter: str,
) -> bool:
    """Keep what was scanned and is not on the list; False where it was already."""
    return bool(
        await execute(
            """INSERT INTO stocktake_stranger (stocktake_id, typed, read_as, device_id, kit_id, problem, counter)
               VALUES ($1, $2, $3, $4, $5, $6, $7)
               ON CONFLICT (stocktake_id, read_as) WHERE taken_off_at IS NULL DO NOTHING""",
            stocktake_id,
            typed,
            read_as,
            device_id,
            kit_id,
            problem,
            counter,
        )
    )


async def strangers(stocktake_id: int) -> list[dict[str, Any]]:
    """What was found and was not expected, with where the ledger says it is, and whether it is on the list by now."""
    return await fetch(
        f"""SELECT x.*, k.code AS kit_code, kd.title_el, kd.title_en, dv.serial_number, it.name_el, it.name_en,
             coalesce(w.kinds, '{{}}') AS place_kinds, w.titles AS place_title,
             EXISTS (SELECT FROM stocktake_line l WHERE l.stocktake_id = x.stocktake_id AND {LISTED}) AS listed
           FROM stocktake_stranger x LEFT JOIN device dv ON dv.id = x.device_id LEFT JOIN item it ON it.id = dv.item_id
           LEFT JOIN kit k ON k.id = x.kit_id LEFT JOIN kit_definition kd ON kd.id = k.kit_definition_id
           LEFT JOIN LATERAL (SELECT array_agg(DISTINCT p.kind) AS kinds, string_agg(DISTINCT p.title, ', ') AS titles
             FROM (SELECT place_id FROM holding WHERE device_id = x.device_id AND quantity > 0 UNION ALL
                   SELECT place_id FROM holding WHERE kit_id = x.kit_id AND x.device_id IS NULL AND quantity > 0) h
             JOIN place p ON p.id = h.place_id) w ON true
           WHERE x.stocktake_id = $1 ORDER BY x.id""",  # noqa: S608 - of constants
        stocktake_id,
    )


async def take_off(stranger_id: int, stocktake_id: int, who: str) -> bool:
    """Take something off that was noted by mistake; it stays on record. False where there is nothing to take off."""
    return bool(
        await execute(
            """UPDATE stocktake_stranger SET taken_off_at = now(), taken_off_by = $3
               WHERE id = $1 AND stocktake_id = $2 AND taken_off_at IS NULL AND decision = ''""",
            stranger_id,
            stocktake_id,
            who,
        )
    )


async def set_stranger(stranger_id: int, decision: str) -> bool:
    """What came of something that was not expected, once; False where that was said or it was taken off."""
    return bool(
        await execute(
            """UPDATE stocktake_stranger SET decision = $2 WHERE id = $1 AND decision = '' AND taken_off_at IS NULL""",
            stranger_id,
            decision,
        )
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


async def reopen(stocktake_id: int, why: str, account_id: int | None, due_on: date) -> None:
    """Open a signed stocktake again, until a day; the former signature goes on record."""
    await execute(
        """INSERT INTO stocktake_reopening (stocktake_id, signed_at, signer_name, signer_post, remarks, paper_id, why,
             reopened_by)
           SELECT id, signed_at, signer_name, signer_post, remarks, paper_id, $2, $3 FROM stocktake WHERE id = $1""",
        stocktake_id,
        why,
        account_id,
    )
    await execute(
        """UPDATE stocktake SET signed_at = NULL, signer_name = '', signer_post = '', remarks = '', paper_id = NULL,
             due_on = $2
           WHERE id = $1""",
        stocktake_id,
        due_on,
    )


async def reopenings(stocktake_id: int) -> list[dict[str, Any]]:
    """The former signatures of a stocktake, the first one first."""
    return await fetch(
        """SELECT r.*, p.number AS paper_number FROM stocktake_reopening r JOIN paper p ON p.id = r.paper_id
           WHERE r.stocktake_id = $1 ORDER BY r.id""",
        stocktake_id,
    )


async def lock_line(line_id: int, stocktake_id: int) -> dict[str, Any] | None:
    """One line, locked, while it is decided."""
    return await fetch_one(
        "SELECT * FROM stocktake_line WHERE id = $1 AND stocktake_id = $2 FOR NO KEY UPDATE", line_id, stocktake_id
    )


async def decide(line_id: int, about: str, decision: str, posting: str) -> bool:
    """What came of a line's missing or broken pieces; False where that was decided already."""
    return bool(
        await execute(
            """INSERT INTO stocktake_decision (line_id, about, decision, posting) VALUES ($1, $2, $3, $4)
               ON CONFLICT DO NOTHING""",
            line_id,
            about,
            decision,
            posting,
        )
    )

"""Every query of loans between schools and of the requests for them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from stem_logistics.accounts.policy import Scope
from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value
from stem_logistics.selecting import Where

LOANS = """FROM loan l JOIN kit k ON k.id = l.kit_id JOIN kit_definition d ON d.id = k.kit_definition_id
  JOIN institution a ON a.id = l.lender_id JOIN institution b ON b.id = l.borrower_id
  JOIN paper p ON p.id = l.paper_id LEFT JOIN consignment c ON c.id = l.consignment_id"""
# Begun by the borrower's receipt, ended by the lender's word: what stands between follows from both.
STATE = """CASE WHEN l.returned_at IS NOT NULL THEN 'ended'
  WHEN c.state IN ('packing', 'packed', 'dispatched') THEN 'on-the-way'
  WHEN l.sent_back_at IS NOT NULL THEN 'going-back' ELSE 'out' END"""
LOAN_COLUMNS = f"""l.*, {STATE} AS state, c.code AS consignment_code, k.code AS kit_code, d.title_el, d.title_en,
  a.code AS lender_code, a.name AS lender_name, a.email AS lender_email, a.regional_directorate_id AS region_id,
  b.code AS borrower_code, b.name AS borrower_name, b.email AS borrower_email, p.number AS paper_number,
  (l.returned_at IS NULL AND l.due_on < current_date) AS late"""


async def add_loan(
    code: str, kit_id: int, lender: int, borrower: int, due_on: date, note: str, paper_id: int, consignment: str
) -> int:
    """A loan whose kit leaves now by a consignment; returns its id."""
    return int(
        await fetch_value(
            """INSERT INTO loan (code, kit_id, lender_id, borrower_id, due_on, note, paper_id, consignment_id)
               VALUES ($1, $2, $3, $4, $5, $6, $7, (SELECT id FROM consignment WHERE code = $8)) RETURNING id""",
            code,
            kit_id,
            lender,
            borrower,
            due_on,
            note,
            paper_id,
            consignment,
        )
    )


async def loan(code: str) -> dict[str, Any] | None:
    """One loan, locked for whoever changes it."""
    return await fetch_one(f"SELECT {LOAN_COLUMNS} {LOANS} WHERE l.code = $1 FOR NO KEY UPDATE OF l", code)


async def loan_of_kit(kit_id: int) -> dict[str, Any] | None:
    """The loan on which a kit is out."""
    return await fetch_one(f"SELECT {LOAN_COLUMNS} {LOANS} WHERE l.kit_id = $1 AND l.returned_at IS NULL", kit_id)


async def loans_of_kits(kit_ids: Sequence[int]) -> list[dict[str, Any]]:
    """The loans on which kits are out."""
    return await fetch(
        f"SELECT {LOAN_COLUMNS} {LOANS} WHERE l.kit_id = ANY($1) AND l.returned_at IS NULL", list(kit_ids)
    )


async def loans(scope: Scope, state: str, *, school: int | None = None, kit: int | None = None) -> list[dict[str, Any]]:
    """Loans that are out (`out`), late (`late`), or all: the earliest due first."""
    where = Where()
    if not scope.country:
        regions, schools = where.value(list(scope.regions)), where.value(list(scope.institutions))
        where.any_of(
            f"a.regional_directorate_id = ANY({regions})",
            f"b.regional_directorate_id = ANY({regions})",
            f"a.id = ANY({schools})",
            f"b.id = ANY({schools})",
        )
    if state in ("out", "late"):
        where.add("l.returned_at IS NULL")
    if state == "late":
        where.add("l.due_on < current_date")
    if school is not None:
        mine = where.value(school)
        where.any_of(f"a.id = {mine}", f"b.id = {mine}")
    where.equal("l.kit_id", kit)
    return await fetch(
        f"SELECT {LOAN_COLUMNS} {LOANS} WHERE {where.sql} ORDER BY l.returned_at IS NOT NULL, l.due_on, l.id LIMIT 500",
        *where.values,
    )


async def close_loan(loan_id: int, note: str) -> None:
    """Note that a kit was given back."""
    await execute("UPDATE loan SET returned_at = now(), return_note = $2 WHERE id = $1", loan_id, note)


async def note_reminder(loan_id: int) -> None:
    """Note that the borrower was reminded."""
    await execute("UPDATE loan SET reminders = reminders + 1, reminded_at = now() WHERE id = $1", loan_id)


async def set_sent_back(loan_id: int) -> None:
    """Note that the borrower says that it gave the kit back."""
    await execute("UPDATE loan SET sent_back_at = now() WHERE id = $1", loan_id)


# what schools ask for
async def add_request(institution_id: int, definition: str, until: date, why: str) -> bool:
    """A school asks for a loan; False where it has asked for the same already."""
    row = await fetch_one(
        """INSERT INTO loan_request (institution_id, definition, until, why) VALUES ($1, $2, $3, $4)
           ON CONFLICT (institution_id, definition) WHERE state = 'open' DO NOTHING RETURNING id""",
        institution_id,
        definition,
        until,
        why,
    )
    return row is not None


REQUESTS = """SELECT q.*, i.code AS institution_code, i.name AS institution_name, i.regional_directorate_id,
    i.directorate_id, d.title_el, d.title_en
  FROM loan_request q JOIN institution i ON i.id = q.institution_id
  JOIN LATERAL (SELECT title_el, title_en FROM kit_definition WHERE slug = q.definition ORDER BY version DESC LIMIT 1) d
    ON true"""


async def requests(scope: Scope) -> list[dict[str, Any]]:
    """The requests that wait for a decision, the oldest first."""
    where = Where()
    where.within(scope, region="i.regional_directorate_id", institution="i.id")
    where.add("q.state = 'open'")
    return await fetch(f"{REQUESTS} WHERE {where.sql} ORDER BY q.id LIMIT 200", *where.values)


async def requests_of(institution_id: int) -> list[dict[str, Any]]:
    """What a school has asked for, the newest first; of what was decided the last two months."""
    return await fetch(
        f"""{REQUESTS} WHERE q.institution_id = $1
              AND (q.state = 'open' OR q.decided_at > now() - interval '60 days') ORDER BY q.id DESC LIMIT 20""",
        institution_id,
    )


async def request(request_id: int) -> dict[str, Any] | None:
    """One request, locked for whoever decides it."""
    return await fetch_one(f"{REQUESTS} WHERE q.id = $1 FOR NO KEY UPDATE OF q", request_id)


async def decide_request(request_id: int, state: str, answer: str) -> None:
    """What became of a request."""
    await execute(
        "UPDATE loan_request SET state = $2, answer = $3, decided_at = now() WHERE id = $1", request_id, state, answer
    )


async def near(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Kits of the wanted kind at other schools that are not on loan: those that nobody uses first, then the nearest."""
    return await fetch(
        """SELECT k.code, i.code AS institution_code, i.name AS institution_name, e.id IS NOT NULL AS idle
           FROM kit_definition d JOIN kit k ON k.kit_definition_id = d.id
           JOIN kit_position pos ON pos.kit_id = k.id JOIN place p ON p.id = pos.place_id AND p.kind = 'institution'
           JOIN institution i ON i.id = p.institution_id AND i.id <> $2
           LEFT JOIN idle_kit e ON e.kit_id = k.id AND e.state IN ('requested', 'idle')
           WHERE d.slug = $1 AND i.regional_directorate_id = $3
             AND NOT EXISTS (SELECT FROM loan l WHERE l.kit_id = k.id AND l.returned_at IS NULL)
           ORDER BY e.id IS NULL, i.directorate_id IS DISTINCT FROM $4, i.name, k.id LIMIT 8""",
        row["definition"],
        row["institution_id"],
        row["regional_directorate_id"],
        row["directorate_id"],
    )

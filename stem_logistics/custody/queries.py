"""Every query of custody, idle kits and papers; loans, returns, repairs and recalls have their own modules."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from stem_logistics.accounts.policy import Scope
from stem_logistics.db.engine import execute, execute_many, fetch, fetch_one, fetch_value
from stem_logistics.selecting import Where


async def lock_kits(kit_ids: Sequence[int]) -> None:
    """Let two people who act on one kit wait for each other, in one order of the kits."""
    await fetch("SELECT 1 FROM kit WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", sorted(set(kit_ids)))


async def next_number(kind: str, year: int) -> int:
    """The next number of a series, without gaps: it is taken with the paper or not at all."""
    return int(
        await fetch_value(
            """INSERT INTO paper_series (kind, year, last) VALUES ($1, $2, 1)
               ON CONFLICT (kind, year) DO UPDATE SET last = paper_series.last + 1 RETURNING last""",
            kind,
            year,
        )
    )


async def add_paper(kind: str, number: str, institution_id: int | None, digest: bytes, kit_ids: Sequence[int]) -> int:
    """Keep a paper and which kits it speaks of; returns its id."""
    paper = int(
        await fetch_value(
            "INSERT INTO paper (kind, number, institution_id, digest) VALUES ($1, $2, $3, $4) RETURNING id",
            kind,
            number,
            institution_id,
            digest,
        )
    )
    await execute_many("INSERT INTO paper_kit (paper_id, kit_id) VALUES ($1, $2)", [(paper, k) for k in set(kit_ids)])
    return paper


async def paper(paper_id: int) -> dict[str, Any] | None:
    """One paper, with the region and school that it belongs to."""
    return await fetch_one(
        """SELECT p.*, i.regional_directorate_id FROM paper p LEFT JOIN institution i ON i.id = p.institution_id
           WHERE p.id = $1""",
        paper_id,
    )


async def papers_of_kit(kit_id: int) -> list[dict[str, Any]]:
    """The papers that speak of a kit, newest first."""
    return await fetch(
        """SELECT p.id, p.kind, p.number, p.made_at FROM paper_kit k JOIN paper p ON p.id = k.paper_id
           WHERE k.kit_id = $1 ORDER BY p.id DESC""",
        kit_id,
    )


# custody
async def holder(kit_id: int) -> dict[str, Any] | None:
    """Who has a kit now, by the school's word."""
    return await fetch_one("SELECT * FROM custody WHERE kit_id = $1 AND until IS NULL", kit_id)


async def holders_at(institution_id: int) -> list[dict[str, Any]]:
    """Who has which kit in a school now."""
    return await fetch(
        "SELECT * FROM custody WHERE institution_id = $1 AND until IS NULL ORDER BY kit_id", institution_id
    )


async def kits_and_holders(institution_id: int) -> list[dict[str, Any]]:
    """The kits of which a school holds parts, each with who has it there and until when it is on loan: one statement,
    however many kits.
    """
    return await fetch(
        """SELECT k.code, d.title_el, d.title_en, c.holder_name, c.holder_post, c.room, c.since, l.due_on
           FROM kit k JOIN kit_definition d ON d.id = k.kit_definition_id
           LEFT JOIN custody c ON c.kit_id = k.id AND c.institution_id = $1 AND c.until IS NULL
           LEFT JOIN loan l ON l.kit_id = k.id AND l.returned_at IS NULL
           WHERE k.id = ANY(ARRAY(SELECT h.kit_id FROM place p JOIN holding h ON h.place_id = p.id
             WHERE p.institution_id = $1 AND h.quantity > 0 AND h.kit_id IS NOT NULL)) ORDER BY k.id""",
        institution_id,
    )


async def custody_history(kit_id: int) -> list[dict[str, Any]]:
    """Everybody who had a kit, newest first."""
    return await fetch(
        """SELECT c.*, i.code AS institution_code, i.name AS institution_name, p.number AS paper_number
           FROM custody c JOIN institution i ON i.id = c.institution_id JOIN paper p ON p.id = c.paper_id
           WHERE c.kit_id = $1 ORDER BY c.id DESC""",
        kit_id,
    )


async def end_custody(kit_ids: Sequence[int], how: str) -> None:
    """End whatever custody kits have."""
    await execute(
        "UPDATE custody SET until = clock_timestamp(), ended_by = $2 WHERE kit_id = ANY($1) AND until IS NULL",
        list(kit_ids),
        how,
    )


async def add_custody(
    kit_id: int, institution_id: int, name: str, post: str, room: str, note: str, paper_id: int, actor: tuple[str, Any]
) -> int:
    """A kit's next custody; returns its id."""
    return int(
        await fetch_value(
            """INSERT INTO custody (kit_id, institution_id, holder_name, holder_post, room, note, paper_id, actor_kind,
                 actor_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id""",
            kit_id,
            institution_id,
            name,
            post,
            room,
            note,
            paper_id,
            *actor,
        )
    )


async def institution(code: str) -> dict[str, Any] | None:
    """A school by its code: the one that it stands for, where it was merged."""
    return await fetch_one(
        """SELECT r.* FROM institution i JOIN institution r ON r.id = i.root_id WHERE i.code = $1""", code
    )


async def institution_by_id(institution_id: int) -> dict[str, Any]:
    """A school."""
    row = await fetch_one("SELECT * FROM institution WHERE id = $1", institution_id)
    assert row is not None
    return row


# kits whose school is no more
async def homeless(scope: Scope) -> list[dict[str, Any]]:
    """Kits at schools that are closed or merged, with where the registry says they belong."""
    where = Where()
    where.within(scope, region="i.regional_directorate_id", institution="i.id")
    return await fetch(
        f"""SELECT k.id, k.code, d.title_el, d.title_en, i.id AS institution_id, i.code AS institution_code,
              i.name AS institution_name, i.state, r.id AS root_id, r.code AS root_code, r.name AS root_name,
              r.state AS root_state, sum(h.quantity)::int AS pieces
            FROM holding h JOIN place p ON p.id = h.place_id AND p.kind = 'institution'
            JOIN institution i ON i.id = p.institution_id AND (i.state = 'closed' OR i.merged_into IS NOT NULL)
            JOIN institution r ON r.id = i.root_id
            JOIN kit k ON k.id = h.kit_id JOIN kit_definition d ON d.id = k.kit_definition_id
            WHERE h.quantity > 0 AND {where.sql}
            GROUP BY k.id, d.id, i.id, r.id ORDER BY i.name, k.id LIMIT 2000""",  # noqa: S608 - numbered parameters
        *where.values,
    )


# idle kits
IDLE = """FROM idle_kit e JOIN kit k ON k.id = e.kit_id JOIN kit_definition d ON d.id = k.kit_definition_id
  LEFT JOIN institution o ON o.id = e.offered_to"""
IDLE_COLUMNS = """e.*, k.code AS kit_code, d.slug AS definition, d.title_el, d.title_en, o.code AS offered_code,
  o.name AS offered_name, o.email AS offered_email, (e.state = 'offered' AND e.answer_by < current_date) AS late"""


async def add_idle(kit_id: int, why: str, state: str) -> int:
    """A kit that nobody uses; returns the entry's id."""
    return int(
        await fetch_value(
            "INSERT INTO idle_kit (kit_id, why, state) VALUES ($1, $2, $3) RETURNING id", kit_id, why, state
        )
    )


async def idle(idle_id: int) -> dict[str, Any] | None:
    """One entry, locked."""
    return await fetch_one(f"SELECT {IDLE_COLUMNS} {IDLE} WHERE e.id = $1 FOR NO KEY UPDATE OF e", idle_id)


async def idle_kits(*, offered_to: int | None = None, kit: int | None = None) -> list[dict[str, Any]]:
    """The kits that are idle or offered."""
    where = Where()
    where.add("e.ended_at IS NULL")
    where.equal("e.offered_to", offered_to)
    where.equal("e.kit_id", kit)
    return await fetch(f"SELECT {IDLE_COLUMNS} {IDLE} WHERE {where.sql} ORDER BY e.id LIMIT 500", *where.values)


async def set_idle(
    idle_id: int, state: str, offered_to: int | None, answer_by: date | None, out_of_order: str = ""
) -> None:
    """Where an idle kit stands now, and why it was not offered to the next in order, where it was not."""
    await execute(
        """UPDATE idle_kit SET state = $2, offered_to = $3, answer_by = $4, out_of_order = $5,
             ended_at = CASE WHEN $2 IN ('given', 'in-use') THEN now() END WHERE id = $1""",
        idle_id,
        state,
        offered_to,
        answer_by,
        out_of_order,
    )


async def add_refusal(idle_id: int, institution_id: int, lapsed: bool) -> None:
    """Remember that a school does not want a kit, or did not answer in time."""
    await execute(
        """INSERT INTO idle_refusal (idle_kit_id, institution_id, lapsed) VALUES ($1, $2, $3)
           ON CONFLICT DO NOTHING""",
        idle_id,
        institution_id,
        lapsed,
    )


async def not_next(idle_id: int) -> set[int]:
    """The schools to which an idle kit is not offered in order: they let it pass, are offered or given another of its
    kind, or have it themselves.
    """
    rows = await fetch(
        """SELECT institution_id AS id FROM idle_refusal WHERE idle_kit_id = $1
           UNION SELECT o.offered_to FROM idle_kit e JOIN kit k ON k.id = e.kit_id
             JOIN kit_definition d ON d.id = k.kit_definition_id JOIN kit_definition same ON same.slug = d.slug
             JOIN kit other ON other.kit_definition_id = same.id
             JOIN idle_kit o ON o.kit_id = other.id AND o.id <> e.id AND o.state IN ('offered', 'accepted', 'given')
             WHERE e.id = $1
           UNION SELECT p.institution_id FROM idle_kit e JOIN holding h ON h.kit_id = e.kit_id AND h.quantity > 0
             JOIN place p ON p.id = h.place_id AND p.kind = 'institution' WHERE e.id = $1""",
        idle_id,
    )
    return {row["id"] for row in rows}

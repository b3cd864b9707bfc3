"""Papers by which schools receive, until somebody enters them."""

from typing import Any

from stem_logistics.accounts.policy import Scope
from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value
from stem_logistics.selecting import Where

OPEN = "p.receipt_id IS NULL AND p.refused_at IS NULL"


async def add(consignment_id: int, digest: bytes, link_id: int | None) -> bool:
    """Put a paper on file; False where it is there already. One that was refused is to be looked at again."""
    return bool(
        await fetch_value(
            """INSERT INTO receipt_paper (consignment_id, digest, link_id) VALUES ($1, $2, $3)
               ON CONFLICT (consignment_id, digest) DO UPDATE SET refused_at = NULL, refused_because = '',
                 filed_at = now() WHERE receipt_paper.refused_at IS NOT NULL RETURNING id""",
            consignment_id,
            digest,
            link_id,
        )
    )


async def open_of(consignment_id: int) -> list[dict[str, Any]]:
    """The papers of a consignment that wait to be entered, oldest first."""
    return await fetch(
        f"""SELECT p.id, p.digest, p.filed_at, f.media_type FROM receipt_paper p JOIN stored_file f USING (digest)
            WHERE p.consignment_id = $1 AND {OPEN} ORDER BY p.id""",  # noqa: S608 - a constant
        consignment_id,
    )


async def paper(paper_id: int) -> dict[str, Any] | None:
    """One paper."""
    return await fetch_one("SELECT id, consignment_id, digest FROM receipt_paper WHERE id = $1", paper_id)


async def entered(consignment_id: int, receipt_id: int) -> None:
    """The papers that wait stand behind this receipt."""
    await execute(
        f"UPDATE receipt_paper p SET receipt_id = $2 WHERE consignment_id = $1 AND {OPEN}",  # noqa: S608 - a constant
        consignment_id,
        receipt_id,
    )


async def refuse(consignment_id: int, why: str) -> int:
    """Nothing can be entered from the papers that wait; returns how many they are."""
    return await execute(
        f"""UPDATE receipt_paper p SET refused_at = now(), refused_because = $2
            WHERE consignment_id = $1 AND {OPEN}""",  # noqa: S608 - a constant
        consignment_id,
        why,
    )


async def waiting(scope: Scope) -> int:
    """How many consignments that a scope sees have papers that wait to be entered."""
    where = Where()
    where.within(scope, region="i.regional_directorate_id", institution="i.id")
    return int(
        await fetch_value(
            f"""SELECT count(DISTINCT c.id) FROM receipt_paper p JOIN consignment c ON c.id = p.consignment_id
                JOIN institution i ON i.id = c.institution_id WHERE {OPEN} AND {where.sql}""",  # noqa: S608 - constants, $n
            *where.values,
        )
    )

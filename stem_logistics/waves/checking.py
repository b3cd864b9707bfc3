"""Evidence checked by staff: a queue, each piece with an outcome and a reason, many at once after a look at them."""

from collections.abc import Sequence
from typing import Any

from stem_logistics import audit, files
from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Forbidden, Invalid, NotFound
from stem_logistics.waves import checking_queries
from stem_logistics.waves.counting import LABEL_KINDS, LABELS_A_YEAR
from stem_logistics.waves.service import account_id

MOST_AT_ONCE = 500
LONGEST = 1000
OUTCOMES = ("accepted", "rejected")


async def list_evidence(principal: Principal, **query: Any) -> tuple[list[dict[str, Any]], int]:
    """Evidence that stands within the principal's scope; see `checking_queries.pieces`. `too_many` marks labels of a
    teacher and year beyond the four that can be submitted."""
    rows, total = await checking_queries.pieces(principal.scope(Permission.WAVES_READ), **query)
    for row in rows:
        row["too_many"] = row["kind"] in LABEL_KINDS and row["labels"] > LABELS_A_YEAR
    return rows, total


async def piece_of(evidence_id: int, principal: Principal) -> dict[str, Any]:
    """One piece that stands. Raises NotFound."""
    rows, _total = await list_evidence(principal, ids=[evidence_id])
    if not rows:
        raise NotFound("evidence-not-found")
    return rows[0]


async def next_waiting(after: int) -> int | None:
    """The next piece that waits, None where none does."""
    return await checking_queries.next_waiting(after)


async def waiting_count() -> int:
    """How much waits to be checked."""
    return await checking_queries.waiting_count()


async def check_evidence(ids: Sequence[int], outcome: str | None, why: str, principal: Principal) -> int:
    """Say what became of pieces of evidence; returns how many changed. None takes an outcome back.

    Raises:
        Invalid: a rejection without a reason, none or too many pieces at once, no such outcome.
        NotFound: a piece does not stand any more; nothing is changed then.
    """
    why = why.strip()
    if outcome not in (None, *OUTCOMES):
        raise Invalid("evidence-outcome-unknown")
    if outcome == "rejected" and not why:
        raise Invalid("rejection-needs-reason")
    if len(why) > LONGEST:
        raise Invalid("reason-too-long", most=LONGEST)
    wanted = sorted(set(ids))
    if not 1 <= len(wanted) <= MOST_AT_ONCE:
        raise Invalid("evidence-not-chosen", most=MOST_AT_ONCE)
    if not principal.scope(Permission.WAVES_WRITE).country:
        raise Forbidden("not-allowed")
    async with unit_of_work():
        _rows, found = await checking_queries.pieces(principal.scope(Permission.WAVES_READ), ids=wanted, limit=1)
        if found != len(wanted):
            raise NotFound("evidence-not-found")
        why = why if outcome == "rejected" else ""
        changed = await checking_queries.set_outcome(wanted, outcome, why, account_id())
        for row in changed:
            details = {"evidence": row["id"], "outcome": outcome}
            await audit.record("evidence-checked", "institution", row["institution_id"], why=why, **details)
    return len(changed)


async def document_of_piece(evidence_id: int, principal: Principal) -> files.StoredFile:
    """The document behind a piece. Raises NotFound."""
    piece = await piece_of(evidence_id, principal)
    if not piece["document"]:
        raise NotFound("file-not-found", digest="-")
    return await files.load(bytes.fromhex(piece["document"]))

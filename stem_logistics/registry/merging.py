"""Double registrations: found, shown side by side, merged with one click, and un-merged without loss.

A merge moves no history: the duplicate keeps its row and everything that names it, and from then on *stands for* the
school that was kept (`root_id`). Its code leads there everywhere. What a noun must take along (an application whose
wave is still being decided) it does in its `merged` module, and says what, so that it can be put back.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stem_logistics import audit, jobs, nouns
from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, Forbidden, Invalid
from stem_logistics.registry import merge_queries as queries
from stem_logistics.registry import service
from stem_logistics.registry.duplicates import suspected_pairs
from stem_logistics.registry.model import Institution

LOOK_JOB = "registry-duplicates"


@dataclass(frozen=True)
class Suspicion:
    """Two rows that may be one school, with what speaks for it."""

    first: Institution
    second: Institution
    grounds: tuple[str, ...]


@dataclass(frozen=True)
class MergedCode:
    """A code that stands for a school."""

    code: str
    name: str
    merged_at: datetime | None
    why: str


async def look_for_duplicates() -> int:
    """The job that compares the whole registry. Returns how many pairs are suspected."""
    rows = await queries.comparable()
    pairs = await asyncio.to_thread(suspected_pairs, rows)
    async with unit_of_work():
        await queries.replace_suspicions(pairs)
    return len(pairs)


async def ask_to_look(principal: Principal) -> int:
    """Queue a look at the whole registry; the job's number."""
    async with unit_of_work():
        return await jobs.enqueue(LOOK_JOB, {})


async def suspicions(principal: Principal, *, limit: int | None = None, offset: int = 0) -> tuple[list[Suspicion], int]:
    """Pairs that wait for a decision, in what the principal may change; and how many."""
    rows, total = await queries.suspicions(principal.scope(Permission.REGISTRY_WRITE), limit=limit, offset=offset)
    found = await service.institutions_by_ids(number for row in rows for number in (row["first_id"], row["second_id"]))
    return [Suspicion(found[row["first_id"]], found[row["second_id"]], tuple(row["grounds"])) for row in rows], total


async def suspicions_among(institution_ids: Collection[int]) -> list[tuple[int, int]]:
    """The undecided pairs, anywhere in the country, of which one at least is among these schools (internal ids)."""
    return await queries.suspected_among(sorted(institution_ids))


async def merged_codes(institution_id: int) -> list[MergedCode]:
    """The codes that stand for a school besides its own."""
    return [_merged(row) for row in await queries.family(institution_id)]


async def past_of(institution_id: int, limit: int = 40) -> tuple[list[MergedCode], list[dict[str, Any]]]:
    """The codes that stand for a school besides its own, and what it was before, the newest change first (`changed_at`,
    `source_on`, `field`, `before`, `after`)."""
    codes, changes = await queries.past(institution_id, limit)
    return [_merged(row) for row in codes], changes


def _merged(row: dict[str, Any]) -> MergedCode:
    return MergedCode(row["code"], row["name"], row["merged_at"], row["why"] or "")


async def family_of(merged: Sequence[MergedCode]) -> list[Institution]:
    """The rows of merged codes: their history is the school's too."""
    if not merged:
        return []
    found = await service.institutions_by_codes(each.code for each in merged)
    return [found[each.code] for each in merged]


async def merge(principal: Principal, duplicate_code: str, kept_code: str, *, why: str = "") -> Institution:
    """Let one row stand for another from now on. Merging the same pair again changes nothing.

    Returns:
        The school that was kept.

    Raises:
        NotFound, Forbidden: one of the two is not the principal's to see or change.
        Invalid: `merge-with-itself`, `merge-of-two-kinds`.
        Conflict: `already-merged`: the duplicate stands for another school already, or the kept one does.
    """
    duplicate, kept = await _mine(principal, duplicate_code), await _mine(principal, kept_code)
    if duplicate.id == kept.id:
        raise Invalid("merge-with-itself", code=kept.code)
    if duplicate.kind != kept.kind:
        raise Invalid("merge-of-two-kinds", code=duplicate.code, other=kept.code)
    async with unit_of_work():
        rows = await queries.lock_pair(duplicate.id, kept.id)
        if rows[duplicate.id]["merged_into"] == kept.id:
            return kept
        for row in (rows[duplicate.id], rows[kept.id]):
            if row["merged_into"] is not None:
                raise Conflict("already-merged", code=row["code"], other=await queries.code_of(row["merged_into"]))
        number = await queries.add_merge(duplicate.id, kept.id, why, _account(principal))
        await queries.point(duplicate.id, kept.id)
        moved: dict[str, Any] = {}
        for module in nouns.load("merged"):
            moved |= await module.institution_merged(duplicate.id, kept.id)
        await queries.keep_moved(number, moved)
        grounds = list(await queries.are_suspected(duplicate.id, kept.id))
        details = {"merge": number, "duplicate": duplicate.code, "kept": kept.code, "grounds": grounds}
        await audit.record("institution-merged", "institution", kept.id, why=why, **details)
        await audit.record("institution-merged", "institution", duplicate.id, why=why, **details)
    return kept


async def unmerge(principal: Principal, duplicate_code: str, *, why: str = "") -> Institution:
    """Let a merged row stand for itself again, with what the merge had taken along.

    Returns:
        The row, a school of its own again.

    Raises:
        NotFound, Forbidden: not the principal's.
        Conflict: `not-merged`.
    """
    duplicate = await _mine(principal, duplicate_code)
    async with unit_of_work():
        await queries.lock_pair(duplicate.id, duplicate.root_id)
        merged = await queries.standing_merge(duplicate.id)
        if merged is None:
            raise Conflict("not-merged", code=duplicate.code)
        await queries.end_merge(merged["id"], _account(principal))
        await queries.point(duplicate.id, None)
        for module in nouns.load("merged"):
            await module.institution_unmerged(duplicate.id, merged["kept_id"], merged["moved"])
        details = {"merge": merged["id"], "duplicate": duplicate.code}
        await audit.record("institution-unmerged", "institution", merged["kept_id"], why=why, **details)
        await audit.record("institution-unmerged", "institution", duplicate.id, why=why, **details)
    return await service.get_institution(principal, duplicate.code)


async def keep_apart(principal: Principal, first_code: str, second_code: str, *, why: str = "") -> None:
    """Somebody's word that two rows are two schools: they are not shown as suspects again.

    Raises:
        NotFound, Forbidden: one of the two is not the principal's.
        Invalid: `merge-with-itself`.
    """
    first, second = await _mine(principal, first_code), await _mine(principal, second_code)
    if first.id == second.id:
        raise Invalid("merge-with-itself", code=first.code)
    async with unit_of_work():
        await queries.add_distinct(first.id, second.id, why, _account(principal))
        for one, other in ((first, second), (second, first)):
            await audit.record("institutions-kept-apart", "institution", one.id, why=why, other=other.code)


async def _mine(principal: Principal, code: str) -> Institution:
    found = await service.get_institution(principal, code)
    if not principal.may(Permission.REGISTRY_WRITE, region_id=found.region_id):
        raise Forbidden("not-allowed")
    return found


def _account(principal: Principal) -> int | None:
    return principal.id if principal.kind == "account" else None

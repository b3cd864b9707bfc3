"""Many consignments at once: packed, printed or sent by one job, with a preview before and a way back after.

Each consignment is a unit of work of its own: one that is refused says why and holds up no other. The way back of a
dispatch is open while the schools' mails wait in the outbox.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from stem_logistics import audit, files, jobs, runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.codes import new_code, parse_code
from stem_logistics.db.engine import unit_of_work
from stem_logistics.deliveries import bulk_queries, protocols, queries, service, telling
from stem_logistics.deliveries.rules import Action, State, TransitionNotPossible, advance
from stem_logistics.deliveries.telling import UNDO_MINUTES
from stem_logistics.deliveries.tracking import RowFault, read_tracking
from stem_logistics.errors import Conflict, DomainError, Invalid, NotFound

Doing = Literal["pack", "dispatch", "lists", "labels", "pick-list"]
DOINGS: tuple[Doing, ...] = ("pack", "lists", "labels", "pick-list", "dispatch")
PAPERS = frozenset({"lists", "labels", "pick-list"})
JOB = "consignment-batch"
MOST = 1_000


@dataclass(frozen=True)
class Item:
    """One consignment of a preview: its row, the number it would travel under, why it would be refused."""

    row: dict[str, Any]
    tracking_number: str
    refusal: DomainError | None


@dataclass(frozen=True)
class Preview:
    """What would happen, and what is wrong with the courier's list."""

    doing: Doing
    items: tuple[Item, ...]
    faults: tuple[RowFault, ...]

    @property
    def possible(self) -> tuple[Item, ...]:
        """Those that would not be refused."""
        return tuple(item for item in self.items if item.refusal is None)


def doing_of(typed: str) -> Doing:
    """What is to be done. Raises Invalid for anything that is not offered."""
    for known in DOINGS:
        if known == typed:
            return known
    raise Invalid("bulk-action-unknown", action=typed[:30])


async def _rows(typed: Sequence[str], permission: Permission) -> list[dict[str, Any]]:
    scope = service.require(permission)
    codes = list(dict.fromkeys(code for each in typed if (code := parse_code(each)) is not None))
    if not codes:
        raise Invalid("bulk-nothing-chosen")
    if len(codes) > MOST:
        raise Invalid("bulk-too-many", chosen=len(codes), most=MOST)
    rows = await bulk_queries.by_codes(codes)
    seen = [
        row
        for row in rows
        if scope.covers(region_id=row["regional_directorate_id"], institution_id=row["institution_id"])
    ]
    if not seen:
        raise Invalid("bulk-nothing-chosen")
    return seen


def _refusal(doing: Doing, row: Mapping[str, Any]) -> DomainError | None:
    """What can be said beforehand; the doing itself looks again, under a lock."""
    if doing in PAPERS:
        gone = row["state"] == State.CANCELLED or not row["kits"]
        return Conflict("consignment-empty", code=row["code"]) if gone else None
    action = Action.PACK if doing == "pack" else Action.DISPATCH
    try:
        advance(State(row["state"]), action)
    except TransitionNotPossible:
        return Conflict("consignment-step-not-possible", state=row["state"], action=action.value)
    if doing == "pack" and not row["kits"]:
        return Conflict("consignment-empty", code=row["code"])
    if doing == "dispatch" and not row["institution_email"]:
        return Conflict("school-without-mailbox", name=row["institution_name"])
    return None


async def preview(doing: Doing, codes: Sequence[str], tracking: str = "") -> Preview:
    """What would happen to these consignments, grouped by destination. Nothing is changed.

    Args:
        tracking: the courier's list, as in `read_tracking`; a row for a consignment that was not chosen is a fault.

    Raises:
        Invalid: nothing chosen, or too many at once.
    """
    rows = await _rows(codes, Permission.DELIVERIES_WRITE)
    numbers, faults = read_tracking(tracking)
    chosen = {row["code"] for row in rows}
    strangers = [RowFault(0, "tracking-code-not-chosen", {"code": code}) for code in numbers if code not in chosen]
    items = tuple(Item(row, numbers.get(row["code"], ""), _refusal(doing, row)) for row in rows)
    return Preview(doing, items, (*faults, *strangers))


async def start(
    doing: Doing, codes: Sequence[str], *, courier: str = "", expected_on: date | None = None, tracking: str = ""
) -> str:
    """Put it into the queue; returns the batch's code.

    Raises:
        Invalid: nothing chosen, too many, no courier, a day that has passed, a courier's list with faults.
    """
    if doing == "dispatch" and not courier.strip():
        raise Invalid("courier-missing")
    if expected_on is not None and expected_on < service.today():
        raise Invalid("expected-day-has-passed", day=expected_on)
    asked = await preview(doing, codes, tracking)
    if asked.faults:
        raise Invalid("tracking-has-faults", count=len(asked.faults))
    who = runtime.actor().principal
    async with unit_of_work():
        code = new_code("B")
        batch_id = await bulk_queries.add_batch(
            code, doing, courier.strip()[:80], expected_on, who.id if who.kind == "account" else None
        )
        await bulk_queries.add_items(batch_id, [(item.row["id"], item.tracking_number) for item in asked.items])
        await bulk_queries.set_job(batch_id, await jobs.enqueue(JOB, {"batch": code}))
        await audit.record("consignments-handled", "batch", code, doing=doing, consignments=len(asked.items))
    return code


async def run(code: str, progress: jobs.Progress | None = None) -> dict[str, Any]:
    """Do what a batch asks. May run again: what is done is not done twice.

    Returns:
        How many were `done` and `refused`.
    """
    service.require(Permission.DELIVERIES_WRITE)
    batch = await bulk_queries.batch(code)
    if batch is None:
        raise NotFound("batch-not-found", code=code)
    items = await bulk_queries.items(batch["id"])
    if batch["action"] in PAPERS:
        await _print(batch, items, progress)
    else:
        for at, item in enumerate(items, 1):
            if item["outcome"] == "waiting":
                await _one(batch, item)
            if progress is not None:
                await progress.report(at, len(items))
        if batch["action"] == "dispatch":
            await _write_together(batch["id"])
        await bulk_queries.finish(batch["id"], None)
    after = await bulk_queries.items(batch["id"])
    return {
        "done": sum(item["outcome"] == "done" for item in after),
        "refused": sum(item["outcome"] == "refused" for item in after),
    }


async def _one(batch: dict[str, Any], item: dict[str, Any]) -> None:
    async def work() -> None:
        if batch["action"] == "pack":
            await service.pack(item["code"], parcels=item["parcels"])
        else:
            await service.dispatch(
                item["code"],
                courier=batch["courier"],
                tracking_number=item["asked_number"],
                document=item["supplier_document"],
                expected_on=batch["expected_on"],
                mail_waits_minutes=UNDO_MINUTES,
                later=True,
            )

    await _noted(item, work, "done")


async def _write_together(batch_id: int) -> None:
    """One mail to each school or stop for all that is sent to it. Who was written to is not again."""
    for ids in await bulk_queries.untold(batch_id):
        async with unit_of_work():
            still = [each for each in ids if await queries.lock(each) == State.DISPATCHED]
            if still:
                await telling.tell(still, UNDO_MINUTES)


async def _noted(item: dict[str, Any], work: Callable[[], Awaitable[None]], outcome: str) -> None:
    """Do it and note it in one unit of work; a refusal is noted instead and stops nobody else."""
    try:
        async with unit_of_work():
            await work()
            await bulk_queries.set_outcome(item["item_id"], outcome)
    except DomainError as refused:
        if refused.status >= 500:
            raise
        said = {"slug": refused.slug, "params": refused.params}
        await bulk_queries.set_outcome(item["item_id"], "refused", said)


async def _print(batch: dict[str, Any], items: list[dict[str, Any]], progress: jobs.Progress | None) -> None:
    shipments = []
    printed = [item for item in items if _refusal(batch["action"], item) is None]
    for at, item in enumerate(printed, 1):
        shipments.append(await protocols.shipment_of(item))
        if progress is not None and at % 20 == 0:
            await progress.report(at, len(printed) + 1)
    digest = None
    if shipments:
        pdf = await asyncio.to_thread(protocols.papers, batch["action"], batch["created_at"], shipments)
        digest = await files.store(pdf, "application/pdf")
    async with unit_of_work():
        for item in items:
            refused = _refusal(batch["action"], item)
            said = {"slug": refused.slug, "params": refused.params} if refused else None
            await bulk_queries.set_outcome(item["item_id"], "refused" if refused else "done", said)
        await bulk_queries.finish(batch["id"], digest)


async def get_batch(typed: str, permission: Permission = Permission.DELIVERIES_READ) -> dict[str, Any]:
    """A batch with its `items`, for whoever may see every one of them, and until when it `can_be_undone`.

    Raises:
        NotFound: no such batch, or one that reaches beyond the reader's scope (which says the same).
    """
    scope = service.require(permission)
    code = parse_code(typed)
    batch = await bulk_queries.batch(code) if code else None
    items = await bulk_queries.items(batch["id"]) if batch else []
    if batch is None or not all(
        scope.covers(region_id=item["regional_directorate_id"], institution_id=item["institution_id"]) for item in items
    ):
        raise NotFound("batch-not-found", code=typed[:20])
    until: datetime | None = None
    if batch["finished_at"] and not batch["undone_at"] and any(item["outcome"] == "done" for item in items):
        if batch["action"] == "dispatch":
            until = batch["finished_at"] + timedelta(minutes=UNDO_MINUTES)
        elif batch["action"] == "pack":
            until = batch["finished_at"] + timedelta(days=1)
    now = datetime.now(tz=until.tzinfo) if until else None
    return {**batch, "items": items, "can_be_undone": until if until and now and now < until else None}


async def undo(typed: str) -> tuple[int, int]:
    """Take a batch back; returns how many were, and how many could not be any more.

    Raises:
        Conflict: it makes papers only, is not finished, or was taken back before.
    """
    batch = await get_batch(typed, Permission.DELIVERIES_WRITE)
    back = service.unpack if batch["action"] == "pack" else service.take_back
    async with unit_of_work():
        locked = await bulk_queries.lock_batch(batch["id"])
        assert locked is not None
        if batch["action"] in PAPERS or locked["finished_at"] is None or locked["undone_at"] is not None:
            raise Conflict("batch-cannot-be-undone", code=batch["code"])
        who = runtime.actor().principal
        await bulk_queries.set_undone(batch["id"], who.id if who.kind == "account" else None)
        await audit.record("consignments-undone", "batch", batch["code"])
    for item in batch["items"]:
        if item["outcome"] == "done":
            await _undo_one(item, back)
    outcomes = [item["outcome"] for item in await bulk_queries.items(batch["id"])]
    return outcomes.count("undone"), outcomes.count("done")


async def _undo_one(item: dict[str, Any], back: Callable[[str], Awaitable[None]]) -> None:
    try:
        async with unit_of_work():
            await back(item["code"])
            await bulk_queries.set_outcome(item["item_id"], "undone")
    except Conflict:
        # it has gone on meanwhile (the school was written to, the courier has it): what was done stays done
        return


async def papers_of(typed: str) -> tuple[dict[str, Any], bytes]:
    """A batch and the PDF that it made. Raises NotFound where there is none (yet)."""
    batch = await get_batch(typed)
    if batch["file_digest"] is None:
        raise NotFound("batch-without-papers", code=batch["code"])
    return batch, (await files.load(batch["file_digest"])).content


async def newest(limit: int = 10) -> list[dict[str, Any]]:
    """The newest batches, for whoever sees the whole country (a batch may reach beyond a region)."""
    scope = service.require(Permission.DELIVERIES_READ)
    return await bulk_queries.newest(limit) if scope.country else []


@jobs.job_handler(JOB)
async def _run(payload: dict[str, Any], progress: jobs.Progress) -> dict[str, Any]:
    return await run(payload["batch"], progress)

"""Receiving by a list: what was typed, pasted or uploaded is judged as a whole, and taken in at once or by a job."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from stem_logistics import files, jobs, runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, FieldErrors, Forbidden, Invalid
from stem_logistics.inventory import as_of, as_of_queries, definitions, purchasing_queries, service
from stem_logistics.inventory.arrival import refuse_unexpected
from stem_logistics.inventory.definitions import Definition
from stem_logistics.inventory.rules import MOST_KITS, Serials, read_serials
from stem_logistics.inventory.serial_rules import odd_ones
from stem_logistics.inventory.service import MOST_NAMED, Report

RECEIVE_JOB = "stock-receive"
# More kits than these take longer than somebody waits before a page.
MOST_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """What somebody says has come.

    Args:
        definition: the short name of the kits' definition.
        count: how many kits.
        text: their serial numbers.
        key: the idempotency key.
        batch: what the organisation calls this purchase.
        document: the supplier's delivery note.
        arrived: the day on which they came; today if not told.
        instead: items in whose place their substitute came.
        sure: serial numbers that look mistyped are so on the devices.
        surplus: more may come than the batch's order says.
    """

    definition: str
    count: int
    text: str
    key: str
    batch: str = ""
    document: str = ""
    arrived: date | None = None
    instead: frozenset[str] = frozenset()
    sure: bool = False
    surplus: bool = False


def arrival_moment(day: date | None) -> datetime | None:
    """When goods came that came on a day: its noon, or now (None) where it is today. Raises Invalid for a later day."""
    now = datetime.now(UTC)
    if day is None or as_of.start_of(day) <= now < as_of.start_of(day + timedelta(days=1)):
        return None
    if as_of.start_of(day) > now:
        raise Invalid("arrival-to-come", day=day)
    return as_of.start_of(day) + timedelta(hours=12)


async def receive(arrival: Arrival) -> list[str] | int:
    """Take kits into the central store; returns their codes, or the number of the job that takes them in.

    Raises:
        Invalid: too many kits, or a day to come.
        FieldErrors: what is wrong with the list; numbers that are taken; `serials-look-odd` for those that look
            mistyped while nobody is sure.
        Conflict: the books of that day are closed; and as `arrival.refuse_unexpected`.
    """
    definition, serials, occurred_at = await _judged(arrival)
    if len(serials) <= MOST_AT_ONCE:
        return await _take_in(arrival, definition, serials, occurred_at)
    # said now rather than by the job, which judges again
    await refuse_unexpected(arrival.batch.strip(), definition.slug, len(serials), surplus=arrival.surplus)
    await service.refuse_taken(definition, serials, occurred_at)
    async with unit_of_work():
        digest = await files.store(arrival.text.encode(), "text/plain")
        payload = {
            "definition": definition.slug,
            "version": definition.version,
            "count": arrival.count,
            "file": digest.hex(),
            "key": arrival.key,
            "batch": arrival.batch,
            "document": arrival.document,
            "arrived": arrival.arrived.isoformat() if arrival.arrived else "",
            "instead": sorted(arrival.instead),
            "surplus": arrival.surplus,
        }
        return await jobs.enqueue(RECEIVE_JOB, payload, idempotency_key=f"{RECEIVE_JOB}:{arrival.key}")


async def receive_now(arrival: Arrival, report: Report | None = None) -> list[str]:
    """As `receive`, however many kits they are."""
    return await _take_in(arrival, *await _judged(arrival), report)


async def receive_queued(payload: Mapping[str, Any], report: Report) -> list[str]:
    """The job's work. Raises as `receive`."""
    text = (await files.load(bytes.fromhex(payload["file"]))).content.decode()
    arrival = Arrival(
        payload["definition"],
        payload["count"],
        text,
        payload["key"],
        payload["batch"],
        payload["document"],
        date.fromisoformat(payload["arrived"]) if payload["arrived"] else None,
        frozenset(payload["instead"]),
        sure=True,
        surplus=payload["surplus"],
    )
    return await _take_in(arrival, *await _judged(arrival, payload["version"]), report)


async def _take_in(
    arrival: Arrival,
    definition: Definition,
    serials: Serials,
    occurred_at: datetime | None,
    report: Report | None = None,
) -> list[str]:
    return await service.receive_kits(
        definition,
        serials,
        key=arrival.key,
        batch=arrival.batch,
        document=arrival.document,
        occurred_at=occurred_at,
        instead=arrival.instead,
        surplus=arrival.surplus,
        report=report,
    )


async def _judged(arrival: Arrival, version: int | None = None) -> tuple[Definition, Serials, datetime | None]:
    if not runtime.actor().principal.may(Permission.STOCK_WRITE):
        raise Forbidden("not-allowed", permission=Permission.STOCK_WRITE.value)
    if not 1 <= arrival.count <= MOST_KITS:
        raise Invalid("kit-count-out-of-range", count=arrival.count, most=MOST_KITS)
    occurred_at = arrival_moment(arrival.arrived)
    if occurred_at and await as_of_queries.is_closed(occurred_at):
        raise Conflict("period-closed")
    definition = await definitions.get_definition(arrival.definition, version)
    serials, faults = read_serials(arrival.text, definition.parts, arrival.count)
    if faults:
        errors = [{"place": "serials", "slug": each.slug, "params": dict(each.figures)} for each in faults]
        raise FieldErrors("serials-faulty", errors=errors[:MOST_NAMED], count=len(faults))
    if not arrival.sure:
        await _refuse_odd(definition, serials)
    return definition, serials, occurred_at


async def _refuse_odd(definition: Definition, serials: Serials) -> None:
    of_item: dict[str, list[str]] = {}
    for kit in serials:
        for item, numbers in kit.items():
            of_item.setdefault(item, []).extend(numbers)
    ids = definition.item_ids
    odd = [
        {"given": given, "suggestion": meant}
        for item, numbers in of_item.items()
        for given, meant in odd_ones(numbers, await purchasing_queries.others_of(ids[item]))
    ]
    if odd:
        errors = [{"place": "serials", "slug": "serial-look-alike", "params": each} for each in odd[:MOST_NAMED]]
        raise FieldErrors("serials-look-odd", errors=errors, count=len(odd))

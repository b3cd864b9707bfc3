"""Equipment that is at schools already, from a file into the ledger: previewed, then written, once.

Everything that can be taken is written in one transaction, or nothing is.
"""

import asyncio
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from stem_logistics import audit, files, jobs
from stem_logistics.codes import new_code
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import FieldErrors, NotFound
from stem_logistics.inventory import as_of, ledger, queries, service
from stem_logistics.inventory import holdings_queries as own
from stem_logistics.inventory.holdings_file import FIELDS, Entry, Fault
from stem_logistics.inventory.holdings_plan import SHOWN, Plan, Report, catalogue, make_plan, read, require
from stem_logistics.inventory.ledger import SUPPLIER, Move
from stem_logistics.inventory.serial_rules import serial_key

HOLDINGS_JOB = "holdings-import"
AT_ONCE = 1_000  # kits


async def no_report(done: int, total: int) -> None:
    """Nobody watches."""


async def write(content: bytes, name: str, matching: Mapping[str, str] | None, report: Report) -> dict[str, Any]:
    """Take a file's kits: from the supplier to their schools, dated as the file says. All that is right, in one
    transaction; what is not is told with why.

    Returns:
        the plan's figures, ``written``, and ``faults_file`` (the digest of every refused row, empty without).

    Raises:
        FieldErrors: the file as a whole cannot be used; nothing is written.
    """
    require()
    found = await read(content, matching)
    async with unit_of_work():
        await own.lock_imports()
        plan = await make_plan(found)
        if plan.is_unreadable:
            errors = [fault.stored() for fault in plan.faults]
            raise FieldErrors("holdings-file-unreadable", errors=errors[:SHOWN], found=len(errors))
        digest = await files.store(content, "application/octet-stream")
        await _put(plan, digest, name, report)
        told = {**plan.as_json(), "faults_file": await _keep(plan.faults), "written": True}
        counts = {each: told[each] for each in ("kits", "schools", "serials", "unchanged", "refused")}
        await audit.record("holdings-imported", "holdings-import", digest.hex()[:16], file=digest.hex(), **counts)
    return told


async def preview(content: bytes, matching: Mapping[str, str] | None) -> dict[str, Any]:
    """What a file would add, and every row that is refused; the same figures as `write` gives."""
    plan = await make_plan(await read(content, matching))
    async with unit_of_work():
        return {**plan.as_json(), "faults_file": await _keep(plan.faults), "written": False}


async def _put(plan: Plan, digest: bytes, name: str, report: Report) -> None:
    _titles, known = await catalogue()
    places = await own.ensure_places(sorted({school["id"] for _, school, _ in plan.fresh}))
    supplier = await ledger.place(SUPPLIER)
    items = {slug: each.item_ids for slug, each in known.items()}
    total, done = sum(count for _, _, count in plan.fresh), 0
    await report(0, total)
    for some in _parts(sorted(plan.fresh, key=lambda each: each[0].since)):
        moments = {entry.since: as_of.start_of(entry.since) for entry, _ in some}
        codes = await queries.free_codes(len(some), lambda: new_code("K"))
        kits = await own.add_kits(
            [(code, known[e.kit].id, moments[e.since]) for code, (e, _) in zip(codes, some, strict=True)]
        )
        numbered = [
            (items[e.kit][item], kit, serial, plan.again.get((item, serial)))
            for kit, (e, _) in zip(kits, some, strict=True)
            for item, serial in e.serials
        ]
        devices = {(item, serial_key(serial)): device for item, _, serial, device in numbered if device is not None}
        await queries.take_in_again(
            [(device, kit, serial) for _, kit, serial, device in numbered if device is not None]
        )
        devices |= await queries.add_devices([each[:3] for each in numbered if each[3] is None])
        await own.add_records(
            digest,
            [
                (kit, school["own_id"], e.since, e.source, e.inventory_number, e.is_known_by_count, e.row)
                for kit, (e, school) in zip(kits, some, strict=True)
            ],
        )
        by_day: dict[date, list[Move]] = {}
        first: dict[date, str] = {}
        for code, kit, (e, school) in zip(codes, kits, some, strict=True):
            serials: dict[str, list[str]] = {}
            for item, serial in e.serials:
                serials.setdefault(item, []).append(serial)
            by_day.setdefault(e.since, []).extend(
                service.incoming(known[e.kit], [serials], [kit], devices, supplier, places[school["id"]])
            )
            first.setdefault(e.since, code)
        for day, moves in by_day.items():
            await ledger.post(
                moves,
                reason="historic",
                key=f"historic:{first[day]}",
                document=name[:200],
                occurred_at=moments[day],
            )
        done += len(some)
        await report(done, total)


def _parts(fresh: Sequence[tuple[Entry, dict[str, Any], int]]) -> Iterator[list[tuple[Entry, dict[str, Any]]]]:
    """The kits one by one, so many at a time."""
    some: list[tuple[Entry, dict[str, Any]]] = []
    for entry, school, count in fresh:
        for _ in range(count):
            some.append((entry, school))
            if len(some) == AT_ONCE:
                yield some
                some = []
    if some:
        yield some


async def _keep(faults: Sequence[Fault]) -> str:
    """Keep every fault, for whoever downloads them; the digest of the file, empty without any."""
    if not faults:
        return ""
    content = json.dumps([fault.stored() for fault in faults], ensure_ascii=False).encode()
    return (await files.store(gzip.compress(content, compresslevel=1, mtime=0), "application/gzip")).hex()


async def every_fault(digest: str) -> list[dict[str, Any]]:
    """Every row that a file was refused for, by what `preview` or `write` kept."""
    if not digest:
        return []
    content = (await files.load(bytes.fromhex(digest))).content
    found: list[dict[str, Any]] = await asyncio.to_thread(lambda: json.loads(gzip.decompress(content)))
    return found


async def start(name: str, content: bytes, matching: Mapping[str, str] | None = None) -> int:
    """Keep a file and put its preview into the queue; returns the job's id."""
    require()
    async with unit_of_work():
        digest = await files.store(content, "application/octet-stream")
        payload = {"file": digest.hex(), "name": name[:200], "matching": None if matching is None else dict(matching)}
        return await jobs.enqueue(HOLDINGS_JOB, payload)


async def look_again(job_id: int, matching: Mapping[str, str]) -> int:
    """Preview a job's file anew, its columns understood otherwise; returns the new job's id."""
    require()
    job = await _preview_job(job_id)
    return await jobs.enqueue(HOLDINGS_JOB, {**job.payload, "matching": dict(matching)})


async def confirm(job_id: int) -> int:
    """Put the writing of a previewed file into the queue, once; returns the new job's id.

    Raises:
        NotFound: there is no such preview.
    """
    require()
    job = await _preview_job(job_id)
    return await jobs.enqueue(HOLDINGS_JOB, {**job.payload, "write": True}, idempotency_key=f"holdings-write:{job_id}")


async def _preview_job(job_id: int) -> jobs.Job:
    job = await jobs.get(job_id)
    if job.kind != HOLDINGS_JOB or job.state != "done" or job.payload.get("write"):
        raise NotFound("job-not-found", id=job_id)
    return job


async def run(payload: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """The job: preview, or write."""
    content = (await files.load(bytes.fromhex(payload["file"]))).content
    if payload.get("write"):
        return await write(content, payload["name"], payload["matching"], report)
    return await preview(content, payload["matching"])


async def offered_meanings() -> list[tuple[str, str]]:
    """What a heading may be said to mean: our fields by their words, then the items with serial numbers."""
    items = [
        (f"item:{row['slug']}", f"{FIELDS['serials'][0]}: {row['name_el']}")
        for row in await queries.items()
        if row["serialised"]
    ]
    return [*((name, words[0]) for name, words in FIELDS.items()), *items]

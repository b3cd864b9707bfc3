"""Importing a registry: upload, preview, confirm. All or nothing, each change recorded, progress while it runs."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from stem_logistics import audit, files, jobs, runtime
from stem_logistics.accounts.policy import Permission, Principal, Scope
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, FieldErrors, NotFound
from stem_logistics.registry import import_queries as queries
from stem_logistics.registry.geography import ABROAD
from stem_logistics.registry.importing.faults import Fault, FileRefused
from stem_logistics.registry.importing.rows import Reading, read_registry
from stem_logistics.registry.importing.sheets import only_known_columns
from stem_logistics.registry.merging import LOOK_JOB
from stem_logistics.registry.service import renew_search_keys

PREVIEW_JOB = "registry-preview"
IMPORT_JOB = "registry-import"
# Of each kind of change so many are shown; the numbers are always whole.
SHOWN_CHANGES = 100

Report = Callable[[int, int], Awaitable[None]]


@dataclass(frozen=True)
class Outcome:
    """What an import does or did; with any fault it does nothing."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)
    column_set: str = ""
    fields: dict[str, int] = field(default_factory=dict)
    turns: dict[str, int] = field(default_factory=dict)
    """How many schools close, are suspended, open again, move, change level, stand merged, are no longer named."""
    changes: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Import:
    """An import as its page shows it."""

    id: int
    file_name: str
    column_set: str
    state: str
    outcome: Outcome
    job_id: int | None
    created_at: datetime
    finished_at: datetime | None


async def _silent(done: int, total: int) -> None:
    """Nobody watches."""


def refusal(faults: list[Fault]) -> FieldErrors:
    """The error that tells of a file's faults, each with its place."""
    return FieldErrors(
        "registry-file-refused",
        errors=[{**fault.stored(), "slug": f"registry-{fault.slug}"} for fault in faults],
    )


def faults_of(refused: FieldErrors) -> list[Fault]:
    """The faults that `refusal` told of."""
    return [Fault.from_stored({**each, "slug": each["slug"].removeprefix("registry-")}) for each in refused.errors]


async def upload(principal: Principal, name: str, data: bytes) -> int:
    """Keep a file without its columns that no source has, and queue its preview. Returns the import's id.

    Raises:
        FieldErrors: the file cannot be read at all, or its columns are not a registry's; nothing is kept.
    """
    kept = await kept_part(data)
    async with unit_of_work():
        digest = await files.store(kept, _media_type(kept))
        account = principal.id if principal.kind == "account" else None
        import_id = await queries.add_import(digest, _bare_name(name), account)
        job_id = await jobs.enqueue(PREVIEW_JOB, {"import": import_id})
        await queries.set_state(import_id, "uploaded", job_id)
        await audit.record("registry-uploaded", "registry-import", import_id, digest=digest.hex())
    return import_id


async def get_import(principal: Principal, import_id: int) -> Import:
    """One import: one's own, or any for whoever may write the whole country's registry. Raises NotFound."""
    row = await queries.import_by_id(import_id)
    if row is None or not _may_see(principal, row):
        raise NotFound("import-not-found", id=import_id)
    return _import(row)


async def latest_imports(principal: Principal, limit: int = 10) -> list[Import]:
    """The latest imports that the principal may see."""
    if not principal.may(Permission.REGISTRY_WRITE):
        return []
    everyones = principal.scope(Permission.REGISTRY_WRITE).country
    return [_import(row) for row in await queries.latest_imports(None if everyones else principal.id, limit)]


async def confirm(principal: Principal, import_id: int) -> int:
    """Let a previewed import run; twice is once. Returns the job's id.

    Raises:
        NotFound: no such import of this principal's.
        Conflict: it does not wait for a confirmation.
    """
    async with unit_of_work():
        row = await queries.import_by_id(import_id, lock=True)
        if row is None or not _may_see(principal, row):
            raise NotFound("import-not-found", id=import_id)
        if row["state"] == "importing" and (await jobs.get(row["job_id"])).state != "failed":
            return int(row["job_id"])
        if row["state"] not in ("previewed", "importing"):
            raise Conflict("import-not-waiting", id=import_id, state=row["state"])
        job_id = await jobs.enqueue(IMPORT_JOB, {"import": import_id})
        await queries.set_state(import_id, "importing", job_id)
        await audit.record("registry-import-confirmed", "registry-import", import_id)
    return job_id


async def run_preview(import_id: int, report: Report) -> dict[str, Any]:
    """The job that reads an uploaded file and says what it would change."""
    row = await queries.import_by_id(import_id)
    if row is None:
        raise NotFound("import-not-found", id=import_id)
    if row["state"] != "uploaded":
        return {"state": row["state"]}
    reading = await _read((await files.load(row["file_digest"])).content, report)
    async with unit_of_work():
        outcome = await _compare(reading, _scope(), report, details=True)
        state = "refused" if outcome.faults else "previewed"
        await _keep(import_id, state, outcome)
    return {"state": state, **_numbers(outcome)}


async def run_import(import_id: int, report: Report) -> dict[str, Any]:
    """The job that imports a confirmed file, all of it or nothing."""
    row = await queries.import_by_id(import_id)
    if row is None:
        raise NotFound("import-not-found", id=import_id)
    if row["state"] != "importing":
        return {"state": row["state"]}
    reading = await _read((await files.load(row["file_digest"])).content, report)
    async with unit_of_work():
        await queries.lock_registry()
        outcome = await _compare(reading, _scope(), report, details=True)
        if outcome.faults:
            await _keep(import_id, "refused", outcome)
        else:
            await _write(import_id, reading, outcome, report)
    return {"state": "refused" if outcome.faults else "imported", **_numbers(outcome)}


async def import_file(name: str, data: bytes, *, dry_run: bool, report: Report = _silent) -> Outcome:
    """Import a file at once, as the command does: preview only, or all of it in one unit of work.

    Returns:
        What changed (or would); with faults nothing was written, not even the file.
    """
    try:
        kept = await kept_part(data)
    except FieldErrors as refused:
        return Outcome(faults=faults_of(refused))
    reading = await _read(kept, report)
    async with unit_of_work():
        await queries.lock_registry()
        outcome = await _compare(reading, _scope(), report, details=not dry_run)
        if dry_run or outcome.faults:
            return outcome
        digest = await files.store(kept, _media_type(kept))
        who = runtime.actor().principal
        import_id = await queries.add_import(digest, _bare_name(name), who.id if who.kind == "account" else None)
        await audit.record("registry-uploaded", "registry-import", import_id, digest=digest.hex())
        await _write(import_id, reading, outcome, report)
    return outcome


async def kept_part(data: bytes) -> bytes:
    """A file without its columns that no source has: what is kept of it.

    Raises:
        FieldErrors: it cannot be read at all.
    """
    limit = runtime.settings().max_upload_bytes
    try:
        return await asyncio.to_thread(only_known_columns, data, largest=limit) or data
    except FileRefused as refused:
        raise refusal(list(refused.faults)) from None


async def _read(data: bytes, report: Report) -> Reading:
    """Read a file in a thread; the first half of the progress."""
    reading = Reading()
    # Lines are the rows of a CSV, near enough; a workbook's rows take about a hundred bytes packed.
    expected = max(1, data.count(b"\n"), len(data) // 100 if data.startswith(b"PK") else 0)
    limit = runtime.settings().max_upload_bytes * 2
    work = asyncio.create_task(asyncio.to_thread(read_registry, data, largest=limit, reading=reading))
    while not work.done():
        await asyncio.wait({work}, timeout=0.25)
        await report(min(reading.rows_read, expected), 2 * expected)
    return await work


async def _compare(reading: Reading, scope: Scope, report: Report, *, details: bool) -> Outcome:
    """Stage the rows and say what they change. In the caller's unit of work, at whose end the stage is gone."""
    faults = list(reading.faults)
    total = len(reading.records)

    async def staged(done: int) -> None:
        await report(total + done // 2, 2 * total)

    await queries.stage(reading.records, staged)
    if not scope.country:
        numbers = await queries.rows_outside(sorted(scope.regions))
        faults += [Fault("outside-region", number) for number in numbers]
    if faults:
        return Outcome(faults=sorted(faults, key=lambda fault: fault.row or 0), column_set=reading.column_set)
    created, updated, unchanged = await queries.counts(reading.provided)
    turns: dict[str, int] = {}
    gone: list[dict[str, Any]] = []
    if details and scope.country:
        turns = await queries.turns(reading.provided)
        missing, gone = await queries.absent(SHOWN_CHANGES)
        turns |= {"absent": missing} if missing else {}
    return Outcome(
        created,
        updated,
        unchanged,
        column_set=reading.column_set,
        fields=await queries.changed_fields(reading.provided) if details and updated else {},
        turns=turns,
        changes=[*await queries.changes(reading.provided, SHOWN_CHANGES), *gone] if details else [],
    )


async def _write(import_id: int, reading: Reading, outcome: Outcome, report: Report) -> None:
    """Write what `_compare` has staged, in the same unit of work."""
    total = len(reading.records)
    await queries.ensure_offices([ABROAD] if any(record.region == ABROAD.code for record in reading.records) else [])
    await queries.ensure_staged_directorates()
    updated = await queries.update_known(reading.provided, reading.column_set)
    named = {"name", "municipality", "directorate"}
    await renew_search_keys([changed for changed, fields in updated if named & set(fields)])
    entries = [(changed, {"import": import_id, "fields": fields}) for changed, fields in updated]
    await audit.record_each("institution-updated", "institution", entries)
    after, done = "", 0
    while created := await queries.create_unknown(reading.column_set, after):
        await audit.record_each(
            "institution-created", "institution", [(new, {"import": import_id}) for new, _code in created]
        )
        after, done = created[-1][1], done + len(created)
        await report(total + total // 2 + done * (total // 2) // max(1, outcome.created), 2 * total)
    assert (done, len(updated)) == (outcome.created, outcome.updated), "what was counted is what was written"
    if outcome.created + outcome.updated:
        await queries.settle_search()
        await jobs.enqueue(LOOK_JOB, {})
    await audit.record("registry-imported", "registry-import", import_id, **_numbers(outcome))
    await _keep(import_id, "imported", outcome)


async def _keep(import_id: int, state: str, outcome: Outcome) -> None:
    kept = {
        **_numbers(outcome),
        "column_set": outcome.column_set,
        "errors": [fault.stored() for fault in outcome.faults],
        "changes": {"rows": outcome.changes, "fields": outcome.fields, "turns": outcome.turns},
    }
    await queries.keep_outcome(import_id, state, kept, ended=state in ("imported", "refused"))


def _import(row: dict[str, Any]) -> Import:
    changes = row["changes"] or {"rows": [], "fields": {}}
    outcome = Outcome(
        row["created"],
        row["updated"],
        row["unchanged"],
        [Fault.from_stored(each) for each in row["errors"]],
        row["column_set"],
        changes["fields"],
        changes.get("turns", {}),
        changes["rows"],
    )
    names = ("id", "file_name", "column_set", "state", "job_id", "created_at", "finished_at")
    return Import(outcome=outcome, **{name: row[name] for name in names})


def _numbers(outcome: Outcome) -> dict[str, Any]:
    return {"created": outcome.created, "updated": outcome.updated, "unchanged": outcome.unchanged}


def _scope() -> Scope:
    return runtime.actor().principal.scope(Permission.REGISTRY_WRITE)


def _may_see(principal: Principal, row: dict[str, Any]) -> bool:
    scope = principal.scope(Permission.REGISTRY_WRITE)
    return scope.country or (bool(scope) and principal.kind == "account" and row["created_by"] == principal.id)


def _media_type(data: bytes) -> str:
    workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return workbook if data.startswith(b"PK") else "text/csv"


def _bare_name(name: str) -> str:
    """A file's name without its folders and what cannot be shown."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in last if letter.isprintable())[:120] or "registry"

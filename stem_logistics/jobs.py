"""Work that takes longer than a request: rows in `job`, taken with FOR UPDATE SKIP LOCKED by any worker.

A handler may run again after a crash (its lease ran out), so it is idempotent: it does its work in one unit of work,
or finds what is already done. Progress is written outside that unit, so that a page sees it while it runs.
"""

import asyncio
import json
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from stem_logistics import runtime
from stem_logistics.accounts.policy import SYSTEM, Principal
from stem_logistics.accounts.service import principal_of_account
from stem_logistics.db.engine import ENGINE, execute, fetch_one, fetch_value
from stem_logistics.errors import DomainError, FieldErrors, NotFound
from stem_logistics.settings import Settings

log = structlog.get_logger()

LEASE_SECONDS = 60


@dataclass(frozen=True)
class Job:
    """One piece of work, as pages and the API show it."""

    id: int
    kind: str
    state: str
    done: int
    total: int
    payload: dict[str, Any]
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    attempts: int
    max_attempts: int
    created_by: int | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def ended(self) -> bool:
        return self.state in ("done", "failed")

    @property
    def percent(self) -> int:
        """How far, 0 to 100; 0 while the total is unknown."""
        if self.state == "done":
            return 100
        return min(99, self.done * 100 // self.total) if self.total else 0


class Progress:
    """What a handler reports to. Writes at most a few times a second, on a connection of its own."""

    def __init__(self, job_id: int) -> None:
        self._job_id = job_id
        self._last = 0.0

    async def report(self, done: int, total: int) -> None:
        """So many of so many. Seen at once by other connections, even while a unit of work is open."""
        now = asyncio.get_running_loop().time()
        if now - self._last < 0.2 and done != total:
            return
        self._last = now
        assert ENGINE.pool is not None
        async with ENGINE.pool.acquire() as conn:
            await conn.execute(
                """UPDATE job SET done = $2, total = $3, locked_until = now() + make_interval(secs => $4)
                   WHERE id = $1""",
                self._job_id,
                done,
                total,
                LEASE_SECONDS,
            )


Handler = Callable[[dict[str, Any], Progress], Awaitable[dict[str, Any] | None]]
HANDLERS: dict[str, Handler] = {}


def job_handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that does jobs of a kind: `async def f(payload, progress) -> result | None`."""

    def register(handler: Handler) -> Handler:
        assert kind not in HANDLERS or HANDLERS[kind] is handler, f"two handlers for {kind}"
        HANDLERS[kind] = handler
        return handler

    return register


Hours = Callable[[Settings], int]
RECURRING: dict[str, Hours] = {}


def recurring(kind: str, every_hours: Hours) -> None:
    """Let work of a kind be queued by itself, once in so many hours; 0 hours is never."""
    RECURRING[kind] = every_hours


async def enqueue_recurring() -> None:
    """Queue what is due. Any number of workers may call it: a period's work has one key."""
    for kind, every_hours in RECURRING.items():
        hours = every_hours(runtime.settings())
        if hours > 0:
            await enqueue(kind, {}, idempotency_key=f"{kind} {int(time.time()) // (hours * 3600)}/{hours}")


_COLUMNS = """id, kind, state, done, total, payload::text AS payload, result::text AS result, error::text AS error,
  attempts, max_attempts, created_by, created_at, started_at, finished_at"""


def _job(row: dict[str, Any]) -> Job:
    loaded = {name: json.loads(row[name]) if row[name] else None for name in ("payload", "result", "error")}
    return Job(**{**row, **loaded})


async def enqueue(kind: str, payload: dict[str, Any], *, idempotency_key: str | None = None) -> int:
    """Put work into the queue; returns the job's id. The same key returns the job that is already there."""
    who = runtime.actor().principal
    account = who.id if who.kind == "account" else None
    found = await fetch_value(
        """INSERT INTO job (kind, payload, created_by, idempotency_key) VALUES ($1, $2::jsonb, $3, $4)
           ON CONFLICT (idempotency_key) DO UPDATE SET idempotency_key = excluded.idempotency_key RETURNING id""",
        kind,
        json.dumps(payload, ensure_ascii=False),
        account,
        idempotency_key,
    )
    return int(found)


async def get(job_id: int) -> Job:
    """One job. Raises NotFound."""
    row = await fetch_one(f"SELECT {_COLUMNS} FROM job WHERE id = $1", job_id)  # noqa: S608 - a constant
    if row is None:
        raise NotFound("job-not-found", id=job_id)
    return _job(row)


async def _take() -> Job | None:
    row = await fetch_one(
        f"""UPDATE job SET state = 'running', attempts = attempts + 1, started_at = coalesce(started_at, now()),
              locked_until = now() + make_interval(secs => $1)
            WHERE id = (SELECT id FROM job
              WHERE run_after <= now() AND (state = 'queued' OR (state = 'running' AND locked_until < now()))
              ORDER BY run_after, id LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING {_COLUMNS}""",  # noqa: S608 - a constant
        LEASE_SECONDS,
    )
    return None if row is None else _job(row)


async def _finish(job: Job, state: str, *, result: object = None, error: object = None) -> None:
    await execute(
        """UPDATE job SET state = $2, result = $3::jsonb, error = $4::jsonb,
             finished_at = CASE WHEN $2 = 'queued' THEN NULL ELSE now() END,
             run_after = CASE WHEN $2 = 'queued' THEN now() + interval '5 seconds' * attempts ELSE run_after END,
             done = CASE WHEN $2 = 'done' THEN greatest(done, total) ELSE done END
           WHERE id = $1""",
        job.id,
        state,
        None if result is None else json.dumps(result, ensure_ascii=False, default=str),
        None if error is None else json.dumps(error, ensure_ascii=False, default=str),
    )


async def _keep_lease(job_id: int) -> None:
    while True:
        await asyncio.sleep(LEASE_SECONDS / 3)
        assert ENGINE.pool is not None
        async with ENGINE.pool.acquire() as conn:
            await conn.execute(
                "UPDATE job SET locked_until = now() + make_interval(secs => $2) WHERE id = $1", job_id, LEASE_SECONDS
            )


async def run_next() -> bool:
    """Take one job and do it. Returns False when none waits."""
    job = await _take()
    if job is None:
        return False
    handler = HANDLERS.get(job.kind)
    principal = await _principal_of(job)
    lease = asyncio.create_task(_keep_lease(job.id))
    try:
        if principal is None:
            await _finish(job, "failed", error={"slug": "job-owner-left", "params": {}})
        elif job.attempts > job.max_attempts:
            await _finish(job, "failed", error={"slug": "job-gave-up", "params": {"attempts": job.max_attempts}})
        elif handler is None:
            await _finish(job, "failed", error={"slug": "job-kind-unknown", "params": {"kind": job.kind}})
        else:
            with runtime.acting(runtime.Actor(principal, "job", request_id=f"job-{job.id}")):
                result = await handler(job.payload, Progress(job.id))
            await _finish(job, "done", result=result or {})
    except DomainError as refusal:
        # A refusal is an answer: trying again would give the same one.
        errors = refusal.errors if isinstance(refusal, FieldErrors) else []
        await _finish(job, "failed", error={"slug": refusal.slug, "params": refusal.params, "errors": errors})
    except Exception as error:
        log.exception("job-crashed", job=job.id, kind=job.kind)
        last = job.attempts >= job.max_attempts
        said = {"slug": "job-crashed", "params": {"cause": type(error).__name__}, "trace": traceback.format_exc()}
        await _finish(job, "failed" if last else "queued", error=said)
    finally:
        lease.cancel()
    return True


async def _principal_of(job: Job) -> Principal | None:
    # Whoever asked for the work is who it is done for; the record shows the person, by way of a job. The work of
    # somebody whose account was shut meanwhile is nobody's: the system's own rights are wider than theirs were.
    if job.created_by is None:
        return SYSTEM
    return await principal_of_account(job.created_by)

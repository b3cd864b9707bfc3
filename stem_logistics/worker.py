"""The background loop: jobs, mail, the audit chain's sealing. Runs in `stem worker`, or in the server's process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog

from stem_logistics import audit, jobs, mail, nouns

log = structlog.get_logger()
IDLE_SECONDS = 0.5
SEAL_SECONDS = 30.0
RECUR_SECONDS = 60.0


def load_handlers() -> None:
    """Import every noun's `jobs` module, whose handlers register themselves."""
    nouns.load("jobs")


async def run(stop: asyncio.Event) -> None:
    """Work until `stop` is set; the job in hand is finished first."""
    load_handlers()
    loop = asyncio.get_running_loop()
    next_seal, next_recurring = loop.time() + SEAL_SECONDS, loop.time()
    while not stop.is_set():
        try:
            if loop.time() >= next_recurring:
                await jobs.enqueue_recurring()
                next_recurring = loop.time() + RECUR_SECONDS
            busy = await jobs.run_next()
            busy = await mail.deliver_next() or busy
            if loop.time() >= next_seal:
                await audit.seal()
                next_seal = loop.time() + SEAL_SECONDS
        except Exception:
            # The database went away, or a row is worse than its handler thought: say so, wait, go on.
            log.exception("worker-stumbled")
            busy = False
        if not busy:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), IDLE_SECONDS)


@contextlib.asynccontextmanager
async def in_background() -> AsyncIterator[None]:
    """Run the loop beside the block, and end it with the block."""
    stop = asyncio.Event()
    task = asyncio.create_task(run(stop), name="worker")
    try:
        yield
    finally:
        stop.set()
        await task

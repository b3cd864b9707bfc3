"""Consignments for a wave's awards: one for each school, its kits picked from the store. A job, as it may take long."""

from typing import Any

from stem_logistics import audit, jobs
from stem_logistics.accounts.policy import Permission
from stem_logistics.db.engine import unit_of_work
from stem_logistics.deliveries import queries, service
from stem_logistics.errors import Conflict, NotFound
from stem_logistics.inventory import service as stock

JOB = "consignments-for-wave"


async def waves_to_ship() -> list[dict[str, Any]]:
    """Published waves with kits that no consignment has yet (`open`), as far as the reader's scope reaches."""
    scope = service.require(Permission.DELIVERIES_READ)
    return [wave for wave in await queries.waves_to_ship(scope) if wave["open"] > 0]


async def preview(wave_slug: str) -> dict[str, Any]:
    """What `start` would do within the reader's scope: schools, kits by definition, and what the store lacks.

    Raises:
        NotFound: no such wave.
        Conflict: the wave's results are not published.
    """
    scope = service.require(Permission.DELIVERIES_READ)
    wave = await _published(wave_slug)
    owed = await queries.owed(wave["id"], scope)
    free = await stock.free_counts()
    kits: dict[str, int] = {}
    for award in owed:
        kits[award["kit_slug"]] = kits.get(award["kit_slug"], 0) + award["open"]
    return {
        "wave": wave,
        "schools": len({award["institution_id"] for award in owed}),
        "kits": [
            {"slug": slug, "owed": count, "free": free.get(slug, 0), "lacking": max(0, count - free.get(slug, 0))}
            for slug, count in sorted(kits.items())
        ],
    }


async def _published(wave_slug: str) -> dict[str, Any]:
    wave = await queries.wave_by_slug(wave_slug)
    if wave is None:
        raise NotFound("wave-not-found", wave=wave_slug[:60])
    if wave["state"] != "published":
        raise Conflict("wave-not-published", name=wave["title_el"])
    return wave


async def start(wave_slug: str) -> int:
    """Put the making of the consignments into the queue; returns the job's id. Raises as `preview`."""
    service.require(Permission.DELIVERIES_WRITE)
    wave = await _published(wave_slug)
    return await jobs.enqueue(JOB, {"wave": wave["slug"]})


async def make_consignments(wave_slug: str, progress: jobs.Progress | None = None) -> dict[str, Any]:
    """Make and fill the consignments of a wave within the scope of whoever acts. May run again: it makes what is
    still owed.

    Each school is a unit of work of its own, so that what was done stays done.

    Returns:
        `consignments` made or filled, `kits` picked, `lacking` kits by definition.
    """
    scope = service.require(Permission.DELIVERIES_WRITE)
    wave = await _published(wave_slug)
    owed = await queries.owed(wave["id"], scope)
    schools = list(dict.fromkeys(award["institution_id"] for award in owed))
    filled, picked = 0, 0
    lacking: dict[str, int] = {}
    for at, institution_id in enumerate(schools, 1):
        count = 0
        async with unit_of_work():
            await queries.lock_awards(wave["id"], institution_id)
            for award in await queries.owed(wave["id"], scope, institution_id):
                kits = await stock.take_free_kits(award["kit_slug"], award["open"])
                if len(kits) < award["open"]:
                    slug = award["kit_slug"]
                    lacking[slug] = lacking.get(slug, 0) + award["open"] - len(kits)
                if kits:
                    code = await queries.packing_consignment(wave["id"], institution_id)
                    code = code or await service.create_for(institution_id, wave["id"])
                    for kit in kits:
                        await service.pick(code, kit["code"], award_id=award["award_id"])
                    count += len(kits)
        filled += bool(count)
        picked += count
        if progress is not None:
            await progress.report(at, len(schools))
    async with unit_of_work():
        await audit.record("consignments-made", "wave", wave["slug"], consignments=filled, kits=picked)
    return {"consignments": filled, "kits": picked, "lacking": lacking}


@jobs.job_handler(JOB)
async def _run(payload: dict[str, Any], progress: jobs.Progress) -> dict[str, Any]:
    return await make_consignments(payload["wave"], progress)

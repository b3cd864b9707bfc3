"""A published list put right, as the ledger puts itself right: a new row that is published with its reason, who and
when; the old one stays visible and stands no more."""

from dataclasses import replace
from typing import Any

from stem_logistics import audit, files, jobs, runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.allocation import service as allocation
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, FieldErrors, Forbidden, NotFound
from stem_logistics.grants import queries, service
from stem_logistics.grants.list_file import LONGEST, Line
from stem_logistics.grants.model import Correction, GrantList
from stem_logistics.grants.published import published_bytes
from stem_logistics.grants.rules import Entry, faults_of, units_by_kit
from stem_logistics.waves import service as waves
from stem_logistics.waves.grant_cells import MOST_PIECES
from stem_logistics.waves.service import account_id

CORRECTED_JOB = "grants-corrected"
LONGEST_WHY = 300


async def entry_to_correct(slug: str, entry_id: int) -> tuple[GrantList, Entry | None]:
    """A published list and the row that is to be corrected; number 0 is a recipient that was left out.

    Raises:
        Forbidden, NotFound.
        Conflict: the list is a draft still.
    """
    if not runtime.actor().principal.scope(Permission.WAVES_PUBLISH).country:
        raise Forbidden("not-allowed")
    found = await service.get_list(slug)
    if not found.is_out:
        raise Conflict("grant-list-draft")
    entry = next((each for each in found.entries if each.id == entry_id), None)
    if entry is None and entry_id:
        raise NotFound("grant-entry-not-found")
    return found, entry


async def correct(slug: str, entry_id: int, line: Line, why: str) -> GrantList:
    """Let another row stand instead of one that is published, or one that was left out stand too.

    Args:
        slug: the list.
        entry_id: the row that was wrong; 0 where a recipient was left out.
        line: what stands instead; no pieces, and nothing does.
        why: the reason, which is published.

    Raises:
        FieldErrors: no reason, or a recipient that cannot be.
        Conflict: nothing would change; more kits were sent to it already; the list is a draft.
    """
    errors = _errors(line, why, {each["slug"] for each in await waves.kit_definitions()}, new=not entry_id)
    nothing = entry_id and line.pieces == 0
    institution_id, fault = 0, None
    if not nothing:
        fault, institution_id = await service.recipient_of(line)
    if fault is not None:
        errors.append({**fault, "field": "code"})
    if errors:
        raise FieldErrors(errors=errors)
    async with unit_of_work():
        await service.hold_list(slug)
        found, was = await entry_to_correct(slug, entry_id)
        rest = [each for each in found.entries if was is None or each.id != was.id]
        now = None
        if not nothing:
            now = await _standing(found, rest, line, institution_id)
        if was is not None and now is not None and _same(was, now):
            raise Conflict("grant-correction-none")
        await _publish(found, rest, was, now, " ".join(why.split()))
    return await service.get_list(slug)


def _errors(line: Line, why: str, kits: set[str], *, new: bool) -> list[dict[str, Any]]:
    errors: list[dict[str, Any]] = []
    if not why.strip():
        errors.append({"field": "why", "slug": "reason-missing", "params": {}})
    texts = {"why": (why, LONGEST_WHY)} | {
        name: (getattr(line, name), LONGEST) for name in ("category", "rank", "project", "note")
    }
    for name, (text, limit) in texts.items():
        if len(text) > limit:
            params = {"length": len(text), "limit": limit}
            errors.append({"field": name, "slug": "grant-text-long", "params": params})
    if not (1 if new else 0) <= line.pieces <= MOST_PIECES:
        errors.append({"field": "pieces", "slug": "grant-pieces-wrong", "params": {}})
    if line.pieces and line.kit not in kits:
        errors.append({"field": "kit", "slug": "grant-kit-missing", "params": {}})
    return errors


async def _standing(found: GrantList, rest: list[Entry], line: Line, institution_id: int) -> Entry:
    """The new row, where nothing but the figure of what there is to give stands against it: that follows the
    correction."""
    position = await queries.next_position(found.wave.id)
    known = (await queries.institutions([institution_id]))[institution_id]
    row = {**known, "category": line.category, "rank": line.rank, "project": line.project, "note": line.note}
    now = Entry(0, position, kit=line.kit, units=line.pieces, **row)
    titles = await service.kit_titles(found.wave.id)
    for fault in faults_of([*rest, now], {}, titles, delivered=found.delivered):
        if fault.row == position and fault.column == "code":
            error = {"field": "code", "slug": fault.text, "params": dict(fault.params)}
            raise FieldErrors(errors=[error])
    return now


def _same(was: Entry, now: Entry) -> bool:
    return replace(now, id=was.id, position=was.position) == was


async def _publish(found: GrantList, rest: list[Entry], was: Entry | None, now: Entry | None, why: str) -> None:
    """Write what stands since, its award, the file that is published now, and who is told."""
    wave_id = found.wave.id
    if was is not None:
        await queries.mark_corrected(was.id)
    now_id = None
    if now is not None:
        row = (wave_id, now.position, now.institution_id, now.kit, now.units)
        now_id = await queries.add_entry((*row, now.category, now.rank, now.project, now.note, account_id()))
        given, stock = units_by_kit([*rest, now]), dict(found.stock)
        if not found.delivered and given[now.kit] > stock.get(now.kit, 0):
            await queries.set_stock(wave_id, {**stock, now.kit: given[now.kit]})
    await allocation.correct_direct_award(
        wave_id,
        None if was is None else (was.institution_id, was.kit),
        None if now is None else (now.institution_id, now.kit, now.units, found.why(now)),
    )
    former = bytes.fromhex(found.sha256)
    # the file names this correction too, so it is made from the list as it stands now
    correction_id = await queries.reserve_correction()
    moment = await queries.moment()
    after = await service.get_list(found.wave.slug)
    entries = {each.id: each for each in after.entries}
    named = Correction(correction_id, was, entries.get(now_id or 0), why, moment, "", found.sha256)
    digest = await files.store(
        published_bytes(replace(after, corrections=[*after.corrections, named])), allocation.JSON_FILE
    )
    await queries.add_correction(
        correction_id, wave_id, None if was is None else was.id, now_id, why, former, digest, account_id(), moment
    )
    await queries.set_published_file(wave_id, digest)
    if not found.delivered:
        payload = {"list": found.wave.slug, "correction": correction_id}
        await jobs.enqueue(CORRECTED_JOB, payload, idempotency_key=f"grants-corrected-{correction_id}")
    await audit.record(
        "grant-list-corrected",
        "wave",
        wave_id,
        why=why,
        correction=correction_id,
        was=None if was is None else was.id,
        now=now_id,
        file=digest.hex(),
    )

"""Fixed lists: made, filled from a file or by hand, looked at, published; their awards go the way of a wave's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stem_logistics import audit, files, jobs, runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.allocation import service as allocation
from stem_logistics.allocation.results import language_titles
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, FieldErrors, Forbidden, NotFound
from stem_logistics.grants import queries
from stem_logistics.grants.corrections import corrections_of
from stem_logistics.grants.list_file import LONGEST, MOST_ROWS, Line, read_list
from stem_logistics.grants.model import GrantList
from stem_logistics.grants.published import published_bytes
from stem_logistics.grants.rules import Entry, Fault, faults_of, units_by_kit, why_of
from stem_logistics.inventory import service as stock_of_store
from stem_logistics.registry.importing.faults import FileRefused
from stem_logistics.registry.importing.sheets import rows_of
from stem_logistics.waves import service as waves
from stem_logistics.waves.calls import ADA
from stem_logistics.waves.grant_cells import MOST_PIECES
from stem_logistics.waves.matching import Matcher, NoMatch
from stem_logistics.waves.service import Wave, account_id

REASONS = ("contest", "direct")
NOTIFY_JOB = "grants-notify"
LARGEST_FILE = 5_000_000
LONGEST_GROUND = 300


@dataclass(frozen=True)
class Taken:
    """What a file became."""

    rows: int
    matched: list[tuple[int, str, str, str]]
    """Rows that were not known by their code alone: row, how, what was written, the institution's code."""
    unread: list[str]


def _require_write() -> None:
    if not runtime.actor().principal.scope(Permission.WAVES_WRITE).country:
        raise Forbidden("not-allowed")


async def lists() -> list[dict[str, Any]]:
    """All lists with their totals, the newest first."""
    return await queries.lists()


async def published_lists() -> list[dict[str, Any]]:
    """Those that everybody may see."""
    return [row for row in await queries.lists() if row["state"] in ("published", "historic")]


async def get_list(slug: str) -> GrantList:
    """One list. Raises NotFound."""
    return await _complete(await _wave(slug))


async def public_list(slug: str) -> GrantList:
    """One list that everybody may see. Raises NotFound."""
    found = await get_list(slug)
    if not found.is_out:
        raise NotFound("grant-list-not-found", list=slug[:60])
    return found


async def _wave(slug: str, *, lock: bool = False) -> Wave:
    try:
        return await (waves.lock_wave(slug, kind="list") if lock else waves.get_wave(slug, kind="list"))
    except NotFound as error:
        raise NotFound("grant-list-not-found", list=slug[:60]) from error


async def _complete(wave: Wave) -> GrantList:
    row = await queries.list_of(wave.id)
    assert row is not None
    digest = row["published_file"]
    return GrantList(
        wave,
        row["reason"],
        row["ground"],
        row["delivered"],
        row["stock"],
        digest.hex() if digest is not None else "",
        [Entry(**entry) for entry in await queries.entries(wave.id)],
        await corrections_of(wave.id) if digest is not None else [],
    )


async def hold_list(slug: str) -> None:
    """Hold a list, so that two people who correct it come one after the other. Raises NotFound."""
    await _wave(slug, lock=True)


async def recipient_of(line: Line) -> tuple[dict[str, Any] | None, int]:
    """The institution that a code means, or what is wrong with it."""
    if not line.code:
        return {"slug": "grant-code-missing", "params": {}}, 0
    fault, institution_id, _how, _code = await _match(await Matcher.of([line.code]), line)
    return fault, institution_id


async def _draft(slug: str) -> Wave:
    """A list that can still change, held until the unit of work ends."""
    wave = await _wave(slug, lock=True)
    if wave.state != "draft":
        raise Conflict("grant-list-published")
    return wave


def _check(reason: str, ground: str, ada: str) -> None:
    errors: list[dict[str, Any]] = []
    if reason not in REASONS:
        errors.append({"field": "reason", "slug": "grant-reason-missing", "params": {}})
    if not ground.strip():
        errors.append({"field": "ground", "slug": "grant-ground-missing", "params": {}})
    elif len(ground) > LONGEST_GROUND:
        params = {"length": len(ground), "limit": LONGEST_GROUND}
        errors.append({"field": "ground", "slug": "grant-text-long", "params": params})
    if ada.strip() and not ADA.fullmatch(ada.strip()):
        errors.append({"field": "ada", "slug": "ada-malformed", "params": {"ada": ada.strip()[:60]}})
    if errors:
        raise FieldErrors(errors=errors)


async def create_list(
    title_el: str,
    title_en: str,
    year: int,
    *,
    reason: str,
    ground: str,
    protocol: str = "",
    ada: str = "",
    delivered: bool = False,
) -> GrantList:
    """A new list, empty, as a draft.

    Args:
        title_el: what it is called; `title_en` may be empty.
        year: of the contest, or of the decision.
        reason: ``contest`` or ``direct``.
        ground: the contest's name, or why it is granted directly.
        protocol: the decision's protocol number; `ada` its number in Diavgeia.
        delivered: given out before it was entered here.

    Raises:
        FieldErrors: what its fields lack.
    """
    _require_write()
    _check(reason, ground, ada)
    async with unit_of_work():
        beginning = f"{'prizes' if reason == 'contest' else 'grants'}-{year}"
        taken = await queries.taken_slugs(beginning)
        free = (f"{beginning}-{number}" for number in range(2, len(taken) + 3))
        slug = beginning if beginning not in taken else next(each for each in free if each not in taken)
        wave_id = await waves.add_list(slug, title_el, title_en, year)
        await queries.add_list(wave_id, reason, ground.strip(), delivered=delivered)
        await waves.number_list(await _wave(slug), title_el, title_en, year, protocol, ada)
        await audit.record("grant-list-created", "wave", wave_id, slug=slug)
    return await get_list(slug)


async def change_list(
    slug: str,
    title_el: str,
    title_en: str,
    year: int,
    *,
    reason: str,
    ground: str,
    protocol: str = "",
    ada: str = "",
    delivered: bool = False,
) -> None:
    """Change what a draft says of itself. Raises as `create_list`, Conflict where it is published."""
    _require_write()
    _check(reason, ground, ada)
    async with unit_of_work():
        wave = await _draft(slug)
        await waves.number_list(wave, title_el, title_en, year, protocol, ada)
        await queries.change_list(wave.id, reason, ground.strip(), delivered=delivered)
        await audit.record("grant-list-changed", "wave", wave.id)


async def set_stock(slug: str, stock: Mapping[str, int]) -> None:
    """How many of each kit there are to give; a kit with none is left out.

    Raises:
        FieldErrors: a kit that has no definition, a figure that is none.
    """
    _require_write()
    known = {definition["slug"] for definition in await waves.kit_definitions()}
    for kit, pieces in stock.items():
        if kit not in known or not 0 <= pieces <= MOST_PIECES:
            raise FieldErrors(errors=[{"field": f"stock-{kit}", "slug": "grant-stock-wrong", "params": {}}])
    async with unit_of_work():
        wave = await _draft(slug)
        await queries.set_stock(wave.id, {kit: pieces for kit, pieces in sorted(stock.items()) if pieces})
        await audit.record("grant-list-changed", "wave", wave.id, stock=dict(stock))


async def import_file(slug: str, content: bytes) -> Taken:
    """Let a draft's recipients be those of a file: all of its rows, or none.

    Raises:
        FieldErrors: every row that cannot be read or matched, or may not receive.
        Conflict: the list is published.
    """
    _require_write()
    try:
        read = read_list(rows_of(content, largest=LARGEST_FILE), await waves.kit_definitions())
    except FileRefused as refused:
        errors: list[dict[str, Any]] = [
            {"row": f.row or 0, "column": f.column, "slug": f"registry-{f.slug}", "params": dict(f.params)}
            for f in refused.faults
        ]
        raise FieldErrors("grant-file-invalid", errors=errors, found=len(errors)) from refused
    errors = [
        {"row": f.row, "column": f.column, "slug": f.message.text, "params": dict(f.message.params)}
        for f in read.faults
    ]
    matcher = await Matcher.of([line.code for line in read.lines])
    found: list[tuple[Line, int]] = []
    unlike: list[tuple[int, str, str, str]] = []
    for line in read.lines:
        fault, institution_id, how, code = await _match(matcher, line)
        if fault is not None:
            errors.append(fault)
            continue
        found.append((line, institution_id))
        if how != "code":
            unlike.append((line.row, how, f"{line.code} {line.name}".strip(), code))
    async with unit_of_work():
        wave = await _draft(slug)
        errors += [_error(fault) for fault in await _file_faults(wave, found)]
        if errors:
            errors.sort(key=lambda error: error["row"])
            raise FieldErrors("grant-file-invalid", errors=errors, found=len(errors))
        await queries.remove_entries(wave.id)
        await queries.add_entries([_row(wave.id, line.row, institution, line) for line, institution in found])
        digest = await files.store(content, "application/octet-stream")
        await audit.record("grant-list-imported", "wave", wave.id, rows=len(found), file=digest.hex())
    return Taken(len(found), unlike, read.unread)


async def _match(matcher: Matcher, line: Line) -> tuple[dict[str, Any] | None, int, str, str]:
    try:
        match = await matcher.match(line.code, line.name)
    except NoMatch as none:
        error = {"row": line.row, "column": none.column, "slug": none.message.text, "params": none.message.params}
        return error, 0, "", ""
    if match.institution is None:
        meant = "; ".join(f"{each.code} {each.name}" for each in match.candidates)
        params = {"name": f"{line.code} {line.name}".strip(), "candidates": meant}
        return {"row": line.row, "column": "code", "slug": "grant-school-unsure", "params": params}, 0, "", ""
    return None, match.institution.id, match.how, match.institution.code


async def _file_faults(wave: Wave, found: list[tuple[Line, int]]) -> list[Fault]:
    """What a file's rows break among themselves and against the registry; the stock is looked at before publishing."""
    row = await queries.list_of(wave.id)
    assert row is not None
    known = await queries.institutions(sorted({institution for _line, institution in found}))
    entries = [Entry(0, line.row, **known[institution], kit=line.kit, units=line.pieces) for line, institution in found]
    titles = await kit_titles(wave.id)
    return faults_of(entries, row["stock"] or units_by_kit(entries), titles, delivered=row["delivered"])


def _row(wave_id: int, position: int, institution_id: int, line: Line) -> tuple[Any, ...]:
    rest = (line.category, line.rank, line.project, line.note)
    return (wave_id, position, institution_id, line.kit, line.pieces, *rest, account_id())


def _error(fault: Fault) -> dict[str, Any]:
    return {"row": fault.row, "column": fault.column, "slug": fault.text, "params": dict(fault.params)}


async def add_entry(slug: str, line: Line) -> None:
    """One more recipient, entered by hand.

    Raises:
        FieldErrors: the code is not known, the kit has no definition, pieces or texts out of bounds, the school may
            not receive or has the kit in this list already.
    """
    _require_write()
    errors: list[dict[str, Any]] = []
    if line.kit not in {definition["slug"] for definition in await waves.kit_definitions()}:
        errors.append({"field": "kit", "slug": "grant-kit-missing", "params": {}})
    if not 1 <= line.pieces <= MOST_PIECES:
        errors.append({"field": "pieces", "slug": "grant-pieces-wrong", "params": {}})
    for name in ("category", "rank", "project", "note"):
        if (length := len(getattr(line, name))) > LONGEST:
            errors.append({"field": name, "slug": "grant-text-long", "params": {"length": length, "limit": LONGEST}})
    fault, institution_id, _how, _code = await _match(await Matcher.of([line.code]), line)
    if not line.code:
        errors.append({"field": "code", "slug": "grant-code-missing", "params": {}})
    elif fault is not None:
        errors.append({**fault, "field": "code"})
    if errors:
        raise FieldErrors(errors=errors)
    async with unit_of_work():
        wave = await _draft(slug)
        before = await _complete(wave)
        if len(before.entries) >= MOST_ROWS:
            raise Conflict("grant-list-full", limit=MOST_ROWS)
        position = await queries.next_position(wave.id)
        known = await queries.institutions([institution_id])
        entry = Entry(0, position, **known[institution_id], kit=line.kit, units=line.pieces)
        titles = await kit_titles(wave.id)
        faults = faults_of([*before.entries, entry], {}, titles, delivered=before.delivered)
        own = [fault for fault in faults if fault.row == position and fault.column == "code"]
        if own:
            raise FieldErrors(errors=[{**_error(fault), "field": "code"} for fault in own])
        await queries.add_entries([_row(wave.id, position, institution_id, line)])
        await audit.record("grant-entry-added", "wave", wave.id, school=known[institution_id]["code"], kit=line.kit)


async def remove_entry(slug: str, entry_id: int) -> None:
    """Take one recipient out of a draft. Raises NotFound, Conflict."""
    _require_write()
    async with unit_of_work():
        wave = await _draft(slug)
        if not await queries.remove_entry(wave.id, entry_id):
            raise NotFound("grant-entry-not-found")
        await audit.record("grant-entry-removed", "wave", wave.id, entry=entry_id)


async def kit_titles(wave_id: int) -> dict[str, str]:
    """What the kits are called in the reader's language."""
    return language_titles(await waves.kit_titles(wave_id))


async def faults(found: GrantList) -> list[Fault]:
    """Everything that stands in the way of publishing a list."""
    titles = await kit_titles(found.wave.id)
    return faults_of(found.entries, found.stock, titles, delivered=found.delivered)


async def free_in_store() -> dict[str, int]:
    """How many of each kit are free in the central store now."""
    return await stock_of_store.free_counts()


async def publish(slug: str, *, on: datetime | None = None) -> GrantList:
    """Publish a list: its file made and kept by its digest, awards written, every recipient told.

    Args:
        slug: the list.
        on: when it was given out, for one that was delivered before it was entered here.

    Raises:
        Conflict: published already, or no recipients.
        FieldErrors: rows that may not be published.
    """
    if not runtime.actor().principal.scope(Permission.WAVES_PUBLISH).country:
        raise Forbidden("not-allowed")
    async with unit_of_work():
        found = await _complete(await _draft(slug))
        if not found.entries:
            raise Conflict("grant-list-empty")
        wrong = await faults(found)
        if wrong:
            raise FieldErrors("grant-list-invalid", errors=[_error(fault) for fault in wrong], found=len(wrong))
        content = published_bytes(found)
        digest = await files.store(content, allocation.JSON_FILE)
        await queries.set_published(found.wave.id, digest, account_id())
        awards = [(entry.institution_id, entry.kit, entry.units, found.why(entry)) for entry in found.entries]
        await allocation.record_direct_awards(found.wave.id, awards)
        moment = on or datetime(found.wave.year_to, 12, 31, 10, 0, tzinfo=UTC)
        await waves.publish_list(found.wave.id, min(moment, found.wave.now) if found.delivered else None)
        if not found.delivered:
            await jobs.enqueue(NOTIFY_JOB, {"list": found.wave.slug}, idempotency_key=f"grants-notify-{found.wave.id}")
        await audit.record("grant-list-published", "wave", found.wave.id, awards=len(awards), file=digest.hex())
    return await get_list(slug)


async def number_decision(slug: str, protocol: str, ada: str) -> None:
    """The decision's protocol number and ΑΔΑ, known after it was signed: they may come after the publication.

    Raises:
        FieldErrors: an ΑΔΑ that cannot be one.
    """
    _require_write()
    if ada.strip() and not ADA.fullmatch(ada.strip()):
        raise FieldErrors(errors=[{"field": "ada", "slug": "ada-malformed", "params": {"ada": ada.strip()[:60]}}])
    async with unit_of_work():
        wave = await _wave(slug, lock=True)
        numbers = (protocol.strip()[:200], ada.strip())
        await waves.number_list(wave, wave.title_el, wave.title_en, wave.year_to, *numbers)
        await audit.record("decision-numbered", "wave", wave.id, protocol=numbers[0], ada=numbers[1])


async def published_file(found: GrantList, sha256: str = "") -> bytes:
    """The file of a published list, byte for byte: the one in force, or one that stood before a correction."""
    wanted = sha256 or found.sha256
    if not wanted or wanted not in (found.sha256, *(each.former_sha256 for each in found.corrections)):
        raise NotFound("file-not-found", digest=wanted[:64])
    return (await files.load(bytes.fromhex(wanted))).content


async def grants_of(institution_id: int) -> list[dict[str, Any]]:
    """What published lists give an institution, the newest first, each with its reason (`why`)."""
    found = []
    for row in await queries.grants_of(institution_id):
        names = Entry.__dataclass_fields__.keys()
        entry = Entry(**{name: row[name] for name in names})
        found.append({**row, "why": why_of(row["ground"], row["year"], entry)})
    return found

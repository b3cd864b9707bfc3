"""Waves and their rules: made, shown, edited until the call opens (`calls.py`)."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from stem_logistics import audit, runtime
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, FieldErrors, NotFound
from stem_logistics.waves import queries
from stem_logistics.waves.rules_document import WaveRules
from stem_logistics.waves.rules_reading import InvalidRules, read_rules, read_stored_rules
from stem_logistics.web.formats import format_date, format_datetime, local

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Wave:
    """A wave as pages and the API show it; nothing secret is in it.

    `phase` says what can happen now: draft, upcoming, open, closed (no draw yet), drawn, allocated, provisional
    (appeals are taken), appeals (they are decided), published, historic. It follows from the state and the database's
    clock.
    """

    id: int
    slug: str
    kind: str
    title_el: str
    title_en: str
    year_from: int
    year_to: int
    state: str
    phase: str
    opens_at: datetime | None
    deadline_at: datetime | None
    seed_commitment: str | None
    nonce: str | None
    draw_description: str
    draw_on: date | None
    draw_numbers: str | None
    seed: str | None
    call_protocol: str
    call_ada: str
    decision_protocol: str
    decision_ada: str
    created_at: datetime
    published_at: datetime | None
    provisional_at: datetime | None
    provisional_protocol: str
    provisional_ada: str
    appeals_until: datetime | None
    now: datetime

    def title(self, language: str) -> str:
        """The title in a language."""
        return self.title_en if language == "en" and self.title_en else self.title_el

    @property
    def years(self) -> str:
        """2025, or 2024-2025."""
        return str(self.year_to) if self.year_from == self.year_to else f"{self.year_from}-{self.year_to}"

    @property
    def deadline_day(self) -> date:
        """The day in Athens on which applications close: validity in years is counted from it."""
        return local(self.deadline_at or self.now).date()

    @property
    def is_over(self) -> bool:
        """Whether nothing about its result can change."""
        return self.phase in ("published", "historic")

    @property
    def appeals_last(self) -> datetime | None:
        """The last moment at which an appeal is in time, as people write it: 23:59 of the last day."""
        return None if self.appeals_until is None else self.appeals_until - timedelta(seconds=1)

    @property
    def is_out(self) -> bool:
        """Whether everybody may see its result, provisional or final."""
        return self.is_over or self.phase in ("provisional", "appeals")


@dataclass(frozen=True)
class WaveLine:
    """A wave in the list of all, with its totals."""

    wave: Wave
    applicants: int
    grants: int
    departments: int
    units: int


@dataclass(frozen=True)
class StoredRules:
    """The rules of a wave as they stand."""

    id: int
    version: int
    rules: WaveRules
    created_at: datetime
    frozen_at: datetime | None


def _phase(row: Mapping[str, Any]) -> str:
    if row["state"] == "provisional":
        return "provisional" if row["now"] < row["appeals_until"] else "appeals"
    if row["state"] != "open":
        return str(row["state"])
    if row["now"] < row["opens_at"]:
        return "upcoming"
    if row["now"] < row["deadline_at"]:
        return "open"
    return "drawn" if row["seed"] else "closed"


def wave_of_row(row: Mapping[str, Any]) -> Wave:
    """A wave from its row."""
    names = Wave.__dataclass_fields__.keys() - {"phase"}
    return Wave(**{name: row[name] for name in names}, phase=_phase(row))


def account_id() -> int | None:
    """The account that acts, where a person does."""
    who = runtime.actor().principal
    return who.id if who.kind == "account" else None


async def list_waves() -> list[WaveLine]:
    """All waves with their totals, the newest first; historic ones among them."""
    return [
        WaveLine(wave_of_row(row), row["applicants"], row["grants"], row["departments"], row["units"])
        for row in await queries.waves()
    ]


async def _row(slug: str, *, lock: str = "", kind: str = "wave") -> dict[str, Any]:
    row = await queries.wave_by_slug(slug, lock=lock)
    if row is None or row["kind"] != kind:
        raise NotFound("wave-not-found", wave=slug)
    return row


async def get_wave(slug: str, *, kind: str = "wave") -> Wave:
    """One wave; one list of prizes for `kind` list. Raises NotFound."""
    return wave_of_row(await _row(slug, kind=kind))


async def lock_wave(slug: str, *, change: bool = True, kind: str = "wave") -> Wave:
    """One wave, held until the caller's unit of work ends: for changing it, or against its changes."""
    return wave_of_row(await _row(slug, lock="change" if change else "share", kind=kind))


async def is_list(slug: str) -> bool:
    """Whether a short name is a list's of prizes or direct grants."""
    row = await queries.wave_by_slug(slug)
    return row is not None and row["kind"] == "list"


async def add_list(slug: str, title_el: str, title_en: str, year: int) -> int:
    """The row of a list of prizes among the waves, inside the unit of work of whoever makes it; returns its id."""
    _check_titles(title_el, year, year, slug)
    english = title_en.strip() or title_el.strip()
    return await queries.add_wave(slug, title_el.strip(), english, year, year, "draft", None, "list")


async def number_list(wave: Wave, title_el: str, title_en: str, year: int, protocol: str, ada: str) -> None:
    """Change a list's titles and year and its decision's numbers, inside the unit of work of whoever changes it."""
    _check_titles(title_el, year, year, wave.slug)
    await queries.set_titles(wave.id, title_el.strip(), title_en.strip() or title_el.strip(), year, year)
    await queries.set_decision(wave.id, protocol.strip(), ada.strip())


async def get_wave_by_id(wave_id: int) -> Wave:
    """One wave. Raises NotFound."""
    row = await queries.wave_by_id(wave_id)
    if row is None:
        raise NotFound("wave-not-found", wave=str(wave_id))
    return wave_of_row(row)


def require_time(wave: Wave) -> None:
    """Refuse outside the time of the call, by the database's clock.

    Raises:
        Conflict: not open yet, closed, or a wave that takes no applications at all.
    """
    if wave.phase == "upcoming":
        raise Conflict("wave-opens-later", opens=format_datetime(wave.opens_at))
    if wave.phase in ("closed", "drawn"):
        clock = local(wave.now).strftime("%H:%M:%S")
        raise Conflict(
            "wave-closed", deadline=format_datetime(wave.deadline_at), now=f"{format_date(wave.now)}, {clock}"
        )
    if wave.phase != "open":
        raise Conflict("wave-not-open")


async def create_wave(slug: str, title_el: str, title_en: str, year_from: int, year_to: int) -> Wave:
    """A new wave, as a draft.

    Raises:
        FieldErrors: what the form's fields lack.
        Conflict: the short name is taken.
    """
    _check_titles(title_el, year_from, year_to, slug)
    async with unit_of_work():
        wave_id = await queries.add_wave(slug, title_el.strip(), title_en.strip(), year_from, year_to, "draft", None)
        await audit.record("wave-created", "wave", wave_id, slug=slug)
    return await get_wave_by_id(wave_id)


async def rename_wave(slug: str, title_el: str, title_en: str, year_from: int, year_to: int) -> None:
    """Change a draft's titles and years."""
    _check_titles(title_el, year_from, year_to, slug)
    async with unit_of_work():
        wave = await lock_wave(slug)
        if wave.state != "draft":
            raise Conflict("wave-not-draft")
        await queries.set_titles(wave.id, title_el.strip(), title_en.strip(), year_from, year_to)
        await audit.record("wave-renamed", "wave", wave.id)


def _check_titles(title_el: str, year_from: int, year_to: int, slug: str) -> None:
    errors = []
    if not SLUG.fullmatch(slug) or len(slug) > 60:
        errors.append({"field": "slug", "slug": "wave-slug-malformed", "params": {}})
    if not title_el.strip():
        errors.append({"field": "title_el", "slug": "wave-title-missing", "params": {}})
    if not 2005 <= year_from <= year_to <= 2100:
        errors.append({"field": "year_from", "slug": "wave-years-wrong", "params": {}})
    if errors:
        raise FieldErrors(errors=errors)


async def publish_list(wave_id: int, given_at: datetime | None) -> None:
    """A list is out, inside the unit of work of whoever publishes it; `given_at` where nothing is left to send."""
    await queries.publish_list(wave_id, given_at)


async def rules_of(wave_id: int) -> StoredRules | None:
    """The newest rules of a wave, None where there are none."""
    row = await queries.latest_rules(wave_id)
    if row is None:
        return None
    rules = read_stored_rules(json.loads(row["document"]))
    return StoredRules(row["id"], row["version"], rules, row["created_at"], row["frozen_at"])


async def require_rules(wave_id: int) -> StoredRules:
    """The newest rules of a wave. Raises Conflict where there are none."""
    found = await rules_of(wave_id)
    if found is None:
        raise Conflict("wave-has-no-rules")
    return found


async def save_rules(slug: str, document: Mapping[str, Any], *, why: str = "") -> int:
    """Keep a new version of a draft's rules; returns its number. The same document again is no new version.

    Args:
        slug: the wave.
        document: the rules, as JSON values.
        why: what this version changes and for which reason; shown in the history of versions.

    Raises:
        FieldErrors: every fault, at its place in the document.
        Conflict: the call has opened, the rules are frozen.
    """
    try:
        rules = read_rules(document)
    except InvalidRules as error:
        faults = [{"field": f.place, "slug": f.message.text, "params": dict(f.message.params)} for f in error.faults]
        raise FieldErrors("wave-rules-invalid", errors=faults) from error
    async with unit_of_work():
        wave = await lock_wave(slug)
        if wave.state != "draft":
            raise Conflict("wave-rules-frozen", since=format_datetime(wave.opens_at))
        before = await rules_of(wave.id)
        if before is not None and before.rules == rules:
            return before.version
        version = await queries.add_rules(wave.id, rules.as_json(), account_id(), why.strip()[:2000])
        await audit.record("wave-rules-saved", "wave", wave.id, why=why.strip()[:2000], version=version)
    return version


async def set_wave_state(wave_id: int, state: str) -> None:
    """Move a wave on, inside the unit of work of whoever decides it (the allocation)."""
    await queries.set_state(wave_id, state)


async def set_wave_provisional(wave_id: int, appeals_until: datetime, protocol: str, ada: str) -> None:
    """Move a wave to its provisional results, inside the unit of work of whoever publishes them."""
    await queries.set_provisional(wave_id, appeals_until, protocol, ada)


async def record_historic_wave(
    slug: str, title_el: str, title_en: str, year_from: int, year_to: int, published_at: datetime
) -> int:
    """A wave that was decided before this service: it has awards (allocation's `record_historic_awards`), no run."""
    _check_titles(title_el, year_from, year_to, slug)
    async with unit_of_work():
        wave_id = await queries.add_wave(slug, title_el, title_en, year_from, year_to, "historic", published_at)
        await audit.record("historic-wave-recorded", "wave", wave_id, slug=slug)
    return wave_id


async def kit_titles(wave_id: int) -> dict[str, tuple[str, str]]:
    """Greek and English title of each kit of a wave: from its rules, else from the kit definitions."""
    return (await kit_titles_of([wave_id]))[wave_id]


async def kit_titles_of(wave_ids: Iterable[int]) -> dict[int, dict[str, tuple[str, str]]]:
    """The same of several waves at once."""
    wanted = sorted(set(wave_ids))
    if not wanted:
        return {}
    rows = await queries.title_sources(wanted)
    stored = {row["wave_id"]: read_stored_rules(json.loads(row["document"])) for row in rows if row["document"]}
    general = {row["slug"]: (row["title_el"], row["title_en"]) for row in rows if row["slug"]}
    return {wave_id: general | titles_in(stored[wave_id]) if wave_id in stored else general for wave_id in wanted}


async def _general_titles() -> dict[str, tuple[str, str]]:
    return {row["slug"]: (row["title_el"], row["title_en"]) for row in await queries.kit_definitions()}


def kit_title_by(document: str | None, slug: str, general: tuple[str, str] | None) -> dict[str, tuple[str, str]]:
    """Greek and English title of one kit, by its slug: as stored rules name it, else as its definition does."""
    named = titles_in(read_stored_rules(json.loads(document))) if document else {}
    found = named.get(slug) or general
    return {slug: found} if found else {}


def titles_in(rules: WaveRules) -> dict[str, tuple[str, str]]:
    """Greek and English title of each kit that rules name."""
    return {kit.slug: (kit.title.el, kit.title.en or kit.title.el) for kit in rules.kits}


async def kit_titles_by(stored: StoredRules | None) -> dict[str, tuple[str, str]]:
    """As `kit_titles`, for who has read the rules already."""
    return await _general_titles() | (titles_in(stored.rules) if stored else {})


async def kit_definitions() -> list[dict[str, Any]]:
    """What a wave may give out: slug, titles and levels of every kit definition in use."""
    return await queries.kit_definitions()


async def regions() -> list[dict[str, Any]]:
    """The regional directorates: id, code, name_el, name_en."""
    return await queries.regions()


async def funnel(wave: Wave) -> dict[str, int]:
    """How many applied, were admitted, got something, received it."""
    return await funnel_of_run(wave, await queries.latest_score_run(wave.id))


async def funnel_of_run(wave: Wave, run: dict[str, Any] | None) -> dict[str, int]:
    """The same, for who knows the newest run of scoring already."""
    return await queries.funnel(wave.id, run["id"] if run else None)


async def awards_by_kit(wave: Wave) -> list[dict[str, Any]]:
    """What a wave gave, by kit."""
    return await queries.awards_by_kit(wave.id)

"""The two committees of a wave: other people for appeals than for the evaluation; and their minutes."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from stem_logistics import audit, files
from stem_logistics.accounts.policy import EVERYWHERE
from stem_logistics.allocation import results
from stem_logistics.allocation import service as allocation
from stem_logistics.appeals import documents, queries
from stem_logistics.appeals.rules import Member, in_both, member_faults
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, FieldErrors, Invalid, NotFound
from stem_logistics.registry.folding import plain
from stem_logistics.waves.service import Wave, account_id, kit_titles, lock_wave, require_rules

KINDS = ("evaluation", "appeals")


@dataclass(frozen=True)
class Committee:
    """A committee with its act of appointment and its members, the chair first."""

    id: int
    kind: str
    act_number: str
    members: tuple[Member, ...]
    keys: frozenset[str]


async def committees_of(wave: Wave) -> dict[str, Committee]:
    """The committees of a wave by kind."""
    return {
        row["kind"]: Committee(
            row["id"],
            row["kind"],
            row["act_number"],
            tuple(Member(m["name"], m["post"]) for m in row["members"]),
            frozenset(m["name_key"] for m in row["members"]),
        )
        for row in await queries.committees(wave.id)
    }


async def appoint(slug: str, kind: str, act_number: str, members: list[Member]) -> None:
    """Write down a committee; whoever sits in the other one is refused by name.

    Raises:
        FieldErrors: too few members, one without a post, no act, or somebody of the other committee.
    """
    if kind not in KINDS:
        raise Invalid("committee-unknown")
    errors: list[dict[str, Any]] = []
    if not act_number.strip():
        errors.append({"field": f"{kind}_act", "slug": "committee-act-missing", "params": {}})
    if fault := member_faults(members):
        errors.append({"field": f"{kind}_members", "slug": fault, "params": {}})
    keys = [key_of(member.name) for member in members]
    if not errors and len(set(keys)) < len(keys):
        errors.append({"field": f"{kind}_members", "slug": "committee-member-twice", "params": {}})
    async with unit_of_work():
        wave = await lock_wave(slug)
        others = [c for c in (await committees_of(wave)).values() if c.kind != kind]
        if both := in_both(keys, others[0].keys if others else ()):
            names = ", ".join(m.name for m in members if key_of(m.name) in both)
            errors.append({"field": f"{kind}_members", "slug": "committee-member-in-both", "params": {"names": names}})
        if errors:
            raise FieldErrors(errors=errors)
        rows = [(member.name, member.post, key) for member, key in zip(members, keys, strict=True)]
        await queries.put_committee(wave.id, kind, act_number.strip(), rows)
        await audit.record("committee-appointed", "wave", wave.id, kind=kind, members=len(rows))


def key_of(name: str) -> str:
    """A name as it is compared: without accents and case, its words in any order."""
    return " ".join(sorted(plain(name).split()))


async def write_minutes(slug: str, kind: str, session_on: date, remarks: str) -> int:
    """Write a session's minutes as PDF, to be signed by the members; returns the minutes' id.

    Raises:
        Conflict: no such committee yet, or nothing to record.
    """
    async with unit_of_work():
        wave = await lock_wave(slug)
        committee = (await committees_of(wave)).get(kind)
        if committee is None:
            raise Conflict("committee-missing")
        known = [row for row in await queries.minutes(wave.id) if row["committee_id"] == committee.id]
        number = len(known) + 1
        run = await allocation.latest_run(wave)
        if run is None:
            raise Conflict("allocation-run-not-found")
        titles = {slug: pair[0] for slug, pair in (await kit_titles(wave.id)).items()}
        appeals = []
        if kind == "appeals":
            every = await queries.appeals(wave.id, EVERYWHERE)
            appeals = [row for row in every if row["state"] == "decided"]
        applied, excluded = await _evaluated(wave, run) if kind == "evaluation" else (0, [])
        pdf = documents.minutes_pdf(
            documents.Minutes(
                wave=wave.title_el,
                kind=kind,
                number=number,
                session_on=session_on,
                act_number=committee.act_number,
                members=committee.members,
                remarks=" ".join(remarks.split()),
                outcome_sha256=run.outcome_sha256,
                awards=[(titles.get(kit, kit), who, units) for kit, who, units in await results.units_by_kit(run)],
                appeals=appeals,
                made_at=wave.now,
                applied=applied,
                excluded=excluded,
            )
        )
        digest = await files.store(pdf, "application/pdf")
        found = await queries.add_minutes(committee.id, session_on, remarks.strip(), digest, number, account_id())
        await audit.record("minutes-written", "wave", wave.id, kind=kind, number=number)
    return found


async def _evaluated(wave: Wave, run: allocation.Run) -> tuple[int, list[tuple[str, str]]]:
    """How many applied, and who is not admitted by which conditions, as the minutes name them."""
    _rows, applied = await results.results_of(run, limit=1)
    rows, _count = await results.results_of(run, outcome="excluded", sort="code", descending=False)
    titles = {c.slug: c.title.el for c in (await require_rules(wave.id)).rules.conditions}
    return applied, [
        (f"{row['name']} ({row['code']})", ", ".join(titles.get(slug, slug) for slug in row["exclusions"]))
        for row in rows
    ]


async def minutes_of(wave: Wave) -> list[dict[str, Any]]:
    """The minutes written so far, the newest first."""
    return await queries.minutes(wave.id)


async def minutes_file(wave: Wave, minutes_id: int) -> bytes:
    """A session's minutes as PDF. Raises NotFound."""
    for row in await queries.minutes(wave.id):
        if row["id"] == minutes_id:
            return (await files.load(row["file_digest"])).content
    raise NotFound("file-not-found", digest="")

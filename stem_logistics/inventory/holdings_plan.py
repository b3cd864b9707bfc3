"""What a file of the equipment at schools would add to the ledger.

What a row says is found again: by serial number, by the school's inventory number, or, where nothing tells its kits
apart, by how many of a kind a school has since one day by one source. So the same file twice changes nothing, and a
corrected one adds what is new.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from stem_logistics import runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import FieldErrors, Forbidden
from stem_logistics.inventory import as_of, definitions, queries
from stem_logistics.inventory import holdings_queries as own
from stem_logistics.inventory.definitions import Definition
from stem_logistics.inventory.holdings_file import (
    MOST_FILE_ROWS,
    Catalogue,
    Entry,
    Fault,
    HoldingsFile,
    read_holdings,
)
from stem_logistics.much import no_search_for_circles
from stem_logistics.registry.importing.faults import FileRefused
from stem_logistics.registry.importing.sheets import LARGEST_FILE, rows_of
from stem_logistics.web.formats import today

SHOWN = 200  # so many refused rows stand on a page; their file holds all
ASKED_AT_ONCE = 50_000

K = TypeVar("K")
V = TypeVar("V")
Report = Callable[[int, int], Awaitable[None]]


def require() -> None:
    """Only for who may write the whole country's stock. Raises Forbidden."""
    if not runtime.actor().principal.scope(Permission.STOCK_WRITE).country:
        raise Forbidden("not-allowed", permission=Permission.STOCK_WRITE.value)


@dataclass(slots=True)
class Plan:
    """What a file would add.

    Args:
        file: as it was read.
        fresh: each row with kits that are new, the school that it means, and how many are new.
        unchanged: kits that are in the ledger already.
        again: devices that were here before and come again, by item and serial number.
        faults: every row that is refused, and why.
        notes: rows that are taken, and what is to know of them: (row, code, which, school): `closed`, `merged`,
            or `more`, where the school has kits of this kind that the file does not name: they may be the same ones.
        fewer: how many kits the ledger has, of what the file names by number, beyond the file.
    """

    file: HoldingsFile
    fresh: list[tuple[Entry, dict[str, Any], int]] = field(default_factory=list)
    unchanged: int = 0
    again: dict[tuple[str, str], int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    notes: list[tuple[int, str, str, str]] = field(default_factory=list)
    fewer: int = 0

    @property
    def is_unreadable(self) -> bool:
        """Whether the file as a whole is refused: its columns are not understood, or it has no rows."""
        return any(fault.row == 0 for fault in self.faults)

    def as_json(self) -> dict[str, Any]:
        """The plan for a page or a script."""
        kits: Counter[str] = Counter()
        for entry, _school, count in self.fresh:
            kits[entry.kit] += count
        noted = Counter(note[2] for note in self.notes)
        return {
            "read": self.file.read,
            "kits": kits.total(),
            "by_kit": dict(sorted(kits.items())),
            "schools": len({school["id"] for _, school, _ in self.fresh}),
            "serials": sum(len(entry.serials) for entry, _, _ in self.fresh),
            "unchanged": self.unchanged,
            "fewer": self.fewer,
            "zeros": self.file.zeros_restored,
            "closed": noted["closed"],
            "merged": noted["merged"],
            "more": noted["more"],
            "refused": len({fault.row for fault in self.faults}),
            "reasons": dict(Counter(fault.slug for fault in self.faults).most_common()),
            "notes": [list(note) for note in self.notes[:SHOWN]],
            "faults": [fault.stored() for fault in self.faults[:SHOWN]],
            "unreadable": self.is_unreadable,
            "headings": self.file.headings,
            "matching": self.file.matching,
        }


async def catalogue() -> tuple[Catalogue, dict[str, Definition]]:
    """What kits there may be, and the newest version of each."""
    titles = await queries.definition_titles()
    known = {row["slug"]: await definitions.get_definition(row["slug"]) for row in titles}
    items = {
        row["slug"]: (row["slug"], row["name_el"], row["name_en"]) for row in await queries.items() if row["serialised"]
    }
    return Catalogue(titles, {slug: each.parts for slug, each in known.items()}, items), known


async def read(content: bytes, matching: Mapping[str, str] | None) -> HoldingsFile:
    """Read a file's rows, as far as it can be done without the registry and the ledger.

    Raises:
        FieldErrors: it is no table that can be read.
    """
    offered, _known = await catalogue()
    day, largest = today(), max(LARGEST_FILE, runtime.settings().max_upload_bytes)

    def work() -> HoldingsFile:
        with no_search_for_circles():
            return read_holdings(rows_of(content, largest=largest, most_rows=MOST_FILE_ROWS), offered, day, matching)

    try:
        return await asyncio.to_thread(work)
    except FileRefused as refused:
        errors = [
            {"row": f.row or 0, "column": f.column, "slug": f"registry-{f.slug}", "params": dict(f.params)}
            for f in refused.faults
        ]
        raise FieldErrors("holdings-file-unreadable", errors=errors, found=len(errors)) from refused


async def make_plan(found: HoldingsFile) -> Plan:
    """What of a file is new, what is known, and what is refused. Nothing is written."""
    require()
    plan = Plan(found, faults=list(found.faults))
    entries = await _at_known_schools(plan)
    entries = await _in_open_books(plan, entries)
    known_by_serial = await _in_parts(own.with_serials, [each for entry, _ in entries for each in entry.serials])
    numbers = [(school["id"], entry.inventory_number) for entry, school in entries if entry.inventory_number]
    known_by_number = await _in_parts(own.with_numbers, numbers)
    left = await own.counted(list({school["id"] for _, school in entries}))
    known: Counter[tuple[int, str]] = Counter()
    asked: set[tuple[int, str, date, str]] = set()
    for entry, school in entries:
        if entry.is_known_by_count:
            key = (school["id"], entry.kit, entry.since, entry.source)
            asked.add(key)
            same = min(entry.count, left.get(key, 0))
            left[key] = left.get(key, 0) - same
        else:
            kits = {
                row["kit"]: row
                for row in [
                    *(known_by_serial.get(each) for each in entry.serials),
                    known_by_number.get((school["id"], entry.inventory_number)),
                ]
                if row is not None and not row.get("outside")
            }
            if kits and not _is_the_same(entry, school, list(kits.values()), known_by_serial):
                plan.faults.append(_otherwise(found, entry, known_by_serial, kits))
                continue
            same = len(kits)
            plan.again |= {each: known_by_serial[each]["device"] for each in entry.serials if each in known_by_serial}
        plan.unchanged += same
        known[school["id"], entry.kit] += same
        if entry.count > same:
            plan.fresh.append((entry, school, entry.count - same))
    await _note_others(plan, known)
    plan.fewer = sum(left[key] for key in asked)
    plan.faults.sort(key=lambda fault: fault.row)
    return plan


async def _note_others(plan: Plan, known: Counter[tuple[int, str]]) -> None:
    there = await own.at_schools(sorted({school["id"] for _, school, _ in plan.fresh}))
    plan.notes += [
        (entry.row, entry.school, "more", school["code"])
        for entry, school, _ in plan.fresh
        if there.get((school["id"], entry.kit), 0) > known[school["id"], entry.kit]
    ]
    plan.notes.sort()


async def _at_known_schools(plan: Plan) -> list[tuple[Entry, dict[str, Any]]]:
    schools = await own.schools(sorted({entry.school for entry in plan.file.entries}))
    kept = []
    for entry in plan.file.entries:
        school = schools.get(entry.school)
        if school is None:
            plan.faults.append(_fault(plan.file, entry, "school", "holdings-school-unknown", code=entry.school[:40]))
            continue
        if school["own_id"] != school["id"]:
            plan.notes.append((entry.row, entry.school, "merged", school["code"]))
        if school["state"] == "closed":
            plan.notes.append((entry.row, entry.school, "closed", school["code"]))
        kept.append((entry, school))
    return kept


async def _in_open_books(
    plan: Plan, entries: Sequence[tuple[Entry, dict[str, Any]]]
) -> list[tuple[Entry, dict[str, Any]]]:
    closed = await own.closed_periods()
    moments = {day: as_of.start_of(day) for day in {entry.since for entry, _ in entries}} if closed else {}
    shut = {day for day, moment in moments.items() if any(start <= moment < end for start, end in closed)}
    plan.faults += [
        _fault(plan.file, entry, "since", "holdings-day-closed", day=entry.since.strftime("%d/%m/%Y"))
        for entry, _ in entries
        if entry.since in shut
    ]
    return [each for each in entries if each[0].since not in shut]


async def _in_parts(ask: Callable[[Sequence[K]], Awaitable[dict[K, V]]], keys: Sequence[K]) -> dict[K, V]:
    found: dict[K, V] = {}
    for begin in range(0, len(keys), ASKED_AT_ONCE):
        found |= await ask(keys[begin : begin + ASKED_AT_ONCE])
    return found


def _is_the_same(
    entry: Entry, school: Mapping[str, Any], kits: Sequence[Mapping[str, Any]], by_serial: Mapping[Any, Any]
) -> bool:
    """Whether the one kit that is known says what the row says."""
    (kit, *others) = kits
    told = (kit["school_id"], kit["definition"], kit["since"], kit["inventory_number"])
    says = (school["id"], entry.kit, entry.since, entry.inventory_number)
    return not others and told == says and all(each in by_serial for each in entry.serials)


def _otherwise(
    found: HoldingsFile, entry: Entry, by_serial: Mapping[Any, Any], kits: Mapping[str, Mapping[str, Any]]
) -> Fault:
    for item, serial in entry.serials:
        kit = by_serial.get((item, serial))
        if kit is not None and not kit["kit"]:
            return _fault(found, entry, _column_of(found, item), "serial-number-in-stock", serial=serial, item=item)
        if kit is not None and not kit["outside"]:
            column = _column_of(found, item)
            return _fault(found, entry, column, "holdings-serial-known", serial=serial, item=item, kit=kit["kit"])
    number = entry.inventory_number
    return _fault(found, entry, "inventory_number", "holdings-number-known", number=number, kit=next(iter(kits)))


def _column_of(found: HoldingsFile, item: str) -> str:
    return f"item:{item}" if f"item:{item}" in found.matching.values() else "serials"


def _fault(found: HoldingsFile, entry: Entry, name: str, slug: str, **params: Any) -> Fault:
    return Fault(entry.row, found.heading(name), slug, params)

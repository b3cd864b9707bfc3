"""What every part of the machine stands on: the database of a life, asking the service, what holds after each step."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
)

from stem_logistics import runtime
from stem_logistics.db.engine import execute, fetch, pool, unit_of_work
from stem_logistics.deliveries.last_mile import add_stop
from stem_logistics.errors import DomainError
from stem_logistics.inventory import ledger
from tests.inventory.stock import make_definition, make_institution
from tests.inventory.world import STORE, Piece, Shift, World
from tests.support import OPERATOR, settings_for, today

T = TypeVar("T")
DEVICES, LOOSE = 2, {"usb-cable": 3, "battery": 4}
SCHOOLS = ("0000001", "0000002", "0000003")
STOPS = ("Depot", "Eleni")
TODAY = today()
WHY = "δοκιμή"
STEPS = {
    "pack": ("packing", "packed"),
    "unpack": ("packed", "packing"),
    "dispatch": ("packed", "dispatched"),
    "take_back": ("dispatched", "packed"),
}
PLACES = """SELECT p.id, CASE p.kind WHEN 'store' THEN 'store' WHEN 'institution' THEN 'school:' || i.code
  WHEN 'consignment' THEN 'consignment:' || c.code || coalesce('@' || s.title, '')
  WHEN 'repairer' THEN 'repairer:' || p.title WHEN 'returning' THEN replace(p.code, 'return-', 'return:')
  ELSE p.code END AS name
  FROM place p LEFT JOIN institution i ON i.id = p.institution_id LEFT JOIN consignment c ON c.id = p.consignment_id
  LEFT JOIN stop s ON s.id = p.stop_id"""


async def _empty() -> None:
    """Take everything out of the database but what its migrations put there: faster by far than a new one.

    What refuses a deletion is told to look away, as only the database's own superuser can.
    """
    tables = await fetch("SELECT relname AS name FROM pg_stat_user_tables WHERE relname NOT IN ('migration', 'place')")
    async with unit_of_work():
        await execute("SET LOCAL session_replication_role = replica")
        for table in tables:
            await execute(f'DELETE FROM "{table["name"]}"')
        await execute(
            "DELETE FROM place WHERE code NOT IN ('supplier', 'regrouping', 'central-store', 'lost', 'scrapped')"
        )


class Base(RuleBasedStateMachine):
    """The database of one life beside its model, and what holds after each step."""

    url: str
    folder: Path
    counted: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.world = World()
        self.history: dict[int, str] = {}
        self.closed: dict[int, int] = {}  # days before today → the period
        self.undecided: list[tuple[str, int, Piece, str, int]] = []
        self.strangers: list[tuple[str, int, Piece, str]] = []
        self.ended_cases: list[str] = []
        self.unseen: dict[str, str] = {}  # receipts whose quality is to follow → the school
        self.serials = self.recalls = 0
        self.next_year = TODAY.year - 1
        self.ready = False

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    async def _start(self) -> None:
        runtime.start(settings_for(self.url, self.folder))
        runtime.set_actor(runtime.Actor(OPERATOR, "cli"))
        self.pool = pool(self.url, max_size=2)
        await self.pool.__aenter__()
        await _empty()
        self.definition = await make_definition(devices=DEVICES)
        self.schools = {code: await make_institution(code, f"{code}ο Σχολείο") for code in SCHOOLS}
        self.stops = {
            name: await add_stop("regional-store", "B", title=name, email=f"{name}@stops.example") for name in STOPS
        }

    def teardown(self) -> None:
        if hasattr(self, "pool"):
            self.run(self._stop())
        self.runner.close()

    async def _stop(self) -> None:
        await self.pool.__aexit__(None, None, None)

    def do(
        self, what: str, work: Coroutine[Any, Any, T], shifts: Sequence[Shift] = (), *, may: bool = True
    ) -> T | None:
        """Ask the service. Where the model says it cannot be, the service has to refuse; otherwise it has to do it."""
        after = self.world.after(shifts) if may else None
        refused, found = None, None
        try:
            found = self.run(work)
        except DomainError as error:
            refused = error
        if after is None:
            assert refused is not None, f"{what} was done, though it cannot be"
            self.counted["refused: " + what] += 1
            return None
        assert refused is None, f"{what} was refused: {refused!r}"
        self.counted[what] += 1
        self.world.at = after
        return found

    def _serial(self) -> str:
        """The next serial number: a run that is repeated has to find everything in the same order."""
        self.serials += 1
        return f"SN-{self.serials:05d}"

    def _kit(self, data: st.DataObject, fits: Callable[[str], object] = lambda kit: True) -> str:
        """One of the kits, mostly one that fits."""
        fitting = [kit for kit in self.world.kits if fits(kit)]
        return data.draw(st.sampled_from(fitting * 5 + self.world.kits))

    def _in_store(self, kit: str) -> bool:
        return self.world.place_of(kit) == STORE

    def _end_case(self, code: str) -> None:
        del self.world.cases[code]
        self.ended_cases.append(code)

    # what holds after every step
    @invariant()
    def the_database_is_the_model(self) -> None:
        if not self.ready:
            return
        rows = self.run(
            fetch(
                f"""SELECT k.code, it.slug, dv.serial_number, p.name, h.quantity FROM holding h
                    JOIN ({PLACES}) p ON p.id = h.place_id JOIN item it ON it.id = h.item_id
                    LEFT JOIN kit k ON k.id = h.kit_id LEFT JOIN device dv ON dv.id = h.device_id
                    WHERE h.quantity <> 0"""
            )
        )
        found = {(Piece(r["code"] or "", r["slug"], r["serial_number"] or ""), r["name"]): r["quantity"] for r in rows}
        assert found == self.world.held()
        assert sum(self.world.at.values()) == 0, "a piece was made or lost"
        assert max(Counter(piece.serial for piece, _ in found if piece.serial).values(), default=0) <= 1
        assert self.run(ledger.verify()).faults == ()

    @invariant()
    def so_are_the_documents(self) -> None:
        if not self.ready:
            return
        states = self.run(fetch("SELECT code, state FROM consignment"))
        assert {r["code"]: r["state"] for r in states} == {c: x.state for c, x in self.world.consignments.items()}
        states = self.run(fetch("SELECT code, state FROM repair"))
        assert {r["code"]: r["state"] for r in states} == {c: x.state for c, x in self.world.repairs.items()}
        out = self.run(fetch("SELECT code FROM loan WHERE returned_at IS NULL"))
        assert {r["code"] for r in out} == {code for code, _, _ in self.world.loans.values()}
        back = self.run(fetch("SELECT code FROM kit_return"))
        assert {r["code"] for r in back} == set(self.world.returns)
        held = self.run(
            fetch("""SELECT k.code, i.code AS school, c.holder_name FROM custody c JOIN kit k ON k.id = c.kit_id
                     JOIN institution i ON i.id = c.institution_id WHERE c.until IS NULL""")
        )
        assert {r["code"]: (r["school"], r["holder_name"]) for r in held} == self.world.holders
        cases = self.run(fetch("SELECT code FROM discrepancy WHERE state <> 'closed'"))
        assert {r["code"] for r in cases} == set(self.world.cases)

    @invariant()
    def what_was_recorded_stays(self) -> None:
        if not self.ready:
            return
        now = {r["id"]: r["digest"] for r in self.run(fetch("SELECT id, md5(m::text) AS digest FROM movement m"))}
        assert {each: now.get(each) for each in self.history} == self.history, "history was altered"
        self.history = now

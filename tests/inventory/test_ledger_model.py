"""The ledger against a model: any order of purchases, moves, reversals and refused attempts.

The model is a dictionary of balances that knows the rules in three lines. After every step the database's balances
equal the model's, no device is in two places, and every movement seen once is there unchanged.
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from stem_logistics import runtime
from stem_logistics.db.engine import execute, fetch, fetch_value, pool, unit_of_work
from stem_logistics.errors import Conflict
from stem_logistics.inventory import as_of_queries, ledger
from stem_logistics.inventory.ledger import Move
from stem_logistics.inventory.rules import REVERSIBLE
from tests.inventory.stock import (
    NOWHERE,
    holdings,
    make_definition,
    make_institution,
    positions,
    receive,
    reckoned,
)
from tests.support import OPERATOR, create_database, settings_for

T = TypeVar("T")
Key = tuple[int, int, int | None, int | None]


class Ledger(RuleBasedStateMachine):
    server: str
    template: str
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.balances: Counter[Key] = Counter()
        self.history: dict[int, dict[str, Any]] = {}
        self.bought = 0
        self.reversed: set[int] = set()
        self.moments: list[tuple[datetime, dict[Key, int]]] = []

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @initialize()
    def start(self) -> None:
        self.run(self._start())

    async def _start(self) -> None:
        url = await create_database(self.server, f"model_{uuid.uuid4().hex[:12]}", self.template)
        runtime.start(settings_for(url, self.folder))
        runtime.set_actor(runtime.Actor(OPERATOR, "cli"))
        self.pool = pool(url, max_size=2)
        await self.pool.__aenter__()
        self.definition = await make_definition()
        places = [await ledger.institution_place(await make_institution(f"000000{n}", f"Σχολείο {n}")) for n in (1, 2)]
        self.store = await ledger.place(ledger.STORE)
        self.supplier = await ledger.place(ledger.SUPPLIER)
        self.places = [self.store, *places, await ledger.place(ledger.LOST), await ledger.place(ledger.SCRAPPED)]

    def teardown(self) -> None:
        if hasattr(self, "pool"):
            self.run(self._stop())
        self.runner.close()

    async def _stop(self) -> None:
        name = await fetch_value("SELECT current_database()")
        await self.pool.__aexit__(None, None, None)
        async with pool(self.server, max_size=2):
            await execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    # the model: what a list of moves would leave, or None where it would overdraw
    def _after(self, moves: list[Move]) -> Counter[Key] | None:
        after = self.balances.copy()
        for move in moves:
            for place, sign in ((move.from_place_id, -1), (move.to_place_id, 1)):
                if place != self.supplier:
                    after[place, move.item_id, move.kit_id, move.device_id] += sign * move.quantity
        held = Counter(key[3] for key, quantity in after.items() if key[3] is not None and quantity > 0)
        if min(after.values(), default=0) < 0 or max(held.values(), default=0) > 1:
            return None
        return after

    def _judge(self, moves: list[Move], work: Coroutine[Any, Any, ledger.Posting]) -> None:
        expected = self._after(moves)
        if expected is None:
            with pytest.raises(Conflict, match=r"stock-overdrawn|device-in-two-places"):
                self.run(work)
            return
        assert self.run(work).is_new
        self.balances = expected

    @rule(count=st.integers(1, 3))
    def buy(self, count: int) -> None:
        async def work() -> None:
            for code in await receive(self.definition, count):
                for row in await fetch(
                    "SELECT m.* FROM movement m JOIN kit k ON k.id = m.kit_id WHERE k.code = $1", code
                ):
                    self.balances[self.store, row["item_id"], row["kit_id"], row["device_id"]] += row["quantity"]
                    self.bought += row["quantity"]

        self.run(work())

    @precondition(lambda self: self.balances)
    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        """Several pieces in one posting, from where they are or from where they are not, as many or too many."""
        moves = []
        for _ in range(data.draw(st.integers(1, 4))):
            place, item, kit, device = data.draw(st.sampled_from(sorted(self.balances, key=repr)))
            source = data.draw(st.sampled_from([place, place, place, *self.places]))
            target = data.draw(st.sampled_from([each for each in self.places if each != source]))
            quantity = 1 if device else data.draw(st.integers(1, 5))
            moves.append(Move(item, quantity, source, target, kit, device))
        self._judge(moves, ledger.post(moves, reason="transfer", key=uuid.uuid4().hex))

    @precondition(lambda self: self.balances)
    @rule(data=st.data())
    def buy_a_device_twice(self, data: st.DataObject) -> None:
        known = sorted({key[1:] for key in self.balances if key[3]}, key=repr)
        item, kit, device = data.draw(st.sampled_from(known))
        moves = [Move(item, 1, self.supplier, data.draw(st.sampled_from(self.places)), kit, device)]
        expected = self._after(moves)
        self._judge(moves, ledger.post(moves, reason="purchase", key=uuid.uuid4().hex))
        if expected is not None:
            self.bought += 1

    @precondition(lambda self: self.history)
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        ids = data.draw(st.lists(st.sampled_from(sorted(self.history)), min_size=1, max_size=3, unique=True))
        rows = [self.history[each] for each in ids]
        if any(row["id"] in self.reversed or row["reason"] not in REVERSIBLE for row in rows):
            with pytest.raises(Conflict, match=r"movement-already-reversed|movement-not-reversible"):
                self.run(ledger.reverse(ids, why="δοκιμή"))
            return
        moves = [
            Move(r["item_id"], r["quantity"], r["to_place_id"], r["from_place_id"], r["kit_id"], r["device_id"])
            for r in rows
        ]
        possible = self._after(moves) is not None
        self._judge(moves, ledger.reverse(ids, why="δοκιμή"))
        if possible:
            self.reversed |= set(ids)
            self.bought -= sum(row["quantity"] for row in rows if row["from_place_id"] == self.supplier)

    @precondition(lambda self: self.history)
    @rule(sql=st.sampled_from(["UPDATE movement SET quantity = 1", "DELETE FROM movement WHERE id = 1"]))
    def alter(self, sql: str) -> None:
        async def work() -> None:
            async with unit_of_work():
                await execute(sql)

        with pytest.raises(Conflict, match="history-is-append-only"):
            self.run(work())

    @invariant()
    def the_balances_are_the_models(self) -> None:
        if not hasattr(self, "pool"):
            return
        held = self.run(holdings())
        assert held == {key: quantity for key, quantity in self.balances.items() if quantity}
        assert sum(held.values()) == self.bought, "a piece was created or lost"
        assert max(Counter(key[3] for key in held if key[3]).values(), default=0) <= 1
        assert self.run(ledger.verify()).faults == ()

    @invariant()
    def every_kit_is_where_its_parts_are(self) -> None:
        if not hasattr(self, "pool"):
            return
        kept = self.run(positions())
        where = self.run(reckoned(self.balances))
        assert kept == dict.fromkeys(kept, NOWHERE) | where

    @invariant()
    def the_past_is_what_it_was(self) -> None:
        """The balances of a moment of before are today what they were then."""
        if not hasattr(self, "pool"):
            return
        for moment, then in self.moments[-3:]:
            assert self.run(self._balances_of(moment)) == then
        now = self.run(fetch_value("SELECT clock_timestamp()"))
        self.moments.append((now, {key: quantity for key, quantity in self.balances.items() if quantity}))

    async def _balances_of(self, moment: datetime) -> dict[Key, int]:
        rows = await as_of_queries.balances(moment)
        return {(r["place_id"], r["item_id"], r["kit_id"], r["device_id"]): r["quantity"] for r in rows}

    @invariant()
    def what_was_recorded_stays(self) -> None:
        if not hasattr(self, "pool"):
            return
        now = {row["id"]: row for row in self.run(fetch("SELECT * FROM movement"))}
        assert {each: now[each] for each in self.history} == self.history
        self.history = now


def test_the_ledger_is_its_model(postgres_server: str, migrated_template: str, tmp_path: Path) -> None:
    """Whatever is tried, in whatever order: nothing is created or lost, no device doubled, no history altered."""
    Ledger.server, Ledger.template, Ledger.folder = postgres_server, migrated_template, tmp_path
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )

"""Every operation that moves stock, in any order, against the plain model of `world.py`.

Each rule works out what should happen before it asks the service: the shifts that have to be posted, or a refusal.
After every step the database is compared with the model, and with itself.
"""

from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    run_state_machine_as_test,
)

from stem_logistics.inventory import ledger, service
from tests.inventory.life.base import SCHOOLS
from tests.inventory.life.books import Books
from tests.inventory.life.last_mile import WAYS, LastMile
from tests.inventory.life.purchases import Purchases
from tests.inventory.life.schools import Schools
from tests.inventory.stock import kit_id
from tests.inventory.world import STORE


def live(url: str, folder: Path, *, runs: int, steps: int) -> Counter[str]:
    """Let the machine live so many lives in one migrated database; what it did, by name. Raises where one fails, with
    its steps.

    A failing life is not made shorter: that takes minutes, and its steps are printed as they were.
    """
    Life.url, Life.folder = url, folder
    Life.counted.clear()
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            deadline=None,
            phases=[Phase.reuse, Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
    return Life.counted.copy()


class Life(Purchases, LastMile, Schools, Books):
    """One life of a stock, from an empty database on; `live` says which."""

    @initialize(data=st.data())
    def start(self, data: st.DataObject) -> None:
        self.run(self._start())
        self.ready = True
        self.counted["runs"] += 1
        # what most rules need: kits in the store, one on its way, one at a school, one that arrived short
        self.receive(count=5, days=None, taken=0, twice=True)
        first, second, third = self.world.kits[:3]
        for code in (self.consign(SCHOOLS[0]), self.consign(SCHOOLS[1])):
            self._pick(code, first)
        sent = next(iter(self.world.consignments))
        if data.draw(st.booleans()):
            self._plan_way(sent, data.draw(WAYS))
        for step in ("pack", "dispatch"):
            self._advance(sent, step)
        there = f"school:{SCHOOLS[0]}"
        self.do("move", self._move_to_school(second), self.world.all_of(second, STORE, there))
        short = self.consign(SCHOOLS[2])
        self._pick(short, third)
        for step in ("pack", "dispatch"):
            self._advance(short, step)
        self._confirm(short, data, short=True)

    async def _move_to_school(self, kit: str) -> None:
        store, school = await ledger.place(ledger.STORE), await ledger.institution_place(self.schools[SCHOOLS[0]])
        parts = await service.contents_of([await kit_id(kit)])
        moves = [ledger.Move(x["item_id"], x["quantity"], store, school, x["kit_id"], x["device_id"]) for x in parts]
        await ledger.post(moves, reason="transfer", key=f"to-school:{kit}")

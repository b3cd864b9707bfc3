"""The last mile: through whose hands a consignment goes, and who signs for it."""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import (
    precondition,
    rule,
)

from stem_logistics.deliveries import last_mile
from tests.inventory.life.base import WHY
from tests.inventory.life.shipping import Shipping
from tests.inventory.world import Shift

AWAITED = ("dispatched", "partially-received")
WAYS = st.sampled_from([["Depot"], ["Depot", "Eleni"], ["Eleni", "Depot"], []])


class LastMile(Shipping):
    """Between the store and the school."""

    @precondition(lambda self: self.world.consignments)
    @rule(data=st.data(), stops=WAYS)
    def plan_way(self, data: st.DataObject, stops: list[str]) -> None:
        """Through whose hands it goes."""
        code = self._consignment(data, "packing", "packed")
        assert code is not None
        self._plan_way(code, stops)

    def _plan_way(self, code: str, stops: list[str]) -> None:
        consignment = self.world.consignments[code]
        may = consignment.state in ("packing", "packed")
        self.do("plan a way", last_mile.plan_way(code, [self.stops[name] for name in stops]), may=may)
        if may:
            consignment.way = list(stops)

    @precondition(lambda self: any(each.way or each.signed for each in self.world.consignments.values()))
    @rule(data=st.data(), straight=st.integers(0, 5))
    def sign_for(self, data: st.DataObject, straight: int) -> None:
        """A stop signs for what came, once; or the stops that have not are left out."""
        every = self.world.consignments
        fitting = [code for code, each in every.items() if each.way and each.state in AWAITED]
        code = data.draw(
            st.sampled_from(fitting * 5 + [code for code, each in every.items() if each.way or each.signed])
        )
        consignment = every[code]
        may = consignment.state in AWAITED and bool(consignment.way)
        if straight == 5:
            self.do("go straight", last_mile.go_straight(code, why=WHY), may=may)
            if may:
                consignment.way = []
            return
        signing = last_mile.take_over([code], name="Νίκος", post="Αποθηκάριος")
        if not consignment.way:
            assert self.do("sign twice", signing) == 0
            return
        source = consignment.place(code)
        target = replace(consignment, signed=[*consignment.signed, consignment.way[0]]).place(code)
        shifts = (
            [Shift(p, n, source, target) for (p, at), n in self.world.held().items() if at == source] if may else []
        )
        self.do("sign for it", signing, shifts, may=may)
        if may:
            consignment.signed.append(consignment.way.pop(0))

"""What comes in."""

import uuid
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    precondition,
    rule,
)

from stem_logistics.inventory import acceptance, loose, purchasing, scanning, service
from tests.inventory.life.base import DEVICES, LOOSE, WHY, Base
from tests.inventory.world import STORE, SUPPLIER, Piece, Shift


class Purchases(Base):
    """Kits from the supplier, by list and by scan."""

    # what comes in
    def _came(self, codes: Sequence[str], serials: Sequence[Sequence[str]]) -> None:
        for code, mine in zip(codes, serials, strict=True):
            self.world.kits.append(code)
            pieces = [(Piece(code, "microbit", serial), 1) for serial in mine]
            self.world.kit_of |= dict.fromkeys(mine, code)
            pieces += [(Piece(code, item), count) for item, count in LOOSE.items()]
            for piece, count in pieces:
                self.world.at[piece, STORE] += count
                self.world.at[piece, SUPPLIER] -= count

    @rule(
        count=st.integers(1, 3),
        days=st.sampled_from([None, None, None, 1, 2, 3, -1]),
        taken=st.integers(0, 9),
        twice=st.booleans(),
    )
    def receive(self, count: int, days: int | None, taken: int, twice: bool) -> None:
        """Kits from the supplier: now or on an earlier day, with a serial number that is here or that went back, in a
        closed period."""
        serials = [[self._serial() for _ in range(DEVICES)] for _ in range(count)]
        known = [piece.serial for piece, _ in self.world.held() if piece.serial]
        back = self.world.outside()
        if taken in (6, 7, 8) and back:
            serials[0][0] = back[0]
            self.counted["receive again"] += 1
            days = None  # it left today
        is_taken = taken == 9 and bool(known)
        if is_taken:
            serials[0][0] = known[0]
        when = None if days is None else datetime.now(UTC) - timedelta(days=days)
        key = uuid.uuid4().hex

        def once() -> Coroutine[Any, Any, list[str]]:
            given = [{"microbit": list(mine)} for mine in serials]
            return service.receive_kits(self.definition, given, key=key, occurred_at=when)

        codes = self.do("receive", once(), may=not is_taken and days not in self.closed and days != -1)
        if codes is not None:
            self._came(codes, serials)
            assert not twice or self.run(once()) == codes

    @rule(count=st.integers(1, 9), by_serial=st.booleans(), taken=st.integers(0, 9))
    def receive_loose(self, count: int, by_serial: bool, taken: int) -> None:
        """Spare devices, or cables, that are of no kit."""
        serials = [self._serial() for _ in range(min(count, 2))] if by_serial else []
        known = [piece.serial for piece, _ in self.world.at if piece.serial]
        is_taken = by_serial and taken == 9 and bool(known)
        if is_taken:
            serials[0] = known[0]
        item = "microbit" if by_serial else "usb-cable"
        given = loose.Incoming(item, 0 if by_serial else count, tuple(serials), document="Τ-1")
        pieces = [(Piece("", item, serial), 1) for serial in serials] or [(Piece("", item), count)]
        shifts = [Shift(piece, each, SUPPLIER, STORE) for piece, each in pieces]
        key = uuid.uuid4().hex
        self.do("receive loose stock", loose.receive(given, key=key), shifts, may=not is_taken)

    @precondition(lambda self: len(self.world.kits) < 8)
    @rule(
        scans=st.integers(1, 5),
        ordered=st.sampled_from([1, 9]),
        surplus=st.booleans(),
        sampled=st.booleans(),
        reject=st.integers(0, 2),
    )
    def buy_by_scan(self, scans: int, ordered: int, surplus: bool, sampled: bool, reject: int) -> None:
        """An order, its batch, what is scanned of it into whole kits, and some of them back to the supplier. More than
        was ordered comes in only where somebody says so; once the sample is drawn or the batch accepted, nothing does.
        """
        serials = [self._serial() for _ in range(scans)]

        async def work() -> tuple[str, list[str]]:
            order = await purchasing.place_order(
                contract=f"Σ-{uuid.uuid4().hex[:6]}", supplier="Προμηθευτής",
                funding="budget-line", funding_reference="6", definition="microbit-set",
                kits=ordered, unit_cents=10_000, title="use",
            )  # fmt: skip
            batch = await purchasing.open_batch(order, name=uuid.uuid4().hex[:8], to_check=int(sampled))
            for serial in serials:
                await scanning.scan(batch, serial, sure=True)
            return batch, await scanning.receive_scanned(batch, surplus=surplus)

        whole = scans // DEVICES
        done = self.do("buy by scan", work(), may=whole > 0 and (surplus or whole <= ordered))
        if done is None:
            return
        batch, codes = done
        self._came(codes, [serials[n * DEVICES : (n + 1) * DEVICES] for n in range(whole)])
        if sampled:
            if scans % DEVICES:
                self.do("draw with scans left", acceptance.draw_sample(batch), may=False)
                self.run(scanning.undo_scan(batch))
            self.do("draw a sample", acceptance.draw_sample(batch))
            self.do("scan after the draw", scanning.scan(batch, self._serial(), sure=True), may=False)
            self.do("accept a batch", acceptance.decide(batch, accept=True, why=WHY))
            self.do("receive after acceptance", self._into(batch), may=False)
        if back := codes[:reject]:
            shifts = [shift for kit in back for shift in self.world.all_of(kit, STORE, SUPPLIER)]
            self.do("reject", acceptance.reject(batch, *back, why=WHY), shifts)

    async def _into(self, batch: str) -> list[str]:
        found = await purchasing.get_batch(batch)
        given = [{"microbit": [self._serial() for _ in range(DEVICES)]}]
        return await service.receive_kits(
            self.definition, given, key=uuid.uuid4().hex, batch=found["name"], surplus=True
        )

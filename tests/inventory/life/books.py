"""Counting, recalls, the books."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import (
    precondition,
    rule,
)

from stem_logistics.accounts import links
from stem_logistics.custody import recalls
from stem_logistics.db.engine import fetch, unit_of_work
from stem_logistics.inventory import as_of, service
from stem_logistics.inventory.rules import REVERSIBLE
from stem_logistics.stocktakes import counting, decisions
from stem_logistics.stocktakes import service as stocktakes
from tests.inventory.life.base import PLACES, SCHOOLS, TODAY, WHY, Base
from tests.inventory.stock import kit_id
from tests.inventory.world import LOST, SCRAPPED, STORE, Piece, Shift
from tests.support import acting_as


class Books(Base):
    """What is counted, asked, closed and taken back."""

    # counting, recalls, the books
    @precondition(lambda self: self.next_year <= TODAY.year + 1)
    @rule(data=st.data())
    def count(self, data: st.DataObject) -> None:
        """A year's stocktake at one school: what is to be counted is what the model has there; then it is signed."""
        school = data.draw(st.sampled_from(SCHOOLS))
        there = {p: n for (p, at), n in self.world.held().items() if at == f"school:{school}"}
        year, self.next_year = self.next_year, self.next_year + 1
        self.do("open a stocktake", stocktakes.open_year(year, TODAY + timedelta(days=9)))
        if not there:
            return
        self.run(self._count(data, school, there))

    async def _count(self, data: st.DataObject, school: str, there: dict[Piece, int]) -> None:
        async with unit_of_work():
            issued = await links.issue("stocktake", self.schools[school])
        elsewhere = [(p, at) for p, at in self.world.held() if p.serial and at != f"school:{school}"]
        with acting_as(await links.principal_of_link(issued.token)):
            found = await counting.mine()
            lines = {line["id"]: Piece(line["kit_code"], line["slug"], line["serial_number"] or "")
                     for line in found["lines"]}  # fmt: skip
            assert {lines[line["id"]]: line["expected"] for line in found["lines"]} == there
            for line in found["lines"]:
                lacks = data.draw(st.integers(0, line["expected"]))
                state = "counted" if lacks else "found"
                await counting.answer(line["id"], state, counter="Άννα", key="1", missing=lacks)
                if lacks:
                    self.undecided.append((found["code"], line["id"], lines[line["id"]], school, lacks))
            if elsewhere:
                piece, _ = data.draw(st.sampled_from(elsewhere))
                away = all(at != f"school:{school}" for _, at, _ in self.world.parts(piece.kit))
                # a kit none of whose parts is here is taken in by its code
                whole = bool(piece.kit) and away and data.draw(st.booleans())
                await counting.scan(piece.kit if whole else piece.serial, counter="Άννα", key="2")
                number = (await counting.mine())["strangers"][-1]["id"]
                self.strangers.append((found["code"], number, Piece(piece.kit, "") if whole else piece, school))
            await counting.sign(name="Μαρία Ανδρέου", post="Διευθύντρια")

    @precondition(lambda self: self.undecided)
    @rule(data=st.data(), decision=st.sampled_from(["lost", "lost", "found", "nothing"]))
    def decide(self, data: st.DataObject, decision: str) -> None:
        """What staff make of a line that was short; it may have moved on meanwhile."""
        number = data.draw(st.integers(0, len(self.undecided) - 1))
        code, line, piece, school, lacks = self.undecided[number]
        shifts = [Shift(piece, lacks, f"school:{school}", LOST)] if decision == "lost" else []
        may = self.world.after(shifts) is not None
        self.do(f"stocktake: {decision}", decisions.decide(code, line, decision, why=WHY), shifts, may=may)
        if may:
            self.undecided.pop(number)
            self.do("decide twice", decisions.decide(code, line, decision, why=WHY), may=False)

    @precondition(lambda self: self.strangers)
    @rule()
    def take_in(self) -> None:
        code, number, piece, school = self.strangers.pop()
        if not piece.item:
            self._take_in_kit(code, number, piece.kit, school)
            return
        place, piece = next(((at, p) for p, at in self.world.held() if p.serial == piece.serial), ("", piece))
        may = bool(place) and bool(piece.kit) and not place.startswith("consignment:") and place != SCRAPPED
        shifts = [Shift(piece, 1, place, f"school:{school}")] if may and place != f"school:{school}" else []
        self.do("take in a stranger", decisions.take_in(code, number, why=WHY), shifts, may=may)

    def _take_in_kit(self, code: str, number: int, kit: str, school: str) -> None:
        """What of it is at schools and in the store; what is lost where nothing is. Whoever had it has it no more."""
        parts = self.world.parts(kit)
        with_it = [each for each in parts if each[1] == STORE or each[1].startswith("school:")]
        moved = with_it or [each for each in parts if each[1] == LOST]
        here = f"school:{school}"
        shifts = [Shift(piece, count, at, here) for piece, at, count in moved if at != here]
        self.do("take in a kit", decisions.take_in(code, number, why=WHY), shifts, may=bool(moved))
        if shifts:
            self.world.loans.pop(kit, None)
            self.world.holders.pop(kit, None)

    @precondition(
        lambda self: self.recalls < 1 and any(p.serial and at not in (LOST, SCRAPPED) for p, at in self.world.held())
    )
    @rule()
    def recall(self) -> None:
        """A recall asks, and moves nothing."""
        self.recalls += 1
        criterion = recalls.Criterion("model", "microbit")
        words = {"title": "Ανάκληση", "instructions": "Ελέγξτε", "due_on": TODAY + timedelta(days=9)}
        code = self.do("recall", recalls.start(criterion, **words))  # type: ignore[arg-type]
        assert code is not None
        devices = {piece.serial for piece, at in self.world.held() if piece.serial and at not in (LOST, SCRAPPED)}
        targets = self.run(recalls.get_recall(code))["targets"]
        assert {row["serial_number"] for row in targets} == devices
        asked = [row for row in targets if row["institution_code"]]
        if asked:
            self.do("answer a recall", recalls.answer(asked[0]["id"], "done"))
        self.do("close a recall", recalls.close(code, outcome=WHY))

    @precondition(lambda self: len(self.history) % 3 == 0)  # now and then is enough
    @rule(days=st.integers(1, 3), reopen=st.booleans())
    def close_books(self, days: int, reopen: bool) -> None:
        day = datetime.now(ZoneInfo("Europe/Athens")).date() - timedelta(days=days)
        if reopen and days in self.closed:
            self.do("reopen a period", as_of.reopen_period(self.closed.pop(days), why=WHY))
            return
        period = self.do("close a period", as_of.close_period(day, day, why=WHY), may=days not in self.closed)
        if period is not None:
            self.closed[days] = period

    @precondition(lambda self: self.world.kits)
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        """What one posting did to one kit is taken back, once, if its pieces are still where it put them."""
        kit = self._kit(data)
        rows = self.run(self._movements(kit))
        key = data.draw(st.sampled_from(list(dict.fromkeys(row["key"] for row in reversed(rows)))))
        mine = [row for row in rows if row["key"] == key]
        shifts = [Shift(row["piece"], row["quantity"], row["target"], row["source"]) for row in mine]
        may = not any(row["reversed"] for row in mine) and all(row["reason"] in REVERSIBLE for row in mine)
        # a device that has come again is another kit's
        may = may and all(self.world.kit_of.get(row["piece"].serial, kit) == kit for row in mine)
        may = may and self.world.after(shifts) is not None
        self.do("reverse", service.reverse_posting(kit, key, why=WHY), shifts, may=may)

    async def _movements(self, kit: str) -> list[dict[str, Any]]:
        rows = await fetch(
            f"""SELECT m.idempotency_key AS key, m.reason, m.quantity, s.name AS source, t.name AS target,
                  it.slug, dv.serial_number, EXISTS (SELECT FROM movement r WHERE r.reverses_id = m.id) AS reversed
                FROM movement m JOIN ({PLACES}) s ON s.id = m.from_place_id JOIN ({PLACES}) t ON t.id = m.to_place_id
                JOIN item it ON it.id = m.item_id LEFT JOIN device dv ON dv.id = m.device_id
                WHERE m.kit_id = $1 ORDER BY m.id""",
            await kit_id(kit),
        )
        return [{**row, "piece": Piece(kit, row["slug"], row["serial_number"] or "")} for row in rows]

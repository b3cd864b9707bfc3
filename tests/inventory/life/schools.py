"""Kits at schools: who has them, loans, moves, repairs, their end."""

from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    precondition,
    rule,
)

from stem_logistics.custody import case_repairs, disposal, idle, loans, moving, repairs, returns, writing_off
from stem_logistics.custody import service as custody
from stem_logistics.custody.repairs import Given
from stem_logistics.custody.rules import REPAIR_STEPS
from stem_logistics.db.engine import fetch
from tests.inventory.life.base import SCHOOLS, TODAY, WHY, Base
from tests.inventory.world import LOST, SCRAPPED, STORE, Consignment, Piece, Repair, Shift, regrouped


class Schools(Base):
    """After the receipt."""

    # kits at schools
    @precondition(lambda self: self.world.kits)
    @rule(data=st.data(), to=st.sampled_from(["lost", "central-store"]))
    def write_off(self, data: st.DataObject, to: str) -> None:
        """Lost, or back to the store: each with its numbered paper."""
        kit, place = self._kit(data, lambda each: not self.world.travels(each)), STORE if to == "central-store" else to
        shifts = [Shift(p, n, at, place) for p, at, n in self.world.parts(kit) if at not in (place, SCRAPPED)]
        may = bool(shifts) and not self.world.travels(kit)
        work = writing_off.write_off if to == "lost" else writing_off.take_back
        self.do("write off", work(kit, why=WHY), shifts if may else (), may=may)
        if may:
            self.world.holders.pop(kit, None)

    @precondition(lambda self: self.world.kits)
    @rule(data=st.data(), name=st.sampled_from(["Άννα", "Βασίλης"]))
    def hand_over(self, data: st.DataObject, name: str) -> None:
        kit = self._kit(data, self.world.school_of)
        school = self.world.school_of(kit)
        self.do("hand over", custody.hand_over(kit, name=name, post="Δάσκαλος"), may=bool(school))
        if school:
            self.world.holders[kit] = (school, name)

    @precondition(lambda self: self.world.kits)
    @rule(data=st.data(), borrower=st.sampled_from(SCHOOLS))
    def lend(self, data: st.DataObject, borrower: str) -> None:
        kit = self._kit(data, self.world.school_of)
        lender = self.world.school_of(kit)
        may = bool(lender) and lender != borrower and kit not in self.world.loans and not self.world.is_packed(kit)
        work = loans.lend(kit, borrower, TODAY + timedelta(days=9))
        (code,) = self._carry("lend", work, [kit], borrower, may=may, for_good=False) or [""]
        if code:
            loan = str(self.run(fetch("SELECT code FROM loan ORDER BY id DESC LIMIT 1"))[0]["code"])
            self.world.loans[kit] = (loan, lender, borrower)
            self.world.consignments[code].loan = kit

    @precondition(lambda self: self.world.loans)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        """Refused until the borrower has confirmed that it has the kit."""
        kit = data.draw(st.sampled_from(list(self.world.loans)))
        code, lender, borrower = self.world.loans[kit]
        way = next(each for each in self.world.consignments.values() if each.loan == kit)
        may = way.state in ("partially-received", "received")
        shifts = self.world.all_of(kit, f"school:{borrower}", f"school:{lender}") if may else []
        self.do("give back", loans.give_back(code), shifts, may=may)
        if may:
            self._end_loan(kit)
            self.do("give back twice", loans.give_back(code), may=False)

    def _end_loan(self, kit: str) -> None:
        if self.world.loans.pop(kit, None):
            for each in self.world.consignments.values():
                each.loan = "" if each.loan == kit else each.loan

    def _moved_away(self, kits: Sequence[str]) -> None:
        for kit in kits:
            self._end_loan(kit)
            self.world.holders.pop(kit, None)

    @precondition(lambda self: self.world.kits)
    @rule(data=st.data(), to=st.sampled_from([*SCHOOLS, moving.STORE]), several=st.booleans())
    def transfer(self, data: st.DataObject, to: str, several: bool) -> None:
        kits = list(
            dict.fromkeys(
                [self._kit(data, self.world.school_of), *([self._kit(data, self.world.school_of)] if several else [])]
            )
        )
        place = STORE if to == moving.STORE else f"school:{to}"
        schools = {kit: self.world.school_of(kit) for kit in kits}
        may = all(schools.values()) and all(f"school:{school}" != place for school in schools.values())
        if to != moving.STORE:
            may = may and not any(self.world.is_packed(kit) for kit in kits)
            self._carry("transfer", moving.transfer(kits, to, why=WHY), kits, to, may=may)
            return
        self.do("transfer to the store", moving.transfer(kits, to, why=WHY), may=may)
        if not may:
            return
        groups: dict[str, list[str]] = {}
        for kit in kits:
            groups.setdefault(schools[kit], []).append(kit)
        rows = self.run(fetch("SELECT code FROM kit_return ORDER BY id DESC LIMIT $1", len(groups)))
        for row, (school, mine) in zip(reversed(rows), groups.items(), strict=True):
            self.world.returns.append(str(row["code"]))
            after = self.world.after(
                [s for kit in mine for s in self.world.all_of(kit, f"school:{school}", f"return:{row['code']}")]
            )
            assert after is not None
            self.world.at = after
        self._moved_away(kits)

    @precondition(lambda self: self.world.returns)
    @rule(data=st.data(), short=st.booleans())
    def count_return(self, data: st.DataObject, short: bool) -> None:
        """The store counts what came back: all of it, or one piece less."""
        code = data.draw(st.sampled_from(self.world.returns))
        place = f"return:{code}"
        left = [(piece, count) for (piece, at), count in self.world.held().items() if at == place]
        shifts, arrived = [], {}
        if short and left:
            (piece, count), *others = sorted(left)
            row = next(
                part
                for part in self.run(returns.get_return(code))["parts"]
                if (part["kit_code"], part["serial_number"] or "") == (piece.kit, piece.serial)
                and self._item(part["item_id"]) == piece.item
            )
            arrived[returns.part_key(row)] = count - 1
            shifts = [Shift(piece, 1, place, LOST), *([Shift(piece, count - 1, place, STORE)] if count > 1 else [])]
            left = others
        shifts += [Shift(piece, count, place, STORE) for piece, count in left]
        self.do("count a return", returns.confirm(code, arrived, note=WHY), shifts, may=bool(shifts))

    def _item(self, item_id: int) -> str:
        return next(str(row["slug"]) for row in self.definition.lines if row["item_id"] == item_id)

    def _carry(
        self,
        what: str,
        work: Coroutine[Any, Any, Any],
        kits: Sequence[str],
        to: str,
        *,
        may: bool = True,
        for_good: bool = True,
    ) -> list[str]:
        """Kits leave for another school: for each school that gives, a consignment that the other one confirms; their
        codes.
        """
        groups: dict[str, list[str]] = {}
        for kit in kits:
            groups.setdefault(self.world.school_of(kit), []).append(kit)
        self.do(what, work, may=may)
        if not may:
            return []
        # where they go has a name only now
        rows = self.run(fetch("SELECT code FROM consignment ORDER BY id DESC LIMIT $1", len(groups)))
        for row, (school, mine) in zip(reversed(rows), groups.items(), strict=True):
            origin, code = f"school:{school}", str(row["code"])
            shifts = [shift for kit in mine for shift in self.world.all_of(kit, origin, f"consignment:{code}")]
            after = self.world.after(shifts)
            assert after is not None
            self.world.at = after
            self.world.consignments[code] = Consignment(
                to, "dispatched", mine, Counter({shift.piece: shift.count for shift in shifts}), origin=origin
            )
        if for_good:
            self._moved_away(kits)
        return [str(row["code"]) for row in reversed(rows)]

    @precondition(lambda self: any(self.world.school_of(kit) for kit in self.world.kits))
    @rule(data=st.data(), to=st.sampled_from(SCHOOLS), accept=st.booleans())
    def offer_idle(self, data: st.DataObject, to: str, accept: bool) -> None:
        """A kit that nobody uses is offered on, and given where the other school says yes."""
        kit = data.draw(st.sampled_from([kit for kit in self.world.kits if self.world.school_of(kit)]))
        school = self.world.school_of(kit)
        number = self.do("mark idle", idle.mark_idle(kit, why=WHY))
        assert number is not None
        self.do("offer", idle.offer(number, to, TODAY + timedelta(days=5)))
        self.do("answer an offer", idle.answer_offer(number, accept=accept))
        may = accept and to != school and not self.world.is_packed(kit)
        self._carry("give an idle kit", idle.give(number), [kit], to, may=may)
        if not may:
            self.do("use again", idle.end_idle(number))

    @precondition(lambda self: self.world.kits)
    @rule(data=st.data(), by_device=st.booleans())
    def dispose(self, data: st.DataObject, by_device: bool) -> None:
        kit = self._kit(data, lambda each: not self.world.travels(each))
        serials = sorted({p.serial for p, _, _ in self.world.parts(kit) if p.serial})
        chosen = serials[:1] if by_device else []
        parts = [part for part in self.world.parts(kit) if not chosen or part[0].serial in chosen]
        shifts = [Shift(p, n, at, SCRAPPED) for p, at, n in parts if at not in (SCRAPPED, LOST)]
        may = bool(shifts) and not any(shift.source.startswith(("consignment:", "return:")) for shift in shifts)
        self.do("dispose", disposal.dispose(kit, chosen, method="ΑΗΗΕ", why=WHY), shifts if may else (), may=may)
        if may and not chosen:
            self.world.holders.pop(kit, None)

    # repairs
    @precondition(lambda self: self.world.kits)
    @rule(data=st.data())
    def report(self, data: st.DataObject) -> None:
        kit = self._kit(data, lambda each: not self.world.travels(each))
        devices = [(p, at) for p, at, _ in self.world.parts(kit) if p.serial]
        if not devices:
            return
        piece, place = data.draw(st.sampled_from(devices))
        at_hand = place == STORE or place.startswith("school:")
        may = at_hand and not self.world.in_repair(piece)
        code = self.do("report a fault", repairs.report(kit, piece.serial, fault="Δεν ανάβει"), may=may)
        if code is not None:
            school = place.removeprefix("school:") if place.startswith("school:") else ""
            self.world.repairs[code] = Repair(piece, place, school)

    @precondition(lambda self: any(case.kind == "damaged" for case in self.world.cases.values()))
    @rule(data=st.data())
    def repair_case(self, data: st.DataObject) -> None:
        """What arrived damaged is to be repaired: only one piece, that is at hand."""
        code = data.draw(st.sampled_from([c for c, each in self.world.cases.items() if each.kind == "damaged"]))
        case = self.world.cases[code]
        piece, school = case.piece, f"school:{case.school}"
        assert piece is not None
        if not piece.serial:
            return  # of loose pieces the kit's first one is meant, wherever it lies: too little to say
        may = not (case.consignment or case.repair or self.world.in_repair(piece)) and case.count == 1
        place = next((at for (each, at), _ in self.world.held().items() if each == piece), "")
        may = may and (place == STORE or place.startswith("school:"))
        made = self.do("repair a case", case_repairs.start(code, why=WHY), may=may)
        if made is not None:
            case.repair = made
            owner = place.removeprefix("school:") if place.startswith("school:") else ""
            self.world.repairs[made] = Repair(piece, place, owner, case=code)
            self.counted["repair a case: " + ("there" if place == school else "elsewhere")] += 1

    @precondition(lambda self: self.world.repairs)
    @rule(data=st.data())
    def repair(self, data: st.DataObject) -> None:
        open_ones = [code for code, each in self.world.repairs.items() if REPAIR_STEPS[each.state]]
        code = data.draw(st.sampled_from(open_ones * 5 + list(self.world.repairs)))
        repair = self.world.repairs[code]
        steps = sorted({step for each in REPAIR_STEPS.values() for step in each})
        step = data.draw(st.sampled_from([*REPAIR_STEPS[repair.state]] * 5 + steps))
        after = REPAIR_STEPS[repair.state].get(step)
        school = f"school:{repair.school}" if repair.school else ""
        target, may, spare = repair.place, after is not None, None
        if step == "send":
            target = "repairer:ACME"
        elif step == "back" or (step == "give-up" and repair.state in ("sent", "at-repairer")):
            target = STORE
        elif step == "return":
            target, may = school, may and bool(school)
        elif step == "dispose":
            target = SCRAPPED
        elif step == "replace":
            spares = self.world.spares("microbit")
            spare = data.draw(st.sampled_from(spares)) if spares else None
            may = may and bool(school) and spare is not None
        shifts = [Shift(repair.piece, 1, repair.place, target)] if may and target != repair.place else []
        if shifts and step == "dispose" and repair.replaced:
            shifts = regrouped(repair.piece, "", 1, repair.place, target)
        if spare is not None and may:
            shifts = []  # it goes by a consignment, which has a name only when it is made
        given = Given(WHY, repairer="ACME", spare=spare.serial if spare else "", method="ΑΗΗΕ")
        done = self.do(f"repair: {step}", repairs.take_step(code, step, given), shifts, may=may)
        if done is not None:
            repair.state, repair.place = done, target
            assert done == after
            if spare is not None and step == "replace":
                repair.replaced = True
                self._send_in_its_place(repair, spare)
            if repair.case in self.world.cases and done in ("returned", "replaced", "disposed"):
                self._end_case(repair.case)
            elif repair.case in self.world.cases and done in ("kept", "withdrawn"):
                self.world.cases[repair.case].repair = ""

    def _send_in_its_place(self, repair: Repair, spare: Piece) -> None:
        rows = self.run(fetch("SELECT code FROM consignment ORDER BY id DESC LIMIT 1"))
        code = str(rows[0]["code"])
        after = self.world.after(regrouped(spare, "", 1, STORE, f"consignment:{code}"))
        assert after is not None
        self.world.at = after
        self.world.consignments[code] = Consignment(
            repair.school, lines=Counter({replace(spare, kit=""): 1}), joins=repair.piece.kit
        )

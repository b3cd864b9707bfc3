"""Consignments, their receipts, and the cases that these open."""

import uuid
from collections import Counter
from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.stateful import (
    precondition,
    rule,
)

from stem_logistics.db.engine import fetch
from stem_logistics.deliveries import discrepancies, receipts
from stem_logistics.deliveries import service as deliveries
from stem_logistics.deliveries.committee import Extra
from stem_logistics.deliveries.expected import ExpectedLine, expected_lines
from stem_logistics.deliveries.reasons import OUTCOMES
from stem_logistics.deliveries.rules import LineAnswer
from tests.inventory.life.base import SCHOOLS, STEPS, WHY, Base
from tests.inventory.world import LOST, SCRAPPED, STORE, SUPPLIER, Case, Consignment, Piece, Shift


class Shipping(Base):
    """From the store to the school."""

    # consignments
    def _consignment(self, data: st.DataObject, *states: str) -> str | None:
        """One of them, mostly one in such a state."""
        fitting = [code for code, each in self.world.consignments.items() if each.state in states]
        anyone = list(self.world.consignments)
        if not anyone:
            return None
        return data.draw(st.sampled_from(fitting * 5 + anyone))

    def consign(self, school: str) -> str:
        code = self.do("create a consignment", deliveries.create_consignment(school))
        assert code is not None
        self.world.consignments[code] = Consignment(school)
        return code

    @rule(school=st.sampled_from(SCHOOLS), data=st.data())
    def begin(self, school: str, data: st.DataObject) -> None:
        """A consignment with its first kit."""
        code = self.consign(school)
        self._pick(code, self._kit(data, self._in_store))

    @precondition(lambda self: self.world.kits and self.world.consignments)
    @rule(data=st.data())
    def pick(self, data: st.DataObject) -> None:
        code = self._consignment(data, "packing")
        assert code is not None
        self._pick(code, self._kit(data, self._in_store))

    def _pick(self, code: str, kit: str) -> None:
        consignment = self.world.consignments[code]
        inside = self.world.all_of(kit, STORE, f"consignment:{code}")
        may = consignment.state == "packing" and bool(inside) and not self.world.is_packed(kit)
        self.do("pick", deliveries.pick(code, kit), inside, may=may)
        if not may:
            return
        consignment.kits.append(kit)
        consignment.lines.update({shift.piece: shift.count for shift in inside})

    def _unload(self, code: str, kits: Sequence[str]) -> list[Shift]:
        return [shift for kit in kits for shift in self.world.all_of(kit, f"consignment:{code}", STORE)]

    @precondition(lambda self: any(each.kits for each in self.world.consignments.values()))
    @rule(data=st.data())
    def unpick(self, data: st.DataObject) -> None:
        code = self._consignment(data, "packing")
        assert code is not None
        consignment = self.world.consignments[code]
        kit = data.draw(st.sampled_from(consignment.kits or self.world.kits))
        may = consignment.state == "packing" and kit in consignment.kits
        self.do("unpick", deliveries.unpick(code, kit), self._unload(code, [kit]) if may else (), may=may)
        if may:
            consignment.kits.remove(kit)
            for piece in [piece for piece in consignment.lines if piece.kit == kit]:
                del consignment.lines[piece]

    @precondition(lambda self: self.world.consignments)
    @rule(data=st.data(), step=st.sampled_from(["pack", "dispatch", "both", "both", "unpack", "take_back"]))
    def advance(self, data: st.DataObject, step: str) -> None:
        code = self._consignment(data, {"both": "packing"}.get(step, STEPS.get(step, ("",))[0]))
        assert code is not None
        for each in ("pack", "dispatch") if step == "both" else (step,):
            self._advance(code, each)

    def _advance(self, code: str, step: str) -> None:
        before, after = STEPS[step]
        consignment = self.world.consignments[code]
        may = consignment.state == before and (step != "pack" or bool(consignment.kits))
        more = {"courier": "Ταχυμεταφορές"} if step == "dispatch" else {}
        self.do(step, getattr(deliveries, step)(code, **more), may=may)
        if may:
            consignment.state = after

    @precondition(lambda self: self.world.consignments)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        code = self._consignment(data, "packing", "packed", "dispatched")
        assert code is not None
        consignment = self.world.consignments[code]
        may = consignment.state in ("packing", "packed", "dispatched")
        shifts = self._unload(code, consignment.kits) if may else ()
        self.do("cancel", deliveries.cancel(code, why=WHY), shifts, may=may)
        if may:
            consignment.state = "cancelled"

    # receipts and what comes of them
    @precondition(lambda self: any(each.state != "packing" for each in self.world.consignments.values()))
    @rule(data=st.data())
    def confirm(self, data: st.DataObject) -> None:
        """In parts, with damaged and missing pieces, with something that nobody sent, twice, out of date."""
        code = self._consignment(data, "dispatched", "partially-received")
        assert code is not None
        consignment = self.world.consignments[code]
        identified = self.run(deliveries.identify(code))
        lines = self.run(expected_lines(identified["id"]))
        pieces = self._lines_are(consignment, lines)
        travelling, school = f"consignment:{code}", f"school:{consignment.school}"
        answers, shifts, opened = {}, [], []
        for line in lines:
            if not line.outstanding or not data.draw(st.sampled_from([True, True, True, False])):
                continue
            damaged = data.draw(st.integers(0, line.outstanding))
            missing = data.draw(st.integers(0, line.outstanding - damaged))
            received = (
                line.outstanding - damaged - missing - data.draw(st.integers(0, line.outstanding - damaged - missing))
            )
            not_yet = line.outstanding - received - damaged - missing
            answers[line.key] = LineAnswer(
                received, damaged, missing, not_yet,
                "transport" if damaged else "", "parcel-lost" if missing else "",
            )  # fmt: skip
            piece = pieces[line.key]
            for count, target in ((received, school), (damaged, school), (missing, LOST)):
                if count:
                    shifts.append(Shift(piece, count, travelling, target))
            for kind, count in (("damaged", damaged), ("missing", missing)):
                if count:
                    opened.append(Case(kind, consignment.school, piece, count))
        extras = (Extra("surplus", "Καλώδιο", 2),) if data.draw(st.integers(0, 4)) == 4 else ()
        stale = data.draw(st.integers(0, 9)) == 9
        may = consignment.state in ("dispatched", "partially-received") and bool(shifts) and not stale
        given = receipts.Confirmation(
            answers, "Μαρία Ανδρέου", "Διευθύντρια", key=uuid.uuid4().hex,
            seen_parts=consignment.parts + stale, extras=extras,
        )  # fmt: skip
        receipt = self.do("confirm", receipts.confirm(identified["id"], given), shifts, may=may)
        if receipt is None:
            return
        consignment.parts += 1
        for shift in shifts:
            consignment.lines[shift.piece] -= shift.count
        consignment.state = "partially-received" if any(consignment.lines.values()) else "received"
        opened += [Case(extra.kind, consignment.school, None, extra.quantity) for extra in extras]
        self._cases_are(opened)
        if data.draw(st.booleans()):
            again = self.run(receipts.confirm(identified["id"], given))
            assert again["code"] == receipt["code"], "the same form made two receipts"

    def _lines_are(self, consignment: Consignment, lines: Sequence[ExpectedLine]) -> dict[str, Piece]:
        """The lines of the form are what the model says is on its way; by key."""
        pieces = {line.key: Piece(line.kit_code, self._slug(line), line.serial) for line in lines}
        if consignment.state in ("dispatched", "partially-received"):
            found = Counter({pieces[line.key]: line.outstanding for line in lines if line.outstanding})
            assert found == +consignment.lines, "the form's lines are not what was sent"
        return pieces

    def _slug(self, line: ExpectedLine) -> str:
        return next(str(row["slug"]) for row in self.definition.lines if row["item_id"] == line.item_id)

    def _cases_are(self, opened: list[Case]) -> None:
        rows = self.run(fetch("SELECT code, kind, quantity FROM discrepancy WHERE NOT code = ANY($1) ORDER BY id",
                              [*self.world.cases, *self.ended_cases]))  # fmt: skip
        assert sorted((r["kind"], r["quantity"]) for r in rows) == sorted((c.kind, c.count) for c in opened)
        for row in rows:
            detail = self.run(discrepancies.get_discrepancy(row["code"]))
            fitting = next(
                case
                for case in opened
                if (case.kind, case.count) == (row["kind"], row["quantity"])
                and (case.piece.serial if case.piece else "") == (detail["serial_number"] or "")
                and (case.piece.kit if case.piece else "") == (detail["kit_code"] or "")
            )
            opened.remove(fitting)
            self.world.cases[row["code"]] = fitting

    @precondition(lambda self: self.world.cases)
    @rule(data=st.data())
    def close_case(self, data: st.DataObject) -> None:
        code = data.draw(st.sampled_from(list(self.world.cases)))
        case = self.world.cases[code]
        outcome = data.draw(st.sampled_from(OUTCOMES[case.kind]))
        school, piece = f"school:{case.school}", case.piece
        shifts: list[Shift] = []
        may, replacement = True, ""
        if piece is not None and outcome == "re-sent":
            if piece.serial:
                serials = [p for p, at in self.world.held() if at == STORE and p.serial]
                spare = data.draw(st.sampled_from(serials)) if serials else None
                may = spare is not None and spare in self.world.spares(piece.item)
                replacement = spare.serial if spare else "SN-0"
            else:
                spare = self.world.loose_spare(piece.item, case.count)
                may = spare is not None
            shifts = [Shift(spare, case.count, STORE, school)] if spare and may else []
        elif piece is not None and outcome == "found":
            shifts = [Shift(piece, case.count, LOST, school)]
        elif piece is not None and outcome == "credited":
            shifts = [Shift(piece, case.count, LOST if case.kind == "missing" else school, SUPPLIER)]
        elif piece is not None and outcome == "written-off" and case.kind == "damaged":
            shifts = [Shift(piece, case.count, school, SCRAPPED)]
        may = may and self.world.after(shifts) is not None
        self.do(
            f"case {outcome}", discrepancies.close(code, outcome, why=WHY, replacement=replacement), shifts, may=may
        )
        if may:
            del self.world.cases[code]
            self.ended_cases.append(code)

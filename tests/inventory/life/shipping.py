"""Consignments, their receipts, and the cases that these open."""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    precondition,
    rule,
)

from stem_logistics.db.engine import fetch
from stem_logistics.deliveries import discrepancies, quality, receipts, resending, returning
from stem_logistics.deliveries import service as deliveries
from stem_logistics.deliveries.committee import Extra
from stem_logistics.deliveries.expected import ExpectedLine, expected_lines
from stem_logistics.deliveries.reasons import OUTCOMES
from stem_logistics.deliveries.rules import LineAnswer
from tests.inventory.life.base import SCHOOLS, STEPS, WHY, Base
from tests.inventory.world import LOST, SCRAPPED, STORE, SUPPLIER, Case, Consignment, Piece, Shift, regrouped


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
        may = may and not consignment.joins and consignment.origin == STORE
        self.do("pick", deliveries.pick(code, kit), inside, may=may)
        if not may:
            return
        consignment.kits.append(kit)
        consignment.lines.update({shift.piece: shift.count for shift in inside})

    def _unload(self, code: str, kits: Sequence[str]) -> list[Shift]:
        origin = self.world.consignments[code].origin
        place = self.world.consignments[code].place(code)
        loose = [""] if self.world.consignments[code].joins else []
        return [shift for kit in [*kits, *loose] for shift in self.world.all_of(kit, place, origin)]

    def _left(self, consignment: Consignment) -> int:
        """What is still to be scanned into a consignment that sends again."""
        return self.world.cases[consignment.case].count - sum(consignment.lines.values()) if consignment.case else 0

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
        # a stop that has signed for it was told: nothing can be taken back as if it had never left
        may = consignment.state == before and not (step == "take_back" and consignment.signed)
        if step == "pack":
            may = may and bool(consignment.lines) and not self._left(consignment)
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
        # the carrier has what has left: it is where it is until somebody counts it
        left = consignment.state == "dispatched"
        shifts = self._unload(code, self.world.kits) if may and not left else ()
        self.do("cancel", deliveries.cancel(code, why=WHY), shifts, may=may)
        if may:
            consignment.state = "returning" if left else "cancelled"
            if consignment.loan:
                self.world.loans.pop(consignment.loan)
                consignment.loan = ""
            if consignment.case:
                self.world.cases[consignment.case].consignment = ""

    @precondition(lambda self: any(each.state == "returning" for each in self.world.consignments.values()))
    @rule(data=st.data(), lost=st.booleans())
    def come_back(self, data: st.DataObject, lost: bool) -> None:
        """What was cancelled under way is counted: all of it or a part; the rest is awaited, or lost."""
        code = self._consignment(data, "returning")
        assert code is not None
        consignment = self.world.consignments[code]
        place = consignment.place(code)
        may = consignment.state == "returning"
        if not may:
            self.do("come back", returning.confirm(code, None), may=False)
            return
        _, pieces, _ = self.run(returning.awaited(code))
        there = {p: n for (p, at), n in self.world.held().items() if at == place}
        keys = {Piece(x["kit_code"] or "", self._slug_of(x), x["serial"] or ""): x["key"] for x in pieces}
        assert set(keys) == set(there), "what is awaited back is not what is under way"
        came = {piece: data.draw(st.integers(0, count)) for piece, count in there.items()}
        shifts = [Shift(piece, count, place, consignment.origin) for piece, count in came.items() if count]
        short = [Shift(piece, n - came[piece], place, LOST) for piece, n in there.items() if n > came[piece]]
        counted = {keys[piece]: count for piece, count in came.items()}
        may = lost or bool(shifts) or not there
        self.do(
            "come back",
            returning.confirm(code, counted, rest_is_lost=lost, why=WHY),
            [*shifts, *short] if lost else shifts,
            may=may,
        )
        if may and (lost or not short):
            consignment.state = "cancelled"
            self.counted["came back" + (" short" if short else "")] += 1

    def _slug_of(self, row: dict[str, Any]) -> str:
        return next(str(line["slug"]) for line in self.definition.lines if line["item_id"] == row["item_id"])

    # receipts and what comes of them
    @precondition(lambda self: any(each.state != "packing" for each in self.world.consignments.values()))
    @rule(data=st.data())
    def confirm(self, data: st.DataObject) -> None:
        """In parts, with damaged and missing pieces, with something that nobody sent, twice, out of date."""
        code = self._consignment(data, "dispatched", "partially-received")
        assert code is not None
        self._confirm(code, data)

    def _confirm(self, code: str, data: st.DataObject, *, short: bool = False) -> None:
        """Whatever the school may say; `short`: something of every line is missing."""
        consignment = self.world.consignments[code]
        identified = self.run(deliveries.identify(code))
        lines = self.run(expected_lines(identified["id"]))
        pieces = self._lines_are(consignment, lines)
        travelling, school = consignment.place(code), f"school:{consignment.school}"
        answers, shifts, opened = {}, [], []
        for line in lines:
            if not line.outstanding or not (short or data.draw(st.sampled_from([True, True, True, False]))):
                continue
            damaged = 0 if short else data.draw(st.integers(0, line.outstanding))
            missing = data.draw(st.integers(int(short), line.outstanding - damaged))
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
                    shifts += regrouped(piece, consignment.joins or piece.kit, count, travelling, target)
            piece = replace(piece, kit=consignment.joins or piece.kit)
            for kind, count in (("damaged", damaged), ("missing", missing)):
                if count:
                    opened.append(Case(kind, consignment.school, piece, count))
        extras, strays = self._unasked(data, consignment.school)
        stale = not short and data.draw(st.integers(0, 9)) == 9
        may = consignment.state in ("dispatched", "partially-received") and bool(shifts) and not stale
        awaited = {pieces[line.key] for line in lines if line.outstanding}
        may = may and not any(
            stray.device in awaited or (stray.thing and stray.thing in {consignment.joins or p.kit for p in awaited})
            for stray in strays
        )
        later = data.draw(st.integers(0, 3)) == 3
        given = receipts.Confirmation(
            answers, "Μαρία Ανδρέου", "Διευθύντρια", key=uuid.uuid4().hex,
            seen_parts=consignment.parts + stale, extras=extras, quality="later" if later else "looked",
        )  # fmt: skip
        receipt = self.do("confirm", receipts.confirm(identified["id"], given), shifts, may=may)
        if receipt is None:
            return
        consignment.parts += 1
        for shift in shifts:
            if shift.source == travelling:
                consignment.lines[shift.piece] -= shift.count
        if later:
            self.unseen[receipt["code"]] = consignment.school
        consignment.state = "partially-received" if any(consignment.lines.values()) else "received"
        if consignment.case and consignment.state == "received":
            self._leaves(self.world.cases[consignment.case])
            self._end_case(consignment.case)
        opened += strays
        self._cases_are(opened)
        if data.draw(st.booleans()):
            again = self.run(receipts.confirm(identified["id"], given))
            assert again["code"] == receipt["code"], "the same form made two receipts"

    def _unasked(self, data: st.DataObject, school: str) -> tuple[tuple[Extra, ...], list[Case]]:
        """What came without having been sent: mostly nothing; loose pieces, a device or a kit of ours, as typed."""
        what = data.draw(st.sampled_from(["", "", "", "loose", "device", "device", "kit"]))
        if what == "loose":
            return (Extra("surplus", "Καλώδιο", 2),), [Case("surplus", school, None, 2)]
        case = Case("wrong", school, None, 1)
        held = self.world.held()
        devices = [piece for piece, at in held if piece.serial and (at == STORE or at.startswith("school:"))] * 3
        devices += [piece for piece, _ in held if piece.serial]
        if what == "kit":
            case.typed = case.thing = self._kit(data, lambda kit: self._in_store(kit) or self.world.school_of(kit))
        elif what == "device" and devices:
            case.device = data.draw(st.sampled_from(devices))
            serial = case.device.serial
            case.typed = data.draw(st.sampled_from([serial, serial.lower(), serial.replace("0", "O")]))
        else:
            return (), []
        return (Extra("wrong", "Κάτι άλλο", 1, case.typed),), [case]

    @precondition(lambda self: self.unseen)
    @rule(data=st.data(), go_on=st.booleans())
    def look_at_quality(self, data: st.DataObject, go_on: bool) -> None:
        """What was only counted is looked at: nothing moves, what is damaged opens its case; once only."""
        code = data.draw(st.sampled_from(list(self.unseen)))
        school = self.unseen.pop(code)
        kits = {r["id"]: r["code"] for r in self.run(fetch("SELECT id, code FROM kit"))}
        found, opened = {}, []
        for line in self.run(quality.to_look_at(code))["lines"]:
            if damaged := data.draw(st.integers(0, line["received"])) if go_on else 0:
                found[line["id"]] = quality.Found(damaged, "defective")
                piece = Piece(kits[line["kit_id"]], line["item"], line["serial_number"] or "")
                opened.append(Case("damaged", school, piece, damaged))
        looked = quality.Looked("tried", "Μαρία Ανδρέου", "Διευθύντρια", found)
        self.do("look at the quality", quality.record(code, looked))
        self._cases_are(opened)
        self.do("look at the quality twice", quality.record(code, looked), may=False)

    def _leaves(self, case: Case) -> None:
        """What is lost and was sent again belongs to its kit no more."""
        if case.kind != "missing" or case.piece is None or self.world.at[case.piece, LOST] < case.count:
            return
        after = self.world.after(regrouped(case.piece, "", case.count, LOST, LOST))
        assert after is not None
        self.world.at = after

    def _lines_are(self, consignment: Consignment, lines: Sequence[ExpectedLine]) -> dict[str, Piece]:
        """The lines of the form are what the model says is on its way; by key."""
        kits = {r["id"]: r["code"] for r in self.run(fetch("SELECT id, code FROM kit"))}
        pieces = {
            line.key: Piece("" if consignment.joins else kits[line.kit_id], self._slug(line), line.serial)
            for line in lines
        }
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
        kits = {r["id"]: r["code"] for r in self.run(fetch("SELECT id, code FROM kit"))}
        for row in rows:
            detail = self.run(discrepancies.get_discrepancy(row["code"]))
            fitting = next(
                case
                for case in opened
                if (case.kind, case.count) == (row["kind"], row["quantity"])
                and (case.piece.serial if case.piece else case.typed) == (detail["serial_number"] or "")
                and (case.piece.kit if case.piece else "") == kits.get(detail["kit_id"], "")
            )
            opened.remove(fitting)
            self.world.cases[row["code"]] = fitting

    @precondition(lambda self: self.world.cases)
    @rule(data=st.data())
    def close_case(self, data: st.DataObject) -> None:
        unasked = [code for code, each in self.world.cases.items() if each.typed]
        code = data.draw(st.sampled_from(unasked * 3 + list(self.world.cases)))
        case = self.world.cases[code]
        elsewhere = ("re-sent", "repaired") if case.piece is not None and case.piece.serial else ("re-sent",)
        outcome = data.draw(st.sampled_from([each for each in OUTCOMES[case.kind] if each not in elsewhere]))
        school, piece = f"school:{case.school}", case.piece
        shifts: list[Shift] = []
        if piece is not None and outcome == "found":
            shifts = [Shift(piece, case.count, LOST, school)]
        elif piece is not None and outcome == "credited":
            shifts = [Shift(piece, case.count, LOST if case.kind == "missing" else school, SUPPLIER)]
        elif piece is not None and outcome == "written-off" and case.kind == "damaged":
            shifts = [Shift(piece, case.count, school, SCRAPPED)]
        may = not case.consignment and not case.repair
        if parts := case.parts(self.world):
            target = school if outcome == "kept" else STORE
            shifts = [Shift(piece, count, at, target) for piece, at, count in parts if at != target]
            bound = any(shift.source.startswith(("consignment:", "return:", "repairer:")) for shift in shifts)
            may = may and not bound and not self._is_bound(case)
        elif case.typed:
            may = False  # it went back to its supplier
        may = may and self.world.after(shifts) is not None
        self.do(f"case {outcome}", discrepancies.close(code, outcome, why=WHY), shifts, may=may)
        if may:
            self._end_case(code)
            if case.thing and shifts:
                self.world.holders.pop(case.thing, None)
                self.counted["a kit that came unasked moved"] += 1
            elif case.device and shifts:
                self.counted["a device that came unasked moved"] += 1

    def _is_bound(self, case: Case) -> bool:
        """Whether a repair or a loan holds what came unasked."""
        ended = ("returned", "kept", "disposed", "withdrawn")
        open_ones = [repair.piece for repair in self.world.repairs.values() if repair.state not in ended]
        if case.device is not None:
            return case.device in open_ones or case.device.kit in self.world.loans
        return case.thing in {piece.kit for piece in open_ones} or case.thing in self.world.loans

    # what is sent again
    @precondition(lambda self: any(case.piece for case in self.world.cases.values()))
    @rule(data=st.data(), go_on=st.booleans())
    def send_again(self, data: st.DataObject, go_on: bool) -> None:
        """A case gets its consignment: loose pieces are in at once, devices are scanned in."""
        fitting = [
            (code, case.piece)
            for code, case in self.world.cases.items()
            if case.piece and not case.consignment and not case.repair
        ]
        devices = [code for code, piece in fitting if piece.serial]
        code = data.draw(st.sampled_from(devices * 9 + [code for code, _ in fitting] * 3 + list(self.world.cases)))
        case = self.world.cases[code]
        given: list[tuple[Piece, int]] = []
        may = case.piece is not None and not case.consignment and not case.repair
        if case.piece is not None and case.piece.serial:
            may = may and len(self.world.spares(case.piece.item)) >= case.count
        elif case.piece is not None:
            given = self.world.loose_spares(case.piece.item, case.count)
            may = may and sum(count for _, count in given) == case.count
        if not may:
            self.do("send again", resending.start(code, "central-store", why=WHY), may=False)
            return
        # where the pieces go has a name only once it is made
        made = self.do("send again", resending.start(code, "central-store", why=WHY))
        assert made is not None
        assert case.piece is not None
        again = self.world.consignments[made] = Consignment(case.school, case=code, joins=case.piece.kit)
        case.consignment = made
        for piece, count in given:
            after = self.world.after(regrouped(piece, "", count, STORE, f"consignment:{made}"))
            assert after is not None
            self.world.at = after
            again.lines[replace(piece, kit="")] += count
        self.do("send again twice", resending.start(code, "central-store", why=WHY), may=False)
        if go_on:
            for _ in range(self._left(again)):
                self._put_in(made, data.draw(st.sampled_from(self.world.spares("microbit"))))
            for step in ("pack", "dispatch"):
                self._advance(made, step)
            if data.draw(st.booleans()):
                self._confirm(made, data)
                self.counted["sent again: " + again.state] += 1

    @precondition(lambda self: any(each.case for each in self.world.consignments.values()))
    @rule(data=st.data(), out=st.booleans())
    def scan_again(self, data: st.DataObject, out: bool) -> None:
        """A device into such a consignment, one that may or may not; or out of it."""
        every = self.world.consignments
        fitting = [code for code, each in every.items() if each.case and each.state == "packing"]
        code = data.draw(st.sampled_from(fitting * 5 + [code for code, each in every.items() if each.case]))
        inside = [piece for piece in every[code].lines if piece.serial]
        devices = [piece for piece, _ in self.world.held() if piece.serial]
        if out and inside:
            piece = data.draw(st.sampled_from(inside))
            may = every[code].state == "packing"
            shifts = [Shift(piece, 1, f"consignment:{code}", STORE)] if may else []
            self.do("take a device out", resending.take_out(code, piece.serial), shifts, may=may)
            if may:
                del every[code].lines[piece]
        elif devices:
            self._put_in(code, data.draw(st.sampled_from(self.world.spares("microbit") * 3 + devices)))

    def _put_in(self, code: str, piece: Piece) -> None:
        again = self.world.consignments[code]
        may = again.state == "packing" and self._left(again) > 0 and piece in self.world.spares("microbit")
        case = self.world.cases.get(again.case)
        may = may and case is not None and case.piece is not None and bool(case.piece.serial)
        shifts = regrouped(piece, "", 1, STORE, f"consignment:{code}") if may else []
        self.do("put a device in", resending.put_in(code, piece.serial), shifts, may=may)
        if may:
            again.lines[replace(piece, kit="")] += 1

"""The rule beside what else people use: a greedy sheet, min-cost flow (OR-tools), MILP (HiGHS), on one wave of 14,000.

A *justified claim* is a school that would rather have another kit and is entitled to it: a place it may have is
empty, a guaranteed place that it fits went to nobody who fits, or a weaker school sits on a line that is open to both.
Speed is the processor's time from parsed values to the choice.
"""

import json
import subprocess
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from benchmarks.allocation import applicants, wave
from benchmarks.row import Row
from stem_logistics.allocation.model import OPEN, AllocationInput, Applicant, Award, ticket
from stem_logistics.allocation.rules import fitting_lines, solve

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / ".venv-peers" / "bin" / "python"
SCHOOLS = 14_000
GUARANTEE = 10**7  # what a filled guaranteed place is worth to a solver: more than any score
Seat = tuple[int, int]  # a kit and one of its lines; the last line is the open one


class Instance:
    """One wave in the terms of all the programs."""

    def __init__(self, schools: int) -> None:
        self.data = AllocationInput(wave(schools), applicants(schools), "")
        self.kits = self.data.wave.kits
        self.rank = {a.id: (-a.score, ticket(self.data.wave.seed, a.id)) for a in self.data.applicants}
        self.order = sorted(self.data.applicants, key=lambda a: self.rank[a.id])
        self.seats = [(k, n) for k, kit in enumerate(self.kits) for n in range(len(kit.reserves) + 1)]
        self.numbers = {kit.id: k for k, kit in enumerate(self.kits)}
        self.fits = {a.id: {self.numbers[wish]: self._lines(wish, a) for wish in a.preferences} for a in self.order}

    def _lines(self, wish: str, a: Applicant) -> list[int]:
        mask = fitting_lines(self.kits[self.numbers[wish]], a.categories)
        return [n for n in range(5) if mask >> n & 1]

    def problem(self) -> dict[str, Any]:
        """What the solvers read."""
        index = {seat: number for number, seat in enumerate(self.seats)}
        regions = sorted({a.region for a in self.data.applicants})
        caps = [
            [(self.kits[k].open_region_cap or {}).get(region, -1) for region in regions]
            if n == len(self.kits[k].reserves) else None
            for k, n in self.seats
        ]  # fmt: skip
        place = {region: number for number, region in enumerate(regions)}
        arcs = []
        for number, a in enumerate(self.data.applicants):
            for wish, (kit, lines) in enumerate(self.fits[a.id].items()):
                worth = a.score // 10_000 * 8 - wish
                arcs += [(number, index[kit, n], place[a.region], -worth - GUARANTEE) for n in lines]
                arcs.append((number, index[kit, len(self.kits[kit].reserves)], place[a.region], -worth))
        seats = [(k, [*(line.places for line in self.kits[k].reserves), self.kits[k].stock][n]) for k, n in self.seats]
        stock = [kit.stock for kit in self.kits]
        return {"schools": len(self.data.applicants), "seats": seats, "stock": stock, "caps": caps, "arcs": arcs}

    def claims(self, held: dict[str, Seat]) -> int:
        """How many schools have a justified claim."""
        on: defaultdict[Seat, list[Any]] = defaultdict(list)
        for a in self.data.applicants:
            if a.id in held:
                on[held[a.id]].append((self.rank[a.id], a.region))
        weakest = {seat: max(there)[0] for seat, there in on.items()}
        in_region = Counter((k, region) for (k, n), there in on.items() if n == 5 for _, region in there)
        of_region: dict[tuple[int, str], Any] = {}
        for (k, n), there in on.items():
            for rank, region in there if n == 5 else ():
                of_region[k, region] = max(rank, of_region.get((k, region), rank))
        taken = Counter(k for (k, _), there in on.items() for _ in there)
        unfilled = {(k, n) for k, kit in enumerate(self.kits) for n, line in enumerate(kit.reserves)
                    if len(on.get((k, n), ())) < line.places}  # fmt: skip
        count = 0
        for a in self.data.applicants:
            own = self.rank[a.id]
            for kit, lines in self.fits[a.id].items():
                if held.get(a.id, (-1, 0))[0] == kit:
                    break
                cap = (self.kits[kit].open_region_cap or {}).get(a.region)
                spare = taken[kit] < self.kits[kit].stock
                capped = cap is not None and in_region[kit, a.region] >= cap
                beats = own < (of_region.get((kit, a.region), own) if capped else weakest.get((kit, 5), own))
                if (
                    beats
                    or (spare and not capped)
                    or any((kit, n) in unfilled or own < weakest.get((kit, n), own) for n in lines)
                ):
                    count += 1
                    break
        return count

    def greedy(self, *, guarantee: bool) -> dict[str, Seat]:
        """A sheet sorted by score: each takes the first kit that still has a place for it; what is left, the next."""
        left = {(k, n): line.places for k, kit in enumerate(self.kits) for n, line in enumerate(kit.reserves)}
        left |= {(k, 5): kit.stock - sum(line.places for line in kit.reserves) for k, kit in enumerate(self.kits)}
        if not guarantee:
            left = {(k, n): self.kits[k].stock if n == 5 else 0 for k, n in left}
        caps = {k: Counter(kit.open_region_cap or {}) for k, kit in enumerate(self.kits)}
        held: dict[str, Seat] = {}
        for _ in range(2):
            for a in self.order:
                for kit, lines in self.fits[a.id].items() if a.id not in held else ():
                    may = not self.kits[kit].open_region_cap or caps[kit][a.region] > 0
                    seat = next(((kit, n) for n in [*lines, *([5] if may else [])] if left[kit, n] > 0), None)
                    if seat is not None:
                        held[a.id] = seat
                        left[seat] -= 1
                        caps[kit][a.region] -= seat[1] == 5
                        break
            for k, n in left:  # guaranteed places that nobody took are given to the next
                if n != 5:
                    left[k, 5], left[k, n] = left[k, 5] + left[k, n], 0
        return held

    def ours(self) -> dict[str, Seat]:
        return {name: self.seat(award) for name, award in solve(self.data).allocation.items()}

    def seat(self, award: Award) -> Seat:
        kit = self.numbers[award.kit]
        lines = [line.id for line in self.kits[kit].reserves]
        return kit, 5 if award.line == OPEN else lines.index(award.line)

    def solver(self, name: str, given: str) -> tuple[float, dict[str, Seat]]:
        command = [str(PEERS), str(ROOT / "benchmarks" / "_allocation_peers.py"), name]
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=True, timeout=900)
        answer = json.loads(done.stdout.splitlines()[-1])
        pairs = zip(self.data.applicants, answer["seats"], strict=True)
        return answer["seconds"], {a.id: self.seats[seat] for a, seat in pairs if seat >= 0}


def run(schools: int = SCHOOLS) -> list[Row]:
    """The table: seconds, claims, and whether two solvers chose the same schools."""
    case = Instance(schools)
    begun = time.process_time()
    ours = case.ours()
    taken = time.process_time() - begun
    claims = case.claims(ours)
    table = [
        Row(f"the rule, {schools:,} schools, 6 kits", f"{taken * 1000:.0f} ms, {claims} claims", claims, "0 claims", 0)
    ]
    for title, guarantee in (
        ("  greedy sheet, by score alone", False),
        ("  greedy sheet, guaranteed places first", True),
    ):
        begun = time.process_time()
        sheet = case.greedy(guarantee=guarantee)
        table.append(_row(title, time.process_time() - begun, taken, case, sheet))
    if not PEERS.exists():
        return table
    given, winners = json.dumps(case.problem()), []
    for name, title in (("flow", "  min-cost flow (OR-tools)"), ("milp", "  MILP (HiGHS)")):
        try:
            seconds, held = case.solver(name, given)
        except (subprocess.SubprocessError, ValueError) as error:
            table.append(Row(title, f"did not answer ({type(error).__name__})"))
            continue
        winners.append(held)
        table.append(_row(title, seconds, taken, case, held))
    if len(winners) == 2:
        apart = sum(winners[0].get(a.id, (-1, 0))[0] != winners[1].get(a.id, (-1, 0))[0] for a in case.data.applicants)
        table.append(Row("  schools to which the two solvers give something else", str(apart)))
    return table


def _row(title: str, seconds: float, ours: float, case: Instance, held: dict[str, Seat]) -> Row:
    return Row(title, f"{seconds * 1000:,.0f} ms, {case.claims(held):,} claims", seconds / ours, "the rule's time")

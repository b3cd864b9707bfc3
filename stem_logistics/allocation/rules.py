"""How a wave's kits are allocated: the rule, pure. No database, no clock, no randomness, no floats.

    outcome = solve(parse_input(data))

`parsing.parse_input` reads and validates the file, `reasons.outcome_chunks` writes the outcome,
`verify` checks it without sharing a line with this. docs/allocation.md explains the rule to readers.

Schools are taken in strict order, strongest first, and each asks its kits one after another until one holds
it; whoever it pushes out goes on asking at once (applicant-proposing deferred acceptance). As all kits use
the same strict order, a newcomer is weaker than everyone before: once a kit is full and its lines are closed
to a kind of school, all weaker ones of that kind are refused without being ranked. So only the top of the
list is ever sorted, and no tickets are drawn for the rest.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stem_logistics.allocation.choice import Desk
from stem_logistics.allocation.model import (
    CLOSED,
    OPEN,
    UNIVERSITY,
    AllocationInput,
    Applicant,
    Award,
    Cutoff,
    Kit,
    Outcome,
    Pair,
    Wave,
    ticket,
)
from stem_logistics.allocation.reserves import NOBODY, CanonicalLines

# A school's kind: schools of one kind ask the same desks with the same masks.
_Kind = tuple[str, tuple[str, ...], tuple[str, ...]]
_Plan = tuple[tuple[Desk, int], ...]


def solve(data: AllocationInput) -> Outcome:
    """Allocate the kits of a wave.

    Args:
        data: a validated input (see `parsing.parse_input`).

    Returns:
        Who gets which kit on which line, and every kit's effective cut-offs.
    """
    wave = data.wave
    departments: list[Applicant] = []
    by_score: defaultdict[int, list[Applicant]] = defaultdict(list)
    for applicant in data.counting.values():
        if applicant.level == UNIVERSITY:
            departments.append(applicant)
        else:
            by_score[applicant.score].append(applicant)
    allocation, used = _blocks(wave, departments)
    stock = {kit.id: kit.stock - used[kit.id] * wave.block_size for kit in wave.kits}
    ranking = _defer(wave, stock, by_score)
    cutoffs: dict[str, dict[str, Cutoff]] = {}
    for kit, desk in zip(wave.kits, ranking.desks, strict=True):
        cutoffs[kit.id] = _settle(kit, desk, ranking, allocation)
    return Outcome(data.sha256, allocation, cutoffs, stock)


def fitting_lines(kit: Kit, categories: Sequence[str]) -> int:
    """The reserve lines of a kit, with places, that a school with these categories fits, as a bit mask."""
    mask = 0
    for number, line in enumerate(kit.reserves):
        if line.places and not line.any_of.isdisjoint(categories):
            mask |= 1 << number
    return mask


@dataclass(slots=True)
class _Ranking:
    """The schools that were ever held, by rank, and the desks that hold them."""

    desks: list[Desk]
    schools: list[Applicant]
    tickets: list[str]

    def pair(self, rank: int) -> Pair:
        return Pair(self.schools[rank].score, self.tickets[rank])


def _blocks(wave: Wave, departments: list[Applicant]) -> tuple[dict[str, Award], dict[str, int]]:
    """Step 2: whole blocks for the departments, in strict order. `levels` do not bind them."""
    left = {kit.id: kit.university_blocks for kit in wave.kits}
    awards: dict[str, Award] = {}
    for department in sorted(departments, key=lambda a: (-a.score, ticket(wave.seed, a.id))):
        for wish in department.preferences:
            if left[wish]:
                left[wish] -= 1
                awards[department.id] = Award(wish, UNIVERSITY, wave.block_size)
                break
    return awards, {kit.id: kit.university_blocks - left[kit.id] for kit in wave.kits}


class _Plans(dict[_Kind, _Plan]):
    """Which desks a kind of school asks, in its order, and with which mask: void preferences are left out."""

    def __init__(self, kits: Sequence[Kit], desks: Sequence[Desk]) -> None:
        super().__init__()
        self._kits = {kit.id: (kit, desk) for kit, desk in zip(kits, desks, strict=True)}
        self._masks: dict[tuple[str, tuple[str, ...]], int] = {}

    def __missing__(self, kind: _Kind) -> _Plan:
        level, categories, preferences = kind
        plan = []
        for wish in preferences:
            kit, desk = self._kits[wish]
            if level in kit.levels:
                if (wish, categories) not in self._masks:
                    self._masks[wish, categories] = fitting_lines(kit, categories)
                plan.append((desk, self._masks[wish, categories]))
        self[kind] = tuple(plan)
        return self[kind]


def _defer(wave: Wave, stock: Mapping[str, int], by_score: Mapping[int, list[Applicant]]) -> _Ranking:
    """Steps 4 to 6: deferred acceptance over all schools."""
    regions: list[str] = []
    desks = [
        Desk(kit.id, stock[kit.id], [line.places for line in kit.reserves], kit.open_region_cap or {}, regions)
        for kit in wave.kits
    ]
    ranking = _Ranking(desks, [], [])
    plans = _Plans(wave.kits, desks)
    plan_of: list[_Plan] = []
    asked: list[int] = []  # how many desks of its plan a school has asked

    for score in sorted(by_score, reverse=True):
        if all(desk.shut(0) and desk.reserve.full for desk in desks):
            break
        # Kinds for which every desk is shut have an empty plan by now: they need no ticket and no rank.
        hopeful = [a for a in by_score[score] if plans[a.level, a.categories, a.preferences]]
        drawn = {ticket(wave.seed, a.id): a for a in hopeful}
        for drawn_ticket in sorted(drawn):
            school = drawn[drawn_ticket]
            kind = (school.level, school.categories, school.preferences)
            plan = plans[kind]
            rank = len(regions)
            regions.append(school.region)
            for position, (desk, mask) in enumerate(plan, 1):
                if desk.shut(mask):
                    continue
                refused = desk.offer(rank, mask)
                if refused != rank:
                    ranking.schools.append(school)
                    ranking.tickets.append(drawn_ticket)
                    plan_of.append(plan)
                    asked.append(position)
                    _move_on(refused, plan_of, asked)
                    break
            else:
                regions.pop()  # nobody holds it, so nothing remembers its rank
                if all(desk.shut(mask) for desk, mask in plan):
                    plans[kind] = ()
    return ranking


def _move_on(refused: int, plan_of: Sequence[_Plan], asked: list[int]) -> None:
    """Whoever was pushed out asks its next kit, and so on until nobody is refused."""
    while refused != NOBODY and asked[refused] < len(plan_of[refused]):
        desk, mask = plan_of[refused][asked[refused]]
        asked[refused] += 1
        refused = desk.offer(refused, mask)


def _settle(kit: Kit, desk: Desk, ranking: _Ranking, allocation: dict[str, Award]) -> dict[str, Cutoff]:
    """Step 7 and the certificate of one kit: writes the awards, gives the effective cut-offs."""
    lines = CanonicalLines([line.places for line in kit.reserves], desk.reserve.ranks())
    cutoffs: dict[str, Cutoff] = {}
    for number, line in enumerate(kit.reserves):
        for rank in lines.members(number):
            allocation[ranking.schools[rank].id] = Award(kit.id, line.id, 1)
        if not line.places:
            cutoffs[line.id] = CLOSED
        else:
            weakest = lines.weakest_reachable(number)
            cutoffs[line.id] = None if weakest is None else ranking.pair(weakest)
    in_region: defaultdict[str, list[int]] = defaultdict(list)
    for rank in desk.open:
        allocation[ranking.schools[rank].id] = Award(kit.id, OPEN, 1)
        in_region[ranking.schools[rank].region].append(rank)
    if desk.reserve.count == desk.seats:
        cutoffs[OPEN] = CLOSED
    elif desk.reserve.count + len(desk.open) < desk.seats:
        cutoffs[OPEN] = None
    else:
        cutoffs[OPEN] = ranking.pair(max(desk.open))
    for region, cap in (kit.open_region_cap or {}).items():
        if not cap:  # a region that may hold none is at its cap, whatever else happens
            cutoffs[f"{OPEN}@{region}"] = CLOSED
        elif len(in_region[region]) == cap:
            cutoffs[f"{OPEN}@{region}"] = ranking.pair(max(in_region[region]))
    return cutoffs

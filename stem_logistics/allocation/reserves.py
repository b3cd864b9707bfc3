"""Matching schools to the reserve lines of one kit. Lines are numbered in published order.

A school is known by its rank in the strict order (0 is the strongest) and by the set of lines it fits, a
bit mask (bit c for line c; lines with no places are in no mask). Schools with the same mask are
interchangeable here, so that the search walks over lines and masks, never over schools.
"""

from bisect import insort
from collections.abc import Iterable, Sequence
from functools import lru_cache
from heapq import heappop, heappush

NOBODY = -1


@lru_cache(maxsize=65536)
def bits(mask: int) -> tuple[int, ...]:
    """The lines in a mask, in published order."""
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return tuple(found)


class ReserveBook:
    """Who is kept in stage 1 of a kit's choice, as schools arrive in any order.

    Keeps the strongest set that can be matched to the places (the greedy basis of a transversal matroid):
    a newcomer with a way to a free place is added; otherwise it and the schools on all lines that its own
    lines lead to are one too many for those lines, and the weakest of them leaves.
    """

    __slots__ = ("_dead", "_free", "_kept", "_on", "_weakest", "count", "places")

    def __init__(self, places: Sequence[int]) -> None:
        self.places = sum(places)
        self.count = 0
        self._free = list(places)
        self._on: list[dict[int, int]] = [{} for _ in places]  # line -> mask -> how many schools of it
        self._kept: dict[int, list[int]] = {}  # mask -> heap of negative ranks: the weakest first
        self._dead: set[int] = set()  # masks with no way to a free place; a mask never leaves it
        self._weakest = NOBODY  # no school kept so far is weaker than this rank

    @property
    def full(self) -> bool:
        """Whether every place is filled, so that only a stronger school can still come in."""
        return self.count == self.places

    def dead(self, mask: int) -> bool:
        """Whether a school with this mask that is weaker than all kept ones has no chance any more."""
        return mask in self._dead

    def offer(self, rank: int, mask: int) -> int:
        """Let a school ask for a reserve place; gives who is left over: another, itself, or NOBODY."""
        if mask in self._dead and rank > self._weakest:
            return rank
        came_from: dict[int, int] = dict.fromkeys(bits(mask), NOBODY)
        queue = list(came_from)
        for line in queue:  # the queue grows as we walk
            if self._free[line]:
                self._free[line] -= 1
                self._shift(line, mask, came_from)
                self._keep(rank, mask)
                self.count += 1
                return NOBODY
            for other in self._on[line]:
                for reached in bits(other):
                    if reached not in came_from:
                        came_from[reached] = line
                        queue.append(reached)
        self._dead.add(mask)
        loser, loser_mask = rank, mask
        for other in {m for line in queue for m in self._on[line]}:
            weakest = -self._kept[other][0]
            if weakest > loser:
                loser, loser_mask = weakest, other
        if loser != rank:
            heappop(self._kept[loser_mask])
            line = next(line for line in queue if loser_mask in self._on[line])
            self._leave(line, loser_mask)
            self._shift(line, mask, came_from)
            self._keep(rank, mask)
        return loser

    def ranks(self) -> list[tuple[int, int]]:
        """Rank and mask of the kept schools, strongest first."""
        return sorted((-rank, mask) for mask, heap in self._kept.items() for rank in heap)

    def _keep(self, rank: int, mask: int) -> None:
        heappush(self._kept.setdefault(mask, []), -rank)
        self._weakest = max(self._weakest, rank)

    def _leave(self, line: int, mask: int) -> None:
        self._on[line][mask] -= 1
        if not self._on[line][mask]:
            del self._on[line][mask]

    def _shift(self, line: int, mask: int, came_from: dict[int, int]) -> None:
        """Fill one empty place of `line` along the way that was found; the newcomer sits at its start."""
        while (before := came_from[line]) != NOBODY:
            moving = next(m for m in self._on[before] if m >> line & 1)
            self._leave(before, moving)
            self._on[line][moving] = self._on[line].get(moving, 0) + 1
            line = before
        self._on[line][mask] = self._on[line].get(mask, 0) + 1


class CanonicalLines:
    """Step 7: which line each kept school counts on, from the final set alone."""

    def __init__(self, places: Sequence[int], kept: Iterable[tuple[int, int]]) -> None:
        """Seat the kept schools, given as (rank, mask) strongest first."""
        self.places = places
        # line -> mask -> the ranks of the schools with that mask on that line, ascending
        self.on: list[dict[int, list[int]]] = [{} for _ in places]
        self._counts = [0] * len(places)
        for rank, mask in kept:
            self._seat(rank, mask)

    def _seat(self, rank: int, mask: int) -> None:
        came_from: dict[int, int] = dict.fromkeys(bits(mask), NOBODY)
        queue = list(came_from)
        for line in queue:
            if self._counts[line] < self.places[line]:
                break
            reachable = 0
            for other in self.on[line]:
                reachable |= other
            for reached in bits(reachable):
                if reached not in came_from:
                    came_from[reached] = line
                    queue.append(reached)
        else:
            raise AssertionError("the kept schools can be matched, so there is always a way")
        self._counts[line] += 1
        while (before := came_from[line]) != NOBODY:
            on = self.on[before]
            weakest = max((m for m in on if m >> line & 1), key=lambda m: on[m][-1])
            moving = on[weakest].pop()
            if not on[weakest]:
                del on[weakest]
            insort(self.on[line].setdefault(weakest, []), moving)
            line = before
        insort(self.on[line].setdefault(mask, []), rank)

    def members(self, line: int) -> Iterable[int]:
        """The ranks of the schools on a line."""
        return (rank for ranks in self.on[line].values() for rank in ranks)

    def weakest_reachable(self, line: int) -> int | None:
        """The rank of the weakest school on any line reachable from this one; None if one is not full.

        An arrow leads from a line to each other that some school on it fits.
        """
        queue, seen, weakest = [line], {line}, NOBODY
        for c in queue:
            if self._counts[c] < self.places[c]:
                return None
            for mask, ranks in self.on[c].items():
                weakest = max(weakest, ranks[-1])
                for d in bits(mask):
                    if d not in seen:
                        seen.add(d)
                        queue.append(d)
        return weakest

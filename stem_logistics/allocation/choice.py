"""The two-stage choice of one kit (step 5), kept up to date while schools ask one after another."""

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush

from stem_logistics.allocation.reserves import NOBODY, ReserveBook


class Desk:
    """A kit's desk: it holds its choice among all who have asked so far.

    `offer` gives the one school that the new one pushes out (perhaps itself), so that the work for a
    question depends on the number of lines and not on the number of schools held. That one at most leaves,
    and that who was once refused never comes back in, is what makes the rule independent of the order of
    asking; tests/allocation compares it with the definition, written out.
    """

    __slots__ = ("_by_region", "_caps", "_heap", "_regions", "name", "open", "reserve", "seats")

    def __init__(
        self, name: str, seats: int, places: Sequence[int], caps: Mapping[str, int], regions: Sequence[str]
    ) -> None:
        """Open a desk.

        Args:
            name: the kit.
            seats: its stock for schools.
            places: of each reserve line, in published order.
            caps: the most open places for a region, where there is a limit.
            regions: the region of each rank (a list that grows as schools get their rank).
        """
        self.name = name
        self.seats = seats
        self.reserve = ReserveBook(places)
        self.open: set[int] = set()
        self._caps = caps
        self._regions = regions
        self._heap: list[int] = []  # negative ranks on open places; those that left stay until they come up
        self._by_region: dict[str, list[int]] = {region: [] for region in caps}  # the same, exact

    def shut(self, mask: int) -> bool:
        """Whether a school with this mask, weaker than all before it, can only be refused."""
        return self.reserve.count + len(self.open) >= self.seats and (
            not mask or self.reserve.full or self.reserve.dead(mask)
        )

    def offer(self, rank: int, mask: int) -> int:
        """A school asks; gives the rank of who is refused now, or NOBODY."""
        if mask:
            rank = self.reserve.offer(rank, mask)
            if rank == NOBODY:
                # One more reserve place is filled; if that was the last kit, an open place went.
                if self.reserve.count + len(self.open) > self.seats:
                    return self._remove_weakest()
                return NOBODY
        return self._offer_open(rank)

    def _offer_open(self, rank: int) -> int:
        region = self._regions[rank]
        cap = self._caps.get(region)
        if cap is not None and len(self._by_region[region]) >= cap:
            held = self._by_region[region]
            if not held or rank > -held[0]:
                return rank
            refused = -heappop(held)
            self.open.remove(refused)
        elif self.reserve.count + len(self.open) < self.seats:
            refused = NOBODY
        else:
            weakest = self._weakest()
            if rank > weakest:
                return rank
            refused = self._remove_weakest()
        self.open.add(rank)
        heappush(self._heap, -rank)
        if cap is not None:
            heappush(self._by_region[region], -rank)
        return refused

    def _weakest(self) -> int:
        while self._heap and -self._heap[0] not in self.open:
            heappop(self._heap)
        return -self._heap[0] if self._heap else NOBODY

    def _remove_weakest(self) -> int:
        weakest = self._weakest()
        heappop(self._heap)
        self.open.remove(weakest)
        region = self._regions[weakest]
        if region in self._caps:
            heappop(self._by_region[region])  # the weakest of all is the weakest of its region
        return weakest

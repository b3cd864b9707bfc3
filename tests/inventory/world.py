"""The stock in plain Python: what every operation should leave, kept by counting and by nothing else.

It knows no table and calls nothing of the service. Places are named by words (`store`, `school:0501659`,
`consignment:C…`, `consignment:C…@Depot` in the hands of a stop, `return:B…`, `repairer:ACME`, `lost`, `scrapped`,
`supplier`); a piece is its kit, item and serial number, with an empty serial number for those that are only counted.
The supplier's side goes below nothing, so that all places together always hold nothing.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

STORE, LOST, SCRAPPED, SUPPLIER = "store", "lost", "scrapped", "supplier"
REGROUPING = "regrouping"  # between one kit and another, for no time at all
OUTSIDE = (SUPPLIER, REGROUPING)


@dataclass(frozen=True, order=True)
class Piece:
    """What moves as one: a device, or so many of an item in a kit; loose ones have none."""

    kit: str
    item: str
    serial: str = ""


@dataclass(frozen=True)
class Shift:
    """So many of a piece from one place to another."""

    piece: Piece
    count: int
    source: str
    target: str


def regrouped(piece: Piece, kit: str, count: int, source: str, target: str) -> list[Shift]:
    """So many of a piece from one place to another, of another kit (or of none) when they are there."""
    if piece.kit == kit:
        return [Shift(piece, count, source, target)]
    return [
        Shift(piece, count, source, REGROUPING),
        Shift(replace(piece, kit=kit), count, REGROUPING, target),
    ]


Balances = Counter[tuple[Piece, str]]


@dataclass
class Consignment:
    """A consignment: `lines` holds what was sent and is not accounted for yet."""

    school: str
    state: str = "packing"
    kits: list[str] = field(default_factory=list)
    lines: Counter[Piece] = field(default_factory=Counter)
    parts: int = 0
    case: str = ""  # what it sends again
    loan: str = ""  # the kit whose loan it begins, while that is not ended
    origin: str = STORE  # where it leaves from
    joins: str = ""  # the kit that its pieces join when they are accounted for
    way: list[str] = field(default_factory=list)  # the stops that have not signed for it
    signed: list[str] = field(default_factory=list)  # those that have

    def place(self, code: str) -> str:
        """Where it is: on its way, or in the hands of the last stop that signed."""
        return f"consignment:{code}" + (f"@{self.signed[-1]}" if self.signed else "")

    @property
    def holds_kits(self) -> bool:
        """Whether its kits can be in no other one."""
        return self.state not in ("received", "cancelled")


@dataclass
class Repair:
    """A repair: where the piece was last put by it, and the school that waits for it."""

    piece: Piece
    place: str
    school: str
    state: str = "reported"
    replaced: bool = False
    case: str = ""  # from which it was opened


@dataclass
class Case:
    """A discrepancy: so many of a piece, at a school; a surplus has no piece, but may be a kit or a device of ours."""

    kind: str
    school: str
    piece: Piece | None
    count: int
    consignment: str = ""  # by which it is being sent again
    repair: str = ""  # by which it is being settled
    typed: str = ""  # the number of what came unasked, as the school wrote it
    thing: str = ""  # the kit that it is
    device: Piece | None = None  # or the device

    def parts(self, world: "World") -> list[tuple[Piece, str, int]]:
        """What there is of the thing that came unasked, and where."""
        if self.device is not None:
            return [(p, at, n) for (p, at), n in world.held().items() if p == self.device]
        return world.parts(self.thing) if self.thing else []


@dataclass
class World:
    """Everything there is."""

    at: Balances = field(default_factory=Counter)
    kits: list[str] = field(default_factory=list)
    kit_of: dict[str, str] = field(default_factory=dict)  # serial number → the kit with which it came last
    consignments: dict[str, Consignment] = field(default_factory=dict)
    repairs: dict[str, Repair] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    loans: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # kit → code, lender, borrower
    returns: list[str] = field(default_factory=list)  # what was sent back to the store, the ended ones too
    holders: dict[str, tuple[str, str]] = field(default_factory=dict)  # kit → school, name

    def after(self, shifts: Iterable[Shift]) -> Balances | None:
        """The balances that a posting would leave, judged as a whole; None where something would go below nothing."""
        found = self.at.copy()
        touched = set()
        for shift in shifts:
            for place, sign in ((shift.source, -1), (shift.target, 1)):
                found[shift.piece, place] += sign * shift.count
                touched.add((shift.piece, place))
        if any(found[key] < 0 for key in touched if key[1] not in OUTSIDE):
            return None
        if any(key[0].serial and found[key] > 1 for key in touched):
            return None
        return found

    def held(self) -> dict[tuple[Piece, str], int]:
        """What lies where, what is outside left out."""
        return {key: count for key, count in self.at.items() if count and key[1] not in OUTSIDE}

    def outside(self) -> list[str]:
        """The serial numbers of devices that came once and lie nowhere: they may come again."""
        here = {piece.serial for piece, _ in self.held()}
        return [serial for serial in self.kit_of if serial not in here]

    def parts(self, kit: str, place: str = "") -> list[tuple[Piece, str, int]]:
        """What there is of a kit, everywhere or in one place."""
        return [(p, at, n) for (p, at), n in self.held().items() if p.kit == kit and place in ("", at)]

    def all_of(self, kit: str, source: str, target: str) -> list[Shift]:
        """All that is of a kit in a place, to another."""
        return [Shift(piece, count, source, target) for piece, _, count in self.parts(kit, source)]

    def place_of(self, kit: str) -> str:
        """Where a kit is: the one place with parts of it, those lost, scrapped or at a repairer aside; empty where
        there are several or none."""
        places = {at for _, at, _ in self.parts(kit) if at not in (LOST, SCRAPPED) and not at.startswith("repairer:")}
        return places.pop() if len(places) == 1 else ""

    def school_of(self, kit: str) -> str:
        """The school at which a kit is, or nothing."""
        place = self.place_of(kit)
        return place.removeprefix("school:") if place.startswith("school:") else ""

    def travels(self, kit: str) -> bool:
        """Whether any part of a kit is in a consignment or on its way back to the store."""
        return any(at.startswith(("consignment:", "return:")) for _, at, _ in self.parts(kit))

    def is_packed(self, kit: str) -> bool:
        """Whether a consignment that has not ended has the kit."""
        return any(kit in each.kits for each in self.consignments.values() if each.holds_kits)

    def in_repair(self, piece: Piece) -> bool:
        """Whether a device is being repaired."""
        ended = ("returned", "kept", "disposed", "withdrawn")
        return any(r.piece.serial == piece.serial and r.state not in ended for r in self.repairs.values())

    def spares(self, item: str) -> list[Piece]:
        """Devices of an item that lie in the store, whole and nobody's."""
        return [
            piece
            for (piece, at), _ in self.held().items()
            if at == STORE
            and piece.item == item
            and piece.serial
            and not self.is_packed(piece.kit)
            and not self.in_repair(piece)
        ]

    def loose_spares(self, item: str, count: int) -> list[tuple[Piece, int]]:
        """So many of an item out of the loose stock and the store's kits, by age; fewer where there are not so many."""
        found = []
        for kit in ("", *self.kits):
            piece = Piece(kit, item)
            taken = min(count, self.at[piece, STORE]) if not self.is_packed(kit) else 0
            if taken:
                found.append((piece, taken))
                count -= taken
        return found

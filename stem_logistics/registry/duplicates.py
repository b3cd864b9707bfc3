"""Which two rows of the registry may be one school, and why. Pure.

A pair is a suspicion with its grounds, never a decision. Two schools in one building (a morning and an evening
school, the 3rd and the 5th of a town) share a place and a telephone and are two: what tells them apart, another
number, level or shift, outweighs what they share.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from stem_logistics.registry.folding import fold, plain

LIKELY = 50
"""The weight from which on a pair is shown."""
# Words that make another school of the same number in the same place.
_TELLING = frozenset(
    fold(
        "ειδικό ειδικής μειονοτικό πειραματικό πρότυπο ιδιωτικό εσπερινό ημερήσιο μουσικό καλλιτεχνικό "
        "διαπολιτισμικό εκκλησιαστικό ολοήμερο"
    ).split()
)
_LARGEST_GROUP = 40  # a telephone that a whole town's schools give is a directorate's


class Ground(StrEnum):
    """What two rows share."""

    SAME_NAME = "same-name"
    NEAR_NAME = "near-name"
    SAME_PHONE = "same-phone"
    SAME_EMAIL = "same-email"
    SAME_ADDRESS = "same-address"
    CODE_SLIP = "code-slip"


WEIGHTS: dict[Ground, int] = {
    Ground.SAME_NAME: 50,
    Ground.NEAR_NAME: 30,
    Ground.SAME_PHONE: 25,
    Ground.SAME_EMAIL: 25,
    Ground.SAME_ADDRESS: 15,
    Ground.CODE_SLIP: 15,
}


@dataclass(frozen=True, slots=True)
class Registered:
    """What a comparison needs of a row."""

    id: int
    code: str
    name: str
    level: str
    shift: str
    municipality: str
    address: str
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rows that may be one school: their ids (the smaller first), why, and how much speaks for it."""

    first: int
    second: int
    grounds: tuple[Ground, ...]
    weight: int


@dataclass(frozen=True, slots=True)
class _Folded:
    row: Registered
    words: frozenset[str]
    numbers: frozenset[str]
    place: str
    phone: str
    email: str
    address: str


def suspected_pairs(rows: Iterable[Registered]) -> list[Pair]:
    """Every pair that is likely enough, the likeliest first.

    Rows are compared only where they share a telephone, a mailbox, or a place with a word of the name, so that the
    work grows with the registry and not with its square.
    """
    folded = [_fold(row) for row in rows]
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, each in enumerate(folded):
        for key in _keys(each):
            groups[key].append(index)
    compared: set[tuple[int, int]] = set()
    pairs: list[Pair] = []
    for members in groups.values():
        if len(members) > _LARGEST_GROUP:
            continue
        for couple in combinations(members, 2):
            if couple not in compared:
                compared.add(couple)
                pair = _compare(folded[couple[0]], folded[couple[1]])
                if pair is not None:
                    pairs.append(pair)
    return sorted(pairs, key=lambda pair: (-pair.weight, pair.first, pair.second))


def _fold(row: Registered) -> _Folded:
    tokens = fold(row.name).split()
    # the municipality of a school whose name ends with it adds nothing; another order of words is the same name
    return _Folded(
        row,
        frozenset(token for token in tokens if not token.isdigit()),
        frozenset(token for token in tokens if token.isdigit()),
        fold(row.municipality),
        _telephone(row.phone),
        plain(row.email).strip(),
        fold(row.address),
    )


def _telephone(text: str) -> str:
    """The last ten digits: +30 and spaces make no other number. Empty where there are too few."""
    digits = "".join(letter for letter in text if letter.isdigit())
    return digits[-10:] if len(digits) >= 10 else ""


def _keys(each: _Folded) -> Iterator[tuple[str, str]]:
    if each.phone:
        yield "phone", each.phone
    if each.email:
        yield "email", each.email
    yield "name", f"{each.place}|{' '.join(sorted(each.words))}|{' '.join(sorted(each.numbers))}"
    number = " ".join(sorted(each.numbers))
    for word in each.words:
        yield "word", f"{each.place}|{each.row.level}|{number}|{word}"


def _compare(one: _Folded, other: _Folded) -> Pair | None:
    if one.row.level != other.row.level or one.numbers != other.numbers:
        return None
    if one.row.shift and other.row.shift and plain(one.row.shift) != plain(other.row.shift):
        return None
    grounds = []
    if one.words == other.words and one.place == other.place:
        grounds.append(Ground.SAME_NAME)
    elif _near(one.words, other.words):
        grounds.append(Ground.NEAR_NAME)
    if one.phone and one.phone == other.phone:
        grounds.append(Ground.SAME_PHONE)
    if one.email and one.email == other.email:
        grounds.append(Ground.SAME_EMAIL)
    if one.address and one.address == other.address and one.place == other.place:
        grounds.append(Ground.SAME_ADDRESS)
    if is_slip(one.row.code, other.row.code):
        grounds.append(Ground.CODE_SLIP)
    weight = sum(WEIGHTS[ground] for ground in grounds)
    if weight < LIKELY:
        return None
    first, second = sorted((one.row.id, other.row.id))
    return Pair(first, second, tuple(grounds), weight)


def _near(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether names differ by a slip in one word, or one leaves out what the other says."""
    mine, theirs = sorted(one - other), sorted(other - one)
    if not one & other or _TELLING & (one ^ other):
        return False
    if len(mine) == len(theirs) == 1:
        return is_slip(mine[0], theirs[0]) and min(len(mine[0]), len(theirs[0])) >= 4
    return (not mine or not theirs) and len(one & other) >= 2


def is_slip(one: str, other: str) -> bool:
    """Whether one text becomes the other by a single slip of the hand: a letter changed, left out, added, or two
    neighbours swapped (Damerau-Levenshtein distance 1)."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    short, long = sorted((one, other), key=len)
    if len(short) < len(long):
        return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))
    differing = [at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    if len(differing) == 1:
        return True
    return len(differing) == 2 and differing[1] == differing[0] + 1 and _swapped(one, other, differing[0])


def _swapped(one: Sequence[str], other: Sequence[str], at: int) -> bool:
    return one[at] == other[at + 1] and one[at + 1] == other[at]

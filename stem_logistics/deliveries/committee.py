"""The receiving committee of three, and what came without having been sent: what a receipt says of them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from stem_logistics.deliveries.rules import LARGEST_QUANTITY, LONGEST_NAME, ReceiptProblem
from stem_logistics.deliveries.signature import is_drawn
from stem_logistics.registry.folding import plain

MEMBERS = 3
MOST_EXTRAS = 3
LONGEST_ACT = 80
LONGEST_EXTRA = 200
AppointedBy = Literal["school", "directorate"]


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the committee.

    Args:
        post: as what, in the words of the act (head, teacher of …).
        confirms: whether this member says yes to the receipt now; the others do it later by the same link.
        signature: a drawn one, as points; nothing where the name and the tick stand for it.
    """

    name: str
    post: str
    confirms: bool = False
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Committee:
    """The three, and the act that appointed them.

    Args:
        act: number and date of the act (πράξη) as it is written.
        appointed_by: the school's own teachers, or the directorate (schools of one or two teachers have too few).
    """

    members: tuple[Member, ...]
    act: str
    appointed_by: AppointedBy = "school"


@dataclass(frozen=True, slots=True)
class Extra:
    """Something that came without having been sent: more than the list says, or another thing than the list says.

    Args:
        photos: digests of stored photographs.
        row: of the form, where it did not come from its first ones.
    """

    kind: Literal["surplus", "wrong"]
    what: str
    quantity: int
    serial_number: str = ""
    photos: tuple[bytes, ...] = ()
    row: int = 0


def folded_name(name: str) -> str:
    """A person's name as it is compared: accents, capitals, final sigmas and blanks do not tell two people apart."""
    return " ".join(plain(name).split())


def check_committee(committee: Committee) -> list[ReceiptProblem]:
    """What is wrong with a committee; an empty list where nothing is. Fields are `member-1-name` and so on."""
    found = []
    if not committee.act.strip() or len(committee.act) > LONGEST_ACT:
        found.append(ReceiptProblem(None, "committee_act", "receipt-act-missing", {"most": LONGEST_ACT}))
    names: dict[str, int] = {}
    for number, member in enumerate(committee.members, 1):
        field = f"member-{number}"
        folded = folded_name(member.name)
        if not folded or len(member.name) > LONGEST_NAME:
            found.append(ReceiptProblem(None, f"{field}-name", "member-name-missing", {"number": number}))
        elif folded in names:
            figures = {"number": number, "first": names[folded]}
            found.append(ReceiptProblem(None, f"{field}-name", "member-named-twice", figures))
        names.setdefault(folded, number)
        if not member.post.strip() or len(member.post) > LONGEST_NAME:
            found.append(ReceiptProblem(None, f"{field}-post", "member-post-missing", {"number": number}))
        if member.signature and not is_drawn(member.signature):
            found.append(ReceiptProblem(None, f"{field}-drawn", "signature-unusable", {"number": number}))
    if not any(member.confirms for member in committee.members):
        found.append(ReceiptProblem(None, "member-1-confirms", "committee-without-confirmation"))
    return found


def check_extras(extras: Sequence[Extra]) -> list[ReceiptProblem]:
    """What is wrong with what came without having been sent; fields are `extra-1-what`, `extra-1-quantity`."""
    found = []
    for at, extra in enumerate(extras, 1):
        number = extra.row or at
        if not extra.what.strip() or len(extra.what) > LONGEST_EXTRA:
            found.append(ReceiptProblem(None, f"extra-{number}-what", "extra-unnamed", {"most": LONGEST_EXTRA}))
        if not 1 <= extra.quantity <= LARGEST_QUANTITY:
            found.append(ReceiptProblem(None, f"extra-{number}-quantity", "extra-quantity-unusable"))
    return found

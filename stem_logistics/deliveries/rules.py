"""What a receipt must satisfy, and which way a consignment may go: decisions without a database.

A consignment has lines; each says how many pieces of something were shipped. A school answers line by line
with four numbers: received in order, received damaged, missing, and not yet arrived. They must add up to what
is still outstanding on that line, so nothing can vanish between two receipts of the same consignment.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

# What a phone's number field can send by accident (a telephone number, say) must not reach the database.
LARGEST_QUANTITY = 100_000
LONGEST_NOTE = 1_000
LONGEST_NAME = 120


class State(StrEnum):
    """Where a consignment stands."""

    PACKING = "packing"
    PACKED = "packed"
    DISPATCHED = "dispatched"
    PARTIALLY_RECEIVED = "partially-received"
    RECEIVED = "received"
    RETURNING = "returning"
    CANCELLED = "cancelled"


class Action(StrEnum):
    """What may happen to a consignment."""

    PICK = "pick"
    PACK = "pack"
    UNPACK = "unpack"
    DISPATCH = "dispatch"
    TAKE_BACK = "take-back"
    RECEIVE_PART = "receive-part"
    RECEIVE_REST = "receive-rest"
    CANCEL = "cancel"
    RETURN = "return"


# The whole machine. What is not in this table is not possible. A consignment of which something was received
# cannot be cancelled any more: what then went wrong is a discrepancy, with its own handling.
TRANSITIONS: Mapping[tuple[State, Action], State] = {
    (State.PACKING, Action.PICK): State.PACKING,
    (State.PACKING, Action.PACK): State.PACKED,
    (State.PACKED, Action.UNPACK): State.PACKING,
    (State.PACKED, Action.DISPATCH): State.DISPATCHED,
    # a dispatch that was a slip, as long as the school has not been written to
    (State.DISPATCHED, Action.TAKE_BACK): State.PACKED,
    (State.DISPATCHED, Action.RECEIVE_PART): State.PARTIALLY_RECEIVED,
    (State.DISPATCHED, Action.RECEIVE_REST): State.RECEIVED,
    (State.PARTIALLY_RECEIVED, Action.RECEIVE_PART): State.PARTIALLY_RECEIVED,
    (State.PARTIALLY_RECEIVED, Action.RECEIVE_REST): State.RECEIVED,
    (State.PACKING, Action.CANCEL): State.CANCELLED,
    (State.PACKED, Action.CANCEL): State.CANCELLED,
    # the carrier has it: it is on its way back until somebody confirms that it came
    (State.DISPATCHED, Action.CANCEL): State.RETURNING,
    (State.RETURNING, Action.RETURN): State.CANCELLED,
}
FINAL = frozenset({State.RECEIVED, State.CANCELLED})
AWAITING_RECEIPT = frozenset({State.DISPATCHED, State.PARTIALLY_RECEIVED})
# Its school does not get it any more.
CALLED_OFF = frozenset({State.RETURNING, State.CANCELLED})


class TransitionNotPossible(Exception):
    """The consignment's state does not allow the action.

    Attributes:
        state: where the consignment stands.
        action: what was asked for.
        possible: what could be done instead.
    """

    def __init__(self, state: State, action: Action) -> None:
        self.state = state
        self.action = action
        self.possible = actions(state)
        super().__init__(f"a consignment that is {state} cannot {action}")


def actions(state: State) -> tuple[Action, ...]:
    """What may be done with a consignment in `state`, in the table's order."""
    return tuple(action for (origin, action) in TRANSITIONS if origin is state)


def advance(state: State, action: Action) -> State:
    """The state after `action`.

    Raises:
        TransitionNotPossible: the table has no such step.
    """
    try:
        return TRANSITIONS[state, action]
    except KeyError:
        raise TransitionNotPossible(state, action) from None


class DamageReason(StrEnum):
    """Why something arrived damaged."""

    TRANSPORT = "transport"
    OPENED = "opened"
    DEFECTIVE = "defective"
    INCOMPLETE = "incomplete"
    OTHER = "other"


class MissingReason(StrEnum):
    """Why something is missing."""

    NOT_IN_PARCEL = "not-in-parcel"
    PARCEL_LOST = "parcel-lost"
    OPENED = "opened"
    WRONG_ITEM = "wrong-item"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ShippedLine:
    """One line of a consignment, as it stands before a receipt. A device with a serial number is its own line.

    Args:
        line: what the form calls the line.
        label: what a person calls it: item, kit code, serial number.
        shipped: pieces sent.
        settled: pieces that earlier receipts accounted for (received, damaged or missing).
    """

    line: str
    label: str
    shipped: int
    settled: int = 0

    @property
    def outstanding(self) -> int:
        """Pieces nobody has accounted for yet."""
        return self.shipped - self.settled


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """What the receiver says of one line."""

    received: int = 0
    damaged: int = 0
    missing: int = 0
    not_yet: int = 0
    damage_reason: str = ""
    missing_reason: str = ""
    note: str = ""

    @property
    def settled(self) -> int:
        """Pieces that this answer accounts for."""
        return self.received + self.damaged + self.missing


@dataclass(frozen=True, slots=True)
class ReceiptProblem:
    """One thing that is wrong with a receipt: where, what, and its figures.

    Args:
        line: the line's key, None where the receipt as a whole is meant.
        where: the field of the form beside which the message belongs.
        slug: of the sentence in `sentences.py`.
        figures: what the sentence is filled with.
    """

    line: str | None
    where: str
    slug: str
    figures: Mapping[str, object] = field(default_factory=dict)


# The slugs of what can be wrong; their sentences stand in `sentences.py`.
SUM_IS_WRONG = "receipt-sum-is-wrong"
NEGATIVE = "receipt-number-negative"
TOO_LARGE = "receipt-number-too-large"
DAMAGE_NEEDS_REASON = "receipt-damage-needs-reason"
MISSING_NEEDS_REASON = "receipt-missing-needs-reason"
REASON_UNKNOWN = "receipt-reason-unknown"
OTHER_NEEDS_NOTE = "receipt-other-needs-note"
NOTE_TOO_LONG = "receipt-note-too-long"
ALREADY_SETTLED = "receipt-line-settled"
LINE_UNKNOWN = "receipt-line-unknown"
NOTHING_ARRIVED = "receipt-nothing-arrived"
NAME_MISSING = "receiver-name-missing"
NAME_TOO_LONG = "receiver-name-too-long"
ROLE_MISSING = "receiver-role-missing"
ROLE_TOO_LONG = "receiver-role-too-long"


def check_answer(line: ShippedLine, answer: LineAnswer) -> list[ReceiptProblem]:
    """What is wrong with the answer to one line; an empty list if nothing is."""

    def problem(where: str, slug: str, **figures: object) -> ReceiptProblem:
        return ReceiptProblem(line.line, where, slug, {"label": line.label, **figures})

    numbers = {
        "received": answer.received,
        "damaged": answer.damaged,
        "missing": answer.missing,
        "not_yet": answer.not_yet,
    }
    found = [problem(name, NEGATIVE, value=value) for name, value in numbers.items() if value < 0]
    found += [problem(name, TOO_LARGE, value=value) for name, value in numbers.items() if value > LARGEST_QUANTITY]
    if found:
        return found
    if line.outstanding == 0:
        return [problem("received", ALREADY_SETTLED, shipped=line.shipped)] if answer.settled else []
    total = sum(numbers.values())
    if total != line.outstanding:
        found.append(
            problem(
                "received",
                SUM_IS_WRONG,
                total=total,
                outstanding=line.outstanding,
                **dict[str, object](numbers),
            )
        )
    note = answer.note.strip()
    shortfalls: tuple[tuple[str, int, str, type[StrEnum], str], ...] = (
        ("damage_reason", answer.damaged, answer.damage_reason, DamageReason, DAMAGE_NEEDS_REASON),
        ("missing_reason", answer.missing, answer.missing_reason, MissingReason, MISSING_NEEDS_REASON),
    )
    for where, count, reason, known, unreasoned in shortfalls:
        if not count:
            continue
        if not reason:
            found.append(problem(where, unreasoned, count=count))
        elif reason not in {member.value for member in known}:
            found.append(problem(where, REASON_UNKNOWN, reason=reason[:40]))
        elif reason == "other" and not note:
            found.append(problem("note", OTHER_NEEDS_NOTE))
    if len(note) > LONGEST_NOTE:
        found.append(problem("note", NOTE_TOO_LONG, length=len(note), limit=LONGEST_NOTE))
    return found


def check_receipt(lines: Sequence[ShippedLine], answers: Mapping[str, LineAnswer]) -> list[ReceiptProblem]:
    """What is wrong with a receipt, in the lines' order; an empty list if it may be confirmed.

    Args:
        lines: every line of the consignment, as it stands.
        answers: by line key. A line that is left out has not yet arrived.
    """
    known = {line.line for line in lines}
    found = [ReceiptProblem(None, "", LINE_UNKNOWN, {"line": line[:40]}) for line in sorted(set(answers) - known)]
    for line in lines:
        if line.line in answers:
            found += check_answer(line, answers[line.line])
    if not found and not any(answer.settled for answer in answers.values()):
        found.append(ReceiptProblem(None, "", NOTHING_ARRIVED))
    return found


def check_receiver(name: str, role: str) -> list[ReceiptProblem]:
    """What is wrong with the name and role of the person who receives."""
    found = []
    for where, value, missing, too_long in (
        ("receiver_name", name.strip(), NAME_MISSING, NAME_TOO_LONG),
        ("receiver_role", role.strip(), ROLE_MISSING, ROLE_TOO_LONG),
    ):
        if not value:
            found.append(ReceiptProblem(None, where, missing))
        elif len(value) > LONGEST_NAME:
            found.append(ReceiptProblem(None, where, too_long, {"length": len(value), "limit": LONGEST_NAME}))
    return found


def all_in_order(lines: Iterable[ShippedLine]) -> dict[str, LineAnswer]:
    """The answers of "everything arrived in order": all that is outstanding, received."""
    return {line.line: LineAnswer(received=line.outstanding) for line in lines if line.outstanding}


def receipt_action(lines: Iterable[ShippedLine], answers: Mapping[str, LineAnswer]) -> Action:
    """Whether these answers, which have been checked, settle the rest of the consignment or a part of it."""
    nothing = LineAnswer()
    left = any(line.outstanding > answers.get(line.line, nothing).settled for line in lines)
    return Action.RECEIVE_PART if left else Action.RECEIVE_REST

"""Receipts: what is expected, its confirmation, and what that sets in motion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from stem_logistics import audit, files, mail, runtime
from stem_logistics.accounts import links
from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.codes import new_code, parse_code
from stem_logistics.db.engine import unit_of_work
from stem_logistics.deliveries import (
    mails,
    paper_queries,
    photo_queries,
    protocols,
    queries,
    receipt_queries,
    resending,
    service,
    signing_queries,
    supplying,
    things,
)
from stem_logistics.deliveries.committee import Committee, Extra, check_committee, check_extras
from stem_logistics.deliveries.expected import ExpectedLine, expected_lines
from stem_logistics.deliveries.reasons import KIND_WORDS, OUTCOME_WORDS
from stem_logistics.deliveries.rules import (
    AWAITING_RECEIPT,
    CALLED_OFF,
    Action,
    LineAnswer,
    ReceiptProblem,
    State,
    check_receipt,
    check_receiver,
    receipt_action,
)
from stem_logistics.deliveries.signature import is_drawn
from stem_logistics.deliveries.things import Thing
from stem_logistics.errors import Conflict, FieldErrors, Forbidden, NotFound
from stem_logistics.inventory import ledger
from stem_logistics.inventory.ledger import Move
from stem_logistics.inventory.regrouping import Piece

LONGEST_RECEIPT_NOTE = 2_000
MOST_PHOTOS = 5
QUALITIES = ("looked", "tried", "later")


class ReceiptRefused(FieldErrors):
    """The receipt does not add up; `problems` say where."""

    def __init__(self, problems: list[ReceiptProblem]) -> None:
        self.problems = problems
        super().__init__(
            "receipt-refused",
            errors=[
                {
                    "place": f"{problem.where}-{problem.line}" if problem.line else problem.where,
                    "slug": problem.slug,
                    "params": dict(problem.figures),
                }
                for problem in problems
            ],
        )


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What somebody confirms.

    Args:
        answers: by the lines' keys; a line that is left out has not arrived yet.
        photos: digests of stored photographs, by the lines' keys.
        signature: drawn by the person who receives, as points.
        key: the form's own key: sent twice it counts once.
        seen_parts: how many receipts there were when the form was opened.
        quality: how far the quality was looked at: looked, tried, later.
        committee: the receiving committee, where there is one.
        extras: what came without having been sent.
        signed: digest of the printed protocol, signed and stamped; staff cannot confirm for a school without it.
    """

    answers: Mapping[str, LineAnswer]
    receiver_name: str
    receiver_role: str
    key: str
    seen_parts: int
    note: str = ""
    photos: Mapping[str, Sequence[bytes]] | None = None
    quality: str = "looked"
    committee: Committee | None = None
    extras: tuple[Extra, ...] = ()
    signed: bytes | None = None
    signature: str = ""


def _may_receive(principal: Principal, consignment: dict[str, Any]) -> Literal["link", "staff"]:
    if principal.kind == "link":
        if principal.consignment_id != consignment["id"]:
            raise Forbidden("not-allowed", permission=Permission.LINK_RECEIPT.value)
        return "link"
    scope = principal.scope(Permission.DELIVERIES_WRITE)
    if not scope.covers(region_id=consignment["regional_directorate_id"], institution_id=consignment["institution_id"]):
        raise Forbidden("not-allowed", permission=Permission.DELIVERIES_WRITE.value)
    return "staff"


async def confirm(consignment_id: int, given: Confirmation) -> dict[str, Any]:
    """Confirm a receipt, whole or in part; returns it. Everything happens, or nothing.

    The ledger moves received and damaged pieces to the institution and missing ones to the losses; a shortfall opens
    a discrepancy; the protocol is made, kept and mailed.

    Raises:
        ReceiptRefused: a line does not add up or lacks its reason, or nobody is named.
        Conflict: nothing is awaited (any more), or somebody else confirmed since the form was opened.
        NotFound, Forbidden: not this consignment, or not for whoever acts.
    """
    who = runtime.actor().principal
    async with unit_of_work():
        state = await queries.lock(consignment_id)
        consignment = await queries.consignment_by_id(consignment_id)
        if state is None or consignment is None:
            raise NotFound("consignment-not-found", code=str(consignment_id))
        channel = _may_receive(who, consignment)
        if before := await receipt_queries.receipt_by_key(given.key):
            if before["consignment_id"] != consignment_id:
                raise Conflict("idempotency-key-reused", key=given.key)
            return before
        receipts = await receipt_queries.receipts_of(consignment_id)
        _refuse_out_of_turn(state, consignment, receipts, given.seen_parts)
        lines = await expected_lines(consignment_id)
        problems = check_receipt([line.rule_line for line in lines], given.answers)
        problems += check_receiver(given.receiver_name, given.receiver_role) + _check_around(given, channel)
        known, odd = await things.recognise(given.extras, lines)
        problems += odd
        if problems:
            raise ReceiptRefused(problems)
        action = receipt_action([line.rule_line for line in lines], given.answers)
        after = service.step(state, action)
        code = await _write(consignment, lines, given, known, action, channel, who, len(receipts) + 1)
        await queries.set_state(consignment_id, after)
        if after is State.RECEIVED:
            await queries.release_kits(consignment_id)
        receipt = await receipt_queries.receipt_by_code(code)
        assert receipt is not None
        await paper_queries.entered(consignment_id, receipt["id"])
        if after is State.RECEIVED and consignment["case_code"]:
            await resending.settle(consignment, receipt)
        digest = await protocols.store_protocol(receipt)
        await _mail_protocol(consignment, receipt, digest)
        await links.note_use(who)
        await audit.record(
            "receipt-confirmed",
            "consignment",
            consignment["code"],
            receipt=code,
            part=receipt["part"],
            final=receipt["is_final"],
            protocol=receipt["protocol_number"],
        )
        return {**receipt, "protocol_digest": digest}


def _check_around(given: Confirmation, channel: str) -> list[ReceiptProblem]:
    found = check_extras(given.extras) + (check_committee(given.committee) if given.committee else [])
    if given.quality not in QUALITIES:
        found.append(ReceiptProblem(None, "quality", "quality-unknown"))
    if given.signature and not is_drawn(given.signature):
        found.append(ReceiptProblem(None, "receiver_drawn", "receiver-signature-unusable"))
    if any(len(photos) > MOST_PHOTOS for photos in _photos(given)):
        found.append(ReceiptProblem(None, "", "photos-too-many", {"most": MOST_PHOTOS}))
    if channel == "staff" and runtime.actor().principal.kind == "account" and given.signed is None:
        found.append(ReceiptProblem(None, "signed", "signed-paper-missing"))
    return found


def _photos(given: Confirmation) -> list[Sequence[bytes]]:
    return [*(given.photos or {}).values(), *(extra.photos for extra in given.extras)]


async def _write_around(receipt_id: int, given: Confirmation, known: Sequence[Thing | None]) -> None:
    """The committee, what came unasked, the signed paper: what stands around the lines."""
    who = runtime.actor().principal
    by = given.committee.appointed_by if given.committee else ""
    act = given.committee.act.strip() if given.committee else ""
    await signing_queries.set_particulars(receipt_id, given.quality, act, by)
    for position, member in enumerate(given.committee.members if given.committee else (), 1):
        await signing_queries.add_member(
            receipt_id, position, member.name.strip(), member.post.strip(), member.confirms, member.signature
        )
    for extra, thing in zip(given.extras, known, strict=True):
        number = await signing_queries.add_extra(
            receipt_id, extra.kind, extra.what.strip(), extra.serial_number.strip()[:80], extra.quantity
        )
        if thing is not None:
            await things.note(number, thing)
        await photo_queries.add("surplus_id", number, extra.photos)
        due = service.case_due(extra.kind)
        await receipt_queries.add_discrepancy(new_code("D"), None, extra.kind, extra.quantity, due, number)
    if given.signed is not None:
        await signing_queries.set_signed(receipt_id, given.signed, who.id if who.kind == "account" else None)


def _refuse_out_of_turn(
    state: str, consignment: dict[str, Any], receipts: list[dict[str, Any]], seen_parts: int
) -> None:
    if state == State.RECEIVED:
        raise Conflict("receipt-already-complete", number=receipts[-1]["protocol_number"])
    if state in CALLED_OFF:
        raise Conflict("consignment-was-cancelled", code=consignment["code"])
    if state not in AWAITING_RECEIPT:
        raise Conflict("consignment-not-dispatched", code=consignment["code"])
    if len(receipts) != seen_parts:
        raise Conflict("received-meanwhile", number=receipts[-1]["protocol_number"] if receipts else "–")


async def _write(
    consignment: dict[str, Any],
    lines: list[ExpectedLine],
    given: Confirmation,
    known: Sequence[Thing | None],
    action: Action,
    channel: Literal["link", "staff"],
    who: Principal,
    part: int,
) -> str:
    code = new_code("R")
    receipt_id = await receipt_queries.add_receipt(
        code=code,
        consignment_id=consignment["id"],
        part=part,
        protocol_number=await receipt_queries.next_protocol_number(service.today().year),
        receiver_name=given.receiver_name.strip(),
        receiver_role=given.receiver_role.strip(),
        channel=channel,
        link_id=who.id if who.kind == "link" else None,
        account_id=who.id if who.kind == "account" else None,
        idempotency_key=given.key,
        note=given.note.strip()[:LONGEST_RECEIPT_NOTE],
        is_final=action is Action.RECEIVE_REST,
        signature=given.signature,
    )
    for line in lines:
        answer = given.answers.get(line.key)
        if answer is None or not answer.settled:
            continue
        row = await receipt_queries.add_receipt_line(
            receipt_id,
            line.line_id,
            line.device_id,
            (answer.received, answer.damaged, answer.missing, answer.not_yet),
            (
                answer.damage_reason if answer.damaged else "",
                answer.missing_reason if answer.missing else "",
            ),
            answer.note.strip(),
        )
        await photo_queries.add("receipt_line_id", row, (given.photos or {}).get(line.key, ()))
        for kind, quantity in (("damaged", answer.damaged), ("missing", answer.missing)):
            if quantity:
                due = service.case_due(kind)
                await receipt_queries.add_discrepancy(new_code("D"), row, kind, quantity, due)
    await _write_around(receipt_id, given, known)
    await _post(consignment, lines, given.answers, code)
    return code


async def _post(
    consignment: dict[str, Any], lines: list[ExpectedLine], answers: Mapping[str, LineAnswer], code: str
) -> None:
    travelling = await ledger.consignment_place(consignment["id"])
    school = await ledger.institution_place(consignment["institution_id"])
    lost = await ledger.place(ledger.LOST)
    if consignment["for_kit_id"] is not None:
        settled = [
            Piece(line.item_id, answer.settled, None, line.device_id)
            for line in lines
            if (answer := answers.get(line.key)) is not None and answer.settled
        ]
        await supplying.join(consignment, settled, travelling, document=code)
    kinds: tuple[tuple[ledger.Reason, str, int], ...] = (
        ("receive", "received", school),
        ("receive-damaged", "damaged", school),
        ("missing", "missing", lost),
    )
    for reason, field, target in kinds:
        moves = [
            Move(line.item_id, quantity, travelling, target, line.kit_id, line.device_id)
            for line in lines
            if (answer := answers.get(line.key)) is not None and (quantity := getattr(answer, field))
        ]
        if moves:
            await ledger.post(moves, reason=reason, key=f"receipt:{code}:{field}", document=code)


def protocol_name(receipt: dict[str, Any]) -> str:
    """What the file of a receipt's protocol is called."""
    return f"protokollo-{receipt['protocol_number'].replace('/', '-')}.pdf"


async def _mail_protocol(consignment: dict[str, Any], receipt: dict[str, Any], digest: bytes) -> None:
    if not consignment["institution_email"]:
        return
    subject, body = mails.protocol(consignment, receipt, None, await quality_link(receipt))
    await mail.post(
        consignment["institution_email"],
        subject,
        body,
        about=("receipt", receipt["id"]),
        institution_id=consignment["institution_id"],
        attachments=[(protocol_name(receipt), digest)],
        idempotency_key=f"protocol:{receipt['id']}",
    )


async def quality_link(receipt: Mapping[str, Any]) -> str | None:
    """The address, for a mail, at which the school enters the quality, where it is open; inside the caller's unit of
    work."""
    if not receipt["quality_open"]:
        return None
    issued = await links.issue("receipt", receipt["institution_id"], consignment_id=receipt["consignment_id"])
    return f"{runtime.settings().base_url}/r/{issued.token}/quality/{receipt['code']}"


async def is_known(consignment_id: int, key: str) -> bool:
    """Whether a consignment was already confirmed with this key: the second tap of a double one."""
    return await receipt_queries.receipt_by_key(f"{consignment_id}:{key[:100]}") is not None


async def awaited() -> dict[str, Any]:
    """What the school behind a link sees: its consignment, the lines as they stand, the receipts so far."""
    who = runtime.actor().principal
    assert who.consignment_id is not None, "the route asks for a receipt's link"
    return await awaited_of(who.consignment_id)


async def awaited_of(consignment_id: int) -> dict[str, Any]:
    """The same of a consignment that the caller may see."""
    consignment = await queries.consignment_by_id(consignment_id)
    assert consignment is not None
    receipts = await receipt_queries.receipts_of(consignment_id)
    members = await signing_queries.members([receipt["id"] for receipt in receipts])
    return {
        "consignment": consignment,
        "kits": await queries.heads_of(consignment_id),
        "lines": await expected_lines(consignment_id),
        "receipts": [
            {**receipt, "members": [member for member in members if member["receipt_id"] == receipt["id"]]}
            for receipt in receipts
        ],
        "outcomes": OUTCOME_WORDS,
        "kinds": KIND_WORDS,
        "reported": await receipt_queries.reported(consignment_id),
    }


async def protocol_file(typed: str) -> tuple[dict[str, Any], bytes]:
    """A receipt and its protocol, for whoever may see it: the school by its link, staff by their scope.

    Raises:
        NotFound: no such receipt, or not for whoever asks (which says the same).
    """
    who = runtime.actor().principal
    code = parse_code(typed)
    receipt = await receipt_queries.receipt_by_code(code) if code else None
    if receipt is None or receipt["protocol_digest"] is None or not _may_see(who, receipt):
        raise NotFound("receipt-not-found", code=typed[:20])
    return receipt, (await files.load(receipt["protocol_digest"])).content


def _may_see(who: Principal, receipt: dict[str, Any]) -> bool:
    if who.kind == "link":
        return bool(who.consignment_id == receipt["consignment_id"])
    region_id, institution_id = receipt["regional_directorate_id"], receipt["institution_id"]
    return who.scope(Permission.DELIVERIES_READ).covers(region_id=region_id, institution_id=institution_id)


async def list_receipts_after(filters: Mapping[str, str], after: int, limit: int) -> list[dict[str, Any]]:
    """Receipts in the order of their ids beyond one, with their `lines`, within the reader's scope."""
    scope = service.require(Permission.DELIVERIES_READ)
    rows = await receipt_queries.receipts_after(scope, filters, after, limit)
    lines = await receipt_queries.lines_of_receipts([row["id"] for row in rows])
    return [{**row, "lines": [line for line in lines if line["receipt_id"] == row["id"]]} for row in rows]


async def newest_receipts(limit: int) -> list[dict[str, Any]]:
    """The newest receipts within the reader's scope."""
    return await receipt_queries.newest_receipts(service.require(Permission.DELIVERIES_READ), limit)


async def receipts_of(consignment_id: int) -> list[dict[str, Any]]:
    """The receipts of a consignment with their lines."""
    rows = await receipt_queries.receipts_of(consignment_id)
    members = await signing_queries.members([row["id"] for row in rows])
    return [
        {
            **row,
            "lines": await receipt_queries.receipt_lines(row["id"]),
            "members": [member for member in members if member["receipt_id"] == row["id"]],
            "issues": await signing_queries.issues(row["id"]),
        }
        for row in rows
    ]

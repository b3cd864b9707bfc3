"""The qualitative receipt as a step of its own: what came was counted first, and is looked at or tried later.

Once for each receipt, by the school with its link or by staff. What is found damaged opens a case as at the receipt;
the protocol gets a new edition, and the one that was printed before stays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stem_logistics import audit, jobs, mail, runtime
from stem_logistics.accounts import links
from stem_logistics.codes import new_code
from stem_logistics.db.engine import unit_of_work
from stem_logistics.deliveries import (
    mails,
    photo_queries,
    protocols,
    quality_queries,
    queries,
    receipt_queries,
    service,
    signing,
    signing_queries,
)
from stem_logistics.deliveries.receipts import (
    LONGEST_RECEIPT_NOTE,
    MOST_PHOTOS,
    ReceiptRefused,
    quality_link,
)
from stem_logistics.deliveries.rules import LineAnswer, ReceiptProblem, ShippedLine, check_answer, check_receiver
from stem_logistics.deliveries.signature import is_drawn
from stem_logistics.errors import Conflict

JOB = "quality-reminders"
FIRST_REMINDER_DAYS = 7
MOST_REMINDERS = 8


@dataclass(frozen=True, slots=True)
class Found:
    """What was found damaged in a line: how many, why, and digests of photographs."""

    damaged: int
    reason: str
    note: str = ""
    photos: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True)
class Looked:
    """The quality of a receipt as somebody found it.

    Args:
        quality: how far: looked, tried.
        found: by the ids of the receipt's lines; what is not named is in order.
        signature: drawn, as points; nothing where the name stands for it.
    """

    quality: str
    name: str
    role: str
    found: Mapping[int, Found]
    note: str = ""
    signature: str = ""


async def to_look_at(typed: str) -> dict[str, Any]:
    """A receipt with the `lines` of which something came in order as far as anybody has looked.

    Raises:
        NotFound: no such receipt, or not for whoever asks.
        Conflict: its quality was looked at.
    """
    receipt = await signing.to_sign(typed)
    _refuse_done(receipt)
    lines = [line for line in await receipt_queries.receipt_lines(receipt["id"]) if line["received"]]
    return {**receipt, "lines": lines}


def _refuse_done(receipt: dict[str, Any]) -> None:
    if not receipt["quality_open"]:
        raise Conflict("quality-known", number=receipt["protocol_number"])


def _check(lines: Sequence[dict[str, Any]], given: Looked) -> list[ReceiptProblem]:
    found = check_receiver(given.name, given.role)
    if given.quality not in ("looked", "tried"):
        found.append(ReceiptProblem(None, "quality", "quality-unknown"))
    if given.signature and not is_drawn(given.signature):
        found.append(ReceiptProblem(None, "receiver_drawn", "receiver-signature-unusable"))
    known = {line["id"]: line for line in lines}
    for key, said in given.found.items():
        if (line := known.get(key)) is None:
            found.append(ReceiptProblem(None, "", "receipt-line-unknown", {"line": str(key)}))
            continue
        label = f"{line['name_el']} ({line['serial_number']})" if line["serial_number"] else line["name_el"]
        if not 1 <= said.damaged <= line["received"]:
            figures = {"label": label, "most": line["received"]}
            found.append(ReceiptProblem(str(key), "damaged", "quality-number-unusable", figures))
            continue
        if len(said.photos) > MOST_PHOTOS:
            found.append(ReceiptProblem(str(key), "photo", "photos-too-many", {"most": MOST_PHOTOS}))
        shipped = ShippedLine(str(key), label, line["received"])
        good = line["received"] - said.damaged
        found += check_answer(shipped, LineAnswer(good, said.damaged, damage_reason=said.reason, note=said.note))
    return found


async def record(typed: str, given: Looked) -> None:
    """Enter the quality of a receipt. Everything happens, or nothing.

    Raises:
        ReceiptRefused: more is damaged than came, a reason is lacking, or nobody is named.
        NotFound, Conflict: as `to_look_at`.
    """
    who = runtime.actor().principal
    async with unit_of_work():
        await signing_queries.lock_receipt((await signing.to_sign(typed))["id"])
        receipt = await to_look_at(typed)
        if problems := _check(receipt["lines"], given):
            raise ReceiptRefused(problems)
        said = (given.quality, given.name.strip(), given.role.strip(), given.signature)
        by_link = who.kind == "link"
        quality_id = await quality_queries.add(
            receipt["id"],
            (*said, given.note.strip()[:LONGEST_RECEIPT_NOTE]),
            "link" if by_link else "staff",
            who.id if by_link else None,
            who.id if who.kind == "account" else None,
        )
        due = service.case_due("damaged")
        for line_id, each in given.found.items():
            row = await quality_queries.add_line(quality_id, line_id, each.damaged, each.reason, each.note.strip())
            await photo_queries.add("quality_line_id", row, each.photos)
            await receipt_queries.add_discrepancy(
                new_code("D"), line_id, "damaged", each.damaged, due, quality_line_id=row
            )
        digest = await protocols.store_protocol(receipt, "ποιοτική παραλαβή")
        await signing.mail_again(receipt, digest)
        await links.note_use(who)
        await audit.record(
            "quality-recorded",
            "consignment",
            receipt["consignment_code"],
            receipt=receipt["code"],
            quality=given.quality,
            damaged=sum(each.damaged for each in given.found.values()),
        )


async def remind() -> int:
    """Write to the schools whose quality is still open, once a week, some weeks long; returns to how many."""
    sent = 0
    for receipt in await quality_queries.open_since(FIRST_REMINDER_DAYS):
        key = f"quality-open:{receipt['id']}:{receipt['weeks']}"
        if receipt["weeks"] > MOST_REMINDERS or await mail.is_posted(key):
            continue
        async with unit_of_work():
            consignment = await queries.consignment_by_id(receipt["consignment_id"])
            assert consignment is not None
            subject, body = mails.quality_open(consignment, receipt, await quality_link(receipt) or "")
            await mail.post(
                receipt["email"],
                subject,
                body,
                about=("receipt", receipt["id"]),
                institution_id=receipt["institution_id"],
                idempotency_key=key,
            )
        sent += 1
    return sent


jobs.recurring(JOB, lambda settings: settings.reminder_hours)


@jobs.job_handler(JOB)
async def _run(_payload: dict[str, Any], _progress: jobs.Progress) -> dict[str, Any]:
    return {"sent": await remind()}

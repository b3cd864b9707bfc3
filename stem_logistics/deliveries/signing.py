"""After a receipt: members of the committee who confirm later, the signed paper, new editions of the protocol."""

import asyncio
import io
from typing import Any

from pypdf import PdfReader

from stem_logistics import audit, files, mail, runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.codes import parse_code
from stem_logistics.db.engine import unit_of_work
from stem_logistics.deliveries import (
    mails,
    protocols,
    queries,
    receipt_queries,
    receipts,
    service,
    signing_queries,
)
from stem_logistics.deliveries.committee import folded_name
from stem_logistics.deliveries.photos import LARGEST_BYTES, cleaned, is_heic, kind_of
from stem_logistics.deliveries.signature import is_drawn
from stem_logistics.errors import Conflict, Forbidden, Invalid, NotFound, TooLarge

PDF = b"%PDF-"


async def keep_paper(content: bytes) -> bytes:
    """Keep a scanned or photographed paper; returns its digest. A photograph is cleaned as any other.

    Raises:
        TooLarge: more than 15 MB.
        Invalid: neither a PDF nor a photograph.
    """
    if len(content) > LARGEST_BYTES:
        raise TooLarge("paper-too-large", limit=LARGEST_BYTES // 1_000_000)
    if content.startswith(PDF):
        if not await asyncio.to_thread(_has_pages, content):
            raise Invalid("paper-broken")
        return await files.store(content, "application/pdf")
    if kind_of(content) is None and not is_heic(content):
        raise Invalid("paper-of-unknown-kind")
    return await files.store(await asyncio.to_thread(cleaned, content), "image/jpeg")


def _has_pages(content: bytes) -> bool:
    """Whether a PDF can be opened, without a password, and has a page."""
    try:
        return len(PdfReader(io.BytesIO(content)).pages) > 0
    except Exception:
        # of a damaged file the reader raises whatever its parsing ends in
        return False


async def _mine(typed: str, permission: Permission = Permission.DELIVERIES_WRITE) -> dict[str, Any]:
    """A receipt for whoever may add to it: the school by its link, staff by their scope. Raises NotFound."""
    who = runtime.actor().principal
    code = parse_code(typed)
    receipt = await receipt_queries.receipt_by_code(code) if code else None
    if receipt is not None and who.kind == "link" and who.consignment_id == receipt["consignment_id"]:
        return receipt
    region_id, institution_id = (receipt or {}).get("regional_directorate_id"), (receipt or {}).get("institution_id")
    if (
        receipt is None
        or who.kind == "link"
        or not who.scope(permission).covers(region_id=region_id, institution_id=institution_id)
    ):
        raise NotFound("receipt-not-found", code=typed[:20])
    return receipt


async def to_sign(typed: str) -> dict[str, Any]:
    """A receipt with the `members` of its committee. Raises NotFound."""
    receipt = await _mine(typed)
    return {**receipt, "members": await signing_queries.members([receipt["id"]])}


async def member_confirms(typed: str, position: int, name: str, drawn: str = "") -> bool:
    """A member of the committee says yes to the receipt; True where all three have.

    The name has to be typed as it stands in the committee, accents and capitals aside: nobody confirms in another's
    place by a slip.

    Raises:
        Invalid: not a member's name, or a signature that is none.
        Conflict: confirmed before.
        Forbidden: staff cannot confirm in a member's place.
    """
    if runtime.actor().principal.kind != "link":
        raise Forbidden("not-allowed", permission=Permission.LINK_RECEIPT.value)
    if drawn and not is_drawn(drawn):
        raise Invalid("signature-unusable", number=position)
    async with unit_of_work():
        receipt = await _mine(typed)
        await signing_queries.lock_receipt(receipt["id"])
        members = await signing_queries.members([receipt["id"]])
        found = next((member for member in members if member["position"] == position), None)
        if found is None or folded_name(found["name"] or "") != folded_name(name):
            raise Invalid("member-name-differs", number=position)
        if not await signing_queries.confirm_member(receipt["id"], position, drawn):
            raise Conflict("member-confirmed-before", number=position)
        done = all(member["confirmed_at"] or member["position"] == position for member in members)
        await audit.record("committee-member-confirmed", "consignment", receipt["consignment_code"], member=position)
        digest = await protocols.store_protocol(receipt, f"μέλος {position}")
        if done:
            await mail_again(receipt, digest)
    return done


async def mail_again(receipt: dict[str, Any], digest: bytes) -> None:
    """Send the school a later edition of a protocol, inside the caller's unit of work."""
    consignment = await queries.consignment_by_id(receipt["consignment_id"])
    assert consignment is not None
    edition = len(await signing_queries.issues(receipt["id"]))
    if consignment["institution_email"]:
        subject, body = mails.protocol(consignment, receipt, None)
        await mail.post(
            consignment["institution_email"],
            subject,
            body,
            about=("receipt", receipt["id"]),
            institution_id=consignment["institution_id"],
            attachments=[(receipts.protocol_name(receipt), digest)],
            idempotency_key=f"protocol:{receipt['id']}:{edition}",
        )


async def add_signed_paper(typed: str, content: bytes) -> None:
    """Put the printed, signed, stamped and photographed protocol on file. A later one takes its place; both are kept.

    Raises:
        NotFound, TooLarge, Invalid: as `keep_paper`, and no such receipt.
    """
    receipt = await _mine(typed)
    digest = await keep_paper(content)
    who = runtime.actor().principal
    async with unit_of_work():
        await signing_queries.lock_receipt(receipt["id"])
        await signing_queries.set_signed(receipt["id"], digest, who.id if who.kind == "account" else None)
        await audit.record(
            "signed-protocol-filed",
            "consignment",
            receipt["consignment_code"],
            receipt=receipt["code"],
            sha256=digest.hex(),
        )


async def signed_paper(typed: str) -> files.StoredFile:
    """The signed paper of a receipt. Raises NotFound."""
    receipt = await _mine(typed, Permission.DELIVERIES_READ)
    if receipt["signed_digest"] is None:
        raise NotFound("file-not-found", digest="")
    return await files.load(receipt["signed_digest"])


async def edition(typed: str, number: int) -> tuple[dict[str, Any], bytes]:
    """A receipt and one edition of its protocol. Raises NotFound."""
    receipt = await _mine(typed, Permission.DELIVERIES_READ)
    for issue in await signing_queries.issues(receipt["id"]):
        if issue["issue"] == number:
            return receipt, (await files.load(issue["digest"])).content
    raise NotFound("receipt-not-found", code=typed[:20])


async def issue_again(typed: str, *, why: str) -> None:
    """Make the protocol anew from what the register says now; the earlier editions stay. Raises Invalid without why."""
    if not why.strip():
        raise Invalid("reason-missing")
    service.require(Permission.DELIVERIES_WRITE)
    async with unit_of_work():
        receipt = await _mine(typed)
        await signing_queries.lock_receipt(receipt["id"])
        digest = await protocols.store_protocol(receipt, why.strip()[:500])
        await mail_again(receipt, digest)
        await audit.record("protocol-issued-again", "consignment", receipt["consignment_code"], why=why.strip())

"""Receipt on paper alone: a blank protocol, filled in, signed, stamped and photographed; staff enter it afterwards.

Signed on file, to be entered: nothing moves until staff have read the paper, with the picture beside the form.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from stem_logistics import audit, files, mail, runtime
from stem_logistics.accounts import links
from stem_logistics.accounts.policy import Permission
from stem_logistics.codes import shown_code
from stem_logistics.db.engine import unit_of_work
from stem_logistics.deliveries import expected, mails, paper_queries, protocols, queries, service, signing
from stem_logistics.deliveries.documents.packing import PackedKit, PackedLine, blank_protocol_pdf
from stem_logistics.deliveries.rules import AWAITING_RECEIPT, CALLED_OFF
from stem_logistics.errors import Conflict, Forbidden, Invalid, NotFound
from stem_logistics.web.i18n import use_locale

MOST_PAPERS = 5


async def blank(consignment: dict[str, Any]) -> bytes:
    """The protocol of what is still to be received, to be filled in by hand, as PDF. The caller has made sure that
    its reader may see it."""
    shipment = await protocols.shipment_of(consignment)
    with use_locale("el"):
        lines = [line for line in await expected.expected_lines(consignment["id"]) if line.outstanding]
    kits = tuple(
        PackedKit(
            kit.code,
            kit.name,
            tuple(
                PackedLine(line.item, line.serial, line.outstanding)
                for line in lines
                if shown_code(line.kit_code) == kit.code
            ),
        )
        for kit in shipment.kits
    )
    return await asyncio.to_thread(blank_protocol_pdf, shipment, tuple(kit for kit in kits if kit.lines))


async def open_of(consignment_id: int) -> list[dict[str, Any]]:
    """The papers of a consignment that wait to be entered. The caller has made sure that its reader may see it."""
    return await paper_queries.open_of(consignment_id)


async def file_papers(contents: Sequence[bytes]) -> int:
    """Put the signed papers of the school behind the link on file, for staff to enter; returns how many were new.

    Raises:
        Invalid, TooLarge: none, too many, or one that is neither a PDF that opens nor a photograph.
        Conflict: nothing is left to receive, or it was cancelled.
    """
    who = runtime.actor().principal
    if who.kind != "link" or who.consignment_id is None:
        raise Forbidden("not-allowed", permission=Permission.LINK_RECEIPT.value)
    if not contents:
        raise Invalid("file-missing")
    if len(contents) > MOST_PAPERS:
        raise Invalid("papers-too-many", most=MOST_PAPERS)
    digests = [await signing.keep_paper(content) for content in contents]
    async with unit_of_work():
        state = await queries.lock(who.consignment_id)
        consignment = await queries.consignment_by_id(who.consignment_id)
        assert consignment is not None
        if state in CALLED_OFF:
            raise Conflict("consignment-was-cancelled", code=consignment["code"])
        if state not in AWAITING_RECEIPT:
            raise Conflict("consignment-not-awaited", code=consignment["code"], state=str(state))
        fresh = [await paper_queries.add(consignment["id"], digest, who.id) for digest in digests]
        if any(fresh):
            await links.note_use(who)
            await audit.record("signed-paper-sent", "consignment", consignment["code"], papers=sum(fresh))
    return sum(fresh)


async def read(code: str, paper_id: int) -> files.StoredFile:
    """A paper of a consignment, for staff. Raises NotFound."""
    consignment = await service.get_consignment(code)
    found = await paper_queries.paper(paper_id)
    if found is None or found["consignment_id"] != consignment["id"]:
        raise NotFound("file-not-found", digest="")
    return await files.load(found["digest"])


async def refuse(code: str, *, why: str) -> None:
    """Nothing can be entered from the papers that wait: the school is asked again, with the reason.

    Raises:
        Invalid: no reason. NotFound: no such consignment within the scope. Conflict: no paper waits.
    """
    if not why.strip():
        raise Invalid("reason-missing")
    async with unit_of_work():
        consignment = await service.get_consignment(code, Permission.DELIVERIES_WRITE)
        if not await paper_queries.refuse(consignment["id"], why.strip()[:500]):
            raise Conflict("no-paper-waits", code=consignment["code"])
        if consignment["institution_email"]:
            subject, body = mails.paper_refused(consignment, why.strip()[:500])
            await mail.post(
                consignment["institution_email"],
                subject,
                body,
                about=("paper", consignment["id"]),
                institution_id=consignment["institution_id"],
            )
        await audit.record("signed-paper-refused", "consignment", consignment["code"], why=why.strip()[:500])


async def waiting() -> int:
    """How many consignments have papers that wait to be entered, within the reader's scope."""
    return await paper_queries.waiting(service.require(Permission.DELIVERIES_WRITE))

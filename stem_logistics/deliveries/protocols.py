"""The papers of a delivery, made from what the database says: protocol, packing list, label; and their verification."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from stem_logistics import files, runtime
from stem_logistics.codes import parse_code, shown_code
from stem_logistics.deliveries import (
    photo_queries,
    protocol_lines,
    quality_queries,
    queries,
    receipt_queries,
    signing_queries,
)
from stem_logistics.deliveries.documents.packing import (
    PackedKit,
    PackedLine,
    Shipment,
    label_pdf,
    labels_pdf,
    packing_list_pdf,
    packing_lists_pdf,
    pick_list_pdf,
)
from stem_logistics.deliveries.documents.parties import School, Sender
from stem_logistics.deliveries.documents.protocol import LaterQuality, Protocol, Signer, protocol_pdf
from stem_logistics.deliveries.documents.text import greek_date, greek_weight
from stem_logistics.errors import NotFound

# What a receipt answers of a line, in the order of the first codes.
ANSWERED = ("received", "damaged", "missing", "not_yet")


def sender() -> Sender:
    """The organisation that hands over, from the settings."""
    lines = tuple(line.strip() for line in runtime.settings().organisation_address.split("|") if line.strip())
    return Sender(runtime.settings().organisation, lines)


def _school(consignment: dict[str, Any]) -> School:
    town = " ".join(x for x in (consignment["institution_postcode"], consignment["institution_municipality"]) if x)
    return School(
        consignment["institution_name"],
        consignment["institution_code"],
        ", ".join(x for x in (consignment["institution_address"], town) if x),
        ", ".join(x for x in (consignment["directorate"], consignment["region_el"]) if x),
        consignment["institution_kind"] == "department",
    )


def _local(moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo(runtime.settings().timezone))


def _carrier(consignment: dict[str, Any]) -> str:
    return ", ".join(x for x in (consignment["courier"], consignment["tracking_number"]) if x)


def _extra(extra: dict[str, Any]) -> str:
    word = "πλεόνασμα" if extra["kind"] == "surplus" else "άλλο είδος"
    return f"{extra['what']} ({word})"


async def protocol_of(receipt: dict[str, Any], issue: int = 1) -> Protocol:
    """What the protocol of a receipt says, from the database as it is now."""
    consignment = await queries.consignment_by_id(receipt["consignment_id"])
    assert consignment is not None
    members = await signing_queries.members([receipt["id"]])
    photos = await photo_queries.of_receipt(receipt["id"])
    return Protocol(
        number=receipt["protocol_number"],
        moment=_local(receipt["confirmed_at"]),
        consignment=shown_code(consignment["code"]),
        wave=consignment["wave_title_el"] or "",
        sender=sender(),
        school=_school(consignment),
        kits=await protocol_lines.kits_of(receipt["consignment_id"], receipt["part"]),
        receiver_name=receipt["receiver_name"] or "–",
        receiver_role=receipt["receiver_role"],
        part=receipt["part"],
        is_final=receipt["is_final"],
        url=f"{runtime.settings().base_url}/v/{receipt['code']}",
        courier=_carrier(consignment),
        note=receipt["note"],
        photos=tuple(photo["digest"].hex() for photo in photos if not photo["later"]),
        quality=receipt["quality"],
        act=receipt["committee_act"],
        appointed_by=receipt["appointed_by"],
        members=tuple(
            Signer(
                member["name"] or "–",
                member["post"],
                _local(member["confirmed_at"]) if member["confirmed_at"] else None,
                member["signature"],
            )
            for member in members
        ),
        extras=tuple(
            (_extra(extra), extra["serial_number"], extra["quantity"])
            for extra in await signing_queries.extras(receipt["id"])
        ),
        issue=issue,
        by_staff=receipt["channel"] == "staff",
        signed_on_file=receipt["signed_digest"] is not None,
        signature=receipt["signature"],
        later=_later(await quality_queries.of_receipt(receipt["id"]), photos),
    )


def _later(quality: dict[str, Any] | None, photos: Sequence[dict[str, Any]]) -> LaterQuality | None:
    if quality is None:
        return None
    by = Signer(quality["name"] or "–", quality["role"], _local(quality["done_at"]), quality["signature"])
    shown = tuple(photo["digest"].hex() for photo in photos if photo["later"])
    return LaterQuality(quality["quality"], by, quality["note"], shown)


async def store_protocol(receipt: dict[str, Any], why: str = "") -> bytes:
    """Make the next edition of a receipt's protocol and keep it beside the earlier ones; returns its digest."""
    editions = await signing_queries.issues(receipt["id"])
    protocol = await protocol_of(receipt, len(editions) + 1)
    # typst is busy for some hundredths of a second: other requests go on meanwhile
    pdf = await asyncio.to_thread(protocol_pdf, protocol)
    digest = await files.store(pdf, "application/pdf")
    await receipt_queries.set_protocol(receipt["id"], digest)
    await signing_queries.add_issue(receipt["id"], digest, why, protocol.verification(), protocol.facts())
    return digest


async def verified(typed: str, verification: str) -> dict[str, Any]:
    """What the register says of a protocol that somebody holds on paper, without the names on it.

    Each edition has a code of its own, which stands for all that it says. An edition holds while its code is known
    and what may never change after a receipt is still what it was printed with.

    Returns:
        `holds` (whether the paper is one of the editions), the `edition` (its number), all `editions`, the receipt, and
        the `protocol` as it is now, with initials for names.

    Raises:
        NotFound: no such receipt.
    """
    code = parse_code(typed)
    receipt = await receipt_queries.receipt_by_code(code) if code else None
    if receipt is None:
        raise NotFound("receipt-not-found", code=typed[:20])
    editions = await signing_queries.issues(receipt["id"])
    protocol = await protocol_of(receipt, len(editions) or 1)
    # editions of before had one code together, of fewer facts; it is computed as it was
    first = await _first_verification(receipt)
    given = verification.upper().replace("-", "")
    edition = None
    for each in editions:
        printed = each["verification"].replace("-", "") or first
        unchanged = each["facts"] is None or each["facts"] == protocol.facts()
        if hmac.compare_digest(given.encode(), printed.encode()) and unchanged:
            edition = each["issue"]
    found = {"edition": edition, "editions": editions, "receipt": receipt, "protocol": protocol.with_initials()}
    return {"holds": edition is not None, **found}


async def _first_verification(receipt: dict[str, Any]) -> str:
    rows = await receipt_queries.receipt_lines(receipt["id"])
    facts = {
        "number": receipt["protocol_number"],
        "moment": _local(receipt["confirmed_at"]).timestamp(),
        "consignment": shown_code(receipt["consignment_code"]),
        "school": receipt["institution_code"],
        "part": receipt["part"],
        "final": receipt["is_final"],
        "lines": [
            [
                shown_code(row["kit_code"]),
                row["item"],
                row["serial_number"] or "",
                sum(row[name] for name in ANSWERED),
                *(row[name] for name in ANSWERED),
            ]
            for row in rows
        ],
        "photos": [row["digest"].hex() for row in await photo_queries.of_receipt(receipt["id"]) if not row["later"]],
    }
    canonical = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16].upper()


async def shipment_of(consignment: dict[str, Any]) -> Shipment:
    """What packing list and label of a consignment say."""
    lines = await queries.lines_of(consignment["id"])
    devices = await queries.devices_of(consignment["id"])
    kits = []
    for kit in await queries.heads_of(consignment["id"]):
        packed = []
        for line in (each for each in lines if each["head_id"] == kit["kit_id"]):
            serials = [device["serial_number"] for device in devices if device["line_id"] == line["id"]]
            source = shown_code(line["from_kit"])
            packed += [PackedLine(line["name_el"], serial, 1, source) for serial in serials]
            if left := line["quantity"] - len(serials):
                packed.append(PackedLine(line["name_el"], "", left, source))
        kits.append(PackedKit(shown_code(kit["code"]), kit["title_el"], tuple(packed)))
    moment = consignment["dispatched_at"] or consignment["packed_at"] or consignment["created_at"]
    return Shipment(
        shown_code(consignment["code"]),
        _local(moment),
        consignment["wave_title_el"] or "",
        sender(),
        _school(consignment),
        tuple(kits),
        f"{runtime.settings().base_url}/c/{consignment['code']}",
        consignment["parcels"],
        _carrier(consignment),
        greek_weight(consignment["weight_grams"]),
        consignment["supplier_document"],
        case=shown_code(consignment["case_code"]) if consignment["case_code"] else "",
        awaited=await _awaited(consignment),
    )


async def _awaited(consignment: dict[str, Any]) -> tuple[tuple[str, int], ...]:
    left = await queries.left_of_case(consignment["id"])
    case = await receipt_queries.discrepancy(consignment["case_code"]) if left else None
    return ((case["name_el"], left),) if case else ()


async def pick_list(consignment: dict[str, Any]) -> bytes:
    """What the store fetches for one consignment, as PDF."""
    moment = _local(consignment["created_at"])
    return await asyncio.to_thread(
        pick_list_pdf, shown_code(consignment["code"]), [await shipment_of(consignment)], moment
    )


async def packing_list(consignment: dict[str, Any]) -> bytes:
    """The packing list as PDF."""
    return await asyncio.to_thread(packing_list_pdf, await shipment_of(consignment))


async def label(consignment: dict[str, Any]) -> bytes:
    """The parcels' labels as PDF."""
    return await asyncio.to_thread(label_pdf, await shipment_of(consignment))


def papers(kind: str, moment: datetime, shipments: Sequence[Shipment]) -> bytes:
    """The papers of many consignments in one PDF: `lists`, `labels` or `pick-list`."""
    local = _local(moment)
    if kind == "labels":
        return labels_pdf(shipments, local)
    if kind == "lists":
        return packing_lists_pdf(shipments, local)
    return pick_list_pdf(greek_date(local), shipments, local)

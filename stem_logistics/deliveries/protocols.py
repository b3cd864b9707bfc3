"""The papers of a delivery, made from what the database says: protocol, packing list, label; and their verification."""

import asyncio
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from stem_logistics import files, runtime
from stem_logistics.checks import service as checks
from stem_logistics.checks.rules import DeviceHealth
from stem_logistics.codes import parse_code, shown_code
from stem_logistics.deliveries import queries, receipt_queries, signing_queries
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
from stem_logistics.deliveries.documents.protocol import Kit, Line, Protocol, Signer, protocol_pdf
from stem_logistics.deliveries.documents.text import greek_date
from stem_logistics.deliveries.reasons import DAMAGE_WORDS, MISSING_WORDS
from stem_logistics.errors import NotFound
from stem_logistics.web.i18n import gettext, use_locale

CHECK_WORDS = {
    "PASS": "εντάξει",
    "FAIL": "βλάβη",
    "INCONCLUSIVE": "δεν ολοκληρώθηκε ο έλεγχος",
    "OUTDATED": "παλιά έκδοση",
    "UNKNOWN": "άγνωστο",
    "MISMATCH": "άλλο υλικολογισμικό",
    "DAMAGED": "κατεστραμμένο υλικολογισμικό",
}


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


def _remarks(row: dict[str, Any]) -> tuple[str, ...]:
    said = []
    with use_locale("el"):
        if row["damaged"]:
            reason = str(DAMAGE_WORDS[row["damage_reason"]])
            said.append(gettext("Damaged %(count)s: %(reason)s", count=row["damaged"], reason=reason))
        if row["missing"]:
            reason = str(MISSING_WORDS[row["missing_reason"]])
            said.append(gettext("Missing %(count)s: %(reason)s", count=row["missing"], reason=reason))
    if row["note"]:
        said.append(f"«{row['note']}»")
    return tuple(said)


def _extra(extra: dict[str, Any]) -> str:
    word = "πλεόνασμα" if extra["kind"] == "surplus" else "άλλο είδος"
    return f"{extra['what']} ({word})"


def _check(device: DeviceHealth | None) -> str:
    """The word of a device's last check, as the official document has it."""
    if device is None or device.verdict is None or device.observed_at is None:
        return ""
    return f"{CHECK_WORDS[device.verdict.value]} ({greek_date(_local(device.observed_at))})"


async def protocol_of(receipt: dict[str, Any], issue: int = 1) -> Protocol:
    """What the protocol of a receipt says, from the database as it is now."""
    consignment = await queries.consignment_by_id(receipt["consignment_id"])
    assert consignment is not None
    kits: dict[int, list[dict[str, Any]]] = {}
    rows = await receipt_queries.receipt_lines(receipt["id"])
    for row in rows:
        kits.setdefault(row["head_id"], []).append(row)
    health = await checks.health_of_kits(list({row["kit_id"] for row in rows})) if rows else {}
    checked = {each.device_id: each for kit in health.values() for each in kit.devices if each.verdict is not None}
    members = await signing_queries.members([receipt["id"]])
    return Protocol(
        number=receipt["protocol_number"],
        moment=_local(receipt["confirmed_at"]),
        consignment=shown_code(consignment["code"]),
        wave=consignment["wave_title_el"] or "",
        sender=sender(),
        school=_school(consignment),
        kits=tuple(
            Kit(
                shown_code(lines[0]["kit_code"]),
                lines[0]["kit_title_el"],
                tuple(
                    Line(
                        row["name_el"],
                        row["item"],
                        row["serial_number"] or "",
                        row["received"] + row["damaged"] + row["missing"] + row["not_yet"],
                        row["received"],
                        row["damaged"],
                        row["missing"],
                        row["not_yet"],
                        _remarks(row),
                        _check(checked.get(row["device_id"])),
                    )
                    for row in lines
                ),
            )
            for lines in kits.values()
        ),
        receiver_name=receipt["receiver_name"] or "–",
        receiver_role=receipt["receiver_role"],
        part=receipt["part"],
        is_final=receipt["is_final"],
        url=f"{runtime.settings().base_url}/v/{receipt['code']}",
        courier=_carrier(consignment),
        note=receipt["note"],
        photos=tuple(row["photo_digest"].hex() for row in rows if row["photo_digest"]),
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
    )


async def store_protocol(receipt: dict[str, Any], why: str = "") -> bytes:
    """Make the next edition of a receipt's protocol and keep it beside the earlier ones; returns its digest."""
    editions = await signing_queries.issues(receipt["id"])
    protocol = await protocol_of(receipt, len(editions) + 1)
    # typst is busy for some hundredths of a second: other requests go on meanwhile
    pdf = await asyncio.to_thread(protocol_pdf, protocol)
    digest = await files.store(pdf, "application/pdf")
    await receipt_queries.set_protocol(receipt["id"], digest)
    await signing_queries.add_issue(receipt["id"], digest, why)
    return digest


async def verified(typed: str, verification: str) -> dict[str, Any]:
    """What the register says of a protocol that somebody holds on paper, without the person who received.

    Returns:
        `holds` (whether the facts on the paper are those of the register), the receipt, and the `protocol`.

    Raises:
        NotFound: no such receipt.
    """
    code = parse_code(typed)
    receipt = await receipt_queries.receipt_by_code(code) if code else None
    if receipt is None:
        raise NotFound("receipt-not-found", code=typed[:20])
    protocol = await protocol_of(receipt)
    given = verification.upper().replace("-", "")
    holds = hmac.compare_digest(given.encode(), protocol.verification().replace("-", "").encode())
    return {"holds": holds, "receipt": receipt, "protocol": protocol}


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
        f"{consignment['weight_grams'] / 1000:.1f} kg".replace(".", ",") if consignment["weight_grams"] else "",
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

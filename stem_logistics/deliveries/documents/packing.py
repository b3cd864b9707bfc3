"""What travels with the parcel: the packing list (συνοδευτική κατάσταση) and the label."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from stem_logistics.deliveries.documents.parties import School, Sender
from stem_logistics.deliveries.documents.render import qr_svg, render
from stem_logistics.deliveries.documents.text import greek_date


@dataclass(frozen=True, slots=True)
class PackedLine:
    """Pieces of one item; one piece where it has a serial number.

    Args:
        source: the kit that they are taken out of, where they are sent again for another one.
    """

    item: str
    serial: str
    quantity: int
    source: str = ""


@dataclass(frozen=True, slots=True)
class PackedKit:
    """The lines of one kit; loose pieces come as a kit without a code."""

    code: str
    name: str
    lines: tuple[PackedLine, ...]


@dataclass(frozen=True, slots=True)
class Shipment:
    """What list and label say of a consignment.

    Args:
        weight: of all parcels, as people write it; empty where nobody weighed.
        supplier_document: the number of the supplier's own delivery note, which may be a tax document.
        via: who brings it the last mile, if not the courier.
        url: the consignment's public page, the one thing that the QR code holds.
        parcels: how many parcels it is sent in.
        case: the code of the discrepancy for which it is sent again.
        awaited: items that are still to be scanned in, with their numbers.
    """

    consignment: str
    moment: datetime
    wave: str
    sender: Sender
    school: School
    kits: tuple[PackedKit, ...]
    url: str
    parcels: int = 1
    courier: str = ""
    weight: str = ""
    supplier_document: str = ""
    via: str = ""
    case: str = ""
    awaited: tuple[tuple[str, int], ...] = ()


def packing_lists_pdf(shipments: Sequence[Shipment], moment: datetime) -> bytes:
    """The packing lists of shipments in their order as one PDF/A-2b, each with a protocol to be filled in by hand; the
    pages of each part are counted for themselves."""
    first = shipments[0]
    name = f"Συνοδευτική κατάσταση {first.consignment}" if len(shipments) == 1 else "Συνοδευτικές καταστάσεις"
    data = {"title": name, "sender": first.sender.data(), "shipments": [_listed(each) for each in shipments]}
    return render("packing_list.typ", data, moment)


def packing_list_pdf(shipment: Shipment) -> bytes:
    """The packing list as PDF/A-2b."""
    return packing_lists_pdf([shipment], shipment.moment)


def blank_protocol_pdf(shipment: Shipment, kits: tuple[PackedKit, ...]) -> bytes:
    """The protocol of these kits of a shipment as PDF/A-2b, to be filled in, signed and stamped by hand."""
    data = {
        "title": f"Πρωτόκολλο παράδοσης-παραλαβής προς συμπλήρωση, αποστολή {shipment.consignment}",
        "sender": shipment.sender.data(),
        "shipment": _listed(replace(shipment, kits=kits)),
    }
    return render("blank.typ", data, shipment.moment)


def _listed(shipment: Shipment) -> dict[str, Any]:
    kits, index = [], 0
    for kit in shipment.kits:
        lines = []
        for line in kit.lines:
            index += 1
            lines.append({"index": index, "item": line.item, "serial": line.serial, "quantity": line.quantity})
        kits.append({"code": kit.code, "name": kit.name, "lines": lines})
    return {
        "consignment": shipment.consignment,
        "date": greek_date(shipment.moment),
        "wave": shipment.wave,
        "courier": shipment.courier,
        "parcels": str(shipment.parcels),
        "weight": shipment.weight,
        "supplier_document": shipment.supplier_document,
        "via": shipment.via,
        "case": shipment.case,
        "sender": shipment.sender.data(),
        "school": shipment.school.data(),
        "kits": kits,
        "total": sum(line.quantity for kit in shipment.kits for line in kit.lines),
        "qr": qr_svg(shipment.url),
    }


def labels_pdf(shipments: Sequence[Shipment], moment: datetime) -> bytes:
    """The labels of shipments in their order as PDF/A-2b, a page (A6) a parcel. The QR code is the public page only."""
    name = f"Ετικέτα αποστολής {shipments[0].consignment}" if len(shipments) == 1 else "Ετικέτες αποστολών"
    data = {
        "title": name,
        "sender": shipments[0].sender.data(),
        "shipments": [
            {
                "consignment": each.consignment,
                "courier": each.courier,
                "via": each.via,
                "school": each.school.data(),
                "url": each.url,
                "qr": qr_svg(each.url),
            }
            for each in shipments
        ],
        "parcels": [
            [at, f"{number} από {each.parcels}"]
            for at, each in enumerate(shipments)
            for number in range(1, each.parcels + 1)
        ],
    }
    return render("label.typ", data, moment)


def label_pdf(shipment: Shipment) -> bytes:
    """The labels of one shipment's parcels as PDF/A-2b."""
    return labels_pdf([shipment], shipment.moment)


def _pieces(shipment: Shipment) -> list[tuple[str, str, int, Shipment]]:
    """What is fetched to be sent again: out of which kit, which item, how many."""
    found = [
        (line.source, f"{line.item} {line.serial}".strip(), line.quantity, shipment)
        for kit in shipment.kits
        for line in kit.lines
    ]
    return found + [("με σάρωση", item, quantity, shipment) for item, quantity in shipment.awaited]


def pick_list_pdf(batch: str, shipments: Sequence[Shipment], moment: datetime) -> bytes:
    """What the store fetches for these shipments as PDF/A-2b: kinds with their numbers, then kit by kit; of what is
    sent again, piece by piece."""
    every = [(kit, each) for each in shipments if not each.case for kit in each.kits]
    pieces = [fetched for each in shipments if each.case for fetched in _pieces(each)]
    counts = Counter(kit.name for kit, _ in every)
    for _, item, quantity, _ in pieces:
        counts[f"{item} (τεμάχια)"] += quantity
    data = {
        "batch": batch,
        "date": greek_date(moment),
        "sender": shipments[0].sender.data(),
        "consignments": len(shipments),
        "kits": len(every),
        "kinds": [{"name": name, "count": count} for name, count in sorted(counts.items())],
        "rows": [
            {"kit": kit.code, "name": kit.name, "consignment": each.consignment, "school": each.school.name}
            for kit, each in every
        ]
        + [
            {
                "kit": source,
                "name": f"{quantity} × {item}",
                "consignment": each.consignment,
                "school": f"{each.school.name} (απόκλιση {each.case})",
            }
            for source, item, quantity, each in pieces
        ],
    }
    return render("pick_list.typ", data, moment)

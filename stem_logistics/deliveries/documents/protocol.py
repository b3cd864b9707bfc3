"""The hand-over protocol (Πρωτόκολλο παράδοσης-παραλαβής) of one receipt."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stem_logistics.deliveries.documents.parties import School, Sender
from stem_logistics.deliveries.documents.render import qr_svg, render
from stem_logistics.deliveries.documents.text import greek_date, greek_time
from stem_logistics.deliveries.signature import is_drawn, signature_svg

NUMBERS = ("expected", "received", "damaged", "missing", "not_yet")


@dataclass(frozen=True, slots=True)
class Line:
    """What a receipt says of one line of the consignment.

    Args:
        item: its name, in Greek.
        slug: what identifies the item, however it may be called later.
        remarks: the reasons of a shortfall, as finished Greek.
        check: what the last check of the device said, as finished Greek.
    """

    item: str
    slug: str
    serial: str
    expected: int
    received: int
    damaged: int
    missing: int
    not_yet: int = 0
    remarks: tuple[str, ...] = ()
    check: str = ""


@dataclass(frozen=True, slots=True)
class Signer:
    """A member of the committee, when they confirmed, and a drawn signature as points where there is one."""

    name: str
    post: str
    confirmed_at: datetime | None
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Kit:
    """The lines of one kit; loose pieces come as a kit without a code."""

    code: str
    name: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Protocol:
    """Everything that the document says.

    Args:
        number: of the protocol, which is the receipt's public code.
        moment: when the receipt was confirmed, in the zone to be shown.
        part: which receipt of the consignment this is, counted from 1.
        is_final: whether nothing is outstanding after it.
        url: the page that verifies it, without the verification code, which is added.
    """

    number: str
    moment: datetime
    consignment: str
    wave: str
    sender: Sender
    school: School
    kits: tuple[Kit, ...]
    receiver_name: str
    receiver_role: str
    part: int
    is_final: bool
    url: str
    courier: str = ""
    note: str = ""
    photos: tuple[str, ...] = ()
    quality: str = "looked"
    act: str = ""
    appointed_by: str = ""
    members: tuple[Signer, ...] = ()
    extras: tuple[tuple[str, str, int], ...] = ()
    issue: int = 1
    by_staff: bool = False
    signed_on_file: bool = False

    def verification(self) -> str:
        """Sixteen letters that stand for the facts of this receipt: changed facts give other letters.

        The receiver's name and role, the notes and the courier are left out: they can be erased, and the
        rest must still verify.
        """
        facts = {
            "number": self.number,
            "moment": self.moment.timestamp(),
            "consignment": self.consignment,
            "school": self.school.code or self.school.name,
            "part": self.part,
            "final": self.is_final,
            "lines": [
                [kit.code, line.slug, line.serial, *(getattr(line, name) for name in NUMBERS)]
                for kit in self.kits
                for line in kit.lines
            ],
            "photos": list(self.photos),
        }
        canonical = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        digest = hashlib.sha256(canonical.encode()).hexdigest()[:16].upper()
        return "-".join(digest[at : at + 4] for at in range(0, 16, 4))

    def verification_url(self) -> str:
        """What the QR code on the document holds."""
        return f"{self.url}/{self.verification()}"


QUALITY = {
    "looked": "τα τεμάχια ανοίχτηκαν και εξετάστηκαν με το μάτι",
    "tried": "τα τεμάχια δοκιμάστηκαν και λειτουργούν, εκτός όσων σημειώνονται με φθορά",
    "later": "δεν έγινε ακόμη· θα ακολουθήσει",
}
APPOINTED = {
    "school": "από τη σχολική μονάδα",
    "directorate": "από τη Διεύθυνση Εκπαίδευσης, με μέλη και από άλλες σχολικές μονάδες",
}


def _confirmation(protocol: Protocol) -> str:
    when = f"στις {greek_date(protocol.moment)} και ώρα {greek_time(protocol.moment)}"
    if protocol.by_staff:
        return f"από στέλεχος Ε.Ο.Υ., {when}, με βάση το υπογεγραμμένο έντυπο που τηρείται στο αρχείο"
    paper = " Το υπογεγραμμένο έντυπο τηρείται στο αρχείο." if protocol.signed_on_file else ""
    return f"ηλεκτρονικά, {when}, με τον σύνδεσμο που στάλθηκε στο επίσημο ταχυδρομείο.{paper}"


def _sentence(protocol: Protocol) -> str:
    who = "το τμήμα" if protocol.school.is_department else "η σχολική μονάδα"
    left = "" if protocol.is_final else " Τα υπόλοιπα τεμάχια της αποστολής αναμένονται."
    return (
        f"Στις {greek_date(protocol.moment)} {who} «{protocol.school.name}» επιβεβαίωσε την παραλαβή του "
        f"εξοπλισμού της αποστολής {protocol.consignment}, όπως αναλύεται παρακάτω.{left}"
    )


def _lines(kit: Kit, first: int) -> list[dict[str, Any]]:
    return [
        {
            "index": first + offset,
            "item": line.item,
            "serial": line.serial,
            "remarks": list(line.remarks),
            "check": line.check,
            "arrived": line.received + line.damaged,
            **{name: getattr(line, name) for name in NUMBERS},
        }
        for offset, line in enumerate(kit.lines)
    ]


def protocol_pdf(protocol: Protocol) -> bytes:
    """The protocol as PDF/A-2b; the same protocol gives the same bytes, so its digest identifies it."""
    ending = "ολοκληρώνει την αποστολή" if protocol.is_final else "μερική"
    kits, first = [], 1
    for kit in protocol.kits:
        kits.append({"code": kit.code, "name": kit.name, "lines": _lines(kit, first)})
        first += len(kit.lines)
    every = [line for kit in protocol.kits for line in kit.lines]
    data = {
        "number": protocol.number,
        "moment": f"{greek_date(protocol.moment)}, {greek_time(protocol.moment)}",
        "part": f"{protocol.part}η παραλαβή · {ending}",
        "consignment": protocol.consignment,
        "wave": protocol.wave,
        "courier": protocol.courier,
        "sender": protocol.sender.data(),
        "school": protocol.school.data(),
        "sentence": _sentence(protocol),
        "kits": kits,
        "totals": {
            **{name: sum(getattr(line, name) for line in every) for name in NUMBERS},
            "arrived": sum(line.received + line.damaged for line in every),
        },
        "note": protocol.note,
        "photos": list(protocol.photos),
        "receiver": {"name": protocol.receiver_name, "role": protocol.receiver_role},
        "confirmation": _confirmation(protocol),
        "quality": QUALITY[protocol.quality],
        "committee": {"act": protocol.act, "by": APPOINTED.get(protocol.appointed_by, "")},
        "members": [
            {
                "name": member.name,
                "post": member.post,
                "when": f"επιβεβαίωσε στις {greek_date(member.confirmed_at)}, {greek_time(member.confirmed_at)}"
                if member.confirmed_at
                else "",
                "qr": signature_svg(member.signature) if is_drawn(member.signature) else "",
            }
            for member in protocol.members
        ],
        "extras": [{"what": what, "serial": serial, "quantity": count} for what, serial, count in protocol.extras],
        "issue": f"{protocol.issue}η έκδοση · αντικαθιστά την προηγούμενη" if protocol.issue > 1 else "",
        "verification": protocol.verification(),
        "url": protocol.url,
        "qr": qr_svg(protocol.verification_url()),
    }
    return render("protocol.typ", data, protocol.moment)

"""The hand-over protocol (Πρωτόκολλο παράδοσης-παραλαβής) of one receipt."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from stem_logistics.deliveries.documents.parties import School, Sender
from stem_logistics.deliveries.documents.render import qr_svg, render
from stem_logistics.deliveries.documents.text import greek_date, greek_time
from stem_logistics.deliveries.signature import is_drawn, signature_svg

NUMBERS = ("sent", "before", "arrived", "missing", "awaited", "received", "damaged")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the consignment, as it stands with a receipt: every line that was sent has one.

    What was sent is what earlier receipts accounted for (`before`), what came now, what is missing, what is awaited.

    Args:
        item: its name, in Greek.
        slug: what identifies the item, however it may be called later.
        received: came now, in order.
        remarks: the reasons of a shortfall, as finished Greek.
        check: what the last check of the device said, as finished Greek.
    """

    item: str
    slug: str
    serial: str
    sent: int
    received: int
    damaged: int
    missing: int
    awaited: int = 0
    remarks: tuple[str, ...] = ()
    check: str = ""
    before: int = 0

    @property
    def arrived(self) -> int:
        """How many came now, whatever their quality."""
        return self.received + self.damaged


@dataclass(frozen=True, slots=True)
class Signer:
    """A member of the committee, when they confirmed, and a drawn signature as points where there is one."""

    name: str
    post: str
    confirmed_at: datetime | None
    signature: str = ""

    def with_initials(self) -> Self:
        """The same with initials for the name."""
        return replace(self, name=_initials(self.name))


@dataclass(frozen=True, slots=True)
class LaterQuality:
    """The quality, looked at after the receipt: by whom, when, how far. What was found stands on the lines."""

    quality: str
    by: Signer
    note: str = ""
    photos: tuple[str, ...] = ()


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
        quality: how far it was looked at with the receipt; `later` stands for not at all.
        signature: of the person who received, as points, where they drew one.
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
    signature: str = ""
    later: LaterQuality | None = None

    @property
    def quality_is_known(self) -> bool:
        """Whether the quality was looked at, with the receipt or later."""
        return self.quality != "later" or self.later is not None

    def verification(self) -> str:
        """Sixteen letters that stand for all that this edition says: any other word gives other letters."""
        digest = _digest(said(self)).hex()[:16].upper()
        return "-".join(digest[at : at + 4] for at in range(0, 16, 4))

    def facts(self) -> bytes:
        """A digest of what nothing may change after the receipt, whatever later editions add.

        Names, posts, notes and the courier are left out: they can be erased, and the rest must still be held against
        the register.
        """
        return _digest(
            {
                "number": self.number,
                "moment": self.moment.timestamp(),
                "consignment": self.consignment,
                "school": self.school.code or self.school.name,
                "part": self.part,
                "final": self.is_final,
                "lines": [
                    [kit.code, line.slug, line.serial, *(getattr(line, name) for name in NUMBERS[:5])]
                    for kit in self.kits
                    for line in kit.lines
                ],
                "photos": list(self.photos),
                "quality": self.quality,
                "act": [self.act, self.appointed_by, len(self.members)],
                "extras": [list(extra) for extra in self.extras],
            }
        )

    def with_initials(self) -> Self:
        """The same with initials for names, and without what people wrote: for those who hold the paper to compare."""
        later = self.later and replace(self.later, by=self.later.by.with_initials(), note="")
        return replace(
            self,
            receiver_name=_initials(self.receiver_name),
            members=tuple(member.with_initials() for member in self.members),
            later=later,
            note="",
        )

    def verification_url(self) -> str:
        """What the QR code on the document holds."""
        return f"{self.url}/{self.verification()}"


def _initials(name: str) -> str:
    return " ".join(f"{word[0]}." for word in name.split())


def _digest(facts: dict[str, Any]) -> bytes:
    canonical = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).digest()


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
    awaited = sum(line.awaited for kit in protocol.kits for line in kit.lines)
    left = "" if protocol.is_final else f" Αναμένονται ακόμη {awaited} τεμάχια."
    if awaited == 1 and left:
        left = " Αναμένεται ακόμη 1 τεμάχιο."
    if protocol.part > 1:
        left += " «Από πριν» είναι όσα δηλώθηκαν σε προηγούμενα πρωτόκολλα, μαζί με όσα έλειπαν ή είχαν φθορά."
    return (
        f"Στις {greek_date(protocol.moment)} {who} «{protocol.school.name}» επιβεβαίωσε την παραλαβή του "
        f"εξοπλισμού της αποστολής {protocol.consignment}, όπως αναλύεται παρακάτω.{left}"
    )


def _moment(moment: datetime) -> str:
    return f"{greek_date(moment)}, {greek_time(moment)}"


def _quality(protocol: Protocol) -> str:
    later = protocol.later
    if later is None:
        return QUALITY[protocol.quality]
    by = ", ".join(word for word in (later.by.name, later.by.post) if word)
    when = f"στις {_moment(later.by.confirmed_at)}" if later.by.confirmed_at else ""
    note = f" «{later.note}»" if later.note else ""
    return f"έγινε {when} ({by}): {QUALITY[later.quality]}.{note}"


def _numbers(lines: Sequence[Line], known: bool) -> dict[str, int | str]:
    """The sums of some lines. What nobody has looked at is neither in order nor damaged, but for what was seen."""
    sums: dict[str, int | str] = {name: sum(getattr(line, name) for line in lines) for name in NUMBERS}
    return sums if known else {**sums, "received": "", "damaged": sums["damaged"] or ""}


def _lines(kit: Kit, first: int, known: bool) -> list[dict[str, Any]]:
    return [
        {
            "index": first + offset,
            "item": line.item,
            "serial": line.serial,
            "remarks": list(line.remarks),
            "check": line.check,
            # nothing of the line came now: there is no quality to speak of
            **_numbers((line,), known and line.arrived > 0),
        }
        for offset, line in enumerate(kit.lines)
    ]


def _signer(signer: Signer, verb: str) -> dict[str, str]:
    return {
        "name": signer.name,
        "post": signer.post,
        "when": f"{verb} στις {_moment(signer.confirmed_at)}" if signer.confirmed_at else "",
        "qr": signature_svg(signer.signature) if is_drawn(signer.signature) else "",
    }


def said(protocol: Protocol) -> dict[str, Any]:
    """All that the document says, but for the code that stands for it."""
    ending = "ολοκληρώνει την αποστολή" if protocol.is_final else "μερική"
    known = protocol.quality_is_known
    kits, first = [], 1
    for kit in protocol.kits:
        kits.append({"code": kit.code, "name": kit.name, "lines": _lines(kit, first, known)})
        first += len(kit.lines)
    # beside the committee a drawing of the person who received stands as one more
    receiver = Signer(protocol.receiver_name, protocol.receiver_role, None, protocol.signature)
    members = [_signer(member, "επιβεβαίωσε") for member in protocol.members]
    if members and protocol.signature:
        members.insert(0, _signer(receiver, ""))
    return {
        "number": protocol.number,
        "moment": _moment(protocol.moment),
        "part": f"{protocol.part}η παραλαβή · {ending}",
        "later_part": protocol.part > 1,
        "consignment": protocol.consignment,
        "wave": protocol.wave,
        "courier": protocol.courier,
        "sender": protocol.sender.data(),
        "school": protocol.school.data(),
        "sentence": _sentence(protocol),
        "kits": kits,
        "totals": _numbers([line for kit in protocol.kits for line in kit.lines], known),
        "note": protocol.note,
        "photos": [*protocol.photos, *(protocol.later.photos if protocol.later else ())],
        "receiver": _signer(receiver, ""),
        "confirmation": _confirmation(protocol),
        "quality": _quality(protocol),
        "quality_signer": _signer(protocol.later.by, "") if protocol.later and protocol.later.by.signature else None,
        "committee": {"act": protocol.act, "by": APPOINTED.get(protocol.appointed_by, "")},
        "members": members,
        "extras": [{"what": what, "serial": serial, "quantity": count} for what, serial, count in protocol.extras],
        "issue": f"{protocol.issue}η έκδοση · αντικαθιστά την προηγούμενη" if protocol.issue > 1 else "",
        "url": protocol.url,
    }


def protocol_pdf(protocol: Protocol) -> bytes:
    """The protocol as PDF/A-2b; the same protocol gives the same bytes, so its digest identifies it."""
    code = {"verification": protocol.verification(), "qr": qr_svg(protocol.verification_url())}
    return render("protocol.typ", {**said(protocol), **code}, protocol.moment)

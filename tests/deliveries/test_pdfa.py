"""Each kind of document, held against PDF/A-2b (archiving) and PDF/UA-1 (accessibility) by a validator of others."""

import dataclasses

import page
import pytest

from stem_logistics.deliveries.documents.packing import blank_protocol_pdf, label_pdf, packing_list_pdf, pick_list_pdf
from stem_logistics.deliveries.documents.paper import Paper, paper_pdf
from stem_logistics.deliveries.documents.protocol import LaterQuality, Signer, protocol_pdf
from tests.deliveries.test_documents import DRAWN, MOMENT, PROTOCOL, SENDER, SHIPMENT

WITH_COMMITTEE = dataclasses.replace(
    PROTOCOL,
    act="12/21-11-2026",
    appointed_by="directorate",
    members=(
        Signer("Μαρία Ανδρέου", "Διευθύντρια", MOMENT, DRAWN),
        Signer("Νίκος Βλάχος", "ΠΕ86", None, ""),
        Signer("Άννα Λέκκα", "ΠΕ70", MOMENT, ""),
    ),
    extras=(("Καλώδιο (πλεόνασμα)", "", 2),),
    issue=2,
    signature=DRAWN,
)
QUALITY_LATER = dataclasses.replace(
    PROTOCOL,
    quality="later",
    signature=DRAWN,
    later=LaterQuality("tried", Signer("Άννα Λέκκα", "ΠΕ70", MOMENT, DRAWN), "όλα καλά", ("cd" * 32,)),
    issue=2,
)
PAPER = Paper(
    "ΠΡΩΤΟΚΟΛΛΟ ΚΑΤΑΣΤΡΟΦΗΣ",
    "Πρωτόκολλο καταστροφής",
    "ΚΤ-2026/00001",
    MOMENT,
    SENDER,
    (("Σετ", "K234-567A"),),
    ("Τα είδη αποσύρονται.",),
    ("Είδος", "Τεμάχια"),
    (("Πλακέτα", "1"),),
    ("Πρόεδρος", "Μέλος", "Μέλος", "Ο φορέας συλλογής"),
)
DOCUMENTS = {
    "protocol": lambda: protocol_pdf(PROTOCOL),
    "protocol of a committee": lambda: protocol_pdf(WITH_COMMITTEE),
    "protocol with its quality later": lambda: protocol_pdf(QUALITY_LATER),
    "accompanying list": lambda: packing_list_pdf(SHIPMENT),
    "labels": lambda: label_pdf(SHIPMENT),
    "blank protocol": lambda: blank_protocol_pdf(SHIPMENT, SHIPMENT.kits),
    "pick list": lambda: pick_list_pdf("21/11", [SHIPMENT], MOMENT),
    "paper of custody": lambda: paper_pdf(PAPER),
}


@pytest.mark.parametrize("profile", ["2b", "ua1"])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_conforms(name: str, profile: str) -> None:
    """No rule of the profile fails, and rules were checked."""
    report = page.validate_pdf_bytes(DOCUMENTS[name](), profile=profile)
    assert [(each.rule_id, each.message) for each in report.failures] == []
    assert report.is_compliant and report.rules.passed > 100


BROKEN = {
    "claims another part": (b"<pdfaid:part>2<", b"<pdfaid:part>3<"),
    "lacks its fonts": (b"/FontFile", b"/FontNone"),
    "has no identity": (b"/ID[", b"/IX["),
}


@pytest.mark.parametrize("what", BROKEN)
def test_the_validator_refuses_what_does_not_conform(what: str) -> None:
    """A protocol that is spoilt in one place does not pass: the validator looks at it."""
    pdf = protocol_pdf(PROTOCOL)
    was, now = BROKEN[what]
    assert was in pdf
    assert not page.validate_pdf_bytes(pdf.replace(was, now), profile="2b").is_compliant

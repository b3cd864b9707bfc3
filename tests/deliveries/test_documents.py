"""The documents of a delivery: what they say, that they are PDF/A, and that no value can reach into their source."""

import dataclasses
import io
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from stem_logistics.deliveries.documents.packing import (
    PackedKit,
    PackedLine,
    Shipment,
    label_pdf,
    packing_list_pdf,
)
from stem_logistics.deliveries.documents.parties import School, Sender
from stem_logistics.deliveries.documents.protocol import Kit, LaterQuality, Line, Protocol, Signer, protocol_pdf
from stem_logistics.deliveries.documents.text import REPLACEMENT, greek_date, printable, printable_ranges

A4 = (595.276, 841.89)
A6 = (297.64, 419.53)
SENDER = Sender("Εθνικός Οργανισμός Υποστήριξης eTwinning", ("Οδός Δοκιμής 1, 265 04 Πάτρα",))
SCHOOL = School("7ο ΝΗΠΙΑΓΩΓΕΙΟ ΚΑΤΕΡΙΝΗΣ", "0501659", "Εθνικής Αντίστασης 12, 601 00 Κατερίνη")
DRAWN = "10,150 60,40 90,160 130,60 170,150 210,80 260,140 300,90;320,100 420,90 500,120"
MOMENT = datetime(2026, 11, 21, 14, 30, tzinfo=ZoneInfo("Europe/Athens"))
LINES = (
    Line(
        "Micro:bit V2", "microbit", "", 20, 17, 1, 2, 0, ("Με φθορά 1: από τη μεταφορά", "Λείπουν 2: δεν ήταν στο δέμα")
    ),
    Line("Εκτυπωτής 3D", "printer", "CZPX2521X004", 1, 1, 0, 0),
    Line("Καλώδιο USB", "cable", "", 20, 0, 0, 0, 20),
)
PROTOCOL = Protocol(
    number="2026/17",
    moment=MOMENT,
    consignment="C234-5678",
    wave="Δράση STEM 6",
    sender=SENDER,
    school=SCHOOL,
    kits=(Kit("K234-567A", "Σετ micro:bit", LINES),),
    receiver_name="Μαρία Ανδρέου",
    receiver_role="Διευθύντρια",
    part=2,
    is_final=False,
    url="https://stem.example.gr/v/R2345678",
    courier="Ταχυμεταφορές, RR123",
    note="Το κουτί ήταν ανοιχτό.",
    photos=("ab" * 32,),
)
SHIPMENT = Shipment(
    "C234-5678",
    MOMENT,
    "Δράση STEM 6",
    SENDER,
    SCHOOL,
    (PackedKit("K234-567A", "Σετ micro:bit", (PackedLine("Micro:bit V2", "SN-77", 1), PackedLine("Καλώδιο", "", 19))),),
    "https://stem.example.gr/c/C2345678",
    parcels=3,
    courier="Ταχυμεταφορές",
)


def text_of(pdf: bytes) -> str:
    """All text, blanks made single: a line break of the layout is not part of what a document says."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def assert_pdf_a_2b(pdf: bytes) -> None:
    """The identification that a PDF/A-2b has to carry; typst itself refuses to write one that breaks the standard."""
    root: Any = PdfReader(io.BytesIO(pdf)).root_object
    metadata = root["/Metadata"].get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in metadata and "<pdfaid:conformance>B</pdfaid:conformance>" in metadata
    assert root["/OutputIntents"]
    assert root["/Lang"].startswith("el")


def page_sizes(pdf: bytes) -> list[tuple[float, float]]:
    return [(float(page.mediabox.width), float(page.mediabox.height)) for page in PdfReader(io.BytesIO(pdf)).pages]


def test_the_protocol_says_everything() -> None:
    """Number, date, consignment, school with code, lines with figures and reasons, kit codes, serials, receiver."""
    pdf = protocol_pdf(PROTOCOL)
    assert_pdf_a_2b(pdf)
    said = text_of(pdf)
    for fact in (
        "ΠΡΩΤΟΚΟΛΛΟ ΠΑΡΑΔΟΣΗΣ – ΠΑΡΑΛΑΒΗΣ",
        "2026/17",
        "21 Νοεμβρίου 2026, 14:30",
        "C234-5678",
        "7ο ΝΗΠΙΑΓΩΓΕΙΟ ΚΑΤΕΡΙΝΗΣ",
        "0501659",
        "K234-567A",
        "CZPX2521X004",
        "Micro:bit V2 20 0 18 2 0 17 1",
        "Λείπουν 2: δεν ήταν στο δέμα",
        "Ποσοτική παραλαβή",
        "Ποιοτική παραλαβή",
        "Βιβλίο περιουσίας",
        "Σύνολο τεμαχίων 41 0 19 2 20 18 1",
        "Μαρία Ανδρέου",
        "Διευθύντρια",
        "2η παραλαβή · μερική",
        "Το κουτί ήταν ανοιχτό.",
        PROTOCOL.verification(),
        "ab" * 32,
    ):
        assert fact in said, fact
    assert all(size == pytest.approx(A4, abs=1) for size in page_sizes(pdf))


def test_a_kit_of_seven_lines_is_one_page() -> None:
    """The usual protocol is a single sheet: nobody signs a page that does not say for what."""
    boards = tuple(Line("Micro:bit V2", "microbit", f"99040000000{number}", 1, 1, 0, 0) for number in range(5))
    lines = (*boards, Line("Καλώδιο USB", "cable", "", 5, 5, 0, 0), Line("Θήκη μπαταριών", "box", "", 5, 5, 0, 0))
    usual = dataclasses.replace(PROTOCOL, kits=(Kit("K234-567A", "Σετ", lines),), is_final=True, note="", photos=())
    assert len(page_sizes(protocol_pdf(usual))) == 1


@pytest.mark.parametrize("lines", [1, 3, 7, 9])
def test_a_committee_signs_on_the_sheet_that_says_for_what(lines: int) -> None:
    """A usual receipt with three members is one sheet."""
    assert len(_committee_pages(lines)) == 1


def test_signatures_are_never_alone_on_a_page() -> None:
    """Where a receipt is longer than a sheet, its totals go with the committee, and the committee with its heading."""
    pages = _committee_pages(12)
    assert len(pages) == 2
    assert all(words in pages[1] for words in ("Σύνολο τεμαχίων", "Η επιτροπή παραλαβής", "Νίκος Βλάχος"))


def _committee_pages(lines: int) -> list[str]:
    boards = tuple(Line("Micro:bit V2", "microbit", f"9904000000{n:02}", 1, 1, 0, 0) for n in range(0, lines, 2))
    cables = tuple(Line("Καλώδιο USB", "cable", "", 5, 5, 0, 0) for _ in range(1, lines, 2))
    members = (
        Signer("Μαρία Ανδρέου", "Διευθύντρια", MOMENT, ""),
        Signer("Νίκος Βλάχος", "ΠΕ86", None, ""),
        Signer("Άννα Λέκκα", "ΠΕ70", MOMENT, ""),
    )
    kits = (Kit("K234-567A", "Σετ", (*boards, *cables)),)
    signed = dataclasses.replace(
        PROTOCOL, kits=kits, note="", photos=(), act="12/21-11-2026", appointed_by="directorate", members=members
    )
    return [page.extract_text() for page in PdfReader(io.BytesIO(protocol_pdf(signed))).pages]


def test_the_same_receipt_gives_the_same_bytes() -> None:
    """A protocol is found again by its digest, so nothing of the machine or the hour may be in it."""
    assert protocol_pdf(PROTOCOL) == protocol_pdf(dataclasses.replace(PROTOCOL))
    assert protocol_pdf(PROTOCOL) == protocol_pdf(
        dataclasses.replace(PROTOCOL, moment=MOMENT.astimezone(MOMENT.tzinfo))
    )
    assert protocol_pdf(PROTOCOL) != protocol_pdf(dataclasses.replace(PROTOCOL, note="άλλο"))


@pytest.mark.parametrize(
    "changed",
    [
        {"number": "2026/18"},
        {"consignment": "C234-5679"},
        {"part": 1},
        {"is_final": True},
        {"moment": datetime(2026, 11, 21, 14, 31, tzinfo=UTC)},
        {"school": dataclasses.replace(SCHOOL, code="0501660")},
        {"kits": (Kit("K234-567A", "Σετ micro:bit", (dataclasses.replace(LINES[0], received=18), *LINES[1:])),)},
        {"kits": (Kit("K234-567A", "Σετ micro:bit", (LINES[0], dataclasses.replace(LINES[1], serial="X"))),)},
        {"photos": ()},
        {"act": "13/2026"},
        {"appointed_by": "school"},
        {"members": (Signer("Νίκος Δύο", "ΠΕ70", MOMENT),)},
        {"extras": (("Καλώδιο (πλεόνασμα)", "", 2),)},
        {"quality": "tried"},
        {"later": LaterQuality("tried", Signer("Μαρία", "ΠΕ70", MOMENT))},
        {"receiver_name": "Άλλη"},
        {"note": "Άλλο."},
        {"issue": 2},
    ],
)
def test_verification_changes_with_every_fact(changed: dict[str, object]) -> None:
    """The code in the QR stands for the facts: changing any of them gives another code."""
    assert dataclasses.replace(PROTOCOL, **changed).verification() != PROTOCOL.verification()  # type: ignore[arg-type]


def test_verification_survives_the_erasure_of_a_person() -> None:
    """Names and free text may be erased from the records; what is held against the register does not hang on them."""
    erased = dataclasses.replace(PROTOCOL, receiver_name="", receiver_role="", note="", courier="")
    assert erased.facts() == PROTOCOL.facts()
    assert dataclasses.replace(PROTOCOL, act="13/2026").facts() != PROTOCOL.facts()


def test_what_nobody_has_looked_at_is_blank() -> None:
    """A receipt whose quality follows says of no piece that it is in order; the damage that was seen stands."""
    later = dataclasses.replace(PROTOCOL, quality="later", part=1)
    said = text_of(protocol_pdf(later))
    assert "Micro:bit V2 20 18 2 0 1 Με φθορά" in said and "CZPX2521X004 1 1 0 0 3" in said, said
    assert "Σύνολο τεμαχίων 41 19 2 20 1 Ποιοτική" in said and "δεν έγινε ακόμη" in said
    by = Signer("Άννα Λέκκα", "ΠΕ70", MOMENT)
    done = text_of(protocol_pdf(dataclasses.replace(later, later=LaterQuality("tried", by), issue=2)))
    assert "Micro:bit V2 20 18 2 0 17 1" in done and "Άννα Λέκκα, ΠΕ70" in done


def test_the_person_who_receives_signs_by_hand() -> None:
    """A drawn signature of the one who received is a picture on the protocol, with and without a committee."""
    for members in ((), (Signer("Νίκος Δύο", "ΠΕ70", MOMENT),)):
        plain = dataclasses.replace(PROTOCOL, members=members)
        signed = dataclasses.replace(plain, signature=DRAWN)
        assert _pictures(protocol_pdf(signed)) == _pictures(protocol_pdf(plain)) + 1


def _pictures(pdf: bytes) -> int:
    root: Any = PdfReader(io.BytesIO(pdf)).root_object
    return _figures(root["/StructTreeRoot"])


def _figures(node: Any) -> int:
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        return sum(_figures(each) for each in node)
    if not isinstance(node, dict):
        return 0
    return (node.get("/S") == "/Figure") + _figures(node.get("/K", []))


def test_the_packing_list_counts_what_is_in_the_parcel() -> None:
    """Every line with its pieces and serial number, the kit's code, and their sum."""
    pdf = packing_list_pdf(SHIPMENT)
    assert_pdf_a_2b(pdf)
    said = text_of(pdf)
    for fact in ("ΣΥΝΟΔΕΥΤΙΚΗ ΚΑΤΑΣΤΑΣΗ", "C234-5678", "K234-567A", "SN-77", "Σύνολο τεμαχίων 20", "0501659"):
        assert fact in said, fact


def test_a_label_for_each_parcel() -> None:
    """Each parcel has its own A6 label, which says which of how many it is."""
    pdf = label_pdf(SHIPMENT)
    assert_pdf_a_2b(pdf)
    assert page_sizes(pdf) == [pytest.approx(A6, abs=1)] * 3
    pages = [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]
    assert [f"{number} από 3" in page for number, page in enumerate(pages, 1)] == [True] * 3
    assert all("C234-5678" in page and "ΝΗΠΙΑΓΩΓΕΙΟ ΚΑΤΕΡΙΝΗΣ" in page for page in pages)


HOSTILE = (
    '#panic("boom")',
    '"] #read("/etc/passwd") [',
    "$x^2$ *έντονο* _πλάγιο_ `code` <label> @ref",
    "\\u{41} // σχόλιο /* και άλλο */",
    '#import "common.typ": *; #let data = ()',
    "= Τίτλος\n\n- λίστα",
    "</text><script>alert(1)</script>",
    "{{ 7*7 }}",
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_name_is_only_text(hostile: str) -> None:
    """Whatever a name holds is printed letter by letter: nothing of it is run, formatted or left out."""
    school = dataclasses.replace(SCHOOL, name=hostile)
    for pdf in (
        protocol_pdf(dataclasses.replace(PROTOCOL, school=school, receiver_name=hostile, note=hostile)),
        packing_list_pdf(dataclasses.replace(SHIPMENT, school=school)),
        label_pdf(dataclasses.replace(SHIPMENT, school=school)),
    ):
        said = text_of(pdf).replace(" ", "").replace("\u200b", "")
        assert "".join(hostile.split()) in said


def test_long_names_stay_on_their_page() -> None:
    """A name of 300 letters without a blank is broken, not cut off at the page's edge, and adds no label page."""
    school = dataclasses.replace(SCHOOL, name="Ω" * 300, address="δ" * 300)
    pdf = protocol_pdf(dataclasses.replace(PROTOCOL, school=school))
    assert text_of(pdf).replace(" ", "").replace("\u200b", "").count("Ω") >= 300
    assert len(page_sizes(label_pdf(dataclasses.replace(SHIPMENT, school=school)))) == 3


def test_many_lines_run_over_pages() -> None:
    """A class set of 300 devices is a long document: every serial number is in it, each page numbered."""
    lines = tuple(Line("Micro:bit V2", "microbit", f"SN-{number:04}", 1, 1, 0, 0) for number in range(300))
    pdf = protocol_pdf(dataclasses.replace(PROTOCOL, kits=(Kit("K", "Σετ", lines),), is_final=True))
    said = text_of(pdf)
    assert all(line.serial in said for line in lines)
    assert f"Σελίδα 2 από {len(page_sizes(pdf))}" in said


def test_every_printable_character_has_a_glyph() -> None:
    """The fonts print each character that `printable` lets through: PDF/A refuses a document that lacks one."""
    kept = "".join(chr(code) for first, last in printable_ranges() for code in range(first, last + 1)) + REPLACEMENT
    school = dataclasses.replace(SCHOOL, name=kept)
    pdf = label_pdf(dataclasses.replace(SHIPMENT, school=school, courier=kept))
    assert pdf.startswith(b"%PDF-")
    assert printable(kept) == " ".join(kept.split())


@given(st.text(max_size=200))
@settings(max_examples=40, deadline=None)
def test_any_text_can_be_printed(text: str) -> None:
    """No text from outside, however odd, keeps a document from being made."""
    assert protocol_pdf(
        dataclasses.replace(PROTOCOL, receiver_name=text, note=text, school=dataclasses.replace(SCHOOL, name=text))
    )


def test_printable_drops_what_steers_and_marks_what_is_lacking() -> None:
    """Direction marks vanish, letters without a glyph are shown as lacking, decomposed accents are composed."""
    assert printable("Μα\u202eρία\u200b") == "Μαρία"
    assert printable("α\u0301\tβ\n γ") == "ά β γ"
    assert printable("Σχολείο 漢字 \U0001f600") == f"Σχολείο {REPLACEMENT * 2} {REPLACEMENT}"


def test_dates_are_greek() -> None:
    """Dates as Greek documents write them: the month in the genitive, no leading zero."""
    assert greek_date(datetime(2027, 5, 3, tzinfo=UTC)) == "3 Μαΐου 2027"


@pytest.mark.parametrize("mark", ["\u0384", "\u02b9", "\u0374", "\u2032", "\u1ffd", "\u00b4"])
def test_a_greek_numeral_keeps_its_mark(mark: str) -> None:
    """Directorates are numbered: Α΄ Αθήνας; however the mark was typed, a document has one."""
    assert printable(f"Διεύθυνση Π.Ε. Α{mark} Αθήνας") == "Διεύθυνση Π.Ε. Α\u00b4 Αθήνας"

"""Parcels: packed and dispatched by staff; then the school's telephone, from the code on the box to the protocol."""

import io
import re
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.e2e.acting import fill, greek, press, says, wait_for_work
from tests.e2e.entrants import ARDUINO
from tests.e2e.eyes import Eyes
from tests.e2e.office import WAVE

RECEIVER = "Μαρία Ανδρέου"


@dataclass(frozen=True)
class Parcel:
    """A consignment on its way: its code, its kit's code, what the label's QR code says, the mail's link and code."""

    code: str
    kit: str
    school: str
    address: str
    link: str
    typed_code: str


def text_of(pdf: bytes) -> str:
    """The words of a PDF, blanks made single."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def make_consignments(page: Page, eyes: Eyes) -> None:
    """Consignments for everybody who received a kit."""
    page.goto("/consignments")
    eyes.look(page, "consignments-empty")
    page.goto(f"/consignments/for-wave/{WAVE}")
    eyes.look(page, "consignments-preview")
    press(page, "Make the consignments and pick their kits")
    page.wait_for_url("**/jobs/*")
    wait_for_work(page, "To the consignments")
    eyes.look(page, "consignments-made")
    press(page, "To the consignments")
    eyes.look(page, "consignments")


def winners_of(page: Page) -> tuple[str, str]:
    """The codes of two schools that received an Arduino kit."""
    page.goto(f"/results/{WAVE}?outcome=received&kit=arduino-set&sort=kit")
    rows = page.locator("main table tbody tr:has(th a)", has_text=ARDUINO).all()
    first, second, *_rest = (str(row.locator("th a").get_attribute("href")).rsplit("/", 1)[1] for row in rows)
    return first, second


def send(page: Page, eyes: Eyes | None, school_code: str, base: str) -> Parcel:
    """Pack and dispatch a school's consignment; read its label and the mail that the school got."""

    def look(seen: Page, name: str) -> None:
        if eyes is not None:
            eyes.look(seen, name)

    page.goto(f"/consignments?q={school_code}")
    page.locator("main table tbody th a").first.click()
    code = page.url.rsplit("/", 1)[1].split("?")[0]
    kit = str(page.locator('main a[href^="/stock/kits/"]').first.get_attribute("href")).rsplit("/", 1)[1]
    fill(page, {"parcels": "2"})
    look(page, "consignment-packing")
    press(page, "It is packed")
    press(page, "It is packed", inside="dialog")
    fill(page, {"courier": "Ταχυμεταφορές", "tracking_number": "RR 123 456 789 GR"})
    look(page, "consignment-packed")
    press(page, "It has left: write to the school")
    says(page, "RR 123 456 789 GR")
    look(page, "consignment-sent")
    school = page.locator("main .kicker").first.inner_text().partition(": ")[2]
    assert school
    packing = text_of(page.request.get(f"/consignments/{code}/packing-list.pdf").body())
    assert "UNO-2026-" in packing, packing
    label = text_of(page.request.get(f"/consignments/{code}/label.pdf").body())
    address = f"{base}/c/{code}"
    assert address in label.replace("\u200b", ""), label  # a long address may break at a line's end
    page.goto("/mail")
    look(page, "mail")
    page.locator("main table tbody th a").first.click()
    body = page.locator(".message-body").inner_text()
    link, typed = re.search(r"http\S+/r/\S+", body), re.search(r"\bR[0-9A-Z]{3}-[0-9A-Z]{4}\b", body)
    assert link and typed, body
    assert typed[0] not in label and typed[0].replace("-", "") not in label
    look(page, "mail-of-a-parcel")
    return Parcel(code, kit, school, address, link[0], typed[0])


def confirm(page: Page, eyes: Eyes, parcel: Parcel, *, scripts: bool) -> str:
    """Scan, type the code, say what is missing, confirm; returns the protocol's address."""
    how = "" if scripts else "-no-script"
    page.goto(parcel.address)
    says(page, parcel.code[:4])
    assert parcel.school not in page.content(), "a courier reads this page too"
    eyes.look(page, f"scanned{how}")
    fill(page, {"code": "R222-2222"})
    press(page, "Continue")
    says(page, greek("Please correct the following"))
    fill(page, {"code": parcel.typed_code.lower()})
    press(page, "Continue")
    page.wait_for_url("**/r/*")
    eyes.look(page, f"receipt{how}")
    press(page, "Something is missing, damaged or has not come yet")
    leds = page.get_by_label("LED")
    leds.check()
    eyes.look(page, f"receipt-lines{how}")
    press(page, "Continue")
    key = str(page.locator('[name="line"]').first.get_attribute("value"))
    fill(page, {f"received-{key}": "17", f"missing-{key}": "2", f"missing_reason-{key}": "not-in-parcel"})
    fill(page, {f"note-{key}": "Η σακούλα ήταν ανοιχτή", "receiver_name": RECEIVER})
    fill(page, {"receiver_role": "Διευθυντής/Διευθύντρια"})
    eyes.look(page, f"receipt-form{how}")
    # 17 and 2 are not 20: told beside the field, and nothing that was typed is lost
    press(page, "Confirm the receipt")
    says(page, greek("Please correct the following"), "20")
    for name, value in ((f"received-{key}", "17"), (f"missing-{key}", "2"), ("receiver_name", RECEIVER)):
        expect(page.locator(f'[name="{name}"]')).to_have_value(value)
    expect(page.locator(f'[name="missing_reason-{key}"]')).to_have_value("not-in-parcel")
    expect(page.locator('[name="receiver_role"][value="Διευθυντής/Διευθύντρια"]')).to_be_checked()
    eyes.look(page, f"receipt-refused{how}")
    fill(page, {f"received-{key}": "18"})
    press(page, "Confirm the receipt")
    page.wait_for_url("**/done/*")
    eyes.look(page, f"receipt-done{how}")
    return str(page.locator('main a[href*="/protocol/"]').first.get_attribute("href"))


def read_protocol(page: Page, address: str, parcel: Parcel) -> None:
    """The protocol is a PDF/A in Greek with the names, the numbers and what is missing."""
    answer = page.request.get(address)
    assert answer.status == 200 and answer.headers["content-type"] == "application/pdf"
    pdf = answer.body()
    root: Any = PdfReader(io.BytesIO(pdf)).root_object
    metadata = root["/Metadata"].get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in metadata and "<pdfaid:conformance>B</pdfaid:conformance>" in metadata
    assert str(root["/Lang"]).startswith("el")
    said = text_of(pdf)
    for fact in ("ΠΡΩΤΟΚΟΛΛΟ ΠΑΡΑΔΟΣΗΣ", RECEIVER, "Διευθυντής/Διευθύντρια", "UNO-2026-", "Λαμπάκι LED"):
        assert fact in said, f"{fact} is not in the protocol: {said}"
    assert f"{parcel.kit[:4]}-{parcel.kit[4:]}" in said and "Λείπουν 2" in said, said


def open_again(page: Page, eyes: Eyes, parcel: Parcel) -> None:
    """The link still opens and says that it is done; an altered one is refused in plain words."""
    page.goto(parcel.link)
    says(page, greek("The receipt is confirmed. Thank you; there is nothing else to do."))
    eyes.look(page, "receipt-again")
    altered = parcel.link[:-1] + ("a" if parcel.link[-1] != "a" else "b")
    answer = page.goto(altered)
    assert answer is not None and answer.status in (403, 404, 410), answer
    eyes.look(page, "altered-link")


def see_receipt(page: Page, eyes: Eyes, parcel: Parcel) -> None:
    """Staff see who confirmed and what is missing, on the consignment and as a discrepancy that waits for them."""
    page.goto(f"/consignments/{parcel.code}")
    says(page, RECEIVER, "Λαμπάκι LED")
    eyes.look(page, "consignment-received")
    page.locator('main a[href^="/discrepancies/"]').first.click()
    says(page, "Η σακούλα ήταν ανοιχτή")
    eyes.look(page, "discrepancy")
    page.goto("/discrepancies")
    eyes.look(page, "discrepancies")

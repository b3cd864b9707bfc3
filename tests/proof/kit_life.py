"""The life of one kit in the product, from the order to the disposal, each step done in a browser.

With STEM_PICTURES=DIR every page on the way is kept there at 360 and 1280 pixels, and every document, page by page.
"""

import os
import re
import subprocess
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.conftest import require_program
from tests.e2e.eyes import DESK, Eyes
from tests.e2e.stage import STAFF, TECHNICIAN, Stage, stage
from tests.proof import kit_after, kit_before
from tests.proof.section import Scale, Section
from tests.web.test_browser import CHROMIUM_ARGS

NARROW = 360
# What the timeline has to tell, in the words of its page: the whole life, newest first.
TOLD = (
    "Αποσύρθηκε",
    "Απογράφηκε",
    "Πηγαίνει οριστικά σε άλλο σχολείο",
    "Επισκευή: Έφυγε για το σχολείο",
    "Επισκευή: Πίσω στην αποθήκη",
    "Επισκευή: Στον επισκευαστή",
    "Επισκευή: Στάλθηκε στον επισκευαστή",
    "Επισκευή: Δηλώθηκε",
    "Χρεώθηκε",
    "Η απόκλιση έκλεισε: Στάλθηκε ξανά",
    "Υπογεγραμμένο στο αρχείο",
    "Επιβεβαίωσε μέλος της επιτροπής παραλαβής",
    "Λείπει",
    "Με φθορά",
    "Το παρέλαβε το σχολείο",
    "Στάλθηκε",
    "Μπήκε σε αποστολή",
    "Ορίστηκε για αποστολή",
    "Κατανεμήθηκε σε σχολική μονάδα",
    "Έλεγχος συσκευής: Εντάξει",
    "Τυπώθηκε ετικέτα",
    "Ήρθε από τον προμηθευτή",
    "Έφτασε η παρτίδα του από τον προμηθευτή",
    "Παραγγέλθηκε",
)


def run(scale: Scale) -> Section:
    """The show; it has one size."""
    section = Section(
        "The life of one kit",
        "One kit is ordered, received by scan, labelled, checked, allotted, packed, sent, received with a discrepancy "
        "over a network that fails, entrusted, repaired under warranty, transferred, counted and disposed of, each "
        "step in a browser by the person whose it is; its timeline tells all of it, and every page holds in Greek, at "
        f"{NARROW} and {DESK} pixels, for people who listen too.",
    )
    section.ran = "a service of its own, Chromium at a desk and as a telephone, `stem-check` on a laptop of its own."
    with tempfile.TemporaryDirectory() as temporary, stage() as made, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=require_program("chromium", "chromium"), args=CHROMIUM_ARGS
        )
        try:
            _live(section, browser, made, Path(temporary))
        except Exception as error:
            # what the person saw says more than the error
            seen = [
                f"{page.url}: {page.locator('main').inner_text()[:2_000]}"
                for context in browser.contexts
                for page in context.pages
            ]
            section.failures.append(f"the walk ended: {error}; on the pages stood: {seen}")
        finally:
            browser.close()
    return section


def _live(section: Section, browser: Browser, made: Stage, folder: Path) -> None:
    eyes, papers, started = Eyes(NARROW), Papers(), time.monotonic()
    desk = kit_before.desk(browser, made)
    staff = kit_before.person(desk, STAFF)
    kit = kit_before.buy(staff, eyes, papers)
    technician = kit_before.person(kit_before.desk(browser, made), TECHNICIAN)
    kit_before.check(technician, eyes, made, kit, folder)
    parcel = kit_before.allot_and_send(staff, eyes, made, papers, kit, folder)
    phone = kit_before.phone(browser, made, NARROW)
    answers = kit_before.receive(phone, eyes, papers, parcel, folder)
    section.figures["answers of the service to one confirmation over a failing network"] = answers
    section.expect(answers == 1, f"the receipt that was sent over and over made {answers} protocols")
    kit_after.settle(staff, eyes, parcel)
    kit_after.entrust(staff, phone, eyes, papers, parcel)
    kit_after.repair(staff, phone, eyes, papers, parcel)
    kit_after.transfer(staff, eyes, papers, parcel)
    kit_after.count(staff, phone, eyes, papers, parcel)
    kit_after.dispose(staff, eyes, papers, parcel)
    staff.goto(f"/stock/kits/{parcel.kit}")
    eyes.look(staff, "timeline", allowed=("BATCH",))
    told = [each.inner_text() for each in staff.locator(".timeline-title").all()]
    for title in TOLD:
        section.expect(title in told, f"the timeline does not tell: {title} (it tells {told})")
    doors = {str(each.get_attribute("href")) for each in staff.locator(".timeline-doors a").all()}
    for door in sorted(doors):
        answer = staff.request.get(door)
        section.expect(answer.ok, f"the door {door} answers {answer.status}")
    section.failures += eyes.wrong + [f"the service's own fault: {each}" for each in made.faults()]
    section.expect(made.run("stem_logistics.cli", "ledger", "verify").returncode == 0, "the ledger does not hold")
    section.expect(papers.count >= 9, f"only {papers.count} documents were made")
    section.figures |= {
        "pages looked at": len(eyes.seen),
        "documents, each PDF/A-2b by an independent validator": papers.count,
        "events on the timeline": len(told),
        "doors from it, each opened": len(doors),
        "the walk takes": f"{time.monotonic() - started:.0f} s",
    }
    section.failures += papers.wrong


class Papers:
    """The documents on the way: each is validated, and kept as pictures where pictures are kept."""

    def __init__(self) -> None:
        named = os.environ.get("STEM_PICTURES", "")
        self.folder = Path(named).absolute() if named else None
        self.count = 0
        self.wrong: list[str] = []

    def keep(self, name: str, pdf: bytes) -> None:
        """Look at a document."""
        import page  # the validator is a development dependency: only whoever runs the show needs it

        self.count += 1
        report = page.validate_pdf_bytes(pdf, profile="2b")
        # A stream whose last byte is a carriage return: the validator takes it for a part of the line's end.
        excused = {"PDFA2B-STREAM-LENGTH-001"} if lengths_hold(pdf) else set()
        wrong = [each for each in report.failures if each.rule_id not in excused]
        self.wrong += [f"{name}: {each.rule_id} {each.message}" for each in wrong]
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            file = self.folder / f"doc-{self.count:02}-{name}.pdf"
            file.write_bytes(pdf)
            program = require_program("pdftoppm", "poppler-utils")
            subprocess.run([program, "-r", "80", "-png", file, file.with_suffix("")], check=True, timeout=60)


def lengths_hold(pdf: bytes) -> bool:
    """Whether every stream is as long as it says: a line feed and `endstream` stand right behind its last byte."""
    streams = re.finditer(rb"/Length (\d+)[^>]*>>\s*?stream\r?\n", pdf)
    return all(pdf[found.end() + int(found[1]) :].startswith(b"\nendstream") for found in streams)

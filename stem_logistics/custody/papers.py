"""The papers of custody and of the stock: numbered in series of their own, kept for good, found from their kits."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from stem_logistics import files, runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.codes import shown_code
from stem_logistics.custody import queries
from stem_logistics.deliveries.documents.paper import Paper, paper_pdf
from stem_logistics.deliveries.protocols import sender
from stem_logistics.errors import NotFound

# kind → (title in capitals, name, letters of its series)
KINDS: dict[str, tuple[str, str, str]] = {
    "custody": ("ΠΡΩΤΟΚΟΛΛΟ ΠΑΡΑΔΟΣΗΣ ΧΡΕΩΣΗΣ", "Πρωτόκολλο παράδοσης χρέωσης", "ΧΡ"),
    "repair": ("ΔΕΛΤΙΟ ΕΠΙΣΚΕΥΗΣ", "Δελτίο επισκευής", "ΕΠ"),
    "loan": ("ΠΡΩΤΟΚΟΛΛΟ ΔΑΝΕΙΣΜΟΥ", "Πρωτόκολλο δανεισμού", "ΔΝ"),
    "transfer": ("ΠΡΩΤΟΚΟΛΛΟ ΜΕΤΑΦΟΡΑΣ ΕΞΟΠΛΙΣΜΟΥ", "Πρωτόκολλο μεταφοράς εξοπλισμού", "ΜΤ"),
    "disposal": ("ΠΡΩΤΟΚΟΛΛΟ ΚΑΤΑΣΤΡΟΦΗΣ", "Πρωτόκολλο καταστροφής", "ΚΤ"),
    "rejection": ("ΔΕΛΤΙΟ ΑΠΟΡΡΙΨΗΣ", "Δελτίο απόρριψης", "ΑΠ"),
    "write-off": ("ΔΕΛΤΙΟ ΔΙΑΓΡΑΦΗΣ ΛΟΓΩ ΑΠΩΛΕΙΑΣ", "Δελτίο διαγραφής λόγω απώλειας", "ΔΓ"),
    "movement": ("ΔΕΛΤΙΟ ΕΣΩΤΕΡΙΚΗΣ ΔΙΑΚΙΝΗΣΗΣ", "Δελτίο εσωτερικής διακίνησης", "ΕΔ"),
    "stocktake": ("ΔΗΛΩΣΗ ΑΠΟΓΡΑΦΗΣ", "Δήλωση απογραφής", "ΑΓ"),
}
HEADS = ("Είδος", "Σειριακός αριθμός", "Σετ", "Τεμάχια")


def parts_rows(parts: Sequence[dict[str, Any]], codes: dict[int, str]) -> tuple[tuple[str, ...], ...]:
    """The table's rows for pieces of kits (rows of `inventory.contents_of`)."""
    return tuple(
        (part["name_el"], part["serial_number"] or "–", shown_code(codes[part["kit_id"]]), str(part["quantity"]))
        for part in parts
    )


def now() -> datetime:
    """The moment on the organisation's clock."""
    return datetime.now(UTC).astimezone(ZoneInfo(runtime.settings().timezone))


async def make(
    kind: str,
    *,
    institution_id: int | None,
    kit_ids: Sequence[int],
    facts: Sequence[tuple[str, str]],
    sentences: Sequence[str],
    rows: Sequence[tuple[str, ...]],
    heads: tuple[str, ...] = HEADS,
    signers: Sequence[str] = (),
    closing: Sequence[str] = (),
) -> tuple[int, str]:
    """Make a paper and keep it, inside the caller's unit of work; returns its id and number.

    Args:
        kind: one of `KINDS`.
        institution_id: whose it is: who may read it follows from that.
        kit_ids: the kits of which it speaks; their pages show it.
    """
    title, name, letters = KINDS[kind]
    moment = now()
    number = f"{letters}-{moment.year}/{await queries.next_number(kind, moment.year):05d}"
    paper = Paper(
        title,
        name,
        number,
        moment,
        sender(),
        tuple(facts),
        tuple(sentences),
        heads,
        tuple(rows),
        tuple(signers),
        tuple(closing),
    )
    digest = await files.store(await asyncio.to_thread(paper_pdf, paper), "application/pdf")
    return await queries.add_paper(kind, number, institution_id, digest, kit_ids), number


async def read(paper_id: int) -> tuple[str, bytes]:
    """A paper's number and PDF, for staff within their scope or for the school's own link.

    Raises:
        NotFound: no such paper, or not the reader's (which says the same).
    """
    row = await queries.paper(paper_id)
    who = runtime.actor().principal
    scope = who.scope(who.permission if who.kind == "link" and who.permission else Permission.STOCK_READ)
    inside = row is not None and scope.covers(
        region_id=row["regional_directorate_id"], institution_id=row["institution_id"]
    )
    if row is None or not inside:
        raise NotFound("paper-not-found", number=paper_id)
    return row["number"], (await files.load(row["digest"])).content

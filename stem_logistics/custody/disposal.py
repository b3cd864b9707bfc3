"""End of life: withdrawn, handed to a collector of electrical waste (WEEE), with the protocol that proves it."""

from collections.abc import Sequence

from stem_logistics import audit
from stem_logistics.codes import shown_code
from stem_logistics.custody import papers, queries, service
from stem_logistics.custody.rules import free_text, one_line
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, Invalid
from stem_logistics.inventory import ledger
from stem_logistics.inventory import service as stock


async def disposal_paper(
    kit_ids: Sequence[int], rows: Sequence[tuple[str, ...]], method: str, why: str
) -> tuple[int, str]:
    """The protocol of a disposal (Πρωτόκολλο καταστροφής), inside the caller's unit of work; its id and number."""
    return await papers.make(
        "disposal",
        institution_id=None,
        kit_ids=kit_ids,
        facts=[("Τρόπος διάθεσης και συλλέκτης", one_line(method, 300)), ("Αιτιολογία", free_text(why))],
        sentences=[
            "Τα είδη που ακολουθούν δεν μπορούν να χρησιμοποιηθούν πια. Αποσύρονται και παραδίδονται σε αδειοδοτημένο "
            "φορέα συλλογής αποβλήτων ηλεκτρικού και ηλεκτρονικού εξοπλισμού (ΑΗΗΕ, οδηγία 2012/19/ΕΕ).",
            "Πριν από την παράδοση σβήστηκαν όσα δεδομένα χρηστών υπήρχαν στις συσκευές και αφαιρέθηκαν οι μπαταρίες "
            "που αφαιρούνται.",
        ],
        rows=rows,
        signers=["Επιτροπή καταστροφής: πρόεδρος", "Μέλος", "Μέλος", "Ο φορέας συλλογής"],
    )


async def dispose(typed: str, serials: Sequence[str] = (), *, method: str, why: str) -> tuple[int, str]:
    """Withdraw a kit, or those of its devices that are named; returns the protocol's id and number.

    Raises:
        Invalid: no method, no reason, a serial number that the kit does not have.
        Conflict: the kit travels, or nothing of it is left to withdraw.
    """
    if not one_line(method):
        raise Invalid("disposal-method-missing")
    if not why.strip():
        raise Invalid("reason-missing")
    async with unit_of_work():
        kit = await service.require_kit(typed)
        await queries.lock_kits([kit["id"]])
        parts = [service.find_part(kit, serial) for serial in serials] if serials else kit["contents"]
        stock.refuse_travelling(kit["code"], parts)
        left = [part for part in parts if part["place_kind"] not in ("scrapped", "lost")]
        if not left:
            raise Conflict("nothing-to-dispose", code=kit["code"])
        scrapped = await ledger.place(ledger.SCRAPPED)
        paper = await disposal_paper([kit["id"]], papers.parts_rows(left, {kit["id"]: kit["code"]}), method, why)
        await ledger.post(
            service.moves_of(left, scrapped),
            reason="scrap",
            key=f"disposal:{paper[1]}",
            document=paper[1],
            note=why.strip()[:500],
        )
        if not serials:
            await queries.end_custody([kit["id"]], "moved-away")
        await audit.record("kit-disposed", "kit", shown_code(kit["code"]), why=why.strip(), paper=paper[1])
    return paper

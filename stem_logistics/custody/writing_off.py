"""A kit that is lost, or that comes back to the store outside any delivery: by a numbered paper with its reason."""

from stem_logistics import audit
from stem_logistics.codes import shown_code
from stem_logistics.custody import papers, queries, service
from stem_logistics.custody.rules import free_text
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, Invalid
from stem_logistics.inventory import ledger
from stem_logistics.inventory import service as stock

_WORDS = {
    "write-off": "Τα είδη που ακολουθούν χάθηκαν και διαγράφονται από τη θέση όπου βρίσκονταν. Αν βρεθούν, επιστρέφουν "
    "στην αποθήκη με δελτίο εσωτερικής διακίνησης.",
    "movement": "Τα είδη που ακολουθούν επιστρέφουν στην κεντρική αποθήκη του Οργανισμού.",
}
_SIGNERS = {"write-off": ("Συντάχθηκε από", "Εγκρίθηκε από"), "movement": ("Παραδίδει", "Παραλαμβάνει")}


async def write_off(typed: str, *, why: str) -> tuple[int, str]:
    """Enter what is left of a kit as lost; returns the write-off note's id and number. Raises as `take_back`."""
    return await _move(typed, "write-off", ledger.LOST, "missing", why)


async def take_back(typed: str, *, why: str) -> tuple[int, str]:
    """Take a kit back to the central store from wherever its parts are; returns the movement note's id and number.

    Raises:
        Invalid: no reason. NotFound: no such kit, or not of the reader's scope.
        Conflict: the kit travels, or all of it is there already or withdrawn.
    """
    return await _move(typed, "movement", ledger.STORE, "return", why)


async def _move(typed: str, kind: str, to: str, reason: ledger.Reason, why: str) -> tuple[int, str]:
    why = free_text(why)
    if not why:
        raise Invalid("reason-missing")
    async with unit_of_work():
        kit = await service.require_kit(typed)
        await queries.lock_kits([kit["id"]])
        kit = await service.require_kit(typed)
        stock.refuse_travelling(kit["code"], kit["contents"])
        target = await ledger.place(to)
        parts = [x for x in kit["contents"] if x["place_id"] != target and x["place_kind"] != "scrapped"]
        if not parts:
            raise Conflict("kit-is-there", code=kit["code"])
        paper = await papers.make(
            kind,
            institution_id=None,
            kit_ids=[kit["id"]],
            facts=[
                ("Σετ", f"{kit['title_el']}, {shown_code(kit['code'])}"),
                ("Από", ", ".join(dict.fromkeys(part["place_title"] for part in parts))),
                ("Αιτιολογία", why),
            ],
            sentences=[_WORDS[kind]],
            rows=papers.parts_rows(parts, {kit["id"]: kit["code"]}),
            signers=_SIGNERS[kind],
        )
        await ledger.post(
            service.moves_of(parts, target), reason=reason, key=f"{kind}:{paper[1]}", document=paper[1], note=why[:500]
        )
        await queries.end_custody([kit["id"]], "moved-away")
        await audit.record("kit-moved", "kit", kit["code"], why=why, to=to, paper=paper[1])
    return paper

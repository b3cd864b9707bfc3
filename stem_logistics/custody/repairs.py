"""Repairs and warranty: reported, sent, at the repairer, back, replaced or not repairable; then disposed of.

Each step is one unit of work: the ledger's movement, the paper that goes along, the step on record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from stem_logistics import audit, files
from stem_logistics.accounts.policy import Permission
from stem_logistics.codes import new_code, parse_code, shown_code
from stem_logistics.custody import papers, queries, repair_ends, repair_mails, service
from stem_logistics.custody import repair_queries as repair_sql
from stem_logistics.custody.disposal import disposal_paper
from stem_logistics.custody.rules import CLOSED, free_text, next_state, one_line, read_scan
from stem_logistics.db.engine import unit_of_work
from stem_logistics.deliveries import supplying
from stem_logistics.errors import Conflict, Invalid, NotFound
from stem_logistics.inventory import ledger, models
from stem_logistics.inventory.ledger import Move
from stem_logistics.inventory.regrouping import Piece, leave_at

# A step is a step's word → the reason of its movement; the others move nothing.
REASONS: dict[str, ledger.Reason] = {
    "send": "repair",
    "back": "repaired",
    "return": "repaired",
    "give-up": "return",
    "dispose": "scrap",
}


MOST_PHOTOS = 5


async def report(
    typed_kit: str,
    part: str,
    *,
    fault: str,
    under_warranty: bool = False,
    photos: Sequence[bytes] = (),
    at: int | None = None,
) -> str:
    """Report that a part of a kit does not work; returns the repair's code.

    Args:
        photos: digests of stored photographs that show it.
        part: its serial number as it is typed or scanned, or the slug of an item without one.
        at: the place where it is, where pieces without a number are in several.
        under_warranty: what the person says; it counts only where the model's warranty is not known.

    Raises:
        Invalid: nothing said of the fault; the kit has no such part, or it can be two (look-alike letters).
        Conflict: the device is being repaired already, or travels.
    """
    text = free_text(fault)
    if not text:
        raise Invalid("fault-missing")
    if len(photos) > MOST_PHOTOS:
        raise Invalid("fault-photos-too-many", most=MOST_PHOTOS)
    async with unit_of_work():
        kit = await service.require_kit(typed_kit, by_school=True)
        await queries.lock_kits([kit["id"]])
        found = service.find_part(kit, part, at=at)
        if found["place_kind"] not in ("institution", "store"):
            raise Conflict("part-not-at-hand", part=found["name_el"], place=found["place_title"])
        if found["device_id"] is not None:
            # whoever reports it has it
            await repair_sql.set_arrived(device_id=found["device_id"])
        code = new_code("F")
        known = await models.in_warranty(found["item_id"], kit["id"], found["device_id"])
        under_warranty = under_warranty if known is None else known
        # the school where the part is: other parts of the kit may be elsewhere
        school = found["place_institution_id"]
        repair_id = await repair_sql.add_repair(
            code, kit["id"], found["item_id"], found["device_id"], school, text, under_warranty, found["place_id"]
        )
        await repair_sql.add_photos(repair_id, list(dict.fromkeys(photos)))
        await repair_sql.add_step(repair_id, "reported", text, "", None, service.acting())
        await audit.record(
            "repair-reported", "repair", code, kit=kit["code"], device=found["device_id"], photos=len(photos)
        )
    return code


async def list_repairs(
    q: str, filters: dict[str, str], *, sort: str, descending: bool, limit: int, offset: int
) -> tuple[list[dict[str, Any]], int]:
    """A page of repairs and how many there are, within the reader's scope."""
    scope = service.require(Permission.STOCK_READ)
    return await repair_sql.repairs(scope, q, filters, sort=sort, descending=descending, limit=limit, offset=offset)


async def counts() -> dict[str, int]:
    """How many repairs are in each state, within the reader's scope."""
    return await repair_sql.counts(service.require(Permission.STOCK_READ))


async def unconfirmed() -> int:
    """How many repaired devices left more than a week ago and were not confirmed, within the reader's scope."""
    return await repair_sql.unconfirmed(service.require(Permission.STOCK_READ), repair_mails.ASK_AFTER)


async def get_repair(
    typed: str, permission: Permission = Permission.STOCK_READ, *, lock: bool = False
) -> dict[str, Any]:
    """One repair with its `steps` and digests of its `photos`. Raises NotFound where there is none within the scope."""
    scope = service.require(permission)
    code = parse_code(typed)
    row = await repair_sql.repair(code, lock=lock) if code else None
    if row is None or not scope.covers(region_id=row["regional_directorate_id"], institution_id=row["institution_id"]):
        raise NotFound("repair-not-found", code=typed[:20])
    ends = await models.warranty_of(row["item_id"], row["kit_id"], row["device_id"])
    return {
        **row,
        "steps": await repair_sql.steps(row["id"]),
        "photos": await repair_sql.photos(row["id"]),
        "warranty_until": ends,
    }


async def photo_of(typed: str, number: int) -> bytes:
    """A photograph of a repair, counted from 1. Raises NotFound."""
    photos = (await get_repair(typed))["photos"]
    if not 1 <= number <= len(photos):
        raise NotFound("file-not-found", digest="")
    return (await files.load(photos[number - 1])).content


async def repairs_of_kit(kit_id: int) -> list[dict[str, Any]]:
    """The repairs of a kit's parts. The caller has made sure that its reader may see the kit."""
    return await repair_sql.repairs_of_kit(kit_id)


async def repairs_of_school(institution_id: int) -> list[dict[str, Any]]:
    """A school's repairs that are under way, wait for its word or ended of late, each with its `steps`, newest first.
    The caller has made sure that its reader may see the school's.
    """
    rows = await repair_sql.repairs_of_school(institution_id)
    steps = await repair_sql.steps_of([row["id"] for row in rows])
    return [{**row, "steps": [step for step in steps if step["repair_id"] == row["id"]]} for row in rows]


async def confirm_arrival(typed: str) -> None:
    """The school has its repaired device again: its own word, or staff's who were told so. Said twice it counts once.

    Raises:
        NotFound: no such repair within the scope.
        Conflict: it is not on its way back.
    """
    scope = service.require(Permission.STOCK_WRITE, by_school=True)
    code = parse_code(typed)
    async with unit_of_work():
        repair = await repair_sql.repair(code, lock=True) if code else None
        if repair is None or not scope.covers(
            region_id=repair["regional_directorate_id"], institution_id=repair["institution_id"]
        ):
            raise NotFound("repair-not-found", code=typed[:20])
        if repair["state"] != "returned":
            raise Conflict("repair-not-on-its-way", code=repair["code"])
        if await repair_sql.set_arrived(repair_id=repair["id"]):
            await repair_sql.add_step(repair["id"], "arrived", "", "", None, service.acting())
            await audit.record("repair-arrived", "repair", repair["code"])


async def ask_for_arrival() -> int:
    """Ask the schools that have not said so whether their repaired device came; returns how many were written to."""
    today, sent = papers.now().date(), 0
    for row in await repair_sql.not_arrived():
        async with unit_of_work():
            sent += await repair_mails.ask(row, today)
    return sent


async def spares_for(repair: dict[str, Any]) -> list[dict[str, Any]]:
    """Devices of the store that could replace the broken one."""
    return await repair_sql.spare_devices(repair["item_id"], await ledger.place(ledger.STORE))


@dataclass(frozen=True, slots=True)
class Given:
    """What a step may be told.

    Args:
        repairer, repairer_number: who repairs, and under which number of theirs.
        under_warranty: whether the supplier bears it, which is known when it is sent; None leaves what was said.
        spare: the serial number of the device that is given in its place.
        method: how it is disposed of, and by whom.
    """

    note: str = ""
    repairer: str = ""
    repairer_number: str = ""
    due_on: date | None = None
    under_warranty: bool | None = None
    spare: str = ""
    method: str = ""


async def take_step(typed: str, step: str, given: Given) -> str:
    """Take a repair's next step; returns its new state. What the ledger or the state refuses leaves all as it was.

    Raises:
        NotFound: no such repair.
        Conflict: the step cannot be taken from the repair's state, or the pieces are elsewhere.
        Invalid: something that the step needs is missing.
    """
    async with unit_of_work():
        repair = await get_repair(typed, Permission.STOCK_WRITE, lock=True)
        if step == "send" and given.under_warranty is not None:
            repair["under_warranty"] = given.under_warranty
        after = next_state(repair["state"], step)
        if after is None:
            raise Conflict("repair-step-not-possible", code=repair["code"], state=repair["state"], step=step[:20])
        await queries.lock_kits([repair["kit_id"]])
        place, replacement, paper, posting = repair["place_id"], None, None, ""
        if step == "replace":
            replacement, paper = await _replace(repair, given)
        else:
            target = await _target(repair, step, given)
            if step == "send":
                paper = await _sending_paper(repair, given)
            elif step == "dispose":
                paper = await disposal_paper([repair["kit_id"]], [_row(repair)], given.method, given.note)
            if target is not None and target != place:
                posting = f"repair:{repair['code']}:{after}"
                move = Move(repair["item_id"], 1, place, target, repair["kit_id"], repair["device_id"])
                document = paper[1] if paper else repair["code"]
                await ledger.post([move], reason=REASONS[step], key=posting, document=document, note=given.note[:500])
                place = target
                if step == "dispose" and repair["replacement_device_id"] is not None:
                    replaced = Piece(repair["item_id"], 1, repair["kit_id"], repair["device_id"])
                    await leave_at(replaced, place, document=document)
        await repair_sql.set_repair(
            repair["id"],
            after,
            place,
            after in CLOSED,
            repairer=one_line(given.repairer),
            repairer_number=one_line(given.repairer_number, 80),
            due_on=given.due_on,
            replacement_device_id=replacement,
            under_warranty=repair["under_warranty"],
        )
        note = free_text(given.note)
        await repair_sql.add_step(repair["id"], after, note, posting, paper[0] if paper else None, service.acting())
        told = await repair_sql.repair(repair["code"])
        assert told is not None
        await repair_mails.tell(told, note, given.due_on)
        await repair_ends.settle(told)
        await audit.record("repair-advanced", "repair", repair["code"], why=note, state=after, step=step)
    return after


async def _target(repair: dict[str, Any], step: str, given: Given) -> int | None:
    """Where a step moves the piece; None where it stays."""
    if step == "send":
        name = one_line(given.repairer)
        if not name:
            raise Invalid("repairer-missing")
        return await ledger.repairer_place(name)
    if step == "back":
        return await ledger.place(ledger.STORE)
    if step == "give-up":
        # reported and given up at once: it lies where it lay
        return await ledger.place(ledger.STORE) if repair["state"] in ("sent", "at-repairer") else None
    if step == "return":
        if repair["institution_id"] is None:
            raise Conflict("repair-without-school", code=repair["code"])
        return await ledger.institution_place(repair["institution_id"])
    if step == "dispose":
        if not one_line(given.method):
            raise Invalid("disposal-method-missing")
        return await ledger.place(ledger.SCRAPPED)
    if step == "withdraw" and not given.note.strip():
        raise Invalid("reason-missing")
    return None


def _row(repair: dict[str, Any]) -> tuple[str, ...]:
    return (repair["name_el"], repair["serial_number"] or "–", shown_code(repair["kit_code"]), "1")


async def _sending_paper(repair: dict[str, Any], given: Given) -> tuple[int, str]:
    return await papers.make(
        "repair",
        institution_id=repair["institution_id"],
        kit_ids=[repair["kit_id"]],
        facts=[
            ("Επισκευή", shown_code(repair["code"])),
            ("Σχολική μονάδα", f"{repair['institution_name']}" if repair["institution_name"] else ""),
            ("Επισκευαστής", one_line(given.repairer)),
            ("Αριθμός του επισκευαστή", one_line(given.repairer_number, 80)),
            ("Εγγύηση", "ναι" if repair["under_warranty"] else "όχι"),
            ("Βλάβη", repair["fault"]),
            ("Αναμένεται πίσω έως", given.due_on.strftime("%d/%m/%Y") if given.due_on else ""),
        ],
        sentences=["Το είδος που ακολουθεί παραδίδεται για επισκευή και παραμένει στα βιβλία του Οργανισμού."],
        rows=[_row(repair)],
        signers=["Παραδίδει", "Παραλαμβάνει (επισκευαστής)"],
    )


async def _replace(repair: dict[str, Any], given: Given) -> tuple[int, tuple[int, str]]:
    """Another device of the store joins the kit in place of the broken one, and is made ready to be sent."""
    if repair["institution_id"] is None:
        raise Conflict("repair-without-school", code=repair["code"])
    store = await ledger.place(ledger.STORE)
    spares = {row["serial_number"]: row for row in await repair_sql.spare_devices(repair["item_id"], store)}
    if not spares:
        raise Conflict("no-spare-device", item=repair["name_el"])
    reading = read_scan(given.spare, spares)
    if len(reading.matches) != 1:
        known = ", ".join(list(spares)[:5])
        raise Invalid("spare-not-found", typed=given.spare[:80], known=known)
    spare = spares[reading.matches[0]]
    paper = await papers.make(
        "repair",
        institution_id=repair["institution_id"],
        kit_ids=[each for each in (repair["kit_id"], spare["kit_id"]) if each is not None],
        facts=[
            ("Επισκευή", shown_code(repair["code"])),
            ("Σχολική μονάδα", repair["institution_name"]),
            ("Αντικαθίσταται", f"{repair['name_el']}, {repair['serial_number'] or '–'}"),
            ("Βλάβη", repair["fault"]),
        ],
        sentences=["Το είδος που ακολουθεί δίνεται στη σχολική μονάδα σε αντικατάσταση εκείνου που έχει βλάβη."],
        rows=[(repair["name_el"], spare["serial_number"], shown_code(repair["kit_code"]), "1")],
        signers=["Παραδίδει", "Παραλαμβάνει"],
    )
    await supplying.start(
        repair["kit_id"],
        repair["institution_id"],
        [Piece(repair["item_id"], 1, spare["kit_id"], spare["id"])],
        store,
        why=f"{paper[1]} {given.note}".strip(),
        repair_id=repair["id"],
    )
    return spare["id"], paper

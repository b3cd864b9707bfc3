"""Kits that leave a school for good: its school closed or merged, or nobody uses them and another school is offered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from stem_logistics import audit
from stem_logistics.accounts.policy import Permission
from stem_logistics.codes import shown_code
from stem_logistics.custody import papers, queries, service
from stem_logistics.custody.rules import free_text
from stem_logistics.db.engine import unit_of_work
from stem_logistics.deliveries import carrying
from stem_logistics.errors import Conflict, Invalid, NotFound
from stem_logistics.inventory import ledger
from stem_logistics.web.i18n import gettext, use_locale

STORE = "store"


@dataclass(frozen=True, slots=True)
class Homeless:
    """A kit whose school is no more, and where the registry says it belongs: a school, or the store."""

    kit: dict[str, Any]
    target: str
    target_name: str


async def homeless() -> list[Homeless]:
    """Kits at schools that are closed or merged, within the reader's scope."""
    found = []
    for row in await queries.homeless(service.require(Permission.STOCK_READ)):
        merged = row["root_id"] != row["institution_id"] and row["root_state"] != "closed"
        found.append(Homeless(row, row["root_code"] if merged else STORE, row["root_name"] if merged else ""))
    return found


async def transfer(kit_codes: Sequence[str], target: str, *, why: str) -> list[tuple[int, str]]:
    """Move kits from the schools where they are to another, or back to the store; one paper for each school that gives.

    To another school they are on their way until it confirms them by its link, as a receipt.

    Args:
        target: a school's code, or `store`.

    Returns:
        The papers' ids and numbers.

    Raises:
        Invalid: no kits, no reason.
        NotFound, Conflict: a kit or the school is not there, the kit is there already or in a consignment, or the
            school has no mailbox. Nothing was moved then.
    """
    if not kit_codes:
        raise Invalid("no-kits-chosen")
    if not why.strip():
        raise Invalid("reason-missing")
    made = []
    async with unit_of_work():
        school = None if target == STORE else await service.require_school(target)
        place = await ledger.place(ledger.STORE) if school is None else await ledger.institution_place(school["id"])
        kits = [await service.require_kit(code) for code in dict.fromkeys(kit_codes)]
        await queries.lock_kits([kit["id"] for kit in kits])
        groups: dict[int, list[dict[str, Any]]] = {}
        for kit in kits:
            if await service.school_place(kit) == place:
                raise Conflict("kit-is-there", code=kit["code"])
            groups.setdefault(kit["institution_id"], []).append(kit)
        for origin, group in groups.items():
            made.append(await _transfer_group(origin, group, school, place, why.strip()))
    return made


async def _transfer_group(
    origin: int, kits: list[dict[str, Any]], school: dict[str, Any] | None, place: int, why: str
) -> tuple[int, str]:
    giver = await queries.institution_by_id(origin)
    there = await ledger.institution_place(origin)
    parts = [part for kit in kits for part in service.parts_at(kit, there)]
    taker = f"{school['name']} ({school['code']})" if school else "Κεντρική αποθήκη του Οργανισμού"
    paper = await papers.make(
        "transfer",
        institution_id=school["id"] if school else origin,
        kit_ids=[kit["id"] for kit in kits],
        facts=[("Από", f"{giver['name']} ({giver['code']})"), ("Προς", taker), ("Αιτιολογία", free_text(why))],
        sentences=["Ο εξοπλισμός που ακολουθεί μεταφέρεται οριστικά."],
        rows=papers.parts_rows(parts, {kit["id"]: kit["code"] for kit in kits}),
        signers=["Παραδίδει", "Παραλαμβάνει"],
    )
    if school:
        giving = f"{giver['name']} ({giver['code']})"
        await carrying.carry(parts, there, school["id"], giver=giving, document=paper[1], why=why)
    else:
        moves = service.moves_of(parts, place)
        key = f"transfer:{paper[1]}"
        await ledger.post(moves, reason="return", key=key, document=paper[1], note=why[:500])
    for kit in kits:
        loan = await queries.loan_of_kit(kit["id"])
        if loan is not None:
            await queries.close_loan(loan["id"], why)
        await audit.record("kit-transferred", "kit", kit["code"], why=why, paper=paper[1])
    await queries.end_custody([kit["id"] for kit in kits], "moved-away")
    return paper


# kits that nobody uses
async def mark_idle(typed: str, *, why: str) -> int:
    """Note that nobody uses a kit where it is; returns the entry's id. Raises Invalid without a reason."""
    if not why.strip():
        raise Invalid("reason-missing")
    async with unit_of_work():
        kit = await service.require_kit(typed)
        await service.school_place(kit)
        number = await queries.add_idle(kit["id"], free_text(why))
        await audit.record("kit-marked-idle", "kit", kit["code"], why=free_text(why))
    return number


async def list_idle() -> list[dict[str, Any]]:
    """Kits that are idle or offered, each with the schools that are `next` in order for its kind."""
    service.require(Permission.STOCK_WRITE)
    return [
        {**row, "next": await queries.next_in_order(row["definition"], row["id"]) if row["state"] == "idle" else []}
        for row in await queries.idle_kits()
    ]


async def idle_of_kit(kit_id: int) -> dict[str, Any] | None:
    """The entry of a kit that is idle now. The caller has made sure that its reader may see the kit."""
    rows = await queries.idle_kits(kit=kit_id)
    return rows[0] if rows else None


async def offers_to(institution_id: int) -> list[dict[str, Any]]:
    """What a school is offered and has not answered, or has accepted and waits for."""
    return await queries.idle_kits(offered_to=institution_id)


async def offer(number: int, school_code: str, answer_by: date) -> None:
    """Offer an idle kit to a school, with a day for its answer; the school is written to.

    Raises:
        NotFound: no such entry or school.
        Conflict: it is offered to another school, or the school has no mailbox.
        Invalid: the day is not in the future.
    """
    service.require(Permission.STOCK_WRITE)
    if answer_by <= papers.now().date():
        raise Invalid("answer-day-unusable")
    async with unit_of_work():
        entry = await _entry(number)
        if entry["state"] != "idle":
            raise Conflict("kit-offered-already", code=entry["kit_code"])
        school = await service.require_school(school_code)
        await queries.set_idle(number, "offered", school["id"], answer_by)
        with use_locale("el"):
            subject = gettext("You are offered a kit")
            text = gettext(
                "The kit %(kit)s (%(title)s) is not used where it is, and you are offered it. Answer by %(day)s "
                "whether you want it:",
                kit=shown_code(entry["kit_code"]),
                title=entry["title_el"],
                day=answer_by.strftime("%d/%m/%Y"),
            )
        if not await service.mail_school(school, subject, [text], about=("idle-kit", number)):
            raise Conflict("school-has-no-mailbox", code=school["code"])
        await audit.record("idle-kit-offered", "kit", entry["kit_code"], to=school["id"], by=answer_by)


async def answer_offer(number: int, *, accept: bool) -> None:
    """The school's own answer to an offer; staff may give it for a school that telephoned.

    Raises:
        NotFound: nothing is offered to this school under that number.
        Conflict: it was answered already.
    """
    scope = service.require(Permission.STOCK_WRITE, by_school=True)
    async with unit_of_work():
        entry = await queries.idle(number)
        if entry is None or not scope.covers(institution_id=entry["offered_to"] or 0):
            raise NotFound("offer-not-found")
        if entry["state"] != "offered":
            raise Conflict("offer-answered")
        if accept:
            await queries.set_idle(number, "accepted", entry["offered_to"], entry["answer_by"])
        else:
            await queries.add_refusal(number, entry["offered_to"])
            await queries.set_idle(number, "idle", None, None)
        await audit.record("offer-answered", "kit", entry["kit_code"], accepted=accept, school=entry["offered_to"])


async def give(number: int) -> tuple[int, str]:
    """An accepted kit is sent to the school that accepted it; returns the paper's id and number."""
    service.require(Permission.STOCK_WRITE)
    async with unit_of_work():
        entry = await _entry(number)
        if entry["state"] != "accepted":
            raise Conflict("offer-not-accepted", code=entry["kit_code"])
        (paper,) = await transfer([entry["kit_code"]], entry["offered_code"], why=entry["why"])
        await queries.set_idle(number, "given", entry["offered_to"], entry["answer_by"])
    return paper


async def end_idle(number: int) -> None:
    """A kit is in use again where it is, or its offer is taken back."""
    service.require(Permission.STOCK_WRITE)
    async with unit_of_work():
        entry = await _entry(number)
        await queries.set_idle(number, "in-use", None, None)
        await audit.record("kit-in-use-again", "kit", entry["kit_code"])


async def _entry(number: int) -> dict[str, Any]:
    entry = await queries.idle(number)
    if entry is None or entry["ended_at"] is not None:
        raise NotFound("offer-not-found")
    return entry


async def transfer_groups(groups: dict[str, list[str]], *, why: str) -> list[tuple[int, str]]:
    """Several transfers, all or none: target (a school's code, or `store`) → kits. Raises as `transfer`."""
    async with unit_of_work():
        return [paper for target, codes in groups.items() for paper in await transfer(codes, target, why=why)]

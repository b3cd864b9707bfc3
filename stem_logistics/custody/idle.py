"""Kits that nobody uses: offered to the next in order of the published results, by a day for the answer."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from stem_logistics import audit, runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.allocation import standing
from stem_logistics.codes import shown_code
from stem_logistics.custody import moving, papers, queries, service
from stem_logistics.custody.rules import free_text
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, Invalid, NotFound
from stem_logistics.web.i18n import gettext, use_locale

DAYS_TO_ANSWER = 10
SHOWN_NEXT = 10


async def mark_idle(typed: str, *, why: str) -> int:
    """Note that nobody uses a kit where it is; returns the entry's id. A school's own word is a request that staff
    decide. Raises Invalid without a reason.
    """
    if not why.strip():
        raise Invalid("reason-missing")
    by_school = runtime.actor().principal.kind == "link"
    async with unit_of_work():
        kit = await service.require_kit(typed, by_school=True)
        await service.school_place(kit)
        number = await queries.add_idle(kit["id"], free_text(why), "requested" if by_school else "idle")
        if by_school:
            await audit.record("kit-said-idle", "kit", kit["code"], why=free_text(why))
        else:
            await audit.record("kit-marked-idle", "kit", kit["code"], why=free_text(why))
    return number


async def agree(number: int) -> None:
    """Staff agree that nobody uses a kit: it can be offered. Raises Conflict where nobody asked."""
    service.require(Permission.STOCK_WRITE)
    async with unit_of_work():
        entry = await _entry(number)
        if entry["state"] != "requested":
            raise Conflict("offer-not-found")
        await queries.set_idle(number, "idle", None, None)
        with use_locale("el"):
            text = gettext("We offer it to another school. Until one takes it, it stays in your charge.")
        await _answer(entry, text)
        await audit.record("kit-marked-idle", "kit", entry["kit_code"], why=entry["why"])


async def _answer(entry: dict[str, Any], text: str) -> None:
    """Tell the school that said so what is decided about a kit that nobody uses."""
    kit = await service.kit_by_id_code(entry["kit_code"])
    if kit["institution_id"] is None:
        return
    school = await queries.institution_by_id(kit["institution_id"])
    with use_locale("el"):
        subject = gettext(
            "About the kit %(kit)s that nobody uses (%(title)s)",
            kit=shown_code(entry["kit_code"]),
            title=entry["title_el"],
        )
    await service.mail_school(school, subject, [text], about=("idle-kit", entry["id"]))


async def list_idle() -> list[dict[str, Any]]:
    """Kits that are idle or offered, each with the schools that are `next` in order for its kind."""
    service.require(Permission.STOCK_WRITE)
    rows = await queries.idle_kits()
    orders = await _orders(rows)
    return [
        {**row, "next": (await _without_those_out(row, orders.get(row["definition"], [])))[:SHOWN_NEXT]} for row in rows
    ]


async def _orders(rows: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Who waits for each kind of kit that is idle: read once, however many kits of it there are."""
    kinds = dict.fromkeys(row["definition"] for row in rows if row["state"] == "idle")
    return {kind: await standing.waiting_for(kind) for kind in kinds}


async def _without_those_out(entry: dict[str, Any], order: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    if entry["state"] != "idle" or not order:
        return []
    out = await queries.not_next(entry["id"])
    return [school for school in order if school["id"] not in out]


async def next_for(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """The schools that wait for this kind of kit, in the order of the published results, without those that let this
    one pass, have it, or are offered another.
    """
    out = await queries.not_next(entry["id"])
    return [school for school in await standing.waiting_for(entry["definition"]) if school["id"] not in out]


async def waiting() -> list[dict[str, Any]]:
    """Idle kits that are offered to nobody, each with the one school that is `next`, None for none."""
    rows = [row for row in await queries.idle_kits() if row["state"] == "idle"]
    orders = await _orders(rows)
    return [{**row, "next": next(iter(await _without_those_out(row, orders[row["definition"]])), None)} for row in rows]


async def said_idle() -> int:
    """How many schools' words that nobody uses a kit wait for staff."""
    return sum(row["state"] == "requested" for row in await queries.idle_kits())


async def idle_of_kit(kit_id: int) -> dict[str, Any] | None:
    """The entry of a kit that is idle now. The caller has made sure that its reader may see the kit."""
    rows = await queries.idle_kits(kit=kit_id)
    return rows[0] if rows else None


async def offers_to(institution_id: int) -> list[dict[str, Any]]:
    """What a school is offered and can still answer, or has accepted and waits for."""
    return [row for row in await queries.idle_kits(offered_to=institution_id) if not row["late"]]


def answer_day() -> date:
    """By when an offer of today is answered, if staff do not choose."""
    return papers.now().date() + timedelta(days=DAYS_TO_ANSWER)


async def offer(number: int, school_code: str, answer_by: date, *, why: str = "") -> None:
    """Offer an idle kit to a school, with a day for its answer; the school is written to.

    Args:
        why: why this school and not the one that is next in order.

    Raises:
        NotFound: no such entry or school.
        Conflict: it is offered to another school, or the school has no mailbox.
        Invalid: the day is not in the future; the school is not the next, and no reason is given.
    """
    service.require(Permission.STOCK_WRITE)
    if answer_by <= papers.now().date():
        raise Invalid("answer-day-unusable")
    async with unit_of_work():
        entry = await _entry(number)
        if entry["state"] == "offered" and entry["late"]:
            await _let_pass(entry, lapsed=True)
        elif entry["state"] != "idle":
            raise Conflict("kit-offered-already", code=entry["kit_code"])
        school = await service.require_school(school_code)
        first = next(iter(await next_for(entry)), None)
        in_order = first is None or first["id"] == school["id"]
        why = "" if in_order else free_text(why)
        if first is not None and not in_order and not why:
            raise Invalid("offer-out-of-order", school=first["name"], code=first["code"])
        await queries.set_idle(number, "offered", school["id"], answer_by, why)
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
        await audit.record("idle-kit-offered", "kit", entry["kit_code"], why=why, to=school["id"], by=answer_by)


async def answer_offer(number: int, *, accept: bool) -> None:
    """The school's own answer to an offer; staff may give it for a school that telephoned.

    Raises:
        NotFound: nothing is offered to this school under that number.
        Conflict: it was answered already, or its day has passed.
    """
    scope = service.require(Permission.STOCK_WRITE, by_school=True)
    async with unit_of_work():
        entry = await queries.idle(number)
        if entry is None or not scope.covers(institution_id=entry["offered_to"] or 0):
            raise NotFound("offer-not-found")
        if entry["state"] != "offered":
            raise Conflict("offer-answered")
        if entry["late"]:
            raise Conflict("offer-lapsed", day=entry["answer_by"].strftime("%d/%m/%Y"))
        if accept:
            await queries.set_idle(number, "accepted", entry["offered_to"], entry["answer_by"], entry["out_of_order"])
        else:
            await _let_pass(entry)
        await audit.record("offer-answered", "kit", entry["kit_code"], accepted=accept, school=entry["offered_to"])


async def _let_pass(entry: dict[str, Any], *, lapsed: bool = False) -> None:
    """A school does not want a kit, or has not answered: it is free for the next."""
    await queries.add_refusal(entry["id"], entry["offered_to"], lapsed)
    await queries.set_idle(entry["id"], "idle", None, None)


async def lapse() -> int:
    """Offers whose day has passed without an answer end, and their schools are not asked again; returns how many."""
    ended = 0
    for row in await queries.idle_kits():
        if not row["late"]:
            continue
        async with unit_of_work():
            entry = await queries.idle(row["id"])
            if entry is None or not entry["late"]:
                continue
            await _let_pass(entry, lapsed=True)
            await audit.record("offer-lapsed", "kit", entry["kit_code"], school=entry["offered_to"])
            ended += 1
    return ended


async def give(number: int) -> tuple[int, str]:
    """An accepted kit is sent to the school that accepted it; returns the paper's id and number."""
    service.require(Permission.STOCK_WRITE)
    async with unit_of_work():
        entry = await _entry(number)
        if entry["state"] != "accepted":
            raise Conflict("offer-not-accepted", code=entry["kit_code"])
        (paper,) = await moving.transfer([entry["kit_code"]], entry["offered_code"], why=entry["why"])
        await queries.set_idle(number, "given", entry["offered_to"], entry["answer_by"], entry["out_of_order"])
    return paper


async def end_idle(number: int) -> None:
    """A kit is in use again where it is, or its offer is taken back."""
    service.require(Permission.STOCK_WRITE)
    async with unit_of_work():
        entry = await _entry(number)
        await queries.set_idle(number, "in-use", None, None)
        if entry["state"] == "requested":
            with use_locale("el"):
                text = gettext("It stays with your school for now. Call us if you cannot keep it.")
            await _answer(entry, text)
        await audit.record("kit-in-use-again", "kit", entry["kit_code"])


async def _entry(number: int) -> dict[str, Any]:
    entry = await queries.idle(number)
    if entry is None or entry["ended_at"] is not None:
        raise NotFound("offer-not-found")
    return entry

"""What a school is written about a repair of its device: one mail for each step that concerns it, in Greek."""

from collections.abc import Callable
from datetime import date
from typing import Any

from stem_logistics.codes import shown_code
from stem_logistics.custody import queries, service
from stem_logistics.web.i18n import gettext, use_locale

# A repaired device that left for its school is asked for after this many days, and again after as many.
ASK_AFTER = 7


def _sent(repair: dict[str, Any], due_on: date | None) -> list[str]:
    lines = [gettext("It goes to %(repairer)s for repair.", repairer=repair["repairer"])]
    if repair["under_warranty"]:
        lines.append(gettext("It is under warranty: it costs your school nothing."))
    if due_on:
        lines.append(gettext("We expect it back by %(day)s.", day=due_on.strftime("%d/%m/%Y")))
    return lines


def _replaced(repair: dict[str, Any], due_on: date | None) -> list[str]:
    serial = repair["replacement_serial"] or "–"
    return [
        gettext("You are given another one in its place, with the serial number %(serial)s.", serial=serial),
        gettext("When it leaves you get a message with the link by which you confirm that it arrived."),
        gettext("Keep the broken one until we tell you what becomes of it, if you still have it."),
    ]


def _given_up(repair: dict[str, Any], due_on: date | None) -> list[str]:
    return [gettext("It cannot be repaired. We look for another one to give in its place, and write to you again.")]


def _returned(repair: dict[str, Any], due_on: date | None) -> list[str]:
    lines = [gettext("It is repaired and on its way back to you.")]
    if due_on:
        lines.append(gettext("Expect it by %(day)s.", day=due_on.strftime("%d/%m/%Y")))
    return [
        *lines,
        gettext("When you have it in your hands and it works, say so on your school's page:"),
    ]


def _kept(repair: dict[str, Any], due_on: date | None) -> list[str]:
    return [gettext("It stays in the store and does not come back to you. Call us if you wait for it.")]


def _withdrawn(repair: dict[str, Any], due_on: date | None) -> list[str]:
    return [gettext("The report was withdrawn: no repair takes place. Report it again if it does not work.")]


# state → what it means for the school; the others happen between us and the repairer
TOLD: dict[str, Callable[[dict[str, Any], date | None], list[str]]] = {
    "sent": _sent,
    "replaced": _replaced,
    "not-repairable": _given_up,
    "returned": _returned,
    "kept": _kept,
    "withdrawn": _withdrawn,
}


async def tell(repair: dict[str, Any], note: str, due_on: date | None) -> None:
    """Write to the school of a repair about the state that it has reached, inside the caller's unit of work.

    Args:
        note: what whoever took the step noted.
        due_on: by when it is expected after this step, where that was said.
    """
    told = TOLD.get(repair["state"])
    if told is None or repair["institution_id"] is None:
        return
    school = await queries.institution_by_id(repair["institution_id"])
    with use_locale("el"):
        subject = gettext("Repair %(code)s: %(item)s", code=shown_code(repair["code"]), item=repair["name_el"])
        lines = [_which(repair), *told(repair, due_on)]
        if note:
            lines.insert(2, gettext("We note: %(note)s", note=note))
    await service.mail_school(
        school, subject, lines, about=("repair", repair["id"]), key=f"repair:{repair['code']}:{repair['state']}"
    )


async def ask(repair: dict[str, Any], today: date) -> bool:
    """Ask a school whether its repaired device has come, once a week, inside the caller's unit of work; False where it
    is not time, was asked already, or it has no mailbox.
    """
    weeks = (today - repair["closed_on"]).days // ASK_AFTER
    key = f"repair:{repair['code']}:arrived?{weeks}"
    if weeks < 1 or await service.mail_is_written(key):
        return False
    school = await queries.institution_by_id(repair["institution_id"])
    with use_locale("el"):
        shown = shown_code(repair["code"])
        subject = gettext("Has it come? %(item)s, repair %(code)s", code=shown, item=repair["name_el"])
        day = repair["closed_on"].strftime("%d/%m/%Y")
        lines = [
            _which(repair),
            gettext("It left for your school on %(day)s. If you have it, say so here; if not, call us:", day=day),
        ]
    return await service.mail_school(school, subject, lines, about=("repair", repair["id"]), key=key)


def _which(repair: dict[str, Any]) -> str:
    return gettext(
        "It is about this device: %(item)s, serial number %(serial)s, of the kit %(kit)s. You reported: %(fault)s",
        item=repair["name_el"],
        serial=repair["serial_number"] or "–",
        kit=shown_code(repair["kit_code"]),
        fault=repair["fault"],
    )

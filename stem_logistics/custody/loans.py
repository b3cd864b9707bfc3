"""Loans to neighbour schools: lent with a day of return, begun by the borrower's receipt, reminded, given back, and
ended by whoever has the kit again.
"""

from datetime import date
from typing import Any

from stem_logistics import audit, runtime
from stem_logistics.accounts.policy import EVERYWHERE, Permission
from stem_logistics.codes import new_code, parse_code, shown_code
from stem_logistics.custody import loan_queries, papers, queries, service
from stem_logistics.custody.rules import REMIND_AGAIN, free_text, reminder_due
from stem_logistics.db.engine import unit_of_work
from stem_logistics.deliveries import carrying
from stem_logistics.errors import Conflict, Invalid, NotFound
from stem_logistics.inventory import ledger
from stem_logistics.web.i18n import gettext, use_locale

LONGEST_DAYS = 730


def usable_day(due_on: date) -> date:
    """A day until which something may be lent. Raises Invalid where it is not in the coming two years."""
    if not 0 < (due_on - papers.now().date()).days <= LONGEST_DAYS:
        raise Invalid("loan-day-unusable", days=LONGEST_DAYS)
    return due_on


async def lend(typed: str, borrower_code: str, due_on: date, *, note: str = "") -> str:
    """Lend a kit from the school where it is to another; returns the loan's code.

    It is on its way until the borrower confirms it by its link, as a receipt; both schools are written to.

    Raises:
        Invalid: the day of return is not in the coming two years.
        Conflict: it is at no school, on loan already, the school is the lender itself or has no mailbox.
        NotFound: no such kit or school.
    """
    usable_day(due_on)
    async with unit_of_work():
        kit = await service.require_kit(typed)
        await queries.lock_kits([kit["id"]])
        place = await service.school_place(kit)
        borrower = await service.require_school(borrower_code)
        if borrower["id"] == kit["institution_id"]:
            raise Conflict("loan-to-itself", code=borrower["code"])
        if await loan_queries.loan_of_kit(kit["id"]) is not None:
            raise Conflict("kit-on-loan-already", code=kit["code"])
        lender = await queries.institution_by_id(kit["institution_id"])
        parts = service.parts_at(kit, place)
        paper_id, number = await papers.make(
            "loan",
            institution_id=lender["id"],
            kit_ids=[kit["id"]],
            facts=[
                ("Δανείζει", f"{lender['name']} ({lender['code']})"),
                ("Δανείζεται", f"{borrower['name']} ({borrower['code']})"),
                ("Σετ", f"{kit['title_el']}, {shown_code(kit['code'])}"),
                ("Επιστροφή έως", due_on.strftime("%d/%m/%Y")),
                ("Παρατηρήσεις", free_text(note)),
            ],
            sentences=["Ο εξοπλισμός που ακολουθεί δανείζεται και επιστρέφεται πλήρης την ημέρα που ορίζεται."],
            rows=papers.parts_rows(parts, {kit["id"]: kit["code"]}),
            signers=["Για το σχολείο που δανείζει", "Για το σχολείο που δανείζεται"],
        )
        giver = f"{lender['name']} ({lender['code']})"
        consignment = await carrying.carry(parts, place, borrower["id"], giver=giver, document=number, why=note)
        code = new_code("D")
        loan_id = await loan_queries.add_loan(
            code, kit["id"], lender["id"], borrower["id"], due_on, free_text(note), paper_id, consignment
        )
        await _write_of_loan(loan_id, code, kit, lender, borrower, due_on, number)
        await audit.record("kit-lent", "kit", kit["code"], loan=code, to=borrower["id"], due=due_on)
    return code


async def _write_of_loan(
    loan_id: int,
    code: str,
    kit: dict[str, Any],
    lender: dict[str, Any],
    borrower: dict[str, Any],
    due_on: date,
    number: str,
) -> None:
    told = {
        "lender": lender["name"],
        "borrower": borrower["name"],
        "kit": shown_code(kit["code"]),
        "title": kit["title_el"],
        "day": due_on.strftime("%d/%m/%Y"),
        "number": number,
    }
    with use_locale("el"):
        subject = gettext("A kit is lent to you")
        text = gettext(
            "%(lender)s lends you the kit %(kit)s (%(title)s) until %(day)s. The loan begins when you confirm its "
            "receipt by the link of the other message. On your school's page you enter who is in charge of it:",
            **told,
        )
        await service.mail_school(borrower, subject, [text], about=("loan", loan_id), key=f"loan:{code}")
        subject = gettext("Your kit is lent to another school")
        text = gettext(
            "Your kit %(kit)s (%(title)s) is lent to %(borrower)s until %(day)s, by protocol %(number)s. Agree with "
            "that school how it gets there. When it is back, say so on your school's page:",
            **told,
        )
        await service.mail_school(lender, subject, [text], about=("loan", loan_id), key=f"loan:{code}:lender")


async def give_back(typed: str, *, note: str = "") -> None:
    """A kit went back: the borrower's word is noted, and the lender asked; the lender's or staff's word ends the loan,
    and the kit's parts that are with the borrower are the lender's again.

    Raises:
        NotFound: no such loan within the scope.
        Conflict: it has ended already, or the borrower has not confirmed yet that it has the kit.
    """
    scope = service.require(Permission.STOCK_WRITE, by_school=True)
    who = runtime.actor().principal
    code = parse_code(typed)
    async with unit_of_work():
        loan = await loan_queries.loan(code) if code else None
        inside = loan is not None and (
            scope.covers(region_id=loan["region_id"], institution_id=loan["lender_id"])
            or scope.covers(institution_id=loan["borrower_id"])
        )
        if loan is None or not inside:
            raise NotFound("loan-not-found", code=typed[:20])
        if loan["returned_at"] is not None:
            raise Conflict("loan-ended", code=loan["code"])
        if loan["state"] == "on-the-way":
            raise Conflict("loan-not-begun", code=loan["code"])
        if who.kind == "link" and who.institution_id == loan["borrower_id"]:
            await _sent_back(loan, free_text(note))
        else:
            await _end(loan, free_text(note))


async def _sent_back(loan: dict[str, Any], note: str) -> None:
    """The borrower says that it gave the kit back: said twice it counts once."""
    if loan["sent_back_at"] is not None:
        return
    await loan_queries.set_sent_back(loan["id"])
    await _ask_lender(loan, note, key=f"loan-back:{loan['code']}")
    await audit.record("loan-sent-back", "kit", loan["kit_code"], why=note, loan=loan["code"])


async def _ask_lender(loan: dict[str, Any], note: str, *, key: str) -> bool:
    lender = await queries.institution_by_id(loan["lender_id"])
    with use_locale("el"):
        subject = gettext("Is your kit back?")
        lines = [
            gettext(
                "%(borrower)s says that it gave you back the kit %(kit)s (%(title)s). When you have it and it is "
                "complete, say so on your school's page; the loan ends with your word:",
                borrower=loan["borrower_name"],
                kit=shown_code(loan["kit_code"]),
                title=loan["title_el"],
            )
        ]
        if note:
            lines.append(note)
    return await service.mail_school(lender, subject, lines, about=("loan", loan["id"]), key=key)


async def _end(loan: dict[str, Any], note: str) -> None:
    await queries.lock_kits([loan["kit_id"]])
    kit = await service.kit_by_id_code(loan["kit_code"])
    parts = service.parts_at(kit, await ledger.institution_place(loan["borrower_id"]))
    target = await ledger.institution_place(loan["lender_id"])
    if parts:
        await ledger.post(
            service.moves_of(parts, target),
            reason="loan-return",
            key=f"loan-return:{loan['code']}",
            document=loan["paper_number"],
            note=note[:500],
        )
    await loan_queries.close_loan(loan["id"], note)
    borrower = await queries.institution_by_id(loan["borrower_id"])
    with use_locale("el"):
        subject = gettext("The loan has ended")
        lines = [
            gettext(
                "The kit %(kit)s (%(title)s) is back at %(lender)s.",
                kit=shown_code(loan["kit_code"]),
                title=loan["title_el"],
                lender=loan["lender_name"],
            )
        ]
        if note:
            lines.append(gettext("We note: %(note)s", note=note))
    key = f"loan-ended:{loan['code']}"
    await service.mail_school(borrower, subject, lines, about=("loan", loan["id"]), key=key)
    await audit.record("loan-ended", "kit", loan["kit_code"], why=note, loan=loan["code"])


async def list_loans(state: str = "out") -> list[dict[str, Any]]:
    """Loans that are out, late, or all, within the reader's scope."""
    return await loan_queries.loans(service.require(Permission.STOCK_READ), state)


async def loans_of_school(institution_id: int) -> list[dict[str, Any]]:
    """What a school has lent or borrowed and is still out. The caller sees to who may ask."""
    scope = service.require(Permission.STOCK_READ, by_school=True)
    return await loan_queries.loans(scope, "out", school=institution_id)


async def loans_of_kit(kit_id: int) -> list[dict[str, Any]]:
    """Every loan of a kit. The caller has made sure that its reader may see the kit."""
    return await loan_queries.loans(EVERYWHERE, "all", kit=kit_id)


async def remind() -> int:
    """Remind borrowers of what is due soon, today, or late, and lenders of what was given back to them and is not
    confirmed; each reminder goes once. Returns how many were written.
    """
    sent = 0
    for row in await loan_queries.loans(EVERYWHERE, "out"):
        async with unit_of_work():
            loan = await loan_queries.loan(row["code"])
            if loan is not None and loan["returned_at"] is None:
                sent += await _remind(loan, papers.now().date())
    return sent


async def _remind(loan: dict[str, Any], today: date) -> bool:
    if loan["state"] == "going-back":
        weeks = (today - loan["sent_back_at"].date()).days // REMIND_AGAIN
        key = f"loan-back:{loan['code']}:{weeks}"
        return weeks > 0 and not await service.mail_is_written(key) and await _ask_lender(loan, "", key=key)
    which = reminder_due(loan["due_on"], today)
    key = f"loan-reminder:{loan['code']}:{loan['due_on']}:{which}"
    if loan["state"] != "out" or which is None or await service.mail_is_written(key):
        return False
    borrower = await queries.institution_by_id(loan["borrower_id"])
    with use_locale("el"):
        subject = gettext("A borrowed kit is to go back by %(day)s", day=loan["due_on"].strftime("%d/%m/%Y"))
        text = gettext(
            "The kit %(kit)s (%(title)s), which %(lender)s lent you, is to go back by %(day)s. When it has, "
            "say so here:",
            kit=shown_code(loan["kit_code"]),
            title=loan["title_el"],
            lender=loan["lender_name"],
            day=loan["due_on"].strftime("%d/%m/%Y"),
        )
    if not await service.mail_school(borrower, subject, [text], about=("loan", loan["id"]), key=key):
        return False
    await loan_queries.note_reminder(loan["id"])
    return True

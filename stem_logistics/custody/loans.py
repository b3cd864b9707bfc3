"""Loans to neighbour schools: lent with a day of return, reminded, given back."""

from datetime import date
from typing import Any

from stem_logistics import audit
from stem_logistics.accounts.policy import EVERYWHERE, Permission
from stem_logistics.codes import new_code, parse_code, shown_code
from stem_logistics.custody import papers, queries, service
from stem_logistics.custody.rules import free_text, reminder_due
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, Invalid, NotFound
from stem_logistics.inventory import ledger
from stem_logistics.web.i18n import gettext, use_locale

LONGEST_DAYS = 730


async def lend(typed: str, borrower_code: str, due_on: date, *, note: str = "") -> str:
    """Lend a kit from the school where it is to another; returns the loan's code.

    Raises:
        Invalid: the day of return is not in the coming two years.
        Conflict: it is at no school, on loan already, or the school is the lender itself.
        NotFound: no such kit or school.
    """
    today = papers.now().date()
    if not 0 < (due_on - today).days <= LONGEST_DAYS:
        raise Invalid("loan-day-unusable", days=LONGEST_DAYS)
    async with unit_of_work():
        kit = await service.require_kit(typed)
        await queries.lock_kits([kit["id"]])
        place = await service.school_place(kit)
        borrower = await service.require_school(borrower_code)
        if borrower["id"] == kit["institution_id"]:
            raise Conflict("loan-to-itself", code=borrower["code"])
        if await queries.loan_of_kit(kit["id"]) is not None:
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
        code = new_code("D")
        loan_id = await queries.add_loan(
            code, kit["id"], lender["id"], borrower["id"], due_on, free_text(note), paper_id
        )
        target = await ledger.institution_place(borrower["id"])
        await ledger.post(
            service.moves_of(parts, target), reason="loan", key=f"loan:{code}", document=number, note=note[:500]
        )
        with use_locale("el"):
            subject = gettext("A kit has been lent to you")
            text = gettext(
                "%(lender)s lends you the kit %(kit)s (%(title)s) until %(day)s. On your school's page you enter who "
                "is in charge of it:",
                lender=lender["name"],
                kit=shown_code(kit["code"]),
                title=kit["title_el"],
                day=due_on.strftime("%d/%m/%Y"),
            )
        await service.mail_school(borrower, subject, [text], about=("loan", loan_id), key=f"loan:{code}")
        await audit.record("kit-lent", "kit", kit["code"], loan=code, to=borrower["id"], due=due_on)
    return code


async def give_back(typed: str, *, note: str = "") -> None:
    """A loan ends: the kit's parts that are with the borrower go back to the lender.

    Raises:
        NotFound: no such loan within the scope.
        Conflict: it has ended already.
    """
    scope = service.require(Permission.STOCK_WRITE, by_school=True)
    code = parse_code(typed)
    async with unit_of_work():
        loan = await queries.loan(code) if code else None
        inside = loan is not None and (
            scope.covers(region_id=loan["region_id"], institution_id=loan["lender_id"])
            or scope.covers(institution_id=loan["borrower_id"])
        )
        if loan is None or not inside:
            raise NotFound("loan-not-found", code=typed[:20])
        if loan["returned_at"] is not None:
            raise Conflict("loan-ended", code=loan["code"])
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
        await queries.close_loan(loan["id"], free_text(note))
        await audit.record("loan-ended", "kit", loan["kit_code"], why=free_text(note), loan=loan["code"])


async def list_loans(state: str = "out") -> list[dict[str, Any]]:
    """Loans that are out, late, or all, within the reader's scope."""
    return await queries.loans(service.require(Permission.STOCK_READ), state)


async def loans_of_school(institution_id: int) -> list[dict[str, Any]]:
    """What a school has lent or borrowed and is still out. The caller sees to who may ask."""
    scope = service.require(Permission.STOCK_READ, by_school=True)
    return await queries.loans(scope, "out", school=institution_id)


async def loans_of_kit(kit_id: int) -> list[dict[str, Any]]:
    """Every loan of a kit. The caller has made sure that its reader may see the kit."""
    return await queries.loans(EVERYWHERE, "all", kit=kit_id)


async def remind() -> int:
    """Remind borrowers of what is due soon, today, or late; each reminder goes once. Returns how many were written."""
    today = papers.now().date()
    sent = 0
    for row in await queries.loans(EVERYWHERE, "out"):
        which = reminder_due(row["due_on"], today)
        if which is None:
            continue
        async with unit_of_work():
            loan = await queries.loan(row["code"])
            if loan is None or loan["returned_at"] is not None:
                continue
            key = f"loan-reminder:{loan['code']}:{loan['due_on']}:{which}"
            if await service.mail_is_written(key):
                continue
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
            if await service.mail_school(borrower, subject, [text], about=("loan", loan["id"]), key=key):
                await queries.note_reminder(loan["id"])
                sent += 1
    return sent

"""What schools are written: one mail for each consignment, one with each protocol. In Greek, as plain text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from stem_logistics import runtime
from stem_logistics.codes import shown_code
from stem_logistics.deliveries.reasons import KIND_WORDS, OUTCOME_WORDS
from stem_logistics.web.formats import format_date, today
from stem_logistics.web.i18n import gettext, ngettext, use_locale


@dataclass(frozen=True)
class Sent:
    """A consignment of which a mail tells its school.

    Args:
        inside: what is in it, a line each.
        link: the address of the receipt.
        code: what to type after scanning the parcel, if the link is not at hand.
    """

    consignment: dict[str, Any]
    inside: Sequence[str]
    link: str
    code: str


def dispatched(sent: Sequence[Sent]) -> tuple[str, str]:
    """Subject and body of the mail to a school when consignments leave: of one, or of several one after the other."""
    with use_locale("el"):
        school = sent[0].consignment
        shown = shown_code(school["code"])
        subject = (
            gettext("Equipment is on its way to you: consignment %(code)s", code=shown)
            if len(sent) == 1
            else gettext("Equipment is on its way to you: %(num)s consignments", num=len(sent))
        )
        parts = [
            gettext("To: %(school)s (%(code)s)", school=school["institution_name"], code=school["institution_code"])
        ]
        if len(sent) > 1:
            parts.append(gettext("Each consignment has a link and a code of its own."))
        for each in sent:
            parts += _one_sent(each)
        parts += [
            gettext(
                "Whoever has this message can confirm the receipt, so pass it on only inside your school. "
                "If something is missing or damaged, say so in the same form."
            ),
            gettext("National Support Organisation eTwinning"),
        ]
        return subject, "\n\n".join(parts) + "\n"


def _one_sent(sent: Sent) -> list[str]:
    consignment = sent.consignment
    carrier = " ".join(x for x in (consignment["courier"], consignment["tracking_number"]) if x)
    shown_case = shown_code(consignment["case_code"]) if consignment["case_code"] else ""
    return [
        gettext("This is sent to you again, as you reported it missing or damaged (case %(code)s):", code=shown_case)
        if shown_case
        else gettext("The following equipment has been sent to you:"),
        "\n".join(f"  - {each}" for each in sent.inside),
        gettext(
            "Consignment %(code)s, parcels: %(parcels)s. Carrier: %(carrier)s. Expected by %(day)s.",
            code=shown_code(consignment["code"]),
            parcels=consignment["parcels"],
            carrier=carrier or "–",
            day=format_date(consignment["expected_on"]),
        ),
        gettext("When it has arrived, open the parcels, count, and confirm the receipt here (no account needed):"),
        sent.link,
        gettext("Or scan the QR code on the parcel and type this code: %(code)s", code=shown_code(sent.code)),
    ]


def cancelled(consignment: dict[str, Any], why: str, *, to_school: bool) -> tuple[str, str]:
    """Subject and body of the mail to whoever was told that a consignment comes, when it is cancelled."""
    with use_locale("el"):
        shown = shown_code(consignment["code"])
        parts = [
            gettext(
                "Consignment %(code)s for %(school)s (%(number)s), of which we had written to you, was cancelled on "
                "%(day)s.",
                code=shown,
                school=consignment["institution_name"],
                number=consignment["institution_code"],
                day=format_date(today()),
            ),
            gettext("Why: %(why)s", why=why),
            gettext(
                "There is nothing to confirm. If a parcel of it has reached you, or does, do not open it: keep it as "
                "it is and answer this message, so that we have it fetched."
            )
            if to_school
            else gettext(
                "Do not pass it on to the school. If you have it, or it reaches you, keep it closed and answer this "
                "message, so that we have it fetched."
            ),
        ]
        if to_school:
            parts.append(
                gettext("What is still due to you comes with another consignment; we write to you when it leaves.")
            )
        parts.append(gettext("National Support Organisation eTwinning"))
        return gettext("Consignment %(code)s was cancelled", code=shown), "\n\n".join(parts) + "\n"


def paper_refused(consignment: dict[str, Any], why: str) -> tuple[str, str]:
    """Subject and body of the mail to a school from whose signed paper nothing can be entered."""
    with use_locale("el"):
        shown = shown_code(consignment["code"])
        parts = [
            gettext(
                "To: %(school)s (%(code)s)",
                school=consignment["institution_name"],
                code=consignment["institution_code"],
            ),
            gettext("We could not enter the receipt of consignment %(code)s from the paper that you sent.", code=shown),
            gettext("Why: %(why)s", why=why),
            gettext("Please send it again, or confirm the receipt, with the link of our first message."),
            gettext("National Support Organisation eTwinning"),
        ]
        return gettext("The signed paper of consignment %(code)s", code=shown), "\n\n".join(parts) + "\n"


def protocol(
    consignment: dict[str, Any], receipt: dict[str, Any], link: str | None, quality: str | None = None
) -> tuple[str, str]:
    """Subject and body of the mail that carries a hand-over protocol.

    Args:
        quality: where the quality is entered, as long as it is open.
    """
    with use_locale("el"):
        number = receipt["protocol_number"]
        parts = [
            gettext(
                "To: %(school)s (%(code)s)",
                school=consignment["institution_name"],
                code=consignment["institution_code"],
            ),
            gettext(
                "Thank you. The receipt of consignment %(code)s was confirmed. Attached is the hand-over protocol "
                "%(number)s; keep it in the school's records.",
                code=f"{consignment['code'][:4]}-{consignment['code'][4:]}",
                number=number,
            ),
        ]
        if not receipt["is_final"] and link:
            parts.append(gettext("Some pieces have not arrived yet. Confirm them when they do:") + "\n" + link)
        elif not receipt["is_final"]:
            parts.append(
                gettext("Some pieces have not arrived yet. Confirm them when they do, with the link of the first mail.")
            )
        if quality:
            parts.append(
                gettext("Nobody has looked at the quality yet. When you have, enter it here:") + "\n" + quality
            )
        parts.append(gettext("National Support Organisation eTwinning"))
        return gettext("Hand-over protocol %(number)s", number=number), "\n\n".join(parts) + "\n"


def quality_open(consignment: dict[str, Any], receipt: dict[str, Any], link: str) -> tuple[str, str]:
    """Subject and body of the mail that reminds a school of the quality of what it received."""
    with use_locale("el"):
        number = receipt["protocol_number"]
        parts = [
            gettext(
                "To: %(school)s (%(code)s)",
                school=consignment["institution_name"],
                code=consignment["institution_code"],
            ),
            gettext(
                "You received consignment %(code)s (protocol %(number)s) and wrote that its quality would follow. "
                "Please open or try what came, and enter here how it is; if all is in order, one tap does it:",
                code=shown_code(consignment["code"]),
                number=number,
            )
            + "\n"
            + link,
            gettext("National Support Organisation eTwinning"),
        ]
        return gettext("Quality of what you received: protocol %(number)s", number=number), "\n\n".join(parts) + "\n"


def reminder(consignment: dict[str, Any], step: str) -> tuple[str, str]:
    """Subject and body of a reminder: to the school, to its directorate, to its region's ambassador.

    No link is in it: the school's own stands in its first mail, and others may not confirm in its place.
    """
    with use_locale("el"):
        shown = f"{consignment['code'][:4]}-{consignment['code'][4:]}"
        facts = gettext(
            "Consignment %(code)s for %(school)s (%(number)s) was expected by %(day)s and its receipt is not "
            "confirmed.",
            code=shown,
            school=consignment["institution_name"],
            number=consignment["institution_code"],
            day=format_date(consignment["expected_on"]),
        )
        carrier = " ".join(x for x in (consignment["courier"], consignment["tracking_number"]) if x)
        asked = {
            "school": gettext(
                "If it has arrived, confirm it with the link of our first message. If not, answer this message, so "
                "that we ask the carrier."
            ),
            "directorate": gettext(
                "We have reminded the school. Please ask it whether the parcels have arrived; only the school can "
                "confirm."
            ),
            "ambassador": gettext(
                "School and directorate have been reminded. Please get in touch with the school and tell us what you "
                "find."
            ),
        }[step]
        parts = [facts, gettext("Carrier: %(carrier)s.", carrier=carrier or "–"), asked]
        parts.append(gettext("National Support Organisation eTwinning"))
        return gettext("Reminder: consignment %(code)s is not confirmed", code=shown), "\n\n".join(parts) + "\n"


def to_stop(sent: Sequence[dict[str, Any]], link: str) -> tuple[str, str]:
    """Subject and body of the mail to a regional store or an ambassador that consignments come to on their way."""
    with use_locale("el"):
        parts = [
            gettext(
                "Consignment %(code)s for %(school)s (%(number)s) comes to you: parcels %(parcels)s, carrier "
                "%(carrier)s.",
                code=shown_code(each["code"]),
                school=each["institution_name"],
                number=each["institution_code"],
                parcels=each["parcels"],
                carrier=" ".join(x for x in (each["courier"], each["tracking_number"]) if x) or "–",
            )
            for each in sent
        ]
        parts += [
            gettext(
                "When you have it, sign for it here (no account needed). The page shows all parcels on their way to "
                "you:"
            )
            + "\n"
            + link,
            gettext("National Support Organisation eTwinning"),
        ]
        subject = (
            gettext("A consignment comes to you: %(code)s", code=shown_code(sent[0]["code"]))
            if len(sent) == 1
            else gettext("%(num)s consignments come to you", num=len(sent))
        )
        return subject, "\n\n".join(parts) + "\n"


def reminder_of_stop(consignment: dict[str, Any]) -> tuple[str, str]:
    """Subject and body of a reminder to a stop that has not signed for a consignment, or still holds it."""
    with use_locale("el"):
        shown = f"{consignment['code'][:4]}-{consignment['code'][4:]}"
        parts = [
            gettext(
                "Consignment %(code)s for %(school)s (%(number)s) was expected by %(day)s and is not signed for by "
                "you.",
                code=shown,
                school=consignment["institution_name"],
                number=consignment["institution_code"],
                day=format_date(consignment["expected_on"]),
            ),
            gettext("If you have it, sign with the link of our first message. If not, answer this message."),
            gettext("National Support Organisation eTwinning"),
        ]
        return gettext("Reminder: consignment %(code)s is not confirmed", code=shown), "\n\n".join(parts) + "\n"


def told_sender(row: dict[str, Any], asked: str) -> tuple[str, str]:
    """Subject and body of the mail by which a discrepancy reaches its sender, the supplier."""
    with use_locale("el"):
        code = f"{row['code'][:4]}-{row['code'][4:]}"
        kinds = {
            "missing": gettext("missing"),
            "damaged": gettext("arrived damaged"),
            "surplus": gettext("came without having been sent"),
            "wrong": gettext("came in place of another thing"),
        }
        serial = f" ({row['serial_number']})" if row["serial_number"] else ""
        document = row["supplier_document"] or row["batch"] or "–"
        parts = [
            f"{row['quantity']} × {row['name_el']}{serial}: {kinds[row['kind']]}",
            gettext(
                "Receipt protocol %(number)s, consignment %(code)s, your document: %(document)s.",
                number=row["protocol_number"],
                code=f"{row['consignment_code'][:4]}-{row['consignment_code'][4:]}",
                document=document,
            ),
            asked,
            gettext("Please answer by %(day)s, naming case %(code)s.", day=format_date(row["due_on"]), code=code),
            gettext("National Support Organisation eTwinning"),
        ]
        return gettext("Case %(code)s: what arrived was not what was sent", code=code), "\n\n".join(parts) + "\n"


def cases_due(rows: Sequence[dict[str, Any]], today: date) -> tuple[str, str]:
    """Subject and body of the mail that tells a person of the organisation which cases have come to their deadline."""
    with use_locale("el"):
        lines = []
        for row in rows:
            late = (today - row["due_on"]).days
            when = (
                ngettext("%(num)s day late", "%(num)s days late", late)
                if late > 0
                else gettext("until %(day)s", day=format_date(row["due_on"]))
            )
            what = f"{row['quantity']} × {row['name_el']}: {KIND_WORDS[row['kind']]}"
            owner = row["owner"] or gettext("nobody's yet")
            lines.append(f"  - {shown_code(row['code'])} · {what} · {row['institution_name']} · {when} · {owner}")
        parts = [
            gettext("These cases of discrepancies are at their deadline or beyond. Settle them, or move the deadline:"),
            "\n".join(lines),
            f"{runtime.settings().base_url}/discrepancies?state=open",
        ]
        return gettext("Discrepancies at their deadline: %(count)s", count=len(rows)), "\n\n".join(parts) + "\n"


def outcome(row: dict[str, Any], word: str) -> tuple[str, str]:
    """Subject and body of the mail that tells a school what came of what it reported. Not why: that is the record's."""
    with use_locale("el"):
        what = f"{row['quantity']} × {row['name_el']}"
        if row["serial_number"]:
            what += f" ({row['serial_number']})"
        next_steps = {
            "re-sent": gettext(
                "We send you another in its place. You get a message with a link when it leaves; please confirm its "
                "receipt there."
            ),
            "credited": gettext("The supplier gives the money back; nothing else will come for it."),
            "found": gettext("It has been found and stands among what your school received."),
            "repaired": gettext("It was repaired and stays with your school."),
            "written-off": gettext("It is taken off the books; you need do nothing with it."),
            "taken-back": gettext("It is fetched back; keep it until then."),
            "kept": gettext("It stays with your school."),
        }
        parts = [
            gettext("To: %(school)s (%(code)s)", school=row["institution_name"], code=row["institution_code"]),
            gettext(
                "You told us of this (protocol %(number)s): %(what)s, %(kind)s.",
                number=row["protocol_number"],
                what=what,
                kind=str(KIND_WORDS[row["kind"]]).lower(),
            ),
            f"{OUTCOME_WORDS[word]}. {next_steps[word]}",
        ]
        parts.append(gettext("National Support Organisation eTwinning"))
        code = f"{row['code'][:4]}-{row['code'][4:]}"
        return gettext("What came of your report %(code)s", code=code), "\n\n".join(parts) + "\n"

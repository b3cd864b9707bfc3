"""Schools ask for a kit on loan; staff choose a neighbour's, or say why not."""

from datetime import date
from typing import Any

from stem_logistics import audit
from stem_logistics.accounts.policy import Permission
from stem_logistics.custody import loan_queries, loans, queries, service
from stem_logistics.custody.rules import free_text
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, Invalid, NotFound
from stem_logistics.inventory import definitions
from stem_logistics.web.i18n import gettext, use_locale


async def ask(definition: str, until: date, *, why: str) -> None:
    """The school whose link acts asks for a kit. Asked twice it is one request.

    Raises:
        Invalid: no such kind of kit, a day that cannot be, or no reason.
    """
    loans.usable_day(until)
    if definition not in {row["slug"] for row in await definitions.definition_titles()}:
        raise Invalid("loan-kind-unknown")
    if not why.strip():
        raise Invalid("loan-request-needs-why")
    async with unit_of_work():
        school = await service.school_of_link()
        if await loan_queries.add_request(school["id"], definition, until, free_text(why)):
            await audit.record("loan-asked", "institution", school["id"], why=free_text(why), kind=definition)


async def waiting() -> list[dict[str, Any]]:
    """The requests that wait for a decision within the scope, each with kits that are `near`."""
    rows = await loan_queries.requests(service.require(Permission.STOCK_WRITE))
    return [{**row, "near": await loan_queries.near(row)} for row in rows]


async def asked_by(institution_id: int) -> list[dict[str, Any]]:
    """What a school has asked for. The caller has made sure that its reader may see it."""
    return await loan_queries.requests_of(institution_id)


async def grant(request_id: int, kit: str) -> str:
    """Lend a kit to the school that asked, until the day that it asked for; returns the loan's code.

    Raises:
        NotFound: no such request or kit within the scope.
        Conflict: decided already; or as `loans.lend`.
        Invalid: the day has passed meanwhile.
    """
    async with unit_of_work():
        row = await _open(request_id)
        code = await loans.lend(kit, row["institution_code"], row["until"], note=row["why"])
        await loan_queries.decide_request(request_id, "lent", code)
        await audit.record("loan-request-decided", "institution", row["institution_id"], lent=code)
    return code


async def refuse(request_id: int, *, why: str) -> None:
    """Tell a school why it is lent nothing. Raises Invalid without a reason; NotFound, Conflict as `grant`."""
    if not why.strip():
        raise Invalid("reason-missing")
    async with unit_of_work():
        row = await _open(request_id)
        await loan_queries.decide_request(request_id, "refused", free_text(why))
        school = await queries.institution_by_id(row["institution_id"])
        with use_locale("el"):
            subject = gettext("About the kit that you asked for on loan")
            text = gettext(
                "No kit can be lent to you now (%(title)s). Reason: %(why)s",
                title=row["title_el"],
                why=free_text(why),
            )
        await service.mail_school(school, subject, [text], about=("loan-request", request_id))
        await audit.record("loan-request-decided", "institution", row["institution_id"], why=free_text(why))


async def _open(request_id: int) -> dict[str, Any]:
    scope = service.require(Permission.STOCK_WRITE)
    row = await loan_queries.request(request_id)
    if row is None or not scope.covers(region_id=row["regional_directorate_id"], institution_id=row["institution_id"]):
        raise NotFound("loan-request-not-found")
    if row["state"] != "open":
        raise Conflict("loan-request-decided")
    return row

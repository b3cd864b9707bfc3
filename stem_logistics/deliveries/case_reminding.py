"""Cases near their deadline and beyond: the owner is written to, a week later everybody who may settle them."""

from collections.abc import Sequence
from typing import Any

from stem_logistics import audit, jobs, mail
from stem_logistics.accounts import service as accounts
from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.db.engine import unit_of_work
from stem_logistics.deliveries import mails, service
from stem_logistics.deliveries import receipt_queries as queries
from stem_logistics.deliveries.case_rules import REMIND_BEFORE, goes_up, step_of

JOB = "case-reminders"


async def remind() -> int:
    """Write of every case that has come to a step, each step once; returns how many messages there are.

    One message to a person, however many cases. A case that nobody took is told to all who may settle it.
    """
    today = service.today()
    async with unit_of_work():
        people = await accounts.people_who_may(Permission.DELIVERIES_WRITE)
        told: dict[int, list[dict[str, Any]]] = {}
        for row in await queries.cases_due(REMIND_BEFORE):
            step = step_of(row["due_on"], today)
            if step is None or step in row["steps"]:
                continue
            chosen = _whom(row, step, people)
            for email, person in chosen:
                told.setdefault(person.id or 0, []).append({**row, "to": email})
            names = ", ".join(person.name for _, person in chosen) or "–"
            await queries.add_note(row["id"], None, "reminder", f"{step}: {names}")
            await audit.record("discrepancy-reminded", "discrepancy", row["code"], step=step)
        for rows in told.values():
            subject, body = mails.cases_due(rows, today)
            await mail.post(rows[0]["to"], subject, body)
    return len(told)


def _whom(row: dict[str, Any], step: str, people: Sequence[tuple[str, Principal]]) -> list[tuple[str, Principal]]:
    owner = [(email, person) for email, person in people if person.id == row["owner_id"]]
    if owner and not goes_up(step):
        return owner
    place = {"region_id": row["regional_directorate_id"], "institution_id": row["institution_id"]}
    return [(email, person) for email, person in people if person.may(Permission.DELIVERIES_WRITE, **place)]


@jobs.job_handler(JOB)
async def _work(payload: dict[str, Any], progress: jobs.Progress) -> dict[str, Any]:
    return {"sent": await remind()}


jobs.recurring(JOB, lambda settings: settings.reminder_hours)

"""What is late, and who was reminded: a rule of working days, each step once, up to directorate and ambassador."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from stem_logistics import audit, jobs, mail, runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.db.engine import unit_of_work
from stem_logistics.deliveries import mails, reminder_queries, service
from stem_logistics.deliveries.working_days import working_days_after, working_days_between
from stem_logistics.errors import Invalid, NotFound
from stem_logistics.web.formats import local

JOB = "delivery-reminders"
STEPS = ("school", "directorate", "ambassador")
MOST_A_RUN = 2_000


@dataclass(frozen=True)
class Step:
    """A step of the rule for one consignment: when it is due, whether it was taken, to whom."""

    name: str
    due_on: date
    sent_to: str = ""
    sent_on: date | None = None


def rule() -> tuple[int, int, int]:
    """After how many working days the school, the directorate and the ambassador are written to."""
    first, second, third = (int(days) for days in runtime.settings().reminder_days.split(","))
    return first, second, third


def steps_of(expected_on: date, sent: Sequence[dict[str, Any]]) -> tuple[Step, ...]:
    """The steps for a consignment that was expected on a day, with what was sent. Pure but for the settings."""
    taken = {row["step"]: row for row in sent}
    return tuple(
        Step(
            name,
            working_days_after(expected_on, days),
            taken[name]["to_address"] if name in taken else "",
            local(taken[name]["sent_at"]).date() if name in taken else None,
        )
        for name, days in zip(STEPS, rule(), strict=True)
    )


def _of(row: dict[str, Any], sent: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The reminders of a consignment for the day on which it is expected now."""
    asked = (row["id"], row["expected_on"])
    return [each for each in sent if (each["consignment_id"], each["expected_on"]) == asked]


async def board() -> list[dict[str, Any]]:
    """Every late consignment within the reader's scope, the latest first: `days` late, its `steps`, the `next` one."""
    scope = service.require(Permission.DELIVERIES_READ)
    rows = await reminder_queries.late(scope)
    sent = await reminder_queries.sent_for([row["id"] for row in rows])
    found = []
    for row in rows:
        mine = _of(row, sent)
        steps = steps_of(row["expected_on"], mine)
        days = working_days_between(row["expected_on"], service.today())
        found.append({**row, "days": days, "steps": steps, "next": next((s for s in steps if not s.sent_on), None)})
    return found


async def remind() -> dict[str, Any]:
    """Take every step that is due. A step is taken once for a day of arrival, however often this runs.

    Returns:
        How many mails were `sent`, and how many steps had nobody to write to (`without_contact`).
    """
    scope = service.require(Permission.DELIVERIES_WRITE)
    today, sent_now, without = service.today(), 0, 0
    rows = (await reminder_queries.late(scope))[:MOST_A_RUN]
    sent = await reminder_queries.sent_for([row["id"] for row in rows])
    for row in rows:
        mine = _of(row, sent)
        steps = steps_of(row["expected_on"], mine)
        # whoever was asked today has until tomorrow to answer before the next one is
        if any(step.sent_on == today for step in steps):
            continue
        # it has answered, on paper: the next step is ours
        if row["signed_on_file"]:
            continue
        for step in steps:
            # the school has not been written to yet: only the stop that is to sign is asked
            if step.sent_on is not None or step.due_on > today or (row["waits_for_stop"] and step.name != "school"):
                continue
            address = row[f"{step.name}_email"]
            if not address:
                without += 1
                continue
            sent_now += await _send(row, step.name, address)
            break
    return {"sent": sent_now, "without_contact": without}


async def _send(row: dict[str, Any], step: str, address: str) -> bool:
    async with unit_of_work():
        # taking the row is taking the step: two workers at once write one mail
        if not await reminder_queries.take(row["id"], step, row["expected_on"], address):
            return False
        to_stop = step == "school" and row["waits_for_stop"]
        subject, body = mails.reminder_of_stop(row) if to_stop else mails.reminder(row, step)
        await mail.post(
            address,
            subject,
            body,
            about=("reminder", row["id"]),
            institution_id=row["institution_id"],
            idempotency_key=f"reminder:{row['id']}:{step}:{row['expected_on']}",
        )
        await audit.record("delivery-reminded", "consignment", row["code"], step=step)
    return True


def usable_address(email: str) -> bool:
    """Whether something can be an address to write to."""
    return "@" in email and not any(letter.isspace() for letter in email) and len(email) <= 200


async def contacts() -> list[dict[str, Any]]:
    """Who is written to when a school does not answer, within the reader's scope."""
    return await reminder_queries.contacts(service.require(Permission.DELIVERIES_READ))


async def save_contact(step: str, office: str, name: str, email: str) -> None:
    """Say who is written to for a directorate, or as ambassador for a region; an empty address takes it away.

    Raises:
        NotFound: no such directorate or region within the scope.
        Invalid: no step, or no address.
    """
    scope = service.require(Permission.DELIVERIES_WRITE)
    if step not in STEPS[1:]:
        raise Invalid("reminder-step-unknown", step=step[:20])
    email = email.strip()
    if email and not usable_address(email):
        raise Invalid("mail-address-unusable", address=email[:80])
    async with unit_of_work():
        found = await reminder_queries.office(step, office.strip())
        if found is None or not scope.covers(region_id=found["region_id"]):
            raise NotFound("office-not-found", code=office[:30])
        name = name.strip()[:120]
        await reminder_queries.save_contact(step, found["region_id"], found["directorate_id"], name, email)
        await audit.record("delivery-contact-saved", "office", office.strip(), step=step)


jobs.recurring(JOB, lambda settings: settings.reminder_hours)


@jobs.job_handler(JOB)
async def _run(_payload: dict[str, Any], _progress: jobs.Progress) -> dict[str, Any]:
    return await remind()

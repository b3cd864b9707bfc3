"""Recalls by model, purchase or firmware: who is asked, one mail for each school, who answered, what came of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from stem_logistics import audit, device_kinds, runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.checks import versions
from stem_logistics.codes import new_code, parse_code
from stem_logistics.custody import papers, queries, service
from stem_logistics.custody import recall_queries as sql
from stem_logistics.custody.rules import REMIND_AGAIN, free_text, one_line, reminder_due
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, Invalid, NotFound
from stem_logistics.web.i18n import current_locale, gettext, ngettext, use_locale

ANSWERS = ("done", "not-here", "cannot")


@dataclass(frozen=True, slots=True)
class Criterion:
    """What is recalled.

    Args:
        by: `model` (value: an item's slug), `batch` (a purchase) or `firmware` (a kind of device, below a version).
        unchecked: whether devices of the kind whose version nobody knows are meant too.
    """

    by: str
    value: str
    below: str = ""
    unchecked: bool = False

    def data(self) -> dict[str, str]:
        """As it is kept."""
        more = {"below": self.below} if self.below else {}
        return {"by": self.by, "value": self.value, **more, **({"unchecked": "yes"} if self.unchecked else {})}


async def preview(criterion: Criterion) -> list[dict[str, Any]]:
    """What a recall would be about: devices or kits, where each is, and the version where that is the criterion.

    Raises:
        Invalid: no such criterion, or a version that cannot be read.
    """
    service.require(Permission.STOCK_WRITE)
    if not criterion.value:
        raise Invalid("recall-criterion-missing")
    if criterion.by == "model":
        return await sql.devices_of_item(criterion.value)
    if criterion.by == "batch":
        return await sql.kits_of_batch(criterion.value)
    if criterion.by == "firmware":
        below = {
            row["device_id"]: row["version"] for row in await versions.devices_below(criterion.value, criterion.below)
        }
        rows = [{**row, "version": below[row["device_id"]]} for row in await sql.devices(list(below))]
        return rows + (await unchecked(criterion.value) if criterion.unchecked else [])
    raise Invalid("recall-criterion-missing")


async def unchecked(kind: str) -> list[dict[str, Any]]:
    """The devices of a kind whose version no check has told: they may be older, too."""
    known = await versions.devices_known(kind)
    return [row for row in await sql.devices_of_kind(kind) if row["device_id"] not in known]


async def about(criterion: Mapping[str, str]) -> str:
    """What a recall is about, in the reader's words: the model's or the kind's name, the purchase, the version."""
    value = criterion["value"]
    if criterion["by"] == "batch":
        return value
    if criterion["by"] == "model":
        return next((row[f"name_{current_locale.get()}"] for row in await sql.items([value])), value)
    said = gettext("%(kind)s, firmware below %(version)s", kind=device_kinds.title(value), version=criterion["below"])
    return said + (gettext(", and those that were never checked") if criterion["unchecked"] else "")


async def choices() -> Mapping[str, list[Any]]:
    """What a recall can be about: models, purchases, kinds of device."""
    service.require(Permission.STOCK_READ)
    return await sql.choices()


async def start(criterion: Criterion, *, title: str, instructions: str, due_on: date) -> str:
    """Begin a recall: keep what it is about and write to each school once; returns its code.

    Raises:
        Invalid: nothing matches, words are missing, or the day is not in the future.
    """
    service.require(Permission.STOCK_WRITE)
    title, instructions = one_line(title, 200), free_text(instructions, 4_000)
    if not title or not instructions:
        raise Invalid("recall-words-missing")
    if due_on <= papers.now().date():
        raise Invalid("answer-day-unusable")
    async with unit_of_work():
        rows = await preview(criterion)
        if not rows:
            raise Invalid("recall-matches-nothing")
        code = new_code("X")
        recall_id = await sql.add_recall(code, title, instructions, criterion.data(), due_on)
        await sql.add_targets(recall_id, rows)
        by_school: dict[int, int] = {}
        for row in rows:
            if row["institution_id"] is not None:
                by_school[row["institution_id"]] = by_school.get(row["institution_id"], 0) + 1
        for school_id, count in by_school.items():
            await _ask(await queries.institution_by_id(school_id), recall_id, code, title, instructions, due_on, count)
        await audit.record("recall-started", "recall", code, schools=len(by_school), pieces=len(rows))
    return code


async def _ask(
    school: dict[str, Any], recall_id: int, code: str, title: str, instructions: str, due_on: date, count: int
) -> None:
    with use_locale("el"):
        subject = gettext("Recall: %(title)s", title=title)
        texts = [
            instructions,
            ngettext(
                "It is about %(num)s piece of your school. Answer by %(day)s on your school's page:",
                "It is about %(num)s pieces of your school. Answer by %(day)s on your school's page, for each of them:",
                count,
                day=due_on.strftime("%d/%m/%Y"),
            ),
        ]
    await service.mail_school(
        school, subject, texts, about=("recall", recall_id), key=f"recall:{code}:{school['code']}"
    )


async def list_recalls() -> list[dict[str, Any]]:
    """Every recall with how far it is."""
    service.require(Permission.STOCK_READ)
    return await sql.recalls()


async def get_recall(typed: str) -> dict[str, Any]:
    """One recall with its `targets` within the reader's scope; how far it is counts the whole country."""
    scope = service.require(Permission.STOCK_READ)
    code = parse_code(typed)
    row = await sql.recall(code) if code else None
    if row is None:
        raise NotFound("recall-not-found", code=typed[:20])
    targets = [
        each
        for each in await sql.targets(row["id"])
        if scope.covers(region_id=each["regional_directorate_id"], institution_id=each["institution_id"])
    ]
    return {**row, "criterion": {"below": "", "unchecked": "", **json.loads(row["criterion"])}, "targets": targets}


async def recalls_of_kit(kit_id: int) -> list[dict[str, Any]]:
    """The recalls that a kit was in. The caller has made sure that its reader may see the kit."""
    return await sql.targets_of_kit(kit_id)


async def recalls_of_item(slug: str, kind: str | None) -> list[dict[str, Any]]:
    """The recalls of a model, and those of its kind's firmware."""
    service.require(Permission.STOCK_READ)
    return [
        row
        for row in await sql.recalls()
        if (by := json.loads(row["criterion"])) == {"by": "model", "value": slug}
        or (by["by"] == "firmware" and by["value"] == kind)
    ]


async def asked_of(institution_id: int) -> list[dict[str, Any]]:
    """What open recalls ask of a school."""
    return await sql.targets_of_school(institution_id)


async def answer(target_id: int, what: str, *, note: str = "") -> None:
    """The school's answer about one piece; staff may give it for a school that telephoned. A later answer counts.

    Raises:
        NotFound: no such question, or another school's.
        Invalid: not one of the answers, or `cannot` without a word why.
        Conflict: the recall is closed.
    """
    scope = service.require(Permission.STOCK_WRITE, by_school=True)
    if what not in ANSWERS:
        raise Invalid("recall-answer-unknown")
    if what == "cannot" and not note.strip():
        raise Invalid("reason-missing")
    async with unit_of_work():
        row = await sql.target(target_id)
        if row is None or not scope.covers(institution_id=row["institution_id"] or 0):
            raise NotFound("recall-question-not-found")
        if row["closed_at"] is not None:
            raise Conflict("recall-closed", code=row["recall_code"])
        await sql.answer(target_id, what, free_text(note), runtime.actor().principal.kind)
        await audit.record("recall-answered", "recall", row["recall_code"], kit=row["kit_code"], answer=what)


async def remind_due() -> int:
    """Remind the schools of every open recall by its rule: a week before its day, on it, then each week; each once.
    Returns how many were written to.
    """
    today, sent = papers.now().date(), 0
    for row in await sql.recalls():
        which = reminder_due(row["due_on"], today)
        # a recall of which schools were told less than a week ago is not reminded of yet
        if row["closed_at"] is not None or which is None or (today - row["opened_at"].date()).days < REMIND_AGAIN:
            continue
        sent += await _remind(await get_recall(row["code"]), f"{row['due_on']}:{which}")
    return sent


async def remind(typed: str) -> int:
    """Write again to the schools that have not answered, once a day; returns to how many."""
    service.require(Permission.STOCK_WRITE)
    recall = await get_recall(typed)
    if recall["closed_at"] is not None:
        raise Conflict("recall-closed", code=recall["code"])
    return await _remind(recall, str(papers.now().date()))


async def _remind(recall: dict[str, Any], which: str) -> int:
    waiting: dict[int, int] = {}
    for row in recall["targets"]:
        if not row["answer"] and row["institution_id"] is not None:
            waiting[row["institution_id"]] = waiting.get(row["institution_id"], 0) + 1
    sent = 0
    async with unit_of_work():
        for school_id, count in waiting.items():
            school = await queries.institution_by_id(school_id)
            key = f"recall-reminder:{recall['code']}:{school['code']}:{which}"
            if await service.mail_is_written(key):
                continue
            with use_locale("el"):
                subject = gettext("Reminder. Recall: %(title)s", title=recall["title"])
                text = ngettext(
                    "We have no answer about %(num)s piece yet. Answer on your school's page:",
                    "We have no answer about %(num)s pieces yet. Answer on your school's page:",
                    count,
                )
            if await service.mail_school(
                school, subject, [recall["instructions"], text], about=("recall", recall["id"]), key=key
            ):
                sent += 1
        if sent:
            await audit.record("recall-reminded", "recall", recall["code"], schools=sent)
    return sent


async def close(typed: str, *, outcome: str) -> None:
    """End a recall with what came of it; those that never answered stay on record as such."""
    service.require(Permission.STOCK_WRITE)
    if not outcome.strip():
        raise Invalid("recall-outcome-missing")
    async with unit_of_work():
        recall = await get_recall(typed)
        if recall["closed_at"] is not None:
            raise Conflict("recall-closed", code=recall["code"])
        await sql.close(recall["id"], free_text(outcome, 2_000))
        unanswered = recall["targets"] and sum(not row["answer"] for row in recall["targets"])
        await audit.record("recall-closed", "recall", recall["code"], why=free_text(outcome), unanswered=unanswered)

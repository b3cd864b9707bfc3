"""What custody puts on the first page: late repairs and loans, kits without a school, recalls under way."""

from typing import Any

from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.codes import shown_code
from stem_logistics.custody import idle, loan_requests, loans, moving, recalls, repairs, returns
from stem_logistics.today import Figure, Task, Today
from stem_logistics.web.i18n import _, ngettext


def _idle_task(row: dict[str, Any]) -> Task:
    title = _("Nobody uses the kit %(kit)s (%(title)s)", kit=shown_code(row["kit_code"]), title=row["title_el"])
    text = (
        _("Next in order: %(school)s. Offer it.", school=row["next"]["name"])
        if row["next"]
        else _("No school waits for one: decide where it goes.")
    )
    return Task(title, f"/moves#idle-{row['id']}", text, since=row["since"])


async def today(principal: Principal) -> Today:
    """What waits for a person in repairs, loans, moves and recalls."""
    if not principal.may(Permission.STOCK_READ):
        return Today()
    counts = await repairs.counts()
    waiting, away = counts.get("reported", 0), counts.get("sent", 0) + counts.get("at-repairer", 0)
    figures = [Figure(away, ngettext("piece at a repairer", "pieces at repairers", away), "/repairs?state=open")]
    if not principal.may(Permission.STOCK_WRITE):
        return Today(figures=figures)
    tasks = []
    if waiting:
        title = ngettext("%(num)s fault was reported", "%(num)s faults were reported", waiting)
        tasks.append(Task(title, "/repairs?state=reported", _("Send it to a repairer, or replace it."), "warn"))
    if unsaid := await repairs.unconfirmed():
        title = ngettext(
            "%(num)s repaired device is not confirmed by its school",
            "%(num)s repaired devices are not confirmed by their schools",
            unsaid,
        )
        tasks.append(Task(title, "/repairs?state=unconfirmed", _("The schools are asked each week.")))
    if late := len(await loans.list_loans("late")):
        title = ngettext("%(num)s loan is late", "%(num)s loans are late", late)
        tasks.append(Task(title, "/loans?state=late", _("The schools are reminded each week."), "warn"))
    if homeless := len(await moving.homeless()):
        title = ngettext(
            "%(num)s kit is at a school that is closed or merged",
            "%(num)s kits are at schools that are closed or merged",
            homeless,
        )
        tasks.append(Task(title, "/moves", _("Decide where they go."), "warn"))
    if back := await returns.list_returns():
        late = sum(row["late"] for row in back)
        title = ngettext(
            "%(num)s return is on its way to the store", "%(num)s returns are on their way to the store", len(back)
        )
        text = (
            ngettext("%(num)s of them is late.", "%(num)s of them are late.", late) if late else _("Count what came.")
        )
        tasks.append(Task(title, "/returns", text, "warn" if late else "wait", back[0]["sent_at"]))
    if asked := len(await loan_requests.waiting()):
        title = ngettext("%(num)s school asks for a loan", "%(num)s schools ask for a loan", asked)
        tasks.append(Task(title, "/loans", _("Choose a kit of a neighbour, or say why not.")))
    if said := await idle.said_idle():
        title = ngettext(
            "%(num)s school says that nobody uses a kit", "%(num)s schools say that nobody uses a kit", said
        )
        tasks.append(Task(title, "/moves", _("Agree, and offer it to the next.")))
    tasks += [_idle_task(row) for row in await idle.waiting()]
    for recall in await recalls.list_recalls():
        if recall["late"] and recall["answered"] < recall["targets"]:
            tasks.append(
                Task(_("A recall is late: %(title)s", title=recall["title"]), f"/recalls/{recall['code']}", tone="bad")
            )
    return Today(figures=figures, tasks=tasks)

"""What the deliveries have for the first page."""

from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.deliveries import discrepancies, from_wave, last_mile, paper_receipts, receipts, service
from stem_logistics.today import Figure, Happened, Task, Today
from stem_logistics.web.i18n import Text, _, ngettext


async def today(principal: Principal) -> Today:
    """Who is late, what is open, what may leave, and the newest receipts."""
    if not principal.may(Permission.DELIVERIES_READ):
        return Today()
    counts = await service.counts()
    on_the_way = counts.get("dispatched", 0) + counts.get("partially-received", 0)
    figures = [
        Figure(
            on_the_way,
            ngettext("consignment on its way", "consignments on their way", on_the_way),
            "/consignments?state=awaited",
        ),
        Figure(
            counts["late"],
            ngettext("consignment late", "consignments late", counts["late"]),
            "/consignments?state=late&sort=expected",
        ),
    ]
    tasks = []
    if late := counts["late"]:
        title: Text = ngettext("%(num)s consignment is late", "%(num)s consignments are late", late)
        tasks.append(Task(title, "/consignments?state=late&sort=expected", _("Ask the carrier or the school."), "bad"))
    if back := counts.get("returning", 0):
        title = ngettext("%(num)s consignment is on its way back", "%(num)s consignments are on their way back", back)
        text = _("%(num)s late. Count it when it comes.", num=counts["back_late"]) if counts["back_late"] else ""
        tasks.append(Task(title, "/consignments?state=returning", text, "bad" if counts["back_late"] else "busy"))
    rows, open_ones = await discrepancies.list_discrepancies({"state": "open"}, sort="opened", limit=1)
    if (late_ones := await discrepancies.count({"state": "late"})) and principal.may(Permission.DELIVERIES_WRITE):
        title = ngettext("%(num)s discrepancy is late", "%(num)s discrepancies are late", late_ones)
        tasks.append(
            Task(title, "/discrepancies?state=late", _("Settle it, or move its deadline with a reason."), "bad")
        )
    if open_ones and principal.may(Permission.DELIVERIES_WRITE):
        title = ngettext("%(num)s discrepancy is open", "%(num)s discrepancies are open", open_ones)
        text = _("Say what came of what is missing or damaged.")
        tasks.append(Task(title, "/discrepancies?state=open", text, "warn", rows[0]["opened_at"]))
    if principal.may(Permission.DELIVERIES_WRITE):
        if signed := await paper_receipts.waiting():
            title = ngettext(
                "%(num)s receipt is signed on file, to be entered",
                "%(num)s receipts are signed on file, to be entered",
                signed,
            )
            text = _("Enter it from the paper that the school sent.")
            tasks.append(Task(title, "/consignments?state=signed", text, "warn"))
        query = {"state": "quality"}
        rows, unseen = await service.list_consignments("", query, sort="created", descending=False, limit=1, offset=0)
        if unseen:
            title = ngettext(
                "The quality of %(num)s consignment is to follow",
                "The quality of %(num)s consignments is to follow",
                unseen,
            )
            text = _("Its school is reminded weekly; if it told you, enter it.")
            tasks.append(Task(title, "/consignments?state=quality", text, "wait"))
        tasks += await _to_send(counts)
    if waiting := await last_mile.waiting():
        title = ngettext(
            "%(num)s consignment waits for your signature", "%(num)s consignments wait for your signature", waiting
        )
        tasks.insert(0, Task(title, "/last-mile", _("Sign when you have it; then it goes on to its school."), "busy"))
    events = [
        Happened(
            row["confirmed_at"],
            _("Receipt confirmed"),
            f"/consignments/{row['consignment_code']}",
            row["institution_name"],
            tone="good" if row["is_final"] else "warn",
        )
        for row in await receipts.newest_receipts(6)
    ]
    return Today(figures=figures, tasks=tasks, events=events)


async def _to_send(counts: dict[str, int]) -> list[Task]:
    tasks = []
    if packed := counts.get("packed", 0):
        title = ngettext(
            "%(num)s consignment is packed and can leave", "%(num)s consignments are packed and can leave", packed
        )
        tasks.append(Task(title, "/consignments?state=packed"))
    for wave in await from_wave.waves_to_ship():
        waiting = wave["open"]
        title = ngettext(
            "%(num)s kit of a wave has no consignment", "%(num)s kits of a wave have no consignment", waiting
        )
        tasks.append(Task(title, f"/consignments/for-wave/{wave['slug']}", wave["title_el"]))
    return tasks

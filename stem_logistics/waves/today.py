"""What the waves have for the first page: the step that each wave waits for."""

from datetime import timedelta

from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.today import Figure, Task, Today
from stem_logistics.waves import checking, scores, service
from stem_logistics.waves.service import Wave
from stem_logistics.web.formats import format_datetime
from stem_logistics.web.i18n import _, current_locale, ngettext

SOON = timedelta(days=3)


async def today(principal: Principal) -> Today:
    """For those who read waves: how many grants were made, and what each open wave waits for."""
    if not principal.may(Permission.WAVES_READ):
        return Today()
    lines = await service.list_waves()
    grants = sum(line.grants for line in lines)
    figures = [Figure(grants, _("grants to schools in the whole country so far"), "/waves")] if grants else []
    if not principal.may(Permission.WAVES_WRITE):
        return Today(figures=figures)
    waiting = await checking.waiting_count()
    look = ngettext(
        "%(num)s piece of evidence waits to be checked", "%(num)s pieces of evidence wait to be checked", waiting
    )
    checks = [Task(look, "/evidence?state=waiting")] if waiting else []
    found = [await _task(line.wave) for line in lines]
    return Today(figures=figures, tasks=[*(task for task in found if task is not None), *checks])


async def _task(wave: Wave) -> Task | None:
    href = f"/waves/{wave.slug}"
    name = wave.title(current_locale.get())
    if wave.phase == "draft":
        return Task(_("%(wave)s is a draft: complete its rules and open the call", wave=name), href)
    if wave.phase == "open" and wave.deadline_at is not None and wave.deadline_at - wave.now < SOON:
        until = format_datetime(wave.deadline_at)
        return Task(_("%(wave)s: applications end on %(moment)s", wave=name, moment=until), href, tone="warn")
    if wave.phase == "closed":
        title = _("%(wave)s has closed: enter the draw's numbers", wave=name)
        return Task(title, href, tone="warn", since=wave.deadline_at)
    if wave.phase == "drawn":
        run = await scores.latest_run(wave.id)
        # a run from before the deadline does not know every application
        if run is not None and wave.deadline_at is not None and run["created_at"] >= wave.deadline_at:
            return Task(_("%(wave)s is scored: allocate its kits", wave=name), f"{href}/allocation", tone="warn")
        return Task(_("%(wave)s: score its applications", wave=name), href, tone="warn", since=wave.deadline_at)
    if wave.phase == "allocated":
        return Task(_("%(wave)s is allocated: look at it and publish", wave=name), f"{href}/allocation", tone="warn")
    if wave.phase == "provisional":
        until = format_datetime(wave.appeals_last)
        return Task(_("%(wave)s: appeals are taken until %(moment)s", wave=name, moment=until), f"{href}/appeals")
    if wave.phase == "appeals":
        title = _("%(wave)s: decide the appeals and publish the final results", wave=name)
        return Task(title, f"{href}/appeals", tone="warn", since=wave.appeals_until)
    return None

"""What the checks have for the first page."""

from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.checks import service
from stem_logistics.today import Figure, Task, Today
from stem_logistics.web.i18n import Text, _, ngettext

FAULTY = "/devices?verdict=fault&latest=yes"


async def today(principal: Principal) -> Today:
    """Devices with a proven fault; a chain of reports that does not hold."""
    if not principal.may(Permission.CHECKS_READ):
        return Today()
    faulty = await service.faulty_devices()
    figures = [Figure(faulty, ngettext("device with a fault", "devices with a fault", faulty), FAULTY)]
    tasks = []
    if faulty:
        title: Text = ngettext("%(num)s device has a fault", "%(num)s devices have a fault", faulty)
        tasks.append(Task(title, FAULTY, _("Have it repaired or replaced, then check it again."), "warn"))
    fork = await service.latest_fork()
    if fork is not None:
        tasks.append(
            Task(
                _("A laptop's reports contradict each other"),
                "/devices?chain=fork",
                _("A key was copied, or an outbox was restored from a backup. Look at the laptop."),
                "warn",
                fork,
            )
        )
    return Today(figures=figures, tasks=tasks)

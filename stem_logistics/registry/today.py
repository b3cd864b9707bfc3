"""What of the registry needs a person today."""

from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.registry import import_service, merging, service
from stem_logistics.registry.model import Asked
from stem_logistics.today import Figure, Task, Today
from stem_logistics.web.i18n import _, ngettext


async def today(principal: Principal) -> Today:
    """Imports that wait for a confirmation; how many schools there are."""
    if not principal.may(Permission.REGISTRY_READ):
        return Today()
    _rows, total = await service.list_institutions(principal, Asked(state="active", kind="school"), limit=1)
    tasks = [
        Task(
            _("The import of %(file)s waits for your confirmation", file=each.file_name),
            f"/schools/imports/{each.id}",
            tone="warn",
            since=each.created_at,
        )
        for each in await import_service.latest_imports(principal)
        if each.state == "previewed"
    ]
    if principal.may(Permission.REGISTRY_WRITE):
        _pairs, suspected = await merging.suspicions(principal, limit=0)
        if suspected:
            words = ngettext(
                "%(num)s pair of schools may be one school", "%(num)s pairs of schools may be one school", suspected
            )
            tasks.append(Task(words, "/schools/duplicates", tone="warn"))
    figures = [Figure(total, _("active schools in the registry"), "/schools?state=active&kind=school")]
    return Today(figures=figures if total else [], tasks=tasks)

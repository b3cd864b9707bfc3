"""What prizes and direct grants have for the first page: lists that wait to be published."""

from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.grants import service
from stem_logistics.today import Task, Today
from stem_logistics.web.i18n import _, current_locale


async def today(principal: Principal) -> Today:
    """For those who publish: each list that is a draft still."""
    if not principal.may(Permission.WAVES_PUBLISH):
        return Today()
    english = current_locale.get() == "en"
    drafts = [row for row in await service.lists() if row["state"] == "draft"]
    return Today(
        tasks=[
            Task(
                _("%(list)s is a draft: look at it and publish", list=row["title_en" if english else "title_el"]),
                f"/grants/{row['slug']}",
            )
            for row in drafts
        ]
    )

"""The kits at a school and who has them: a section of its page."""

from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.custody import service
from stem_logistics.registry.model import Institution
from stem_logistics.registry.school_parts import SchoolPart
from stem_logistics.web.i18n import _, current_locale


async def school_part(principal: Principal, school: Institution) -> SchoolPart | None:
    """Each kit of which the school holds parts by the ledger, with who has it, in which room, and its loan."""
    if not principal.may(Permission.STOCK_READ, region_id=school.region_id, institution_id=school.id):
        return None
    rows = await service.kits_and_holders(school.id)
    title = "title_en" if current_locale.get() == "en" else "title_el"
    rows = [{**row, "title": row[title]} for row in rows]
    context = {"rows": rows, "code": school.code, "may_write": principal.may(Permission.STOCK_WRITE)}
    return SchoolPart(_("Its kits"), "custody/_school.html", context, order=20)

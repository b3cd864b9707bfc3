"""Who serves at a school: a section of its page, for the NSO's staff alone."""

from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.registry.model import Institution
from stem_logistics.registry.school_parts import SchoolPart
from stem_logistics.teachers import service
from stem_logistics.web.i18n import _


async def school_part(principal: Principal, school: Institution) -> SchoolPart | None:
    """The teachers of a school, active ones first; nothing where none is known."""
    if not principal.scope(Permission.WAVES_WRITE).country:
        return None
    rows = await service.teachers_at(school.id)
    if not rows:
        return None
    return SchoolPart(_("Teachers"), "teachers/_school.html", {"rows": rows}, order=60)

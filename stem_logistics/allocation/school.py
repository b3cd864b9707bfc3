"""What a school was given over the waves: a section of its page."""

from typing import Any

from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.allocation import service
from stem_logistics.allocation.results import language_titles
from stem_logistics.registry.model import Institution
from stem_logistics.registry.school_parts import SchoolPart
from stem_logistics.waves.service import kit_title_by
from stem_logistics.web.i18n import _, current_locale, ngettext


async def school_part(principal: Principal, school: Institution) -> SchoolPart | None:
    """The grants of every wave whose results are out, the newest first."""
    if not principal.may(Permission.WAVES_READ, region_id=school.region_id, institution_id=school.id):
        return None
    awards = await service.awards_of_institution(school.id)
    title = "title_en" if current_locale.get() == "en" else "title_el"
    rows = [
        {
            "wave": award[title],
            "slug": award["slug"],
            "year": award["year_to"],
            "kit": _kit(award),
            "units": award["units"],
        }
        for award in awards
    ]
    sentence = ""
    if rows:
        sentence = ngettext(
            "The school has been given a kit once, in %(waves)s.",
            "The school has been given kits %(num)s times: %(waves)s.",
            len(rows),
            waves=", ".join(row["wave"] for row in rows),
        )
    return SchoolPart(_("What it was given"), "allocation/_school.html", {"rows": rows}, sentence, order=10)


def _kit(award: dict[str, Any]) -> str:
    slug: str = award["kit_slug"]
    general = (award["kit_el"], award["kit_en"]) if award["kit_el"] else None
    return language_titles(kit_title_by(award["document"], slug, general)).get(slug, slug)

"""What prizes and direct grants gave a school, and why: a section of its page."""

from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.allocation.results import language_titles
from stem_logistics.grants import service
from stem_logistics.registry.model import Institution
from stem_logistics.registry.school_parts import SchoolPart
from stem_logistics.waves.service import kit_titles_of
from stem_logistics.web.i18n import _, current_locale, ngettext


async def school_part(principal: Principal, school: Institution) -> SchoolPart | None:
    """Every published list that gives it something, the newest first; nothing where none does."""
    if not principal.may(Permission.WAVES_READ, region_id=school.region_id, institution_id=school.id):
        return None
    grants = await service.grants_of(school.id)
    if not grants:
        return None
    titles = {wave: language_titles(each) for wave, each in (await kit_titles_of(g["wave_id"] for g in grants)).items()}
    english = current_locale.get() == "en"
    rows = [
        {
            "slug": grant["slug"],
            "title": (grant["title_en"] if english else "") or grant["title_el"],
            "kit": titles[grant["wave_id"]].get(grant["kit"], grant["kit"]),
            "units": grant["units"],
            "why": grant["why"],
            "protocol": grant["decision_protocol"],
            "ada": grant["decision_ada"],
        }
        for grant in grants
    ]
    sentence = ngettext(
        "It was given equipment once outside the waves, as a prize or directly.",
        "It was given equipment %(num)s times outside the waves, as prizes or directly.",
        len(rows),
    )
    return SchoolPart(_("Prizes and direct grants"), "grants/_school.html", {"rows": rows}, sentence, order=11)

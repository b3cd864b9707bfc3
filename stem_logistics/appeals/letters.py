"""The letter that tells a school its result, from what its page says."""

from stem_logistics.allocation import results
from stem_logistics.allocation.service import Run
from stem_logistics.appeals.documents import Letter, letter_pdf
from stem_logistics.errors import NotFound
from stem_logistics.waves.applications import school_by_code
from stem_logistics.waves.service import Wave
from stem_logistics.web.formats import number
from stem_logistics.web.i18n import gettext, use_locale


async def letter_of(wave: Wave, run: Run, code: str, link: str) -> bytes:
    """The letter to a school as PDF/A, in Greek.

    Args:
        wave: the wave, its results out.
        run: the published run.
        code: the school's.
        link: its own page, by its link; empty in a copy for staff.

    Raises:
        NotFound: the school did not apply.
    """
    school = await school_by_code(code)
    if school is None:
        raise NotFound("result-not-found")
    with use_locale("el"):
        result = await results.school_result(wave, run, school, with_evidence=False, with_queues=False)
        provisional, correction = not wave.is_over, result.score.correction
        letter = Letter(
            wave=wave.title_el,
            school=school["name"],
            code=school["code"],
            headline=result.headline,
            sentences=[reason.sentence for reason in result.reasons if reason.sentence not in result.headline],
            needed=[f"{reason.kit_title}: {reason.needed}" for reason in result.reasons if reason.needed]
            or ([result.needed] if result.needed and not result.received else []),
            total=number(result.score.total),
            parts=[(part.title, number(part.points), number(part.ceiling)) for part in result.score.parts]
            + ([(gettext("Correction after an appeal"), number(correction), "")] if correction else []),
            provisional=provisional,
            protocol=wave.provisional_protocol if provisional else wave.decision_protocol,
            ada=wave.provisional_ada if provisional else wave.decision_ada,
            until=wave.appeals_last if wave.phase == "provisional" else None,
            link=link,
            made_at=wave.provisional_at if provisional and wave.provisional_at else wave.published_at or wave.now,
        )
        return letter_pdf(letter)

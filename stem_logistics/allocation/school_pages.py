"""A school's result: for itself by its link, and for everybody."""

from typing import Any

from litestar import get
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.allocation import results, service
from stem_logistics.appeals.service import appeals_of_school, protocol_of
from stem_logistics.appeals.words import DECISION_TONES, DECISIONS, POINTS, STATES
from stem_logistics.errors import NotFound
from stem_logistics.registry.words import LEVELS
from stem_logistics.waves import applications
from stem_logistics.waves.page_tools import AnyRequest, page, region_names, who
from stem_logistics.waves.service import Wave, get_wave, regions
from stem_logistics.waves.words import EVIDENCE, word
from stem_logistics.web.charts import Queued, QueuePicture
from stem_logistics.web.charts import queue as draw_queue
from stem_logistics.web.i18n import current_locale

PUBLIC, LINK = page(Permission.PUBLIC), page(Permission.LINK_RESULT)


async def public_wave(slug: str) -> Wave:
    """A wave whose results, provisional or final, everybody may see. Raises NotFound."""
    wave = await get_wave(slug)
    if not wave.is_out:
        raise NotFound("results-not-published")
    return wave


@get("/results/{slug:str}/schools/{code:str}", opt=PUBLIC, include_in_schema=False, operation_id="SchoolResultPage")
async def school_page(slug: FromPath[str], code: FromPath[str]) -> Template:
    """A school's result for everybody: why, its points criterion by criterion, cut-offs, the queue; no evidence."""
    wave = await public_wave(slug)
    if wave.phase == "historic":
        raise NotFound("result-not-found")
    school = await applications.school_by_code(code)
    if school is None:
        raise NotFound("result-not-found")
    return await _school_template(wave, school, token="")


@get("/result/{token:str}", opt=LINK, include_in_schema=False, operation_id="OwnResultPage")
async def own_page(request: AnyRequest, token: FromPath[str]) -> Template:
    """The same for the school itself, by its link: with the evidence, the letter, and its appeals."""
    wave, school = await applications.school_of_link(who(request))
    return await _school_template(await public_wave(wave.slug), school, token=token)


async def _school_template(wave: Wave, school: dict[str, Any], *, token: str) -> Template:
    run = await service.published_run(wave)
    result = await results.school_result(wave, run, school, with_evidence=bool(token))
    asked = {reason.kit for reason in result.reasons}
    cutoffs = await results.cutoffs_of(wave, run, region_names(await regions()))
    context = {
        "wave": wave,
        "title": wave.title(current_locale.get()),
        "run": run,
        "result": result,
        "school": school,
        "own": bool(token),
        "token": token,
        "appeals": await appeals_of_school(wave, school["id"]) if token else [],
        "protocol": protocol_of,
        "points": POINTS,
        "states": STATES,
        "decisions": DECISIONS,
        "tones": DECISION_TONES,
        "cutoffs": [cutoff for cutoff in cutoffs if cutoff.kit in asked],
        "pictures": [(queue, _picture(queue)) for queue in result.queues],
        "evidence_words": EVIDENCE,
        "level_words": LEVELS,
        "word": word,
    }
    return Template("allocation/school.html", context=context)


def _picture(queue: results.Queue) -> QueuePicture:
    places = [Queued(p.rank, float(p.points), p.chosen, p.by, p.mine) for p in queue.places]
    return draw_queue(places, None if queue.cut_off is None else float(queue.cut_off))


ROUTES: list[ControllerRouterHandler] = [school_page, own_page]

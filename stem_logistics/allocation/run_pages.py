"""The runs of a wave for staff: which there are, and what moved between two of them and why."""

from typing import Any

from litestar import get
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.allocation import comparing
from stem_logistics.allocation.reason_words import CODE_WORDS
from stem_logistics.errors import Forbidden
from stem_logistics.waves.page_tools import AnyRequest, page, who
from stem_logistics.waves.service import get_wave, kit_titles
from stem_logistics.web.i18n import LazyText, _, current_locale

STEPS: dict[str, LazyText] = {
    "run": _("allocation"),
    "supernumerary": _("a kit of those held back, after an appeal"),
    "rerun": _("run again after an appeal"),
    "given_back": _("a kit was given back"),
    "withdrawn": _("a school withdrew"),
}


def _number(request: AnyRequest, name: str) -> int:
    value = request.query_params.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 18 else 0


@get("/waves/{slug:str}/runs", opt=page(Permission.WAVES_READ), include_in_schema=False, operation_id="RunsPage")
async def runs_page(request: AnyRequest, slug: FromPath[str]) -> Template:
    """Every run of a wave; with `a` and `b` in the address, what moved from one to the other."""
    wave = await get_wave(slug)
    if not who(request).scope(Permission.WAVES_READ).country:
        raise Forbidden("not-allowed")
    runs = await comparing.runs(wave)
    first, second = _number(request, "a"), _number(request, "b")
    if not first and not second and len(runs) > 1:
        first, second = runs[1].id, runs[0].id
    moved: list[dict[str, Any]] = []
    if first and second:
        moved = await comparing.moved(wave, first, second)
    position = 1 if current_locale.get() == "en" else 0
    context = {
        "wave": wave,
        "title": wave.title(current_locale.get()),
        "runs": runs,
        "a": first,
        "b": second,
        "moved": moved,
        "steps": STEPS,
        "code_words": CODE_WORDS,
        "kits": {slug: pair[position] or pair[0] for slug, pair in (await kit_titles(wave.id)).items()},
    }
    return Template("allocation/runs.html", context=context)


ROUTES: list[ControllerRouterHandler] = [runs_page]

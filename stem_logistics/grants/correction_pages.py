"""The page by which a published list is put right: one row, what stands instead of it, and why."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError
from stem_logistics.grants import correcting, service
from stem_logistics.grants.list_file import Line
from stem_logistics.waves import service as waves
from stem_logistics.waves.page_tools import AnyRequest, errors_of, page, text_of, whole_of
from stem_logistics.web.i18n import current_locale

PUBLISH = page(Permission.WAVES_PUBLISH)
TEXTS = ("category", "rank", "project", "note")


async def _template(slug: str, number: int, form: Any, errors: dict[str, str], status: int = 200) -> Template:
    found, entry = await correcting.entry_to_correct(slug, number)
    titles = await service.kit_titles(found.wave.id)
    if entry is not None and not form:
        form = {name: getattr(entry, name) for name in ("code", "kit", *TEXTS)} | {"pieces": entry.units}
    context = {
        "list": found,
        "wave": found.wave,
        "title": found.wave.title(current_locale.get()),
        "entry": entry,
        "titles": titles,
        "kits": sorted((each["slug"] for each in await waves.kit_definitions()), key=lambda kit: titles[kit]),
        "form": form,
        "errors": errors,
    }
    return Template("grants/correct.html", context=context, status_code=status)


@get(
    "/grants/{slug:str}/entries/{number:int}/correct",
    opt=PUBLISH,
    include_in_schema=False,
    operation_id="CorrectGrantPage",
)
async def correct_page(slug: FromPath[str], number: FromPath[int]) -> Template:
    """A row of a published list as it stands, to be corrected; number 0 is a recipient that was left out."""
    return await _template(slug, number, {}, {})


@post(
    "/grants/{slug:str}/entries/{number:int}/correct",
    opt=PUBLISH,
    include_in_schema=False,
    operation_id="CorrectGrant",
    status_code=303,
)
async def correct(request: AnyRequest, slug: FromPath[str], number: FromPath[int]) -> Response[Any]:
    """Publish what stands instead."""
    form = await request.form()
    pieces = text_of(form, "pieces")
    units = whole_of(form, "pieces") if pieces.isascii() and pieces.isdigit() else -1
    texts = (text_of(form, name) for name in TEXTS)
    line = Line(0, text_of(form, "code")[:40], "", text_of(form, "kit")[:80], units, *texts)
    try:
        await correcting.correct(slug, number, line, text_of(form, "why"))
    except DomainError as error:
        return await _template(slug, number, form, errors_of(error), error.status)
    return Redirect(f"/grants/{slug}#corrections", status_code=303)


ROUTES: list[ControllerRouterHandler] = [correct_page, correct]

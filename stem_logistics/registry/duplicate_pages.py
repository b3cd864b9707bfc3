"""The pages of double registrations: pairs that may be one school, two rows side by side, merging and separating."""

from collections.abc import AsyncIterator
from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Stream, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.errors import DomainError, Invalid
from stem_logistics.registry import merging, service, words
from stem_logistics.registry.model import Institution
from stem_logistics.web.exports import Column, Format, export_response
from stem_logistics.web.i18n import Text, _, gettext
from stem_logistics.web.listing import ListSpec
from stem_logistics.web.sentences import sentence_of

AnyRequest = Request[Any, Any, Any]
PAIRS = ListSpec(sorts=("likelihood",), default_sort="likelihood")
_COMPARED = (
    *("code", "name", "level", "state", "unit_type", "operation_shift", "region", "directorate", "municipality"),
    *("address", "postcode", "phone", "email", "pupils"),
)
COLUMNS = (
    Column("first", _("Code")),
    Column("first_name", _("Name")),
    Column("second", _("The other code")),
    Column("second_name", _("The other name")),
    Column("grounds", _("What they share")),
)


def side_by_side(first: Institution, second: Institution) -> list[tuple[Text, str, str, bool]]:
    """Field by field: its word, the two values, whether they differ."""
    rows = []
    for name in _COMPARED:
        one, other = (_value(each, name) for each in (first, second))
        rows.append((_("Code") if name == "code" else words.FIELDS[name], one, other, one != other))
    return rows


def _value(each: Institution, name: str) -> str:
    if name == "region":
        return words.region_name(each)
    if name == "directorate":
        return each.directorate_name
    return words.shown_value(name, getattr(each, name))


def grounds_in_words(grounds: tuple[str, ...]) -> str:
    """What two rows share, as a phrase."""
    return ", ".join(str(words.GROUNDS[ground]) for ground in grounds if ground in words.GROUNDS)


async def _export(principal: Principal) -> AsyncIterator[tuple[object, ...]]:
    found, _total = await merging.suspicions(principal)
    for each in found:
        first, second = each.first, each.second
        yield first.code, first.name, second.code, second.name, grounds_in_words(each.grounds)


@get(
    "/schools/duplicates",
    opt={"permission": Permission.REGISTRY_WRITE},
    include_in_schema=False,
    operation_id="DuplicatesPage",
)
async def duplicates(request: AnyRequest, format: FromQuery[Format | None] = None) -> Template | Stream:
    """Pairs of rows that may be one school, with why; each waits for a decision."""
    principal = request.scope["user"]
    if format is not None:
        return export_response(format, gettext("double-registrations"), COLUMNS, _export(principal))
    query = PAIRS.parse("/schools/duplicates", request.query_params)
    found, total = await merging.suspicions(principal, limit=query.limit, offset=query.offset)
    pairs = [
        (each.first, each.second, grounds_in_words(each.grounds), side_by_side(each.first, each.second))
        for each in found
    ]
    return Template("registry/duplicates.html", context={"query": query, "pairs": pairs, "total": total})


@post(
    "/schools/duplicates/look",
    opt={"permission": Permission.REGISTRY_WRITE},
    include_in_schema=False,
    operation_id="LookForDuplicates",
    status_code=303,
)
async def look(request: AnyRequest) -> Redirect:
    """Compare the whole registry anew, in the background."""
    number = await merging.ask_to_look(request.scope["user"])
    return Redirect(f"/jobs/{number}", status_code=303)


async def _compared(
    principal: Principal, first_code: str, second_code: str, error: DomainError | None = None
) -> Template:
    first = await service.get_institution(principal, first_code)
    second = await service.get_institution(principal, second_code)
    return Template(
        "registry/compare.html",
        context={
            "first": first,
            "second": second,
            "rows": side_by_side(first, second),
            "errors": {"kept": sentence_of(error)} if error else {},
        },
        status_code=error.status if error else 200,
    )


@get(
    "/schools/compare",
    opt={"permission": Permission.REGISTRY_WRITE},
    include_in_schema=False,
    operation_id="CompareSchoolsPage",
)
async def compare(request: AnyRequest) -> Template | Redirect:
    """Two rows side by side, to be merged or told apart."""
    first, second = (_code(request.query_params.get(name)) for name in ("first", "second"))
    if not (first and second):
        return Redirect("/schools/duplicates", status_code=303)
    return await _compared(request.scope["user"], first, second)


def _code(value: object) -> str:
    return "".join(letter for letter in str(value or "") if letter.isprintable()).strip()[:40]


@post(
    "/schools/merge",
    opt={"permission": Permission.REGISTRY_WRITE},
    include_in_schema=False,
    operation_id="MergeSchools",
    status_code=303,
)
async def merge(request: AnyRequest) -> Redirect | Template:
    """Decide on a pair: keep one of the two codes, or keep both apart."""
    principal = request.scope["user"]
    form = await request.form()
    first, second, kept = (_code(form.get(name)) for name in ("first", "second", "kept"))
    why = "".join(letter for letter in str(form.get("why", "")) if letter.isprintable()).strip()[:500]
    try:
        if kept == "both":
            await merging.keep_apart(principal, first, second, why=why)
            return Redirect("/schools/duplicates", status_code=303)
        if kept not in (first, second):
            raise Invalid("merge-choose-one")
        found = await merging.merge(principal, second if kept == first else first, kept, why=why)
    except DomainError as refused:
        if refused.status not in (409, 422):
            raise
        return await _compared(principal, first, second, refused)
    return Redirect(f"/schools/{found.code}", status_code=303)


@get(
    "/schools/{code:str}/unmerge",
    opt={"permission": Permission.REGISTRY_WRITE},
    include_in_schema=False,
    operation_id="UnmergeSchoolPage",
)
async def unmerge_page(request: AnyRequest, code: FromPath[str]) -> Template | Redirect:
    """Ask before a merged code is separated again."""
    found = await service.get_institution(request.scope["user"], _code(code))
    if not found.merged_into:
        return Redirect(f"/schools/{found.code}", status_code=303)
    return Template("registry/unmerge.html", context={"school": found})


@post(
    "/schools/{code:str}/unmerge",
    opt={"permission": Permission.REGISTRY_WRITE},
    include_in_schema=False,
    operation_id="UnmergeSchool",
    status_code=303,
)
async def unmerge(request: AnyRequest, code: FromPath[str]) -> Redirect:
    """Let a merged code be a school of its own again."""
    form = await request.form()
    why = "".join(letter for letter in str(form.get("why", "")) if letter.isprintable()).strip()[:500]
    found = await merging.unmerge(request.scope["user"], _code(code), why=why)
    return Redirect(f"/schools/{found.code}", status_code=303)


ROUTES: list[ControllerRouterHandler] = [duplicates, look, compare, merge, unmerge_page, unmerge]

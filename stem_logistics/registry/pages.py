"""The registry's pages: the list of schools and one school."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Stream, Template
from litestar.types import ControllerRouterHandler

from stem_logistics import audit
from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.registry import duplicate_pages, import_pages, merging, service, words
from stem_logistics.registry.model import MERGED, SORTS, Asked, Institution
from stem_logistics.registry.rules import State
from stem_logistics.registry.school_parts import school_parts
from stem_logistics.web.exports import Column, Format, export_response
from stem_logistics.web.formats import format_date
from stem_logistics.web.i18n import _, current_locale, gettext
from stem_logistics.web.listing import Choice, ListQuery, ListSpec, Words
from stem_logistics.web.record_words import action_words

AnyRequest = Request[Any, Any, Any]

SCHOOLS = ListSpec(
    sorts=SORTS,
    default_sort="name",
    filters={
        "region": Words(),
        "directorate": Words(),
        "level": Choice.of(*words.LEVELS),
        "category": Choice.of(*words.CATEGORIES),
        "state": Choice.of(*State, MERGED),
        "kind": Choice.of("school", "department"),
    },
)
_TEXTS = ("unit_type", "special_type", "orientation_type", "operation_shift", "legal_character")
_PLACE = ("municipality", "address", "postcode", "phone", "email")
COLUMNS = (
    Column("code", _("Code")),
    Column("name", words.FIELDS["name"]),
    Column("kind", words.FIELDS["kind"]),
    Column("level", words.FIELDS["level"]),
    Column("state", words.FIELDS["state"]),
    Column("categories", words.FIELDS["categories"]),
    *(Column(name, words.FIELDS[name]) for name in _TEXTS),
    Column("region", words.FIELDS["region"]),
    Column("directorate", words.FIELDS["directorate"]),
    *(Column(name, words.FIELDS[name]) for name in _PLACE),
    Column("latitude", words.FIELDS["latitude"]),
    Column("longitude", words.FIELDS["longitude"]),
    Column("pupils", words.FIELDS["pupils"]),
)


def asked_of(query: ListQuery) -> Asked:
    """What a list's address asks for."""
    return Asked(q=query.q, sort=query.sort, descending=query.descending, **query.filters)


async def _export_rows(principal: Principal, asked: Asked) -> AsyncIterator[tuple[object, ...]]:
    async for each in service.every_institution(principal, asked):
        yield (
            *(each.code, each.name, each.kind, each.level, each.state, each.all_categories),
            *(getattr(each, name) for name in _TEXTS),
            *(words.region_name(each), each.directorate_name),
            *(getattr(each, name) for name in _PLACE),
            *(each.latitude, each.longitude, each.pupils),
        )


@get("/schools", opt={"permission": Permission.REGISTRY_READ}, include_in_schema=False, operation_id="SchoolsPage")
async def schools(request: AnyRequest, format: FromQuery[Format | None] = None) -> Template | Stream:
    """Find a school: search, filters, order; the whole list as a file."""
    principal = request.scope["user"]
    query = SCHOOLS.parse("/schools", request.query_params)
    asked = asked_of(query)
    if format is not None:
        return export_response(format, gettext("schools"), COLUMNS, _export_rows(principal, asked))
    rows, total = await service.list_institutions(principal, asked, limit=query.limit, offset=query.offset)
    regions = await service.regions(principal)
    offices = await service.directorates(principal, asked.region) if asked.region else []
    english = current_locale.get() == "en"
    return Template(
        "registry/schools.html",
        context={
            "query": query,
            "rows": rows,
            "total": total,
            "empty_registry": total == 0 and not query.is_narrowed,
            "regions": [(each.code, each.name_en if english else each.name_el) for each in regions],
            "directorates": [(each.code, each.name_el) for each in offices],
            "words": words,
        },
    )


@get(
    "/schools/{code:str}",
    opt={"permission": Permission.REGISTRY_READ},
    include_in_schema=False,
    operation_id="SchoolPage",
)
async def school(request: AnyRequest, code: FromPath[str]) -> Template | Redirect:
    """One school: what it is, where it is, what it was given and what became of it; of a merged code, what it stands
    for."""
    principal = request.scope["user"]
    found = await service.get_institution(principal, code.replace("\x00", ""))
    if found.merged_into:
        return Redirect(f"/schools/{found.merged_into}", query_params={"from": found.code}, status_code=303)
    parts = await school_parts(principal, found)
    merged, changes = await merging.past_of(found.id)
    for each in await merging.family_of(merged):
        parts += [replace(part, under=each.code) for part in await school_parts(principal, each)]
    return Template(
        "registry/school.html",
        context={
            "school": found,
            "words": words,
            "parts": parts,
            "sentence": next((part.sentence for part in parts if part.sentence), "") or _what(found),
            "may_write": principal.may(Permission.REGISTRY_WRITE, region_id=found.region_id, institution_id=found.id),
            "merged": merged,
            "came_from": request.query_params.get("from", "")[:20],
            "history": await _history(found.id, changes),
        },
    )


def _what(each: Institution) -> str:
    level = str(words.LEVELS[each.level])
    place = each.municipality or words.region_name(each)
    if each.state == State.ACTIVE:
        return gettext("%(level)s, %(place)s.", level=level, place=place)
    state = str(words.STATES[each.state][0]).lower()
    return gettext("%(level)s, %(place)s. Now: %(state)s.", level=level, place=place, state=state)


async def _history(institution_id: int, changes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was done to a school, and what it was before, the newest first."""
    done = [_event(each) for each in await audit.history("institution", institution_id, limit=20)]
    was = [_change(each) for each in changes]
    return sorted([*was, *done], key=lambda event: event["at"], reverse=True)


def _change(row: dict[str, Any]) -> dict[str, Any]:
    known = {"level": words.LEVELS, "state": {state: told[0] for state, told in words.STATES.items()}}
    values: Any = known.get(row["field"], {})
    before, after = (str(values.get(row[side], row[side] or "–")) for side in ("before", "after"))
    text = gettext("From “%(before)s” to “%(after)s”.", before=before, after=after)
    if row["source_on"]:
        text += " " + gettext("By the source: %(day)s.", day=format_date(row["source_on"]))
    return {
        "at": row["changed_at"],
        "title": words.FIELDS.get(row["field"], row["field"]),
        "text": text,
        "who": "",
        "href": "",
        "tone": "busy",
    }


def _event(entry: dict[str, Any]) -> dict[str, Any]:
    details = json.loads(entry["details"])
    fields = ", ".join(str(words.FIELDS.get(name, name)) for name in details.get("fields", []))
    return {
        "at": entry["at"],
        "title": action_words(entry["action"]),
        "text": fields or entry["why"],
        "who": entry["actor_name"],
        "href": "",
        "tone": "good",
    }


@post(
    "/schools/{code:str}/remote",
    opt={"permission": Permission.REGISTRY_WRITE},
    include_in_schema=False,
    operation_id="MarkSchoolRemote",
    status_code=303,
)
async def mark_remote(request: AnyRequest, code: FromPath[str]) -> Redirect:
    """Set or take away the NSO's own flag “remote”."""
    form = await request.form()
    why = str(form.get("why", "")).replace("\x00", "").strip()[:500]
    remote = form.get("remote") == "yes"
    found = await service.set_remote(request.scope["user"], code.replace("\x00", ""), remote, why=why)
    return Redirect(f"/schools/{found.code}", status_code=303)


ROUTES: list[ControllerRouterHandler] = [schools, school, mark_remote, *duplicate_pages.ROUTES, *import_pages.ROUTES]

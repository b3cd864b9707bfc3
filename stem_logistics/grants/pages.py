"""Pages of prizes and direct grants: lists for staff; what is published for everybody."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics import runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError, FieldErrors
from stem_logistics.grants import correction_pages, public_pages, service
from stem_logistics.grants.list_file import Line
from stem_logistics.grants.model import GrantList
from stem_logistics.grants.rules import units_by_kit
from stem_logistics.grants.service import Taken
from stem_logistics.grants.words import COLUMNS, HOW, REASONS, STATES
from stem_logistics.registry.words import LEVELS
from stem_logistics.waves import service as waves
from stem_logistics.waves.page_tools import AnyRequest, errors_of, file_of_form, page, text_of, whole_of
from stem_logistics.waves.words import word
from stem_logistics.web.i18n import _, current_locale
from stem_logistics.web.sentences import sentence, sentence_of

READ, WRITE, PUBLISH = page(Permission.WAVES_READ), page(Permission.WAVES_WRITE), page(Permission.WAVES_PUBLISH)


@get("/grants", opt=READ, include_in_schema=False, operation_id="GrantListsPage")
async def lists_page() -> Template:
    """All lists of prizes and direct grants."""
    return Template("grants/lists.html", context={"lines": await service.lists(), "states": STATES})


@get("/grants/new", opt=WRITE, include_in_schema=False, operation_id="NewGrantListPage")
async def new_page() -> Template:
    """What a new list says of itself."""
    return _form_template({}, {})


def _form_template(form: Any, errors: dict[str, str], found: GrantList | None = None, status: int = 200) -> Template:
    context = {"form": form, "errors": errors, "reasons": list(REASONS.items()), "list": found}
    return Template("grants/form.html", context=context, status_code=status)


def _head_of(form: Any) -> tuple[tuple[str, str, int], dict[str, Any]]:
    titles = (text_of(form, "title_el")[:200], text_of(form, "title_en")[:200], whole_of(form, "year"))
    more = {name: text_of(form, name) for name in ("reason", "ground", "ada")}
    return titles, {
        **more,
        "protocol": text_of(form, "protocol")[:200],
        "delivered": text_of(form, "delivered") == "yes",
    }


def _form_errors(error: DomainError) -> dict[str, str]:
    errors = errors_of(error)
    if "year_from" in errors:
        errors["year"] = errors.pop("year_from")
    return errors


@post("/grants/new", opt=WRITE, include_in_schema=False, operation_id="NewGrantList", status_code=303)
async def create(request: AnyRequest) -> Response[Any]:
    """Make the list; its recipients come next."""
    form = await request.form()
    head, more = _head_of(form)
    try:
        found = await service.create_list(*head, **more)
    except DomainError as error:
        return _form_template(form, _form_errors(error), status=error.status)
    return Redirect(f"/grants/{found.wave.slug}", status_code=303)


@get("/grants/{slug:str}/edit", opt=WRITE, include_in_schema=False, operation_id="EditGrantListPage")
async def edit_page(slug: FromPath[str]) -> Template:
    """The same of a list that is there."""
    found = await service.get_list(slug)
    wave = found.wave
    form = {
        "title_el": wave.title_el,
        "title_en": wave.title_en,
        "year": wave.year_to,
        "reason": found.reason,
        "ground": found.ground,
        "protocol": wave.decision_protocol,
        "ada": wave.decision_ada,
        "delivered": "yes" if found.delivered else "",
    }
    return _form_template(form, {}, found)


@post("/grants/{slug:str}/edit", opt=WRITE, include_in_schema=False, operation_id="EditGrantList", status_code=303)
async def edit(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """Change it; of a published list the decision's numbers alone."""
    form = await request.form()
    found = await service.get_list(slug)
    head, more = _head_of(form)
    try:
        if found.is_out:
            await service.number_decision(slug, more["protocol"], more["ada"])
        else:
            await service.change_list(slug, *head, **more)
    except DomainError as error:
        return _form_template(form, _form_errors(error), found, error.status)
    return Redirect(f"/grants/{slug}", status_code=303)


@get("/grants/{slug:str}", opt=READ, include_in_schema=False, operation_id="GrantListPage")
async def list_page(slug: FromPath[str]) -> Template:
    """A list for staff: its recipients, what stands in the way, what it needs of the store; then what became of it."""
    return await _list_template(slug)


async def _list_template(
    slug: str,
    *,
    status: int = 200,
    form: Any = None,
    errors: dict[str, str] | None = None,
    file_faults: FieldErrors | None = None,
    taken: Taken | None = None,
) -> Template:
    found = await service.get_list(slug)
    titles = await service.kit_titles(found.wave.id)
    definitions: dict[str, list[str]] = {each["slug"]: each["levels"] for each in await waves.kit_definitions()}
    wrong: dict[int, list[str]] = {}
    for fault in [] if found.is_out else await service.faults(found):
        wrong.setdefault(fault.row, []).append(sentence(fault.text, dict(fault.params)))
    given = units_by_kit(found.entries)
    free = await service.free_in_store()
    listed = [
        {**each, "detail": sentence(each["slug"], each.get("params", {}))}
        for each in (file_faults.errors if file_faults else [])
    ]
    context = {
        "list": found,
        "wave": found.wave,
        "title": found.wave.title(current_locale.get()),
        "titles": titles,
        "kits": sorted(definitions, key=lambda kit: titles[kit]),
        "given": given,
        "free": free,
        "wrong": wrong,
        "unfit": {
            e.id for e in found.entries if e.kind == "school" and e.level not in definitions.get(e.kit, [e.level])
        },
        "level_words": LEVELS,
        "word": word,
        "states": STATES,
        "form": form or {},
        "errors": errors or {},
        "refusal": sentence_of(file_faults) if file_faults else "",
        "faults": listed,
        "columns": COLUMNS,
        "taken": taken,
        "how": HOW,
        "organisation": runtime.settings().organisation,
    }
    return Template("grants/list.html", context=context, status_code=status)


@post("/grants/{slug:str}/file", opt=WRITE, include_in_schema=False, operation_id="GrantListFile", status_code=200)
async def take_file(request: AnyRequest, slug: FromPath[str]) -> Template:
    """Let the recipients be those of a file, or say what is wrong in each row."""
    _name, content = await file_of_form(await request.form(), "file")
    if not content:
        return await _list_template(slug, status=422, errors={"file": str(_("Choose a file."))})
    try:
        taken = await service.import_file(slug, content)
    except FieldErrors as error:
        return await _list_template(slug, status=422, file_faults=error)
    except DomainError as error:
        return await _list_template(slug, status=error.status, errors={"file": sentence_of(error)})
    return await _list_template(slug, taken=taken)


@post("/grants/{slug:str}/entries", opt=WRITE, include_in_schema=False, operation_id="AddGrantEntry", status_code=303)
async def add(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """One more recipient."""
    form = await request.form()
    texts = (text_of(form, name) for name in ("category", "rank", "project", "note"))
    line = Line(0, text_of(form, "code")[:40], "", text_of(form, "kit")[:80], whole_of(form, "pieces"), *texts)
    try:
        await service.add_entry(slug, line)
    except DomainError as error:
        return await _list_template(slug, status=error.status, form=form, errors=errors_of(error))
    return Redirect(f"/grants/{slug}#recipients", status_code=303)


@post(
    "/grants/{slug:str}/entries/{number:int}/remove",
    opt=WRITE,
    include_in_schema=False,
    operation_id="RemoveGrantEntry",
    status_code=303,
)
async def remove(slug: FromPath[str], number: FromPath[int]) -> Redirect:
    """Take one out."""
    await service.remove_entry(slug, number)
    return Redirect(f"/grants/{slug}#recipients", status_code=303)


@post("/grants/{slug:str}/stock", opt=WRITE, include_in_schema=False, operation_id="GrantListStock", status_code=303)
async def set_stock(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """How many of each kit there are to give."""
    form = await request.form()
    stock: dict[str, int] = {}
    for name in form:
        text = text_of(form, name)
        if name.startswith("stock-") and text:
            stock[name.removeprefix("stock-")] = whole_of(form, name) if text.isascii() and text.isdigit() else -1
    try:
        await service.set_stock(slug, stock)
    except DomainError as error:
        return await _list_template(slug, status=error.status, form=form, errors=errors_of(error))
    return Redirect(f"/grants/{slug}#stock", status_code=303)


@post("/grants/{slug:str}/publish", opt=PUBLISH, include_in_schema=False, operation_id="PublishGrants", status_code=303)
async def publish(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """Publish the list that was looked at."""
    if text_of(await request.form(), "sure") != "yes":
        sure = str(_("Tick that you have looked at every recipient."))
        return await _list_template(slug, status=422, errors={"sure": sure})
    try:
        await service.publish(slug)
    except DomainError as error:
        return await _list_template(slug, status=error.status, errors={"sure": sentence_of(error)})
    return Redirect(f"/results/prizes/{slug}", status_code=303)


ROUTES: list[ControllerRouterHandler] = [
    lists_page,
    new_page,
    create,
    edit_page,
    edit,
    list_page,
    take_file,
    add,
    remove,
    set_stock,
    publish,
    *correction_pages.ROUTES,
    *public_pages.ROUTES,
]

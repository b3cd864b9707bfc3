"""Pages of teachers, for the NSO's staff alone: list, profile with consents and schools, double registrations."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError, Invalid
from stem_logistics.teachers import service
from stem_logistics.teachers.words import GROUNDS, PURPOSES
from stem_logistics.waves.page_tools import AnyRequest, day_of, errors_of, page, text_of, whole_of
from stem_logistics.waves.words import EVIDENCE
from stem_logistics.web.exports import Column, export_response
from stem_logistics.web.formats import today
from stem_logistics.web.i18n import _
from stem_logistics.web.listing import Choice, ListSpec

WRITE = page(Permission.WAVES_WRITE)
LIST = ListSpec(
    sorts=("code",),
    default_sort="code",
    filters={"active": Choice.of("yes", "no"), "consent": Choice.of(*service.PURPOSES)},
)
# what leaves the service names nobody: codes, schools, whether they are active
COLUMNS = (
    Column("code", _("Code")),
    Column("school", _("School of service")),
    Column("last_sign_in", _("Last sign-in")),
    Column("active", _("Active teacher")),
    Column("evidence", _("Pieces of evidence")),
)


@get("/teachers", opt=WRITE, include_in_schema=False, operation_id="TeachersPage")
async def teachers_page(request: AnyRequest) -> Response[Any]:
    """All teachers."""
    query = LIST.parse(request.url.path, request.query_params)
    asked: dict[str, Any] = {
        "q": query.q,
        "active": query.filters.get("active", ""),
        "consent": query.filters.get("consent", ""),
    }
    if request.query_params.get("format") in ("csv", "xlsx", "json"):
        rows, _total = await service.list_teachers(**asked)
        cells = [
            (r["code"], r["school"], r["last_signed_in_on"], _("yes") if r["active"] else _("no"), r["evidence"])
            for r in rows
        ]
        kind = request.query_params["format"]
        chosen: Any = "csv" if kind == "csv" else "xlsx" if kind == "xlsx" else "json"
        return export_response(chosen, "teachers", COLUMNS, cells)
    rows, total = await service.list_teachers(**asked, limit=query.limit, offset=query.offset)
    context = {
        "query": query,
        "rows": rows,
        "total": total,
        "purposes": list(PURPOSES.items()),
        "pairs": len(await service.suspicions()),
    }
    return Template("teachers/list.html", context=context)


@get("/teachers/doubles", opt=WRITE, include_in_schema=False, operation_id="TeacherDoublesPage")
async def doubles_page() -> Template:
    """Pairs that may be one teacher, side by side."""
    return Template("teachers/doubles.html", context={"pairs": await service.suspicions(), "grounds": GROUNDS})


@post("/teachers/doubles", opt=WRITE, include_in_schema=False, operation_id="DecideTeacherDouble", status_code=303)
async def decide(request: AnyRequest) -> Redirect:
    """One click: which of the two is kept, or that they are two."""
    form = await request.form()
    first, second, decision = whole_of(form, "first"), whole_of(form, "second"), text_of(form, "decision")
    if decision == "apart":
        await service.keep_apart(first, second)
        return Redirect("/teachers/doubles", status_code=303)
    if decision not in ("first", "second"):
        raise Invalid("merge-choose-one")
    kept, duplicate = (first, second) if decision == "first" else (second, first)
    return Redirect(f"/teachers/{await service.merge(duplicate, kept)}", status_code=303)


@get("/teachers/{number:int}", opt=WRITE, include_in_schema=False, operation_id="TeacherPage")
async def teacher_page(number: FromPath[int]) -> Response[Any]:
    """One teacher; a code that stands for another leads there."""
    found = await service.profile(number)
    if found.teacher["id"] != number:
        return Redirect(f"/teachers/{found.teacher['id']}", status_code=303)
    return _template(found)


def _template(
    found: service.Profile, form: Any = None, errors: dict[str, str] | None = None, status: int = 200
) -> Template:
    context = {
        "profile": found,
        "teacher": found.teacher,
        "purposes": PURPOSES,
        "open_purposes": [(key, text) for key, text in PURPOSES.items() if key not in found.teacher["purposes"]],
        "evidence_words": EVIDENCE,
        "today": today().isoformat(),
        "form": form or {},
        "errors": errors or {},
    }
    return Template("teachers/teacher.html", context=context, status_code=status)


@post("/teachers/{number:int}", opt=WRITE, include_in_schema=False, operation_id="ChangeTeacher", status_code=303)
async def change(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    """One of the page's forms: `what` says which."""
    form = await request.form()
    what, which = text_of(form, "what"), whole_of(form, "which")
    try:
        if what == "consent":
            await service.give_consent(number, text_of(form, "purpose"), day_of(form, "given_on"), text_of(form, "how"))
        elif what == "withdraw":
            await service.withdraw_consent(number, which, text_of(form, "withdrawn_how"))
        elif what == "contact":
            await service.save_contact(number, text_of(form, "name"), text_of(form, "email"))
        elif what == "erase":
            await service.erase(number, text_of(form, "why"))
        elif what == "school":
            await service.add_school(number, text_of(form, "code"), service=text_of(form, "place") == "service")
        elif what == "end-post":
            await service.end_post(number, which)
        elif what == "merge":
            await _merge_by_code(number, text_of(form, "double"))
        elif what == "unmerge":
            await service.unmerge(which)
        else:
            raise Invalid("invalid-input")
    except DomainError as error:
        found = await service.profile(number)
        errors = errors_of(error)
        if what in ("withdraw", "erase", "merge"):
            # these have one field each: the refusal stands by it
            errors = {{"withdraw": "withdrawn_how", "erase": "why", "merge": "double"}[what]: errors.popitem()[1]}
        return _template(found, form, errors, error.status)
    return Redirect(f"/teachers/{number}", status_code=303)


async def _merge_by_code(number: int, code: str) -> None:
    duplicate = await service.find_code(code)
    await service.merge(duplicate or 0, number)


ROUTES: list[ControllerRouterHandler] = [teachers_page, doubles_page, decide, teacher_page, change]

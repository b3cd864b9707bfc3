"""Pages of a wave's applications for staff: the list, one application, the form, the import, work under way."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import MultiDict
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics import audit
from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError, FieldErrors, Invalid, NotFound
from stem_logistics.registry.words import LEVELS
from stem_logistics.waves import applications, checking, evidence, handling, importing, invitations, scores, service
from stem_logistics.waves.application_columns import COLUMNS as COLUMN_WORDS
from stem_logistics.waves.application_form import entry_of_form, piece_of_form, sample_columns
from stem_logistics.waves.application_steps import missing_of
from stem_logistics.waves.page_tools import AnyRequest, errors_of, file_of_form, page, region_names, text_of, who
from stem_logistics.waves.rules_document import KNOWN_LEVELS
from stem_logistics.waves.score_views import shown_score
from stem_logistics.waves.windows import last_moment
from stem_logistics.waves.words import CHANNELS, EVIDENCE, POSTS, missing_words, word
from stem_logistics.web.api import job_of
from stem_logistics.web.exports import Column, Format, export_response
from stem_logistics.web.i18n import _, current_locale
from stem_logistics.web.listing import Choice, ListSpec, Words
from stem_logistics.web.pages import job_view
from stem_logistics.web.sentences import sentence, sentence_of

READ, WRITE = page(Permission.WAVES_READ), page(Permission.WAVES_WRITE)
LIST = ListSpec(
    sorts=("total", "code", "name", "region", "submitted"),
    default_sort="-total",
    filters={
        "region": Words(60),
        "level": Choice.of(*KNOWN_LEVELS, "university"),
        "kit": Words(60),
        "admitted": Choice.of("yes", "no"),
        "standing": Choice.of("complete", "incomplete", "returned", "withdrawn"),
    },
)
COLUMNS = (
    Column("code", _("Code")),
    Column("name", _("School")),
    Column("level", _("Level")),
    Column("region", _("Region")),
    Column("preferences", _("Preferences")),
    Column("submission", _("Submission")),
    Column("submitted_at", _("Submitted")),
    Column("channel", _("Entered")),
    Column("admitted", _("Admitted")),
    Column("points", _("Points")),
    Column("exclusions", _("Conditions not met")),
    Column("missing", _("Missing")),
)


@get("/waves/{slug:str}/applications", opt=READ, include_in_schema=False, operation_id="ApplicationsPage")
async def applications_page(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """The applications that count: searched, filtered, sorted, paged, or whole as a file."""
    wave = await service.get_wave(slug)
    query = LIST.parse(request.url.path, request.query_params)
    asked = {"q": query.q, "sort": query.sort, "descending": query.descending, **query.filters}
    format = request.query_params.get("format", "")
    if format in ("csv", "xlsx", "json"):
        rows, _total = await applications.list_applications(wave, who(request), **asked)
        return export_response(_format(format), f"{slug}-applications", COLUMNS, [_export_row(row) for row in rows])
    rows, total = await applications.list_applications(
        wave, who(request), **asked, limit=query.limit, offset=query.offset
    )
    language = 1 if current_locale.get() == "en" else 0
    kits = {slug: titles[language] or titles[0] for slug, titles in (await service.kit_titles(wave.id)).items()}
    context = {
        "wave": wave,
        "title": wave.title(current_locale.get()),
        "query": query,
        "rows": rows,
        "total": total,
        "regions": list(region_names(await service.regions()).items()),
        "levels": [(level, LEVELS[level]) for level in (*KNOWN_LEVELS, "university")],
        "level_words": LEVELS,
        "kits": sorted(kits.items(), key=lambda pair: pair[1]),
        "kit_titles": kits,
        "score_run": await scores.latest_run(wave.id),
        "word": word,
    }
    return Template("waves/applications.html", context=context)


def _format(value: str) -> Format:
    return "csv" if value == "csv" else "xlsx" if value == "xlsx" else "json"


def _export_row(row: dict[str, Any]) -> tuple[object, ...]:
    return (
        row["code"],
        row["name"],
        str(word(LEVELS, row["level"])),
        row["region_en"] if current_locale.get() == "en" else row["region_el"],
        " > ".join(row["preferences"]),
        row["submission"],
        row["submitted_at"],
        str(word(CHANNELS, row["channel"])),
        row["admitted"],
        row["total"],
        ", ".join(row["exclusions"]),
        ", ".join(row["missing"]),
    )


@get("/waves/{slug:str}/applications/new", opt=WRITE, include_in_schema=False, operation_id="NewApplicationPage")
async def new_application_page(slug: FromPath[str]) -> Template:
    """The form of one application."""
    return await _form_template(slug, MultiDict(), {})


async def _form_template(slug: str, form: Any, errors: dict[str, str], status: int = 200) -> Template:
    wave = await service.get_wave(slug)
    stored = await service.require_rules(wave.id)
    context = {"wave": wave, "rules": stored.rules, "form": form, "errors": errors, "language": current_locale.get()}
    return Template("waves/application_new.html", context=context, status_code=status)


@post(
    "/waves/{slug:str}/applications/new",
    opt=WRITE,
    include_in_schema=False,
    operation_id="NewApplication",
    status_code=303,
)
async def new_application(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """Take an application that staff fill in."""
    form = await request.form()
    wave = await service.get_wave(slug)
    stored = await service.require_rules(wave.id)
    entry = entry_of_form(form, text_of(form, "school_code"), stored.rules)
    try:
        done = await applications.submit(slug, entry, channel="form", principal=who(request))
    except DomainError as error:
        return await _form_template(slug, form, errors_of(error), error.status)
    return Redirect(f"/waves/{slug}/applications/{done.id}", status_code=303)


@get(
    "/waves/{slug:str}/applications/{application_id:int}",
    opt=READ,
    include_in_schema=False,
    operation_id="ApplicationPage",
)
async def application_page(request: AnyRequest, slug: FromPath[str], application_id: FromPath[int]) -> Template:
    """One application: its points part by part with the evidence, what does not count and why, its history."""
    return await application_template(request, slug, application_id)


async def application_template(
    request: AnyRequest,
    slug: str,
    application_id: int,
    *,
    form: Any = None,
    handled: Any = None,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Template:
    """One application's page, again with what was typed where something is wrong.

    Args:
        request: whose reader sees it.
        slug: the wave.
        application_id: the application.
        form: what was typed into the form of evidence.
        handled: what was typed into the forms of sending back, withdrawing and noting.
        errors: what is wrong, by field.
        status: of the answer.
    """
    wave = await service.get_wave(slug)
    shown = await applications.get_application(wave, application_id, who(request))
    stored = await service.require_rules(wave.id)
    pieces = await evidence.evidence_of(shown.institution_id)
    context = {
        "wave": wave,
        "title": wave.title(current_locale.get()),
        "application": shown,
        "rules": stored.rules,
        "score": shown_score(await scores.score_of_application(application_id), pieces, stored.rules),
        "pieces": pieces,
        "submissions": await applications.submissions_of(wave.id, shown.institution_id),
        "history": await audit.history("institution", shown.institution_id, limit=20),
        "kits": {slug: titles[0] for slug, titles in (await service.kit_titles(wave.id)).items()},
        "evidence_words": EVIDENCE,
        "evidence_kinds": list(EVIDENCE.items()),
        "levels": LEVELS,
        "channels": CHANNELS,
        "word": word,
        "form": form or {},
        "errors": errors or {},
        "handled": handled or {},
        "handling": await handling.handling_of(shown),
        "last_moment": last_moment(wave, stored.rules) if wave.deadline_at else None,
        "missing": missing_words(
            stored.rules,
            missing_of(stored.rules, shown.preferences, shown.declarations),
            current_locale.get(),
        ),
        "posts": POSTS,
        "language": current_locale.get(),
    }
    return Template("waves/application.html", context=context, status_code=status)


@post(
    "/waves/{slug:str}/applications/{application_id:int}/evidence",
    opt=WRITE,
    include_in_schema=False,
    operation_id="AddEvidence",
    status_code=303,
)
async def add_evidence(request: AnyRequest, slug: FromPath[str], application_id: FromPath[int]) -> Response[Any]:
    """Add a piece of evidence to the school."""
    form = await request.form()
    wave = await service.get_wave(slug)
    shown = await applications.get_application(wave, application_id, who(request))
    piece = piece_of_form(form, text_of(form, "evidence_school") or shown.code)
    _name, document = await file_of_form(form, "document")
    service_school = text_of(form, "service_school")
    try:
        await evidence.add_evidence(
            wave, piece, principal=who(request), service_school=service_school, document=document or None
        )
    except DomainError as error:
        told = {"evidence": errors_of(error).get("", error.slug)}
        return await application_template(
            request, slug, application_id, form=dict(form), errors=told, status=error.status
        )
    return Redirect(f"/waves/{slug}/applications/{application_id}#evidence", status_code=303)


@post(
    "/waves/{slug:str}/applications/{application_id:int}/evidence/{evidence_id:int}/withdraw",
    opt=WRITE,
    include_in_schema=False,
    operation_id="WithdrawEvidence",
    status_code=303,
)
async def withdraw_evidence(
    request: AnyRequest, slug: FromPath[str], application_id: FromPath[int], evidence_id: FromPath[int]
) -> Response[Any]:
    """Take a piece of evidence out of account, with a reason."""
    form = await request.form()
    try:
        await evidence.withdraw_evidence(evidence_id, text_of(form, f"why-{evidence_id}"))
    except Invalid as refused:
        told = {"evidence": sentence_of(refused)}
        return await application_template(request, slug, application_id, errors=told, status=refused.status)
    return Redirect(f"/waves/{slug}/applications/{application_id}#evidence", status_code=303)


@post(
    "/waves/{slug:str}/applications/{application_id:int}/evidence/{evidence_id:int}/confirm",
    opt=WRITE,
    include_in_schema=False,
    operation_id="ConfirmEvidence",
    status_code=303,
)
async def confirm_evidence(
    request: AnyRequest, slug: FromPath[str], application_id: FromPath[int], evidence_id: FromPath[int]
) -> Redirect:
    """Confirm a piece of evidence that the school entered itself."""
    await checking.check_evidence([evidence_id], "accepted", "", who(request))
    return Redirect(f"/waves/{slug}/applications/{application_id}#evidence", status_code=303)


@get(
    "/waves/{slug:str}/applications/{application_id:int}/documents/{digest:str}",
    opt=READ,
    include_in_schema=False,
    operation_id="EvidenceDocument",
)
async def document(
    request: AnyRequest, slug: FromPath[str], application_id: FromPath[int], digest: FromPath[str]
) -> Response[bytes]:
    """A document that stands behind a piece of evidence."""
    wave = await service.get_wave(slug)
    shown = await applications.get_application(wave, application_id, who(request))
    stored = await evidence.document_of(shown.institution_id, digest)
    headers = {"content-disposition": f'inline; filename="{digest[:12]}"', "content-security-policy": "sandbox"}
    return Response(stored.content, media_type=stored.media_type, headers=headers)


@get("/waves/{slug:str}/applications/import", opt=WRITE, include_in_schema=False, operation_id="ImportApplicationsPage")
async def import_page(slug: FromPath[str]) -> Template:
    """Where a file of applications is given."""
    wave = await service.get_wave(slug)
    stored = await service.require_rules(wave.id)
    context = {"wave": wave, "columns": sample_columns(stored.rules), "errors": {}}
    return Template("waves/import.html", context=context)


@post(
    "/waves/{slug:str}/applications/import",
    opt=WRITE,
    include_in_schema=False,
    operation_id="ImportApplications",
    status_code=303,
)
async def import_file(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """Take the file and put its import to work."""
    form = await request.form()
    name, content = await file_of_form(form, "file")
    wave = await service.get_wave(slug)
    errors, status = {"file": str(_("Choose a file."))}, 422
    if content:
        try:
            job = await importing.start_import(slug, name, content, who(request))
            return Redirect(f"/waves/{slug}/work/{job}", status_code=303)
        except DomainError as error:
            errors, status = {"file": errors_of(error)[""]}, error.status
    stored = await service.require_rules(wave.id)
    context = {"wave": wave, "columns": sample_columns(stored.rules), "errors": errors}
    return Template("waves/import.html", context=context, status_code=status)


@get("/waves/{slug:str}/work/{job_id:int}", opt=READ, include_in_schema=False, operation_id="WaveWorkPage")
async def work_page(request: AnyRequest, slug: FromPath[str], job_id: FromPath[int]) -> Response[Any]:
    """Work for a wave: how far it is, with what result, what is wrong in which row (also as a file)."""
    wave = await service.get_wave(slug)
    job = await job_of(request, job_id)
    if job.payload.get("wave_id") != wave.id:
        raise NotFound("job-not-found", id=job_id)
    faults = [
        {**each, "detail": sentence(each["slug"], each.get("params", {}))}
        for each in (job.error or {}).get("errors", [])
    ]
    format = request.query_params.get("format", "")
    if format in ("csv", "xlsx", "json"):
        columns = (Column("row", _("Row")), Column("column", _("Column")), Column("message", _("What is wrong")))
        rows = [(fault.get("row"), fault.get("column"), fault["detail"]) for fault in faults]
        return export_response(_format(format), f"{slug}-faults-{job_id}", columns, rows)
    refusal = sentence(job.error["slug"], job.error.get("params", {})) if job.error and job.state == "failed" else ""
    # the file that was sent has the words of its headings, not the names that programs give them
    headings = {} if current_locale.get() == "en" else {name: words[0] for name, words in COLUMN_WORDS.items()}
    context = {
        "wave": wave,
        "job": job,
        "view": job_view(job),
        "faults": faults,
        "refusal": refusal,
        "headings": headings,
    }
    return Template("waves/work.html", context=context)


@get("/waves/{slug:str}/invite", opt=WRITE, include_in_schema=False, operation_id="InvitePage")
async def invite_page(slug: FromPath[str]) -> Template:
    """Where schools are sent the link to the application form."""
    context = {"wave": await service.get_wave(slug), "form": {}, "errors": {}, "sent": None}
    return Template("waves/invite.html", context=context)


@post("/waves/{slug:str}/invite", opt=WRITE, include_in_schema=False, operation_id="Invite", status_code=200)
async def invite(request: AnyRequest, slug: FromPath[str]) -> Template:
    """Send schools their link to the application form."""
    form = await request.form()
    wave = await service.get_wave(slug)
    codes = text_of(form, "codes").replace(",", " ").replace(";", " ").split()
    errors: dict[str, str] = {}
    sent, status = None, 200
    try:
        sent = await invitations.invite(slug, codes)
    except FieldErrors as error:
        details = [sentence(each["slug"], each.get("params", {})) for each in error.errors]
        errors, status = {"codes": " ".join(details)}, error.status
    except DomainError as error:
        errors, status = {"codes": errors_of(error)[""]}, error.status
    context = {"wave": wave, "form": dict(form), "errors": errors, "sent": sent}
    return Template("waves/invite.html", context=context, status_code=status)


ROUTES: list[ControllerRouterHandler] = [
    applications_page,
    new_application_page,
    new_application,
    application_page,
    add_evidence,
    withdraw_evidence,
    confirm_evidence,
    document,
    import_page,
    import_file,
    work_page,
    invite_page,
    invite,
]

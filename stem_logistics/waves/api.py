"""The waves over JSON: the same use cases as the pages."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Request, Response, get, post, put
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, MultipartBody
from litestar.types import ControllerRouterHandler
from pydantic import BaseModel

from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import Invalid
from stem_logistics.waves import applications, calls, evidence, importing, scores, service
from stem_logistics.waves.application_file import ApplicationEntry, EvidenceEntry
from stem_logistics.waves.page_tools import who
from stem_logistics.waves.schemas import (
    ApplicationDetail,
    ApplicationGiven,
    ApplicationOut,
    ApplicationPage,
    CallToOpen,
    Draw,
    EvidenceGiven,
    NewDeadline,
    NewWave,
    RulesOut,
    Saved,
    Started,
    SubmittedOut,
    WaveOut,
    WaveTotals,
)
from stem_logistics.web.idempotency import answer_once

AnyRequest = Request[Any, Any, Any]
READ = {"permission": Permission.WAVES_READ}
WRITE = {"permission": Permission.WAVES_WRITE}
PAGE = 100
IdempotencyKey = Annotated[str | None, HeaderParameter(name="Idempotency-Key", required=False, max_length=200)]


def _wave(wave: service.Wave) -> WaveOut:
    return WaveOut.model_validate({name: getattr(wave, name) for name in WaveOut.model_fields})


@dataclass
class ApplicationsForm:
    """The file of applications: CSV or XLSX."""

    file: UploadFile


async def _once(key: str | None, asked: object, status: int, make: Callable[[], Awaitable[BaseModel]]) -> Response[Any]:
    async def run() -> tuple[int, dict[str, Any]]:
        made = await make()
        return status, made.model_dump(mode="json")

    found, body = await answer_once(key, asked, run)
    return Response(body, status_code=found)


@get("/api/v1/waves", opt=READ, operation_id="ListWaves", tags=["waves"])
async def list_waves() -> list[WaveTotals]:
    """All waves, historic ones too, with their totals."""
    return [
        WaveTotals(
            **_wave(line.wave).model_dump(),
            applicants=line.applicants,
            grants=line.grants,
            departments=line.departments,
            units=line.units,
        )
        for line in await service.list_waves()
    ]


@post("/api/v1/waves", opt=WRITE, operation_id="CreateWave", tags=["waves"], status_code=201)
async def create_wave(data: JSONBody[NewWave], idempotency_key: IdempotencyKey = None) -> Response[WaveOut]:
    """A new wave, as a draft."""

    async def make() -> WaveOut:
        return _wave(await service.create_wave(data.slug, data.title_el, data.title_en, data.year_from, data.year_to))

    return await _once(idempotency_key, data.model_dump(mode="json"), 201, make)


@get("/api/v1/waves/{slug:str}", opt=READ, operation_id="GetWave", tags=["waves"])
async def get_wave(slug: FromPath[str]) -> WaveOut:
    """One wave."""
    return _wave(await service.get_wave(slug))


@get("/api/v1/waves/{slug:str}/rules", opt=READ, operation_id="GetWaveRules", tags=["waves"])
async def get_rules(slug: FromPath[str]) -> RulesOut:
    """The newest version of a wave's rules."""
    stored = await service.require_rules((await service.get_wave(slug)).id)
    return RulesOut(version=stored.version, frozen_at=stored.frozen_at, document=stored.rules.as_json())


@put("/api/v1/waves/{slug:str}/rules", opt=WRITE, operation_id="PutWaveRules", tags=["waves"])
async def put_rules(slug: FromPath[str], data: JSONBody[dict[str, Any]]) -> Saved:
    """Replace a draft's rules; every fault is answered with its place in the document."""
    return Saved(version=await service.save_rules(slug, data))


@post("/api/v1/waves/{slug:str}/open", opt=WRITE, operation_id="OpenWaveCall", tags=["waves"], status_code=200)
async def open_call(slug: FromPath[str], data: JSONBody[CallToOpen]) -> WaveOut:
    """Open the call: the rules freeze, the promise of the lottery's seed is published."""
    return _wave(await calls.open_call(slug, **data.model_dump()))


@post("/api/v1/waves/{slug:str}/deadline", opt=WRITE, operation_id="MoveDeadline", tags=["waves"], status_code=200)
async def move_deadline(slug: FromPath[str], data: JSONBody[NewDeadline]) -> WaveOut:
    """Move the deadline with a reason, or close now."""
    return _wave(await calls.change_deadline(slug, data.deadline_at, data.why))


@post("/api/v1/waves/{slug:str}/seed", opt=WRITE, operation_id="RevealWaveSeed", tags=["waves"], status_code=200)
async def reveal_seed(slug: FromPath[str], data: JSONBody[Draw]) -> WaveOut:
    """Enter the numbers of the draw; refused if a seed or nonce does not follow from the promise."""
    return _wave(await calls.reveal_seed(slug, data.draw_numbers, nonce=data.nonce, seed=data.seed))


@get("/api/v1/waves/{slug:str}/applications", opt=READ, operation_id="ListApplications", tags=["waves"])
async def list_applications(
    request: AnyRequest, slug: FromPath[str], after: FromQuery[int] = 0, region: FromQuery[str] = ""
) -> ApplicationPage:
    """The applications that count, by id, with their newest points; within the reader's scope."""
    wave = await service.get_wave(slug)
    after = max(0, min(after, 2**62))
    rows, _total = await applications.list_applications(
        wave, who(request), region=region[:60], sort="id", descending=False, after=after, limit=PAGE
    )
    items = [
        ApplicationOut(
            id=row["id"],
            submission=row["submission"],
            school_code=row["code"],
            school=row["name"],
            level=row["level"],
            region=row["region"],
            preferences=row["preferences"],
            submitted_at=row["submitted_at"],
            channel=row["channel"],
            admitted=row["admitted"],
            points=row["total"],
            exclusions=row["exclusions"],
        )
        for row in rows
    ]
    return ApplicationPage(items=items, after=items[-1].id if len(items) == PAGE else None)


def _piece(given: EvidenceGiven, school_code: str) -> EvidenceEntry:
    school_kind = given.kind in ("school-label", "ite-label")
    return EvidenceEntry(
        row=1,
        kind=given.kind,
        school_code=given.school_code or school_code,
        reference=given.reference or (given.kind if school_kind else ""),
        year=given.year,
        title=given.title,
        category=given.category,
        rank=given.rank,
        stem=given.stem,
        awarded_on=given.awarded_on.isoformat() if given.awarded_on else "",
        teacher_code="" if school_kind else given.teacher_code,
    )


@post("/api/v1/waves/{slug:str}/applications", opt=WRITE, operation_id="Apply", tags=["waves"], status_code=201)
async def apply(
    request: AnyRequest,
    slug: FromPath[str],
    data: JSONBody[ApplicationGiven],
    idempotency_key: IdempotencyKey = None,
) -> Response[SubmittedOut]:
    """Take a school's application with its evidence; a later one of the same school takes its place."""
    pieces = tuple(_piece(given, data.school_code) for given in data.evidence)
    entry = ApplicationEntry(
        1, data.school_code, tuple(data.preferences), data.declarations, data.project_title, pieces, teachers_of(pieces)
    )

    async def make() -> SubmittedOut:
        done = await applications.submit(slug, entry, channel="form", principal=who(request))
        return SubmittedOut(id=done.id, submission=done.submission, changed=done.changed)

    return await _once(idempotency_key, {"slug": slug, **data.model_dump(mode="json")}, 201, make)


def teachers_of(pieces: tuple[EvidenceEntry, ...]) -> tuple[applications.TeacherEntry, ...]:
    """The teachers that pieces of evidence name; where they serve is not said by them."""
    return tuple(applications.TeacherEntry(1, p.teacher_code, p.school_code) for p in pieces if p.teacher_code)


@get(
    "/api/v1/waves/{slug:str}/applications/{application_id:int}",
    opt=READ,
    operation_id="GetApplication",
    tags=["waves"],
)
async def get_application(request: AnyRequest, slug: FromPath[str], application_id: FromPath[int]) -> ApplicationDetail:
    """One application with its points part by part and the evidence of its school."""
    wave = await service.get_wave(slug)
    shown = await applications.get_application(wave, application_id, who(request))
    return ApplicationDetail(
        id=shown.id,
        submission=shown.submission,
        state=shown.state,
        school_code=shown.code,
        school=shown.name,
        level=shown.level,
        preferences=shown.preferences,
        declarations=shown.declarations,
        project_title=shown.project_title,
        submitted_at=shown.submitted_at,
        score=await scores.score_of_application(application_id),
        evidence=await evidence.evidence_of(shown.institution_id),
    )


@post(
    "/api/v1/waves/{slug:str}/applications/import",
    opt=WRITE,
    operation_id="ImportApplicationsFile",
    tags=["waves"],
    status_code=202,
)
async def import_applications(
    request: AnyRequest,
    slug: FromPath[str],
    data: MultipartBody[ApplicationsForm],
) -> Started:
    """Take a CSV or XLSX file of applications, all rows or none, as a job."""
    content = await data.file.read()
    if not content:
        raise Invalid("registry-file-empty")
    return Started(job=await importing.start_import(slug, data.file.filename, content, who(request)))


@post("/api/v1/waves/{slug:str}/score", opt=WRITE, operation_id="StartScoring", tags=["waves"], status_code=202)
async def start_scoring(slug: FromPath[str]) -> Started:
    """Score the applications, as a job."""
    return Started(job=await scores.start_scoring(slug))


ROUTES: list[ControllerRouterHandler] = [
    list_waves,
    create_wave,
    get_wave,
    get_rules,
    put_rules,
    open_call,
    move_deadline,
    reveal_seed,
    list_applications,
    apply,
    get_application,
    import_applications,
    start_scoring,
]

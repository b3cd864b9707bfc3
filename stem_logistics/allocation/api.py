"""The allocation over JSON: run, publish, read the results and the two files."""

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.allocation import results, service
from stem_logistics.allocation.schemas import AwardOut, Publication, ResultRow, Results, RunOut, Started
from stem_logistics.errors import NotFound
from stem_logistics.waves.page_tools import AnyRequest, who
from stem_logistics.waves.service import Wave, get_wave

READ = {"permission": Permission.WAVES_READ}
WRITE = {"permission": Permission.WAVES_WRITE}
PUBLISH = {"permission": Permission.WAVES_PUBLISH}
PUBLIC = {"permission": Permission.PUBLIC}
PAGE = 200


def _run(run: service.Run) -> RunOut:
    return RunOut.model_validate({name: getattr(run, name) for name in RunOut.model_fields})


async def _published(slug: str) -> tuple[Wave, service.Run]:
    wave = await get_wave(slug)
    return wave, await service.published_run(wave)


@post("/api/v1/waves/{slug:str}/allocation", opt=WRITE, operation_id="StartAllocation", tags=["waves"], status_code=202)
async def start_allocation(slug: FromPath[str]) -> Started:
    """Allocate the kits, as a job: input written, core run, outcome verified, both files kept."""
    return Started(job=await service.start_allocation(slug))


@get("/api/v1/waves/{slug:str}/allocation", opt=READ, operation_id="GetAllocation", tags=["waves"])
async def get_allocation(request: AnyRequest, slug: FromPath[str]) -> RunOut:
    """The run that shows: the published one, else the newest (for those who read the whole country's waves)."""
    run = await service.shown_run(await get_wave(slug), who(request))
    if run is None:
        raise NotFound("allocation-run-not-found")
    return _run(run)


@post("/api/v1/waves/{slug:str}/publish", opt=PUBLISH, operation_id="PublishResults", tags=["waves"], status_code=200)
async def publish_results(slug: FromPath[str], data: JSONBody[Publication]) -> RunOut:
    """Publish a run: verified once more, frozen, awards written, every school told."""
    return _run(await service.publish(slug, data.run))


@get("/api/v1/waves/{slug:str}/results", opt=PUBLIC, operation_id="GetResults", tags=["results"])
async def get_results(slug: FromPath[str], after: FromQuery[str] = "") -> Results:
    """The published results, school by school; no sign-in needed."""
    _wave, run = await _published(slug)
    rows, _total = await results.results_of(run, sort="code", descending=False, after=after[:20], limit=PAGE)
    items = [
        ResultRow(
            school_code=row["code"],
            school=row["name"],
            level=row["level"],
            region=row["region"],
            points=row["total"],
            admitted=row["admitted"],
            exclusions=row["exclusions"],
            preferences=row["preferences"],
            kit=row["kit_slug"],
            line=row["line"],
            units=row["units"],
            reason=row["first_code"],
            ticket=row["ticket"],
        )
        for row in rows
    ]
    return Results(run=_run(run), items=items, after=items[-1].school_code if len(items) == PAGE else None)


@get("/api/v1/waves/{slug:str}/awards", opt=PUBLIC, operation_id="GetAwards", tags=["results"])
async def get_awards(slug: FromPath[str]) -> list[AwardOut]:
    """Who received what, of a wave whose results are out, historic ones too; no sign-in needed."""
    wave = await get_wave(slug)
    if not wave.is_over:
        raise NotFound("results-not-published")
    return [
        AwardOut(
            school_code=award.code,
            school=award.name,
            kind=award.kind,
            kit=award.kit_slug,
            line=award.line,
            units=award.units,
            source=award.source,
        )
        for award in await service.awards_of_wave(wave.id)
    ]


@get("/api/v1/waves/{slug:str}/results/input.json", opt=PUBLIC, operation_id="GetResultInput", tags=["results"])
async def get_input(slug: FromPath[str]) -> Response[bytes]:
    """The published input, byte for byte."""
    _wave, run = await _published(slug)
    return Response(await service.file_of(run, "input"), media_type="application/json")


@get("/api/v1/waves/{slug:str}/results/outcome.json", opt=PUBLIC, operation_id="GetResultOutcome", tags=["results"])
async def get_outcome(slug: FromPath[str]) -> Response[bytes]:
    """The published outcome, byte for byte."""
    _wave, run = await _published(slug)
    return Response(await service.file_of(run, "outcome"), media_type="application/json")


ROUTES: list[ControllerRouterHandler] = [
    start_allocation,
    get_allocation,
    publish_results,
    get_results,
    get_awards,
    get_input,
    get_outcome,
]

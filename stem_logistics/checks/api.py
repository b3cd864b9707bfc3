"""The API for laptops, and reports for programs."""

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.types import ControllerRouterHandler

from device_agents.envelope import MAX_BYTES, Envelope
from stem_logistics.accounts.policy import Permission
from stem_logistics.checks import agents, firmware, schemas, service, signing

AnyRequest = Request[Any, Any, Any]
PAGE = 100


@dataclass
class _TakesEnvelope(Operation):
    """Describes the body of a filed report: the handler reads it as bytes, for the signature is over them."""

    def __post_init__(self) -> None:
        fields = Envelope.model_json_schema()["properties"]
        kinds = {"integer": OpenAPIType.INTEGER, "object": OpenAPIType.OBJECT}
        properties = {
            name: Schema(type=kinds.get(each.get("type"), OpenAPIType.STRING)) for name, each in fields.items()
        }
        for name in ("previous", "kit"):
            properties[name] = Schema(type=[OpenAPIType.STRING, OpenAPIType.NULL])
        envelope = Schema(
            type=OpenAPIType.OBJECT,
            title="Envelope",
            description="A signed report, `stem-check-envelope/1`.",
            properties=dict(properties),
            required=sorted(fields),
        )
        self.request_body = RequestBody({"application/json": OpenAPIMediaType(schema=envelope)}, required=True)


@post(
    "/api/v1/agents/enrol",
    opt={"permission": Permission.PUBLIC, "exclude_from_csrf": True},
    operation_id="EnrolAgent",
    tags=["checks"],
    request_max_body_size=10_000,
    status_code=201,
)
async def enrol(data: JSONBody[schemas.EnrolmentRequest]) -> schemas.Enrolled:
    """Make a laptop known: it spends a one-time code and leaves its public key."""
    wish = agents.Application(
        data.code, data.name, data.version, bytes.fromhex(data.public_key), bytes.fromhex(data.proof)
    )
    code, name = await agents.enrol(wish)
    return schemas.Enrolled(agent=code, name=name, service_key=(await signing.signer()).public_key.hex())


@get(
    "/api/v1/agents/bundle",
    opt={"permission": Permission.AGENT},
    operation_id="BundleForAgents",
    tags=["checks"],
    media_type="application/json",
    responses={304: ResponseSpec(data_container=None, description="The laptop has this version already.")},
)
async def bundle(request: AnyRequest) -> Response[bytes]:
    """The known firmware in force, signed (`firmware_checks/bundles.py`). Asked for by a laptop, with its signature;
    `If-None-Match` with the version that it has is answered with 304."""
    header = request.headers.get("authorization", "")
    agent = await agents.agent_of_request(header, "GET", request.url.path, b"")
    told = request.headers.get("if-none-match", "").strip('"')
    have = int(told) if told.isascii() and told.isdigit() and len(told) < 17 else None
    assert agent.id is not None
    version, content = await firmware.bundle_for(agent.id, have)
    headers = {"ETag": f'"{version}"'}
    if content is None:
        return Response(b"", status_code=304, headers=headers)
    return Response(content, media_type="application/json", headers=headers)


@get(
    "/api/v1/kits/{code:str}/expected",
    opt={"permission": Permission.AGENT},
    operation_id="ExpectedOfKit",
    tags=["checks"],
)
async def expected(request: AnyRequest, code: FromPath[str]) -> schemas.ExpectedList:
    """What of a kit can be checked. Asked for by a laptop, with its signature."""
    await agents.agent_of_request(request.headers.get("authorization", ""), "GET", request.url.path, b"")
    return schemas.ExpectedList.model_validate(await service.expected_list(code))


@post(
    "/api/v1/check-reports",
    opt={"permission": Permission.AGENT, "exclude_from_csrf": True},
    operation_id="FileCheckReport",
    operation_class=_TakesEnvelope,
    tags=["checks"],
    request_max_body_size=MAX_BYTES + 1,
    status_code=201,
)
async def file_report(request: AnyRequest) -> Response[schemas.Filed]:
    """File a signed report (`device_agents/envelope.py`). The same report again answers 200 and changes nothing."""
    body = await request.body()
    sent = await agents.signed_moment(request.headers.get("authorization", ""), "POST", request.url.path, body)
    filed = await service.file_report(body, sent)
    state: Literal["filed", "known"] = "filed" if filed.new else "known"
    answer = schemas.Filed(state=state, report_id=filed.report_id, chain=filed.chain)
    return Response(answer, status_code=201 if filed.new else 200)


@get(
    "/api/v1/check-reports",
    opt={"permission": Permission.CHECKS_READ},
    operation_id="ListCheckReports",
    tags=["checks"],
)
async def list_reports(
    kit: FromQuery[str] = "", serial: FromQuery[str] = "", verdict: FromQuery[str] = "", offset: FromQuery[int] = 0
) -> schemas.ReportPage:
    """Reports, newest first."""
    start = max(0, min(offset, 1_000_000))
    filters = {"verdict": verdict[:20]} if verdict else {}
    rows, total = await service.list_reports(
        (kit or serial)[:100], filters, sort="observed", descending=True, limit=PAGE, offset=start
    )
    following = start + PAGE if start + PAGE < total else None
    return schemas.ReportPage(reports=[_summary(row) for row in rows], total=total, next=following)


@get(
    "/api/v1/check-reports/{report_id:uuid}",
    opt={"permission": Permission.CHECKS_READ},
    operation_id="GetCheckReport",
    tags=["checks"],
)
async def get_report(report_id: FromPath[UUID]) -> schemas.ReportWhole:
    """One report with its envelope, for whoever wants to check the signature themselves."""
    row, envelope, _report, holds = await service.get_report(report_id)
    return schemas.ReportWhole(
        **_summary(row).model_dump(), signature_holds=holds, envelope=envelope.model_dump(mode="json")
    )


def _summary(row: dict[str, Any]) -> schemas.ReportSummary:
    return schemas.ReportSummary(
        report_id=str(row["report_id"]),
        kit=row["kit_code"],
        device_kind=row["device_kind"],
        serial_number=row["serial_number"],
        verdict=row["verdict"],
        chain=row["chain"],
        agent=row["agent_code"],
        observed_at=row["observed_at"],
        received_at=row["received_at"],
    )


ROUTES: list[ControllerRouterHandler] = [enrol, expected, bundle, file_report, list_reports, get_report]

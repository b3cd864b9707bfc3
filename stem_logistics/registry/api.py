"""The registry's API."""

import hashlib
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery, HeaderParameter, QueryParameter
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import Invalid
from stem_logistics.registry import import_service, service
from stem_logistics.registry.model import Asked
from stem_logistics.registry.rules import REMOTE, Category, Level, State
from stem_logistics.registry.schemas import (
    ImportOut,
    InstitutionOut,
    InstitutionPage,
    RegionCount,
    import_out,
    institution_out,
)
from stem_logistics.web.idempotency import answer_once

AnyRequest = Request[Any, Any, Any]
CategoryName = Literal["special", "minority", "second-chance", "remote"]
assert set(CategoryName.__args__) == {*Category, REMOTE}  # type: ignore[attr-defined]  # a Literal has __args__


@dataclass
class ImportForm:
    """The file of a registry: CSV or XLSX."""

    file: UploadFile


@get(
    "/api/v1/institutions",
    opt={"permission": Permission.REGISTRY_READ},
    operation_id="ListInstitutions",
    tags=["registry"],
)
async def list_institutions(
    request: AnyRequest,
    q: Annotated[str, QueryParameter(max_length=200, description="words of the name, in any form, or a code")] = "",
    region: FromQuery[str] = "",
    directorate: FromQuery[str] = "",
    level: FromQuery[Level | None] = None,
    category: FromQuery[CategoryName | None] = None,
    in_state: Annotated[State | None, QueryParameter(name="state")] = None,
    kind: FromQuery[Literal["school", "department"] | None] = None,
    after: Annotated[str, QueryParameter(max_length=40, description="`next` of the page before")] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
) -> InstitutionPage:
    """Schools and departments by code, as far as the asker's scope reaches."""
    asked = Asked(
        q=_printable(q),
        region=_printable(region),
        directorate=_printable(directorate),
        level=level or "",
        category=category or "",
        state=in_state or "",
        kind=kind or "",
    )
    rows = await service.institutions_after(request.scope["user"], asked, _printable(after), limit=limit + 1)
    following = rows[limit - 1].code if len(rows) > limit else None
    return InstitutionPage(items=[institution_out(row) for row in rows[:limit]], next=following)


def _printable(text: str) -> str:
    # PostgreSQL refuses NUL; nothing unprintable is part of a name or a code.
    return "".join(letter for letter in text if letter.isprintable())


@get(
    "/api/v1/institutions/{code:str}",
    opt={"permission": Permission.REGISTRY_READ},
    operation_id="GetInstitution",
    tags=["registry"],
)
async def get_institution(request: AnyRequest, code: FromPath[str]) -> InstitutionOut:
    """One school or department."""
    return institution_out(await service.get_institution(request.scope["user"], _printable(code)))


@get(
    "/api/v1/regional-directorates",
    opt={"permission": Permission.REGISTRY_READ},
    operation_id="ListRegionalDirectorates",
    tags=["registry"],
)
async def list_regions(request: AnyRequest) -> list[RegionCount]:
    """The regional directorates, with their active institutions."""
    return [
        RegionCount(code=each.code, name_el=each.name_el, name_en=each.name_en, institutions=each.institutions)
        for each in await service.regions(request.scope["user"])
    ]


@post(
    "/api/v1/registry-imports",
    opt={"permission": Permission.REGISTRY_WRITE},
    operation_id="CreateRegistryImport",
    tags=["registry"],
    status_code=201,
)
async def create_import(
    request: AnyRequest,
    data: Annotated[ImportForm, Body(media_type=RequestEncodingType.MULTI_PART)],
    idempotency_key: Annotated[str | None, HeaderParameter(name="Idempotency-Key", max_length=200)] = None,
) -> Response[ImportOut]:
    """Upload a file; a job previews it, `confirm` imports it. A repeated key answers as the first time."""
    content = await data.file.read()
    if not content:
        raise Invalid("registry-no-file")
    principal = request.scope["user"]

    async def make() -> tuple[int, dict[str, Any]]:
        number = await import_service.upload(principal, data.file.filename, content)
        return 201, import_out(await import_service.get_import(principal, number)).model_dump(mode="json")

    asked = {"import": hashlib.sha256(content).hexdigest(), "name": data.file.filename}
    status, body = await answer_once(idempotency_key, asked, make)
    return Response(ImportOut.model_validate(body), status_code=status)


@get(
    "/api/v1/registry-imports/{import_id:int}",
    opt={"permission": Permission.REGISTRY_WRITE},
    operation_id="GetRegistryImport",
    tags=["registry"],
)
async def get_import(request: AnyRequest, import_id: FromPath[int]) -> ImportOut:
    """An import: its state, its numbers, its faults with row, column and message."""
    return import_out(await import_service.get_import(request.scope["user"], import_id))


@post(
    "/api/v1/registry-imports/{import_id:int}/confirm",
    opt={"permission": Permission.REGISTRY_WRITE},
    operation_id="ConfirmRegistryImport",
    tags=["registry"],
    status_code=202,
)
async def confirm_import(request: AnyRequest, import_id: FromPath[int]) -> ImportOut:
    """Let a previewed import run, all of it or nothing; asking twice runs it once."""
    await import_service.confirm(request.scope["user"], import_id)
    return import_out(await import_service.get_import(request.scope["user"], import_id))


ROUTES: list[ControllerRouterHandler] = [
    list_institutions,
    get_institution,
    list_regions,
    create_import,
    get_import,
    confirm_import,
]

"""A page on which anyone drops the two published files and sees them verified."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.allocation import service
from stem_logistics.allocation.checking import Verdict, check_files
from stem_logistics.errors import DomainError, NotFound
from stem_logistics.waves.page_tools import AnyRequest, file_of_form, page
from stem_logistics.web.sentences import sentence_of

PUBLIC = page(Permission.PUBLIC)


@get("/verify-results", opt=PUBLIC, include_in_schema=False, operation_id="VerifyFilesPage")
async def verify_page() -> Template:
    """The form for two files, and how to check without us."""
    return _page(None, {})


def _page(verdict: Verdict | None, errors: dict[str, str], status: int = 200) -> Template:
    return Template("allocation/verify.html", context={"verdict": verdict, "errors": errors}, status_code=status)


@post("/verify-results", opt=PUBLIC, include_in_schema=False, operation_id="VerifyFiles", status_code=200)
async def verify_files(request: AnyRequest) -> Response[Any]:
    """Run the verifier on the two files that were sent."""
    form = await request.form()
    _name, given = await file_of_form(form, "input")
    _name, outcome = await file_of_form(form, "outcome")
    try:
        verdict = await check_files(given, outcome)
    except DomainError as error:
        return _page(None, {"input": sentence_of(error)}, error.status)
    return _page(verdict, {})


@get("/verify-results/{name:str}", opt=PUBLIC, include_in_schema=False, operation_id="VerifierFile")
async def verifier(name: FromPath[str]) -> Response[bytes]:
    """A verifier, to be run on one's own computer."""
    if name not in service.VERIFIERS:
        raise NotFound("not-found")
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(service.verifier_source(name), media_type="text/x-python; charset=utf-8", headers=headers)


ROUTES: list[ControllerRouterHandler] = [verify_page, verify_files, verifier]

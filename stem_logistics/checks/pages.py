"""The pages of the checks: reports, one report with its evidence, laptops and their codes."""

from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics import runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.checks import agents, firmware, firmware_pages, service
from stem_logistics.checks.report_view import clock_words, kind_name, report_view
from stem_logistics.web.listing import Choice, ListSpec, Words

AnyRequest = Request[Any, Any, Any]

REPORTS = ListSpec(
    sorts=("observed", "kit", "kind", "verdict"),
    default_sort="-observed",
    filters={
        "verdict": Choice.of("fault", "PASS", "FAIL", "OUTDATED", "UNKNOWN", "MISMATCH", "DAMAGED", "INCONCLUSIVE"),
        "kind": Words(64),
        "agent": Words(16),
        "chain": Choice.of("whole", "gap", "fork"),
        "latest": Choice.of("yes"),
    },
)


@get("/devices", opt={"permission": Permission.CHECKS_READ}, include_in_schema=False, operation_id="ChecksPage")
async def reports_page(request: AnyRequest) -> Template:
    """The reports, newest first."""
    query = REPORTS.parse("/devices", request.query_params)
    rows, total = await service.list_reports(
        query.q,
        dict(query.filters),
        sort=query.sort,
        descending=query.descending,
        limit=query.limit,
        offset=query.offset,
    )
    faulty = await service.faulty_devices()
    context = {"query": query, "rows": rows, "total": total, "faulty": faulty, "kind_name": kind_name}
    return Template("checks/reports.html", context=context)


@get(
    "/devices/reports/{report_id:uuid}",
    opt={"permission": Permission.CHECKS_READ},
    include_in_schema=False,
    operation_id="CheckReportPage",
)
async def report_page(report_id: FromPath[UUID]) -> Template:
    """One report: what was found, by which steps, on what evidence, signed by whom."""
    row, envelope, report, holds = await service.get_report(report_id)
    return Template("checks/report.html", context=report_view(row, envelope, report, holds))


@get("/devices/agents", opt={"permission": Permission.CHECKS_READ}, include_in_schema=False, operation_id="AgentsPage")
async def agents_page() -> Template:
    """The laptops, and the codes that can still be used."""
    return await _agents_template(None)


async def _agents_template(issued: agents.IssuedCode | None) -> Template:
    context = {
        "agents": await agents.list_agents(),
        "codes": await agents.list_codes(),
        "issued": issued,
        "clock_words": clock_words,
        "server": runtime.settings().base_url,
        "bundle": await firmware.version_in_force(),
    }
    return Template("checks/agents.html", context=context)


@post(
    "/devices/agents/codes",
    opt={"permission": Permission.CHECKS_WRITE},
    include_in_schema=False,
    operation_id="IssueEnrolmentCode",
    status_code=200,
)
async def issue_code(request: AnyRequest) -> Template:
    """Make a code and show it: here and never again, so this answer is the page and not a redirect to it."""
    form = await request.form()
    return await _agents_template(await agents.issue_code(str(form.get("label", ""))))


@post(
    "/devices/agents/codes/{code_id:int}/withdraw",
    opt={"permission": Permission.CHECKS_WRITE},
    include_in_schema=False,
    operation_id="WithdrawEnrolmentCode",
    status_code=303,
)
async def withdraw_code(code_id: FromPath[int]) -> Redirect:
    """Withdraw a code that was not used."""
    await agents.withdraw_code(code_id)
    return Redirect("/devices/agents", status_code=303)


@post(
    "/devices/agents/{code:str}/revoke",
    opt={"permission": Permission.CHECKS_WRITE},
    include_in_schema=False,
    operation_id="RevokeAgent",
    status_code=303,
)
async def revoke(request: AnyRequest, code: FromPath[str]) -> Redirect:
    """Let a laptop file nothing any more."""
    form = await request.form()
    await agents.revoke(code, str(form.get("why", "")))
    return Redirect("/devices/agents", status_code=303)


ROUTES: list[ControllerRouterHandler] = [
    reports_page,
    report_page,
    agents_page,
    issue_code,
    withdraw_code,
    revoke,
    *firmware_pages.ROUTES,
]

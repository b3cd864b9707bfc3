"""Pages that are nobody's noun: the first page, a job's progress."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request, get
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from stem_logistics import jobs, today
from stem_logistics.accounts.policy import Permission
from stem_logistics.web.api import job_of
from stem_logistics.web.i18n import LazyText, Text, _
from stem_logistics.web.sentences import sentence

AnyRequest = Request[Any, Any, Any]
# Of many faults so many are named.
MOST_NAMED = 20


# What a piece of work is called, and where its result is to be seen.
# A result may say itself where it is to be seen (`href`).
JOB_WORDS: dict[str, tuple[LazyText, LazyText, str]] = {
    "delivery-reminders": (_("Sending reminders"), _("To what is late"), "/consignments/late"),
    "consignments-for-wave": (_("Making consignments"), _("To the consignments"), "/consignments"),
    "registry-duplicates": (_("Looking for double registrations"), _("To what was found"), "/schools/duplicates"),
    "stock-receive": (_("Receiving kits"), _("To the kits"), "/stock/kits"),
}


@dataclass(frozen=True)
class JobView:
    """A job as the progress component shows it."""

    state: str
    percent: int | None
    text: Text
    since: datetime


def job_view(job: jobs.Job) -> JobView:
    """A job in the component's words: a queued one waits, one without a total has no percentage."""
    state = "waiting" if job.state == "queued" else job.state
    return JobView(state, job.percent if job.total else None, "", job.started_at or job.created_at)


@get("/", opt={"permission": Permission.SIGNED_IN}, include_in_schema=False, operation_id="TodayPage")
async def first_page(request: AnyRequest) -> Template:
    """What needs this person today."""
    return Template("home.html", context=await today.overview(request.scope["user"]))


@get("/jobs/{job_id:int}", opt={"permission": Permission.SIGNED_IN}, include_in_schema=False, operation_id="JobPage")
async def job_page(request: AnyRequest, job_id: FromPath[int]) -> Template:
    """A piece of work: how far, since when, with what result. Survives a reload, needs no JavaScript."""
    job = await job_of(request, job_id)
    refusal = sentence(job.error["slug"], job.error["params"]) if job.error else ""
    title, onward, href = JOB_WORDS.get(job.kind, (_("Work under way"), "", ""))
    faults = [
        sentence(each["slug"], each.get("params", {})) for each in (job.error or {}).get("errors", [])[:MOST_NAMED]
    ]
    context = {
        "job": job,
        "view": job_view(job),
        "sentence": refusal,
        "faults": faults,
        "title": title,
        "onward": onward,
        "href": (job.result or {}).get("href", href),
    }
    return Template("work/job.html", context=context)


ROUTES: list[ControllerRouterHandler] = [first_page, job_page]

"""What is nobody's noun: health, and the progress of a job."""

from datetime import datetime
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from pydantic import BaseModel

from stem_logistics import jobs
from stem_logistics.accounts.policy import Permission
from stem_logistics.db.engine import fetch_value
from stem_logistics.db.migrating import pending_ids
from stem_logistics.errors import NotFound
from stem_logistics.web.sentences import sentence


class Health(BaseModel):
    """Whether the process lives, or is ready for work."""

    status: str
    detail: str = ""


class JobStatus(BaseModel):
    """A piece of work: how far it is and, when it has ended, with what."""

    id: int
    kind: str
    state: str
    done: int
    total: int
    percent: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    result: dict[str, Any] | None
    error: dict[str, Any] | None


@get("/healthz", opt={"permission": Permission.PUBLIC}, operation_id="Health", tags=["operation"])
async def healthz() -> Health:
    """The process answers."""
    return Health(status="ok")


@get("/readyz", opt={"permission": Permission.PUBLIC}, operation_id="Ready", tags=["operation"])
async def readyz() -> Response[Health]:
    """The database answers and its schema is current."""
    try:
        await fetch_value("SELECT 1")
        pending = await pending_ids()
    except Exception as error:
        return Response(Health(status="unavailable", detail=type(error).__name__), status_code=503)
    if pending:
        return Response(Health(status="unavailable", detail="migrations pending"), status_code=503)
    return Response(Health(status="ok"))


async def job_of(request: Request[Any, Any, Any], job_id: int) -> jobs.Job:
    """A job that this person may see: their own, or any for whoever reads the record of changes."""
    job = await jobs.get(job_id)
    who = request.scope["user"]
    if job.created_by != who.id and not who.may(Permission.AUDIT_READ):
        raise NotFound("job-not-found", id=job_id)
    return job


@get("/api/v1/jobs/{job_id:int}", opt={"permission": Permission.SIGNED_IN}, operation_id="GetJob", tags=["jobs"])
async def get_job(request: Request[Any, Any, Any], job_id: FromPath[int]) -> JobStatus:
    """Progress and result of a piece of work."""
    job = await job_of(request, job_id)
    return JobStatus(
        id=job.id,
        kind=job.kind,
        state=job.state,
        done=job.done,
        total=job.total,
        percent=job.percent,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        result=job.result,
        error=None if job.error is None else _told(job.error),
    )


def _told(error: dict[str, Any]) -> dict[str, Any]:
    """A job's refusal with its sentences in the reader's language, and without what is for the log only."""
    shown = {key: value for key, value in error.items() if key != "trace"}
    shown["detail"] = sentence(error["slug"], error.get("params", {}))
    if "errors" in shown:
        shown["errors"] = [
            {**each, "detail": sentence(each["slug"], each.get("params", {}))} for each in shown["errors"]
        ]
    return shown


ROUTES: list[ControllerRouterHandler] = [healthz, readyz, get_job]

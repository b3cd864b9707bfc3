"""What the allocation's API takes and gives."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Publication(BaseModel):
    """The run that was looked at."""

    model_config = ConfigDict(extra="forbid")

    run: Annotated[int, Field(ge=1, le=2**62)]


class Started(BaseModel):
    """Work that goes on in the background: its progress is at /api/v1/jobs/{job}."""

    job: int


class RunOut(BaseModel):
    """A run with the digests of its two files."""

    id: int
    seed: str
    input_sha256: str
    outcome_sha256: str
    created_at: datetime
    published_at: datetime | None


class ResultRow(BaseModel):
    """A school or department in the results: `kit` null where it received none, `reason` that of its first choice."""

    school_code: str
    school: str
    level: str
    region: str
    points: Decimal
    admitted: bool
    exclusions: list[str]
    preferences: list[str]
    kit: str | None
    line: str | None
    units: int | None
    reason: str | None
    ticket: str | None


class Results(BaseModel):
    """A page of the results, by school code; `after` is the code to go on from, null at the end."""

    run: RunOut
    items: list[ResultRow]
    after: str | None


class AwardOut(BaseModel):
    """What an institution was given."""

    school_code: str
    school: str
    kind: str
    kit: str
    line: str
    units: int
    source: str

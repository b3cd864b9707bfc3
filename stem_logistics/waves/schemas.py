"""What the waves' API takes and gives."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

# criterion.EVIDENCE_KINDS once more, for the API's description; a test holds the two together
EvidenceKind = Literal[
    "national-prize",
    "european-prize",
    "national-quality-label",
    "european-quality-label",
    "school-label",
    "ite-label",
    "national-project",
    "european-project",
    "completed-course",
]
Code = Annotated[str, StringConstraints(min_length=1, max_length=20, strip_whitespace=True)]


def _within_reason(value: datetime | date) -> datetime | date:
    if not 2005 <= value.year <= 2100:
        raise ValueError("the year must lie between 2005 and 2100")
    return value


Moment = Annotated[AwareDatetime, AfterValidator(_within_reason)]
Day = Annotated[date, AfterValidator(_within_reason)]
Line = Annotated[str, StringConstraints(max_length=300, strip_whitespace=True)]


class Given(BaseModel):
    """What a client sends: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


class NewWave(Given):
    slug: Annotated[str, StringConstraints(max_length=60)]
    title_el: Line
    title_en: Line = ""
    year_from: Annotated[int, Field(ge=2005, le=2100)]
    year_to: Annotated[int, Field(ge=2005, le=2100)]


class CallToOpen(Given):
    opens_at: Moment
    deadline_at: Moment
    draw_description: Line
    draw_on: Day
    call_protocol: Line = ""
    call_ada: Line = ""


class NewDeadline(Given):
    """Another deadline; without one the call closes now."""

    deadline_at: Moment | None = None
    why: Line


class Draw(Given):
    """The numbers drawn. A nonce or seed that is given too is held against the promise."""

    draw_numbers: Line
    nonce: Annotated[str, StringConstraints(max_length=200)] | None = None
    seed: Annotated[str, StringConstraints(max_length=64)] | None = None


class EvidenceGiven(Given):
    kind: EvidenceKind
    year: Annotated[int, Field(ge=2005, le=2100)]
    reference: Annotated[str, StringConstraints(max_length=120)] = ""
    title: Line = ""
    category: Annotated[str, StringConstraints(max_length=100)] = ""
    rank: Annotated[int, Field(ge=1, le=99)] | None = None
    stem: bool = False
    awarded_on: Day | None = None
    teacher_code: Annotated[str, StringConstraints(max_length=60)] = ""
    school_code: Annotated[str, StringConstraints(max_length=20)] = ""


class ApplicationGiven(Given):
    school_code: Code
    preferences: Annotated[list[Annotated[str, StringConstraints(max_length=60)]], Field(max_length=50)]
    declarations: dict[Annotated[str, StringConstraints(max_length=60)], bool] = Field(default_factory=dict)
    project_title: Line = ""
    evidence: Annotated[list[EvidenceGiven], Field(max_length=500)] = Field(default_factory=list)


class WaveOut(BaseModel):
    slug: str
    title_el: str
    title_en: str
    year_from: int
    year_to: int
    phase: str
    opens_at: datetime | None
    deadline_at: datetime | None
    seed_commitment: str | None
    draw_description: str
    draw_on: date | None
    draw_numbers: str | None
    nonce: str | None
    seed: str | None
    call_protocol: str
    call_ada: str
    decision_protocol: str
    decision_ada: str
    published_at: datetime | None


class WaveTotals(WaveOut):
    applicants: int
    grants: int
    departments: int
    units: int


class RulesOut(BaseModel):
    version: int
    frozen_at: datetime | None
    document: dict[str, Any]


class Saved(BaseModel):
    version: int


class SubmittedOut(BaseModel):
    id: int
    submission: int
    changed: bool


class Started(BaseModel):
    """Work that goes on in the background: its progress is at /api/v1/jobs/{job}."""

    job: int


class ApplicationOut(BaseModel):
    id: int
    submission: int
    school_code: str
    school: str
    level: str
    region: str
    preferences: list[str]
    submitted_at: datetime
    channel: str
    admitted: bool | None
    points: Decimal | None
    exclusions: list[str]


class ApplicationPage(BaseModel):
    """A page of applications by their ids; `after` is the key of the next one, null at the end."""

    items: list[ApplicationOut]
    after: int | None


class ApplicationDetail(BaseModel):
    id: int
    submission: int
    state: str
    school_code: str
    school: str
    level: str
    preferences: list[str]
    declarations: dict[str, bool]
    project_title: str
    submitted_at: datetime
    score: dict[str, Any] | None
    evidence: list[dict[str, Any]]

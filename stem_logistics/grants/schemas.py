"""What the API says of fixed lists."""

from datetime import datetime

from pydantic import BaseModel


class GrantListOut(BaseModel):
    """A published list of prizes or direct grants."""

    slug: str
    title_el: str
    title_en: str
    year: int
    reason: str
    ground: str
    delivered: bool
    decision_protocol: str
    decision_ada: str
    published_at: datetime | None
    schools: int
    departments: int
    units: int


class RecipientOut(BaseModel):
    """Who receives what, and why."""

    code: str
    name: str
    kind: str
    level: str
    region: str
    kit: str
    units: int
    category: str
    rank: str
    project: str
    why: str


class CorrectionOut(BaseModel):
    """What stands instead of what since a moment, and why; one of them is missing where a recipient was left out, or
    was none."""

    at: datetime
    why: str
    was: RecipientOut | None
    now: RecipientOut | None
    former_sha256: str


class GrantListWhole(BaseModel):
    """A published list with its recipients, what was corrected in it, and the digest of its file."""

    slug: str
    sha256: str
    recipients: list[RecipientOut]
    corrections: list[CorrectionOut]

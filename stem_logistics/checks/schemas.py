"""What the API of the checks takes and gives."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints


class EnrolmentRequest(BaseModel):
    """A laptop that spends an enrolment code. `proof` is its signature over the code and its key."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, StringConstraints(min_length=4, max_length=128)]
    name: Annotated[str, StringConstraints(max_length=200)] = ""
    version: Annotated[str, StringConstraints(max_length=100)] = ""
    public_key: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    proof: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]


class Enrolled(BaseModel):
    """Who the laptop is from now on."""

    agent: str
    name: str
    service_key: str
    """The public key that signs what the laptop takes from the service (`firmware_checks/bundles.py`)."""


class Names(BaseModel):
    """A name in both languages."""

    el: str
    en: str


class ExpectedLine(BaseModel):
    """Devices of one item in a kit."""

    item: str
    name: Names
    kind: str
    quantity: int
    serials: list[str]


class ExpectedFirmware(BaseModel):
    """At least this version of a product on a kind of device."""

    kind: str
    product: str
    minimum: str
    reason: str = ""


class ExpectedList(BaseModel):
    """What of a kit can be checked."""

    format: Literal["stem-kit-list/1"]
    kit: str
    title: Names
    lines: list[ExpectedLine]
    school: str = ""
    firmware: list[ExpectedFirmware] = []
    bundle: int = 0
    """The version of the bundle of known firmware in force, so that a laptop knows whether it has it."""


class Filed(BaseModel):
    """What became of a report: `known` where it was there already."""

    state: Literal["filed", "known"]
    report_id: str
    chain: Literal["whole", "gap", "fork"]


class ReportSummary(BaseModel):
    """A report in a list."""

    report_id: str
    kit: str | None
    device_kind: str
    serial_number: str
    verdict: str
    chain: str
    agent: str
    observed_at: datetime
    received_at: datetime


class ReportPage(BaseModel):
    """Some reports, newest first; `next` is the offset of those after them."""

    reports: list[ReportSummary]
    total: int
    next: int | None


class ReportWhole(ReportSummary):
    """A report with its envelope as it was signed."""

    signature_holds: bool
    envelope: dict[str, Any]

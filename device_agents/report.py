"""The report of a device check, `schema: "stem-check/1"`: what `stem-check probe --json` prints and the
service files.

Exactly six keys at the top: `{schema, verdict, kind, identity, steps, evidence}`. The models are strict
(nothing extra, every length bounded), because the service reads them from laptops that it does not control.
This module imports no transport. The signed envelope around a filed report stands in
`device_agents/envelope.py`.

What a reader may rely on:

- `verdict` is the worst verdict of the steps with `counts: true`; with no such step it is never PASS. A
  document that claims otherwise does not validate.
- `kind` is null only where `auto` could not tell the kind; then `verdict` is UNKNOWN.
- Keys of `reason` stand under `reason.<key>` in messages/{el,en}.toml; parameters and measured values are
  scalars.
- `evidence.transcript` may be shorter than what went over the line: `sent` and `received` always hold the
  whole length and SHA-256 of each direction, `omitted` how many bytes of the middle were left out.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from firmware_checks.verdicts import Verdict, worst

SCHEMA = "stem-check/1"

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]+$", max_length=64)]
Text = Annotated[str, StringConstraints(max_length=512)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, le=2**40)]
LARGEST = 1e15
Measure = Annotated[float, Field(allow_inf_nan=False, ge=-LARGEST, le=LARGEST)]
Number = Annotated[int, Field(ge=-int(LARGEST), le=int(LARGEST))]
Value = bool | Number | Measure | Text | None
Values = Annotated[dict[Key, Value], Field(max_length=64)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class Reason(_Model):
    """Why a step's verdict is what it is: a message key and its parameters."""

    key: Slug
    params: Values = Field(default_factory=dict)


class StepReport(_Model):
    """One step of a check. `counts` is false for steps that inform and do not decide."""

    name: Slug
    verdict: Verdict = Field(strict=False)
    reason: Reason | None = None
    measured: Values = Field(default_factory=dict)
    duration_ms: Annotated[int, Field(ge=0, le=86_400_000)] = 0
    counts: bool = True


class TranscriptEntry(_Model):
    """Bytes that went over the line in one direction: `at_ms` since the check began, `data` in base64."""

    at_ms: Annotated[int, Field(ge=0, le=86_400_000)]
    direction: Literal["sent", "received"]
    data: Annotated[str, StringConstraints(max_length=32_768)]

    @field_validator("data")
    @classmethod
    def _is_base64(cls, value: str) -> str:
        try:
            base64.b64decode(value, validate=True)
        except binascii.Error as fault:
            raise ValueError("not base64") from fault
        return value

    @property
    def raw(self) -> bytes:
        """The bytes themselves."""
        return base64.b64decode(self.data)


class Stream(_Model):
    """All that went in one direction, kept or not."""

    length: Count = 0
    sha256: Digest


class Region(_Model):
    """A region of a device's memory as it was read: its place, length and digest, never its content."""

    name: Slug
    start: Count
    length: Count
    sha256: Digest


class AnswerRecord(_Model):
    """An answer of the person at the table; of a photo its name, length and digest."""

    question: Slug
    value: Text | None
    size: Count = 0
    sha256: Digest | None = None


class Evidence(_Model):
    """What the verdict rests on."""

    port: Text = ""
    started_at: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$", max_length=32)]
    agent_version: Text = ""
    sent: Stream
    received: Stream
    transcript: Annotated[list[TranscriptEntry], Field(max_length=2_000)] = Field(default_factory=list)
    omitted: Count = 0
    regions: Annotated[list[Region], Field(max_length=16)] = Field(default_factory=list)
    answers: Annotated[list[AnswerRecord], Field(max_length=64)] = Field(default_factory=list)
    properties: Values = Field(default_factory=dict)


class Report(_Model):
    """A whole report."""

    schema_: Literal["stem-check/1"] = Field(default="stem-check/1", alias="schema")
    verdict: Verdict = Field(strict=False)
    kind: Slug | None
    identity: Values = Field(default_factory=dict)
    steps: Annotated[list[StepReport], Field(max_length=64)] = Field(default_factory=list)
    evidence: Evidence

    @model_validator(mode="after")
    def _verdict_follows_from_steps(self) -> Self:
        if self.kind is None:
            if self.verdict is not Verdict.UNKNOWN:
                raise ValueError("a report without a kind is UNKNOWN")
            return self
        expected = worst(step.verdict for step in self.steps if step.counts)
        if self.verdict is not expected:
            raise ValueError(f"verdict {self.verdict} does not follow from the steps, which say {expected}")
        return self

    def document(self) -> dict[str, object]:
        """The report as JSON values, with the six keys in their order."""
        return self.model_dump(mode="json", by_alias=True)

"""Puts a report together from what a check gathered. Whatever a device said is cut and cleaned on its way in."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from device_agents.conversation import Outcome
from device_agents.errors import Scalar
from device_agents.evidence import Recorder
from device_agents.kinds.base import CheckContext, Step
from device_agents.plain import MOST_TEXT, printable
from device_agents.report import LARGEST, AnswerRecord, Evidence, Reason, Region, Report, StepReport
from firmware_checks.verdicts import worst

_KEY_FORBIDS = re.compile(r"[^A-Za-z0-9_.:-]")


def now() -> datetime:
    """When a check begins."""
    return datetime.now(UTC)


def step_report(step: Step[Any], outcome: Outcome, seconds: float) -> StepReport:
    """A step as the report has it."""
    return StepReport(
        name=step.name,
        verdict=outcome.verdict,
        reason=Reason(key=outcome.reason, params=bounded(outcome.params)) if outcome.reason else None,
        measured=bounded(outcome.measured),
        duration_ms=max(0, round(seconds * 1000)),
        counts=step.counts and outcome.counts,
    )


def bounded(values: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """What a device said may be of any length and hold anything: cut, and without control characters."""
    return {_KEY_FORBIDS.sub("_", key)[:64] or "_": _clean(value) for key, value in list(values.items())[:64]}


def _clean(value: Scalar) -> Scalar:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, int | float) and not abs(value) <= LARGEST:  # NaN is not either
        return printable(str(value)) if isinstance(value, float) else "too large"
    return value


@dataclass(frozen=True)
class Gathered:
    """What came of a check besides its steps."""

    started_at: datetime
    recorder: Recorder
    answers: Sequence[AnswerRecord] = ()


def compose(kind: str | None, context: CheckContext, steps: list[StepReport], gathered: Gathered) -> Report:
    """The report of a check; without a kind it is that of a port which nobody could identify."""
    transcript, omitted = gathered.recorder.excerpt()
    candidate = context.candidate
    known = {
        "hardware_id": candidate.hardware_id,
        "usb_id": candidate.usb_id,
        "kind_named_by": context.kind_named_by,
        **candidate.properties,
        "known_firmware": context.catalogue.label,
    }
    return Report(
        verdict=worst(step.verdict for step in steps if step.counts),
        kind=kind,
        identity=bounded(context.identity),
        steps=steps,
        evidence=Evidence(
            port=candidate.port[:MOST_TEXT],
            started_at=gathered.started_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            agent_version=agent_version(),
            sent=gathered.recorder.sent,
            received=gathered.recorder.received,
            transcript=transcript,
            omitted=omitted,
            regions=[
                Region(name=region.name, start=region.start, length=region.length, sha256=region.sha256)
                for region in context.regions
            ],
            answers=list(gathered.answers),
            properties=bounded({key: value for key, value in known.items() if value}),
        ),
    )


def agent_version() -> str:
    """The version of this program, as installed."""
    try:
        return version("stem-logistics")
    except PackageNotFoundError:
        return ""

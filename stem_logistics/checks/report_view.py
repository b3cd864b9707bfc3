"""A report as its page shows it: words in the reader's language, bytes that people can read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from markupsafe import Markup

from device_agents import messages
from device_agents.envelope import Envelope
from device_agents.report import Report, StepReport, TranscriptEntry, Value
from firmware_checks.catalogue import load
from firmware_checks.verdicts import Verdict
from stem_logistics.checks.rules import CLOCK_SLACK_S
from stem_logistics.web.i18n import Text, current_locale, ngettext

MOST_ENTRIES: Final = 400
LINE: Final = 16
MOST_LINES: Final = 64
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class StepView:
    """A step: its name, verdict, reason, measurements."""

    name: str
    verdict: str
    reason: str
    measured: list[tuple[str, object]]
    duration_ms: int
    counts: bool


@dataclass(frozen=True)
class EntryView:
    """Bytes of the conversation, as a hex dump beside their text."""

    at: float
    sent: bool
    lines: list[tuple[str, str]]
    cut: int


def report_view(row: dict[str, Any], envelope: Envelope, report: Report | None, holds: bool) -> dict[str, Any]:
    """Everything that `checks/report.html` asks for."""
    language = current_locale.get()
    evidence = report.evidence if report else None
    entries = evidence.transcript if evidence else []
    return {
        "row": row,
        "envelope": envelope,
        "report": report,
        "holds": holds,
        "summary": _summary(report, language) if report else "",
        "clock": clock_words(row["clock_skew_s"]) if abs(row["clock_skew_s"] or 0) > CLOCK_SLACK_S else "",
        "kind_name": kind_name(row["device_kind"], language),
        "identity": _identity(report, language) if report else [],
        "steps": [_step(row["device_kind"], step, language) for step in report.steps] if report else [],
        "evidence": evidence,
        "part_names": {
            region.name: _text(language, f"step.{row['device_kind']}.{region.name}", region.name)
            for region in (evidence.regions if evidence else [])
        },
        "properties": _named(evidence.properties, language) if evidence else [],
        "transcript": [_entry(entry) for entry in entries[:MOST_ENTRIES]],
        "more_entries": max(0, len(entries) - MOST_ENTRIES),
        "questions": [
            (
                _text(language, f"question.{row['device_kind']}.{answer.question}", answer.question),
                answer,
                _shown(answer.value, language),
            )
            for answer in (evidence.answers if evidence else [])
        ],
    }


def _summary(report: Report, language: str) -> str:
    """The one sentence: why the verdict is what it is."""
    for step in report.steps:
        decides = step.counts and step.verdict is report.verdict and report.verdict is not Verdict.PASS
        if decides and step.reason is not None and messages.has(language, f"reason.{step.reason.key}"):
            params = messages.named_steps(language, report.kind, step.reason.params)
            return messages.text(language, f"reason.{step.reason.key}", params)
        limits = report.verdict is Verdict.PASS and not step.counts and step.reason is not None
        if limits and step.reason is not None and messages.has(language, f"limit.{step.reason.key}"):
            return messages.text(language, f"limit.{step.reason.key}", step.reason.params)
    return messages.text(language, f"verdict.{report.verdict}.sentence")


def clock_words(skew_s: int) -> Text:
    """By how much a laptop's clock was off, in the largest unit that says it."""
    size = abs(skew_s)
    ahead = skew_s > 0
    if size >= 86400:
        days = round(size / 86400)
        if ahead:
            return ngettext("%(num)s day ahead", "%(num)s days ahead", days)
        return ngettext("%(num)s day behind", "%(num)s days behind", days)
    if size >= 3600:
        hours = round(size / 3600)
        if ahead:
            return ngettext("%(num)s hour ahead", "%(num)s hours ahead", hours)
        return ngettext("%(num)s hour behind", "%(num)s hours behind", hours)
    minutes = round(size / 60)
    if ahead:
        return ngettext("%(num)s minute ahead", "%(num)s minutes ahead", minutes)
    return ngettext("%(num)s minute behind", "%(num)s minutes behind", minutes)


def kind_name(kind: str, language: str) -> str:
    """What a kind of device is called."""
    return _text(language, f"kind.{kind}", kind)


def _text(language: str, key: str, otherwise: str) -> str:
    return messages.text(language, key) if messages.has(language, key) else otherwise


def _named(values: Mapping[str, Value], language: str) -> list[tuple[str, object]]:
    """What was measured, or what a device says of itself, by name; values that say nothing left out."""
    return [
        (_text(language, f"measured.{key}", _text(language, f"identity.{key}", key)), _shown(value, language))
        for key, value in values.items()
        if value is not None and value != ""
    ]


def _shown(value: Value | None, language: str) -> object:
    if isinstance(value, bool):
        return _text(language, "choice.yes" if value else "choice.no", str(value))
    if isinstance(value, str) and messages.has(language, f"choice.{value}"):
        return messages.text(language, f"choice.{value}")
    if isinstance(value, str) and _DIGEST.fullmatch(value):
        return Markup('<span class="code">{}</span>').format(" ".join(value[i : i + 8] for i in range(0, 64, 8)))
    return messages.shown_number(value, language)


@cache
def _boards() -> dict[tuple[str, str], str]:
    return {(kind, board.slug): board.name for kind, each in load().baselines.items() for board in each.boards}


def _identity(report: Report, language: str) -> list[tuple[str, object]]:
    board = report.identity.get("board")
    name = _boards().get((report.kind or "", board)) if isinstance(board, str) else None
    return _named({**report.identity, "board": name or board}, language)


def _step(kind: str, step: StepReport, language: str) -> StepView:
    reason = ""
    if step.reason is not None:
        key = f"reason.{step.reason.key}"
        known = messages.has(language, key)
        params = messages.named_steps(language, kind, step.reason.params)
        reason = messages.text(language, key, params) if known else step.reason.key
    return StepView(
        _text(language, f"step.{kind}.{step.name}", step.name),
        step.verdict.value,
        reason,
        _named(step.measured, language),
        step.duration_ms,
        step.counts,
    )


def _entry(entry: TranscriptEntry) -> EntryView:
    data = entry.raw
    lines = []
    for start in range(0, min(len(data), LINE * MOST_LINES), LINE):
        piece = data[start : start + LINE]
        readable = "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in piece)
        lines.append((piece.hex(" "), readable))
    return EntryView(entry.at_ms / 1000, entry.direction == "sent", lines, max(0, len(data) - LINE * MOST_LINES))

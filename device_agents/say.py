"""A report in words: the verdict, one sentence, what was found, what to do next."""

import unicodedata

from device_agents.messages import has, named_steps, text
from device_agents.report import Reason, Report, StepReport
from firmware_checks.verdicts import Verdict


def decisive_step(report: Report) -> StepReport | None:
    """The first step that made the verdict what it is."""
    for step in report.steps:
        if step.counts and step.verdict is report.verdict:
            return step
    return None


def reason_sentence(report: Report, reason: Reason, language: str) -> str:
    """A step's reason in words; a step that it names is named as people know it."""
    return text(language, f"reason.{reason.key}", named_steps(language, report.kind, reason.params))


def limit_of(report: Report, language: str) -> Reason | None:
    """What a PASS does not cover: the reason of the first step that informs and has words under `limit`."""
    if report.verdict is not Verdict.PASS:
        return None
    reasons = (step.reason for step in report.steps if step.reason is not None and not step.counts)
    return next((reason for reason in reasons if has(language, f"limit.{reason.key}")), None)


def sentence_and_next(report: Report, language: str) -> tuple[str, str]:
    """The one sentence that says how the device is, and what to do next."""
    step = decisive_step(report)
    limit = limit_of(report, language)
    reason = step.reason if step is not None and report.verdict is not Verdict.PASS else limit
    if limit is not None:
        sentence = text(language, f"limit.{limit.key}", limit.params)
    elif reason is not None:
        sentence = reason_sentence(report, reason, language)
    else:
        # What PASS says of a kind that can be seen less of than others.
        passed = f"passed.{report.kind}"
        own = report.verdict.value == "PASS" and has(language, passed)
        sentence = text(language, passed if own else f"verdict.{report.verdict}.sentence")
    after = f"next.{reason.key}" if reason is not None else ""
    params = reason.params if reason is not None else {}
    key = after if after and has(language, after) else f"verdict.{report.verdict}.next"
    return sentence, text(language, key, params)


def shouted(verdict: Verdict, language: str) -> str:
    """The verdict at the head of what is said, in capitals: PASS, in Greek ΕΝΤΑΞΕΙ (capitals bear no accent)."""
    if language != "el":
        return str(verdict)
    parts = unicodedata.normalize("NFD", text(language, f"verdict.{verdict}.word").upper())
    return "".join(part for part in parts if not unicodedata.combining(part))


def describe_report(report: Report, language: str, after: str = "") -> str:
    """Several lines for a person: verdict and sentence, identity, next step (`after`, where more is known than the
    report alone says)."""
    kind = text(language, f"kind.{report.kind}") if report.kind else text(language, "ui.unknown-device")
    sentence, what = sentence_and_next(report, language)
    lines = [f"{shouted(report.verdict, language)}  {kind}: {sentence}"]
    for key, value in report.identity.items():
        label = f"identity.{key}"
        if value is not None and has(language, label):
            lines.append(f"  {text(language, label)}: {value}")
    lines.append(text(language, "ui.next", {"what": after or what}))
    return "\n".join(lines)

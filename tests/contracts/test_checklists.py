"""What every kind that is nothing but questions must keep to, those that an organisation adds too."""

import pytest

from device_agents.candidates import Candidate
from device_agents.conversation import Answer, Question
from device_agents.kinds import AnyKind, all_kinds
from device_agents.kinds.base import CheckContext, Opening
from device_agents.kinds.checklist_files import packaged
from device_agents.messages import LANGUAGES, has, text
from device_agents.report import Report
from device_agents.runner import run_check
from device_agents.say import describe_report
from firmware_checks.verdicts import Verdict

LISTS = {kind.slug: kind for kind in all_kinds() if kind.opening is Opening.NEVER}
FILES = {checklist.slug: checklist for checklist in packaged()}
CASES = [(slug, item.key) for slug, checklist in FILES.items() for item in checklist.items]


class Person:
    """Answers as a good device lets one answer, but for what is given."""

    def __init__(self, kind: AnyKind, **other: str | None) -> None:
        good = {item.key: item.good for item in FILES[kind.slug].items}
        self.answers: dict[str, str | None] = {**good, "photo": "front.jpg", "signature": "Μαρία Παπαδοπούλου", **other}
        self.asked: list[str] = []

    def ask(self, question: Question) -> Answer | None:
        self.asked.append(question.key)
        value = self.answers[question.key]
        if value is None:
            return None
        return Answer(value, 3, "0" * 64) if question.form == "photo" else Answer(value)


def check(kind: AnyKind, **other: str | None) -> tuple[Report, list[str]]:
    person = Person(kind, **other)
    return run_check(kind, CheckContext(Candidate("")), None, questioner=person), person.asked


def test_what_is_shipped() -> None:
    """The Ministry's sets and the devices without an interface are there, each as a file."""
    expected = {"bee-bot", "edison", "tablet", "set-r1", "set-r2", "set-r3", "set-s1", "set-s2"}
    assert expected <= set(FILES) == set(LISTS)


@pytest.mark.parametrize("slug", LISTS)
def test_only_a_whole_list_of_good_answers_passes(slug: str) -> None:
    """All good: PASS, with the list's version; without photo or name: INCONCLUSIVE."""
    kind = LISTS[slug]
    report, asked = check(kind)
    assert report.verdict is Verdict.PASS
    assert report.identity["list_version"] == FILES[slug].version
    assert asked == [question.key for question in kind.questions]
    for key, reason in (("photo", "photo-missing"), ("signature", "unsigned")):
        report, _ = check(kind, **{key: None})
        assert report.verdict is Verdict.INCONCLUSIVE
        assert [step.reason.key for step in report.steps if step.reason] == [reason]


@pytest.mark.parametrize(("slug", "key"), CASES)
def test_each_fault_is_told(slug: str, key: str) -> None:
    """A bad answer is a FAIL with a sentence of its own in both languages; no answer and “unsure” prove nothing."""
    kind = LISTS[slug]
    item = next(item for item in FILES[slug].items if item.key == key)
    bad = "no" if item.good == "yes" else "yes"
    report, asked = check(kind, **{key: bad})
    assert report.verdict is Verdict.FAIL
    reason = f"{slug}-{key}"
    assert reason in [step.reason.key for step in report.steps if step.reason]
    for language in LANGUAGES:
        assert has(language, f"reason.{reason}")
        assert text(language, f"reason.{reason}") in describe_report(report, language)
    behind = [step.name for step in report.steps if step.reason and step.reason.key == "not-reached"]
    keys = [each.key for each in FILES[slug].items]
    assert behind == (keys[keys.index(key) + 1 :] if item.essential else [])
    assert asked[-2:] == ["photo", "signature"]
    for answer in (None, "unsure"):
        report, _ = check(kind, **{key: answer})
        assert report.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("slug", "key"), CASES)
def test_what_may_be_absent_may(slug: str, key: str) -> None:
    """“It has none” is offered where the list says so, and good there."""
    kind = LISTS[slug]
    item = next(item for item in FILES[slug].items if item.key == key)
    offered = "none" in next(question for question in kind.questions if question.key == key).choices
    assert offered == item.may_be_absent
    if offered:
        report, _ = check(kind, **{key: "none"})
        assert report.verdict is Verdict.PASS

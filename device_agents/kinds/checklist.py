"""Kinds without a data interface: a person answers questions about the device, one by one.

A checklist is data, mostly a file (`checklist_files.py`): questions in their order, each with what a good device lets
the person answer. A fault that the person reports is a FAIL; a question that is not answered, or not known, leaves the
check INCONCLUSIVE; only a complete list of good answers with photo and signature is a PASS. Words:
`question.<slug>.<key>` for each question, and `reason.<slug>-<key>` for the fault that a bad answer to it reports.
"""

from collections.abc import Callable
from dataclasses import dataclass

from device_agents.conversation import Ask, Conversation, Outcome, Question, failed, inconclusive, passed
from device_agents.kinds.base import CheckContext, DeviceKind, Opening, Step

YES, NO, UNSURE, NONE = "yes", "no", "unsure", "none"
SHORTEST_NAME = 3


@dataclass(frozen=True)
class Item:
    """A question to be answered with yes, no or unsure; `good` is what a device in order lets one say.

    After a bad answer to an `essential` one the rest makes no sense (a robot that does not switch on cannot drive).
    What `may_be_absent` lets one answer that the device has none, which is good too.
    """

    key: str
    good: str = YES
    essential: bool = False
    may_be_absent: bool = False

    def question(self, slug: str) -> Question:
        """The question of that kind."""
        return Question(slug, self.key, "choice", (YES, NO, UNSURE, *((NONE,) if self.may_be_absent else ())))


class ChecklistCheck:
    """One checklist under way."""

    def __init__(self, context: CheckContext) -> None:
        self.context = context
        self.dead_since: str | None = None
        """The essential question whose answer was bad: those behind it are not asked, photo and name still are."""


def checklist_kind(
    slug: str, items: tuple[Item, ...], *, version: int = 1, photo: bool = True, signature: bool = True
) -> DeviceKind[ChecklistCheck]:
    """The kind whose check is that list, then (where they are wanted) a photo of the device and the person's name."""
    last = []
    questions = [item.question(slug) for item in items]
    for wanted, name, form, run in (
        (photo, "photo", "photo", taking),
        (signature, "signature", "signature", signing),
    ):
        if wanted:
            question = Question(slug, name, form)  # type: ignore[arg-type]  # both are forms
            questions.append(question)
            last.append(Step(name, run(question), timeout_s=None, essential=False))

    def begin(context: CheckContext) -> ChecklistCheck:
        context.identity["list_version"] = version
        return ChecklistCheck(context)

    return DeviceKind(
        slug=slug,
        begin=begin,
        opening=Opening.NEVER,
        deadline_s=None,
        questions=tuple(questions),
        steps=(
            *(Step(item.key, asking(slug, item), timeout_s=None, essential=False) for item in items),
            *last,
        ),
    )


def asking(slug: str, item: Item) -> Callable[[ChecklistCheck], Conversation[Outcome]]:
    """The step that puts one item's question."""

    def ask(check: ChecklistCheck) -> Conversation[Outcome]:
        if check.dead_since is not None:
            return inconclusive("not-reached", after=check.dead_since)
        reply = yield Ask(item.question(slug))
        known = {YES, NO, *((NONE,) if item.may_be_absent else ())}
        if reply.answer is None or reply.answer.value not in known:  # also what is no answer to this question
            return inconclusive("unanswered")
        if reply.answer.value not in (item.good, *((NONE,) if item.may_be_absent else ())):
            if item.essential:
                check.dead_since = item.key
            return failed(f"{slug}-{item.key}")
        return passed(answer=reply.answer.value)

    return ask


def taking(question: Question) -> Callable[[ChecklistCheck], Conversation[Outcome]]:
    """The step that asks for a photo."""

    def take(check: ChecklistCheck) -> Conversation[Outcome]:
        reply = yield Ask(question)
        if reply.answer is None:
            return inconclusive("photo-missing")
        return passed(bytes=reply.answer.size, sha256=reply.answer.sha256)

    return take


def signing(question: Question) -> Callable[[ChecklistCheck], Conversation[Outcome]]:
    """The step that asks for the person's name."""

    def sign(check: ChecklistCheck) -> Conversation[Outcome]:
        reply = yield Ask(question)
        if reply.answer is None:
            return inconclusive("unsigned")
        letters = sum(character.isalpha() for character in reply.answer.value)
        return passed() if letters >= SHORTEST_NAME else inconclusive("unsigned")

    return sign

"""The receipt's form: from what was typed to answers, or to words beside the fields. Knows no request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stem_logistics.deliveries import around_form
from stem_logistics.deliveries.expected import ExpectedLine
from stem_logistics.deliveries.rules import LineAnswer, ReceiptProblem, check_answer, check_receiver
from stem_logistics.web.i18n import LazyText, Text, _
from stem_logistics.web.sentences import sentence

NUMBERS = ("received", "damaged", "missing", "not_yet")
WORDS = ("damage_reason", "missing_reason", "note")
# What one thing may have become; the words stand in the template.
OUTCOMES = ("received", "damaged", "missing", "not-yet")
# As the official document writes them, whatever language the form speaks.
ROLES: tuple[tuple[str, LazyText], ...] = (
    ("Διευθυντής/Διευθύντρια", _("Head of the school")),
    ("Προϊστάμενος/Προϊσταμένη", _("Head of a small school or kindergarten")),
    ("Υποδιευθυντής/Υποδιευθύντρια", _("Deputy head")),
    ("Εκπαιδευτικός", _("Teacher")),
    ("Μέλος επιτροπής παραλαβής", _("Member of the receiving committee")),
)
OTHER_ROLE = "other"
LONGEST_FIELD = 20_000


@dataclass(frozen=True)
class ReceiptForm:
    """What was typed, as it was typed, and what it means.

    Args:
        ticked: keys of the lines that the person went through one by one; all others arrived in order.
        typed: every field by its name, to be shown again.
        errors: words by the fields' names.
    """

    ticked: tuple[str, ...]
    typed: Mapping[str, str]
    answers: Mapping[str, LineAnswer] = field(default_factory=dict)
    errors: dict[str, Text] = field(default_factory=dict)

    @property
    def receiver_name(self) -> str:
        """Who receives."""
        return self.typed.get("receiver_name", "")

    @property
    def receiver_role(self) -> str:
        """As what: one of the offered roles, or what was written instead."""
        chosen = self.typed.get("receiver_role", "")
        return self.typed.get("role_other", "") if chosen == OTHER_ROLE else chosen


def read(typed: Mapping[str, str], ticked: Sequence[str], lines: Sequence[ExpectedLine]) -> ReceiptForm:
    """The answers that a form gives for the lines that are still outstanding."""
    # PostgreSQL holds no NUL, and no person types one
    kept = {name: value[:LONGEST_FIELD].replace("\x00", "") for name, value in typed.items()}
    answers: dict[str, LineAnswer] = {}
    errors: dict[str, Text] = {}
    for line in lines:
        if not line.outstanding:
            continue
        if line.key not in ticked:
            answers[line.key] = LineAnswer(received=line.outstanding)
        elif line.is_one and not any(f"{name}-{line.key}" in kept for name in NUMBERS):
            _read_one(line, kept, answers, errors)
        else:
            _read_pieces(line, kept, answers, errors)
    return ReceiptForm(tuple(key for key in ticked), kept, answers, errors)


def _words(line: ExpectedLine, typed: Mapping[str, str]) -> dict[str, str]:
    return {name: typed.get(f"{name}-{line.key}", "").strip() for name in WORDS}


def _read_one(
    line: ExpectedLine, typed: Mapping[str, str], answers: dict[str, LineAnswer], errors: dict[str, Text]
) -> None:
    outcome = typed.get(f"outcome-{line.key}", "")
    if outcome not in OUTCOMES:
        errors[f"outcome-{line.key}"] = _("%(label)s: choose what happened to it.", label=line.label)
        return
    words = _words(line, typed)
    if outcome == "not-yet":
        answers[line.key] = LineAnswer(not_yet=1, note=words["note"])
    elif outcome == "received":
        answers[line.key] = LineAnswer(received=1, note=words["note"])
    elif outcome == "damaged":
        answers[line.key] = LineAnswer(damaged=1, damage_reason=words["damage_reason"], note=words["note"])
    else:
        answers[line.key] = LineAnswer(missing=1, missing_reason=words["missing_reason"], note=words["note"])


def _read_pieces(
    line: ExpectedLine, typed: Mapping[str, str], answers: dict[str, LineAnswer], errors: dict[str, Text]
) -> None:
    numbers: dict[str, int] = {}
    for name in NUMBERS:
        text = typed.get(f"{name}-{line.key}", "").strip()
        if text.removeprefix("-").isdecimal() and len(text) <= 12:
            numbers[name] = int(text)
        elif text:
            errors[f"{name}-{line.key}"] = _("%(label)s: give a whole number.", label=line.label)
    if f"received-{line.key}" not in errors and not any(
        typed.get(f"{name}-{line.key}", "").strip() for name in NUMBERS
    ):
        errors[f"received-{line.key}"] = _(
            "%(label)s: write how many arrived in order, damaged, not at all.", label=line.label
        )
    if not any(f"{name}-{line.key}" in errors for name in NUMBERS):
        words = _words(line, typed)
        answers[line.key] = LineAnswer(
            numbers.get("received", 0),
            numbers.get("damaged", 0),
            numbers.get("missing", 0),
            numbers.get("not_yet", 0),
            words["damage_reason"],
            words["missing_reason"],
            words["note"],
        )


def errors_of(problems: Sequence[ReceiptProblem], lines: Sequence[ExpectedLine]) -> dict[str, Text]:
    """What the rules found, beside the fields of the form."""
    single = {line.key for line in lines if line.is_one}
    found: dict[str, Text] = {}
    for problem in problems:
        where = problem.where
        if problem.line in single and where in NUMBERS:
            where = "outcome"
        name = f"{where}-{problem.line}" if problem.line is not None and where else where
        found.setdefault(name, sentence(problem.slug, problem.figures))
    return found


def problems(form: ReceiptForm, lines: Sequence[ExpectedLine]) -> dict[str, Text]:
    """What the rules say of those lines whose fields could be read, and of the person who receives."""
    found: list[ReceiptProblem] = []
    for line in lines:
        if line.key in form.answers:
            found += check_answer(line.rule_line, form.answers[line.key])
    found += check_receiver(form.receiver_name, form.receiver_role) + around_form.problems(form.typed)
    return errors_of(found, lines)

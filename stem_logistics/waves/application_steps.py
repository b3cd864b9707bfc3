"""The application as a school fills it in: one question a step, answers kept as they come. Pure.

Answers are texts by field; a step is a few fields (most have one). A step's form carries the fingerprint of what it
was made from (`seen_of`), so that an answer given on another screen in the meantime is noticed and never overwritten
unawares.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from stem_logistics.waves.application_file import ApplicationEntry
from stem_logistics.waves.rules_document import Condition, Kit, WaveRules

Answers = Mapping[str, str]
# Conditions that the head's signature answers: they are not asked for by themselves.
ASSEMBLY_ACT = "assembly-act"
HEAD_SIGNATURE = "head-signature"
SIGNED = (ASSEMBLY_ACT, HEAD_SIGNATURE)
SIGN_FIELDS = ("sign.name", "sign.post", "sign.act_number", "sign.act_on", "sign.act", "sign.of")
NONE = "none"  # no further kit is wanted
PREFERENCES = "preferences"


def suitable_kits(rules: WaveRules, school: Mapping[str, Any]) -> tuple[Kit, ...]:
    """The kits that a school may ask for: those of its level; a department: those given in blocks."""
    if school["kind"] == "department":
        return tuple(kit for kit in rules.kits if kit.university_blocks)
    return tuple(kit for kit in rules.kits if school["level"] in kit.levels)


def asked_conditions(rules: WaveRules) -> tuple[Condition, ...]:
    """The conditions that are questions of their own."""
    return tuple(c for c in rules.conditions if c.source == "declared" and c.slug not in SIGNED)


def steps_of(rules: WaveRules, kits: tuple[Kit, ...], answers: Answers) -> tuple[str, ...]:
    """The steps in their order, as far as the answers lead: a further choice is asked only after one before it."""
    choices = []
    for number in range(1, len(kits) + 1):
        choices.append(f"choice-{number}")
        if answers.get(f"choice-{number}", "") in ("", NONE):
            break
    return (*choices, "project", *(f"condition-{c.slug}" for c in asked_conditions(rules)), "evidence", "sign")


def fields_of(step: str) -> tuple[str, ...]:
    """The fields of a step."""
    return SIGN_FIELDS if step == "sign" else (step,)


def _fingerprint(values: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:24]


def seen_of(step: str, answers: Answers) -> str:
    """The fingerprint of a step's answers: what its form was made from."""
    return _fingerprint({name: answers[name] for name in fields_of(step) if name in answers})


def whole_of(answers: Answers) -> str:
    """The fingerprint of all answers: what is sent is what was shown."""
    return _fingerprint(dict(answers))


def content_of(answers: Answers) -> str:
    """The fingerprint of what a signature stands for: every answer but the signature itself."""
    return _fingerprint({name: value for name, value in answers.items() if not name.startswith("sign.")})


def is_signed(answers: Answers) -> bool:
    """Whether the head has signed the answers as they stand; a later change asks for a new signature."""
    return bool(answers.get("sign.name")) and answers.get("sign.of") == content_of(answers)


def is_answered(step: str, answers: Answers) -> bool:
    """Whether a step needs no visit any more."""
    return is_signed(answers) if step == "sign" else step in answers


def next_step(steps: tuple[str, ...], answers: Answers, after: str = "") -> str:
    """The first step behind `after` that has no answer; nothing where there is none."""
    start = steps.index(after) + 1 if after in steps else 0
    return next((step for step in steps[start:] if not is_answered(step, answers)), "")


def with_choice(answers: Answers, number: int, kit: str) -> dict[str, str]:
    """The answers with a choice made: further choices that it takes away are asked again."""
    changed = {**answers, f"choice-{number}": kit}
    later = [name for name in changed if name.startswith("choice-") and int(name[7:]) > number]
    taken = [int(name[7:]) for name in later if changed[name] == kit or kit == NONE]
    for name in later:
        if taken and int(name[7:]) >= min(taken):
            del changed[name]
    return changed


def choices_left(kits: tuple[Kit, ...], answers: Answers, number: int) -> tuple[Kit, ...]:
    """The kits that may still be the choice of this number."""
    before = {answers.get(f"choice-{n}", "") for n in range(1, number)}
    return tuple(kit for kit in kits if kit.slug not in before)


def preferences_of(answers: Answers, kits: tuple[Kit, ...]) -> tuple[str, ...]:
    """The chosen kits in order, each once."""
    found: list[str] = []
    for number in range(1, len(kits) + 1):
        kit = answers.get(f"choice-{number}", "")
        if kit in ("", NONE):
            break
        if kit not in found and any(each.slug == kit for each in kits):
            found.append(kit)
    return tuple(found)


def declarations_of(rules: WaveRules, answers: Answers) -> dict[str, bool]:
    """The answers to the conditions; those of the head's signature follow from it."""
    declared = {c.slug: answers.get(f"condition-{c.slug}") == "yes" for c in asked_conditions(rules)}
    signed = is_signed(answers)
    for condition in rules.conditions:
        if condition.source == "declared" and condition.slug in SIGNED:
            declared[condition.slug] = signed and (condition.slug == HEAD_SIGNATURE or bool(answers.get("sign.act")))
    return declared


def entry_of(rules: WaveRules, kits: tuple[Kit, ...], answers: Answers, school_code: str) -> ApplicationEntry:
    """The answers as an application."""
    return ApplicationEntry(
        row=1,
        school_code=school_code,
        preferences=preferences_of(answers, kits),
        declarations=declarations_of(rules, answers),
        project_title=answers.get("project", ""),
    )


def answers_of(current: Mapping[str, Any] | None, signature: Mapping[str, Any] | None, rules: WaveRules) -> Answers:
    """The answers that a change of a submission starts from: all of them but the signature, which is given anew."""
    if current is None:
        return {}
    answers = {f"choice-{number}": kit for number, kit in enumerate(current["preferences"], 1)}
    if len(current["preferences"]) < len(rules.kits):
        answers[f"choice-{len(current['preferences']) + 1}"] = NONE
    answers["project"] = current["project_title"]
    for condition in asked_conditions(rules):
        answers[f"condition-{condition.slug}"] = "yes" if current["declarations"].get(condition.slug) else "no"
    answers["evidence"] = "seen"
    if signature is not None and signature["act"]:
        answers["sign.act"] = signature["act"]
        answers["sign.act_number"] = signature["act_number"]
        answers["sign.act_on"] = signature["act_on"].isoformat() if signature["act_on"] else ""
    return answers


def missing_of(
    rules: WaveRules, preferences: tuple[str, ...] | list[str], declarations: Mapping[str, bool]
) -> list[str]:
    """What an application lacks: ``preferences``, and the conditions (by slug) that are not declared met."""
    missing = [] if preferences else [PREFERENCES]
    declared = [c.slug for c in rules.conditions if c.source == "declared"]
    return missing + [slug for slug in declared if declarations.get(slug) is not True]

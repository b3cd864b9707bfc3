"""An application that a school fills in: saved step by step, signed by the head, sent, confirmed with a receipt."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from stem_logistics import audit, files
from stem_logistics.accounts.policy import Principal
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, FieldErrors, Invalid, NotFound
from stem_logistics.waves import application_queries, application_steps, draft_queries
from stem_logistics.waves.application_steps import Answers
from stem_logistics.waves.applications import Submitted, application_of_school, school_of_link, submit
from stem_logistics.waves.hostile_files import checked_document
from stem_logistics.waves.receipts import confirm_submission
from stem_logistics.waves.rules_document import Kit, WaveRules
from stem_logistics.waves.service import Wave, lock_wave, require_rules
from stem_logistics.waves.windows import require_time_of
from stem_logistics.waves.words import POSTS

LONGEST = 300


class AnsweredElsewhere(Conflict):
    """The same question was answered on another screen since this form was made. Nothing was written."""

    def __init__(self) -> None:
        super().__init__("answered-elsewhere")


@dataclass(frozen=True)
class Draft:
    """Where a school stands: its answers so far, and what they lead to.

    `begun` is when the first answer was kept; None where there is no draft (the answers are then those of the
    submission that counts, if there is one).
    """

    wave: Wave
    school: dict[str, Any]
    rules: WaveRules
    kits: tuple[Kit, ...]
    answers: Answers
    current: dict[str, Any] | None
    signature: dict[str, Any] | None
    begun: datetime | None
    saved: datetime | None

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps in their order."""
        return application_steps.steps_of(self.rules, self.kits, self.answers)

    @property
    def missing(self) -> list[str]:
        """What the answers lack so far."""
        entry = application_steps.entry_of(self.rules, self.kits, self.answers, self.school["code"])
        return application_steps.missing_of(self.rules, entry.preferences, entry.declarations)


async def draft_of(principal: Principal) -> Draft:
    """The draft of the school that a link speaks for."""
    wave, school = await school_of_link(principal)
    rules = (await require_rules(wave.id)).rules
    current = await application_of_school(wave.id, school["id"])
    signature = await draft_queries.signature(current["id"]) if current else None
    kept = await draft_queries.draft(wave.id, school["id"])
    answers = kept["answers"] if kept else application_steps.answers_of(current, signature, rules)
    begun, saved = (kept["started_at"], kept["updated_at"]) if kept else (None, None)
    kits = application_steps.suitable_kits(rules, school)
    return Draft(wave, school, rules, kits, answers, current, signature, begun, saved)


async def _locked(principal: Principal) -> Draft:
    """The draft, alone with it until the unit of work ends; refused out of time, by the clock of the database."""
    wave, school = await school_of_link(principal)
    await lock_wave(wave.slug, change=False)
    await application_queries.lock_school(wave.id, school["id"])
    # the clock is read when there is nobody left to wait for
    now = await draft_of(principal)
    await require_time_of(now.wave, now.school["id"])
    return now


async def save_step(principal: Principal, step: str, value: str, seen: str) -> Draft:
    """Keep the answer to a step; returns the draft as it stands now.

    Args:
        principal: a school's link.
        step: any step but the signature.
        value: what was answered.
        seen: the fingerprint of the answers that the form was made from (`application_steps.seen_of`).

    Raises:
        Conflict: out of time.
        AnsweredElsewhere: another screen answered meanwhile, otherwise than this one.
        FieldErrors: an answer that the step cannot have.
        NotFound: no such step.
    """
    async with unit_of_work():
        now = await _locked(principal)
        if step not in now.steps or step == "sign":
            raise NotFound("application-step-unknown", step=step[:40])
        changed = _answered(now, step, value)
        if changed == now.answers and now.begun is not None:
            return now
        if application_steps.seen_of(step, now.answers) != seen:
            raise AnsweredElsewhere
        await draft_queries.put_draft(now.wave.id, now.school["id"], changed)
    return await draft_of(principal)


def _answered(now: Draft, step: str, value: str) -> dict[str, str]:
    def fault(slug: str) -> FieldErrors:
        return FieldErrors("application-invalid", errors=[{"field": step, "slug": slug, "params": {}}])

    if step.startswith("choice-"):
        number = int(step.removeprefix("choice-"))
        left = [kit.slug for kit in application_steps.choices_left(now.kits, now.answers, number)]
        if value not in left and (value != application_steps.NONE or number == 1):
            raise fault("preferences-missing" if number == 1 else "choice-missing")
        return application_steps.with_choice(now.answers, number, value)
    if step.startswith("condition-") and value not in ("yes", "no"):
        raise fault("answer-missing")
    if step == "project" and len(value) > LONGEST:
        raise fault("title-too-long")
    return {**now.answers, step: "seen" if step == "evidence" else value}


@dataclass(frozen=True)
class SignatureGiven:
    """What the form of the signature holds; `act` is the file's content, empty to keep the one that is there."""

    name: str
    post: str
    act_number: str
    act_on: str
    act: bytes
    agreed: bool


async def sign(principal: Principal, given: SignatureGiven, seen: str) -> Draft:
    """Keep the head's signature under the answers as they stand, with the act where one is attached.

    Raises:
        Conflict: out of time. AnsweredElsewhere: answers changed since the head saw them.
        FieldErrors: what the form lacks, or a file that is not taken.
    """
    errors = _signature_faults(given)
    act = b""
    if given.act:
        try:
            act, media_type = checked_document(given.act)
        except Invalid as refused:
            errors.append({"field": "act", "slug": refused.slug, "params": refused.params})
    if errors:
        raise FieldErrors("application-invalid", errors=errors)
    async with unit_of_work():
        now = await _locked(principal)
        if application_steps.whole_of(now.answers) != seen:
            raise AnsweredElsewhere
        changed = {
            **now.answers,
            "sign.name": given.name,
            "sign.post": given.post,
            "sign.act_number": given.act_number,
            "sign.act_on": given.act_on,
            "sign.of": application_steps.content_of(now.answers),
        }
        if act:
            changed["sign.act"] = (await files.store(act, media_type)).hex()
        await draft_queries.put_draft(now.wave.id, now.school["id"], changed)
        await audit.record("application-signed", "institution", now.school["id"], wave=now.wave.slug, post=given.post)
    return await draft_of(principal)


def _signature_faults(given: SignatureGiven) -> list[dict[str, Any]]:
    errors: list[dict[str, Any]] = []
    if not given.name or len(given.name) > LONGEST:
        errors.append({"field": "name", "slug": "signature-name-missing", "params": {}})
    if given.post not in POSTS:
        errors.append({"field": "post", "slug": "signature-post-missing", "params": {}})
    if len(given.act_number) > LONGEST:
        errors.append({"field": "act_number", "slug": "title-too-long", "params": {}})
    if given.act_on:
        try:
            date.fromisoformat(given.act_on)
        except ValueError:
            errors.append({"field": "act_on", "slug": "date-unusable", "params": {}})
    if not given.agreed:
        errors.append({"field": "agreed", "slug": "signature-not-agreed", "params": {}})
    return errors


async def send(principal: Principal, seen: str) -> Submitted:
    """Take the draft as the school's application, and confirm it with a receipt. The same form sent twice counts once.

    Args:
        principal: a school's link.
        seen: the fingerprint of all answers that the school was shown (`application_steps.whole_of`).

    Raises:
        Conflict: out of time (nothing was taken, the draft stays as it was); the change of a signed application has
            not been signed.
        AnsweredElsewhere: answers changed since they were shown.
        FieldErrors: no kit is chosen.
    """
    async with unit_of_work():
        now = await _locked(principal)
        if now.begun is None and now.current is not None:
            before = await draft_queries.receipt(now.current["id"])
            if before is not None and before["answers_digest"] == seen:
                return Submitted(now.current["id"], now.current["submission"], False)
        if application_steps.whole_of(now.answers) != seen:
            raise AnsweredElsewhere
        if now.signature is not None and not application_steps.is_signed(now.answers):
            raise Conflict("application-unsigned")
        entry = application_steps.entry_of(now.rules, now.kits, now.answers, now.school["code"])
        done = await submit(now.wave.slug, entry, channel="link", principal=principal, anew=now.begun is not None)
        if done.changed:
            await _keep_signature(done.id, now.answers)
            await confirm_submission(now.wave, now.school, now.rules, done, now.answers)
        await draft_queries.drop_draft(now.wave.id, now.school["id"])
    return done


async def _keep_signature(application_id: int, answers: Mapping[str, str]) -> None:
    if not application_steps.is_signed(answers):
        return
    await draft_queries.add_signature(
        application_id,
        answers["sign.name"],
        answers["sign.post"],
        answers.get("sign.act_number", ""),
        date.fromisoformat(answers["sign.act_on"]) if answers.get("sign.act_on") else None,
        bytes.fromhex(answers["sign.act"]) if answers.get("sign.act") else None,
    )


async def own_file(principal: Principal, what: str) -> files.StoredFile:
    """A file of the school's own application: ``receipt`` (PDF), ``facts`` (JSON) or ``act``. Raises NotFound."""
    now = await draft_of(principal)
    digest: bytes | None = None
    if what == "act" and now.answers.get("sign.act"):
        digest = bytes.fromhex(now.answers["sign.act"])
    elif what in ("receipt", "facts") and now.current is not None:
        found = await draft_queries.receipt(now.current["id"])
        digest = None if found is None else found["document_digest" if what == "receipt" else "facts_digest"]
    if digest is None:
        raise NotFound("file-not-found", digest=what)
    return await files.load(digest)


async def signature_of(application_id: int) -> dict[str, Any] | None:
    """Who signed a submission, where anybody did; `act` is the digest of the act's file."""
    return await draft_queries.signature(application_id)


async def receipt_of(application_id: int) -> dict[str, Any] | None:
    """The digests of a submission's receipt, where it has one."""
    return await draft_queries.receipt(application_id)

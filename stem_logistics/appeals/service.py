"""Appeals: filed by the school within the window, weighed before they are decided, decided by their own committee."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from stem_logistics import audit, files, mail
from stem_logistics.accounts.policy import EVERYWHERE, Permission, Principal
from stem_logistics.allocation import service as allocation
from stem_logistics.allocation.changes import Effect, Standing, effect_of
from stem_logistics.allocation.model import UNIVERSITY, Applicant, score_value
from stem_logistics.allocation.publication import publish_final
from stem_logistics.allocation.standing import follow, standing_of
from stem_logistics.appeals import queries
from stem_logistics.appeals.committees import committees_of
from stem_logistics.appeals.rules import DECISIONS, GRANTING, POINTS, Correction, corrected, fingerprint
from stem_logistics.appeals.words import DECISIONS as DECISION_WORDS
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, FieldErrors, Forbidden, Invalid, NotFound
from stem_logistics.waves import scores
from stem_logistics.waves.applications import school_by_code
from stem_logistics.waves.hostile_files import checked_document
from stem_logistics.waves.service import Wave, account_id, get_wave, lock_wave
from stem_logistics.web.formats import format_datetime
from stem_logistics.web.i18n import gettext, use_locale

MOST_TEXT = 5000


@dataclass(frozen=True)
class Filed:
    """An appeal that was taken: its number, when, and whether it stood there already (two tabs, a second click)."""

    number: int
    filed_at: datetime
    known: bool


def protocol_of(number: int) -> str:
    """An appeal's number as everybody writes it."""
    return f"Ε-{number}"


async def file_appeal(
    slug: str,
    code: str,
    *,
    point: str,
    detail: str = "",
    body: str,
    documents: Sequence[tuple[str, bytes]] = (),
    principal: Principal,
) -> Filed:
    """Take an appeal: of a school by its link within the window (server time), or entered by staff for it.

    Raises:
        FieldErrors: no point, no text.
        Conflict: nothing to appeal against yet, or too late.
        Invalid, TooLarge: a document that is not taken; a school that did not apply.
        Forbidden: a link of another school or wave.
    """
    errors = _faults(point, body)
    if errors:
        raise FieldErrors(errors=errors)
    async with unit_of_work():
        # held as for a change: numbers follow each other, and the clock is read when it is this one's turn
        wave = await lock_wave(slug)
        by_school = principal.kind == "link"
        if wave.phase not in ("provisional", "appeals"):
            raise Conflict("appeals-not-open")
        if by_school and wave.phase != "provisional":
            raise Conflict("appeals-closed", until=format_datetime(wave.appeals_last))
        school = await school_by_code(code)
        if by_school and (school is None or (principal.institution_id, principal.wave_id) != (school["id"], wave.id)):
            raise Forbidden("not-allowed")
        run = await allocation.published_run(wave)
        if school is None or not await scores.scores_of_institution(run.score_run_id, school["id"]):
            raise Invalid("appeal-of-nobody")
        same = await queries.same_appeal(wave.id, school["id"], point, detail)
        row = same or await queries.add_appeal(
            wave.id, school["id"], point, detail, body.strip(), "link" if by_school else "form", account_id()
        )
        for name, content in documents:
            await queries.add_document(row["id"], name[:120], await _store(content))
        if same is None:
            await audit.record("appeal-filed", "wave", wave.id, number=row["number"], point=point)
            await _receipt(wave, school, row)
    return Filed(row["number"], row["filed_at"], same is not None)


def _faults(point: str, body: str) -> list[dict[str, Any]]:
    errors: list[dict[str, Any]] = []
    if point not in POINTS:
        errors.append({"field": "point", "slug": "appeal-point-missing", "params": {}})
    if not body.strip():
        errors.append({"field": "body", "slug": "appeal-body-missing", "params": {}})
    if len(body) > MOST_TEXT:
        errors.append({"field": "body", "slug": "appeal-body-too-long", "params": {}})
    return errors


async def _store(content: bytes) -> bytes:
    # as with an application: a PDF that acts is refused, a photograph loses where it was taken
    kept, media_type = await asyncio.to_thread(checked_document, content)
    return await files.store(kept, media_type)


async def _receipt(wave: Wave, school: Mapping[str, Any], row: Mapping[str, Any]) -> None:
    if "@" not in school["email"]:
        return
    with use_locale("el"):
        subject = gettext("Appeal %(number)s was received", number=protocol_of(row["number"]))
        body = gettext(
            "To: %(school)s\n\nYour appeal %(number)s against the provisional results of %(wave)s was received on"
            " %(moment)s. The appeals committee decides; the decision and its reason come by mail and are published"
            " with the final results.\n\nNational Support Organisation eTwinning",
            school=school["name"],
            number=protocol_of(row["number"]),
            wave=wave.title("el"),
            moment=format_datetime(row["filed_at"]),
        )
    await mail.post(
        school["email"], subject, body, about=("wave", wave.id), institution_id=school["id"],
        idempotency_key=f"appeal-{row['id']}",
    )  # fmt: skip


async def names_of(codes: Sequence[str]) -> dict[str, str]:
    """The names of schools and departments by code."""
    return await queries.names(codes)


async def list_appeals(wave: Wave, principal: Principal) -> list[dict[str, Any]]:
    """A wave's appeals within the principal's scope, those to be decided first."""
    return await queries.appeals(wave.id, principal.scope(Permission.WAVES_READ))


async def published_appeals(wave: Wave) -> list[dict[str, Any]]:
    """Every decided appeal of a wave as it is published: no text of the school, no documents."""
    return [
        {
            "number": protocol_of(row["number"]),
            "id": row["code"],
            "point": row["point"],
            "detail": row["detail"],
            "decision": row["decision"],
            "reason": row["reason"],
            "effect": row["effect"] or "none",
        }
        for row in sorted(await queries.appeals(wave.id, EVERYWHERE), key=lambda row: row["number"])
        if row["state"] == "decided"
    ]


async def appeals_of_school(wave: Wave, institution_id: int) -> list[dict[str, Any]]:
    """A school's own appeals."""
    return await queries.appeals_of_institution(wave.id, institution_id)


async def get_appeal(wave: Wave, number: int, principal: Principal) -> dict[str, Any]:
    """One appeal with its documents, for whoever may see its school. Raises NotFound."""
    row = await queries.appeal(wave.id, number)
    scope = principal.scope(Permission.WAVES_READ)
    if row is None or not scope.covers(region_id=row["regional_directorate_id"], institution_id=row["institution_id"]):
        raise NotFound("appeal-not-found")
    return {**row, "late": _late(wave, row), "files": await queries.documents(row["id"])}


def _late(wave: Wave, row: Mapping[str, Any]) -> bool:
    return wave.appeals_until is not None and row["filed_at"] >= wave.appeals_until


async def document_of(wave: Wave, number: int, document_id: int, principal: Principal) -> files.StoredFile:
    """A document of an appeal. Raises NotFound."""
    row = await get_appeal(wave, number, principal)
    for each in row["files"]:
        if each["id"] == document_id:
            return await files.load(each["file_digest"])
    raise NotFound("file-not-found", digest="")


@dataclass(frozen=True)
class Weighed:
    """What a correction would do: the application before and after it, the effect, and what tells it from another."""

    before: Applicant
    after: Applicant
    effect: Effect
    seen: str


async def weigh(wave: Wave, appeal: Mapping[str, Any], correction: Correction) -> Weighed:
    """What deciding for the school would do; nothing is changed by asking.

    Raises:
        Invalid: the correction cannot be used.
    """
    run = await allocation.head_run(wave)
    standing = await standing_of(wave, run)
    before, parts = await _application(run, standing, appeal)
    try:
        after = corrected(before, parts, correction)
    except (ValueError, ArithmeticError) as error:
        raise Invalid("appeal-correction-unusable") from error
    reason = protocol_of(appeal["number"])
    # a re-run over a country's schools takes a moment: others are served meanwhile
    return await asyncio.to_thread(_weighed, standing, before, after, reason, admitted=correction.admit)


def _weighed(standing: Standing, before: Applicant, after: Applicant, reason: str, *, admitted: bool) -> Weighed:
    if after.id not in standing.applicants and not admitted:
        effect = Effect("none", "clears-nothing")  # whoever stays excluded receives nothing, whatever its points
    elif after == before and after.id in standing.applicants:
        effect = Effect("none", "clears-nothing")
    else:
        effect = effect_of(standing, after, reason)
    return Weighed(before, after, effect, fingerprint(effect))


async def _application(
    run: allocation.Run, standing: Standing, appeal: Mapping[str, Any]
) -> tuple[Applicant, dict[str, Decimal]]:
    """The application as it counts now, admitted or not, and its points by criterion."""
    scored = (await scores.scores_of_institution(run.score_run_id, appeal["institution_id"]))[-1]
    parts = {part["criterion"]: Decimal(part["points"]) for part in scored.parts["criteria"]}
    known = standing.applicants.get(scored.code)
    facts = scored.parts["facts"]
    return known or Applicant(
        id=scored.code,
        submission=scored.submission,
        level=UNIVERSITY if scored.kind == "department" else facts["level"],
        region=facts["region"],
        categories=tuple(facts["categories"]),
        score=score_value(format(scored.total, "f")),
        preferences=tuple(scored.preferences),
    ), parts


async def parts_of(wave: Wave, appeal: Mapping[str, Any]) -> dict[str, Any]:
    """What the form of a correction starts from: points by criterion, categories, preferences, admitted or not."""
    run = await allocation.head_run(wave)
    standing = await standing_of(wave, run)
    before, parts = await _application(run, standing, appeal)
    return {
        "parts": parts,
        "categories": before.categories,
        "preferences": before.preferences,
        "admitted": before.id in standing.applicants,
    }


async def decide(
    slug: str, number: int, *, decision: str, reason: str, correction: Correction | None = None, seen: str = ""
) -> str:
    """Decide an appeal, and do at once what the rule makes of it; returns the effect.

    Args:
        slug: the wave.
        number: the appeal's.
        decision: accepted, partly, rejected, out-of-time.
        reason: published with the final results.
        correction: what is corrected, where something is.
        seen: the fingerprint of the effect that was shown; another effect is not decided unseen.

    Raises:
        FieldErrors: no decision, no reason, no correction where one is accepted.
        Conflict: decided already, no committee, late, or the effect is another than the one shown.
    """
    errors: list[dict[str, Any]] = []
    if decision not in DECISIONS:
        errors.append({"field": "decision", "slug": "appeal-decision-missing", "params": {}})
    if not reason.strip():
        errors.append({"field": "reason", "slug": "appeal-reason-missing", "params": {}})
    if decision in GRANTING and correction is None:
        errors.append({"field": "correction", "slug": "appeal-correction-missing", "params": {}})
    if errors:
        raise FieldErrors(errors=errors)
    async with unit_of_work():
        wave = await lock_wave(slug)
        if wave.state != "provisional":
            raise Conflict("appeals-not-open")
        row = await queries.appeal(wave.id, number, lock=True)
        if row is None:
            raise NotFound("appeal-not-found")
        if row["state"] != "filed":
            raise Conflict("appeal-decided")
        if _late(wave, row) and decision != "out-of-time":
            raise Conflict("appeal-late")
        committee = (await committees_of(wave)).get("appeals")
        if committee is None:
            raise Conflict("appeals-committee-missing")
        effect, run_id = "none", None
        if decision in GRANTING and correction is not None:
            weighed = await weigh(wave, row, correction)
            if weighed.seen != seen:
                raise Conflict("appeal-effect-changed")
            effect = weighed.effect.kind
            if weighed.effect.after is not None:
                run = await allocation.head_run(wave)
                run_id = (await follow(run, weighed.effect.after, effect, protocol_of(number))).id
        await queries.decide(
            row["id"],
            decision=decision,
            reason=" ".join(reason.split()),
            correction=correction.as_json() if correction is not None and decision in GRANTING else None,
            effect=effect,
            committee_id=committee.id,
            run_id=run_id,
            decided_by=account_id(),
        )
        await audit.record("appeal-decided", "wave", wave.id, number=number, decision=decision, effect=effect)
        await _tell(wave, row, decision, reason)
    return effect


async def _tell(wave: Wave, row: Mapping[str, Any], decision: str, reason: str) -> None:
    if "@" not in row["email"]:
        return
    with use_locale("el"):
        subject = gettext("Decision on appeal %(number)s", number=protocol_of(row["number"]))
        body = gettext(
            "To: %(school)s\n\nThe appeals committee of %(wave)s has decided on your appeal %(number)s: %(decision)s."
            "\n\nReason: %(reason)s\n\nThe final results are published once every appeal is decided."
            "\n\nNational Support Organisation eTwinning",
            school=row["name"],
            wave=wave.title("el"),
            number=protocol_of(row["number"]),
            decision=str(DECISION_WORDS[decision]),
            reason=" ".join(reason.split()),
        )
    await mail.post(
        row["email"], subject, body, about=("wave", wave.id), institution_id=row["institution_id"],
        idempotency_key=f"appeal-decision-{row['id']}",
    )  # fmt: skip


async def withdraw_appeal(slug: str, number: int, principal: Principal) -> None:
    """A school takes its own appeal back, by its link, while nobody has decided.

    Raises:
        NotFound: another school's, or none.
        Conflict: decided already.
    """
    async with unit_of_work():
        wave = await get_wave(slug)
        row = await queries.appeal(wave.id, number, lock=True)
        if row is None or (principal.kind == "link" and principal.institution_id != row["institution_id"]):
            raise NotFound("appeal-not-found")
        if row["state"] != "filed":
            raise Conflict("appeal-decided")
        await queries.withdraw(row["id"])
        await audit.record("appeal-withdrawn", "wave", wave.id, number=number)


async def publish_final_results(slug: str) -> allocation.Run:
    """Publish the final results, once every appeal is decided; see `publication.publish_final`."""
    async with unit_of_work():
        wave = await lock_wave(slug)
        return await publish_final(slug, await published_appeals(wave), await queries.waiting(wave.id))

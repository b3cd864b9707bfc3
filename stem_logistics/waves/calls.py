"""A wave's call: opened with its rules frozen and the lottery promised, ended, and the draw revealed."""

import re
from datetime import UTC, date, datetime

from stem_logistics import audit, runtime
from stem_logistics.allocation import seed as lottery
from stem_logistics.allocation.errors import SeedNotFromCommitment
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, FieldErrors, Invalid, NotFound
from stem_logistics.waves import queries
from stem_logistics.waves.rules_checks import require_fillable
from stem_logistics.waves.service import Wave, get_wave, lock_wave, require_rules, wave_of_row
from stem_logistics.web.formats import format_datetime, local

NONCE = "lottery-nonce"
ADA = re.compile(r"[Α-Ω0-9]{6,14}-[Α-Ω0-9]{3}")  # as Diavgeia writes it: capitals and figures, a hyphen, three more


async def open_call(
    slug: str,
    *,
    opens_at: datetime,
    deadline_at: datetime,
    draw_description: str,
    draw_on: date,
    call_protocol: str = "",
    call_ada: str = "",
) -> Wave:
    """Open the call: freeze the rules, promise the lottery's secret, name the draw that will decide ties.

    The secret nonce is made here and kept encrypted with the server's key until the draw; only its digest is shown.

    Raises:
        FieldErrors: dates that do not follow each other, no draw named, places of the rules that nobody can take.
        Conflict: not a draft, or without rules.
    """
    errors = []
    if deadline_at <= datetime.now(UTC):
        errors.append({"field": "deadline_at", "slug": "deadline-not-in-future", "params": {}})
    if deadline_at <= opens_at:
        errors.append({"field": "deadline_at", "slug": "deadline-before-opening", "params": {}})
    if draw_on < local(deadline_at).date():
        errors.append({"field": "draw_on", "slug": "draw-before-deadline", "params": {}})
    if not draw_description.strip():
        errors.append({"field": "draw_description", "slug": "draw-description-missing", "params": {}})
    if errors:
        raise FieldErrors(errors=errors)
    nonce = lottery.new_nonce()
    async with unit_of_work():
        wave = await lock_wave(slug)
        if wave.state != "draft":
            raise Conflict("wave-not-draft")
        stored = await require_rules(wave.id)
        await require_fillable(stored.rules)
        commitment = lottery.commitment(nonce)
        await queries.freeze_rules(stored.id)
        await queries.open_wave(
            wave.id,
            opens_at=opens_at,
            deadline_at=deadline_at,
            commitment=commitment,
            nonce_sealed=runtime.keys().seal(NONCE, nonce.encode()),
            draw_description=draw_description.strip(),
            draw_on=draw_on,
            call_protocol=call_protocol.strip(),
            call_ada=call_ada.strip(),
        )
        await audit.record(
            "call-opened",
            "wave",
            wave.id,
            rules_version=stored.version,
            seed_commitment=commitment,
            deadline=deadline_at.isoformat(),
            draw_on=draw_on.isoformat(),
        )
    return await get_wave(slug)


async def change_deadline(slug: str, deadline_at: datetime | None, why: str) -> Wave:
    """Move the end of the call, or end it now (None); the reason is recorded.

    Raises:
        Conflict: the call is not open, or the draw's numbers are known.
        Invalid: no reason, or a moment that has passed.
    """
    if not why.strip():
        raise Invalid("deadline-needs-reason")
    async with unit_of_work():
        wave = await lock_wave(slug)
        if wave.state != "open" or wave.seed is not None:
            raise Conflict("wave-not-open")
        if deadline_at is None:
            if wave.phase != "open":
                raise Conflict("wave-not-open")
            deadline_at = await queries.close_now(wave.id)
        else:
            if deadline_at <= wave.now:
                raise Invalid("deadline-not-in-future")
            if wave.draw_on is not None and local(deadline_at).date() > wave.draw_on:
                raise Invalid("draw-before-deadline")
            await queries.set_deadline(wave.id, deadline_at)
        await audit.record(
            "deadline-changed",
            "wave",
            wave.id,
            why=why.strip(),
            before=wave.deadline_at.isoformat() if wave.deadline_at else None,
            after=deadline_at.isoformat(),
        )
    return await get_wave(slug)


async def reveal_seed(slug: str, draw_numbers: str, *, nonce: str | None = None, seed: str | None = None) -> Wave:
    """After the deadline and the draw: reveal the nonce, and the seed that follows from it and the draw's numbers.

    Args:
        slug: the wave.
        draw_numbers: what was drawn, written as the call says.
        nonce: whoever gives one has it checked against the promise; normally the kept one is used.
        seed: likewise.

    Raises:
        Conflict: too early, or already done.
        Invalid: no numbers; nonce or seed do not follow from the promise.
    """
    numbers = " ".join(draw_numbers.split())
    if not numbers:
        raise Invalid("draw-numbers-missing")
    async with unit_of_work():
        row = await queries.wave_by_slug(slug, lock="change")
        if row is None:
            raise NotFound("wave-not-found", wave=slug)
        wave = wave_of_row(row)
        if wave.seed is not None:
            raise Conflict("seed-already-revealed")
        if wave.phase in ("upcoming", "open"):
            raise Conflict("wave-still-open", deadline=format_datetime(wave.deadline_at))
        if wave.phase != "closed" or wave.seed_commitment is None:
            raise Conflict("wave-not-open")
        if wave.draw_on is not None and local(wave.now).date() < wave.draw_on:
            raise Conflict("draw-not-yet", draw_on=wave.draw_on.strftime("%d/%m/%Y"))
        if nonce is None:
            nonce = runtime.keys().unseal(NONCE, row["nonce_sealed"]).decode()
        try:
            found = lottery.reveal(wave.seed_commitment, nonce, numbers)
            if seed is not None:
                lottery.check_seed(seed, wave.seed_commitment, nonce, numbers)
        except SeedNotFromCommitment as error:
            raise Invalid("seed-not-from-commitment", promised=wave.seed_commitment) from error
        await queries.set_seed(wave.id, nonce, numbers, found)
        await audit.record("seed-revealed", "wave", wave.id, draw_numbers=numbers, seed=found)
    return await get_wave(slug)


async def set_call_numbers(slug: str, protocol: str, ada: str) -> None:
    """The call's protocol number and ΑΔΑ: Diavgeia gives the ΑΔΑ only when the signed call is there.

    Raises:
        Conflict: the call has not opened.
        Invalid: an ΑΔΑ that cannot be one.
    """
    if ada.strip() and not ADA.fullmatch(ada.strip()):
        raise Invalid("ada-malformed", ada=ada.strip()[:60])
    async with unit_of_work():
        wave = await lock_wave(slug)
        if wave.state in ("draft", "historic"):
            raise Conflict("call-not-open")
        await queries.set_call_numbers(wave.id, protocol.strip()[:200], ada.strip())
        await audit.record("call-numbered", "wave", wave.id, protocol=protocol.strip()[:200], ada=ada.strip())


async def set_decision(slug: str, protocol: str, ada: str) -> None:
    """The protocol number and ΑΔΑ of the decision, known after it was signed."""
    async with unit_of_work():
        wave = await lock_wave(slug)
        await queries.set_decision(wave.id, protocol.strip(), ada.strip())
        await audit.record("decision-numbered", "wave", wave.id, protocol=protocol.strip(), ada=ada.strip())

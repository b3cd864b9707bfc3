"""What staff do with an application, and a school with its own: sent back, corrected, withdrawn, noted upon."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stem_logistics import audit, files, mail, runtime
from stem_logistics.accounts import links
from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, Forbidden, Invalid, NotFound
from stem_logistics.waves import application_queries, draft_queries, handling_queries
from stem_logistics.waves.applications import ApplicationView, get_application, school_of_link
from stem_logistics.waves.service import Wave, account_id, lock_wave, require_rules
from stem_logistics.waves.windows import last_moment, require_time_of
from stem_logistics.web.formats import format_datetime
from stem_logistics.web.i18n import gettext, use_locale

LONGEST = 2000


def _reason(why: str) -> str:
    why = why.strip()
    if not why:
        raise Invalid("reason-missing")
    if len(why) > LONGEST:
        raise Invalid("reason-too-long", most=LONGEST)
    return why


async def send_back(wave: Wave, application_id: int, why: str, until: datetime | None, principal: Principal) -> None:
    """Ask a school to correct its application, by mail with a fresh link. What it sent counts until it does.

    Args:
        wave: the application's.
        application_id: the submission that counts.
        why: what is to be corrected: the school reads it.
        until: end of the window; None for the call's deadline.
        principal: staff of the country.

    Raises:
        Invalid: no reason; a window that is over, or longer than the wave allows.
        Conflict: the draw is known or the results are out; a later submission or a withdrawal took its place.
    """
    why = _reason(why)
    if not principal.scope(Permission.WAVES_WRITE).country:
        raise Forbidden("not-allowed")
    async with unit_of_work():
        wave = await lock_wave(wave.slug, change=False)
        if wave.phase not in ("open", "closed"):
            raise Conflict("correction-too-late")
        shown = await get_application(wave, application_id, principal)
        await _require_latest(wave, shown)
        rules = (await require_rules(wave.id)).rules
        until = until or wave.deadline_at
        assert until is not None
        latest = last_moment(wave, rules)
        if until > latest:
            raise Invalid("correction-window", until=format_datetime(latest))
        if until <= wave.now:
            raise Invalid("deadline-not-in-future")
        await handling_queries.put_return(wave.id, shown.institution_id, shown.id, why, until, account_id())
        await _tell_sent_back(wave, shown, why, until)
        await audit.record(
            "application-sent-back", "application", shown.id, why=why, wave=wave.slug, until=until.isoformat()
        )


async def _require_latest(wave: Wave, shown: ApplicationView) -> None:
    latest = await application_queries.latest_applications(wave.id, [shown.institution_id])
    if latest.get(shown.institution_id, {}).get("id") != shown.id:
        raise Conflict("application-not-latest")


async def _tell_sent_back(wave: Wave, shown: ApplicationView, why: str, until: datetime) -> None:
    if "@" not in shown.email:
        return
    days = max(1, (until - wave.now).days + 30)
    link = await links.issue("application", shown.institution_id, wave_id=wave.id, days=days)
    with use_locale("el"):
        title = wave.title("el")
        body = gettext(
            "To: %(school)s\n\nPlease correct your application to %(wave)s until %(until)s:\n\n%(why)s\n\n%(link)s\n\n"
            "Until you correct it, what you sent counts as it is.\n\nNational Support Organisation eTwinning",
            school=shown.name,
            wave=title,
            until=format_datetime(until),
            why=why,
            link=f"{runtime.settings().base_url}/application/{link.token}",
        )
        subject = gettext("Please correct your application to %(wave)s", wave=title)
    await mail.post(shown.email, subject, body, about=("wave", wave.id), institution_id=shown.institution_id)


async def withdraw(wave: Wave, application_id: int, why: str, principal: Principal) -> None:
    """Withdraw a school's application, by staff until the results are out; the school is told by mail.

    Raises:
        Invalid: no reason. Conflict: the results are out, or it is withdrawn already.
    """
    why = _reason(why)
    if not principal.scope(Permission.WAVES_WRITE).country:
        raise Forbidden("not-allowed")
    async with unit_of_work():
        wave = await lock_wave(wave.slug, change=False)
        if wave.is_out:
            raise Conflict("wave-already-published")
        shown = await get_application(wave, application_id, principal)
        await _withdraw(wave, shown.institution_id, shown.name, shown.email, why)


async def withdraw_own(why: str, principal: Principal) -> None:
    """Withdraw the application of the school that a link speaks for, while it could still be changed.

    Raises:
        Invalid: no reason. Conflict: out of time, or there is none.
    """
    why = _reason(why)
    async with unit_of_work():
        wave, school = await school_of_link(principal)
        wave = await lock_wave(wave.slug, change=False)
        await require_time_of(wave, school["id"])
        await _withdraw(wave, school["id"], school["name"], school["email"], why)


async def _withdraw(wave: Wave, institution_id: int, name: str, email: str, why: str) -> None:
    await application_queries.lock_school(wave.id, institution_id)
    gone = await handling_queries.withdraw(wave.id, institution_id, why)
    if not gone:
        raise Conflict("application-withdrawn-already")
    await draft_queries.drop_draft(wave.id, institution_id)
    await handling_queries.close_returns(wave.id, institution_id)
    for number in gone:
        await audit.record("application-withdrawn", "application", number, why=why, wave=wave.slug)
    if "@" not in email:
        return
    with use_locale("el"):
        title = wave.title("el")
        body = gettext(
            "To: %(school)s\n\nThe application of your school to %(wave)s was withdrawn:\n\n%(why)s\n\n"
            "National Support Organisation eTwinning",
            school=name,
            wave=title,
            why=why,
        )
        subject = gettext("Your application to %(wave)s was withdrawn", wave=title)
    await mail.post(email, subject, body, about=("wave", wave.id), institution_id=institution_id)


async def comment(wave: Wave, application_id: int, body: str, principal: Principal) -> None:
    """Note something beside a school's application, for colleagues. Raises Invalid where there is nothing."""
    if not body.strip():
        raise Invalid("comment-missing")
    if len(body) > LONGEST:
        raise Invalid("reason-too-long", most=LONGEST)
    async with unit_of_work():
        shown = await get_application(wave, application_id, principal)
        await handling_queries.add_comment(wave.id, shown.institution_id, body.strip(), account_id())
        await audit.record("application-commented", "application", shown.id, wave=wave.slug)


@dataclass(frozen=True)
class Handling:
    """What has been done with an application: the correction that is awaited, its withdrawal, the notes beside it."""

    returned: dict[str, Any] | None
    withdrawn: dict[str, Any] | None
    comments: list[dict[str, Any]]
    signature: dict[str, Any] | None
    receipt: dict[str, Any] | None


async def handling_of(shown: ApplicationView) -> Handling:
    """What has been done with an application."""
    return Handling(
        await handling_queries.open_return(shown.wave_id, shown.institution_id),
        await handling_queries.withdrawal(shown.id),
        await handling_queries.comments(shown.wave_id, shown.institution_id),
        await draft_queries.signature(shown.id),
        await draft_queries.receipt(shown.id),
    )


async def returned_of(wave_id: int, institution_id: int) -> dict[str, Any] | None:
    """The correction that a school was asked for and has not made."""
    return await handling_queries.open_return(wave_id, institution_id)


async def withdrawn_of(wave_id: int, institution_id: int) -> dict[str, Any] | None:
    """When and why a school's application was withdrawn."""
    return await handling_queries.last_withdrawal(wave_id, institution_id)


async def file_of(shown: ApplicationView, what: str) -> files.StoredFile:
    """A file of an application: ``act`` or ``receipt``. Raises NotFound."""
    done = await handling_of(shown)
    digest: bytes | None = None
    if what == "act" and done.signature is not None and done.signature["act"]:
        digest = bytes.fromhex(done.signature["act"])
    elif what == "receipt" and done.receipt is not None:
        digest = done.receipt["document_digest"]
    if digest is None:
        raise NotFound("file-not-found", digest=what[:64])
    return await files.load(digest)

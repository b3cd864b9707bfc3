"""Schools invited to apply: each gets a signed link of its own, good until the deadline."""

from collections.abc import Sequence

from stem_logistics import audit, mail, runtime
from stem_logistics.accounts import links
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, FieldErrors, Invalid
from stem_logistics.waves import queries
from stem_logistics.waves.service import lock_wave
from stem_logistics.web.formats import format_datetime
from stem_logistics.web.i18n import gettext, use_locale


async def application_link(wave_slug: str, code: str) -> str:
    """A fresh link by which a school applies; the address of its form.

    Raises:
        Invalid: no such school.
        Conflict: the call is not open.
    """
    async with unit_of_work():
        wave = await lock_wave(wave_slug, change=False)
        if wave.phase not in ("upcoming", "open") or wave.deadline_at is None:
            raise Conflict("wave-not-open")
        school = (await queries.institutions_by_code([code])).get(code)
        if school is None:
            raise Invalid("school-code-unknown", code=code)
        days = max(1, (wave.deadline_at - wave.now).days + 1)
        link = await links.issue("application", school["id"], wave_id=wave.id, days=days)
        await audit.record("application-link-issued", "institution", school["id"], wave=wave.slug)
    return f"{runtime.settings().base_url}/application/{link.token}"


async def invite(wave_slug: str, codes: Sequence[str]) -> int:
    """Send schools their links by mail, all or none; returns how many.

    Raises:
        FieldErrors: unknown codes, schools without an address.
        Conflict: the call is not open.
    """
    wanted = list(dict.fromkeys(codes))
    if not wanted:
        raise Invalid("school-codes-missing")
    async with unit_of_work():
        wave = await lock_wave(wave_slug, change=False)
        schools = await queries.institutions_by_code(wanted)
        errors = [
            {
                "field": "codes",
                "slug": "school-code-unknown" if code not in schools else "school-without-email",
                "params": {"code": code},
            }
            for code in wanted
            if code not in schools or "@" not in schools[code]["email"]
        ]
        if errors:
            raise FieldErrors(errors=errors)
        for code in wanted:
            address = await application_link(wave_slug, code)
            with use_locale("el"):
                title = wave.title("el")
                subject = gettext("Application to %(wave)s", wave=title)
                body = gettext(
                    "To: %(school)s\n\nYour school can apply to %(wave)s until %(deadline)s. No account is needed:"
                    "\n\n%(link)s\n\nThe link is your school's own; the head of the school applies with it. You may"
                    " change your application until the deadline.\n\nNational Support Organisation eTwinning",
                    school=schools[code]["name"],
                    wave=title,
                    deadline=format_datetime(wave.deadline_at),
                    link=address,
                )
            await mail.post(
                schools[code]["email"], subject, body, about=("wave", wave.id), institution_id=schools[code]["id"]
            )
    return len(wanted)

"""What a published list does in the background: every recipient is told. Registers itself when it is imported."""

from typing import Any

from stem_logistics import mail, runtime
from stem_logistics.grants import queries, service
from stem_logistics.grants.correcting import CORRECTED_JOB
from stem_logistics.grants.model import GrantList
from stem_logistics.grants.service import NOTIFY_JOB
from stem_logistics.jobs import Progress, job_handler
from stem_logistics.web.i18n import gettext, ngettext, use_locale


@job_handler(NOTIFY_JOB)
async def notify(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """One mail to every recipient; interrupted, it goes on where it stopped."""
    found = await service.get_list(payload["list"])
    recipients = await queries.to_tell(found.wave.id)
    told, without = 0, []
    with use_locale("el"):
        titles = await service.kit_titles(found.wave.id)
        for number, recipient in enumerate(recipients, 1):
            if "@" in recipient["email"]:
                await _tell(found, recipient, titles)
                told += 1
            else:
                without.append(recipient["code"])
            await progress.report(number, len(recipients))
    return {"told": told, "without_email": without}


@job_handler(CORRECTED_JOB)
async def corrected(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """One mail to whom a correction concerns: who received, and who receives now."""
    number = int(payload["correction"])
    found = await service.get_list(payload["list"])
    concerned = [each for each in await queries.to_tell_of(number) if "@" in each["email"]]
    with use_locale("el"):
        for each in concerned:
            body = gettext(
                "To: %(school)s\n\nThe list “%(list)s” was corrected in what concerns you.\n\nReason: %(why)s\n\nWhat"
                " stands now:\n\n%(page)s\n\nNational Support Organisation eTwinning",
                school=each["name"],
                list=found.wave.title("el"),
                why=each["why"],
                page=f"{runtime.settings().base_url}/results/prizes/{each['slug']}/{each['code']}",
            )
            await mail.post(
                each["email"],
                found.wave.title("el"),
                body,
                about=("wave", found.wave.id),
                institution_id=each["id"],
                idempotency_key=f"grant-correction-{number}-{each['id']}",
            )
    return {"told": len(concerned)}


async def _tell(found: GrantList, recipient: dict[str, Any], titles: dict[str, str]) -> None:
    lines = [
        f"{titles.get(entry.kit, entry.kit)}: "
        + ngettext("%(num)s piece", "%(num)s pieces", entry.units)
        + f" – {found.why(entry)}"
        for entry in found.entries
        if entry.institution_id == recipient["id"]
    ]
    page = f"{runtime.settings().base_url}/results/prizes/{found.wave.slug}/{recipient['code']}"
    body = gettext(
        "To: %(school)s\n\nYou receive:\n%(lines)s\n\nWhen the parcel is sent you get another message, with the link by"
        " which you confirm its receipt. You have nothing to do until then.\n\n%(page)s\n\nNational Support"
        " Organisation eTwinning",
        school=recipient["name"],
        lines="\n".join(lines),
        page=page,
    )
    await mail.post(
        recipient["email"],
        found.wave.title("el"),
        body,
        about=("wave", found.wave.id),
        institution_id=recipient["id"],
        idempotency_key=f"grant-{found.wave.id}-{recipient['id']}",
    )
